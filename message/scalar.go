package message

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ID is a number of a message, job, keyword or category. It may exceed 2^53 and is
// read whether WeChat writes it as a number or as text; "" and null are 0.
type ID int64

// UnmarshalJSON reads a number or the text of one.
func (i *ID) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		*i = 0
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("want a whole number, got %d bytes", len(b))
	}
	*i = ID(n)
	return nil
}

// JobID is the number of a publishing job, which WeChat mostly writes as text. It
// is sent as text.
type JobID string

// UnmarshalJSON reads text or a number.
func (j *JobID) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		*j = JobID(strings.TrimPrefix(string(b), "null"))
		return nil
	}
	return json.Unmarshal(b, (*string)(j))
}

// Bit is a yes or no that WeChat writes as 1 or 0.
type Bit bool

// MarshalJSON writes 1 or 0.
func (b Bit) MarshalJSON() ([]byte, error) {
	if b {
		return []byte{'1'}, nil
	}
	return []byte{'0'}, nil
}

// UnmarshalJSON reads 1, true and the text of them as yes and all else as no.
func (b *Bit) UnmarshalJSON(text []byte) error {
	s := strings.Trim(string(text), `"`)
	*b = s == "1" || s == "true"
	return nil
}

// Moment is a time that WeChat's lists write in seconds since 1970; 0 and "" are
// the zero time.
type Moment struct{ time.Time }

// UnmarshalJSON reads whole seconds.
func (m *Moment) UnmarshalJSON(b []byte) error {
	var n ID
	if err := n.UnmarshalJSON(b); err != nil {
		return err
	}
	*m = Moment{}
	if n != 0 {
		m.Time = time.Unix(int64(n), 0)
	}
	return nil
}

// MarshalJSON writes whole seconds, 0 for the zero time.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte{'0'}, nil
	}
	return strconv.AppendInt(nil, m.Unix(), 10), nil
}
