package wechattest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault arms f, as Pay.Fault does. Answers of 2014 have no headers to sign, so
// Unsigned, WrongSignature, Probe and Stale get the sign in Tenpay's XML wrong and
// leave JSON alone.
func (l *Legacy) Fault(f Fault) (disarm func()) { return l.faults.arm(f) }

// serve answers a request, with the fault it meets.
func (l *Legacy) serve(r *http.Request, target string) *answer {
	in, no := receive(r, target)
	if no != nil {
		return &answer{status: no.status, header: http.Header{}, cut: -1}
	}
	f := l.faults.pick(in)
	if f == nil {
		return l.answer(in)
	}
	if !f.After && (f.Kind == Status || f.Kind == HTML) {
		return f.legacyInstead()
	}
	a := f.legacySpoil(l.answer(in))
	if f.Kind == Slow && f.Delay <= 0 {
		<-r.Context().Done()
	} else if f.Kind == Slow {
		_ = l.clock.wait(r.Context(), f.Delay) // a caller that gave up does not see the answer
	}
	return a
}

// legacyInstead is what comes in place of an answer.
func (f *armed) legacyInstead() *answer {
	status := f.Status
	if status == 0 {
		status = map[Kind]int{Status: http.StatusInternalServerError, HTML: http.StatusBadGateway}[f.Kind]
	}
	return f.decorate(&answer{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: htmlPage(status), cut: -1})
}

func (f *armed) legacySpoil(a *answer) *answer {
	switch f.Kind {
	case LostReply:
		a.lost = true
	case CutBody:
		if a.cut = len(a.body) / 2; a.cut == 0 {
			a.lost = true // nothing to cut
		}
	case Status, HTML:
		return f.legacyInstead()
	case Unsigned, WrongSignature, Probe, Stale:
		if before, after, ok := bytes.Cut(a.body, []byte("<sign><![CDATA[")); ok {
			_, after, _ = bytes.Cut(after, []byte("]]></sign>"))
			wrong := []byte("<sign>" + strings.Repeat("0", 32) + "</sign>")
			if f.Kind == Unsigned {
				wrong = nil
			}
			a.body = slices.Concat(before, wrong, after)
		}
	}
	return f.decorate(a)
}

// FaultNotice arms f, as Pay.FaultNotice does. The event types are
// 2014.PAID, 2014.RIGHTS and 2014.ALARM. NoticeKeySwitch changes nothing: this generation has one pair of keys.
func (l *Legacy) FaultNotice(f NoticeFault) (disarm func()) {
	a := newNoticeFault(f)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spoils = append(slices.DeleteFunc(l.spoils, func(f *armedNotice) bool { return f.times == 0 }), a)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		a.times = 0
	}
}

// spoil finds the fault of a try; l.mu is held.
func (l *Legacy) spoil(n *legacyNotice) NoticeFault {
	shape := &notice{MchID: l.PartnerID, Trade: n.number, Event: n.kind}
	for _, f := range l.spoils {
		if f.times == 0 || !f.fits(shape) || f.Kind == NoticeReorder && n.held {
			continue
		}
		if f.take(l.dice) {
			return f.NoticeFault
		}
	}
	return NoticeFault{}
}

// deliver makes one try, with its copies, and keeps what came of it.
func (l *Legacy) deliver(ctx context.Context, n *legacyNotice, f NoticeFault) {
	if f.Kind == NoticeReorder {
		l.mu.Lock()
		defer l.mu.Unlock()
		n.held, n.at = true, l.clock.Now().Add(orTime(f.Delay, heldMost))
		_ = l.keep() // a failure ends the deliveries
		return
	}
	copies := 1
	if f.Kind == NoticeDuplicate {
		copies += max(f.Copies, 1)
	}
	tries := make([]LegacyDelivery, copies)
	var group sync.WaitGroup
	for i := range tries {
		if f.Together {
			group.Go(func() { tries[i] = l.send(ctx, n, f) })
		} else {
			tries[i] = l.send(ctx, n, f)
		}
	}
	group.Wait()
	if ctx.Err() != nil {
		return // closing: the try does not count and is made again after a restart
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deliveries = append(l.deliveries, tries...)
	n.tried(l.clock.Now(), f.Kind, tries[0].Accepted)
	for _, other := range l.due { // held back until another one was sent
		if other.held && !other.over && other != n && other.try == 0 {
			other.at = l.clock.Now()
		}
	}
	_ = l.keep() // a failure ends the deliveries
}

// tried notes a try: it was the last one, or the next is due on the schedule.
func (n *legacyNotice) tried(now time.Time, fault NoticeKind, accepted bool) {
	if fault == NoticeProbe {
		n.at = now.Add(probeGap)
		return
	}
	n.try++
	if n.over = accepted || fault == NoticeLose || n.try > len(legacyGaps); !n.over {
		n.at = now.Add(legacyGaps[n.try-1] * time.Second)
	}
}

// send brings one copy to the shop.
func (l *Legacy) send(ctx context.Context, n *legacyNotice, f NoticeFault) LegacyDelivery {
	out := LegacyDelivery{OutTradeNo: n.number, EventType: n.kind, Try: n.try + 1, At: l.clock.Now(), Fault: f.Kind}
	if f.Kind == NoticeDrop || f.Kind == NoticeLose {
		return out
	}
	address, body := n.address, n.body
	if f.Kind == NoticeProbe || f.Kind == NoticeWrongSignature {
		address, body = forged(address), bytes.Replace(body, []byte("<AppSignature><![CDATA["), []byte("<AppSignature><![CDATA[0"), 1)
	}
	status, answer, err := l.callShop(ctx, address, body)
	out.Status, out.At = status, l.clock.Now()
	out.Accepted = err == nil && status == http.StatusOK && string(answer) == "success" && f.Kind != NoticeLostAck
	return out
}

// forged is the address of a payment's notice with another sign.
func forged(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set("sign", strings.Repeat("0", 32))
	u.RawQuery = q.Encode()
	return u.String()
}

var errLegacyClosed = errors.New("wechattest: the simulator is closed, or its file takes no more")
