package notify_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat/notify"
)

func claim(t testing.TB, m *notify.Memory, key string) notify.Claim {
	t.Helper()
	c, err := m.Claim(t.Context(), key)
	require.NoError(t, err)
	return c
}

func TestMemory(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	m := notify.NewMemory(3, time.Hour, func() time.Time { return now })
	assert.Equal(t, notify.Granted, claim(t, m, "a"))
	assert.Equal(t, notify.Busy, claim(t, m, "a"))
	require.NoError(t, m.Forget(t.Context(), "a"))
	assert.Equal(t, notify.Granted, claim(t, m, "a"))
	require.NoError(t, m.Done(t.Context(), "a"))
	require.NoError(t, m.Done(t.Context(), "a"))
	assert.Equal(t, notify.Finished, claim(t, m, "a"))
	require.NoError(t, m.Forget(t.Context(), "a"))
	assert.Equal(t, notify.Finished, claim(t, m, "a"), "what is done cannot be forgotten")
	require.NoError(t, m.Forget(t.Context(), "never claimed"))

	now = now.Add(time.Hour - 1)
	assert.Equal(t, notify.Finished, claim(t, m, "a"))
	now = now.Add(1)
	assert.Zero(t, m.Len())
	assert.Equal(t, notify.Granted, claim(t, m, "a"), "until its time is over")
	now = now.Add(1000 * time.Hour)
	assert.Equal(t, notify.Busy, claim(t, m, "a"), "a claim stays until it is settled")
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := notify.NewMemory(3, time.Hour, nil)
	for i := range 10 {
		key := fmt.Sprint(i)
		assert.Equal(t, notify.Granted, claim(t, m, key))
		require.NoError(t, m.Done(t.Context(), key))
		assert.LessOrEqual(t, m.Len(), 3)
	}
	assert.Equal(t, notify.Finished, claim(t, m, "9"))
	assert.Equal(t, notify.Finished, claim(t, m, "7"))
	assert.Equal(t, notify.Granted, claim(t, m, "0"), "the oldest made room")
	assert.Equal(t, notify.Granted, claim(t, m, "1"))
	assert.Equal(t, notify.Granted, claim(t, m, "2"))
	c, err := m.Claim(t.Context(), "3")
	require.Error(t, err, "claims never make room")
	assert.Equal(t, notify.Busy, c)
	require.NoError(t, m.Done(t.Context(), "never claimed"), "there is no room to note it")
	assert.Equal(t, 3, m.Len())
	require.NoError(t, m.Forget(t.Context(), "0"))
	require.NoError(t, m.Done(t.Context(), "never claimed"))
	assert.Equal(t, notify.Finished, claim(t, m, "never claimed"))
	assert.Equal(t, notify.Granted, claim(t, notify.NewMemory(0, 0, nil), strings.Repeat("k", 1<<20)))
}

func TestMemoryGrantsOnce(t *testing.T) {
	t.Parallel()
	m := notify.NewMemory(0, 0, nil)
	var granted, busy atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			switch c, _ := m.Claim(t.Context(), "k"); c {
			case notify.Granted:
				granted.Add(1)
			case notify.Busy:
				busy.Add(1)
			case notify.Finished:
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, granted.Load())
	assert.EqualValues(t, 63, busy.Load())
}

// Whatever is done to it, Memory answers like a model and keeps its size.
func TestMemoryAgainstAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(r, "size")
		now := time.Unix(0, 0)
		m := notify.NewMemory(size, time.Minute, func() time.Time { return now })
		claimed, done := map[string]bool{}, map[string]time.Time{}
		for range 60 {
			key := rapid.StringMatching("[a-h]").Draw(r, "key")
			switch rapid.SampledFrom([]string{"claim", "done", "forget", "wait"}).Draw(r, "act") {
			case "claim":
				c, err := m.Claim(t.Context(), key)
				switch {
				case claimed[key] && c != notify.Busy:
					r.Fatalf("claimed key %s: %v", key, c)
				case c == notify.Finished && !now.Before(done[key]):
					r.Fatalf("key %s was not done lately", key)
				case c == notify.Granted && err == nil:
					claimed[key] = true
				}
			case "done":
				if claimed[key] {
					if m.Done(t.Context(), key) == nil {
						done[key] = now.Add(time.Minute)
					}
					delete(claimed, key)
				}
			case "forget":
				if claimed[key] {
					_ = m.Forget(t.Context(), key)
					delete(claimed, key)
				}
			case "wait":
				now = now.Add(20 * time.Second)
			}
			if m.Len() > size {
				r.Fatalf("%d keys in a memory of %d", m.Len(), size)
			}
		}
	})
}
