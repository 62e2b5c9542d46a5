package wechattest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	mostTemplates = 25
	sameMessage   = 10 * time.Minute // client_msg_id is remembered
)

// Template is a template of the account, for template or for subscription
// messages. Its content names keywords as {{thing1.DATA}}.
type Template struct {
	ID, Title, Content string
	LongTerm           bool // a consent to it is not used up
}

// templateDesk keeps templates of both kinds; App.mu guards it.
type templateDesk struct {
	template, subscribe []Template
	sent                map[string]sentTemplate // by openid and client_msg_id
	made                int64
}

type sentTemplate struct {
	id int64
	at time.Time
}

func (a *App) routeTemplates() {
	a.route("POST", "/cgi-bin/message/template/send", (*App).sendTemplate).limited(100_000).only(OfficialAccount)
	a.route("POST", "/cgi-bin/template/api_add_template", (*App).takeTemplate).only(OfficialAccount)
	a.route("GET", "/cgi-bin/template/get_all_private_template", (*App).listTemplates).only(OfficialAccount)
	a.route("POST", "/cgi-bin/template/del_private_template", (*App).deleteTemplate).only(OfficialAccount)
}

// AddTemplate gives the account a template for template messages; its id, which is
// made if t has none.
func (a *App) AddTemplate(t Template) (templateID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.ID == "" {
		t.ID = randomText(43)
	}
	a.templates.template = append(a.templates.template, t)
	return t.ID
}

func find(list []Template, id string) *Template {
	if i := slices.IndexFunc(list, func(t Template) bool { return t.ID == id }); i >= 0 {
		return &list[i]
	}
	return nil
}

var keyword = regexp.MustCompile(`\{\{([a-z_]+[0-9]*)\.DATA\}\}`)

// keywordMost is how many characters a value may have, by the kind of keyword.
var keywordMost = map[string]int{"thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "phone_number": 17, "car_number": 8, "name": 20, "phrase": 5}

type templateData = map[string]struct {
	Value string `json:"value"`
}

// fill makes the values of a message, in the order of the template.
func (t *Template) fill(data templateData) (values []ChatValue, e *errcode) {
	for _, m := range keyword.FindAllStringSubmatch(t.Content, -1) {
		v, ok := data[m[1]]
		most := keywordMost[strings.TrimRight(m[1], "0123456789")]
		switch {
		case !ok || v.Value == "":
			return nil, wrong(47003, "argument invalid! data.%s.value is empty", m[1])
		case most > 0 && characters(v.Value) > most:
			return nil, wrong(47003, "argument invalid! data.%s.value invalid", m[1])
		}
		values = append(values, ChatValue{m[1], v.Value})
	}
	return values, nil
}

type templateBody struct {
	To       string       `json:"touser"`
	Template string       `json:"template_id"`
	URL      string       `json:"url"`
	Page     string       `json:"page"`
	Data     templateData `json:"data"`
	Mini     struct {
		AppID string `json:"appid"`
		Page  string `json:"pagepath"`
	} `json:"miniprogram"`
	ClientID string `json:"client_msg_id"`
}

func (a *App) sendTemplate(c *appCall) (any, *errcode) {
	var b templateBody
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p, t := a.people.all[b.To], find(a.templates.template, b.Template)
	switch {
	case p == nil:
		return nil, wrong(40003, "invalid openid")
	case t == nil:
		return nil, wrong(40037, "invalid template_id")
	case !p.follows():
		return nil, wrong(43004, "require subscribe")
	}
	values, e := t.fill(b.Data)
	if e != nil {
		return nil, e
	}
	answer := func(id int64) (any, *errcode) {
		return struct {
			Code int    `json:"errcode"`
			Text string `json:"errmsg"`
			ID   int64  `json:"msgid"`
		}{0, "ok", id}, nil
	}
	key := b.To + " " + b.ClientID
	if old, ok := a.templates.sent[key]; ok && b.ClientID != "" && c.now.Sub(old.at) < sameMessage {
		return answer(old.id) // it is not sent again
	}
	a.templates.made++
	id := 3_000_000_000_000_000_000 + a.templates.made
	if a.templates.sent == nil {
		a.templates.sent = map[string]sentTemplate{}
	}
	a.templates.sent[key] = sentTemplate{id, c.now}
	status := "failed:user block"
	if !p.silent {
		status = "success"
		p.show(c.now, ChatEntry{From: FromAccount, Type: "template", Way: "template", Title: t.Title, URL: b.URL, AppID: b.Mini.AppID, Page: b.Mini.Page, Values: values, MsgID: id})
	}
	a.pushEvent(p.openID, "TEMPLATESENDJOBFINISH", pushItem{"MsgID", id}, pushItem{"Status", status})
	return answer(id)
}

// takeTemplate takes a template from the library; here every number has one.
func (a *App) takeTemplate(c *appCall) (any, *errcode) {
	var b struct {
		Short    string   `json:"template_id_short"`
		Keywords []string `json:"keyword_name_list"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	switch {
	case b.Short == "":
		return nil, wrong(40036, "invalid template_id size")
	case len(a.templates.template) >= mostTemplates:
		return nil, wrong(45026, "template num exceeds limit")
	}
	t := Template{ID: randomText(43), Title: b.Short}
	for i, name := range b.Keywords {
		t.Content += fmt.Sprintf("%s:{{thing%d.DATA}}\n", name, i+1)
	}
	a.templates.template = append(a.templates.template, t)
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		ID   string `json:"template_id"`
	}{0, "ok", t.ID}, nil
}

func (a *App) listTemplates(*appCall) (any, *errcode) {
	type item struct {
		ID      string `json:"template_id"`
		Title   string `json:"title"`
		Primary string `json:"primary_industry"`
		Deputy  string `json:"deputy_industry"`
		Content string `json:"content"`
		Example string `json:"example"`
	}
	list := []item{}
	for _, t := range a.templates.template {
		list = append(list, item{ID: t.ID, Title: t.Title, Content: t.Content})
	}
	return struct {
		List []item `json:"template_list"`
	}{list}, nil
}

func (a *App) deleteTemplate(c *appCall) (any, *errcode) {
	var b struct {
		ID string `json:"template_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if find(a.templates.template, b.ID) == nil {
		return nil, wrong(40037, "invalid template_id")
	}
	a.templates.template = slices.DeleteFunc(a.templates.template, func(t Template) bool { return t.ID == b.ID })
	return nil, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
