package delivery

import (
	"strconv"

	"github.com/wxcommerce/wechat/notify"
)

// Names of the events, in lower case as notify has them.
const (
	typeSettled    = "event.trade_manage_order_settlement"
	typeOverdue    = "event.trade_manage_remind_shipping"
	typeConnect    = "event.trade_manage_remind_access_api"
	typeControlled = "event.wxa_trade_controlled"
)

// The events of shipping management, which the mini program's message push brings.
//
// 小程序发货信息管理服务
var (
	// Settled comes twice for an order: when it is shipped, and when it is settled.
	Settled = notify.Of[Settlement](typeSettled).Owner().Keyed(Settlement.key)
	// Overdue says that an order is not shipped 48 hours after its payment.
	Overdue = notify.Of[Reminder](typeOverdue).Owner().Keyed(func(r Reminder) string { return r.TransactionID })
	// Connect asks the shop to upload shipments by program.
	Connect = notify.Of[Message](typeConnect).Owner()
	// Controlled says that payments in the mini program are restricted.
	Controlled = notify.Of[Message](typeControlled).Owner()
)

// Reminder is about an order that waits too long.
type Reminder struct {
	TransactionID string `json:"transaction_id"`
	MchID         string `json:"merchant_id"`
	SubMchID      string `json:"sub_merchant_id"`
	OutTradeNo    string `json:"merchant_trade_no"`
	PaidAt        Time   `json:"pay_time"`
	Message       string `json:"msg"`
}

// Settlement is about an order that was shipped or settled.
type Settlement struct {
	TransactionID string        `json:"transaction_id"`
	MchID         string        `json:"merchant_id"`
	SubMchID      string        `json:"sub_merchant_id"`
	OutTradeNo    string        `json:"merchant_trade_no"`
	PaidAt        Time          `json:"pay_time"`
	ShippedAt     Time          `json:"shipped_time"`
	EstimatedAt   Time          `json:"estimated_settlement_time"` // when the money is likely to come
	Method        ConfirmMethod `json:"confirm_receive_method"`
	ConfirmedAt   Time          `json:"confirm_receive_time"`
	SettledAt     Time          `json:"settlement_time"` // zero in the first of the two
}

// Settled reports whether this is the second of the two events.
func (s Settlement) Settled() bool { return !s.SettledAt.IsZero() }

// key tells both events of an order apart, and an order shipped anew from before.
func (s Settlement) key() string {
	switch {
	case s.TransactionID == "":
		return ""
	case s.Settled():
		return s.TransactionID + "/settled"
	}
	return s.TransactionID + "/shipped/" + strconv.FormatInt(unix(s.ShippedAt.Time), 10)
}

// ConfirmMethod is who confirmed that the goods have come. The events of WeChat's own
// store count the other way round. New ones pass through.
type ConfirmMethod int

// The two methods.
const (
	ByTime  ConfirmMethod = 1 // nobody did, and the time was over
	ByBuyer ConfirmMethod = 2
)

// Message is an event that only says something.
type Message struct {
	Message string `json:"msg"`
}
