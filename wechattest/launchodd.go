package wechattest

import (
	"context"
	"fmt"
)

// oddity is a genuine payment notice about a sample that says something a shop
// has to look at before it fulfils anything.
type oddity struct {
	sample                 int // which one is used up
	name, says, sent, mend string
	more                   int // how many times more the order is fulfilled
	pack                   func(Sample) (parcel, error)
}

func (o oddity) rule(samples []Sample) rule {
	return rule{o.name, o.says, o.sent, o.mend, func(ctx context.Context, l *launch) (Verdict, string) {
		if len(samples) <= o.sample {
			return Skipped, fmt.Sprintf("needs %d samples, got %d", o.sample+1, len(samples))
		}
		s := samples[o.sample].numbered()
		p, err := o.pack(s)
		if err != nil {
			return Failed, err.Error()
		}
		before, ok, err := l.count(ctx, s.OutTradeNo)
		if !ok || err != nil {
			return l.fulfilled(ctx, s.OutTradeNo, o.more)
		}
		h := l.post(ctx, p)
		if h.err != nil {
			return Failed, h.String()
		}
		verdict, got := l.fulfilled(ctx, s.OutTradeNo, before+o.more)
		return verdict, h.String() + "; " + got
	}}
}

// unknownOrder is a payment for an order that nobody made.
func unknownOrder(pack func(Sample) (parcel, error)) rule {
	return rule{"unknown order", "A payment for an order the shop does not know is answered, and breaks nothing", "a genuine notice about another number",
		"Answer in time: keep it for a person to look at, or refuse it so that it comes again.", func(ctx context.Context, l *launch) (Verdict, string) {
			p, err := pack(Sample{OutTradeNo: "launch" + randomText(20), Total: 1, OpenID: "oLaunch"}.numbered())
			if err != nil {
				return Failed, err.Error()
			}
			h := l.post(ctx, p)
			if h.err != nil {
				return Failed, h.String()
			}
			return Passed, h.String()
		}}
}

const (
	otherAmount = "A payment of another amount fulfils nothing"
	compare     = "Compare amount and currency with your own order; raise an alarm if they differ."
)

// payRules are about what the shop does with a payment that is genuine but odd.
func (s *sender) payRules(l letter) (rules []rule) {
	pack := func(change func(*transaction)) func(Sample) (parcel, error) {
		return func(o Sample) (parcel, error) {
			content := s.paid(o, s.t.MchID)
			change(&content)
			return s.pack(l, content, sealing{})
		}
	}
	for _, o := range []oddity{
		{1, "amount", otherAmount, "a genuine notice of one fen less", compare, 0, pack(func(c *transaction) { c.Amount.Total--; c.Amount.PayerTotal-- })},
		{1, "currency", "A payment in another currency fulfils nothing", "a genuine notice in USD", compare, 0,
			pack(func(c *transaction) { c.Amount.Currency, c.Amount.PayerCurrency = "USD", "USD" })},
		{1, "state", "A notice whose state is not SUCCESS fulfils nothing", "a genuine notice with trade_state NOTPAY", "Look at trade_state of the decrypted content.", 0,
			pack(func(c *transaction) { c.State, c.StateDesc = stateNotPay, stateWords[stateNotPay] })},
		{2, "new values", "A notice with values of the future fulfils the order", "a genuine notice with an unknown trade_type", "Let new values of an enumeration and new fields pass.", 1,
			pack(func(c *transaction) { c.Type = "FUTURE_TYPE" })},
	} {
		rules = append(rules, o.rule(s.t.Samples))
	}
	return append(rules, unknownOrder(pack(func(*transaction) {})))
}

// reordered brings a payment's notice after that of its refund.
func (s *sender) reordered(r RefundSample) rule {
	return rule{"reordered", "A payment's notice that comes after its refund's is acknowledged and undoes nothing", "the refund's notice, then the payment's",
		"Let an order's state move forward only: a late SUCCESS must not turn a refunded order into a paid one.", func(ctx context.Context, l *launch) (Verdict, string) {
			p, err := s.pack(letter{s.t.PayURL, "TRANSACTION.SUCCESS", "transaction", "支付成功"}, s.paid(r.Sample, s.t.MchID), sealing{})
			if err != nil {
				return Failed, err.Error()
			}
			h := l.post(ctx, p)
			if !heedsV3(h) {
				return Failed, h.String()
			}
			if n, ok, err := l.count(ctx, r.OutTradeNo); err != nil || ok && n > 1 {
				return Failed, fmt.Sprintf("fulfilled %d times (%v)", n, err)
			}
			return Passed, h.String()
		}}
}
