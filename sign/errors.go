package sign

import (
	"errors"
	"fmt"
)

// The causes for which Verify refuses a message; compare with errors.Is. None of
// them says that an operation failed: it says that the message proves nothing.
var (
	// ErrUnsigned means that the four signature headers are not there exactly once
	// each, or that one of them cannot be read.
	ErrUnsigned = errors.New("sign: no usable WeChat Pay signature")

	// ErrProbe means that WeChat Pay sent a wrong signature on purpose, to see that
	// it is refused. Answer a callback with an error status, process nothing; the
	// genuine message follows. It deserves a log line, no alarm.
	ErrProbe = errors.New("sign: this is a WeChat Pay signature probe, wrong on purpose: refuse it, the genuine message follows")

	// ErrStale means that the message is 300 seconds or more away from this
	// machine's clock, in either direction.
	ErrStale = errors.New("sign: message time is outside the 5-minute window")

	// ErrUnknownKey means that no valid platform key has the id in Wechatpay-Serial.
	ErrUnknownKey = errors.New("sign: unknown platform key")

	// ErrMismatch means that the signature is not one of this key over these bytes.
	ErrMismatch = errors.New("sign: signature does not match")
)

// because adds to a cause what was found and what to do about it.
func because(cause error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", cause, fmt.Sprintf(format, args...))
}

// show quotes a value that came from outside, short enough for a log line.
func show(s string) string {
	const most = 64
	if len(s) > most {
		return fmt.Sprintf("%q (first %d of %d bytes)", s[:most], most, len(s))
	}
	return fmt.Sprintf("%q", s)
}
