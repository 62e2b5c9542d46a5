package refund

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Request asks for a refund of an order, in full or in part. Store it before it
// is sent: after an Unknown outcome the same request is needed again.
type Request struct {
	TransactionID string       `json:"transaction_id,omitempty"` // exactly one of these two says
	OutTradeNo    string       `json:"out_trade_no,omitempty"`   // which order
	OutRefundNo   string       `json:"out_refund_no"`            // required, our number: 1 to 64 of 0-9A-Za-z_-|*@
	Reason        string       `json:"reason,omitempty"`         // the user sees it; up to 80 characters
	NotifyURL     string       `json:"notify_url,omitempty"`     // https, no query, up to 256 characters
	FundsAccount  FundsAccount `json:"funds_account,omitempty"`
	Amount        Amount       `json:"amount"`
	GoodsDetail   []Goods      `json:"goods_detail,omitempty"`
}

// Amount is what to refund of what.
type Amount struct {
	Refund   wechat.Fen `json:"refund"` // required, 1 fen to Total
	From     []From     `json:"from,omitempty"`
	Total    wechat.Fen `json:"total"`    // required, of the whole order
	Currency string     `json:"currency"` // "" is sent as CNY
}

// From is one account the money comes from, for merchants whose unsettled money
// may not be used. The amounts add up to the refund.
type From struct {
	Account FundsAccount `json:"account"` // Available or Unavailable
	Amount  wechat.Fen   `json:"amount"`
}

// Goods is one line of what is given back.
type Goods struct {
	MerchantGoodsID  string     `json:"merchant_goods_id"`            // required, up to 32 characters
	WechatpayGoodsID string     `json:"wechatpay_goods_id,omitempty"` // up to 32 characters
	GoodsName        string     `json:"goods_name,omitempty"`         // up to 256 characters
	UnitPrice        wechat.Fen `json:"unit_price"`
	RefundAmount     wechat.Fen `json:"refund_amount"`
	RefundQuantity   int        `json:"refund_quantity"` // at least 1
}

// Validate checks every rule that needs no network; Apply checks it too. What is
// already refunded only the shop's books and WeChat Pay know. The error is a
// *wechat.FieldError.
func (r Request) Validate() error {
	var f check.Fields
	f.OutRefundNo(r.OutRefundNo)
	f.Must(r.TransactionID != "" || r.OutTradeNo != "", "transaction_id", "is empty, and out_trade_no too: name the order by one of them")
	f.Must(r.TransactionID == "" || r.OutTradeNo == "", "transaction_id", "is set together with out_trade_no: name the order by one of them")
	f.OptionalID("transaction_id", r.TransactionID, 32)
	if r.OutTradeNo != "" {
		f.OldOutTradeNo(r.OutTradeNo)
	}
	f.Text("reason", r.Reason, 80)
	f.NotifyURL("notify_url", r.NotifyURL, 256)
	f.OptionalID("funds_account", string(r.FundsAccount), 32)
	r.Amount.check(&f)
	for i, g := range r.GoodsDetail {
		g.check(&f, fmt.Sprintf("goods_detail[%d].", i))
	}
	return f.Err()
}

func (a Amount) check(f *check.Fields) {
	f.Positive("amount.refund", a.Refund)
	f.Positive("amount.total", a.Total)
	f.Must(a.Refund <= a.Total, "amount.refund", "is more than amount.total: refund at most what the order cost")
	f.Currency("amount.currency", a.Currency)
	var sum wechat.Fen
	for i, from := range a.From {
		at := fmt.Sprintf("amount.from[%d].", i)
		f.ID(at+"account", string(from.Account), 32)
		f.Positive(at+"amount", from.Amount)
		f.Must(from.Amount <= a.Refund-sum, at+"amount", "makes the accounts add up to more than amount.refund")
		sum += from.Amount
		for _, other := range a.From[:i] {
			f.Must(other.Account != from.Account, at+"account", "is there twice")
		}
	}
	f.Must(len(a.From) == 0 || sum == a.Refund, "amount.from", "adds up to less than amount.refund")
}

func (g Goods) check(f *check.Fields, at string) {
	f.Required(at+"merchant_goods_id", g.MerchantGoodsID, 32)
	f.Text(at+"wechatpay_goods_id", g.WechatpayGoodsID, 32)
	f.Text(at+"goods_name", g.GoodsName, 256)
	f.NotNegative(at+"unit_price", g.UnitPrice)
	f.NotNegative(at+"refund_amount", g.RefundAmount)
	f.Must(g.RefundQuantity >= 1, at+"refund_quantity", "must be at least 1")
}

type application struct {
	wechat.SubNumber
	Request
}

// Apply asks for a refund. No error means that it was accepted, usually with the
// state StateProcessing: the end comes by notice or by Query. It has to be within 365
// days of the payment, at most 50 times an order and a minute apart, and all of
// them together at most the order's total.
//
// Every refusal leaves the outcome Unknown. Repeat the identical request or call
// Resolve, but never change OutRefundNo: another number is another refund.
//
// 申请退款
func (s *Service) Apply(ctx context.Context, in Request) (*Refund, error) {
	in.Amount.Currency = currency(in.Amount.Currency)
	return wechat.Call[Refund](ctx, s.m, wechat.POST("/v3/refund/domestic/refunds").Keyed().Wary(), application{s.m.SubNumber(), in})
}
