package token

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
)

const (
	patience  = time.Second      // with one operation of a Store
	leaseTime = 10 * time.Second // one process fetches, the others wait for it so long
	firstLook = 20 * time.Millisecond
	lastLook  = 500 * time.Millisecond
)

// trip is one way to a new token: from the Store if another process put one there,
// else from WeChat, and then into the Store for the others.
type trip struct {
	*cache
	ctx   context.Context //nolint:containedctx // lives no longer than the refresh
	bad   wechat.Token
	force bool
	down  bool   // the Store failed; this trip does without
	raw   []byte // what the Store holds
	found *grant // the same, read
}

func (t *trip) run() (*grant, error) {
	if t.look(); t.done() {
		return t.found, nil
	}
	release := t.claim()
	defer release()
	if t.done() {
		return t.found, nil
	}
	if t.force {
		if err := t.mayForce(); err != nil {
			return nil, err
		}
	}
	g, err := t.fetch(t.force)
	if err != nil {
		if t.found != nil && !t.found.token.Equal(t.bad) && t.found.entry(t.now()).isUsable(t.now()) {
			return t.found, err // not fresh, but better than nothing
		}
		return nil, err
	}
	if g.token.Equal(t.bad) {
		if better := t.insist(); better != nil {
			g = better
		}
	}
	return t.keep(g), nil
}

// done reports whether another process has put there what this one came for.
func (t *trip) done() bool {
	now := t.now()
	return !t.force && t.found != nil && !t.found.token.Equal(t.bad) && t.found.entry(now).isFresh(now)
}

func (t *trip) fetch(force bool) (*grant, error) {
	g, err := t.ask(t.ctx, force)
	if err == nil {
		return g, nil
	}
	return nil, describe(t.what, err, t.secret)
}

// insist is for a token that WeChat refused and gave out again: forcing makes a new
// one, where that is known and allowed.
func (t *trip) insist() *grant {
	if !t.forces || t.force || t.mayForce() != nil {
		return nil
	}
	t.force = true
	g, err := t.fetch(true)
	if err != nil {
		return nil
	}
	return g
}

// keep puts g into the Store. Where another process was faster its token is used, in
// place of g: a slow writer must not undo a newer token.
func (t *trip) keep(g *grant) *grant {
	for range 3 {
		if t.down || t.swap(t.key, t.raw, g.record(), max(g.life, shortest)) {
			return g
		}
		if t.look(); t.done() {
			return t.found
		}
	}
	return g
}

// look reads the Store.
func (t *trip) look() {
	t.raw, t.found = t.read(t.key), nil
	if len(t.raw) > 0 {
		t.found = parseRecord(t.raw)
	}
}

func (t *trip) read(key string) []byte {
	if t.down {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	b, err := t.store.Get(ctx, key)
	if err != nil {
		t.down = !errors.Is(err, ErrMiss)
		return nil
	}
	return b
}

func (t *trip) swap(key string, old, new []byte, ttl time.Duration) bool {
	if t.down {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), patience)
	defer cancel()
	ok, err := t.store.Swap(ctx, key, old, new, ttl)
	t.down = err != nil
	return ok && err == nil
}

// claim makes this process the one that fetches, or waits for the one that does: until
// the Store holds a fresh token, the other gave up, or its time is over.
func (t *trip) claim() (release func()) {
	id, key := []byte(rand.Text()), t.key+":lease"
	began, pause := time.Now(), firstLook
	for !t.swap(key, nil, id, leaseTime) {
		if t.down || time.Since(began) >= leaseTime || !nap(t.ctx, pause) {
			return func() {}
		}
		if t.look(); t.done() {
			return func() {}
		}
		pause = min(2*pause, lastLook)
	}
	t.look() // it may have been put there between the look and the claim
	return func() { t.swap(key, id, nil, 0) }
}

// nap waits and reports whether ctx lasted.
func nap(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// mayForce takes one forced refresh from what WeChat allows, for all processes
// together if there is a Store.
func (t *trip) mayForce() error {
	key := t.key + ":forced"
	for range 3 {
		raw := t.read(key)
		var shared []int64
		_ = json.Unmarshal(raw, &shared) // what nobody of us wrote counts as nothing
		t.mu.Lock()
		times := append([]time.Time(nil), t.forced...)
		t.mu.Unlock()
		for _, ms := range shared {
			times = append(times, time.UnixMilli(ms))
		}
		now := t.now()
		times, wait := forcedLimit.allow(unique(times), now)
		if wait > 0 {
			return tooSoon(wait)
		}
		times = append(times, now)
		if !t.swap(key, raw, millis(times), forcedLimit.window) && !t.down {
			continue // another process has just forced
		}
		t.mu.Lock()
		t.forced = times
		t.mu.Unlock()
		return nil
	}
	return tooSoon(forcedLimit.gap)
}
