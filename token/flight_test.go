package token_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

// Part of promise G9: one fetch for any number of callers.
func TestAdverse52_ThousandColdCallers(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWeixin()
			w.delay = 300 * time.Millisecond
			s := newSource(t, w, func(c *token.Config) { c.Classic = classic })
			began := time.Now()
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					k, err := s.Token(t.Context())
					assert.NoError(t, err)
					assert.Equal(t, "t0ken_1_canary", string(k.Bytes()))
				})
			}
			wg.Wait()
			assert.EqualValues(t, 1, w.fetches.Load())
			assert.Equal(t, w.delay, time.Since(began))
		})
	}
}

// Part of promise G9: 1,000 refusals of one token make one refresh, and a late
// refusal of the old token none.
func TestAdverse53_RefusalStorm(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		for _, code := range []string{"40001", "42001", "40014"} {
			synctest.Test(t, func(t *testing.T) {
				w := newWeixin()
				store := newFlaky()
				s := newSource(t, w, with(store, classic))
				old, err := s.Token(t.Context())
				require.NoError(t, err)
				app, err := wechat.NewApp(appID, s, wechat.WithTransport(refusing{w, string(old.Bytes()), code}))
				require.NoError(t, err)

				w.set(func() { w.next(); w.delay = 200 * time.Millisecond })
				var wg sync.WaitGroup
				for range 1000 {
					wg.Go(func() {
						_, err := wechat.Call[wechat.None](t.Context(), app, wechat.POST("/cgi-bin/menu/create"), struct{}{})
						assert.NoError(t, err)
					})
				}
				wg.Wait()
				assert.EqualValues(t, 2, w.fetches.Load(), "the first and one refresh")
				assert.Zero(t, w.forced.Load())
				uses := store.uses.Load()
				require.NoError(t, s.Refuse(t.Context(), old))
				require.NoError(t, s.Refuse(t.Context(), seal.NewKey("never seen")))
				assert.EqualValues(t, 2, w.fetches.Load(), "a newer token was replaced")
				assert.Equal(t, uses, store.uses.Load(), "a newer token was looked up")
			})
		}
	}
}

// A refusal that comes while a refresh of the same token is under way must not end
// with the refused token in use.
func TestRefusedWhileUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		w.life = 600
		s := newSource(t, w)
		old, err := s.Token(t.Context())
		require.NoError(t, err)
		time.Sleep(500 * time.Second) // near its end: renewed behind the back
		gate := make(chan struct{})
		w.set(func() { w.gate, w.until = gate, time.Now().Add(time.Hour) })
		assert.Equal(t, string(old.Bytes()), mustToken(t, s))
		synctest.Wait() // the refresh has begun and knows of no refusal
		refused := make(chan error)
		go func() { refused <- s.Refuse(context.WithoutCancel(t.Context()), old) }()
		synctest.Wait()
		close(gate) // gives the same token, then is forced
		require.NoError(t, <-refused)
		assert.Equal(t, "t0ken_2_canary", mustToken(t, s))
		assert.EqualValues(t, 1, w.forced.Load())
	})
}

// Part of promise G9: each waiter leaves with its own deadline, and the one who
// began the fetch does not take it along.
func TestAdverse56_HungServerAndCancelledLeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		gate := make(chan struct{})
		w.gate = gate
		s := newSource(t, w)

		leader, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { _, err := s.Token(leader); gone <- err }()
		synctest.Wait()
		var wg sync.WaitGroup
		for i := range 100 {
			patience := time.Duration(i+1) * 10 * time.Millisecond
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				_, err := s.Token(ctx)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.LessOrEqual(t, time.Since(began)-patience, 10*time.Millisecond)
			})
		}
		var served sync.WaitGroup
		for range 90 {
			served.Go(func() { _, err := s.Token(t.Context()); assert.NoError(t, err) })
		}
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
		wg.Wait()
		close(gate)
		served.Wait()
		assert.EqualValues(t, 1, w.fetches.Load())

		_, err := s.Token(leader)
		require.NoError(t, err, "a cached token waits for nobody")
	})
}

// One that has already given up begins nothing.
func TestCancelledBeforehand(t *testing.T) {
	t.Parallel()
	w := newWeixin()
	s := newSource(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Token(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.Renew(ctx), context.Canceled)
	assert.Zero(t, w.fetches.Load())
}

// Part of promise G9: a server that is down for a minute is asked at most 8 times,
// and callers in between learn at once what is wrong.
func TestDownForAMinute(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{0, 3 * time.Second, time.Hour} { // refused, slow, hung
		synctest.Test(t, func(t *testing.T) {
			w := newWeixin()
			w.err, w.delay = errDown, delay
			s := newSource(t, w)
			for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				at := time.Now()
				_, err := s.Token(ctx)
				cancel()
				require.Error(t, err)
				require.LessOrEqual(t, time.Since(at), 60*time.Millisecond)
			}
			_, err := s.Token(t.Context())
			require.Error(t, err)
			assert.LessOrEqual(t, w.fetches.Load(), int32(8))
			assert.Contains(t, err.Error(), "network")

			w.set(func() { w.err, w.delay = nil, 0 })
			time.Sleep(time.Minute)
			k, err := s.Token(t.Context())
			require.NoError(t, err, "it did not recover")

			// The next failure begins with the shortest pause again.
			w.set(func() { w.err = errDown })
			require.ErrorIs(t, s.Refuse(t.Context(), k), errDown)
			failures := w.fetches.Load()
			time.Sleep(2 * time.Second)
			_, err = s.Token(t.Context())
			require.ErrorIs(t, err, errDown)
			assert.Equal(t, failures+1, w.fetches.Load())
		})
	}
}

// A good token outlives the server it came from.
func TestServerDownNearTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		s := newSource(t, w)
		first := mustToken(t, s)
		w.set(func() { w.err = errDown })
		time.Sleep(6901 * time.Second)
		for range 200 {
			assert.Equal(t, first, mustToken(t, s))
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, w.fetches.Load(), int32(1+20))
		time.Sleep(100 * time.Second)
		_, err := s.Token(t.Context())
		require.ErrorIs(t, err, errDown)
	})
}

// refusing answers every call that carries the old token with code.
type refusing struct {
	*weixin
	old, code string
}

func (r refusing) Do(q *http.Request) (*http.Response, error) {
	if q.URL.Query().Get("access_token") == r.old {
		return answer(`{"errcode":` + r.code + `,"errmsg":"refused"}`), nil
	}
	return r.weixin.Do(q)
}
