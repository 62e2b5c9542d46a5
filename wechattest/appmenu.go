package wechattest

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// menuDesk keeps the menus; App.mu guards it.
type menuDesk struct {
	standard    *menu
	conditional []*menu // oldest first
	made        int64
}

type menu struct {
	id      int64
	buttons []menuButton
	rule    menuRule
}

// menuButton is a button as it travels.
type menuButton struct {
	Type      string       `json:"type,omitempty"`
	Name      string       `json:"name"`
	Key       string       `json:"key,omitempty"`
	URL       string       `json:"url,omitempty"`
	MediaID   string       `json:"media_id,omitempty"`
	ArticleID string       `json:"article_id,omitempty"`
	AppID     string       `json:"appid,omitempty"`
	Page      string       `json:"pagepath,omitempty"`
	Sub       []menuButton `json:"sub_button"`
}

type menuRule struct {
	Tag      string `json:"tag_id,omitempty"`
	Platform string `json:"client_platform_type,omitempty"`
}

func (a *App) routeMenu() {
	a.route("POST", "/cgi-bin/menu/create", (*App).createMenu).limited(1000).only(OfficialAccount)
	a.route("GET", "/cgi-bin/menu/get", (*App).getMenu).limited(10_000).only(OfficialAccount)
	a.route("GET", "/cgi-bin/menu/delete", (*App).deleteMenu).limited(1000).only(OfficialAccount)
	a.route("GET", "/cgi-bin/get_current_selfmenu_info", (*App).currentMenu).limited(10_000).only(OfficialAccount)
	a.route("POST", "/cgi-bin/menu/addconditional", (*App).addConditional).limited(2000).only(OfficialAccount)
	a.route("POST", "/cgi-bin/menu/delconditional", (*App).deleteConditional).limited(2000).only(OfficialAccount)
	a.route("POST", "/cgi-bin/menu/trymatch", (*App).tryMatch).limited(20_000).only(OfficialAccount)
}

type menuBody struct {
	Buttons []menuButton `json:"button"`
	Rule    menuRule     `json:"matchrule"`
}

// menuBody reads and checks buttons.
func (a *App) menuBody(c *appCall) (b menuBody, e *errcode) {
	if bytes.Contains(c.body, []byte(`\u`)) {
		return b, wrong(40033, "invalid charset. please check your request, if include \\uxxxx will create fail!")
	}
	if e := c.decode(&b); e != nil {
		return b, e
	}
	if len(b.Buttons) < 1 || len(b.Buttons) > 3 {
		return b, wrong(40016, "invalid button size")
	}
	for i := range b.Buttons {
		if e := a.checkButton(&b.Buttons[i], 1); e != nil {
			return b, e
		}
	}
	return b, nil
}

func (a *App) createMenu(c *appCall) (any, *errcode) {
	b, e := a.menuBody(c)
	if e != nil {
		return nil, e
	}
	a.menus.standard = a.menus.add(b.Buttons)
	return nil, nil
}

func (d *menuDesk) add(buttons []menuButton) *menu {
	d.made++
	return &menu{id: 208_000_000 + d.made, buttons: buttons}
}

func (a *App) getMenu(*appCall) (any, *errcode) {
	if a.menus.standard == nil {
		return nil, wrong(46003, "menu no exist")
	}
	type standard struct {
		Buttons []menuButton `json:"button"`
		ID      int64        `json:"menuid"`
	}
	type conditional struct {
		Buttons []menuButton `json:"button"`
		Rule    menuRule     `json:"matchrule"`
		ID      int64        `json:"menuid"`
	}
	out := struct {
		Menu        standard      `json:"menu"`
		Conditional []conditional `json:"conditionalmenu,omitempty"`
	}{Menu: standard{a.menus.standard.buttons, a.menus.standard.id}}
	for _, m := range slices.Backward(a.menus.conditional) {
		out.Conditional = append(out.Conditional, conditional{m.buttons, m.rule, m.id})
	}
	return out, nil
}

func (a *App) deleteMenu(*appCall) (any, *errcode) {
	a.menus.standard, a.menus.conditional = nil, nil
	return nil, nil
}

func (a *App) currentMenu(*appCall) (any, *errcode) {
	type nest struct {
		List []menuButton `json:"list"`
	}
	type current struct {
		menuButton
		Sub *nest `json:"sub_button,omitempty"` // hides the plain one
	}
	type info struct {
		Buttons []current `json:"button"`
	}
	out := struct {
		Open int  `json:"is_menu_open"`
		Info info `json:"selfmenu_info"`
	}{Info: info{[]current{}}}
	if a.menus.standard == nil {
		return out, nil
	}
	out.Open = 1
	for _, b := range a.menus.standard.buttons {
		one := current{menuButton: b}
		if len(b.Sub) > 0 {
			one.Sub = &nest{b.Sub}
		}
		out.Info.Buttons = append(out.Info.Buttons, one)
	}
	return out, nil
}

func (a *App) addConditional(c *appCall) (any, *errcode) {
	b, e := a.menuBody(c)
	tag, err := strconv.Atoi(b.Rule.Tag)
	switch {
	case e != nil:
		return nil, e
	case a.menus.standard == nil:
		return nil, wrong(65303, "there is no selfmenu, please create selfmenu first")
	case b.Rule == menuRule{}:
		return nil, wrong(65304, "match rule empty")
	case b.Rule.Tag != "" && (err != nil || a.tags.find(tag) == nil):
		return nil, wrong(45159, "invalid tag id")
	case b.Rule.Platform != "" && !slices.Contains([]string{"1", "2", "3"}, b.Rule.Platform):
		return nil, wrong(40097, "invalid args")
	case len(a.hosts(b.Buttons)) > 3:
		return nil, wrong(65316, "the menu uses too many external domains")
	}
	m := a.menus.add(b.Buttons)
	m.rule = b.Rule
	a.menus.conditional = append(a.menus.conditional, m)
	return struct {
		ID string `json:"menuid"`
	}{strconv.FormatInt(m.id, 10)}, nil
}

// hosts are the domains that the conditional menus and these buttons lead to.
func (a *App) hosts(more []menuButton) map[string]bool {
	all := map[string]bool{}
	lists := [][]menuButton{more}
	for _, m := range a.menus.conditional {
		lists = append(lists, m.buttons)
	}
	for _, list := range lists {
		for b := range leaves(list) {
			if _, rest, ok := strings.Cut(b.URL, "://"); ok {
				host, _, _ := strings.Cut(rest, "/")
				all[host] = true
			}
		}
	}
	return all
}

func (a *App) deleteConditional(c *appCall) (any, *errcode) {
	var b struct {
		ID string `json:"menuid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	n := len(a.menus.conditional)
	a.menus.conditional = slices.DeleteFunc(a.menus.conditional, func(m *menu) bool { return strconv.FormatInt(m.id, 10) == b.ID })
	if len(a.menus.conditional) == n {
		return nil, wrong(65301, "no menuid")
	}
	return nil, nil
}

func (a *App) tryMatch(c *appCall) (any, *errcode) {
	var b struct {
		User string `json:"user_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p := a.people.all[b.User]
	for _, id := range a.people.followers { // a WeChat id is the user's name here
		if q := a.people.all[id]; p == nil && q.user.Name == b.User {
			p = q
		}
	}
	if p == nil || !p.follows() {
		return nil, wrong(65302, "there is no such user")
	}
	m := a.menuFor(p)
	if m == nil {
		return nil, wrong(46003, "menu no exist")
	}
	return struct {
		Buttons []menuButton `json:"button"`
	}{m.buttons}, nil
}

// menuFor is the menu a user sees: the newest whose rule fits, or the standard one.
// Of several tags the one given last counts.
func (a *App) menuFor(p *person) *menu {
	tag := ""
	if n := len(p.tags); n > 0 {
		tag = strconv.Itoa(p.tags[n-1])
	}
	for _, m := range slices.Backward(a.menus.conditional) {
		if (m.rule.Tag == "" || m.rule.Tag == tag) && (m.rule.Platform == "" || m.rule.Platform == p.platform()) {
			return m
		}
	}
	return a.menus.standard
}

// menuUses tells whether a button shows that material.
func (a *App) menuUses(mediaID string) bool {
	menus := a.menus.conditional
	if a.menus.standard != nil {
		menus = append(slices.Clone(menus), a.menus.standard)
	}
	for _, m := range menus {
		for b := range leaves(m.buttons) {
			if b.MediaID == mediaID {
				return true
			}
		}
	}
	return false
}
