package wechattest

import (
	"fmt"
	"slices"
)

func (a *App) routeSubscribe() {
	a.route("POST", "/cgi-bin/message/subscribe/bizsend", (*App).sendSubscribe).only(OfficialAccount)
	a.route("POST", "/cgi-bin/message/subscribe/send", (*App).sendSubscribe).only(MiniProgram)
	a.route("GET", "/wxaapi/newtmpl/gettemplate", (*App).listSubscribe).only(OfficialAccount, MiniProgram)
	a.route("POST", "/wxaapi/newtmpl/deltemplate", (*App).deleteSubscribe).only(OfficialAccount, MiniProgram)
}

// AddSubscription gives the account a template for subscription messages; its id,
// which is made if t has none.
func (a *App) AddSubscription(t Template) (templateID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.ID == "" {
		t.ID = randomText(43)
	}
	a.templates.subscribe = append(a.templates.subscribe, t)
	return t.ID
}

// Consent is the user's answer to the subscription window of a page that asks for
// these templates, of which accepted ones may be sent once more. The event is pushed.
// It fails with ErrNoSuchThing.
func (a *App) Consent(u User, asked, accepted []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	var list [][]pushItem
	for _, id := range asked {
		t, status := find(a.templates.subscribe, id), "reject"
		if t == nil {
			return fmt.Errorf("%w: no template %q for subscription messages", ErrNoSuchThing, id)
		}
		if slices.Contains(accepted, id) {
			status = "accept"
		}
		list = append(list, []pushItem{{"TemplateId", id}, {"SubscribeStatusString", status}, {"PopupScene", "2"}})
	}
	for _, id := range asked {
		if slices.Contains(accepted, id) {
			p.consents[id]++
		}
	}
	a.pushEvent(p.openID, "subscribe_msg_popup_event", pushItem{"SubscribeMsgPopupEvent", []pushItem{{"List", list}}})
	return nil
}

// Withdraw is a user who takes consents back in his settings. The event is pushed.
func (a *App) Withdraw(u User, templateIDs ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	var list [][]pushItem
	for _, id := range templateIDs {
		delete(p.consents, id)
		list = append(list, []pushItem{{"TemplateId", id}, {"SubscribeStatusString", "reject"}})
	}
	a.pushEvent(p.openID, "subscribe_msg_change_event", pushItem{"SubscribeMsgChangeEvent", []pushItem{{"List", list}}})
}

func (a *App) sendSubscribe(c *appCall) (any, *errcode) {
	var b templateBody
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p, t := a.people.all[b.To], find(a.templates.subscribe, b.Template)
	switch {
	case p == nil:
		return nil, wrong(40003, "invalid openid")
	case t == nil:
		return nil, wrong(40037, "invalid template_id")
	case p.consents[t.ID] == 0:
		return nil, wrong(43101, "user refuse to accept the msg")
	}
	values, e := t.fill(b.Data)
	if e != nil {
		return nil, e
	}
	if !t.LongTerm {
		p.consents[t.ID]--
	}
	a.templates.made++
	id := 3_000_000_000_000_000_000 + a.templates.made
	entry := ChatEntry{From: FromAccount, Type: "subscribe", Way: "subscribe", Title: t.Title, URL: b.Page, AppID: b.Mini.AppID, Page: b.Mini.Page, Values: values, MsgID: id}
	if a.cfg.Kind == MiniProgram {
		entry.URL, entry.AppID, entry.Page = "", a.AppID, b.Page
	}
	p.show(c.now, entry)
	a.pushEvent(p.openID, "subscribe_msg_sent_event", pushItem{"SubscribeMsgSentEvent", []pushItem{{"List",
		[]pushItem{{"TemplateId", t.ID}, {"MsgID", decimal(id)}, {"ErrorCode", "0"}, {"ErrorStatus", "success"}}}}})
	return nil, nil
}

func (a *App) listSubscribe(*appCall) (any, *errcode) {
	type item struct {
		ID      string `json:"priTmplId"`
		Title   string `json:"title"`
		Content string `json:"content"`
		Example string `json:"example"`
		Type    int    `json:"type"`
	}
	list := []item{}
	for _, t := range a.templates.subscribe {
		kind := 2
		if t.LongTerm {
			kind = 3
		}
		list = append(list, item{t.ID, t.Title, t.Content, "", kind})
	}
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		List []item `json:"data"`
	}{0, "ok", list}, nil
}

func (a *App) deleteSubscribe(c *appCall) (any, *errcode) {
	var b struct {
		ID string `json:"priTmplId"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if find(a.templates.subscribe, b.ID) == nil {
		return nil, wrong(200014, "template does not exist")
	}
	a.templates.subscribe = slices.DeleteFunc(a.templates.subscribe, func(t Template) bool { return t.ID == b.ID })
	return nil, nil
}
