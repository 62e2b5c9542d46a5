package refund

import (
	"fmt"

	"github.com/wxcommerce/wechat/pay"
)

// Matches compares a refund with what the shop asked for: the numbers, and how
// much of what. A shop has to do this before it books a refund, whether that came
// by query or by notice. The error is a *pay.MismatchError that lists everything
// that differs.
func (r *Refund) Matches(in Request) error {
	var e pay.MismatchError
	compare := func(field, want, got string) {
		if want != got {
			e.Differences = append(e.Differences, pay.Difference{Field: field, Want: want, Got: got})
		}
	}
	compare("out_refund_no", quote(in.OutRefundNo), quote(r.OutRefundNo))
	if in.TransactionID != "" {
		compare("transaction_id", quote(in.TransactionID), quote(r.TransactionID))
	}
	if in.OutTradeNo != "" {
		compare("out_trade_no", quote(in.OutTradeNo), quote(r.OutTradeNo))
	}
	compare("amount.refund", in.Amount.Refund.Yuan()+" yuan", r.Amount.Refund.Yuan()+" yuan")
	compare("amount.total", in.Amount.Total.Yuan()+" yuan", r.Amount.Total.Yuan()+" yuan")
	if r.Amount.Currency != "" { // notices have none
		compare("amount.currency", quote(currency(in.Amount.Currency)), quote(r.Amount.Currency))
	}
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}

// quote keeps what came from outside short enough for a log line.
func quote(s string) string { return fmt.Sprintf("%q", s[:min(len(s), 64)]) }

func currency(s string) string {
	if s == "" {
		return pay.CNY
	}
	return s
}
