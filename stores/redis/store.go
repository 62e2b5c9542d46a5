// Package redisstore keeps access tokens in Redis, so that all processes which serve
// an account share one:
//
//	store, err := redisstore.New(redis.NewClient(&redis.Options{Addr: "10.0.0.5:6379"}))
//	if err != nil {
//		return err
//	}
//	src, err := token.New(token.Config{AppID: appID, Secret: secret, Store: store})
//
// Tokens lie there in clear: whoever reads that Redis can act for the account.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wxcommerce/wechat/token"
)

var _ token.Store = (*Store)(nil)

// Store is a token.Store in Redis 2.6 or later, or a cluster of them: every operation
// touches one key. It is safe for concurrent use. Closing the client stays with the
// caller.
type Store struct{ client redis.UniversalClient }

// New makes a Store on client, and makes no network call.
func New(client redis.UniversalClient) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: nil client")
	}
	return &Store{client}, nil
}

// Get returns the value of key, or an error that wraps token.ErrMiss.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := s.client.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("redisstore: %w", token.ErrMiss)
	case err != nil:
		return nil, fmt.Errorf("redisstore: reading: %w", err)
	}
	return b, nil
}

// swap compares and sets in one step. To Lua a missing key is false.
var swap = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1`)

// Swap puts new in place of old in one step and reports whether it did. A ttl is
// counted by the server's clock, in whole milliseconds.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	n, err := swap.Run(ctx, s.client, []string{key}, old, new, max(ttl.Milliseconds(), 1)).Int()
	if err != nil {
		return false, fmt.Errorf("redisstore: swapping: %w", err)
	}
	return n == 1, nil
}

// String says what it is; what it holds and how to get there stays hidden.
func (s *Store) String() string { return "token store in Redis" }

// Format is String whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
