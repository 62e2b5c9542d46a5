// Package check holds what the packages under pay share: how their answers and
// times are read, beside the rules for fields of the package of the same name above.
package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
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

// Fields checks one field after another; see the package of the same name above.
type Fields = check.Fields

// Unresolved wraps the cause in why; see the package of the same name above.
func Unresolved(why, cause error) error { return check.Unresolved(why, cause) }

// Wait is sleep or a timer; see the package of the same name above.
func Wait(ctx context.Context, sleep func(context.Context, time.Duration) error, d time.Duration) error {
	return check.Wait(ctx, sleep, d)
}

// Poll looks on a schedule; see the package of the same name above.
func Poll(ctx context.Context, sleep func(context.Context, time.Duration) error, schedule []time.Duration, look func() (done bool)) error {
	return check.Poll(ctx, sleep, schedule, look)
}

// Stopped wraps err, which ended the waiting, and what went wrong last before it.
func Stopped(why, err, last error) error {
	if last != nil {
		err = fmt.Errorf("%w (after: %w)", err, last)
	}
	return check.Unresolved(why, err)
}
