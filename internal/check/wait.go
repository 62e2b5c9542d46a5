package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// Unresolved wraps the cause in why. The cause's own outcome is about the last
// request only and must not be taken for that of the order or refund.
func Unresolved(why, cause error) error {
	if cause == nil {
		return why
	}
	var call *wechat.CallError
	if !errors.As(cause, &call) {
		return fmt.Errorf("%w: %w", why, cause)
	}
	if error(call) == cause { // its operation is going to be said once already
		cause = call.Err
	}
	return &wechat.CallError{Op: call.Op, Outcome: wechat.Unknown, Err: fmt.Errorf("%w: %w", why, cause)}
}

// Wait is sleep if that is not nil, and otherwise waits for d or until ctx ends,
// whose error it then returns.
func Wait(ctx context.Context, sleep func(context.Context, time.Duration) error, d time.Duration) error {
	if sleep != nil {
		return sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Poll calls look at each moment of schedule, counted from the call, until look says
// that it need not be called again. The error is that of waiting.
func Poll(ctx context.Context, sleep func(context.Context, time.Duration) error, schedule []time.Duration, look func() (done bool)) error {
	before := time.Duration(0)
	for _, at := range schedule {
		if err := Wait(ctx, sleep, at-before); err != nil {
			return err
		}
		if before = at; look() {
			return nil
		}
	}
	return nil
}
