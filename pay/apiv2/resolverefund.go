package apiv2

import (
	"context"
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// ErrRefundUnresolved says that nobody knows yet whether a refund was accepted.
// Keep its number and resolve again later: a new number may refund twice.
var ErrRefundUnresolved = errors.New("apiv2: it is still unknown whether the refund was accepted")

// unsure are refusals of a refund that say to send the identical request again.
var unsure = []wechat.Code{"SYSTEMERROR", "BIZERR_NEED_RETRY", "ERROR", "INVALID_REQ_TOO_MUCH", "FREQUENCY_LIMITED"}

// ResolveRefund finds out whether a refund was accepted after Refund ended Unknown.
// It queries as pay.OrderSchedule says, which takes up to half an hour; where WeChat
// Pay provably does not know the refund, the identical request is sent again, under
// the same number. in has to be what was given to Refund. No error means accepted:
// the State says how far it is.
//
// If WeChat Pay refuses the repetition twice and knows of no refund before either,
// the outcome of the error is NotDone and the refusal is in it. A
// *pay.MismatchError says that the number belongs to a refund of another content.
// Any other error wraps ErrRefundUnresolved and the last cause, and is Unknown.
func (s *Service) ResolveRefund(ctx context.Context, in RefundRequest) (*RefundItem, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	var found *RefundItem
	var last error
	refusals := 0
	err := check.Poll(ctx, s.Sleep, pay.OrderSchedule(), func() bool {
		if found, last = s.findRefund(ctx, in); certain(last) {
			return true
		}
		if !is(last, ErrRefundNotExist) {
			return false
		}
		if found, last = s.refundAgain(ctx, in); certain(last) {
			return true
		}
		if refusals++; !settled(last) {
			refusals = 0
		}
		return refusals == 2
	})
	switch {
	case err != nil:
		return nil, check.Stopped(ErrRefundUnresolved, err, last)
	case certain(last):
		return found, last
	case refusals == 2:
		return nil, refusedTwice(last)
	}
	return nil, check.Unresolved(ErrRefundUnresolved, last)
}

// certain reports whether a refund was found, as it should be or not.
func certain(err error) bool {
	var other *pay.MismatchError
	return err == nil || errors.As(err, &other)
}

// settled reports whether WeChat Pay provably looked at a refund and said no.
func settled(err error) bool {
	if check.Refusal(err) == nil {
		return false
	}
	for _, code := range unsure {
		if errors.Is(err, code) {
			return false
		}
	}
	return true
}

func refusedTwice(err error) error {
	var call *wechat.CallError
	if errors.As(err, &call) {
		return &wechat.CallError{Op: call.Op, Outcome: wechat.NotDone, Body: call.Body, Err: call.Err}
	}
	return err
}

// findRefund queries one refund and compares it with what was asked for.
func (s *Service) findRefund(ctx context.Context, in RefundRequest) (*RefundItem, error) {
	all, err := s.RefundQuery(ctx, RefundQuery{OutRefundNo: in.OutRefundNo})
	if err != nil {
		return nil, err
	}
	items, err := all.Items()
	if err != nil {
		return nil, err
	}
	for i := range items {
		if items[i].OutRefundNo == in.OutRefundNo {
			return &items[i], in.compare(all.TransactionID, all.OutTradeNo, items[i].Refund, all.Total)
		}
	}
	return nil, errors.New("apiv2: the answer is about another refund")
}

func (s *Service) refundAgain(ctx context.Context, in RefundRequest) (*RefundItem, error) {
	r, err := s.Refund(ctx, in)
	if err != nil {
		return nil, err
	}
	return &RefundItem{OutRefundNo: r.OutRefundNo, RefundID: r.RefundID, Refund: r.Refund, SettlementRefund: r.SettlementRefund, State: RefundProcessing},
		in.compare(r.TransactionID, r.OutTradeNo, r.Refund, r.Total)
}

// compare says what of a refund differs from what was asked for.
func (r RefundRequest) compare(transactionID, outTradeNo string, refund, total wechat.Fen) error {
	var e pay.MismatchError
	compare := func(field, want, got string) {
		if want != "" && want != got {
			e.Differences = append(e.Differences, pay.Difference{Field: field, Want: fmt.Sprintf("%q", trim(want)), Got: fmt.Sprintf("%q", trim(got))})
		}
	}
	compare("transaction_id", r.TransactionID, transactionID)
	compare("out_trade_no", r.OutTradeNo, outTradeNo)
	compare("refund_fee", r.Refund.Yuan(), refund.Yuan())
	compare("total_fee", r.Total.Yuan(), total.Yuan())
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}
