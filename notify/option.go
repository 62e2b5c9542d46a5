package notify

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Option changes how a Handler works.
type Option func(*Handler)

// WithMaxBody bounds a body, 1 MiB by default. A longer one is refused, never cut.
// A value below 1 is ignored.
func WithMaxBody(bytes int64) Option {
	return func(h *Handler) {
		if bytes > 0 {
			h.maxBody = bytes
		}
	}
}

// WithDeadline says when an answer has to be ready, counted from the arrival of the
// request and 4.5 seconds by default, because WeChat Pay hangs up after 5. What is
// not finished by then is answered with a failure, and the handler's context ends.
// A value below 1 is ignored.
func WithDeadline(d time.Duration) Option {
	return func(h *Handler) {
		if d > 0 {
			h.deadline = d
		}
	}
}

// WithSeen spares the shop the notices it has already handled. It saves work and
// promises nothing: exactly once is the shop's own transaction, see the package
// documentation.
func WithSeen(s Seen) Option {
	return func(h *Handler) { h.seen = s }
}

// WithAppIDs refuses payloads whose appid, sp_appid or combine_appid is none of
// these. A sub_appid is compared only by a handler whose merchant was made with For
// and an app id, which then counts as one of these. Payloads without an app pass.
func WithAppIDs(ids ...string) Option {
	return func(h *Handler) { h.appIDs = append(slices.Clip(h.appIDs), ids...) }
}

// WithLogger reports every notice to l: acknowledged ones at Debug, signature
// probes and duplicates at Info, what should be looked at (a foreign owner, an
// event nobody handles, a malformed payload, a panic) at Error, the rest at Warn.
// No body, header or key is logged. Nothing is by default.
func WithLogger(l *slog.Logger) Option {
	return func(h *Handler) {
		if l != nil {
			h.log = l
		}
	}
}

// WithObserver calls f after every notice, in the calling goroutine and before the
// answer is sent. It may be given several times.
func WithObserver(f func(context.Context, Record)) Option {
	return func(h *Handler) {
		if f != nil {
			h.observers = append(slices.Clip(h.observers), f)
		}
	}
}
