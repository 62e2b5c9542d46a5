package token

import (
	"encoding/json"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

const (
	shortest = time.Minute     // a token is used so long, whatever life it is said to have
	longest  = 2 * time.Hour   // and no longer than this: the official maximum
	early    = 5 * time.Minute // WeChat has the next token ready this long before the end
)

// grant is a token as WeChat gave it.
type grant struct {
	token wechat.Token
	at    time.Time     // just before it was asked for
	life  time.Duration // at most longest
}

// entry is a token in use. It is immutable.
type entry struct {
	token  wechat.Token
	at     time.Time // what the spans below are counted from
	wall   int64     // the same in nanoseconds of the calendar
	fresh  time.Duration
	usable time.Duration
	stuck  bool // WeChat refused it and yet gave it out again
}

// entry counts g's life from now. The margin shrinks with the life that is left: a
// fixed one would have a token with 300 s left fetched at every call. The writer's
// clock may be a little ahead; if it is far ahead, or ours was put back, nobody knows
// how old g is, and it serves only until another is there.
func (g *grant) entry(now time.Time) *entry {
	margin := min(g.life/4, early)
	age := now.Sub(g.at)
	known := age > -early
	age = min(max(age, 0), g.life)
	e := &entry{token: g.token, at: now, wall: now.UnixNano(), usable: max(g.life, shortest) - age}
	if known {
		e.fresh = max(g.life-margin, shortest) - age // below zero is never
	}
	return e
}

func (e *entry) isFresh(now time.Time) bool { return e.age(now) < e.fresh }

func (e *entry) isUsable(now time.Time) bool { return e.age(now) < e.usable }

// age trusts the steady clock where now has one and the calendar as well, because a
// sleeping machine stops the one and not the other. A calendar that was put back is
// believed only where nothing else is known: the token counts as over.
func (e *entry) age(now time.Time) time.Duration {
	steady := now.Sub(e.at)
	if steady < 0 {
		return longest
	}
	return max(steady, time.Duration(now.UnixNano()-e.wall))
}

// refused is the entry after WeChat refused its token.
func (e *entry) refused() *entry {
	return &entry{token: e.token, at: e.at, wall: e.wall}
}

// record is how a grant lies in a Store.
type record struct {
	Token string `json:"token"`
	At    int64  `json:"at"`   // ms since 1970
	Life  int64  `json:"life"` // ms
}

func (g *grant) record() []byte {
	b, _ := json.Marshal(record{string(g.token.Bytes()), g.at.UnixMilli(), g.life.Milliseconds()}) // cannot fail
	return b
}

// parseRecord returns nil for anything that no Source has written.
func parseRecord(b []byte) *grant {
	var r record
	if json.Unmarshal(b, &r) != nil || checkToken(r.Token) != nil || r.Life <= 0 || r.Life > longest.Milliseconds() {
		return nil
	}
	return &grant{seal.NewKey(r.Token), time.UnixMilli(r.At), time.Duration(r.Life) * time.Millisecond}
}
