package wechattest

import (
	"time"
)

const (
	loginLife   = 2 * time.Hour
	refreshLife = 30 * 24 * time.Hour
)

// loginDesk keeps codes and the users' tokens; App.mu guards it.
type loginDesk struct {
	codes map[string]loginCode
	all   map[string]*loginToken // by access token, those that were replaced too
	fresh map[string]*loginToken // by refresh token
}

// loginCode is given to a callback, a mini program or a phone button.
type loginCode struct {
	openID, scope string
	until         time.Time
	used          bool
}

// loginToken is one consent.
type loginToken struct {
	openID, scope, access, refresh string
	until, refreshUntil            time.Time
	revoked, virtual               bool
}

func (d *loginDesk) newCode(c loginCode) string {
	if d.codes == nil {
		d.codes = map[string]loginCode{}
	}
	code := "0" + randomText(31)
	d.codes[code] = c
	return code
}

// take uses a code up.
func (d *loginDesk) take(code string, now time.Time, scopes ...string) (loginCode, *errcode) {
	c, ok := d.codes[code]
	right := false
	for _, s := range scopes {
		right = right || s == c.scope
	}
	switch {
	case code == "":
		return c, wrong(41008, "missing code")
	case !ok || !right:
		return c, wrong(40029, "invalid code")
	case c.used:
		return c, wrong(40163, "code been used")
	case !now.Before(c.until):
		return c, wrong(42003, "code expired")
	}
	c.used = true
	d.codes[code] = c
	return c, nil
}

func (a *App) routeSNS() {
	a.route("GET", "/sns/oauth2/access_token", (*App).exchangeCode).tokenless().only(OfficialAccount, Website)
	a.route("GET", "/sns/oauth2/refresh_token", (*App).refreshLogin).tokenless().only(OfficialAccount, Website)
	a.route("GET", "/sns/userinfo", (*App).loginProfile).tokenless().only(OfficialAccount, Website)
	a.route("GET", "/sns/auth", (*App).checkLogin).tokenless().only(OfficialAccount, Website)
}

// app checks the appid and secret of a call about logins.
func (c *appCall) app(a *App, secret bool) *errcode {
	switch {
	case c.q.Get("appid") == "":
		return wrong(41002, "appid missing")
	case c.q.Get("appid") != a.AppID:
		return wrong(40013, "invalid appid")
	case secret && c.q.Get("secret") == "":
		return wrong(41004, "appsecret missing")
	case secret && c.q.Get("secret") != a.Secret:
		return wrong(40125, "invalid appsecret")
	}
	return nil
}

type loginAnswer struct {
	Access   string `json:"access_token"`
	Life     int64  `json:"expires_in"`
	Refresh  string `json:"refresh_token"`
	OpenID   string `json:"openid"`
	Scope    string `json:"scope"`
	Snapshot int    `json:"is_snapshotuser,omitempty"`
	UnionID  string `json:"unionid,omitempty"`
}

func (t *loginToken) answer(now time.Time) loginAnswer {
	return loginAnswer{Access: t.access, Life: int64(t.until.Sub(now) / time.Second), Refresh: t.refresh, OpenID: t.openID, Scope: t.scope}
}

func (a *App) exchangeCode(c *appCall) (any, *errcode) {
	if e := c.app(a, true); e != nil {
		return nil, e
	}
	if c.q.Get("grant_type") != "authorization_code" {
		return nil, wrong(40002, "invalid grant_type")
	}
	code, e := a.logins.take(c.q.Get("code"), c.now, scopeBase, scopeProfile, scopeLogin)
	if e != nil {
		return nil, e
	}
	t := a.logins.grant(code, c.now)
	out, p := t.answer(c.now), a.people.all[code.openID]
	switch {
	case p.profile.Snapshot && code.scope == scopeProfile:
		t.virtual, out.Snapshot = true, 1
		t.openID = User{Name: "snapshot of " + p.openID}.OpenID(a.AppID)
		out.OpenID = t.openID
	case code.scope != scopeBase:
		out.UnionID = p.user.UnionID(a.cfg.Union)
	}
	return out, nil
}

func (d *loginDesk) grant(c loginCode, now time.Time) *loginToken {
	if d.all == nil {
		d.all, d.fresh = map[string]*loginToken{}, map[string]*loginToken{}
	}
	t := &loginToken{openID: c.openID, scope: c.scope, access: "L_" + randomText(100), refresh: "R_" + randomText(100),
		until: now.Add(loginLife), refreshUntil: now.Add(refreshLife)}
	d.all[t.access], d.fresh[t.refresh] = t, t
	return t
}

func (a *App) refreshLogin(c *appCall) (any, *errcode) {
	if e := c.app(a, false); e != nil {
		return nil, e
	}
	t := a.logins.fresh[c.q.Get("refresh_token")]
	switch {
	case c.q.Get("grant_type") != "refresh_token":
		return nil, wrong(40002, "invalid grant_type")
	case c.q.Get("refresh_token") == "":
		return nil, wrong(41003, "missing refresh_token")
	case t == nil:
		return nil, wrong(40030, "invalid refresh_token")
	case t.revoked:
		return nil, wrong(42007, "access_token and refresh_token revoked")
	case !c.now.Before(t.refreshUntil):
		return nil, wrong(42002, "refresh_token expired")
	case !c.now.Before(t.until): // one that is still good is prolonged instead
		t.access = "L_" + randomText(100)
		a.logins.all[t.access] = t
	}
	t.until = c.now.Add(loginLife)
	return t.answer(c.now), nil
}

// login is the consent behind a user's token and openid.
func (a *App) login(c *appCall) (*loginToken, *errcode) {
	t := a.logins.all[c.q.Get("access_token")]
	switch {
	case c.q.Get("access_token") == "":
		return nil, wrong(41001, "access_token missing")
	case t == nil:
		return nil, wrong(40001, "invalid credential, access_token is invalid or not latest")
	case t.revoked:
		return nil, wrong(42007, "access_token and refresh_token revoked")
	case t.access != c.q.Get("access_token") || !c.now.Before(t.until):
		return nil, wrong(42001, "access_token expired")
	case t.openID != c.q.Get("openid"):
		return nil, wrong(40003, "invalid openid")
	}
	return t, nil
}

func (a *App) checkLogin(c *appCall) (any, *errcode) {
	_, e := a.login(c)
	return nil, e
}

func (a *App) loginProfile(c *appCall) (any, *errcode) {
	t, e := a.login(c)
	if e != nil {
		return nil, e
	}
	if t.scope == scopeBase || t.virtual {
		return nil, wrong(48001, "api unauthorized")
	}
	p := a.people.all[t.openID]
	return struct {
		OpenID    string   `json:"openid"`
		Nickname  string   `json:"nickname"`
		Sex       int      `json:"sex"`
		Language  string   `json:"language"`
		City      string   `json:"city"`
		Province  string   `json:"province"`
		Country   string   `json:"country"`
		Avatar    string   `json:"headimgurl"`
		Privilege []string `json:"privilege"`
		UnionID   string   `json:"unionid,omitempty"`
	}{OpenID: p.openID, Nickname: p.nickname(), Avatar: a.avatar(p), Privilege: []string{}, UnionID: p.user.UnionID(a.cfg.Union)}, nil
}

// RevokeLogins ends all logins of the user, as a change of his password does.
func (a *App) RevokeLogins(u User) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := u.OpenID(a.AppID)
	for _, t := range a.logins.all {
		t.revoked = t.revoked || t.openID == id
	}
}
