package apiv2

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// ErrUnresolved says that nobody knows yet what became of an order. Keep its number,
// fulfil nothing and resolve again later: a new number may charge twice.
var ErrUnresolved = errors.New("apiv2: it is still unknown what became of the order")

// Resolution is what became of an order. Done means paid, NotDone that it can no
// longer happen under this number, because it was closed, reversed or refused.
// Transaction is the last proved answer, nil if WeChat Pay never knew the order; call
// its Matches before acting on a payment.
type Resolution struct {
	Outcome     wechat.Outcome
	Transaction *Transaction
}

// Resolver finds out what became of an order whose outcome is Unknown, or whose
// notice did not come. Its fields are set once; then it is safe for concurrent use.
type Resolver struct {
	Orders   *Service        // required; its Sleep waits
	Schedule []time.Duration // when to query, counted from the call; nil means the official advice
	Micropay bool            // the order was placed by Micropay: end it by Reverse, not by Close
	KeepOpen bool            // only look: neither close nor reverse at the end
}

// How often and how fast an unclear Close or Reverse is repeated. For code payment
// this is longer than a payment code lives.
const (
	endTries = 8
	endWait  = 10 * time.Second
)

// Resolve finds out what became of an order of Place as pay.OrderSchedule says,
// which takes up to half an hour and ends by closing it; see Resolver for another
// schedule.
func (s *Service) Resolve(ctx context.Context, outTradeNo string) (Resolution, error) {
	return Resolver{Orders: s}.Resolve(ctx, outTradeNo)
}

// ResolveMicropay finds out what became of a code payment: it queries every five
// seconds for thirty, and reverses what is not paid by then, which demands the
// client certificate; see Resolver for another schedule.
func (s *Service) ResolveMicropay(ctx context.Context, outTradeNo string) (Resolution, error) {
	return Resolver{Orders: s, Micropay: true}.Resolve(ctx, outTradeNo)
}

// Resolve queries until the answer is certain and then, unless KeepOpen, ends the
// order. An answer that is not proved moves nothing, and the number never changes.
// "No such order" proves nothing, for it may still be in acceptance: the order is
// closed first, and a Schedule of your own should outlast five minutes. A payment
// that lands during the close wins; one that lands during a reversal goes back to
// the user. Refusals that cannot change, such as a missing certificate, stop it at
// once.
//
// Without a certain answer the error wraps ErrUnresolved and the last cause, or the
// error of ctx; every Outcome is then Unknown and Transaction the last one seen.
func (r Resolver) Resolve(ctx context.Context, outTradeNo string) (Resolution, error) {
	var seen Resolution
	if r.Orders == nil {
		return seen, wechat.Invalid("Resolver.Orders", "is nil: give the Service that placed the order")
	}
	var last error
	err := check.Poll(ctx, r.Orders.Sleep, r.schedule(), func() bool {
		last = r.Orders.look(ctx, outTradeNo, &seen)
		return seen.Outcome != wechat.Unknown || check.Hopeless(last)
	})
	switch {
	case err != nil:
		return seen, check.Stopped(ErrUnresolved, err, last)
	case seen.Outcome != wechat.Unknown:
		return seen, nil
	case r.KeepOpen || check.Hopeless(last):
		return seen, check.Unresolved(ErrUnresolved, last)
	}
	end := r.Orders.shut
	if r.Micropay {
		end = r.Orders.undo
	}
	last = nil
	err = check.Poll(ctx, r.Orders.Sleep, endings(), func() (done bool) {
		done, last = end(ctx, outTradeNo, &seen)
		return done
	})
	switch {
	case err != nil:
		return seen, check.Stopped(ErrUnresolved, err, last)
	case seen.Outcome == wechat.Unknown:
		return seen, check.Unresolved(ErrUnresolved, last)
	}
	return seen, nil
}

func (r Resolver) schedule() []time.Duration {
	switch {
	case r.Schedule != nil:
		return r.Schedule
	case r.Micropay:
		return pay.CodepaySchedule()
	}
	return pay.OrderSchedule()
}

// endings are when an order is ended, counted from the last query: the first time
// at once.
func endings() []time.Duration {
	s := make([]time.Duration, endTries)
	for n := range s {
		s[n] = time.Duration(n) * endWait
	}
	return s
}

// look queries once and keeps what is proved.
func (s *Service) look(ctx context.Context, outTradeNo string, seen *Resolution) error {
	t, err := s.Query(ctx, outTradeNo)
	switch {
	case err != nil:
		return err
	case t.OutTradeNo != outTradeNo:
		return errors.New("apiv2: the answer is about another order")
	}
	seen.Transaction = t
	switch {
	case t.TradeState.Paid():
		seen.Outcome = wechat.Done
	case t.TradeState.Terminal():
		seen.Outcome = wechat.NotDone
	}
	return nil
}

// shut closes the order and looks once more: what was paid meanwhile counts. An
// order that neither call knows was never placed.
func (s *Service) shut(ctx context.Context, outTradeNo string, seen *Resolution) (done bool, err error) {
	closed := s.Close(ctx, outTradeNo)
	looked := s.look(ctx, outTradeNo, seen)
	switch {
	case seen.Outcome != wechat.Unknown:
		return true, nil
	case closed == nil, is(closed, pay.ErrOrderNotExist) && is(looked, pay.ErrOrderNotExist):
		seen.Outcome = wechat.NotDone
		return true, nil
	}
	return check.Hopeless(closed), closed
}

// undo reverses the order. A payment that lands meanwhile goes back too.
func (s *Service) undo(ctx context.Context, outTradeNo string, seen *Resolution) (done bool, err error) {
	again, err := s.Reverse(ctx, outTradeNo)
	switch {
	case err == nil && again:
		return false, errors.New("apiv2: WeChat Pay wants the reversal repeated")
	case err == nil:
		seen.Outcome = wechat.NotDone
		return true, nil
	}
	return check.Hopeless(err) || wechat.OutcomeOf(err) == wechat.NotDone, err // it says no, and will again
}
