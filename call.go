package wechat

import (
	"context"
	"fmt"
	"time"
)

// Client is what Call, Upload and Download work with: a *Merchant or another of
// this package's clients. Only this package implements it.
type Client interface {
	core() *client
}

func coreOf(c Client) *client {
	if c == nil {
		return unmade("client", "NewMerchant or NewApp")
	}
	return c.core()
}

// unmade stands in for a client that is nil or a zero value, so that forgetting to
// make one is an error of the call and not a panic inside of it.
func unmade(what, maker string) *client {
	return &client{fault: Invalid(what, "is nil or was not made by "+maker), now: time.Now}
}

// newClient applies opts over defaults; bases are the dialect's official hosts.
func newClient(bases []string, opts []Option) (*client, error) {
	c := &client{
		hosts:   newHosts(bases),
		backoff: DefaultBackoff,
		timeout: 10 * time.Second,
		maxBody: 4 << 20,
		now:     time.Now,
		agent:   userAgent,
	}
	for _, o := range opts {
		if o == nil {
			continue
		}
		if err := o(c); err != nil {
			return nil, fmt.Errorf("wechat: %w", err)
		}
	}
	if c.carrier == nil {
		c.carrier = &lazyTransport{}
	}
	return c, nil
}

// closeIdle closes the carrier's idle connections if it can.
func (c *client) closeIdle() {
	if t, ok := c.carrier.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Call sends in to op and decodes the answer into an Out. in is a struct whose
// tags path, query and json say where each field travels, or nil; a Validator is
// asked first. An Out that is a Validator is asked too, so that an answer without
// what it was called for is an error. Use None for Out when the answer is empty.
// Every error is a *CallError; see OutcomeOf. Safe for concurrent use.
func Call[Out any](ctx context.Context, c Client, op Op, in any) (*Out, error) {
	out := new(Out)
	if err := call(ctx, coreOf(c), op, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// prepare checks the client and the request and says it in the client's dialect.
func (c *client) prepare(ctx context.Context, op Op, in any) (*message, error) {
	if c.fault != nil {
		return nil, notDone(op, c.fault)
	}
	if v, ok := in.(Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, notDone(op, err)
		}
	}
	m, err := c.dialect.encode(ctx, op, in)
	if err != nil {
		return nil, notDone(op, err)
	}
	return m, nil
}

func call(ctx context.Context, c *client, op Op, in, out any) error {
	m, err := c.prepare(ctx, op, in)
	if err != nil {
		return err
	}
	r, err := c.exchange(ctx, op, m)
	if err != nil {
		return err
	}
	return c.decode(op, r, out)
}

// decode reads a proved answer; what cannot be read was done all the same.
func (c *client) decode(op Op, r reply, out any) error {
	if _, none := out.(*None); none {
		return nil
	}
	err := c.dialect.decode(r, out)
	if v, ok := out.(Validator); ok && err == nil {
		err = v.Validate()
	}
	if err != nil {
		return &CallError{Op: op, Outcome: Done, Body: r.body, Err: fmt.Errorf("unreadable answer: %w", err)}
	}
	return nil
}
