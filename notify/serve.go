package notify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServeHTTP reads, handles and answers one callback. It gives a slow sender no more
// time than the deadline. When that passes, the failure is answered at once, even
// if the shop's function is still running; ServeHTTP returns after it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.dialect.now()
	ctx, cancel := context.WithTimeout(r.Context(), h.deadline)
	defer cancel()
	h.serve(ctx, w, r, start)
}

func (h *Handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, start time.Time) {
	// Sockets know only the real clock. Writers that cannot do it are left alone.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(h.deadline))
	if !h.allows(r.Method) {
		w.Header().Set("Allow", strings.Join(h.dialect.methods(), ", "))
		h.conclude(ctx, start, outcome{err: methodError(r.Method)}).writeTo(w)
		return
	}
	req, err := ReadRequest(r, h.maxBody)
	if err != nil {
		h.conclude(ctx, start, outcome{err: err}).writeTo(w)
		return
	}
	_ = control.SetReadDeadline(time.Time{})
	h.answer(ctx, w, control, req, start)
}

// answer works in the server's goroutine and lets a timer answer in its stead when
// the time is over, which spares every timely notice a goroutine.
func (h *Handler) answer(ctx context.Context, w http.ResponseWriter, control *http.ResponseController, r Request, start time.Time) {
	var k knowledge
	left := h.deadline
	if at, ok := ctx.Deadline(); ok {
		left = time.Until(at)
	}
	timer := time.AfterFunc(left, func() {
		defer func() { // here nothing but us keeps a writer's panic from ending the process
			if p := recover(); p != nil {
				h.log.ErrorContext(ctx, "wechat notice", slog.String("error", "late answer: "+panicked(p).Error()))
			}
		}()
		k.once.Do(func() {
			reply := h.conclude(ctx, start, late(ctx, &k))
			w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body))) // whole before the function returns
			w.Header().Set("Connection", "close")                           // but not free
			reply.writeTo(w)
			_ = control.Flush()
		})
	})
	defer timer.Stop()
	out := h.work(ctx, r, &k)
	k.once.Do(func() { h.conclude(ctx, start, out).writeTo(w) })
}

// Handle is ServeHTTP without net/http, for other frameworks and for queues. It
// never returns later than the deadline; the shop's function may still be running
// then. The body is copied, so the caller may use it again at once. Header strings
// that lie in memory which is used again, as with fasthttp, have to be copied.
func (h *Handler) Handle(ctx context.Context, r Request) Reply {
	start := h.dialect.now()
	ctx, cancel := context.WithTimeout(ctx, h.deadline)
	defer cancel()
	if int64(len(r.Body)) > h.maxBody {
		return h.conclude(ctx, start, outcome{err: fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(r.Body), h.maxBody)})
	}
	r.Body = bytes.Clone(r.Body)
	var k knowledge
	ended := make(chan outcome, 1)
	go func() {
		out := outcome{err: errNoEnd} // runtime.Goexit leaves it at that
		defer func() { ended <- out }()
		out = h.work(ctx, r, &k)
	}()
	select {
	case out := <-ended:
		return h.conclude(ctx, start, out)
	case <-ctx.Done():
		return h.conclude(ctx, start, late(ctx, &k))
	}
}

func (h *Handler) allows(method string) bool { return slices.Contains(h.dialect.methods(), method) }

func methodError(method string) error { return fmt.Errorf("%w: %q", ErrMethod, clip(method)) }

// facts is what is known about a request so far.
type facts struct {
	id, kind, key string
	duplicate     bool
	ignored       bool
}

// knowledge is shared with whoever answers a late request: who answers, and which
// request it was.
type knowledge struct {
	once sync.Once // makes ServeHTTP wait, too, while the timer writes
	mu   sync.Mutex
	facts
}

func (k *knowledge) learn(f facts) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.facts = f
}

func (k *knowledge) known() facts {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.facts
}

// outcome is how a request ended.
type outcome struct {
	facts
	reply Reply
	err   error
}

func late(ctx context.Context, k *knowledge) outcome {
	cause := context.Cause(ctx)
	if cause == nil { // the timer was a moment faster than the context
		cause = context.DeadlineExceeded
	}
	return outcome{facts: k.known(), err: fmt.Errorf("%w: %w", ErrDeadline, cause)}
}

// work is process with its panics caught.
func (h *Handler) work(ctx context.Context, r Request, k *knowledge) (out outcome) {
	defer func() {
		if p := recover(); p != nil {
			out.err = panicked(p)
		}
		out.facts = k.known()
	}()
	out.reply, out.err = h.process(ctx, r, k)
	return out
}
