package token

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Memory is a Store inside of one process. A Source without a Store has one of its
// own; share one to let several Sources of a process share their tokens. It is safe
// for concurrent use and runs no goroutine.
type Memory struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	value []byte
	until time.Time
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory { return newMemory(time.Now) }

func newMemory(now func() time.Time) *Memory {
	return &Memory{now: now, kept: map[string]kept{}}
}

// Get returns a copy of the value of key, or ErrMiss.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v := m.live(key); v != nil {
		return bytes.Clone(v), nil
	}
	return nil, ErrMiss
}

// Swap puts new in place of old, and reports whether key held old.
func (m *Memory) Swap(_ context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !bytes.Equal(m.live(key), old) {
		return false, nil
	}
	if len(new) == 0 {
		delete(m.kept, key)
	} else {
		m.kept[key] = kept{bytes.Clone(new), m.now().Add(ttl)}
	}
	return true, nil
}

// live is the value of key, nil if there is none that counts.
func (m *Memory) live(key string) []byte {
	k, ok := m.kept[key]
	if ok && !m.now().Before(k.until) {
		delete(m.kept, key)
		return nil
	}
	return k.value
}

// String says what it is; what it holds stays hidden.
func (m *Memory) String() string { return "token store in memory" }

// Format is String whatever the verb.
func (m *Memory) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }
