package complaint

import (
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// Notice says that something happened to a complaint and, on purpose, hardly more:
// read it again with Service.Get.
type Notice struct {
	ComplaintID string      `json:"complaint_id"`
	Action      NoticeType  `json:"action_type"`
	PayerPhone  seal.Secret `json:"payer_phone,omitzero"` // some notices repeat it, encrypted
}

// NoticeType is what happened. New ones pass through.
type NoticeType string

// What is known to happen today. That a user withdraws a complaint is not among it.
const (
	NoticeCreated           NoticeType = "CREATE_COMPLAINT"
	NoticeContinued         NoticeType = "CONTINUE_COMPLAINT" // the user goes on
	NoticeUserResponded     NoticeType = "USER_RESPONSE"
	NoticePlatformResponded NoticeType = "RESPONSE_BY_PLATFORM"
	NoticeRefunding         NoticeType = "SELLER_REFUND" // the shop applied for a refund
	NoticeResponded         NoticeType = "MERCHANT_RESPONSE"
	NoticeCompleted         NoticeType = "MERCHANT_CONFIRM_COMPLETE"
	NoticeApproved          NoticeType = "MERCHANT_APPROVE_REFUND"
	NoticeRejected          NoticeType = "MERCHANT_REJECT_REFUND"
	NoticeRefunded          NoticeType = "REFUND_SUCCESS" // it arrived
)

// Event types of the notices of complaints.
const (
	typeCreated = "COMPLAINT.CREATE"
	typeChanged = "COMPLAINT.STATE_CHANGE"
)

// The notices of complaints. They name no merchant: a handler for one sub-merchant
// gets those about the partner's others too, and Complaint.MchID tells. The same
// thing may happen to one complaint many times, such as a user's response, so the
// business key is the complaint's id together with the notice's: every copy of a
// notice has it, and no other notice.
//
// 投诉通知回调
var (
	// Created says that there is a new complaint.
	Created = kind(typeCreated)
	// Changed says that something happened to one, also by the shop itself.
	Changed = kind(typeChanged)
	// Moved is both.
	Moved = kind(typeCreated, typeChanged)
)

func kind(eventTypes ...string) notify.Kind[Notice] {
	return notify.Of[Notice](eventTypes...).Owner().Keyed(func(n Notice) string { return n.ComplaintID }).Each()
}
