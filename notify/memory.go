package notify

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// Memory is a Seen inside the process, safe for concurrent use. Two processes do
// not see each other's.
type Memory struct {
	size int
	ttl  time.Duration
	now  func() time.Time

	mu   sync.Mutex
	keys map[digest]*list.Element // nil while claimed
	done *list.List               // of finished, oldest first
}

type digest = [sha256.Size]byte

type finished struct {
	key   digest
	until time.Time
}

const (
	defaultSize = 100_000
	defaultTTL  = 25 * time.Hour // the resends of a notice end after 24 h 4 min
)

var errFull = errors.New("notify: too many notices are being handled at once")

// NewMemory makes a Memory of at most size keys, about 200 bytes each whatever
// their length, that forgets finished ones after ttl, and the oldest of them first
// when it is full. Keys that are being worked on are kept until they are settled;
// if they alone fill it, Claim fails. A size or ttl below 1 means 100,000 keys or
// 25 hours, a nil clock time.Now.
func NewMemory(size int, ttl time.Duration, now func() time.Time) *Memory {
	if size < 1 {
		size = defaultSize
	}
	if ttl < 1 {
		ttl = defaultTTL
	}
	if now == nil {
		now = time.Now
	}
	return &Memory{size: size, ttl: ttl, now: now, keys: map[digest]*list.Element{}, done: list.New()}
}

// Claim grants a key that is neither being worked on nor remembered.
func (m *Memory) Claim(_ context.Context, key string) (Claim, error) {
	d := sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	if e, ok := m.keys[d]; ok {
		if e == nil {
			return Busy, nil
		}
		return Finished, nil
	}
	if !m.room() {
		return Busy, errFull
	}
	m.keys[d] = nil
	return Granted, nil
}

// Done remembers a key as finished.
func (m *Memory) Done(_ context.Context, key string) error {
	d := sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.keys[d]
	if e != nil || !ok && !m.room() {
		return nil
	}
	m.keys[d] = m.done.PushBack(finished{d, m.now().Add(m.ttl)})
	return nil
}

// Forget gives up a claim; a finished key stays finished.
func (m *Memory) Forget(_ context.Context, key string) error {
	d := sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.keys[d]; ok && e == nil {
		delete(m.keys, d)
	}
	return nil
}

// Len is the number of keys held.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	return len(m.keys)
}

func (m *Memory) expire() {
	for now := m.now(); ; {
		e := m.done.Front()
		if e == nil || now.Before(e.Value.(finished).until) {
			return
		}
		m.drop(e)
	}
}

// room makes place for one more key, if need be at the cost of the oldest finished.
func (m *Memory) room() bool {
	if len(m.keys) < m.size {
		return true
	}
	e := m.done.Front()
	if e == nil {
		return false
	}
	m.drop(e)
	return true
}

func (m *Memory) drop(e *list.Element) {
	delete(m.keys, e.Value.(finished).key)
	m.done.Remove(e)
}
