package notify

import "context"

// Ask describes a callback that waits for content: WeChat asks something and R,
// returned by the shop, is the answer. Asking makes one.
type Ask[T, R any] struct{ kind Kind[T] }

// Asking makes a Kind wait for an answer of type R:
//
//	notify.Asking[Retention](notify.Of[Terminate]("ENTRUST.TERMINATE_RETENTION"))
func Asking[R, T any](k Kind[T]) Ask[T, R] { return Ask[T, R]{k} }

// Answer calls f for every callback that fits k and sends back what it returns, as
// the dialect words it: JSON in APIv3, signed XML in the older generations, a
// passive reply in message push. An error is a failure as with On, and so is
// everything else that On says. A store given by WithSeen is not asked, because a
// repeated question wants its content again.
func Answer[T, R any](h *Handler, k Ask[T, R], f func(ctx context.Context, e Event[T]) (R, error)) {
	h.register(route{asks: true, selector: k.kind.selector, owner: k.kind.owner,
		prepare: prepare(k.kind, func(ctx context.Context, e Event[T]) (any, error) { return f(ctx, e) })})
}
