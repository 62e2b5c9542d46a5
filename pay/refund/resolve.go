package refund

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// ErrUnresolved says that nobody knows yet whether a refund was accepted. Keep its
// number and resolve again later: a new number may refund twice.
var ErrUnresolved = errors.New("refund: it is still unknown whether the refund was accepted")

// Resolver finds out whether a refund was accepted after Apply ended Unknown. Its
// fields are set once; then it is safe for concurrent use.
type Resolver struct {
	Refunds  *Service        // required
	Schedule []time.Duration // when to query, counted from the call; nil means pay.OrderSchedule

	// Sleep waits for d or until ctx ends, whose error it then returns; nil means
	// a timer. Shops with a virtual clock replace it; an error of its own ends the
	// resolution too.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Resolve finds out whether a refund was accepted, on the official schedule, which
// takes up to half an hour; see Resolver for another one.
func (s *Service) Resolve(ctx context.Context, in Request) (*Refund, error) {
	return Resolver{Refunds: s}.Resolve(ctx, in)
}

// Resolve queries the refund; where WeChat Pay provably does not know it, the
// identical request is sent again, under the same number. in has to be what was
// given to Apply. No error means accepted: the State says how far it is.
//
// An answer that is not proved moves nothing; 401 and 403 to a query stop it at
// once. If WeChat Pay refuses the repetition twice and knows of no refund before
// either, the outcome of the error is NotDone and the refusal is in it, such as
// ErrNotEnough: mend the cause and apply again, still under the same number. Any
// other error wraps ErrUnresolved and the last cause, and is Unknown. A
// *pay.MismatchError says that the number belongs to a refund of another content.
func (r Resolver) Resolve(ctx context.Context, in Request) (*Refund, error) {
	if r.Refunds == nil {
		return nil, wechat.Invalid("Resolver.Refunds", "is nil: give the Service that applied for the refund")
	}
	schedule := r.Schedule
	if schedule == nil {
		schedule = pay.OrderSchedule()
	}
	var last error
	refusals, before := 0, time.Duration(0)
	for _, at := range schedule {
		if err := check.Wait(ctx, r.Sleep, at-before); err != nil {
			return nil, check.Stopped(ErrUnresolved, err, last)
		}
		before = at
		found, err := r.Refunds.Query(ctx, in.OutRefundNo)
		if err == nil {
			return found, found.Matches(in)
		}
		if last = err; check.Hopeless(err) {
			break
		}
		if !check.Absent(err) {
			continue
		}
		if found, last = r.Refunds.Apply(ctx, in); last == nil {
			return found, found.Matches(in)
		}
		if !definite(last) {
			if check.Hopeless(last) {
				break
			}
			continue
		}
		if refusals++; refusals == 2 {
			return nil, notDone(last)
		}
	}
	return nil, check.Unresolved(ErrUnresolved, last)
}

// definite reports whether WeChat Pay provably looked at the request and said no.
// The query before it has told that no refund is under way.
func definite(err error) bool {
	api := check.Refusal(err)
	if api == nil {
		return false
	}
	return api.Status >= 400 && api.Status < 500 && api.Status != http.StatusUnauthorized && api.Status != http.StatusTooManyRequests
}

func notDone(err error) error {
	var call *wechat.CallError
	if errors.As(err, &call) {
		return &wechat.CallError{Op: call.Op, Outcome: wechat.NotDone, Body: call.Body, Err: call.Err}
	}
	return err
}
