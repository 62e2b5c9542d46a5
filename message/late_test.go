package message_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

// reports collects LateReports.
type reports struct {
	mu  sync.Mutex
	all []message.LateReport
}

func (r *reports) add(_ context.Context, one message.LateReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

func (r *reports) one(t *testing.T) message.LateReport {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Len(t, r.all, 1)
	return r.all[0]
}

// slow answers after d, or not at all if its context ends before.
func slow(d time.Duration, m message.Message) message.Reply {
	return func(ctx context.Context, _ message.Incoming) (message.Message, error) {
		select {
		case <-time.After(d):
			return m, nil
		case <-ctx.Done():
			return message.Silence(), ctx.Err()
		}
	}
}

func TestLateAnswersAreSent(t *testing.T) {
	t.Parallel()
	card := message.MiniProgram(message.Page{Title: "Tea", Path: "pages/tea", ThumbMediaID: "t"})
	tests := []struct {
		name   string
		takes  time.Duration
		m      message.Message
		answer string // "" for success
		sent   []string
		after  time.Duration // when the push is answered
	}{
		{"in time", 4 * time.Second, message.Text("tea"), text("tea"), nil, 4 * time.Second},
		{"silence in time", 0, message.Silence(), "success", nil, 0},
		{"late", 10 * time.Second, message.Text("tea"), "success", []string{"o1 text"}, 4250 * time.Millisecond},
		{"late silence", 10 * time.Second, message.Silence(), "success", nil, 4250 * time.Millisecond},
		{"what no reply carries", time.Second, card, "success", []string{"o1 miniprogrampage"}, time.Second},
		{"that, late", 5 * time.Second, card, "success", []string{"o1 miniprogrampage"}, 4250 * time.Millisecond},
		{"far too late", time.Hour, message.Text("tea"), "success", nil, 4250 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out outbox
				var told reports
				r := message.NewRouter(&out, message.WithLateObserver(told.add))
				r.Default(slow(tt.takes, tt.m))
				h := handler(t)
				r.Register(h)
				start := time.Now()
				status, reply := push(t.Context(), h, wrote("tea"))
				assert.Equal(t, 200, status)
				assert.Contains(t, reply, tt.answer)
				assert.Equal(t, tt.after, time.Since(start))
				require.NoError(t, r.Late().Wait(t.Context()))
				assert.Equal(t, tt.sent, out.all())
				if tt.takes == time.Hour {
					got := told.one(t)
					require.ErrorIs(t, got.Err, context.DeadlineExceeded)
					assert.Equal(t, time.Minute, got.Took)
				}
			})
		})
	}
}

func TestLateFailuresReachTheObserver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		f    message.Reply
		out  error
		want error
		kind string
	}{
		{"function", func(ctx context.Context, in message.Incoming) (message.Message, error) {
			m, _ := slow(5*time.Second, message.Silence())(ctx, in)
			return m, assert.AnError
		}, nil, assert.AnError, ""},
		{"sender", slow(5*time.Second, message.Text("x")), assert.AnError, assert.AnError, "text"},
		{"panic", func(ctx context.Context, in message.Incoming) (message.Message, error) {
			_, _ = slow(5*time.Second, message.Silence())(ctx, in)
			panic("secret")
		}, nil, message.ErrBroken, ""},
		{"exit", func(ctx context.Context, in message.Incoming) (message.Message, error) {
			_, _ = slow(5*time.Second, message.Silence())(ctx, in)
			runtime.Goexit()
			return message.Silence(), nil
		}, nil, message.ErrBroken, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := outbox{err: tt.out}
				var told reports
				r := message.NewRouter(&out, nil, message.WithLateObserver(nil), message.WithLateObserver(func(context.Context, message.LateReport) { panic("x") }),
					message.WithLateObserver(told.add))
				r.Default(tt.f)
				h := handler(t)
				r.Register(h)
				_, reply := push(t.Context(), h, wrote("tea"))
				assert.Equal(t, "success", reply)
				require.NoError(t, r.Late().Wait(t.Context()))
				got := told.one(t)
				require.ErrorIs(t, got.Err, tt.want)
				assert.NotContains(t, got.Err.Error(), "secret")
				assert.Equal(t, message.LateReport{OpenID: "o1", Key: "wx0000000000000001/message.text/1", Kind: tt.kind, Took: 5 * time.Second, Err: got.Err}, got)
			})
		})
	}
}

func TestFailuresInTimeFailThePush(t *testing.T) {
	t.Parallel()
	refused := &wechat.CallError{Outcome: wechat.NotDone, Err: assert.AnError}
	card := message.Card("c")
	tests := []struct {
		name   string
		f      message.Reply
		out    error
		status int
		told   int
	}{
		{"function", func(context.Context, message.Incoming) (message.Message, error) { return card, assert.AnError }, nil, 500, 0},
		{"panic", func(context.Context, message.Incoming) (message.Message, error) { panic("x") }, nil, 500, 0},
		{"exit", func(context.Context, message.Incoming) (message.Message, error) { runtime.Goexit(); return card, nil }, nil, 500, 0},
		{"sender refuses", slow(0, card), refused, 500, 1},
		{"sender does not know", slow(0, card), assert.AnError, 200, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := outbox{err: tt.out}
				var told reports
				r := message.NewRouter(&out, message.WithLateObserver(told.add))
				r.Default(tt.f)
				h := handler(t)
				r.Register(h)
				status, _ := push(t.Context(), h, wrote("tea"))
				assert.Equal(t, tt.status, status)
				require.NoError(t, r.Late().Wait(t.Context()))
				assert.Len(t, told.all, tt.told)
			})
		})
	}
}

func TestCopiesWaitForTheSameCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out outbox
		late, err := message.NewLate(&out, message.WithAtMost(-1), message.WithMargin(-1), message.WithMostLate(-1))
		require.NoError(t, err)
		var calls atomic.Int32
		ask := func(key string, takes time.Duration) (message.Message, error) {
			return late.Answer(t.Context(), "o1", key, func(ctx context.Context) (message.Message, error) {
				calls.Add(1)
				return slow(takes, message.Text("tea"))(ctx, message.Incoming{})
			})
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				m, err := ask("a", time.Second)
				assert.NoError(t, err)
				assert.Equal(t, "text", m.Kind(), "every copy gets the reply")
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, calls.Load())

		wg.Go(func() { // the first one leaves at 4.25 s, its copy of 2 s later is still there at 5 s
			m, err := ask("b", 5*time.Second)
			assert.NoError(t, err)
			assert.True(t, m.IsSilence())
		})
		time.Sleep(2 * time.Second)
		m, err := ask("b", 0)
		require.NoError(t, err)
		assert.Equal(t, "text", m.Kind())
		wg.Wait()
		assert.Empty(t, out.all(), "a copy took it")

		m, err = ask("c", 6*time.Second)
		require.NoError(t, err)
		assert.True(t, m.IsSilence())
		start := time.Now()
		m, err = ask("c", 0)
		require.NoError(t, err)
		assert.True(t, m.IsSilence(), "its message is on the way")
		assert.Zero(t, time.Since(start))
		require.NoError(t, late.Wait(t.Context()))
		assert.Equal(t, []string{"o1 text"}, out.all())
		assert.EqualValues(t, 3, calls.Load())

		for range 2 {
			wg.Go(func() { _, _ = ask("", time.Second) })
		}
		wg.Wait()
		assert.EqualValues(t, 5, calls.Load(), "without a key nothing is a copy")
	})
}

func TestLateAnswersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out outbox
		late, err := message.NewLate(&out, message.WithMostLate(2), message.WithAtMost(10*time.Second), message.WithMargin(time.Second))
		require.NoError(t, err)
		var crowded, cancelled int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				_, err := late.Answer(t.Context(), "o1", strconv.Itoa(i), func(ctx context.Context) (message.Message, error) {
					<-ctx.Done()
					mu.Lock()
					defer mu.Unlock()
					if errors.Is(ctx.Err(), context.Canceled) {
						cancelled++
					}
					return message.Silence(), ctx.Err()
				})
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, message.ErrCrowded) {
					crowded++
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 3, crowded)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, late.Wait(ctx), context.DeadlineExceeded)
		require.NoError(t, late.Wait(t.Context()))
		assert.Equal(t, 3, cancelled, "what was given up was told so")
		require.NoError(t, late.Wait(t.Context()))
	})
}

func TestASenderThatLeavesGivesTheAnswerUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out outbox
		var told reports
		late, err := message.NewLate(&out, message.WithLateObserver(told.add))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = late.Answer(ctx, "o1", "a", func(ctx context.Context) (message.Message, error) {
			return slow(3*time.Second, message.Text("x"))(ctx, message.Incoming{})
		})
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, late.Wait(t.Context()))
		assert.Empty(t, out.all())
		assert.Empty(t, told.all)
	})
}

func TestNewLateWantsASender(t *testing.T) {
	t.Parallel()
	_, err := message.NewLate(nil)
	require.ErrorContains(t, err, "sender: is nil")
}

func TestASendThatTakesLongIsLateToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := outbox{hold: make(chan struct{})}
		var told reports
		r := message.NewRouter(&out, message.WithLateObserver(told.add))
		r.Default(slow(0, message.Card("c")))
		h := handler(t)
		r.Register(h)
		_, reply := push(t.Context(), h, wrote("tea"))
		assert.Equal(t, "success", reply)
		close(out.hold)
		require.NoError(t, r.Late().Wait(t.Context()))
		assert.Equal(t, []string{"o1 wxcard"}, out.all())
		assert.NoError(t, told.one(t).Err)
	})
}
