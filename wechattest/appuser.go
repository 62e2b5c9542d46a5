package wechattest

import (
	"slices"
	"unicode/utf8"
)

const mostOfPage = 10_000

func (a *App) routeUsers() {
	a.route("GET", "/cgi-bin/user/info", (*App).userInfo).limited(5_000_000).only(OfficialAccount)
	a.route("POST", "/cgi-bin/user/info/batchget", (*App).usersInfo).only(OfficialAccount)
	a.route("GET", "/cgi-bin/user/get", (*App).followerList).limited(500).only(OfficialAccount)
	a.route("POST", "/cgi-bin/user/info/updateremark", (*App).remark).only(OfficialAccount)
	a.route("POST", "/cgi-bin/changeopenid", (*App).changeOpenIDs).only(OfficialAccount)
}

// userAnswer is a follower; of others only the first three members come.
type userAnswer struct {
	Subscribe int     `json:"subscribe"`
	OpenID    string  `json:"openid"`
	UnionID   string  `json:"unionid,omitempty"`
	Since     int64   `json:"subscribe_time,omitempty"`
	Language  *string `json:"language,omitempty"`
	Remark    *string `json:"remark,omitempty"`
	Group     *int    `json:"groupid,omitempty"`
	Tags      *[]int  `json:"tagid_list,omitempty"`
	Scene     string  `json:"subscribe_scene,omitempty"`
	QRScene   *int64  `json:"qr_scene,omitempty"`
	QRText    *string `json:"qr_scene_str,omitempty"`
}

func (a *App) userOf(p *person) userAnswer {
	if !p.follows() {
		return userAnswer{OpenID: p.openID}
	}
	group, tags, language := 0, append([]int{}, p.tags...), "zh_CN"
	return userAnswer{Subscribe: 1, OpenID: p.openID, UnionID: p.user.UnionID(a.cfg.Union), Since: p.since.Unix(), Language: &language,
		Remark: &p.remark, Group: &group, Tags: &tags, Scene: p.scene, QRScene: &p.qrScene, QRText: &p.qrText}
}

func (a *App) userInfo(c *appCall) (any, *errcode) {
	p := a.people.all[c.q.Get("openid")]
	if p == nil {
		return nil, wrong(40003, "invalid openid")
	}
	return a.userOf(p), nil
}

func (a *App) usersInfo(c *appCall) (any, *errcode) {
	var b struct {
		List []struct {
			OpenID string `json:"openid"`
			Lang   string `json:"lang"`
		} `json:"user_list"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	ids := make([]string, len(b.List))
	for i, u := range b.List {
		ids[i] = u.OpenID
	}
	all, e := a.openIDs(ids, 100)
	if e != nil {
		return nil, e
	}
	var out struct {
		List []userAnswer `json:"user_info_list"`
	}
	for _, p := range all {
		out.List = append(out.List, a.userOf(p))
	}
	return out, nil
}

// openIDPage is one page of openids. An empty one has no data.
type openIDPage struct {
	Total *int `json:"total,omitempty"`
	Count int  `json:"count"`
	Data  *struct {
		OpenIDs []string `json:"openid"`
	} `json:"data,omitempty"`
	Next string `json:"next_openid"`
}

// pageOf is the page that follows the openid next.
func pageOf(all []string, next string) (out openIDPage) {
	total := len(all)
	out.Total = &total
	if i := slices.Index(all, next); next != "" && i >= 0 {
		all = all[i+1:]
	}
	all = slices.Clone(all[:min(len(all), mostOfPage)])
	if out.Count = len(all); out.Count > 0 {
		out.Data = &struct {
			OpenIDs []string `json:"openid"`
		}{all}
		out.Next = all[len(all)-1]
	}
	return out
}

func (a *App) followerList(c *appCall) (any, *errcode) {
	next := c.q.Get("next_openid")
	if next != "" && !slices.Contains(a.people.followers, next) {
		return nil, wrong(40003, "invalid openid")
	}
	return pageOf(a.people.followers, next), nil
}

func (a *App) remark(c *appCall) (any, *errcode) {
	var b struct {
		OpenID string `json:"openid"`
		Remark string `json:"remark"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p := a.people.all[b.OpenID]
	switch {
	case p == nil || !p.follows():
		return nil, wrong(40003, "invalid openid")
	case utf8.RuneCountInString(b.Remark) >= 30:
		return nil, wrong(47003, "argument invalid! remark is too long")
	}
	p.remark = b.Remark
	return nil, nil
}

// changeOpenIDs translates openids of the account this one took over.
func (a *App) changeOpenIDs(c *appCall) (any, *errcode) {
	var b struct {
		From string   `json:"from_appid"`
		List []string `json:"openid_list"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	switch {
	case !simulatedApp.MatchString(b.From) || b.From == a.AppID:
		return nil, wrong(40013, "invalid appid")
	case len(b.List) < 1 || len(b.List) > 100:
		return nil, wrong(40032, "invalid openid list size")
	}
	type result struct {
		Old  string `json:"ori_openid"`
		New  string `json:"new_openid,omitempty"`
		Text string `json:"err_msg"`
	}
	var out struct {
		Code    int      `json:"errcode"`
		Text    string   `json:"errmsg"`
		Results []result `json:"result_list"`
	}
	out.Text = "ok"
	for _, old := range b.List {
		r := result{Old: old, Text: "ori_openid error"}
		for _, id := range a.people.followers {
			if a.people.all[id].user.OpenID(b.From) == old {
				r.New, r.Text = id, "ok"
			}
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

func (a *App) blacklist(c *appCall) (any, *errcode) {
	var b struct {
		Begin string `json:"begin_openid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	var all []string
	for id, p := range a.people.all {
		if p.blocked {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return pageOf(all, b.Begin), nil
}

func blacking(block bool) appEndpoint {
	return func(a *App, c *appCall) (any, *errcode) {
		var b struct {
			List []string `json:"openid_list"`
		}
		if e := c.decode(&b); e != nil {
			return nil, e
		}
		all, e := a.openIDs(b.List, 20)
		if e != nil {
			return nil, e
		}
		for _, p := range all {
			p.blocked = block
		}
		return nil, nil
	}
}
