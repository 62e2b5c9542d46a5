package tokentest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/token/tokentest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryKeepsThePromises(t *testing.T) {
	t.Parallel()
	require.NoError(t, tokentest.Check(t.Context(), token.NewMemory()))
}

var errBroken = errors.New("broken")

// broken changes one thing about a good Store.
type broken struct {
	token.Store
	get  func(s token.Store, ctx context.Context, key string) ([]byte, error)
	swap func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
}

func (b broken) Get(ctx context.Context, key string) ([]byte, error) {
	if b.get != nil {
		return b.get(b.Store, ctx, key)
	}
	return b.Store.Get(ctx, key)
}

func (b broken) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if b.swap != nil {
		return b.swap(b.Store, ctx, key, old, new, ttl)
	}
	return b.Store.Swap(ctx, key, old, new, ttl)
}

// Every broken promise is found, under the right name.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	type get = func(s token.Store, ctx context.Context, key string) ([]byte, error)
	type swap = func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
	tests := []struct {
		name string
		get  get
		swap swap
		says string
	}{
		{"another error for a miss", func(s token.Store, ctx context.Context, key string) ([]byte, error) {
			b, err := s.Get(ctx, key)
			if err != nil {
				err = errBroken
			}
			return b, err
		}, nil, "a missing key"},
		{"nothing without an error", func(s token.Store, ctx context.Context, key string) ([]byte, error) {
			b, _ := s.Get(ctx, key)
			return b, nil
		}, nil, "a missing key"},
		{"Get fails", func(s token.Store, ctx context.Context, key string) ([]byte, error) {
			if b, err := s.Get(ctx, key); err != nil {
				return b, err
			}
			return nil, errBroken
		}, nil, "swapping: store.Get: broken"},
		{"Swap fails", nil, func(token.Store, context.Context, string, []byte, []byte, time.Duration) (bool, error) {
			return false, errBroken
		}, "a missing key"},
		{"does not compare", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			if b, err := s.Get(ctx, key); err == nil {
				old = b
			}
			return s.Swap(ctx, key, old, new, ttl)
		}, "swapping"},
		{"folds case", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			return s.Swap(ctx, key, bytes.ToLower(old), new, ttl)
		}, "swapping"},
		{"cuts values", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			return s.Swap(ctx, key, old, new[:min(len(new), 255)], ttl)
		}, "values"},
		{"fails with long values", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			if len(new) > 255 {
				return false, errBroken
			}
			return s.Swap(ctx, key, old, new, ttl)
		}, "values"},
		{"folds the case of keys", func(s token.Store, ctx context.Context, key string) ([]byte, error) {
			return s.Get(ctx, string(bytes.ToLower([]byte(key))))
		}, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			return s.Swap(ctx, string(bytes.ToLower([]byte(key))), old, new, ttl)
		}, "two keys"},
		{"cannot remove", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
			if len(new) == 0 {
				b, err := s.Get(ctx, key)
				return err == nil && bytes.Equal(b, old), nil
			}
			return s.Swap(ctx, key, old, new, ttl)
		}, "values"},
		{"never expires", nil, func(s token.Store, ctx context.Context, key string, old, new []byte, _ time.Duration) (bool, error) {
			return s.Swap(ctx, key, old, new, time.Hour)
		}, "expiry: still there"},
		{"hangs when the context is over", func(s token.Store, ctx context.Context, key string) ([]byte, error) {
			if ctx.Err() != nil {
				<-time.After(time.Hour)
			}
			return s.Get(ctx, key)
		}, nil, "an ended context"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := tokentest.Check(t.Context(), broken{token.NewMemory(), tt.get, tt.swap})
				require.Error(t, err)
				assert.Contains(t, err.Error(), tt.says)
				time.Sleep(2 * time.Hour) // until whoever hangs is back
			})
		})
	}
}

// Keeping the caller's slices, or two winners, shows too.
func TestCheckFindsCarelessStores(t *testing.T) {
	t.Parallel()
	err := tokentest.Check(t.Context(), &careless{kept: map[string][]byte{}})
	require.ErrorContains(t, err, "values")
	synctest.Test(t, func(t *testing.T) {
		err := tokentest.Check(t.Context(), &torn{Memory: token.NewMemory()})
		require.ErrorContains(t, err, "many at once")
	})
}

// careless keeps what it was given.
type careless struct{ kept map[string][]byte }

func (c *careless) Get(_ context.Context, key string) ([]byte, error) {
	if len(c.kept[key]) == 0 {
		return nil, token.ErrMiss
	}
	return c.kept[key], nil
}

func (c *careless) Swap(_ context.Context, key string, old, new []byte, _ time.Duration) (bool, error) {
	if !bytes.Equal(c.kept[key], old) {
		return false, nil
	}
	c.kept[key] = new
	return true, nil
}

// torn compares first and writes later.
type torn struct {
	*token.Memory
	mu sync.Mutex
}

func (s *torn) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	now, _ := s.Get(ctx, key)
	if !bytes.Equal(now, old) {
		return false, nil
	}
	wait := time.NewTimer(time.Millisecond)
	<-wait.C
	s.mu.Lock()
	defer s.mu.Unlock()
	now, _ = s.Get(ctx, key)
	return s.Memory.Swap(ctx, key, now, new, ttl)
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, tokentest.Check(ctx, token.NewMemory()), context.DeadlineExceeded)
	})
}

func ExampleCheck() {
	fmt.Println(tokentest.Check(context.Background(), token.NewMemory()))
	// Output: <nil>
}
