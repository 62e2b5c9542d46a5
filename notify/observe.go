package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wxcommerce/wechat/sign"
)

// Record tells what became of one request, for metrics, traces and alarms. It holds
// nothing of the payload. ID, Type and Key are empty as long as nothing is proved.
type Record struct {
	Merchant  string // whose handler it was
	ID        string // of the notice
	Type      string // event type
	Key       string // business key
	Status    int    // of the answer
	Duplicate bool   // acknowledged without a call, because the store had seen it finished
	Ignored   bool   // a push acknowledged although nothing is registered for it
	Duration  time.Duration
	Err       error // nil if acknowledged; compare with this package's errors and those of sign
}

func (h *Handler) report(ctx context.Context, r Record) {
	defer func() {
		if p := recover(); p != nil {
			h.log.ErrorContext(ctx, "wechat notice", slog.String("error", "observer: "+panicked(p).Error()))
		}
	}()
	h.write(ctx, r)
	for _, f := range h.observers {
		f(ctx, r)
	}
}

func (h *Handler) write(ctx context.Context, r Record) {
	level := levelOf(r)
	if !h.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("merchant", r.Merchant), slog.String("type", clip(r.Type)), slog.String("id", clip(r.ID)),
		slog.String("key", clip(r.Key)), slog.Int("status", r.Status), slog.Duration("duration", r.Duration)}
	if r.Duplicate {
		attrs = append(attrs, slog.Bool("duplicate", true))
	}
	if r.Ignored {
		attrs = append(attrs, slog.Bool("ignored", true))
	}
	if r.Err != nil {
		attrs = append(attrs, slog.String("error", r.Err.Error()))
	}
	h.log.LogAttrs(ctx, level, "wechat notice", attrs...)
}

func levelOf(r Record) slog.Level {
	if r.Err == nil && !r.Duplicate {
		return slog.LevelDebug
	}
	var own *handlerError
	is := func(target error) bool { return errors.Is(r.Err, target) }
	switch {
	case r.Err == nil, is(ErrBusy):
		return slog.LevelInfo
	case errors.As(r.Err, &own):
		return slog.LevelWarn
	case is(sign.ErrProbe):
		return slog.LevelInfo // WeChat Pay tests that notices are verified
	case is(ErrOwner), is(ErrUnknown), is(ErrMalformed), is(ErrPanic):
		return slog.LevelError
	}
	return slog.LevelWarn
}
