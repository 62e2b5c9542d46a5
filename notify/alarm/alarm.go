package alarm

import (
	"fmt"
	"strings"

	"github.com/wxcommerce/wechat/notify"
)

// Alarm is an alarm of 2014. All of it is signed.
type Alarm struct {
	Type        Type   `xml:"ErrorType"`
	Description string `xml:"Description"`
	Content     string `xml:"AlarmContent"` // such as "transaction_id=…"
}

// Type says what an alarm is about. One value is documented, others pass through:
// WeChat names calls that fail and notices that fail as further reasons.
type Type string

// DeliveryLate says that a paid order was not delivered in time: 24 hours for
// services and virtual goods, 72 for others. Send the delivery notice.
const DeliveryLate Type = "1001"

// TransactionID is the transaction that Content names, "" if it names none.
func (a Alarm) TransactionID() string {
	for part := range strings.FieldsFuncSeq(a.Content, func(r rune) bool { return strings.ContainsRune("&,; \n", r) }) {
		if id, ok := strings.CutPrefix(part, "transaction_id="); ok {
			return id
		}
	}
	return ""
}

// String is one line.
func (a Alarm) String() string {
	return fmt.Sprintf("alarm %q: %q, %q", string(a.Type), a.Description, a.Content)
}

// Raised is the alarm callback of 2014. An alarm has no number: its business key is
// a digest of the callback, so that copies have the same key and an alarm raised
// again has another.
//
// 告警通知
var Raised = notify.Of[Alarm](notify.LegacyAlarm)
