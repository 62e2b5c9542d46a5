package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Router serves many merchants under one path. It asks pick for the handler of the
// merchant named in the path, by a wildcard {merchant} of http.ServeMux or else by
// the last segment, and lets it do the rest. pick may build handlers as they are
// needed or keep them; a nil handler means that there is no such merchant and gives
// 404, an error 500 unless it wraps ErrMerchant. What somebody puts into the path
// is not proved; the merchant's handler proves the notice.
//
// Of opts, logger, observers and deadline concern Router: what it refuses itself,
// and the time pick may take, which counts for the whole request.
func Router(pick func(ctx context.Context, merchant string) (*Handler, error), opts ...Option) http.Handler {
	return &router{pick: pick, own: NewHandler(nil, opts...)}
}

type router struct {
	pick func(context.Context, string) (*Handler, error)
	own  *Handler // words and reports what never reaches a merchant's
}

func (r *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(req.Context(), r.own.deadline)
	defer cancel()
	h, err := r.choose(ctx, merchantIn(req))
	if err != nil {
		r.own.conclude(ctx, start, outcome{err: err}).writeTo(w)
		return
	}
	start = h.dialect.now()
	ctx, cancel = context.WithTimeout(ctx, h.deadline)
	defer cancel()
	h.serve(ctx, w, req, start)
}

func merchantIn(r *http.Request) string {
	if m := r.PathValue("merchant"); m != "" {
		return m
	}
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

// choose waits for pick no longer than ctx allows.
func (r *router) choose(ctx context.Context, merchant string) (*Handler, error) {
	if merchant == "" {
		return nil, fmt.Errorf("%w: it names none", ErrMerchant)
	}
	type choice struct {
		h   *Handler
		err error
	}
	made := make(chan choice, 1)
	go func() {
		c := choice{err: errNoEnd}
		defer func() {
			if p := recover(); p != nil {
				c = choice{err: panicked(p)}
			}
			made <- c
		}()
		h, err := r.pick(ctx, merchant)
		c = choice{h, err}
	}()
	select {
	case c := <-made:
		switch {
		case c.err != nil && !errors.Is(c.err, ErrPanic) && !errors.Is(c.err, ErrMerchant):
			return nil, &handlerError{fmt.Errorf("choosing the merchant: %w", c.err)}
		case c.err == nil && c.h == nil:
			return nil, fmt.Errorf("%w: %q", ErrMerchant, clip(merchant))
		}
		return c.h, c.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: choosing the merchant: %w", ErrDeadline, context.Cause(ctx))
	}
}
