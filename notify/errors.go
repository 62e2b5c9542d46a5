package notify

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/wxcommerce/wechat/sign"
)

// Why a notice was not acknowledged; they reach logs and observers, never the
// sender. Compare with errors.Is. A signature that proves nothing gives the errors
// of package sign, a resource that does not open seal.ErrOpen, and a handler its
// own error.
var (
	// ErrMethod means an HTTP method that no notice uses.
	ErrMethod = errors.New("notify: HTTP method not allowed")

	// ErrTooLarge means a body over the limit of WithMaxBody.
	ErrTooLarge = errors.New("notify: body too large")

	// ErrBody means that the body could not be read, or was empty.
	ErrBody = errors.New("notify: cannot read the body")

	// ErrMalformed means an authentic notice that is not what it should be: broken
	// JSON, doubled keys, a missing field, another type.
	ErrMalformed = errors.New("notify: malformed notice")

	// ErrOwner means an authentic notice about another merchant or another app.
	ErrOwner = errors.New("notify: the notice is about somebody else")

	// ErrUnknown means an event for which nothing is registered and no Fallback set.
	ErrUnknown = errors.New("notify: no handler for this event")

	// ErrBusy means that the same notice is being worked on at this moment.
	ErrBusy = errors.New("notify: the same notice is being handled")

	// ErrSeen means that the Seen store failed.
	ErrSeen = errors.New("notify: the store of seen notices failed")

	// ErrDeadline means that no answer was ready in time, or that the sender left.
	ErrDeadline = errors.New("notify: not finished in time")

	// ErrPanic means that the handler, or something called by it, panicked.
	ErrPanic = errors.New("notify: the handler panicked")

	// ErrMerchant means that Router found no handler for the merchant in the path.
	ErrMerchant = errors.New("notify: unknown merchant in the path")

	errNoEnd = errors.New("notify: the handler ended its goroutine without returning")
)

// statusOf is the HTTP status of a failure. Whatever looks like a stranger's work
// gets the same 401; whatever may go better next time gets 500. All of them make
// WeChat send again.
func statusOf(err error) int {
	var own *handlerError
	if errors.As(err, &own) {
		return http.StatusInternalServerError
	}
	for _, c := range []struct {
		err    error
		status int
	}{
		{ErrMethod, http.StatusMethodNotAllowed},
		{ErrTooLarge, http.StatusRequestEntityTooLarge},
		{ErrBody, http.StatusBadRequest},
		{ErrMerchant, http.StatusNotFound},
		{ErrOwner, http.StatusForbidden},
		{sign.ErrUnsigned, http.StatusUnauthorized},
		{sign.ErrProbe, http.StatusUnauthorized},
		{sign.ErrStale, http.StatusUnauthorized},
		{sign.ErrUnknownKey, http.StatusUnauthorized},
		{sign.ErrMismatch, http.StatusUnauthorized},
		{sign.ErrNoSign, http.StatusUnauthorized},
		{sign.ErrTwoSigns, http.StatusUnauthorized},
		{sign.ErrDowngrade, http.StatusUnauthorized},
	} {
		if errors.Is(err, c.err) {
			return c.status
		}
	}
	return http.StatusInternalServerError
}

// wordFor is all that a failure tells the sender.
func wordFor(status int) string {
	switch status {
	case http.StatusMethodNotAllowed:
		return "method not allowed"
	case http.StatusRequestEntityTooLarge:
		return "too large"
	case http.StatusBadRequest:
		return "bad request"
	case http.StatusNotFound:
		return "not found"
	case http.StatusForbidden:
		return "refused"
	case http.StatusUnauthorized:
		return "unauthorized"
	}
	return "not processed"
}

// panicked makes an error of a recovered panic: its type and where it happened.
// The value itself may hold anything, so it is not printed, except what the Go
// runtime says about its own errors.
func panicked(value any) error {
	what := fmt.Sprintf("%T", value)
	if e, ok := value.(runtime.Error); ok {
		what = e.Error()
	}
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var where []string
	for len(where) < 8 {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			where = append(where, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more {
			break
		}
	}
	return fmt.Errorf("%w: %s at %s", ErrPanic, what, strings.Join(where, " < "))
}
