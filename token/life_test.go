package token_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/token"
)

// However long a token is said to live, it is neither fetched at every call nor kept
// for ever, and it is renewed before its end.
func TestAdverse54_Lives(t *testing.T) {
	t.Parallel()
	tests := []struct {
		life   string // of expires_in, "" for none
		second time.Duration
	}{
		{`-1`, time.Minute}, {`0`, time.Minute}, {`1`, time.Minute}, {``, time.Minute}, {`null`, time.Minute},
		{`"soon"`, time.Minute}, {`1e12`, time.Minute}, {`{}`, time.Minute}, {`9999999999999999999999`, time.Minute},
		{`299`, 225 * time.Second}, {`300`, 225 * time.Second}, {`301`, 226 * time.Second}, {`345`, 259 * time.Second},
		{`7200`, 6900 * time.Second}, {`"7200"`, 6900 * time.Second}, {`7201`, 6900 * time.Second},
		{`1000000000000`, 6900 * time.Second}, {`9223372036854775807`, 6900 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.life, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWeixin()
				w.raw = `{"access_token":"x"}`
				if tt.life != "" {
					w.raw = fmt.Sprintf(`{"access_token":"x","expires_in":%s}`, tt.life)
				}
				s := newSource(t, w)
				began := time.Now()
				for w.fetches.Load() < 2 {
					mustToken(t, s)
					synctest.Wait()
					time.Sleep(time.Second)
				}
				assert.InDelta(t, tt.second.Seconds(), (time.Since(began) - time.Second).Seconds(), 1)
				for range 4 {
					for range 1000 {
						mustToken(t, s)
					}
					time.Sleep(time.Second)
				}
				assert.EqualValues(t, 2, w.fetches.Load())
			})
		})
	}
}

// The official normal mode hands out one token with the life it has left.
func TestOfficialOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		w.set(func() { w.next() })
		time.Sleep((7200 - 345) * time.Second)
		s := newSource(t, w)
		assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
		for range 3 * 7200 {
			time.Sleep(time.Second)
			mustToken(t, s)
			synctest.Wait()
			w.set(func() {
				// WeChat honours the token before for five minutes.
				assert.True(t, mustToken(t, s) == w.current || time.Until(w.until) > 6900*time.Second)
			})
		}
		assert.LessOrEqual(t, w.fetches.Load(), int32(9))
	})
}

// What is no token is an error and is not kept.
func TestAdverse55_AnswersWithoutToken(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"errcode":40013,"errmsg":"x"}`, `{}`, `{"access_token":""}`, `{"access_token":null}`,
		`{"access_token":{"a":"c4nary"}}`, `{"access_token":12345}`, `{"access_token":"a b"}`, `{"access_token":"a","ACCESS_TOKEN":"b"}`,
		`[]`, `null`, `<html>`, ` `, `"c4nary"`, `{"access_token":"` + string(make([]byte, 5000)) + `"}`} {
		synctest.Test(t, func(t *testing.T) {
			w := newWeixin()
			w.raw = raw
			s := newSource(t, w)
			_, err := s.Token(t.Context())
			require.Error(t, err)
			assert.Equal(t, "", found(err, "c4nary"))
			w.set(func() { w.raw = "" })
			time.Sleep(time.Minute)
			assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
			assert.EqualValues(t, 2, w.fetches.Load())
		})
	}
}

// A clock that jumps costs one fetch at most and never keeps a dead token.
func TestAdverse58_ClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 3 * time.Hour, -24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			w := newWeixin()
			var skew atomic.Int64
			start := time.Now().Round(0)
			now := func() time.Time { return start.Add(time.Duration(skew.Load())) }
			s := newSource(t, w, func(c *token.Config) { c.Now = now })
			mustToken(t, s)
			skew.Add(int64(jump))
			for range 1000 {
				mustToken(t, s)
			}
			if jump < 0 {
				assert.EqualValues(t, 2, w.fetches.Load(), "nobody knows how old it is")
			}
			require.NoError(t, s.Renew(t.Context()))
			skew.Add(-int64(time.Hour))
			require.NoError(t, s.Renew(t.Context()), "a clock put back must not stop it")
			skew.Add(int64(time.Hour))
			skew.Add(int64(-jump))
			for range 1000 {
				mustToken(t, s)
			}
			assert.LessOrEqual(t, w.fetches.Load(), int32(3+2), "one for each jump")

			// The pauses after a failure do not grow by the jump either.
			skew.Add(int64(30 * 24 * time.Hour))
			w.set(func() { w.err = errDown })
			_, err := s.Token(t.Context())
			require.Error(t, err)
			w.set(func() { w.err = nil })
			skew.Add(int64(-time.Hour))
			assert.NotEmpty(t, mustToken(t, s))
		})
	}
}

// Forced refreshes keep to what WeChat allows: 30 s apart, 20 in 24 hours.
func TestRenewKeepsTheLimits(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWeixin()
			store := token.NewMemory()
			with := func(c *token.Config) {
				if shared {
					c.Store = store
				}
			}
			a := newSource(t, w, with)
			b := a
			if shared {
				b = newSource(t, w, with)
			}
			require.NoError(t, a.Renew(t.Context()))
			assert.EqualValues(t, 1, w.forced.Load())
			time.Sleep(29 * time.Second)
			err := b.Renew(t.Context())
			require.ErrorIs(t, err, token.ErrTooSoon)
			assert.Contains(t, err.Error(), "next in 1s")
			mustToken(t, b)
			time.Sleep(time.Second)
			require.NoError(t, b.Renew(t.Context()))
			for i := 2; i < 100; i++ {
				time.Sleep(10 * time.Minute)
				if err := []*token.Source{a, b}[i%2].Renew(t.Context()); err != nil {
					require.ErrorIs(t, err, token.ErrTooSoon)
				}
				mustToken(t, a) // a refusal of limits is no failure: nothing rests
			}
			assert.EqualValues(t, 20, w.forced.Load())
			time.Sleep(24 * time.Hour)
			require.NoError(t, a.Renew(t.Context()))
			assert.EqualValues(t, 21, w.forced.Load())
		})
	}
}

// Renewing waits for the refresh that is under way, and learns what became of its own.
func TestRenewDuringARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		w.delay = time.Second
		s := newSource(t, w)
		go func() { _, _ = s.Token(t.Context()) }()
		synctest.Wait()
		require.NoError(t, s.Renew(t.Context()))
		assert.Equal(t, "t0ken_2_canary", mustToken(t, s))
		time.Sleep(time.Minute)
		w.set(func() { w.err = errDown })
		require.ErrorIs(t, s.Renew(t.Context()), errDown)
		assert.Equal(t, "t0ken_2_canary", mustToken(t, s), "the good token was dropped")
	})
}

// WeChat may refuse a token for a reason of the call's and give it out again. That
// must lead to no storm, forced or not, and must not take the token from other calls.
func TestWeChatInsists(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWeixin()
			w.stable = true
			w.raw = `{"access_token":"always","expires_in":7200}`
			s := newSource(t, w, func(c *token.Config) { c.Classic = classic })
			app, err := wechat.NewApp(appID, s, wechat.WithTransport(refusing{w, "always", "40001"}))
			require.NoError(t, err)
			for i := range 3600 {
				_, err := wechat.Call[wechat.None](t.Context(), app, wechat.GET("/cgi-bin/menu/get"), nil)
				require.ErrorIs(t, err, wechat.ErrTokenInvalid)
				k, err := s.Token(t.Context())
				require.NoError(t, err)
				require.ErrorIs(t, s.Refuse(t.Context(), k), token.ErrInsists)
				time.Sleep(time.Second)
				if i == 58 {
					assert.LessOrEqual(t, w.fetches.Load(), int32(3), "the first, the refresh, the forced one")
				}
			}
			assert.LessOrEqual(t, w.fetches.Load(), int32(1+60+20), "a minute apart at least, and 20 forced")
			assert.LessOrEqual(t, w.forced.Load(), int32(20))
		})
	}
}

// An endpoint that refuses every token whatever it is cannot burn the quota of the day.
func TestEveryTokenRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		s := newSource(t, w, func(c *token.Config) { c.Classic = true })
		for range 3600 {
			k, err := s.Token(t.Context())
			require.NoError(t, err)
			if err := s.Refuse(t.Context(), k); err != nil {
				require.ErrorIs(t, err, token.ErrInsists)
			}
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, w.fetches.Load(), int32(1+60))
	})
}

// While WeChat is down a refused token is not handed out, and Refuse says why.
func TestRefusedWhileDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeixin()
		s := newSource(t, w)
		k, err := s.Token(t.Context())
		require.NoError(t, err)
		w.set(func() { w.err = errDown })
		require.ErrorIs(t, s.Refuse(t.Context(), k), errDown)
		_, err = s.Token(t.Context())
		require.ErrorIs(t, err, errDown)
		assert.Contains(t, err.Error(), "not asked again for")
		require.ErrorIs(t, s.Refuse(t.Context(), k), errDown)
		require.ErrorIs(t, s.Renew(t.Context()), errDown)
		assert.EqualValues(t, 2, w.fetches.Load())
	})
}
