package notify

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

const defaultDeadline = 4500 * time.Millisecond

// Handler receives the callbacks of one merchant in one dialect. It is safe for
// concurrent use once everything is registered. It keeps no goroutine: those of
// requests end when the shop's function does.
type Handler struct {
	dialect   Dialect
	maxBody   int64
	deadline  time.Duration
	seen      Seen
	appIDs    []string
	log       *slog.Logger
	observers []func(context.Context, Record)
	routes    []route
	fallback  *route
	fields    []string // top-level fields of payloads that routes and owners look at
}

// NewHandler makes a Handler that understands d. Register what to do with On,
// Answer and Fallback before serving.
func NewHandler(d Dialect, opts ...Option) *Handler {
	if d == nil {
		d = V3(nil)
	}
	h := &Handler{dialect: d, maxBody: defaultMaxBody, deadline: defaultDeadline, log: slog.New(slog.DiscardHandler), fields: usualNames}
	for _, o := range opts {
		if o != nil {
			o(h)
		}
	}
	return h
}

func (h *Handler) register(r route) {
	for _, other := range h.routes {
		if other.selector.equal(r.selector) {
			h.log.Error("wechat notice", slog.String("error",
				"notify: the same kind is registered twice, the second function is never called: "+strings.Join(r.selector.types, ", ")))
		}
	}
	h.routes = append(h.routes, r)
	for _, field := range slices.Concat(r.selector.having, r.selector.without, r.owner.fields) {
		if top, _, _ := strings.Cut(field, "."); !slices.Contains(h.fields, top) {
			h.fields = append(slices.Clip(h.fields), top)
		}
	}
}

// process is the way of one notice: prove, find who wants it, check whose it is,
// decode, and hand it over.
func (h *Handler) process(ctx context.Context, r Request, k *knowledge) (Reply, error) {
	if !h.allows(r.Method) {
		return Reply{}, methodError(r.Method)
	}
	if len(r.Body) == 0 && r.Method == http.MethodPost {
		return Reply{}, fmt.Errorf("%w: it is empty; perhaps %s", ErrBody, alreadyRead)
	}
	n, err := h.dialect.open(ctx, r, h.fields)
	if err != nil {
		return Reply{}, err
	}
	if n.reply != nil {
		return *n.reply, nil
	}
	f := facts{id: n.id, kind: n.kind}
	k.learn(f)
	to := h.find(n)
	if to == nil && n.unwanted != nil {
		f.ignored = true
		k.learn(f)
		return *n.unwanted, nil
	}
	if to == nil {
		return Reply{}, fmt.Errorf("%w: register it with On, or set a Fallback", ErrUnknown)
	}
	if err := h.dialect.owned(n, to.owner, h.appIDs); err != nil {
		return Reply{}, err
	}
	j, err := to.prepare(h.dialect, n)
	if err != nil {
		return Reply{}, err
	}
	f.key = j.key
	k.learn(f)
	answer, duplicate, err := h.perform(ctx, to, j)
	if err != nil {
		return Reply{}, err
	}
	f.duplicate = duplicate
	k.learn(f)
	if to.asks {
		return h.dialect.content(ctx, n, answer)
	}
	return h.dialect.success(n), nil
}

// find returns the first registered route that fits, the fallback, or nil.
func (h *Handler) find(n *notice) *route {
	for i := range h.routes {
		if h.routes[i].selector.matches(h.dialect, n) {
			return &h.routes[i]
		}
	}
	return h.fallback
}

// perform calls the shop, at most once at a time for a key if there is a store.
func (h *Handler) perform(ctx context.Context, to *route, j job) (answer any, duplicate bool, err error) {
	if h.seen == nil || to.asks {
		answer, err = call(ctx, j)
		return answer, false, err
	}
	state, err := h.seen.Claim(ctx, j.key)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("%w: %w", ErrSeen, err)
	case state == Finished:
		return nil, true, nil
	case state != Granted:
		return nil, false, ErrBusy
	}
	finished := false
	defer func() { h.settle(ctx, j.key, finished) }()
	answer, err = call(ctx, j)
	finished = err == nil
	return answer, false, err
}

// call begins nothing once the time is over.
func call(ctx context.Context, j job) (any, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrDeadline, context.Cause(ctx))
	}
	answer, err := j.call(ctx)
	if err != nil {
		return nil, &handlerError{err}
	}
	return answer, nil
}

// settling is how long a store may take to note an end that nobody waits for.
const settling = 10 * time.Second

// settle tells the store how it went, even after the deadline.
func (h *Handler) settle(ctx context.Context, key string, finished bool) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	settle := h.seen.Forget
	if finished {
		settle = h.seen.Done
	}
	if err := settle(own, key); err != nil {
		h.log.WarnContext(ctx, "wechat notice", slog.String("key", clip(key)), slog.Bool("finished", finished),
			slog.String("error", fmt.Sprintf("%v: %v", ErrSeen, err)))
	}
}

// conclude words the answer and reports it.
func (h *Handler) conclude(ctx context.Context, start time.Time, out outcome) Reply {
	reply := out.reply
	if out.err != nil {
		status := statusOf(out.err)
		reply = h.dialect.failure(status, wordFor(status))
	}
	h.report(ctx, Record{Merchant: h.dialect.merchant(), ID: out.id, Type: out.kind, Key: out.key, Status: reply.Status,
		Duplicate: out.duplicate, Ignored: out.ignored, Duration: h.dialect.now().Sub(start), Err: out.err})
	return reply
}

// handlerError sets a shop's error apart from our own, whatever it wraps.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return "notify: the handler failed: " + e.err.Error() }

func (e *handlerError) Unwrap() error { return e.err }

var _ http.Handler = (*Handler)(nil)
