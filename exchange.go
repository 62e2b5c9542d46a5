package wechat

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat/sign"
)

// client is what every dialect's public client wraps: immutable after its
// constructor, shared by copies, safe for concurrent use.
type client struct {
	dialect   dialect
	carrier   Transport
	hosts     *hosts
	backoff   Backoff
	timeout   time.Duration
	maxBody   int64
	now       func() time.Time
	agent     string
	observers []func(context.Context, Event)
	security  func(appID string) (*sealing, error) // of an App only, nil for none
	fault     error                                // a client that must not be used says why
}

// attempt is one trip to WeChat and back.
type attempt struct {
	host  int    // which base it went to, -1 for an address of its own
	where string // host and port; "" when the request could not even be made
	res   *http.Response
	body  []byte
	err   error // nil, or why there is no proved 2xx answer
	sent  bool  // some byte may have left
	read  bool  // res and body are complete

	reply reply // what was proved, or a download's stream
}

// course is what one call knows beyond its attempts.
type course struct {
	op      Op
	m       *message
	until   time.Time // end of all attempts; zero for a download without a deadline
	silent  int       // the base that has just failed to answer, or -1
	tainted bool      // an earlier attempt may have done it
	moved   bool      // to the standby host, once
	renewed bool      // the token, once
}

// exchange is the loop: authorize, send, bound, prove, classify, and again where
// that is safe. The reply it returns is proved; its error is a *CallError.
func (c *client) exchange(ctx context.Context, op Op, m *message) (reply, error) {
	k := &course{op: op, m: m, until: c.until(ctx, m), silent: -1}
	for n := 1; ; n++ {
		began := c.now()
		a := c.try(ctx, k)
		outcome := k.learn(&a)
		wait := c.plan(ctx, k, n, &a)
		c.observe(ctx, op, n, &a, began, outcome, wait)
		if a.err == nil {
			return a.reply, nil
		}
		if wait > 0 {
			if err := sleep(ctx, wait); err != nil {
				wait, a.err = -1, fmt.Errorf("%w; not tried again: %w", a.err, err)
			}
		}
		if wait < 0 {
			return reply{}, &CallError{Op: op, Outcome: outcome, Body: a.body, Err: a.err}
		}
	}
}

// until is when the last attempt must be over: the caller's deadline, or else three
// attempts' time.
func (c *client) until(ctx context.Context, m *message) time.Time {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline
	}
	if m.raw {
		return time.Time{}
	}
	return time.Now().Add(maxAttempts * c.timeout)
}

// learn returns what is certain about the call after attempt a.
func (k *course) learn(a *attempt) Outcome {
	outcome := classify(k.op, a)
	if k.tainted && outcome == NotDone {
		outcome = Unknown
	}
	k.tainted = outcome == Unknown && !k.op.reads()
	if k.silent = -1; a.res == nil {
		k.silent = a.host
	}
	return outcome
}

// plan says how long to wait before the next attempt, or a negative time for none.
func (c *client) plan(ctx context.Context, k *course, n int, a *attempt) time.Duration {
	switch {
	case a.err == nil:
		return -1
	case !k.moved && n < maxAttempts && c.standby(ctx, a):
		k.moved = true
		return 0
	case !k.renewed && a.read && c.dialect.refused(ctx, k.m, a.err):
		k.renewed = true
		return 0
	}
	return c.again(ctx, k, n, a)
}

// try makes one attempt, from choosing a host to proving the answer.
func (c *client) try(ctx context.Context, k *course) (a attempt) {
	a.host = -1
	if a.err = context.Cause(ctx); a.err != nil {
		return a
	}
	base := k.m.base
	if base == "" {
		a.host = c.hosts.pick(c.now(), k.silent)
		base = c.hosts.bases[a.host]
	}
	t := c.newTrip(ctx, k)
	defer func() { t.end(a.reply.stream != nil) }()
	r, err := c.request(t, k.op, base, k.m)
	if err != nil {
		a.err = err
		return a
	}
	a.where = r.URL.Host
	if a.res, a.err = c.send(r); a.err != nil {
		a.sent = !t.unconnected() && !neverSent(a.err)
		a.err = fmt.Errorf("no answer from %s: %w", a.where, withoutURL(a.err, r.URL))
		if t.hostsFault(ctx) {
			c.hosts.failed(a.host, c.now())
		}
		return a
	}
	a.sent = true
	c.receive(t, k, r, &a)
	return a
}

// receive reads the answer whole and has it proved, or takes it as a stream.
func (c *client) receive(t *trip, k *course, r *http.Request, a *attempt) {
	if k.m.raw {
		if body := c.peek(k.op, a.res); body != nil {
			c.hosts.answered(a.host, true)
			a.reply = reply{stream: &download{body, t.stop}, header: a.res.Header, size: a.res.ContentLength}
			return
		}
	}
	if a.body, a.err = readBounded(a.res, c.maxBody); a.err != nil {
		a.err = fmt.Errorf("answer %d from %s cut or too long: %w", a.res.StatusCode, a.where, withoutURL(a.err, r.URL))
		return
	}
	a.read = true
	c.hosts.answered(a.host, a.res.StatusCode < 500 && a.res.StatusCode != http.StatusTooManyRequests)
	a.res.Request = r // not every carrier says so, and a proof may name the address
	a.reply, a.err = c.dialect.prove(t.ctx, k.op, a.res, a.body)
}

// send hands r to the carrier and distrusts what comes back.
func (c *client) send(r *http.Request) (*http.Response, error) {
	res, err := c.carrier.Do(r)
	switch {
	case err != nil:
		if res != nil && res.Body != nil {
			res.Body.Close() // net/http gives both when it refuses a redirect
		}
		return nil, err
	case res == nil || res.Body == nil:
		return nil, errors.New("the transport gave neither an answer nor an error")
	}
	return res, nil
}

// request builds one attempt's request and has it authorized.
func (c *client) request(t *trip, op Op, base string, m *message) (*http.Request, error) {
	var body io.Reader
	switch {
	case m.stream != nil:
		rewound, err := m.stream.rewind()
		if err != nil {
			return nil, err
		}
		body, t.upload = rewound, rewound
	case m.body != nil:
		body = bytes.NewReader(m.body)
	}
	r, err := http.NewRequestWithContext(t.ctx, m.method, base+m.target, body)
	if err != nil {
		return nil, errors.New("the request's address is malformed")
	}
	if m.stream != nil {
		r.ContentLength = m.stream.size
	}
	values := []string{m.accept, c.agent, m.contentType, m.keyID} // one allocation for all
	r.Header["Accept"], r.Header["User-Agent"] = values[0:1:1], values[1:2:2]
	if body != nil {
		r.Header["Content-Type"] = values[2:3:3]
	}
	if m.keyID != "" {
		r.Header["Wechatpay-Serial"] = values[3:4:4]
	}
	if err := c.dialect.authorize(t.ctx, op, r, m); err != nil {
		return nil, err
	}
	return r, nil
}

// peek returns the answer's body as a stream if the dialect takes it for the file
// that was asked for, and nil if it is to be read as an ordinary answer.
func (c *client) peek(op Op, res *http.Response) io.ReadCloser {
	b := bufio.NewReader(res.Body)
	first, _ := b.Peek(1) // an error here shows again when the body is read
	res.Body = struct {
		io.Reader
		io.Closer
	}{b, res.Body}
	if !c.dialect.streams(op, res, first) {
		return nil
	}
	return res.Body
}

// ErrTooLong is an answer longer than WithMaxResponse allows.
var ErrTooLong = errors.New("longer than the allowed size; see WithMaxResponse")

// readBounded reads at most limit bytes of the answer's body and closes it. One
// byte more is an error: a cut answer must not be taken for a whole one.
func readBounded(res *http.Response, limit int64) ([]byte, error) {
	defer res.Body.Close()
	size := int64(512)
	if res.ContentLength >= 0 {
		size = res.ContentLength + 1 // room to meet the end without growing
	}
	b := make([]byte, 0, min(size, limit+1, 64<<10))
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := res.Body.Read(b[len(b):min(int64(cap(b)), limit+1)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, fmt.Errorf("over %d bytes: %w", limit, ErrTooLong)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

// classify says what is certain after one attempt.
func classify(op Op, a *attempt) Outcome {
	var api *APIError
	switch {
	case a.err == nil:
		return Done
	case !a.sent:
		return NotDone
	case !errors.As(a.err, &api):
		return Unknown // no answer, a cut one, or a 2xx that was not proved
	case !api.refused:
		return Unknown
	case op.reads():
		return NotDone
	case !api.Verified || op.wary:
		return Unknown
	}
	return NotDone
}

// again says how long to wait before repeating, or a negative time for never.
func (c *client) again(ctx context.Context, k *course, n int, a *attempt) time.Duration {
	if !k.op.repeatable() || ctx.Err() != nil || !transient(k.op, a) {
		return -1
	}
	wait := c.backoff(n, a.res, a.err)
	if wait <= 0 {
		return -1
	}
	if !k.until.IsZero() && time.Until(k.until) <= wait {
		return -1 // waiting would only use up the caller's time
	}
	if !c.hosts.spend() {
		return -1
	}
	return wait
}

// standby reports whether a, which never left, may go to the other host at once.
func (c *client) standby(ctx context.Context, a *attempt) bool {
	return !a.sent && a.host >= 0 && a.where != "" && len(c.hosts.bases) > 1 && ctx.Err() == nil
}

// transient reports whether the same request may fare better later.
func transient(op Op, a *attempt) bool {
	if a.where == "" {
		return false // refused before sending
	}
	if !a.read {
		return !errors.Is(a.err, ErrTooLong)
	}
	var api *APIError
	if errors.As(a.err, &api) {
		return api.again && !(op.wary && api.Status == http.StatusTooManyRequests)
	}
	return errors.Is(a.err, sign.ErrProbe)
}

func (c *client) observe(ctx context.Context, op Op, n int, a *attempt, began time.Time, o Outcome, wait time.Duration) {
	if len(c.observers) == 0 {
		return
	}
	e := Event{Op: op, Attempt: n, Host: a.where, Duration: c.now().Sub(began), Outcome: o, Err: a.err, Retry: wait}
	if a.res != nil {
		e.Status, e.RequestID = a.res.StatusCode, a.res.Header.Get("Request-ID")
	}
	for _, f := range c.observers {
		f(ctx, e)
	}
}
