package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/wxcommerce/wechat"
)

// Event is an authentic notice with its payload.
type Event[T any] struct {
	ID      string      // of the notice; the same when it is sent again
	Type    string      // event type, such as TRANSACTION.SUCCESS
	Summary string      // for people
	Created wechat.Time // when WeChat made it; zero if it does not say

	// Key is the business key: our merchant number, the event type and WeChat's own
	// number, joined by slashes. It is the same for every copy of a notice and for
	// every notice about the same business, so it is what to make unique.
	Key string

	Data T

	// Plain is the decrypted payload as it came. It belongs to the receiver of the
	// event; copy it before changing it.
	Plain []byte `json:"-"`
}

// String names the event and tells nothing of its payload.
func (e Event[T]) String() string {
	return fmt.Sprintf("notice %s of %s, key %s", clip(e.ID), clip(e.Type), clip(e.Key))
}

// Format prints String whatever the verb, because payloads hold personal data.
func (e Event[T]) Format(s fmt.State, _ rune) { fmt.Fprint(s, e.String()) }

// LogValue makes slog print id, type and key.
func (e Event[T]) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", clip(e.ID)), slog.String("type", clip(e.Type)), slog.String("key", clip(e.Key)))
}

// On calls f for every notice of kind k: nil acknowledges it, an error makes WeChat
// send it again. When several registered kinds fit a notice, the first one
// registered gets it; registering the very same kind twice is reported to the
// logger. Register everything before serving: On is not safe to call beside Handle
// or ServeHTTP.
//
// The context ends at the deadline (WithDeadline), after which the answer is a
// failure whatever f does; f should then roll back and return. A panic in f is a
// failure too. f is called by several goroutines at once.
func On[T any](h *Handler, k Kind[T], f func(ctx context.Context, e Event[T]) error) {
	h.register(route{selector: k.selector, owner: k.owner, prepare: prepare(k, func(ctx context.Context, e Event[T]) (any, error) {
		return nil, f(ctx, e)
	})})
}

// Fallback calls f for authentic notices that fit no registered kind. Without it
// they are answered with a failure, so that they are sent again and seen instead of
// lost. As with On, register before serving.
func (h *Handler) Fallback(f func(ctx context.Context, e Event[json.RawMessage]) error) {
	h.fallback = &route{prepare: prepare(Kind[json.RawMessage]{}, func(ctx context.Context, e Event[json.RawMessage]) (any, error) {
		return nil, f(ctx, e)
	})}
}

// route is a registered kind with its type erased.
type route struct {
	selector selector
	owner    owner
	asks     bool
	prepare  func(Dialect, *notice) (job, error)
}

// job is a decoded event that waits to be handed over.
type job struct {
	key  string
	call func(context.Context) (any, error)
}

func prepare[T any](k Kind[T], f func(context.Context, Event[T]) (any, error)) func(Dialect, *notice) (job, error) {
	known := k.known()
	return func(d Dialect, n *notice) (job, error) {
		e := Event[T]{ID: n.id, Type: n.kind, Summary: n.summary, Created: n.created, Plain: n.plain}
		if err := d.decode(n, &e.Data, known); err != nil {
			return job{}, err
		}
		id := n.id
		if k.key != nil {
			id = k.key(e.Data)
		}
		if id == "" {
			return job{}, fmt.Errorf("%w: the payload lacks the number that is its business key", ErrMalformed)
		}
		if k.each && k.key != nil {
			id += "/" + n.id
		}
		e.Key = d.merchant() + "/" + n.kind + "/" + id
		return job{key: e.Key, call: func(ctx context.Context) (any, error) { return f(ctx, e) }}, nil
	}
}

// clip shortens what is going to be logged.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
