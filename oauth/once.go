package oauth

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Once remembers which logins are over. It must be safe for concurrent use and must
// return when ctx ends. Every token.Store is one, so that processes which share their
// tokens can share this as well.
type Once interface {
	// Swap puts new in place of old, which Login always leaves empty: it reports true
	// for the first caller of a key and false for all others until ttl is over.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
}

// mostOnce bounds the memory of one process to about 20 MB.
const mostOnce = 100_000

// memory is the Once of one process. When it is full it forgets the oldest.
type memory struct {
	now  func() time.Time
	most int

	mu    sync.Mutex
	keys  map[string]*list.Element
	order *list.List // of used, oldest first
}

type used struct {
	key   string
	until time.Time
}

func newMemory(now func() time.Time, most int) *memory {
	return &memory{now: now, most: most, keys: map[string]*list.Element{}, order: list.New()}
}

// Swap takes key if nobody has.
func (m *memory) Swap(_ context.Context, key string, _, _ []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for e := m.order.Front(); e != nil && (!now.Before(e.Value.(used).until) || m.order.Len() >= m.most); e = m.order.Front() {
		delete(m.keys, e.Value.(used).key)
		m.order.Remove(e)
	}
	if _, taken := m.keys[key]; taken {
		return false, nil
	}
	m.keys[key] = m.order.PushBack(used{key, now.Add(ttl)})
	return true, nil
}
