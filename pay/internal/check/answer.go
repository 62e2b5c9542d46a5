package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
)

// Refusal is the error that WeChat Pay provably answered with, or nil.
func Refusal(err error) *wechat.APIError {
	var api *wechat.APIError
	if errors.As(err, &api) && api.Verified {
		return api
	}
	return nil
}

// Absent reports whether WeChat Pay provably says that there is no such thing.
func Absent(err error) bool {
	api := Refusal(err)
	return api != nil && api.Status == http.StatusNotFound
}

// Status reports whether the answer, proved or not, had this status.
func Status(err error, status int) bool {
	var api *wechat.APIError
	return errors.As(err, &api) && api.Status == status
}

// Hopeless reports whether asking again cannot help: the caller is not allowed to,
// or the request was never fit to be sent.
func Hopeless(err error) bool {
	var field *wechat.FieldError
	return errors.As(err, &field) || Status(err, http.StatusUnauthorized) || Status(err, http.StatusForbidden)
}

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
