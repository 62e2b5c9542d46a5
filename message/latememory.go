package message

import "time"

const (
	remembers = time.Minute // WeChat has sent the last copy of a push long before
	mostKept  = 10_000      // answers in memory; the oldest go first
)

// memory holds the latest answers, so that a copy of a push gets the same one without
// the shop's function being asked again. The Late's mutex guards it.
type memory struct {
	byKey map[string]told
	order []string // keys, oldest first; one that was told anew is there twice
}

// told is an answer and when it was given.
type told struct {
	m  Message
	at time.Time
}

// keep notes what a push was answered, or Silence if the message was sent.
func (y *memory) keep(key string, m Message, now time.Time) {
	if key == "" {
		return
	}
	for len(y.order) > 0 && (len(y.order) >= mostKept || now.Sub(y.byKey[y.order[0]].at) >= remembers) {
		delete(y.byKey, y.order[0])
		y.order = y.order[1:]
	}
	if y.byKey == nil {
		y.byKey = map[string]told{}
	}
	y.byKey[key] = told{m, now}
	y.order = append(y.order, key)
}

// find is the answer that a push of this key has got already.
func (y *memory) find(key string, now time.Time) (Message, bool) {
	t, ok := y.byKey[key]
	return t.m, ok && now.Sub(t.at) < remembers
}
