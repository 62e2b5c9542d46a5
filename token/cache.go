package token

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

var (
	// ErrTooSoon is a forced refresh that WeChat's limits do not allow yet.
	ErrTooSoon = errors.New("token: too soon")
	// ErrInsists is what Refuse returns while WeChat refuses a token and yet gives out
	// the same one again. It is then kept, because other calls may well accept it.
	ErrInsists = errors.New("token: WeChat refuses the token and gives it out again; is it meant for another AppID or another kind of call?")
)

const (
	firstPause = 2 * time.Second // between failed fetches, doubling
	lastPause  = 30 * time.Second
	flightTime = 20 * time.Second // one refresh, waiting for other processes included
)

// cache keeps one token: in the process for all callers, in the Store for all
// processes. It is what Source and Ticket have in common.
type cache struct {
	what   string // "access token of app wx…"
	key    string // in the Store
	store  Store
	now    func() time.Time
	ask    func(ctx context.Context, force bool) (*grant, error)
	forces bool     // ask knows force
	secret seal.Key // never to be seen in an error

	cur atomic.Pointer[entry]

	mu       sync.Mutex
	flight   *flight      // the refresh going on, nil if none
	bad      wechat.Token // the last one refused
	failed   error        // how the last refresh ended, if badly
	failures int
	failedAt time.Time
	pause    time.Duration // counted from failedAt
	refusals []time.Time
	forced   []time.Time
}

// flight is one refresh that any number of callers may wait for. Its results are set
// before done is closed.
type flight struct {
	done chan struct{}
	got  *entry // what to use from now on, nil if there is nothing
	err  error  // why nothing new was fetched
}

// get returns the token in use. Fetching happens in the caller's time only if there
// is none; a token near its end is renewed behind the caller's back.
func (c *cache) get(ctx context.Context) (wechat.Token, error) {
	if e := c.cur.Load(); e != nil && e.isFresh(c.now()) {
		return e.token, nil
	}
	return c.wait(ctx)
}

func (c *cache) wait(ctx context.Context) (wechat.Token, error) {
	if e := c.cur.Load(); e != nil && e.isUsable(c.now()) {
		c.begin(ctx, false)
		return e.token, nil
	}
	if err := c.leave(ctx); err != nil {
		return wechat.Token{}, err
	}
	f := c.begin(ctx, false)
	if err := c.await(ctx, f); err != nil {
		return wechat.Token{}, err
	}
	if f.got == nil {
		return wechat.Token{}, f.err
	}
	return f.got.token, nil
}

func (c *cache) await(ctx context.Context, f *flight) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return c.leave(ctx)
	}
}

func (c *cache) leave(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("token: gave up waiting for the %s: %w", c.what, context.Cause(ctx))
}

// begin joins the refresh going on or starts one. While it is too early for another
// it returns one that has already failed.
func (c *cache) begin(ctx context.Context, force bool) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked(ctx, force)
}

func (c *cache) locked(ctx context.Context, force bool) *flight {
	if c.flight != nil {
		return c.flight
	}
	now := c.now()
	e := c.cur.Load()
	if !force && e != nil && e.isFresh(now) {
		return landed(e, nil) // somebody else's refresh has just ended
	}
	if age := now.Sub(c.failedAt); c.failed != nil && age >= 0 && age < c.pause {
		return landed(nil, resting{c.failed, c.pause - age})
	}
	f := &flight{done: make(chan struct{})}
	c.flight = f
	// A caller that gives up must not end it for the others.
	go c.fly(context.WithoutCancel(ctx), f, force)
	return f
}

func landed(e *entry, err error) *flight {
	f := &flight{done: make(chan struct{}), got: e, err: err}
	close(f.done)
	return f
}

// resting is the last failure while no new attempt is made. It is worded only if
// somebody asks.
type resting struct {
	error
	left time.Duration
}

func (r resting) Error() string {
	return fmt.Sprintf("%s; not asked again for %s", r.error.Error(), r.left.Round(time.Second))
}

func (r resting) Unwrap() error { return r.error }

// refuse replaces bad if it is still the token in use.
func (c *cache) refuse(ctx context.Context, bad wechat.Token) error {
	c.mu.Lock()
	e, now := c.cur.Load(), c.now()
	if e == nil || !e.token.Equal(bad) {
		c.mu.Unlock()
		return nil // a newer one is there
	}
	if e.stuck && e.isUsable(now) && now.Sub(e.at) < time.Minute {
		c.mu.Unlock()
		return ErrInsists
	}
	if e.isUsable(now) { // the first to tell
		times, wait := refusedLimit.allow(c.refusals, now)
		if wait > 0 {
			c.mu.Unlock()
			return fmt.Errorf("%w: %d tokens in a row were refused; the next is fetched in %s", ErrInsists, len(times), wait.Round(time.Second))
		}
		c.refusals, c.bad = append(times, now), bad
		c.cur.Store(e.refused())
	}
	f := c.locked(ctx, false)
	c.mu.Unlock()
	if err := c.await(ctx, f); err != nil {
		return err
	}
	switch {
	case f.got == nil:
		return f.err
	case f.got.token.Equal(bad):
		return ErrInsists
	}
	return nil
}

// renew fetches a token even though the one in use is good.
func (c *cache) renew(ctx context.Context) error {
	for {
		if err := c.leave(ctx); err != nil {
			return err
		}
		c.mu.Lock()
		own := c.flight == nil
		f := c.locked(ctx, true)
		c.mu.Unlock()
		if err := c.await(ctx, f); err != nil || own {
			if err == nil {
				err = f.err
			}
			return err
		}
	}
}

// fly is the body of a refresh.
func (c *cache) fly(ctx context.Context, f *flight, force bool) {
	ctx, cancel := context.WithTimeout(ctx, flightTime)
	defer cancel()
	for again := false; ; again = true {
		c.mu.Lock()
		bad := c.bad
		c.mu.Unlock()
		g, err := c.refresh(ctx, bad, force)
		c.mu.Lock()
		if g != nil && !again && g.token.Equal(c.bad) && !c.bad.Equal(bad) {
			c.mu.Unlock() // refused while it was under way
			continue
		}
		c.land(f, g, err)
		c.mu.Unlock()
		return
	}
}

// land ends f. It is called with mu held.
func (c *cache) land(f *flight, g *grant, err error) {
	now := c.now()
	switch {
	case errors.Is(err, ErrTooSoon):
	case err != nil:
		c.failures++
		c.failed, c.failedAt = err, now
		var r *failure
		if errors.As(err, &r) && r.pause > 0 {
			c.pause = r.pause
		} else {
			full := min(firstPause<<min(c.failures-1, 10), lastPause)
			c.pause = full/2 + rand.N(full/2)
		}
	default:
		c.failed, c.failures = nil, 0
	}
	if g != nil {
		e := g.entry(now)
		e.stuck = g.token.Equal(c.bad)
		c.cur.Store(e)
	}
	if e := c.cur.Load(); e != nil && e.isUsable(now) {
		f.got = e
	}
	f.err, c.flight = err, nil
	close(f.done)
}

// refresh is one fetch, guarded against what the caller's store, transport or
// observer may do in this goroutine of ours.
func (c *cache) refresh(ctx context.Context, bad wechat.Token, force bool) (g *grant, err error) {
	defer func() {
		if recover() != nil {
			g, err = nil, fmt.Errorf("token: fetching the %s panicked", c.what)
		}
	}()
	t := &trip{cache: c, ctx: ctx, bad: bad, force: force}
	return t.run()
}
