package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	redisstore "github.com/wxcommerce/wechat/stores/redis"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/token/tokentest"
)

// address is host and port of a Redis that the tests may write to. Once it is set, a
// server that does not answer is a failure.
const address = "WECHAT_TEST_REDIS"

func TestMain(m *testing.M) {
	if os.Getenv(childApp) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	client := redis.NewClient(&redis.Options{Addr: os.Getenv(address)})
	store, err := redisstore.New(client)
	if err == nil {
		err = child(store)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func server(t *testing.T) *redisstore.Store {
	t.Helper()
	addr := os.Getenv(address)
	if addr == "" {
		t.Skip(address + " is not set")
	}
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { client.Close() })
	s, err := redisstore.New(client)
	require.NoError(t, err)
	return s
}

func TestPromises(t *testing.T) {
	t.Parallel()
	require.NoError(t, tokentest.Check(t.Context(), server(t)))
}

// Two processes share one token: one fetch, one refresh.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	s := server(t)
	app := twoProcesses(t)
	for _, key := range []string{"wechat:token:classic:" + app, "wechat:token:classic:" + app + ":lease"} {
		b, err := s.Get(t.Context(), key)
		if err == nil {
			_, err = s.Swap(t.Context(), key, b, nil, 0)
			require.NoError(t, err)
		}
	}
}

// A server that is gone is an error and not a miss.
func TestServerGone(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: time.Second})
	t.Cleanup(func() { client.Close() })
	s, err := redisstore.New(client)
	require.NoError(t, err)
	_, err = s.Get(t.Context(), "k")
	require.ErrorContains(t, err, "redisstore: reading")
	assert.NotErrorIs(t, err, token.ErrMiss)
	ok, err := s.Swap(t.Context(), "k", nil, []byte("c4nary"), time.Minute)
	require.ErrorContains(t, err, "redisstore: swapping")
	assert.False(t, ok)
	assert.NotContains(t, err.Error(), "c4nary")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Get(ctx, "k")
	require.Error(t, err)
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := redisstore.New(nil)
	require.Error(t, err)
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: "c4nary"})
	t.Cleanup(func() { client.Close() })
	s, err := redisstore.New(client)
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %d %#v", s, s, s), "c4nary")
}

func ExampleNew() {
	client := redis.NewClient(&redis.Options{Addr: "10.0.0.5:6379"})
	defer client.Close()
	store, err := redisstore.New(client) // nothing is connected before the first use
	fmt.Println(store, err)
	// Output: token store in Redis <nil>
}
