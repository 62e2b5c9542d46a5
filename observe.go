package wechat

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wxcommerce/wechat/sign"
)

// Event describes one attempt of a call, for logs, metrics and traces. It holds
// no body and no value of the request.
type Event struct {
	Op        Op
	Attempt   int           // 1 for the first
	Host      string        // host and port
	Status    int           // 0 when there was no answer
	RequestID string        // WeChat's id of the attempt
	Duration  time.Duration // of this attempt
	Outcome   Outcome       // of the call so far
	Err       error         // nil on success
	Retry     time.Duration // wait before the next attempt; negative when this was the last
}

func logTo(l *slog.Logger) func(context.Context, Event) {
	return func(ctx context.Context, e Event) {
		level := slog.LevelDebug
		switch {
		case e.Err == nil:
		case errors.Is(e.Err, sign.ErrProbe):
			level = slog.LevelInfo // WeChat tests that answers are verified
		default:
			level = slog.LevelWarn
		}
		if !l.Enabled(ctx, level) {
			return
		}
		attrs := []slog.Attr{slog.String("op", e.Op.String()), slog.Int("attempt", e.Attempt), slog.String("host", e.Host),
			slog.Int("status", e.Status), slog.String("request_id", oneLine(e.RequestID, 100)), slog.Duration("duration", e.Duration)}
		if e.Err != nil {
			attrs = append(attrs, slog.String("outcome", e.Outcome.String()), slog.String("error", e.Err.Error()))
		}
		if e.Retry >= 0 {
			attrs = append(attrs, slog.Duration("retry", e.Retry))
		}
		l.LogAttrs(ctx, level, "wechat call", attrs...)
	}
}
