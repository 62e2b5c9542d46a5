package apiv2

import (
	"context"
	"fmt"
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// RefundRequest gives back money of one order, named by either number.
type RefundRequest struct {
	TransactionID string     `xml:"transaction_id"` // one of these two
	OutTradeNo    string     `xml:"out_trade_no"`
	OutRefundNo   string     `xml:"out_refund_no"` // required, our number: 1 to 64 of 0-9A-Za-z_-|*@
	Total         wechat.Fen `xml:"total_fee"`     // required: of the order
	Refund        wechat.Fen `xml:"refund_fee"`    // required: of this refund
	FeeType       string     `xml:"refund_fee_type"`
	Reason        string     `xml:"refund_desc"`    // the user sees it; up to 80 characters
	Account       string     `xml:"refund_account"` // REFUND_SOURCE_UNSETTLED_FUNDS (usual) or REFUND_SOURCE_RECHARGE_FUNDS
	NotifyURL     string     `xml:"notify_url"`     // where Refunded goes; "" means the address set at the platform
}

// Validate checks every rule that needs no network. Refund checks it too. The error
// is a *wechat.FieldError.
func (r RefundRequest) Validate() error {
	var f check.Fields
	f.OutRefundNo(r.OutRefundNo)
	if r.TransactionID == "" {
		f.OldOutTradeNo(r.OutTradeNo)
	}
	f.OptionalID("transaction_id", r.TransactionID, 32)
	f.Positive("total_fee", r.Total)
	f.Positive("refund_fee", r.Refund)
	f.Must(r.Refund <= r.Total, "refund_fee", "is more than the order's total_fee")
	f.Text("refund_desc", r.Reason, 80)
	f.Currency("refund_fee_type", r.FeeType)
	f.OptionalID("refund_account", r.Account, 30)
	f.NotifyURL("notify_url", r.NotifyURL, 256)
	return f.Err()
}

type refund struct {
	wechat.PartyV2
	RefundRequest
}

// Refund is an accepted refund. The money is on its way; RefundQuery and the notice
// Refunded tell when it arrived.
type Refund struct {
	TransactionID    string      `xml:"transaction_id"`
	OutTradeNo       string      `xml:"out_trade_no"`
	OutRefundNo      string      `xml:"out_refund_no"`
	RefundID         string      `xml:"refund_id"` // WeChat Pay's number
	Refund           wechat.Fen  `xml:"refund_fee"`
	SettlementRefund wechat.Fen  `xml:"settlement_refund_fee"`
	Total            wechat.Fen  `xml:"total_fee"`
	SettlementTotal  wechat.Fen  `xml:"settlement_total_fee"`
	FeeType          string      `xml:"fee_type"`
	CashFee          wechat.Fen  `xml:"cash_fee"`
	CashRefund       wechat.Fen  `xml:"cash_refund_fee"` // what the user gets
	CouponRefund     wechat.Fen  `xml:"coupon_refund_fee"`
	Fields           []sign.Pair `xml:"*"`
}

// Refund asks for a refund. Whatever it is refused with, the outcome is Unknown
// until RefundQuery or ResolveRefund tells; apply again under the same number only. It demands the
// client certificate. WeChat still accepts it; refund.Service.Apply replaces it
// and takes these orders too.
//
// 申请退款
func (s *Service) Refund(ctx context.Context, in RefundRequest) (*Refund, error) {
	return wechat.Call[Refund](ctx, s.m, wechat.POST("/secapi/pay/refund").Keyed().Wary().Certified(), refund{s.party(), in})
}

// RefundState is where a refund stands.
type RefundState string

// The states known today. CHANGE means that the user's account cannot take the
// money: the merchant platform has to send it elsewhere.
const (
	RefundSuccess    RefundState = "SUCCESS"
	RefundClosed     RefundState = "REFUNDCLOSE"
	RefundProcessing RefundState = "PROCESSING"
	RefundChange     RefundState = "CHANGE"
)

// RefundQuery names refunds by the first of these that is set.
type RefundQuery struct {
	RefundID      string `xml:"refund_id"`
	OutRefundNo   string `xml:"out_refund_no"`
	TransactionID string `xml:"transaction_id"`
	OutTradeNo    string `xml:"out_trade_no"`
	Offset        int    `xml:"offset"` // of an order with over ten refunds; from 0
}

// Validate wants at least one number. The error is a *wechat.FieldError.
func (q RefundQuery) Validate() error {
	var f check.Fields
	f.Must(q.RefundID+q.OutRefundNo+q.TransactionID+q.OutTradeNo != "", "out_refund_no", "is empty, and so are refund_id, transaction_id and out_trade_no")
	f.OptionalID("refund_id", q.RefundID, 32)
	f.OptionalID("out_refund_no", q.OutRefundNo, 64)
	f.OptionalID("transaction_id", q.TransactionID, 32)
	f.OptionalID("out_trade_no", q.OutTradeNo, 32)
	f.Must(q.Offset >= 0, "offset", "must not be negative")
	return f.Err()
}

type refundQuery struct {
	wechat.PartyV2
	RefundQuery
}

// Refunds is up to ten refunds of an order.
type Refunds struct {
	TransactionID string      `xml:"transaction_id"`
	OutTradeNo    string      `xml:"out_trade_no"`
	Total         wechat.Fen  `xml:"total_fee"`
	FeeType       string      `xml:"fee_type"`
	CashFee       wechat.Fen  `xml:"cash_fee"`
	TotalCount    int         `xml:"total_refund_count"` // of the order
	Count         int         `xml:"refund_count"`       // in this answer
	Fields        []sign.Pair `xml:"*"`
}

// RefundItem is one refund of an order.
type RefundItem struct {
	OutRefundNo      string         `xml:"out_refund_no"`
	RefundID         string         `xml:"refund_id"`
	Channel          string         `xml:"refund_channel"` // ORIGINAL, BALANCE, OTHER_BALANCE, OTHER_BANKCARD
	Refund           wechat.Fen     `xml:"refund_fee"`
	SettlementRefund wechat.Fen     `xml:"settlement_refund_fee"`
	State            RefundState    `xml:"refund_status"`
	Account          string         `xml:"refund_account"`      // of the merchant, the money came from
	Receiver         string         `xml:"refund_recv_accout"`  // for people; WeChat spells it so
	SuccessTime      Time           `xml:"refund_success_time"` // zero while it is on its way
	CouponRefund     wechat.Fen     `xml:"coupon_refund_fee"`
	CouponCount      int            `xml:"coupon_refund_count"`
	Coupons          []RefundCoupon // that went back
}

// RefundCoupon is one coupon that goes back.
type RefundCoupon struct {
	ID   string     `xml:"coupon_refund_id"`
	Type string     `xml:"coupon_type"`
	Fee  wechat.Fen `xml:"coupon_refund_fee"`
}

// Items are the refunds one by one. The error says that one of them is unreadable.
func (r *Refunds) Items() ([]RefundItem, error) {
	items, err := check.Family[RefundItem](r.Fields, "", r.Count)
	for i := range items {
		if err == nil {
			items[i].Coupons, err = check.Family[RefundCoupon](r.Fields, "_"+strconv.Itoa(i), items[i].CouponCount)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("apiv2: refunds: %w", err)
	}
	return items, nil
}

// RefundQuery finds the refunds of an order, or one of them. For an order with
// over twenty name the refund. WeChat still accepts it; refund.Service.Query
// replaces it.
//
// 查询退款
func (s *Service) RefundQuery(ctx context.Context, in RefundQuery) (*Refunds, error) {
	return wechat.Call[Refunds](ctx, s.m, wechat.POST("/pay/refundquery").ReadOnly(), refundQuery{s.party(), in})
}
