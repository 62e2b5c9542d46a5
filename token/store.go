package token

import (
	"context"
	"errors"
	"time"
)

// ErrMiss is what Store.Get returns for a key that is absent or over.
var ErrMiss = errors.New("token: the store has no such key")

// Store is memory that several processes share. It must be safe for concurrent use
// and must return when ctx ends. Keys are short ASCII text, values up to 8 kB. A Store
// that fails costs nothing but the sharing: each process then keeps its own token.
// Package tokentest checks an implementation.
type Store interface {
	// Get returns the value of key, or an error that wraps ErrMiss. The caller may
	// change what it got.
	Get(ctx context.Context, key string) ([]byte, error)
	// Swap puts new in place of old in one step and reports whether it did: only if
	// key holds exactly old at that moment, or nothing where old is empty. The new
	// value is over after ttl; an empty new one removes the key. Swap keeps neither
	// slice.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
}
