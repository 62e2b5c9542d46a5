package wechattest

import (
	"encoding/json"
	"fmt"
	"time"
)

const (
	massDelay   = 5 * time.Second // until everybody has it
	massMonthly = 4               // messages a user gets in a month
)

// massDesk keeps mass messages; App.mu guards it.
type massDesk struct {
	all   []*massMessage
	made  int64
	speed int
}

type massMessage struct {
	id       int64
	entry    ChatEntry
	to       []string
	clientID string
	at, done time.Time
	sent     bool
	deleted  bool
}

func (a *App) routeMass() {
	a.route("POST", "/cgi-bin/message/mass/sendall", massSend(true)).limited(100).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/send", massSend(false)).limited(100).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/preview", (*App).massPreview).limited(100).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/get", (*App).massState).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/delete", (*App).massDelete).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/speed/get", (*App).massSpeed).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/mass/speed/set", (*App).massSetSpeed).only(OfficialAccount)
}

type massBody struct {
	Filter struct {
		All bool `json:"is_to_all"`
		Tag int  `json:"tag_id"`
	} `json:"filter"`
	To json.RawMessage `json:"touser"`
	said
	ClientID string `json:"clientmsgid"`
}

func massSend(filtered bool) appEndpoint {
	return func(a *App, c *appCall) (any, *errcode) {
		var b massBody
		if e := c.decode(&b); e != nil {
			return nil, e
		}
		to, e := a.massTargets(&b, filtered)
		if e != nil {
			return nil, e
		}
		return a.mass(c, b, to)
	}
}

func (a *App) massTargets(b *massBody, filtered bool) (to []string, e *errcode) {
	if !filtered {
		if json.Unmarshal(b.To, &to) != nil || len(to) < 2 || len(to) > 10_000 {
			return nil, wrong(40032, "invalid openid list size")
		}
		return to, nil
	}
	switch {
	case b.Filter.All:
		return append(to, a.people.followers...), nil
	case b.Filter.Tag != 2 && a.tags.find(b.Filter.Tag) == nil:
		return nil, wrong(45159, "invalid tag id")
	}
	return a.tagged(b.Filter.Tag), nil
}

// mass accepts a message; what comes of it is pushed when it has been sent.
func (a *App) mass(c *appCall, b massBody, to []string) (any, *errcode) {
	entry, e := a.entry(b.said)
	switch {
	case e != nil:
		return nil, e
	case b.Type == "news" || b.Type == "video" || b.Type == "music" || b.Type == "msgmenu":
		return nil, wrong(40008, "invalid message type")
	case len(b.ClientID) > 32:
		return nil, wrong(45067, "clientmsgid size out of limit")
	}
	for _, m := range a.masses.all {
		if b.ClientID != "" && m.clientID == b.ClientID {
			return nil, &errcode{45065, "clientmsgid exist", fmt.Appendf(nil, `,"msg_id":%d`, m.id)}
		}
	}
	a.masses.made++
	m := &massMessage{id: 3_147_483_000 + a.masses.made, entry: entry, to: to, clientID: b.ClientID, at: c.now, done: c.now.Add(massDelay)}
	a.masses.all = append(a.masses.all, m)
	a.wake()
	out := struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		ID   int64  `json:"msg_id"`
		Data int64  `json:"msg_data_id,omitempty"`
	}{Text: "send job submission success", ID: m.id}
	if b.Type == "mpnews" {
		out.Data = 2_247_483_000 + a.masses.made
	}
	return out, nil
}

// nextMass is when the next mass message arrives; a.mu is held.
func (a *App) nextMass() *massMessage {
	for _, m := range a.masses.all {
		if !m.sent && !m.deleted {
			return m // they are sent in order
		}
	}
	return nil
}

// arrive shows a mass message to those who get it and pushes the result; a.mu is
// held.
func (a *App) arrive(m *massMessage) {
	m.sent = true
	now := a.clock.Now()
	filtered, shown := 0, 0
	for _, id := range m.to {
		p := a.people.all[id]
		if p == nil || !p.follows() || p.blocked || p.massThisMonth(now) >= massMonthly {
			continue
		}
		filtered++
		if p.silent {
			continue
		}
		e := m.entry
		e.Way, e.MsgID = "mass", m.id
		p.show(now, e)
		shown++
	}
	n := func(i int) int64 { return int64(i) }
	a.pushEvent(User{Name: "mass sender"}.OpenID(a.AppID), "MASSSENDJOBFINISH", pushItem{"MsgID", m.id}, pushItem{"Status", "send success"}, pushItem{"TotalCount", n(len(m.to))},
		pushItem{"FilterCount", n(filtered)}, pushItem{"SentCount", n(shown)}, pushItem{"ErrorCount", n(filtered - shown)})
}

// massThisMonth is how many mass messages the user got this month.
func (p *person) massThisMonth(now time.Time) (n int) {
	for _, e := range p.chat {
		if e.Way == "mass" && e.At.Year() == now.Year() && e.At.Month() == now.Month() {
			n++
		}
	}
	return n
}

func (a *App) massPreview(c *appCall) (any, *errcode) {
	var b struct {
		massBody
		Name string `json:"towxname"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	var id string
	_ = json.Unmarshal(b.To, &id) // what is not a text finds nobody
	p := a.people.all[id]
	for _, q := range a.people.all {
		if b.Name != "" && q.user.Name == b.Name {
			p = q
		}
	}
	if p == nil || !p.follows() {
		return nil, wrong(40003, "invalid openid")
	}
	e, no := a.entry(b.said)
	if no != nil {
		return nil, no
	}
	a.masses.made++
	e.Way, e.MsgID = "preview", 3_147_483_000+a.masses.made
	p.show(c.now, e)
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		ID   int64  `json:"msg_id"`
	}{0, "preview success", e.MsgID}, nil
}

// massMessage finds the message that the body names.
func (a *App) massMessage(c *appCall) (*massMessage, *errcode) {
	var b struct {
		ID json.Number `json:"msg_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	for _, m := range a.masses.all {
		if decimal(m.id) == b.ID.String() {
			return m, nil
		}
	}
	return nil, wrong(40059, "invalid msg id")
}

func (a *App) massState(c *appCall) (any, *errcode) {
	m, e := a.massMessage(c)
	if e != nil {
		return nil, e
	}
	status := "SENDING"
	switch {
	case m.deleted:
		status = "DELETE"
	case m.sent:
		status = "SEND_SUCCESS"
	}
	return struct {
		ID     int64  `json:"msg_id"`
		Status string `json:"msg_status"`
	}{m.id, status}, nil
}

func (a *App) massDelete(c *appCall) (any, *errcode) {
	m, e := a.massMessage(c)
	if e != nil {
		return nil, e
	}
	m.deleted = true
	return nil, nil
}

var massSpeeds = [...]int{80, 60, 45, 30, 10} // ten thousand a minute

func (a *App) massSpeed(*appCall) (any, *errcode) {
	return struct {
		Speed int `json:"speed"`
		Real  int `json:"realspeed"`
	}{a.masses.speed, massSpeeds[a.masses.speed]}, nil
}

func (a *App) massSetSpeed(c *appCall) (any, *errcode) {
	var b struct {
		Speed int `json:"speed"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.Speed < 0 || b.Speed >= len(massSpeeds) {
		return nil, wrong(45083, "speed is out of range")
	}
	a.masses.speed = b.Speed
	return nil, nil
}
