package token

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// limit is how often something may happen: gap apart, and at most so many times
// within the window.
type limit struct {
	gap    time.Duration
	most   int
	window time.Duration
}

var (
	// WeChat allows forced refreshes 30 s apart and 20 a day.
	forcedLimit = limit{gap: 30 * time.Second, most: 20, window: 24 * time.Hour}
	// Replacing refused tokens must not eat up the 2,000 classic fetches of a day,
	// whatever an endpoint answers.
	refusedLimit = limit{most: 10, window: 10 * time.Minute}
)

// allow returns the times worth keeping, and how long to wait before another; zero
// means now. A time in the future, left by a clock that was put back, counts for the
// number but not for the gap.
func (l limit) allow(times []time.Time, now time.Time) ([]time.Time, time.Duration) {
	times = slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool {
		age := now.Sub(t)
		return age >= l.window || age <= -l.window
	})
	slices.SortFunc(times, time.Time.Compare)
	times = times[max(0, len(times)-l.most):]
	wait := time.Duration(0)
	for _, t := range times {
		if age := now.Sub(t); age >= 0 && age < l.gap {
			wait = l.gap - age
		}
	}
	if len(times) == l.most {
		wait = max(wait, min(times[0].Add(l.window).Sub(now), l.window))
	}
	return times, wait
}

func tooSoon(wait time.Duration) error {
	return fmt.Errorf("%w: forced refreshes are allowed 30 s apart and 20 times a day; the next in %s", ErrTooSoon, wait.Round(time.Second))
}

// unique drops times of the same millisecond, which the Store and the process both know.
func unique(times []time.Time) []time.Time {
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })
}

func millis(times []time.Time) []byte {
	ms := make([]int64, len(times))
	for i, t := range times {
		ms[i] = t.UnixMilli()
	}
	b, _ := json.Marshal(ms) // cannot fail
	return b
}
