package pay

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// ErrUnresolved says that an order is still neither paid nor closed for certain.
// Keep its number, fulfil nothing, offer no second payment, and resolve again later.
var ErrUnresolved = errors.New("pay: the order is still unresolved")

// Resolution is what became of an order. Outcome is Done if the user paid, and
// NotDone if that can no longer happen under this number, because it was closed,
// reversed or refused. Transaction is the last proved answer, nil if WeChat Pay
// never knew the order; call its Matches before acting on a payment.
type Resolution struct {
	Outcome     wechat.Outcome
	Transaction *Transaction
}

// Resolver finds out what became of an order whose outcome is Unknown, or whose
// notice did not come. Its fields are set once; then it is safe for concurrent use.
type Resolver struct {
	Orders   *Service        // required
	Schedule []time.Duration // when to query, counted from the call; nil means the official advice
	Codepay  bool            // the order was placed by Codepay: end it by Reverse, not by Close
	KeepOpen bool            // only look: neither close nor reverse at the end

	// Sleep waits for d or until ctx ends, whose error it then returns; nil means
	// a timer. Shops with a virtual clock replace it; an error of its own ends the
	// resolution too.
	Sleep func(ctx context.Context, d time.Duration) error
}

// OrderSchedule is the official advice when to query an unpaid order, counted from
// the moment it was placed. The last one is followed by Close.
func OrderSchedule() []time.Duration {
	return []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute}
}

// CodepaySchedule is the official advice for code payment: every five seconds, for
// thirty. The last one is followed by Reverse.
func CodepaySchedule() []time.Duration {
	var s []time.Duration
	for at := 5 * time.Second; at <= 30*time.Second; at += 5 * time.Second {
		s = append(s, at)
	}
	return s
}

// How often and how fast an unclear Close or Reverse is repeated. For code payment
// this is longer than a payment code lives.
const (
	endTries = 8
	endWait  = 10 * time.Second
)

// Resolve finds out what became of an order on the official schedule, which takes
// up to half an hour and ends by closing it; see Resolver for another one.
func (s *Service) Resolve(ctx context.Context, outTradeNo string) (Resolution, error) {
	return Resolver{Orders: s}.Resolve(ctx, outTradeNo)
}

// ResolveCodepay finds out what became of a code payment on the official schedule,
// which takes up to half a minute and ends by reversing it.
func (s *Service) ResolveCodepay(ctx context.Context, outTradeNo string) (Resolution, error) {
	return Resolver{Orders: s, Codepay: true}.Resolve(ctx, outTradeNo)
}

// Resolve queries until the answer is certain and then, unless KeepOpen, ends the
// order. What it does not do matters as much:
//
//   - an answer that is not proved moves nothing;
//   - "no such order" proves nothing, for it may still be in acceptance: the order
//     is closed first. A Schedule of your own should outlast five minutes, as long
//     as a request stays valid;
//   - a payment that lands during the close wins;
//   - 401 and 403 stop it at once, for repeating them cannot help;
//   - a number is never changed.
//
// Without a certain answer the error wraps ErrUnresolved and the last cause, or
// the error of ctx; every Outcome is then Unknown and Transaction the last one seen.
func (r Resolver) Resolve(ctx context.Context, outTradeNo string) (Resolution, error) {
	var seen Resolution
	if r.Orders == nil {
		return seen, wechat.Invalid("Resolver.Orders", "is nil: give the Service that placed the order")
	}
	last, err := r.poll(ctx, outTradeNo, &seen)
	if err != nil || seen.Outcome != wechat.Unknown {
		return seen, err
	}
	if r.KeepOpen {
		return seen, check.Unresolved(ErrUnresolved, last)
	}
	return r.end(ctx, outTradeNo, seen)
}

// poll queries on the schedule. last is why the last query did not settle it; err
// ends everything.
func (r Resolver) poll(ctx context.Context, outTradeNo string, seen *Resolution) (last, err error) {
	schedule := r.Schedule
	switch {
	case schedule == nil && r.Codepay:
		schedule = CodepaySchedule()
	case schedule == nil:
		schedule = OrderSchedule()
	}
	err = check.Poll(ctx, r.Sleep, schedule, func() bool {
		if last = r.look(ctx, outTradeNo, seen); last == nil && seen.Transaction.TradeState.Terminal() {
			seen.Outcome = outcomeOf(seen.Transaction.TradeState)
		}
		return seen.Outcome != wechat.Unknown || check.Hopeless(last)
	})
	switch {
	case err != nil:
		return last, check.Stopped(ErrUnresolved, err, last)
	case check.Hopeless(last):
		return last, check.Unresolved(ErrUnresolved, last)
	}
	return last, nil
}

// look queries once and keeps what is proved.
func (r Resolver) look(ctx context.Context, outTradeNo string, seen *Resolution) error {
	t, err := r.Orders.Query(ctx, outTradeNo)
	switch {
	case err != nil:
		return err
	case t.OutTradeNo != outTradeNo:
		return errors.New("pay: the answer is about another order")
	}
	seen.Transaction = t
	return nil
}

// end closes or reverses the order and looks once more, until both are clear.
func (r Resolver) end(ctx context.Context, outTradeNo string, seen Resolution) (Resolution, error) {
	var cause error
	reversing := false // a reversal may be on its way
	for n := range endTries {
		if n > 0 {
			if err := check.Wait(ctx, r.Sleep, endWait); err != nil {
				return seen, check.Stopped(ErrUnresolved, err, cause)
			}
		}
		var ended error
		if r.Codepay {
			ended = r.Orders.Reverse(ctx, outTradeNo)
		} else {
			ended = r.Orders.Close(ctx, outTradeNo)
		}
		if check.Hopeless(ended) && !check.Status(ended, http.StatusForbidden) { // a paid order may be refused with 403
			return seen, check.Unresolved(ErrUnresolved, ended)
		}
		reversing = reversing || r.Codepay && wechat.OutcomeOf(ended) != wechat.NotDone
		looked := r.look(ctx, outTradeNo, &seen)
		seen.Outcome = r.verdict(n, reversing, ended, looked, seen.Transaction)
		if seen.Outcome != wechat.Unknown {
			return seen, nil
		}
		if cause = ended; cause == nil {
			cause = looked
		}
		if check.Hopeless(cause) {
			break
		}
	}
	return seen, check.Unresolved(ErrUnresolved, cause)
}

// verdict weighs the end of an order against the look after it.
func (r Resolver) verdict(n int, reversing bool, ended, looked error, t *Transaction) wechat.Outcome {
	switch {
	case looked == nil && t.TradeState == StateSuccess && reversing:
		return wechat.Unknown // paid, and the money is on its way back: look again
	case looked == nil && t.TradeState.Paid() && !reversing:
		return wechat.Done
	case looked == nil && t.TradeState.Terminal():
		return wechat.NotDone // also refunded by the reversal
	case ended == nil:
		return wechat.NotDone
	case check.Absent(ended) && check.Absent(looked) && (!r.Codepay || n == endTries-1):
		return wechat.NotDone // a payment code could still arrive while it lives
	}
	return wechat.Unknown
}

func outcomeOf(s TradeState) wechat.Outcome {
	if s.Paid() {
		return wechat.Done
	}
	return wechat.NotDone
}
