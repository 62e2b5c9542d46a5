package wechat

import (
	"bytes"
	"fmt"
	"time"
)

// Beijing is the zone of every time WeChat writes, UTC+8 without summer time.
var Beijing = time.FixedZone("CST", 8*60*60)

// Time is a moment as WeChat writes it: RFC 3339 at +08:00 without fractions.
// Reading accepts fractions and any offset, and takes "" and null as the zero
// time; tag optional ones with omitzero.
type Time struct{ time.Time }

// MarshalText writes RFC 3339 at +08:00, or "" for the zero time.
func (t Time) MarshalText() ([]byte, error) {
	if t.IsZero() {
		return nil, nil
	}
	at := t.In(Beijing)
	if y := at.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("wechat: year %d does not fit RFC 3339", y)
	}
	return at.AppendFormat(nil, time.RFC3339), nil
}

// MarshalJSON writes the same as MarshalText, quoted.
func (t Time) MarshalJSON() ([]byte, error) {
	b, err := t.MarshalText()
	if err != nil {
		return nil, err
	}
	return append(append([]byte{'"'}, b...), '"'), nil
}

// UnmarshalJSON reads RFC 3339 with any offset; "" and null give the zero time.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return t.UnmarshalText(nil)
	}
	return t.UnmarshalText(bytes.Trim(b, `"`))
}

// UnmarshalText reads RFC 3339 with any offset; "" gives the zero time.
func (t *Time) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Time{}
		return nil
	}
	at, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return fmt.Errorf("wechat: a time of %d bytes is not RFC 3339", len(b))
	}
	*t = Time{at}
	return nil
}
