package check

import (
	"encoding/json"
	"time"

	"github.com/wxcommerce/wechat"
)

// Time is a moment as the older generations write it: yyyyMMddHHmmss in Beijing,
// to the second. Reading also takes yyyy-MM-dd HH:mm:ss; any other text gives the
// zero time, because no time is worth losing an answer about money for.
type Time struct{ time.Time }

const stampLayout = "20060102150405"

// MarshalText writes yyyyMMddHHmmss, or nothing for the zero time.
func (t Time) MarshalText() ([]byte, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.In(wechat.Beijing).AppendFormat(nil, stampLayout), nil
}

// UnmarshalText never fails; see Time.
func (t *Time) UnmarshalText(b []byte) error {
	*t = Time{}
	for _, layout := range []string{stampLayout, time.DateTime} {
		if at, err := time.ParseInLocation(layout, string(b), wechat.Beijing); err == nil {
			t.Time = at
		}
	}
	return nil
}

// UnmarshalJSON reads what UnmarshalText reads, quoted.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = ""
	}
	return t.UnmarshalText([]byte(s))
}
