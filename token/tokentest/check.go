// Package tokentest checks a token.Store that somebody wrote: the promises that the
// interface makes, one after the other, on the real thing. A test of the Store says
//
//	if err := tokentest.Check(ctx, store); err != nil {
//		t.Error(err)
//	}
//
// and needs a server of its own, or at least one that does no harm.
package tokentest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wxcommerce/wechat/token"
)

const (
	long  = time.Minute
	short = 250 * time.Millisecond
	slack = 5 * time.Second // for a Store that counts in whole seconds
)

// Check returns the first promise of token.Store that s breaks, or nil. It uses keys
// that begin with "wechat:tokentest:" and removes them, takes about a second, and
// fails if ctx ends before.
func Check(ctx context.Context, s token.Store) error {
	c := &check{ctx, s, "wechat:tokentest:" + rand.Text()}
	rules := []struct {
		name string
		test func() error
	}{
		{"a missing key", c.missing},
		{"swapping", c.swapping},
		{"values", c.values},
		{"two keys", c.twoKeys},
		{"removing", c.removing},
		{"expiry", c.expiry},
		{"many at once", c.race},
		{"an ended context", c.ended},
	}
	for _, r := range rules {
		if err := r.test(); err != nil {
			return fmt.Errorf("tokentest: %s: %w", r.name, err)
		}
	}
	return nil
}

type check struct {
	ctx context.Context //nolint:containedctx // lives no longer than Check
	s   token.Store
	key string
}

// swap demands an answer of Swap.
func (c *check) swap(key, old, new string, ttl time.Duration, want bool) error {
	ok, err := c.s.Swap(c.ctx, key, []byte(old), []byte(new), ttl)
	if err != nil {
		return fmt.Errorf("store.Swap from %.20q to %.20q: %w", old, new, err)
	}
	if ok != want {
		return fmt.Errorf("store.Swap from %.20q to %.20q said %t", old, new, ok)
	}
	return nil
}

// holds demands a value, "" for none.
func (c *check) holds(key, want string) error {
	got, err := c.s.Get(c.ctx, key)
	switch {
	case want == "" && !errors.Is(err, token.ErrMiss):
		return fmt.Errorf("store.Get gave %d bytes and the error %v, want one that wraps token.ErrMiss", len(got), err)
	case want == "":
		return nil
	case err != nil:
		return fmt.Errorf("store.Get: %w", err)
	case string(got) != want:
		return fmt.Errorf("store.Get gave %d bytes that were not put there", len(got))
	}
	return nil
}

func (c *check) missing() error {
	return errors.Join(c.holds(c.key, ""), c.swap(c.key, "a", "b", long, false), c.holds(c.key, ""))
}

func (c *check) swapping() error {
	return first(
		func() error { return c.swap(c.key, "", "a", long, true) },
		func() error { return c.holds(c.key, "a") },
		func() error { return c.swap(c.key, "", "b", long, false) },
		func() error { return c.swap(c.key, "x", "b", long, false) },
		func() error { return c.swap(c.key, "A", "b", long, false) },
		func() error { return c.holds(c.key, "a") },
		func() error { return c.swap(c.key, "a", "b", long, true) },
		func() error { return c.swap(c.key, "a", "c", long, false) },
		func() error { return c.holds(c.key, "b") },
		func() error { return c.swap(c.key, "b", "", 0, true) },
	)
}

// values go through unchanged, and belong to whoever has them.
func (c *check) values() error {
	all := make([]byte, 8<<10)
	for i := range all {
		all[i] = byte(i)
	}
	given := bytes.Clone(all)
	if ok, err := c.s.Swap(c.ctx, c.key, nil, given, long); err != nil || !ok {
		return fmt.Errorf("store.Swap of 8 kB: %t, %w", ok, err)
	}
	clear(given)
	if err := c.holds(c.key, string(all)); err != nil {
		return err
	}
	got, err := c.s.Get(c.ctx, c.key)
	if err != nil {
		return err
	}
	clear(got)
	return first(
		func() error { return c.holds(c.key, string(all)) },
		func() error { return c.swap(c.key, string(all), "", 0, true) },
	)
}

func (c *check) twoKeys() error {
	other := c.key + ":Other"
	return first(
		func() error { return c.swap(c.key, "", "a", long, true) },
		func() error { return c.swap(other, "", "b", long, true) },
		func() error { return c.swap(c.key+":other", "", "c", long, true) },
		func() error { return c.holds(c.key, "a") },
		func() error { return c.holds(other, "b") },
		func() error { return c.swap(c.key, "a", "", 0, true) },
		func() error { return c.swap(other, "b", "", 0, true) },
		func() error { return c.swap(c.key+":other", "c", "", 0, true) },
	)
}

func (c *check) removing() error {
	return first(
		func() error { return c.swap(c.key, "", "a", long, true) },
		func() error { return c.swap(c.key, "b", "", 0, false) },
		func() error { return c.holds(c.key, "a") },
		func() error { return c.swap(c.key, "a", "", 0, true) },
		func() error { return c.holds(c.key, "") },
	)
}

func (c *check) expiry() error {
	if err := c.swap(c.key, "", "a", short, true); err != nil {
		return err
	}
	for began := time.Now(); ; {
		_, err := c.s.Get(c.ctx, c.key)
		if errors.Is(err, token.ErrMiss) {
			break
		}
		if err != nil || time.Since(began) > slack {
			return fmt.Errorf("still there %s after its end: %w", time.Since(began), err)
		}
		if err := pause(c.ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return first(
		func() error { return c.swap(c.key, "a", "b", long, false) },
		func() error { return c.swap(c.key, "", "b", long, true) },
		func() error { return c.holds(c.key, "b") },
		func() error { return c.swap(c.key, "b", "", 0, true) },
	)
}

// race has many claim the key at once, free it, and count.
func (c *check) race() error {
	const callers, rounds = 8, 5
	for range rounds {
		var mu sync.Mutex
		var won []string
		var failed error
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				id := rand.Text()
				ok, err := c.s.Swap(c.ctx, c.key, nil, []byte(id), long)
				mu.Lock()
				defer mu.Unlock()
				if ok {
					won = append(won, id)
				}
				failed = errors.Join(failed, err)
			})
		}
		wg.Wait()
		if failed != nil {
			return failed
		}
		if len(won) != 1 {
			return fmt.Errorf("%d of %d callers took the place of nothing", len(won), callers)
		}
		if err := c.swap(c.key, won[0], "", 0, true); err != nil {
			return err
		}
	}
	return nil
}

// ended allows a Store that needs no waiting to answer all the same.
func (c *check) ended() error {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.s.Get(ctx, c.key)
		_, _ = c.s.Swap(ctx, c.key, []byte("x"), []byte("y"), long)
	}()
	timer := time.NewTimer(slack)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return errors.New("store.Get or store.Swap does not return")
	}
}

func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
