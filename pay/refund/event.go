package refund

import "github.com/wxcommerce/wechat/notify"

// Original type and event types of the notices of refunds.
const (
	resource      = "refund"
	typeSucceeded = "REFUND.SUCCESS"
	typeAbnormal  = "REFUND.ABNORMAL"
	typeClosed    = "REFUND.CLOSED"
)

// The notices of refunds, whose business key is WeChat Pay's refund id. They may
// come before the notice of the payment and in any order; see State.Supersedes.
//
// 退款结果回调通知
var (
	// Succeeded says that the money has arrived.
	Succeeded = kind(typeSucceeded)
	// Abnormal says that the user's account cannot take the money: ApplyAbnormal.
	Abnormal = kind(typeAbnormal)
	// Closed says that nothing was refunded.
	Closed = kind(typeClosed)
	// AnyState is all three; look at State.
	AnyState = kind(typeSucceeded, typeAbnormal, typeClosed)
)

func kind(eventTypes ...string) notify.Kind[Refund] {
	return notify.Of[Refund](eventTypes...).Original(resource).Keyed(func(r Refund) string { return r.RefundID })
}
