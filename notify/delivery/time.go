package delivery

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
)

// Time is a moment as these endpoints answer it, in seconds since 1970. It reads
// numbers and numbers in quotes; 0, "" and null are the zero time.
type Time struct{ time.Time }

// MarshalJSON writes the seconds, 0 for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("0"), nil
	}
	return strconv.AppendInt(nil, t.Unix(), 10), nil
}

// UnmarshalJSON reads seconds with or without quotes.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		b = nil
	}
	return t.UnmarshalText(bytes.Trim(b, `"`))
}

// UnmarshalText reads seconds, or nothing.
func (t *Time) UnmarshalText(b []byte) error {
	*t = Time{}
	if len(b) == 0 {
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return fmt.Errorf("delivery: a time of %d bytes is not a number of seconds", len(b))
	}
	if n > 0 {
		t.Time = time.Unix(n, 0).In(wechat.Beijing)
	}
	return nil
}

// stamp is the time of an upload: RFC 3339 with milliseconds, because a later one
// has to be later by it.
type stamp time.Time

func (s stamp) MarshalText() ([]byte, error) {
	return time.Time(s).In(wechat.Beijing).AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00"), nil
}

// flag reads true, 1 and either in quotes as true.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	*f = s == "true" || s == "1"
	return nil
}
