package token_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/token"
)

var errStore = errors.New("store: connection refused")

// flaky is a Store that can be down or slow, and counts.
type flaky struct {
	*token.Memory
	down, hung atomic.Bool
	uses       atomic.Int32
	before     func(key string) // called before a Swap
}

func newFlaky() *flaky { return &flaky{Memory: token.NewMemory()} }

func (f *flaky) wait(ctx context.Context) error {
	f.uses.Add(1)
	if f.hung.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if f.down.Load() {
		return errStore
	}
	return nil
}

func (f *flaky) Get(ctx context.Context, key string) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	return f.Memory.Get(ctx, key)
}

func (f *flaky) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := f.wait(ctx); err != nil {
		return false, err
	}
	if f.before != nil {
		f.before(key)
	}
	return f.Memory.Swap(ctx, key, old, new, ttl)
}

func with(store token.Store, classic bool) func(*token.Config) {
	return func(c *token.Config) { c.Store, c.Classic = store, classic }
}

// Part of promise G9: two instances on one Store make one fetch, and one refresh of a
// token that both see refused.
func TestTwoInstancesFetchOnce(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, store := newWeixin(), newFlaky()
			w.delay = 2 * time.Second
			both := []*token.Source{newSource(t, w, with(store, classic)), newSource(t, w, with(store, classic))}
			var wg sync.WaitGroup
			for i := range 1000 {
				wg.Go(func() { assert.Equal(t, "t0ken_1_canary", mustToken(t, both[i%2])) })
			}
			wg.Wait()
			assert.EqualValues(t, 1, w.fetches.Load())

			old, err := both[0].Token(t.Context())
			require.NoError(t, err)
			w.set(func() { w.next() })
			for i := range 1000 {
				wg.Go(func() { assert.NoError(t, both[i%2].Refuse(t.Context(), old)) })
			}
			wg.Wait()
			assert.EqualValues(t, 2, w.fetches.Load())
			assert.Equal(t, mustToken(t, both[0]), mustToken(t, both[1]))

			// A third that starts later takes what is there.
			uses := store.uses.Load()
			assert.Equal(t, mustToken(t, both[0]), mustToken(t, newSource(t, w, with(store, classic))))
			assert.EqualValues(t, 2, w.fetches.Load())
			assert.EqualValues(t, 1, store.uses.Load()-uses)
		})
	}
}

// Classic and stable tokens are two things: neither may be taken for the other, nor a
// ticket for a token.
func TestKindsAreKeptApart(t *testing.T) {
	t.Parallel()
	w, store := newWeixin(), newFlaky()
	stable := mustToken(t, newSource(t, w, with(store, false)))
	assert.NotEqual(t, stable, mustToken(t, newSource(t, w, with(store, true))))
	assert.Equal(t, stable, mustToken(t, newSource(t, w, with(store, false))))
	other := newSource(t, w, with(store, false), func(c *token.Config) { c.AppID = "wx7777777777777777" })
	mustToken(t, other)
	assert.EqualValues(t, 3, w.fetches.Load())
}

// A slow writer whose time is over must not undo the token of a faster one.
func TestAdverse57_SlowWriterLoses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, fast, store := newWeixin(), newWeixin(), newFlaky()
		slow.delay = 9*time.Second + 900*time.Millisecond
		slow.set(func() { slow.made = 100 })
		var delayed atomic.Bool
		store.before = func(key string) { // the slow one's network also delays its write
			if !strings.Contains(key, ":lease") && !delayed.Swap(true) {
				time.Sleep(time.Second)
			}
		}
		a, b := newSource(t, slow, with(store, true)), newSource(t, fast, with(store, true))
		var wg sync.WaitGroup
		wg.Go(func() { assert.Equal(t, "t0ken_1_canary", mustToken(t, a), "the loser keeps its own") })
		time.Sleep(time.Millisecond)
		wg.Go(func() { assert.Equal(t, "t0ken_1_canary", mustToken(t, b)) })
		wg.Wait()
		assert.EqualValues(t, 1, slow.fetches.Load())
		assert.EqualValues(t, 1, fast.fetches.Load())
		assert.Equal(t, "t0ken_1_canary", mustToken(t, newSource(t, fast, with(store, true))))
	})
}

// A process that died while it fetched holds the others up for ten seconds at most.
func TestDeadLeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, store := newWeixin(), newFlaky()
		ok, err := store.Swap(t.Context(), "wechat:token:stable:"+appID+":lease", nil, []byte("gone"), time.Hour)
		require.NoError(t, err)
		require.True(t, ok)
		began := time.Now()
		mustToken(t, newSource(t, w, with(store, false)))
		assert.LessOrEqual(t, time.Since(began), 11*time.Second)
		assert.Less(t, store.uses.Load(), int32(60))
	})
}

// Without its Store a process keeps its own token: no storm, no failure.
func TestAdverse57_StoreDown(t *testing.T) {
	t.Parallel()
	for _, hung := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, store := newWeixin(), newFlaky()
			store.down.Store(!hung)
			store.hung.Store(hung)
			s := newSource(t, w, with(store, false))
			began := time.Now()
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() { mustToken(t, s) })
			}
			wg.Wait()
			assert.LessOrEqual(t, time.Since(began), time.Second)
			for range 60 {
				mustToken(t, s)
				time.Sleep(time.Minute)
			}
			assert.EqualValues(t, 1, w.fetches.Load())
			assert.EqualValues(t, 1, store.uses.Load(), "asked once for each fetch")
			require.NoError(t, s.Renew(t.Context()))
			require.ErrorIs(t, s.Renew(t.Context()), token.ErrTooSoon)

			store.down.Store(false) // back again
			store.hung.Store(false)
			time.Sleep(7000 * time.Second)
			mustToken(t, s)
			synctest.Wait()
			fetches := w.fetches.Load()
			assert.Equal(t, mustToken(t, s), mustToken(t, newSource(t, w, with(store, false))))
			assert.Equal(t, fetches, w.fetches.Load())
		})
	}
}

// The Store fails between the fetch and the writing: the token is used all the same.
func TestStoreFailsWhenWriting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, store := newWeixin(), newFlaky()
		w.delay = time.Second
		s := newSource(t, w, with(store, false))
		go func() { time.Sleep(500 * time.Millisecond); store.down.Store(true) }()
		assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
		time.Sleep(time.Hour)
		assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
		assert.EqualValues(t, 1, w.fetches.Load())
	})
}

// WeChat is down, and the Store holds a token near its end: better than nothing.
func TestNewInstanceWhileWeChatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, store := newWeixin(), newFlaky()
		mustToken(t, newSource(t, w, with(store, false)))
		time.Sleep(7000 * time.Second)
		w.set(func() { w.err = errDown })
		s := newSource(t, w, with(store, false))
		assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
		assert.Equal(t, "t0ken_1_canary", mustToken(t, s))
		time.Sleep(200 * time.Second)
		_, err := s.Token(t.Context())
		require.ErrorIs(t, err, errDown)
	})
}

// What nobody of us wrote into the Store is replaced, not believed.
func TestGarbageInTheStore(t *testing.T) {
	t.Parallel()
	key := "wechat:token:stable:" + appID
	for _, raw := range []string{`x`, `{}`, `{"token":"","at":1,"life":1}`, `{"token":"a b","at":1,"life":1}`, `[]`,
		`{"token":"eternal","at":99999999999999,"life":99999999999999}`, `{"token":"eternal","at":0,"life":7200000}`,
		`{"token":"x","at":0,"life":-1}`} {
		w, store := newWeixin(), newFlaky()
		_, err := store.Swap(t.Context(), key, nil, []byte(raw), time.Hour)
		require.NoError(t, err)
		assert.Equal(t, "t0ken_1_canary", mustToken(t, newSource(t, w, with(store, false))), raw)
		assert.Equal(t, "t0ken_1_canary", mustToken(t, newSource(t, w, with(store, false))))
		assert.EqualValues(t, 1, w.fetches.Load())
	}
}

// A writer whose clock is wrong: a little is made allowance for, but nobody knows how
// old a token from the future is. None is used for longer than a token lives.
func TestClocksOfTwoInstances(t *testing.T) {
	t.Parallel()
	tests := []struct {
		skew    time.Duration
		fetches int32
	}{{4 * time.Minute, 1}, {-4 * time.Minute, 1}, {time.Hour, 2}, {-time.Hour, 1}}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w, store := newWeixin(), newFlaky()
			wrong := func(c *token.Config) { c.Now = func() time.Time { return time.Now().Add(tt.skew) } }
			a, b := newSource(t, w, with(store, false), wrong), newSource(t, w, with(store, false))
			first := mustToken(t, a)
			for range 100 {
				assert.Equal(t, first, mustToken(t, b))
				assert.Equal(t, first, mustToken(t, a))
				time.Sleep(time.Second)
			}
			assert.Equal(t, tt.fetches, w.fetches.Load())
			time.Sleep(2 * time.Hour)
			assert.NotEqual(t, first, mustToken(t, b))
		})
	}
}

func TestMemoryHidesWhatItHolds(t *testing.T) {
	t.Parallel()
	m := token.NewMemory()
	_, err := m.Swap(t.Context(), "k", nil, []byte("c4nary"), time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "", found(m, "c4nary"))
}

// Another process may put its token there just before this one claims the fetch.
func TestTokenArrivesBeforeTheClaim(t *testing.T) {
	t.Parallel()
	w, store := newWeixin(), newFlaky()
	other := newSource(t, w, with(store.Memory, false))
	store.before = func(key string) {
		if strings.HasSuffix(key, ":lease") {
			mustToken(t, other)
		}
	}
	assert.Equal(t, "t0ken_1_canary", mustToken(t, newSource(t, w, with(store, false))))
	assert.EqualValues(t, 1, w.fetches.Load())
}
