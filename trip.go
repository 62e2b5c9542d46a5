package wechat

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// patience is how long a host must have kept a caller waiting before the caller's
// own deadline counts against the host.
const patience = time.Second

// trip is what bounds one attempt, and what is learned on the way about whether a
// byte of it can have left.
type trip struct {
	ctx    context.Context //nolint:containedctx // lives no longer than the attempt
	stop   context.CancelFunc
	timer  *time.Timer // set for a download, which outlives its attempt
	upload *uploadBody // in use by the carrier
	trace  httptrace.ClientTrace
	wanted atomic.Bool // a connection was asked for
	given  atomic.Bool // and given
	began  time.Time   // not by the merchant's clock: this is about waiting
}

// newTrip gives an attempt its time: all of it, or, for a download, as much until
// the file begins; the rest takes as long as the caller allows.
func (c *client) newTrip(ctx context.Context, k *course) *trip {
	t := &trip{began: time.Now()}
	t.trace.GetConn = func(string) { t.wanted.Store(true) }
	t.trace.GotConn = func(httptrace.GotConnInfo) { t.given.Store(true) }
	if k.m.raw {
		end, cancel := context.WithCancelCause(ctx)
		t.timer = time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })
		t.ctx, t.stop = end, func() { cancel(nil) }
	} else {
		end := t.began.Add(c.timeout)
		if k.until.Before(end) {
			end = k.until
		}
		t.ctx, t.stop = context.WithDeadline(ctx, end)
	}
	t.ctx = httptrace.WithClientTrace(t.ctx, &t.trace)
	return t
}

// unconnected reports whether net/http looked for a connection and got none, which
// proves that nothing was sent. Other carriers do not tell, so it is false for them.
func (t *trip) unconnected() bool { return t.wanted.Load() && !t.given.Load() }

// hostsFault reports whether a failed trip speaks against the host rather than
// against the caller, who may have given up, or never have had the time.
func (t *trip) hostsFault(ctx context.Context) bool {
	over := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if end, ok := ctx.Deadline(); ok && ctx.Err() == nil {
		over = !time.Now().Before(end) // its timer may fire after ours, which ends at the same moment
	}
	if over {
		return time.Since(t.began) >= patience
	}
	return ctx.Err() == nil
}

// end frees what the attempt holds; streaming leaves the context to the download.
func (t *trip) end(streaming bool) {
	if t.timer != nil {
		t.timer.Stop()
	}
	if t.upload != nil {
		t.upload.retire()
	}
	if !streaming {
		t.stop()
	}
}

// download is a stream whose Close also frees its context.
type download struct {
	io.ReadCloser
	stop context.CancelFunc
}

func (d *download) Close() error {
	defer d.stop()
	return d.ReadCloser.Close()
}
