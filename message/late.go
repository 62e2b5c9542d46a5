package message

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wxcommerce/wechat"
)

// Sender sends a message to a user by customer service; *Service is one.
type Sender interface {
	Send(ctx context.Context, openID string, m Message) error
}

// What can go wrong with an answer; compare with errors.Is.
var (
	// ErrCrowded means that as many answers are late as WithMostLate allows. WeChat
	// is told that the push failed and sends it again.
	ErrCrowded = errors.New("message: too many late answers at once")

	// ErrBroken means that the shop's function panicked or ended its goroutine.
	ErrBroken = errors.New("message: the function that answers did not return")
)

// LateReport tells what became of an answer that did not travel in the reply.
type LateReport struct {
	OpenID string
	Key    string        // of the event
	Kind   string        // of the message, "" if there is none
	Took   time.Duration // until it was sent or failed
	Err    error         // of the shop's function or of the Sender; nil if sent, or if there was nothing to say
}

// Late keeps WeChat's five seconds for functions that may need longer: those that
// return in time answer the push, the others are acknowledged, and their message
// is sent by customer service when it is ready. Messages of kinds that no reply
// carries (mini-program cards and the like) always go that way. A copy of a push, which
// WeChat sends where it missed the answer, gets the same answer as long as this
// process remembers it, for a minute: neither is the function called nor the message
// sent a second time. After a failure a copy begins anew. It is safe for concurrent
// use; Wait ends it.
type Late struct {
	sender   Sender
	margin   time.Duration
	atMost   time.Duration
	mostLate int
	observe  []func(context.Context, LateReport)

	mu      sync.Mutex
	jobs    map[string]*job // by key
	answers memory
	late    int           // jobs nobody waits for any more
	running int           // all jobs
	idle    chan struct{} // closed when the last one ends, if somebody wants to know
}

// LateOption changes how a Late works.
type LateOption func(*Late)

// WithMargin says how long before the handler's deadline (notify.WithDeadline, 4.5
// seconds) the push is acknowledged: 250 ms by default. A value below 1 is ignored.
func WithMargin(d time.Duration) LateOption {
	return func(l *Late) {
		if d > 0 {
			l.margin = d
		}
	}
}

// WithAtMost ends the context of a function, and of the sending after it, so long
// after the push: one minute by default, because users who tapped a menu, followed
// or scanned can only be written to so long. A value below 1 is ignored.
func WithAtMost(d time.Duration) LateOption {
	return func(l *Late) {
		if d > 0 {
			l.atMost = d
		}
	}
}

// WithMostLate bounds how many answers may be late at once, 100 by default. A value
// below 1 is ignored.
func WithMostLate(n int) LateOption {
	return func(l *Late) {
		if n > 0 {
			l.mostLate = n
		}
	}
}

// WithLateObserver calls f for every answer that did not travel in the reply, and
// for the failures among them, which nobody else hears of. It may be given several
// times.
func WithLateObserver(f func(context.Context, LateReport)) LateOption {
	return func(l *Late) {
		if f != nil {
			l.observe = append(l.observe, f)
		}
	}
}

const (
	usualDeadline   = 4500 * time.Millisecond // of notify
	defaultMargin   = 250 * time.Millisecond
	defaultAtMost   = time.Minute
	defaultMostLate = 100
)

// NewLate makes a Late that sends with s, which must not be nil.
func NewLate(s Sender, opts ...LateOption) (*Late, error) {
	if s == nil {
		return nil, wechat.Invalid("sender", "is nil: late answers need somebody to send them")
	}
	l := &Late{sender: s, margin: defaultMargin, atMost: defaultAtMost, mostLate: defaultMostLate, jobs: map[string]*job{}}
	for _, o := range opts {
		if o != nil {
			o(l)
		}
	}
	return l, nil
}
