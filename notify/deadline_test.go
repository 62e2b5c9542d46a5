package notify_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

// store is a Seen that does as told.
type store struct {
	claim, done, forget func(context.Context) error
	calls               []string
	mu                  sync.Mutex
}

func (s *store) step(ctx context.Context, name string, f func(context.Context) error) error {
	s.mu.Lock()
	s.calls = append(s.calls, name)
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(ctx)
}

func (s *store) Claim(ctx context.Context, _ string) (notify.Claim, error) {
	return notify.Granted, s.step(ctx, "claim", s.claim)
}
func (s *store) Done(ctx context.Context, _ string) error { return s.step(ctx, "done", s.done) }
func (s *store) Forget(ctx context.Context, _ string) error {
	return s.step(ctx, "forget", s.forget)
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// The ways to be late. Those that ignore their context end when release is closed.
func lateHandlers(t *testing.T, release chan struct{}) map[string]*notify.Handler {
	t.Helper()
	m := merchant(t, mchID, nil)
	stubborn := func(context.Context) error { <-release; return nil }
	slow := func(f func(context.Context) error, opts ...notify.Option) *notify.Handler {
		h := notify.NewHandler(notify.V3(m), opts...)
		notify.On(h, paid, func(ctx context.Context, _ notify.Event[transaction]) error { return f(ctx) })
		return h
	}
	quick := func(context.Context) error { return nil }
	keys := func(f func(context.Context) error) *notify.Handler {
		h := notify.NewHandler(notify.V3(withKeys(t, keySet(func(ctx context.Context, _ string) (*rsa.PublicKey, error) {
			return &platformKey().PublicKey, f(ctx)
		}))))
		notify.On(h, paid, func(context.Context, notify.Event[transaction]) error { return nil })
		return h
	}
	return map[string]*notify.Handler{
		"handler obeys its context":   slow(hang),
		"handler ignores its context": slow(stubborn),
		"claim hangs":                 slow(quick, notify.WithSeen(&store{claim: hang})),
		"claim ignores its context":   slow(quick, notify.WithSeen(&store{claim: stubborn})),
		"done hangs":                  slow(quick, notify.WithSeen(&store{done: hang})),
		"done ignores its context":    slow(quick, notify.WithSeen(&store{done: stubborn})),
		"forget hangs":                slow(func(context.Context) error { return errors.New("no") }, notify.WithSeen(&store{forget: hang})),
		"key set hangs":               keys(hang),
		"key set ignores its context": keys(stubborn),
	}
}

func TestAdverse42_LateIsAFailureBy4500Milliseconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		for name, h := range lateHandlers(t, release) {
			start := time.Now()
			reply := h.Handle(t.Context(), notice(t, paidSample))
			assert.Equal(t, 500, reply.Status, name)
			assert.Equal(t, 4500*time.Millisecond, time.Since(start), name)
		}
		close(release)
		<-time.After(time.Minute) // stores that hang give up
	})
}

func TestAdverse42_LateIsAFailureBy4500MillisecondsOverHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		for name, h := range lateHandlers(t, release) {
			c := serve(t, h).dial()
			start := time.Now()
			res := exchange(t, c, rawBytes(t, notice(t, paidSample)))
			assert.Equal(t, 500, res.StatusCode, name)
			assert.Equal(t, 4500*time.Millisecond, time.Since(start), name)
			if strings.Contains(name, "ignores") {
				assert.True(t, res.Close, "the connection is not free yet")
			}
			require.NoError(t, c.Close())
		}
		close(release)
		<-time.After(time.Minute)
	})
}

func TestAdverse42_OneThatFinishesInTimeIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithDeadline(0))
		notify.On(h, paid, func(ctx context.Context, _ notify.Event[transaction]) error {
			at, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 4500*time.Millisecond, time.Until(at))
			<-time.After(4499 * time.Millisecond)
			return nil
		})
		assert.Equal(t, 200, h.Handle(t.Context(), notice(t, paidSample)).Status)
		c := serve(t, h).dial()
		assert.Equal(t, 200, exchange(t, c, rawBytes(t, notice(t, paidSample))).StatusCode)
		<-time.After(time.Minute) // nothing of the first request hits the next one
		assert.Equal(t, 200, exchange(t, c, rawBytes(t, notice(t, paidSample))).StatusCode, "the connection is kept")
		require.NoError(t, c.Close())
	})
}

func TestAdverse42_WorkThatEndsLateIsRemembered(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{nil, errors.New("rolled back")} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			calls := 0
			h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithSeen(notify.NewMemory(0, 0, nil)),
				notify.WithDeadline(time.Second), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			notify.On(h, paid, func(context.Context, notify.Event[transaction]) error {
				if calls++; calls > 1 {
					return nil
				}
				<-time.After(10 * time.Second) // whatever the context says
				return failure
			})
			body := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
			send := func() int { return h.Handle(t.Context(), signed(t, time.Now(), body)).Status }
			assert.Equal(t, 500, send(), "late")
			assert.Contains(t, log.String(), mchID+"/TRANSACTION.SUCCESS/4200000001", "the log says which one")
			<-time.After(time.Second)
			assert.Equal(t, 500, send(), "still being worked on")
			<-time.After(10 * time.Second)
			assert.Equal(t, 200, send())
			if failure == nil {
				assert.Equal(t, 1, calls, "it was done after all")
			} else {
				assert.Equal(t, 2, calls, "it failed, so the next copy is worked on")
			}
		})
	}
}

func TestAdverse42_TheStoreHearsOfALateEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan error, 1)
		h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithSeen(&store{done: func(ctx context.Context) error {
			heard <- ctx.Err()
			return nil
		}}))
		notify.On(h, paid, func(context.Context, notify.Event[transaction]) error { <-time.After(time.Minute); return nil })
		assert.Equal(t, 500, h.Handle(t.Context(), notice(t, paidSample)).Status)
		assert.NoError(t, <-heard, "its context is not the one that ended")
	})
}

// What a middleware does after us is not cut off by our limit for slow senders.
func TestReadDeadlineIsTakenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := receiver(t, merchant(t, mchID, nil))
		after := make(chan error, 1)
		l := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			<-time.After(time.Minute)
			after <- r.Context().Err()
		}))
		c := l.dial()
		assert.Equal(t, 200, exchange(t, c, rawBytes(t, notice(t, paidSample))).StatusCode)
		assert.NoError(t, <-after)
		require.NoError(t, c.Close())
	})
}

func TestAdverse42_NothingBeginsWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		called := false
		s := &store{claim: func(context.Context) error { <-time.After(5 * time.Second); return nil }}
		h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithSeen(s))
		notify.On(h, paid, func(context.Context, notify.Event[transaction]) error { called = true; return nil })
		assert.Equal(t, 500, h.Handle(t.Context(), notice(t, paidSample)).Status)
		<-time.After(time.Second)
		synctest.Wait()
		assert.False(t, called)
		assert.Equal(t, []string{"claim", "forget"}, s.calls)
	})
}

func TestSenderThatLeavesEndsTheHandlersContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
		notify.On(h, paid, func(ctx context.Context, _ notify.Event[transaction]) error { return hang(ctx) })
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-time.After(time.Second); cancel() }()
		start := time.Now()
		assert.Equal(t, 500, h.Handle(ctx, notice(t, paidSample)).Status)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// A store that fails is an error, one that fails afterwards is not: the handler
// has succeeded.
func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	down := func(context.Context) error { return errors.New("store is down") }
	m := merchant(t, mchID, nil)
	h, p := receiver(t, m, notify.WithSeen(&store{claim: down}))
	refused(t, p, h.Handle(t.Context(), notice(t, paidSample)), 500, notify.ErrSeen, "claim")

	var log bytes.Buffer
	h, p = receiver(t, m, notify.WithSeen(&store{done: down}), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	assert.Equal(t, 200, h.Handle(t.Context(), notice(t, paidSample)).Status)
	assert.Equal(t, 1, p.calls())
	assert.Contains(t, log.String(), "store is down")

	h, p = receiver(t, m, notify.WithSeen(&store{forget: down}))
	p.answer = errors.New("no")
	assert.Equal(t, 500, h.Handle(t.Context(), notice(t, paidSample)).Status)
}

func TestAdverse47_SlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, p := receiver(t, merchant(t, mchID, nil))
		l := serve(t, h)
		data := rawBytes(t, notice(t, paidSample))
		c := l.dial()
		start := time.Now()
		res := exchange(t, c, data[:len(data)-10])
		assert.Equal(t, 400, res.StatusCode)
		assert.Equal(t, 4500*time.Millisecond, time.Since(start))
		assert.ErrorIs(t, p.last(t).Err, notify.ErrBody)
		require.NoError(t, c.Close())

		c = l.dial()
		start = time.Now()
		head := bytes.Index(data, []byte("\r\n\r\n")) + 4
		drip := make(chan struct{})
		go func() {
			defer close(drip)
			_, _ = c.Write(data[:head])
			for i := head; i < len(data); i++ {
				if _, err := c.Write(data[i : i+1]); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		assert.Equal(t, 400, res.StatusCode, "one byte a second")
		assert.Equal(t, 4500*time.Millisecond, time.Since(start))
		require.NoError(t, c.Close())
		<-drip
		assert.Zero(t, p.calls())
	})
}

// brittle is a writer that panics.
type brittle struct{ *httptest.ResponseRecorder }

func (brittle) WriteHeader(int) { panic(canary) }

func TestLateAnswerSurvivesAWriterThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		notify.On(h, paid, func(context.Context, notify.Event[transaction]) error {
			<-time.After(time.Minute)
			return nil
		})
		h.ServeHTTP(brittle{httptest.NewRecorder()}, post(notice(t, paidSample)))
		synctest.Wait()
		assert.Contains(t, log.String(), "late answer")
		assert.NotContains(t, log.String(), canary)
	})
}

// The same, where nothing can set a deadline for reading.
func TestWriterWithoutControl(t *testing.T) {
	t.Parallel()
	h, _ := receiver(t, merchant(t, mchID, nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, post(notice(t, paidSample)))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.Equal(t, `{"code":"SUCCESS","message":"OK"}`, w.Body.String())
}
