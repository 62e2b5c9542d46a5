package wechattest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	mostDeliveries = 100_000
	probeGap       = time.Second
	heldMost       = time.Minute
)

// Delivery is one try to bring a notice to a shop.
type Delivery struct {
	NoticeID, EventType string
	MchID, OutTradeNo   string
	OutRefundNo         string // notices of refunds
	URL                 string
	Try                 int // 1 for the first; copies and probes share a number
	At                  time.Time
	KeyID               string     // the platform key that signed
	Fault               NoticeKind // 0: none
	Status              int        // of the answer, 0 if there was none
	Err                 string     // why there was none
	Accepted            bool       // 200 or 204 in time, and heard by the simulator
}

// noticeDesk sends notices and ends refunds when they are due. Its fields are
// guarded by Pay.mu, which is not held while a shop is being asked.
type noticeDesk struct {
	p      *Pay
	moved  chan struct{}
	faults []*armedNotice
	held   map[string]string // notice id -> merchant number
	passed map[string]bool   // ids that were held back once
	log    []Delivery
	broken bool // the journal takes no more
}

func (d *noticeDesk) start(p *Pay) {
	d.p, d.moved, d.held, d.passed = p, make(chan struct{}, 1), map[string]string{}, map[string]bool{}
}

// wake tells a real clock to look at the agenda again.
func (d *noticeDesk) wake() {
	select {
	case d.moved <- struct{}{}:
	default:
	}
}

func (d *noticeDesk) changed() <-chan struct{} { return d.moved }

func (d *noticeDesk) next() (time.Time, bool) {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	if first := d.p.state.first(); first != nil && !d.broken && !d.p.closed {
		return first.at, true
	}
	return time.Time{}, false
}

// runDue does everything that is due now, and what becomes due by it.
func (d *noticeDesk) runDue(ctx context.Context) {
	for ctx.Err() == nil {
		job, ok := d.takeJob()
		if !ok {
			return
		}
		if job != nil {
			d.deliver(ctx, job)
		}
	}
}

// job is one notice on its way.
type job struct {
	n      *notice
	a      *account
	fault  NoticeFault
	copies int
}

// takeJob decides what to do next: a job to do without the lock, or nil and true
// when it was done under it.
func (d *noticeDesk) takeJob() (*job, bool) {
	p := d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.state.first()
	now := p.clock.Now()
	if first == nil || d.broken || p.closed || first.at.After(now) {
		return nil, false
	}
	if r := p.state.refunds[first.refund]; r != nil {
		d.keep(p.endRefund(r, refundSuccess)...)
		return nil, true
	}
	if c := p.state.complaints[first.complaint]; c != nil {
		d.keep(p.urge(c)...)
		return nil, true
	}
	n := p.state.notices[first.notice]
	f := d.pick(n)
	delete(d.held, n.ID)
	switch f.Kind {
	case NoticeReorder:
		d.held[n.ID], d.passed[n.ID] = n.MchID, true
		d.keep(record{Notice: n.postponed(now.Add(orTime(f.Delay, heldMost)))})
		return nil, true
	case NoticeLose:
		over := *n
		over.Over = true
		d.note(n, f, "", 0, errors.New("lost for good"), false)
		d.keep(record{Notice: &over})
		return nil, true
	case NoticeDrop:
		d.note(n, f, "", 0, errors.New("lost on the way"), false)
		d.keep(record{Notice: n.answered(now, false)})
		return nil, true
	}
	j := &job{n: n, a: p.state.accounts[n.MchID], fault: f}
	if f.Kind == NoticeDuplicate {
		j.copies = max(f.Copies, 1)
	}
	return j, true
}

// keep commits; p.mu is held. Without a journal nothing more may happen.
func (d *noticeDesk) keep(records ...record) {
	if err := d.p.commit(true, records...); err != nil {
		d.broken = true
	}
}

// deliver makes one try, with its copies, and keeps what came of it.
func (d *noticeDesk) deliver(ctx context.Context, j *job) {
	accepted := false
	if j.fault.Together {
		results := make([]bool, 1+j.copies)
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() { results[i] = d.send(ctx, j) })
		}
		group.Wait()
		accepted = results[0]
	} else {
		for i := range 1 + j.copies {
			ok := d.send(ctx, j)
			accepted = accepted || i == 0 && ok
		}
	}
	if ctx.Err() != nil {
		return // closing: the try does not count and is made again after a restart
	}
	p := d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if j.fault.Kind == NoticeProbe {
		d.keep(record{Notice: j.n.postponed(now.Add(probeGap))})
		return
	}
	d.keep(record{Notice: j.n.answered(now, accepted && j.fault.Kind != NoticeLostAck)})
	d.release(j.n.MchID, now)
}

// release lets notices go that were held back until another one was sent.
func (d *noticeDesk) release(mchID string, now time.Time) {
	for id, of := range d.held {
		if n := d.p.state.notices[id]; of == mchID && n != nil {
			delete(d.held, id)
			d.keep(record{Notice: n.postponed(now)})
		}
	}
}

// send brings one copy to the shop and notes the answer.
func (d *noticeDesk) send(ctx context.Context, j *job) bool {
	ctx, cancel := context.WithTimeout(ctx, d.p.noticeTimeout)
	defer cancel()
	k := j.key()
	status, heard, err := d.post(ctx, j, k)
	accepted := err == nil && heard && j.fault.Kind != NoticeLostAck
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	d.note(j.n, j.fault, k.ID, status, err, accepted)
	return accepted
}

// key is the platform key that signs this try.
func (j *job) key() platformKey {
	k, _ := j.a.platformKey(j.a.Notices)
	if j.fault.Kind == NoticeKeySwitch {
		for _, other := range j.a.Platform {
			if other.ID != k.ID {
				return other
			}
		}
	}
	return k
}

func (d *noticeDesk) post(ctx context.Context, j *job, k platformKey) (status int, heard bool, err error) {
	if j.n.V2 != "" {
		return d.p.postV2(ctx, j)
	}
	r, err := d.p.noticeRequest(ctx, j.n, j.a, k, signature{wrong: j.fault.Kind == NoticeWrongSignature, probe: j.fault.Kind == NoticeProbe})
	if err != nil {
		return 0, false, err
	}
	res, err := d.p.sender.Do(r)
	if err != nil {
		return 0, false, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // within the time limit too
	heard = res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNoContent
	return res.StatusCode, heard, errors.Join(err, res.Body.Close())
}

// note logs a try; p.mu is held.
func (d *noticeDesk) note(n *notice, f NoticeFault, keyID string, status int, err error, accepted bool) {
	e := Delivery{NoticeID: n.ID, EventType: n.Event, MchID: n.MchID, OutTradeNo: n.Trade, OutRefundNo: n.Refund, URL: n.URL,
		Try: n.Tries + 1, At: d.p.clock.Now(), KeyID: keyID, Fault: f.Kind, Status: status, Accepted: accepted}
	if err != nil {
		e.Err = err.Error()
	}
	if d.log = append(d.log, e); len(d.log) > mostDeliveries {
		d.log = append([]Delivery(nil), d.log[mostDeliveries/2:]...)
	}
}

// Deliveries are the tries made by this Pay since it started, oldest first, the
// last hundred thousand at most.
func (p *Pay) Deliveries() []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Delivery(nil), p.notes.log...)
}

// Pending is how many notices are still to be sent, again or for the first time.
func (p *Pay) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.state.notices)
}

func orTime(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
