package wechattest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// NoticeKind is a way for a notice to go wrong.
type NoticeKind int

// The kinds of notice faults. A try that was meant to fail is followed by the
// next one on the schedule, except where it says otherwise.
const (
	// NoticeDuplicate sends Copies more of the notice, whatever the answers.
	NoticeDuplicate NoticeKind = iota + 1
	// NoticeReorder holds the notice back until another one of the same merchant
	// has been sent, at most Delay, or a minute if zero.
	NoticeReorder
	// NoticeProbe sends it with a signature that is wrong on purpose
	// (WECHATPAY/SIGNTEST/…); the genuine one follows a second later.
	NoticeProbe
	// NoticeWrongSignature signs other bytes.
	NoticeWrongSignature
	// NoticeKeySwitch signs with another platform key of the account, if there is one.
	NoticeKeySwitch
	// NoticeDrop loses the try on its way to the shop.
	NoticeDrop
	// NoticeLose drops the notice for good: no try ever arrives.
	NoticeLose
	// NoticeLostAck delivers it and loses the answer, so that it is sent again.
	NoticeLostAck
)

// NoticeFault makes notices go wrong. The zero value of every field but Kind means
// "any" or "as usual".
type NoticeFault struct {
	Kind NoticeKind
	// Event is an event type, or its beginning with a dot at the end: "REFUND.".
	Event             string
	MchID, OutTradeNo string
	Skip, Times       int     // as in Fault
	Chance            float64 // as in Fault
	Copies            int     // NoticeDuplicate: one if zero
	Together          bool    // NoticeDuplicate: all at the same time
	Delay             time.Duration
}

type armedNotice struct {
	NoticeFault
	skip, times int
}

// FaultNotice arms f. Faults are asked in the order they were armed at every try,
// and the first that fits has its way. The returned function disarms it.
func (p *Pay) FaultNotice(f NoticeFault) (disarm func()) {
	a := newNoticeFault(f)
	p.mu.Lock()
	defer p.mu.Unlock()
	spent := func(f *armedNotice) bool { return f.times == 0 }
	p.notes.faults = append(slices.DeleteFunc(p.notes.faults, spent), a)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		a.times = 0
	}
}

func newNoticeFault(f NoticeFault) *armedNotice {
	if f.Times == 0 {
		f.Times = 1
		if f.Chance > 0 {
			f.Times = -1
		}
	}
	return &armedNotice{NoticeFault: f, skip: f.Skip, times: f.Times}
}

// take uses the fault up for one try; false lets the try pass.
func (f *armedNotice) take(dice *rand.Rand) bool {
	if f.skip > 0 {
		f.skip--
		return false
	}
	if f.Chance > 0 && dice.Float64() >= f.Chance {
		return false
	}
	if f.times > 0 {
		f.times--
	}
	return true
}

// pick finds the fault of a try. p.mu is held.
func (d *noticeDesk) pick(n *notice) NoticeFault {
	for _, f := range d.faults {
		if f.times == 0 || !f.fits(n) {
			continue
		}
		if f.Kind == NoticeReorder && n.Tries == 0 && d.passed[n.ID] {
			continue // it was held back once
		}
		if f.take(d.p.dice) {
			return f.NoticeFault
		}
	}
	return NoticeFault{}
}

func (f *armedNotice) fits(n *notice) bool {
	switch {
	case f.MchID != "" && f.MchID != n.MchID, f.OutTradeNo != "" && f.OutTradeNo != n.Trade:
		return false
	case strings.HasSuffix(f.Event, "."):
		return strings.HasPrefix(n.Event, f.Event)
	}
	return f.Event == "" || f.Event == n.Event
}

// String names the fault.
func (k NoticeKind) String() string {
	names := [...]string{"none", "duplicate", "reorder", "probe", "wrong signature", "key switch", "drop", "lose", "lost ack"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("NoticeKind(%d)", int(k))
	}
	return names[k]
}
