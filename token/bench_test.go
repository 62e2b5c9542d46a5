package token_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// floor is the least a cache can do by hand: one atomic load, one look at the clock.
type floor struct{ cur atomic.Pointer[held] }

type held struct {
	token string
	until time.Time
}

func (f *floor) Token() (string, bool) {
	h := f.cur.Load()
	return h.token, time.Now().Before(h.until)
}

// BenchmarkCached is figure P8: a cached token asked for by all processors.
func BenchmarkCached(b *testing.B) {
	b.Run("raw", func(b *testing.B) {
		f := &floor{}
		f.cur.Store(&held{"token", time.Now().Add(time.Hour)})
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if s, ok := f.Token(); !ok || s == "" {
					b.Fail()
				}
			}
		})
	})
	b.Run("Token", func(b *testing.B) {
		s := newSource(b, newWeixin())
		ctx := context.Background()
		_, err := s.Token(ctx)
		require.NoError(b, err)
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if k, err := s.Token(ctx); err != nil || k.IsZero() {
					b.Fail()
				}
			}
		})
	})
}

func TestCachedTokenAllocatesNothing(t *testing.T) {
	s := newSource(t, newWeixin())
	ctx := t.Context()
	var k seal.Key
	assert.Zero(t, testing.AllocsPerRun(100, func() { k, _ = s.Token(ctx) }))
	assert.False(t, k.IsZero())
}
