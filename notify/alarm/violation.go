package alarm

import (
	"encoding/json"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/notify"
)

// Violation is what WeChat Pay did to a merchant of a partner, and why.
type Violation struct {
	SubMchID        string      `json:"sub_mchid"`
	CompanyName     string      `json:"company_name"`
	RecordID        string      `json:"record_id"` // there is no call that asks for it
	Plan            string      `json:"punish_plan"`
	Time            wechat.Time `json:"punish_time"` // zero if it is not written as RFC 3339
	Description     string      `json:"punish_description"`
	RiskType        string      `json:"risk_type"`
	RiskDescription string      `json:"risk_description"`
}

// UnmarshalJSON reads the last field also under the name with a tab at its end that
// the official sample has, and loses no notice over the form of its time.
func (v *Violation) UnmarshalJSON(data []byte) error {
	type fields Violation
	in := struct {
		*fields
		Time json.RawMessage `json:"punish_time"`
	}{fields: (*fields)(v)}
	if err := wire.Unmarshal(data, &in); err != nil {
		return err
	}
	if v.Time.UnmarshalJSON(in.Time) != nil {
		v.Time = wechat.Time{}
	}
	if v.RiskDescription == "" {
		v.RiskDescription = textOf(data, "risk_description\t")
	}
	return nil
}

// textOf is a field that no tag can name.
func textOf(data []byte, name string) (text string) {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil || json.Unmarshal(all[name], &text) != nil {
		return ""
	}
	return text
}

// The notices to partners about their merchants. They name the sub-merchant, so a
// handler made for one gets only its own; the business key is the record's id. There
// is no call that lists them: what is not received is lost after a day.
//
// 商户违规通知
var (
	// Punished says that a merchant was punished.
	Punished = violation("VIOLATION.PUNISH")
	// Intercepted says that a payment to a merchant was stopped.
	Intercepted = violation("VIOLATION.INTERCEPT")
	// Appealed says how a merchant's appeal went.
	Appealed = violation("VIOLATION.APPEAL")
	// Violated is all three.
	Violated = violation("VIOLATION.PUNISH", "VIOLATION.INTERCEPT", "VIOLATION.APPEAL")
)

func violation(eventTypes ...string) notify.Kind[Violation] {
	return notify.Of[Violation](eventTypes...).Owner("sub_mchid").Keyed(func(v Violation) string { return v.RecordID })
}
