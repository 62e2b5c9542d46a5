package legacy

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// RefundRequest gives back money of one order, named by either number.
type RefundRequest struct {
	TransactionID string     // one of these two; this one wins
	OutTradeNo    string     //
	OutRefundNo   string     // required, our number: 1 to 32 of letters, digits and _-|*@
	Total         wechat.Fen // required: of the order
	Refund        wechat.Fen // required: of this refund
	Operator      string     // of the Tenpay account; "" means the partner number
	Password      seal.Key   // required: the operator's; it travels as MD5
	ReceiverID    string     // a Tenpay account to refund to, where the user's way is closed
	ReceiverName  string     // its owner
	Source        int        // 1 or 0 the merchant's balance, 2 the cash account, 3 one after the other
}

// Validate checks every rule that needs no network. Refund checks it too. The error
// is a *wechat.FieldError.
func (r RefundRequest) Validate() error {
	var f check.Fields
	f.Number("out_refund_no", r.OutRefundNo, 1, 32, "_-|*@")
	if r.TransactionID == "" {
		f.OldOutTradeNo(r.OutTradeNo)
	}
	f.OptionalID("transaction_id", r.TransactionID, 28)
	f.Positive("total_fee", r.Total)
	f.Positive("refund_fee", r.Refund)
	f.Must(r.Refund <= r.Total, "refund_fee", "is more than the order's total_fee")
	f.OptionalID("op_user_id", r.Operator, 32)
	f.Must(!r.Password.IsZero(), "op_user_passwd", "is empty but required")
	f.OptionalID("recv_user_id", r.ReceiverID, 64)
	f.Text("reccv_user_name", r.ReceiverName, 32)
	f.Must(r.Source >= 0 && r.Source <= 3, "refund_type", "is not 0, 1, 2 or 3")
	return f.Err()
}

type refundFields struct {
	Version       string     `xml:"service_version"`
	Partner       string     `xml:"partner"`
	OutTradeNo    string     `xml:"out_trade_no"`
	TransactionID string     `xml:"transaction_id"`
	OutRefundNo   string     `xml:"out_refund_no"`
	Total         wechat.Fen `xml:"total_fee"`
	Refund        wechat.Fen `xml:"refund_fee"`
	Operator      string     `xml:"op_user_id"`
	Password      string     `xml:"op_user_passwd"`
	ReceiverID    string     `xml:"recv_user_id"`
	ReceiverName  string     `xml:"reccv_user_name"`
	Source        int        `xml:"refund_type"`
}

// RefundStatus is Tenpay's number for where a refund stands; State says what it means.
type RefundStatus string

// RefundState is what a RefundStatus means.
type RefundState string

// The states. An unknown status is RefundProcessing: query again.
const (
	RefundSuccess    RefundState = "SUCCESS"    // 4, 10
	RefundFailed     RefundState = "FAILED"     // 3, 5, 6
	RefundProcessing RefundState = "PROCESSING" // 8, 9, 11: query again
	RefundUndecided  RefundState = "UNDECIDED"  // 1, 2: send the same refund again, under the same number
	RefundManual     RefundState = "MANUAL"     // 7: the money has to be paid out by hand
)

// State is what the status means.
func (s RefundStatus) State() RefundState {
	switch s {
	case "4", "10":
		return RefundSuccess
	case "3", "5", "6":
		return RefundFailed
	case "1", "2":
		return RefundUndecided
	case "7":
		return RefundManual
	}
	return RefundProcessing
}

// Refund is an accepted refund; Status tells how far it is.
type Refund struct {
	TransactionID string       `xml:"transaction_id"`
	OutTradeNo    string       `xml:"out_trade_no"`
	OutRefundNo   string       `xml:"out_refund_no"`
	RefundID      string       `xml:"refund_id"`      // Tenpay's number
	Channel       string       `xml:"refund_channel"` // "0" Tenpay, "1" the bank
	Refund        wechat.Fen   `xml:"refund_fee"`
	Status        RefundStatus `xml:"refund_status"`
	Fields        []sign.Pair  `xml:"*"`
}

// Refund asks for a refund of an order not older than a year. Whatever it is
// refused with, the outcome is Unknown until RefundQuery tells; repeat it under the
// same number only. It demands the client certificate. refund.Service.Apply, under
// the new merchant number, replaces it.
//
// 退款
func (s *Service) Refund(ctx context.Context, in RefundRequest) (*Refund, error) {
	op := wechat.POST("/refundapi/gateway/refund.xml").Keyed().Wary().Certified().At("https://mch.tenpay.com")
	if err := in.Validate(); err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	password := md5.Sum(in.Password.Bytes())
	fields := refundFields{Version: "1.1", Partner: s.m.PartnerID(), TransactionID: in.TransactionID, OutRefundNo: in.OutRefundNo,
		Total: in.Total, Refund: in.Refund, Operator: in.Operator, Password: hex.EncodeToString(password[:]),
		ReceiverID: in.ReceiverID, ReceiverName: in.ReceiverName, Source: in.Source}
	if in.TransactionID == "" {
		fields.OutTradeNo = in.OutTradeNo
	}
	if in.Operator == "" {
		fields.Operator = s.m.PartnerID()
	}
	return wechat.Call[Refund](ctx, s.m, op, fields)
}

// RefundQuery names refunds by the first of these that is set.
type RefundQuery struct {
	RefundID      string `xml:"refund_id"`
	OutRefundNo   string `xml:"out_refund_no"`
	TransactionID string `xml:"transaction_id"`
	OutTradeNo    string `xml:"out_trade_no"`
}

// Validate wants at least one number. The error is a *wechat.FieldError.
func (q RefundQuery) Validate() error {
	var f check.Fields
	f.Must(q.RefundID+q.OutRefundNo+q.TransactionID+q.OutTradeNo != "", "out_refund_no", "is empty, and so are refund_id, transaction_id and out_trade_no")
	f.OptionalID("refund_id", q.RefundID, 64)
	f.OptionalID("out_refund_no", q.OutRefundNo, 32)
	f.OptionalID("transaction_id", q.TransactionID, 28)
	f.OptionalID("out_trade_no", q.OutTradeNo, 32)
	return f.Err()
}

type refundQuery struct {
	Partner string `xml:"partner"`
	RefundQuery
}

// Refunds are the refunds of one order.
type Refunds struct {
	TransactionID string      `xml:"transaction_id"`
	OutTradeNo    string      `xml:"out_trade_no"`
	Count         int         `xml:"refund_count"`
	Fields        []sign.Pair `xml:"*"`
}

// RefundItem is one refund of an order.
type RefundItem struct {
	OutRefundNo  string       `xml:"out_refund_no"`
	RefundID     string       `xml:"refund_id"`
	Channel      string       `xml:"refund_channel"` // "0" Tenpay, "1" the bank
	Refund       wechat.Fen   `xml:"refund_fee"`
	Status       RefundStatus `xml:"refund_state"` // named otherwise than in Refund, same numbers
	ReceiverID   string       `xml:"recv_user_id"`
	ReceiverName string       `xml:"reccv_user_name"`
	Begin        Time         `xml:"refund_time_begin"`
	Time         Time         `xml:"refund_time"`
}

// Items are the refunds one by one. The error says that one of them is unreadable.
func (r *Refunds) Items() ([]RefundItem, error) {
	items, err := check.Family[RefundItem](r.Fields, "", r.Count)
	if err != nil {
		return nil, fmt.Errorf("legacy: refunds: %w", err)
	}
	return items, nil
}

// RefundQuery finds the refunds of an order, or one of them. errors.Is(err,
// ErrNoRefund) when there is none. refund.Service.Query replaces it for its own
// refunds.
//
// 退款查询
func (s *Service) RefundQuery(ctx context.Context, in RefundQuery) (*Refunds, error) {
	return wechat.Call[Refunds](ctx, s.m, wechat.POST("/gateway/normalrefundquery.xml").ReadOnly().At("https://gw.tenpay.com"), refundQuery{s.m.PartnerID(), in})
}
