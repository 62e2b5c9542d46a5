package wechattest

import (
	"context"
	"sync"
	"time"
)

// Clock is the simulator's time: RealClock, or the virtual one of NewClock.
// Other packages cannot add a third.
type Clock interface {
	Now() time.Time
	// follow has the clock run what is due in a, until stop returns.
	follow(a agenda) (stop func())
	// wait returns when d has passed on this clock, or ctx has ended.
	wait(ctx context.Context, d time.Duration) error
}

// agenda is work that becomes due at some time.
type agenda interface {
	next() (time.Time, bool)
	runDue(ctx context.Context)
	changed() <-chan struct{} // receives after next may have moved
}

// RealClock is the wall clock. A Pay that uses it runs one goroutine, which
// delivers notices and ends with Close.
func RealClock() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (realClock) follow(a agenda) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			a.runDue(ctx)
			pause := time.Hour // nothing is due; changed() wakes us
			if at, ok := a.next(); ok {
				pause = time.Until(at)
			}
			t := time.NewTimer(pause)
			select {
			case <-t.C:
			case <-a.changed():
			case <-ctx.Done():
			}
			t.Stop()
		}
	}()
	return func() { cancel(); <-done }
}

// VirtualClock stands still until Advance moves it. It is safe for concurrent use.
type VirtualClock struct {
	moving  sync.Mutex // held during Advance
	mu      sync.Mutex
	now     time.Time
	agendas map[int]agenda
	waiters map[int]waiter
	id      int
}

type waiter struct {
	at   time.Time
	done chan struct{}
}

// NewClock makes a clock that shows start. The zero time means 2026-01-05 10:00
// in Beijing, so that examples print the same every time.
func NewClock(start time.Time) *VirtualClock {
	if start.IsZero() {
		start = time.Date(2026, 1, 5, 10, 0, 0, 0, time.FixedZone("CST", 8*60*60))
	}
	return &VirtualClock{now: start, agendas: map[int]agenda{}, waiters: map[int]waiter{}}
}

// Now is the time the clock shows.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d, 0 included, and runs everything that is
// due on the way, in order and at its own time, before it returns: refunds
// settle, notices are delivered and their answers awaited. It must not be called
// from the handler of such a notice.
func (c *VirtualClock) Advance(d time.Duration) {
	c.moving.Lock()
	defer c.moving.Unlock()
	target := c.Now().Add(max(d, 0))
	for {
		a, at := c.earliest()
		if a == nil || at.After(target) {
			break
		}
		c.show(at)
		a.runDue(context.Background())
	}
	c.show(target)
}

// earliest is the agenda with the first due work, if any.
func (c *VirtualClock) earliest() (first agenda, at time.Time) {
	c.mu.Lock()
	all := make([]agenda, 0, len(c.agendas))
	for n := range c.id + 1 {
		if a, ok := c.agendas[n]; ok {
			all = append(all, a)
		}
	}
	c.mu.Unlock()
	for _, a := range all {
		if t, ok := a.next(); ok && (first == nil || t.Before(at)) {
			first, at = a, t
		}
	}
	return first, at
}

// show sets the time, never backwards, and wakes who waited for it.
func (c *VirtualClock) show(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	for n, w := range c.waiters {
		if !w.at.After(c.now) {
			close(w.done)
			delete(c.waiters, n)
		}
	}
}

func (c *VirtualClock) follow(a agenda) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id++
	n := c.id
	c.agendas[n] = a
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.agendas, n)
	}
}

func (c *VirtualClock) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	c.mu.Lock()
	c.id++
	n, w := c.id, waiter{c.now.Add(d), make(chan struct{})}
	c.waiters[n] = w
	c.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiters, n)
		return ctx.Err()
	}
}
