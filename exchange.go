package wechat

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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
	fault     error // a client that must not be used says why
}

// attempt is one trip to WeChat and back.
type attempt struct {
	host int
	res  *http.Response
	body []byte
	err  error // nil, or why there is no proved 2xx answer
	sent bool  // some byte may have left
	read bool  // res and body are complete

	stream io.ReadCloser // in place of body, for a download
}

// exchange is the loop: authorize, send, bound, prove, classify, and again where
// that is safe. The reply it returns is proved; its error is a *CallError.
func (c *client) exchange(ctx context.Context, op Op, m *message) (reply, error) {
	if !m.raw {
		var cancel context.CancelFunc
		ctx, cancel = c.deadline(ctx)
		defer cancel()
	}
	tainted, switched, renewed := false, false, false
	for n := 1; ; n++ {
		began := c.now()
		a := c.try(ctx, op, m)
		var r reply
		switch {
		case a.stream != nil:
			r = reply{stream: a.stream, header: a.res.Header, size: a.res.ContentLength}
		case a.read:
			r, a.err = c.dialect.prove(ctx, op, a.res, a.body)
		}
		outcome := classify(op, a)
		tainted = tainted || outcome == Unknown
		if tainted && outcome == NotDone {
			outcome = Unknown // an earlier attempt may have done it
		}
		wait := time.Duration(-1)
		switch {
		case a.err == nil:
		case !a.sent && a.host >= 0 && !switched && len(c.hosts.bases) > 1 && ctx.Err() == nil:
			switched, wait = true, 0
		case !renewed && a.read && c.dialect.refused(ctx, m, a.err):
			renewed, wait = true, 0
		default:
			wait = c.again(ctx, op, n, a)
		}
		c.observe(ctx, op, n, a, began, outcome, wait)
		if a.err == nil {
			return r, nil
		}
		if wait < 0 || wait > 0 && sleep(ctx, wait) != nil {
			return reply{}, &CallError{Op: op, Outcome: outcome, Body: a.body, Err: a.err}
		}
	}
}

// deadline gives a call without one three attempts' time.
func (c *client) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, maxAttempts*c.timeout)
}

// try makes one attempt: everything up to the raw answer.
func (c *client) try(ctx context.Context, op Op, m *message) attempt {
	a := attempt{host: -1}
	if a.err = context.Cause(ctx); a.err != nil {
		return a
	}
	host := c.hosts.pick(c.now())
	trip := ctx
	if !m.raw { // a download lasts as long as the caller's context
		var cancel context.CancelFunc
		trip, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	r, err := c.request(trip, op, cmp.Or(m.base, c.hosts.bases[host]), m)
	if err != nil {
		a.err = err
		return a
	}
	a.host = host
	a.res, a.err = c.carrier.Do(r)
	if a.err != nil {
		a.sent = !neverSent(a.err)
		a.err = fmt.Errorf("no answer from %s: %w", r.URL.Host, withoutURL(a.err))
		if ctx.Err() == nil { // the host's fault, not the caller's
			c.hosts.failed(host, c.now())
		}
		return a
	}
	a.sent = true
	if m.raw {
		if a.stream = c.peek(op, a.res); a.stream != nil {
			return a
		}
	}
	a.body, a.err = readBounded(a.res.Body, c.maxBody)
	if a.err != nil {
		a.err = fmt.Errorf("answer %d from %s cut or too long: %w", a.res.StatusCode, r.URL.Host, withoutURL(a.err))
		return a
	}
	a.read = true
	c.hosts.answered(host, a.res.StatusCode < 500)
	return a
}

// request builds one attempt's request and has it authorized.
func (c *client) request(ctx context.Context, op Op, base string, m *message) (*http.Request, error) {
	var body io.Reader
	switch {
	case m.stream != nil:
		rewound, err := m.stream.rewind()
		if err != nil {
			return nil, err
		}
		body = rewound
	case m.body != nil:
		body = bytes.NewReader(m.body)
	}
	r, err := http.NewRequestWithContext(ctx, m.method, base+m.target, body)
	if err != nil {
		return nil, errors.New("the request's address is malformed")
	}
	if m.stream != nil {
		r.ContentLength = m.stream.size
	}
	r.Header.Set("Accept", m.accept)
	r.Header.Set("User-Agent", c.agent)
	if body != nil {
		r.Header.Set("Content-Type", m.contentType)
	}
	if m.keyID != "" {
		r.Header.Set("Wechatpay-Serial", m.keyID)
	}
	if err := c.dialect.authorize(ctx, op, r, m); err != nil {
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

// readBounded reads at most limit bytes and closes body. One byte more is an
// error: a cut answer must not be taken for a whole one.
func readBounded(body io.ReadCloser, limit int64) ([]byte, error) {
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%d bytes: %w", limit, ErrTooLong)
	}
	return b, nil
}

// classify says what is certain after one attempt.
func classify(op Op, a attempt) Outcome {
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
func (c *client) again(ctx context.Context, op Op, n int, a attempt) time.Duration {
	if !op.repeatable() || ctx.Err() != nil || !transient(op, a) {
		return -1
	}
	wait := c.backoff(n, a.res, a.err)
	if wait <= 0 || !c.hosts.spend() {
		return -1
	}
	return wait
}

// transient reports whether the same request may fare better later.
func transient(op Op, a attempt) bool {
	if a.host < 0 {
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

func (c *client) observe(ctx context.Context, op Op, n int, a attempt, began time.Time, o Outcome, wait time.Duration) {
	if len(c.observers) == 0 {
		return
	}
	e := Event{Op: op, Attempt: n, Duration: c.now().Sub(began), Outcome: o, Err: a.err, Retry: wait}
	if a.host >= 0 {
		_, e.Host, _ = strings.Cut(c.hosts.bases[a.host], "://")
	}
	if a.res != nil {
		e.Status, e.RequestID = a.res.StatusCode, a.res.Header.Get("Request-ID")
	}
	for _, f := range c.observers {
		f(ctx, e)
	}
}
