package wechattest

import (
	"slices"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

const (
	ridLife       = 7 * 24 * time.Hour
	mostRIDs      = 10_000
	monthlyClears = 10
	monthlySingle = 50
)

// quotaDesk counts calls and keeps what they said; App.mu guards it.
type quotaDesk struct {
	day    string
	used   map[string]int // by path, today
	limits map[string]int // set by tests
	month  string
	clears map[string]int // this month, by call
	log    []loggedCall
}

// loggedCall is what rid/get shows.
type loggedCall struct {
	rid, url, ip string
	body, answer string
	at           time.Time
}

func (a *App) routeQuota() {
	a.quotas.used, a.quotas.limits, a.quotas.clears = map[string]int{}, map[string]int{}, map[string]int{}
	a.route("POST", "/cgi-bin/clear_quota", (*App).clearQuota)
	a.route("POST", "/cgi-bin/clear_quota/v2", (*App).clearQuotaV2).tokenless()
	a.route("POST", "/cgi-bin/openapi/quota/get", (*App).quota)
	a.route("POST", "/cgi-bin/openapi/quota/clear", (*App).clearOne)
	a.route("POST", "/cgi-bin/openapi/rid/get", (*App).lookUpRID)
	a.route("GET", "/cgi-bin/get_api_domain_ip", ipList)
	a.route("GET", "/cgi-bin/getcallbackip", ipList)
	a.route("POST", "/cgi-bin/callback/check", (*App).checkCallback)
}

// Limit sets how many calls a day the endpoint at path takes, 0 for any number.
func (a *App) Limit(path string, daily int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quotas.limits[path] = daily
}

// limit is the number of calls a day; a.mu is held.
func (a *App) limit(r *appRoute) int {
	if n, ok := a.quotas.limits[r.path]; ok {
		return n
	}
	return r.daily
}

// count counts a call, or refuses it; a.mu is held.
func (a *App) count(r *appRoute, now time.Time) *errcode {
	d := &a.quotas
	now = now.In(wechat.Beijing)
	if day := now.Format(time.DateOnly); day != d.day {
		d.day = day
		clear(d.used)
	}
	if month := now.Format("2006-01"); month != d.month {
		d.month = month
		clear(d.clears)
	}
	if most := a.limit(r); most > 0 && d.used[r.path] >= most {
		return wrong(45009, "reach max api daily quota limit")
	}
	d.used[r.path]++
	return nil
}

// spend takes one of the times a call may be made in a month.
func (d *quotaDesk) spend(call string, most int) *errcode {
	if d.clears[call] >= most {
		return wrong(48006, "forbid to clear quota because of reaching the limit")
	}
	d.clears[call]++
	return nil
}

func (a *App) clearQuota(c *appCall) (any, *errcode) {
	var b struct {
		AppID string `json:"appid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.AppID != a.AppID {
		return nil, wrong(40013, "invalid appid")
	}
	return nil, a.clearAll()
}

func (a *App) clearAll() *errcode {
	if e := a.quotas.spend("all", monthlyClears); e != nil {
		return e
	}
	clear(a.quotas.used)
	return nil
}

// clearQuotaV2 takes its members in the body or, as one official example has it, in
// the query.
func (a *App) clearQuotaV2(c *appCall) (any, *errcode) {
	var b struct {
		AppID  string `json:"appid"`
		Secret string `json:"appsecret"`
	}
	if len(c.body) > 0 {
		if e := c.decode(&b); e != nil {
			return nil, e
		}
	}
	if b.AppID == "" {
		b.AppID, b.Secret = c.q.Get("appid"), c.q.Get("appsecret")
	}
	switch {
	case b.AppID != a.AppID:
		return nil, wrong(40013, "invalid appid")
	case b.Secret != a.Secret:
		return nil, wrong(40125, "invalid appsecret")
	}
	return nil, a.clearAll()
}

// quotaPath is the endpoint a body names.
func (a *App) quotaPath(c *appCall) (*appRoute, *errcode) {
	var b struct {
		Path string `json:"cgi_path"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	all := a.routes[b.Path]
	if len(all) == 0 || strings.HasPrefix(b.Path, "/sns/") {
		return nil, wrong(76021, "cgi_path not found, please check")
	}
	if r := all[0]; len(r.kinds) > 0 && !slices.Contains(r.kinds, a.cfg.Kind) {
		return nil, wrong(76022, "could not use this cgi_path, no permission")
	}
	return all[0], nil
}

func (a *App) quota(c *appCall) (any, *errcode) {
	r, e := a.quotaPath(c)
	if e != nil {
		return nil, e
	}
	type numbers struct {
		Daily  int `json:"daily_limit"`
		Used   int `json:"used"`
		Remain int `json:"remain"`
	}
	most, used := a.limit(r), a.quotas.used[r.path]
	return struct {
		Code  int     `json:"errcode"`
		Text  string  `json:"errmsg"`
		Quota numbers `json:"quota"`
	}{0, "ok", numbers{most, used, max(most-used, 0)}}, nil
}

func (a *App) clearOne(c *appCall) (any, *errcode) {
	r, e := a.quotaPath(c)
	if e != nil {
		return nil, e
	}
	if e := a.quotas.spend("one", monthlySingle); e != nil {
		return nil, e
	}
	delete(a.quotas.used, r.path)
	return nil, nil
}

// remember keeps what a call with a token said; a.mu is held.
func (a *App) remember(c *appCall, ans *answer) {
	if len(a.quotas.log) >= mostRIDs {
		a.quotas.log = slices.Clone(a.quotas.log[mostRIDs/2:])
	}
	q := c.q
	for _, name := range []string{"access_token", "secret", "appsecret", "refresh_token"} {
		if q.Get(name) != "" {
			q.Set(name, "***")
		}
	}
	l := loggedCall{rid: c.rid, url: c.path + "?" + q.Encode(), ip: c.ip, at: c.now}
	if !c.open {
		l.body, l.answer = string(c.body[:min(len(c.body), 4096)]), string(ans.body[:min(len(ans.body), 4096)])
	}
	a.quotas.log = append(a.quotas.log, l)
}

func (a *App) lookUpRID(c *appCall) (any, *errcode) {
	var b struct {
		RID string `json:"rid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	i := slices.IndexFunc(a.quotas.log, func(l loggedCall) bool { return l.rid == b.RID })
	switch {
	case b.RID == "" || i < 0:
		return nil, wrong(76001, "rid not found")
	case c.now.Sub(a.quotas.log[i].at) > ridLife:
		return nil, wrong(76003, "rid is expired, only the last 7 days are kept")
	}
	l := a.quotas.log[i]
	type request struct {
		At     int64  `json:"invoke_time"`
		Cost   int64  `json:"cost_in_ms"`
		URL    string `json:"request_url"`
		Body   string `json:"request_body"`
		Answer string `json:"response_body"`
		IP     string `json:"client_ip"`
	}
	return struct {
		Code    int     `json:"errcode"`
		Text    string  `json:"errmsg"`
		Request request `json:"request"`
	}{0, "ok", request{l.at.Unix(), 1, l.url, l.body, l.answer, l.ip}}, nil
}

func ipList(*App, *appCall) (any, *errcode) {
	return struct {
		List []string `json:"ip_list"`
	}{[]string{"127.0.0.1", "127.0.0.8/30"}}, nil
}

// checkCallback finds that everything is in order: the simulator's way is short.
func (a *App) checkCallback(c *appCall) (any, *errcode) {
	var b struct {
		Action   string `json:"action"`
		Operator string `json:"check_operator"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if !slices.Contains([]string{"dns", "ping", "all"}, b.Action) || !slices.Contains([]string{"CHINANET", "UNICOM", "CAP", "DEFAULT"}, b.Operator) {
		return nil, wrong(40097, "invalid args")
	}
	type dns struct {
		IP       string `json:"ip"`
		Operator string `json:"real_operator"`
	}
	type ping struct {
		IP   string `json:"ip"`
		From string `json:"from_operator"`
		Loss string `json:"package_loss"`
		Time string `json:"time"`
	}
	out := struct {
		DNS  []dns  `json:"dns,omitempty"`
		Ping []ping `json:"ping,omitempty"`
	}{}
	if b.Action != "ping" {
		out.DNS = []dns{{"127.0.0.1", b.Operator}}
	}
	if b.Action != "dns" {
		out.Ping = []ping{{"127.0.0.1", b.Operator, "0%", "1.000ms"}}
	}
	return out, nil
}
