package wechattest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

const (
	pushTries = 4 // the first and three more
	pushGap   = 5 * time.Second
)

// PushDelivery is one try to bring a message or an event to the app's server.
type PushDelivery struct {
	OpenID, MsgType, Event string
	MsgID                  int64 // 0 for events
	Try                    int   // 1 for the first
	At                     time.Time
	Status                 int    // of the answer, 0 if there was none
	Err                    string // why there was none, or what is wrong with it
	Accepted               bool   // answered in time, in a way that ends the tries
	Reply                  string // the type of the passive reply, "" if there was none
}

// pushDesk holds what is to be pushed; App.mu guards it.
type pushDesk struct {
	set   AppPush
	due   []duePush
	log   []PushDelivery
	lastM int64
}

type duePush struct {
	*pushed
	at time.Time
}

// push sends a message of the user to the app's server; a.mu is held. The members
// that all messages have are added.
func (a *App) push(openID, msgType string, items ...pushItem) {
	now := a.clock.Now()
	head := []pushItem{{"ToUserName", a.UserName}, {"FromUserName", openID}, {"CreateTime", now.Unix()}, {"MsgType", msgType}}
	if a.pushes.set.URL == "" {
		return
	}
	a.pushes.due = append(a.pushes.due, duePush{&pushed{openID: openID, items: append(head, items...)}, now})
	a.wake()
}

// pushMessage is push with a number of its own, which it returns.
func (a *App) pushMessage(openID, msgType string, items ...pushItem) int64 {
	a.pushes.lastM = max(a.pushes.lastM+1, a.clock.Now().UnixMilli()*10_000+23_000_000_000_000_000)
	a.push(openID, msgType, append(items, pushItem{"MsgId", a.pushes.lastM})...)
	return a.pushes.lastM
}

// pushEvent is push for an event; a.mu is held.
func (a *App) pushEvent(openID, event string, items ...pushItem) {
	a.push(openID, "event", append([]pushItem{{"Event", event}}, items...)...)
}

// wake tells a real clock to look at the agenda again.
func (a *App) wake() {
	select {
	case a.moved <- struct{}{}:
	default:
	}
}

func (a *App) changed() <-chan struct{} { return a.moved }

func (a *App) next() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.nextShipping()
	if i := a.firstDue(); i >= 0 && (!ok || a.pushes.due[i].at.Before(at)) {
		at, ok = a.pushes.due[i].at, true
	}
	if m := a.nextMass(); m != nil && !a.closed && (!ok || m.done.Before(at)) {
		at, ok = m.done, true
	}
	return at, ok
}

// firstDue is the index of what is due first, -1 if nothing is; a.mu is held.
func (a *App) firstDue() int {
	first := -1
	for i, d := range a.pushes.due {
		if !a.closed && (first < 0 || d.at.Before(a.pushes.due[first].at)) {
			first = i
		}
	}
	return first
}

func (a *App) runDue(ctx context.Context) {
	for ctx.Err() == nil {
		a.mu.Lock()
		for m := a.nextMass(); m != nil && !a.closed && !m.done.After(a.clock.Now()); m = a.nextMass() {
			a.arrive(m)
		}
		a.runShipping(a.clock.Now())
		i := a.firstDue()
		if i < 0 || a.pushes.due[i].at.After(a.clock.Now()) {
			a.mu.Unlock()
			return
		}
		m, set := a.pushes.due[i].pushed, a.pushes.set
		a.pushes.due = slices.Delete(a.pushes.due, i, i+1)
		a.mu.Unlock()
		a.deliver(ctx, set, m)
	}
}

// deliver makes one try and keeps what came of it.
func (a *App) deliver(ctx context.Context, set AppPush, m *pushed) {
	m.tries++
	status, body, err := a.post(ctx, set, m)
	if ctx.Err() != nil {
		return // closing
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	d := PushDelivery{OpenID: m.openID, MsgType: m.textOf("MsgType"), Event: m.textOf("Event"), MsgID: m.numberOf("MsgId"), Try: m.tries, At: a.clock.Now(), Status: status}
	switch {
	case err != nil:
		d.Err = err.Error()
	case status != http.StatusOK:
		d.Err = "want status 200"
	default:
		d.Accepted = true
		if d.Reply, err = a.reply(set, m, body); err != nil {
			d.Err = err.Error()
		}
	}
	switch p := a.people.all[m.openID]; {
	case d.Accepted:
	case m.tries < pushTries:
		a.pushes.due = append(a.pushes.due, duePush{m, a.clock.Now().Add(pushGap)})
	case p != nil && m.textOf("MsgType") != "event":
		p.show(a.clock.Now(), ChatEntry{From: FromSystem, Type: "text", Text: unavailable})
	}
	a.pushes.log = append(a.pushes.log, d)
}

// post makes one try without the lock.
func (a *App) post(ctx context.Context, set AppPush, m *pushed) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.PushTimeout)
	defer cancel()
	r, err := a.pushRequest(ctx, set, m)
	if err != nil {
		return 0, nil, err
	}
	res, err := a.sender.Do(r)
	if err != nil {
		return 0, nil, err
	}
	body, err = readSome(res.Body)
	return res.StatusCode, body, errors.Join(err, res.Body.Close())
}

// textOf is a member of the message, "" if it has none.
func (m *pushed) textOf(name string) string {
	for _, it := range m.items {
		if s, ok := it.value.(string); ok && it.name == name {
			return s
		}
	}
	return ""
}

func (m *pushed) numberOf(name string) int64 {
	for _, it := range m.items {
		if n, ok := it.value.(int64); ok && it.name == name {
			return n
		}
	}
	return 0
}

// Pushes are all tries so far, oldest first.
func (a *App) Pushes() []PushDelivery {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.pushes.log)
}
