package wechattest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tokenLife    = 2 * time.Hour
	tokenOverlap = 5 * time.Minute  // an access token and the one after it are both good
	forcedGap    = 30 * time.Second // between forced refreshes
	forcedDaily  = 20
	mostTokens   = 1000
)

// tokenDesk gives out access tokens and tickets; App.mu guards it.
type tokenDesk struct {
	all             map[string]grantedToken
	classic, stable string // the latest of each kind
	forced          []time.Time
	tickets         map[string]grantedTicket // by type
	former          grantedTicket            // the jsapi ticket before, which stays good to its end
	made            int
}

type grantedToken struct {
	until    time.Time
	replaced bool
}

type grantedTicket struct {
	text  string
	until time.Time
}

func (d *tokenDesk) start() {
	d.all, d.tickets = map[string]grantedToken{}, map[string]grantedTicket{}
}

func (a *App) routeTokens() {
	a.route("GET", "/cgi-bin/token", (*App).classicToken).tokenless().limited(2000)
	a.route("POST", "/cgi-bin/stable_token", (*App).stableToken).tokenless().limited(500_000)
	a.route("GET", "/cgi-bin/ticket/getticket", (*App).ticket)
}

type tokenAnswer struct {
	Token string `json:"access_token"`
	Life  int64  `json:"expires_in"`
}

func (a *App) classicToken(c *appCall) (any, *errcode) {
	if e := a.credentials(c, c.q.Get("appid"), c.q.Get("secret"), c.q.Get("grant_type")); e != nil {
		return nil, e
	}
	d := &a.tokens
	d.retire(d.classic, c.now.Add(tokenOverlap))
	d.classic = d.make(c.now)
	return tokenAnswer{d.classic, int64(tokenLife / time.Second)}, nil
}

func (a *App) stableToken(c *appCall) (any, *errcode) {
	var b struct {
		GrantType string `json:"grant_type"`
		AppID     string `json:"appid"`
		Secret    string `json:"secret"`
		Force     bool   `json:"force_refresh"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if e := a.credentials(c, b.AppID, b.Secret, b.GrantType); e != nil {
		return nil, e
	}
	d := &a.tokens
	left := d.all[d.stable].until.Sub(c.now)
	switch {
	case b.Force && d.stable != "":
		if e := d.force(c.now); e != nil {
			return nil, e
		}
		d.retire(d.stable, c.now)
		d.stable, left = d.make(c.now), tokenLife
	case left <= tokenOverlap:
		d.stable, left = d.make(c.now), tokenLife
	}
	return tokenAnswer{d.stable, int64(left / time.Second)}, nil
}

// credentials checks who asks for a token, in WeChat's order.
func (a *App) credentials(c *appCall, appID, secret, grant string) *errcode {
	switch {
	case appID == "":
		return wrong(41002, "appid missing")
	case appID != a.AppID:
		return wrong(40013, "invalid appid")
	case grant != "client_credential":
		return wrong(40002, "invalid grant_type")
	case secret == "":
		return wrong(41004, "appsecret missing")
	case secret != a.Secret:
		return wrong(40125, "invalid appsecret")
	case len(a.cfg.AllowIPs) > 0 && !slices.Contains(a.cfg.AllowIPs, c.ip):
		return wrong(40164, "invalid ip %s ipv6 ::ffff:%s, not in whitelist", c.ip, c.ip)
	}
	return nil
}

// force allows a forced refresh, or says why not.
func (d *tokenDesk) force(now time.Time) *errcode {
	d.forced = slices.DeleteFunc(d.forced, func(t time.Time) bool { return now.Sub(t) >= 24*time.Hour })
	if n := len(d.forced); n > 0 && now.Sub(d.forced[n-1]) < forcedGap {
		return wrong(45011, "api minute-quota reach limit, must slower, retry next minute")
	} else if n >= forcedDaily {
		return wrong(45009, "reach max api daily quota limit")
	}
	d.forced = append(d.forced, now)
	return nil
}

// make gives out a new token.
func (d *tokenDesk) make(now time.Time) string {
	d.made++
	text := strconv.Itoa(d.made) + "_" + randomText(134)
	if len(d.all) >= mostTokens {
		maps.DeleteFunc(d.all, func(_ string, t grantedToken) bool { return !now.Before(t.until) })
	}
	d.all[text] = grantedToken{until: now.Add(tokenLife)}
	return text
}

// retire ends a token early because another has come.
func (d *tokenDesk) retire(text string, at time.Time) {
	if t, ok := d.all[text]; ok && at.Before(t.until) {
		d.all[text] = grantedToken{at, true}
	}
}

// check is the first thing a call with a token meets.
func (d *tokenDesk) check(text string, now time.Time) *errcode {
	t, known := d.all[text]
	switch {
	case text == "":
		return wrong(41001, "access_token missing")
	case len(text) < 16 || len(text) > 512 || !alphanumeric(strings.NewReplacer("_", "", "-", "").Replace(text)):
		return wrong(40014, "invalid access_token")
	case !known || t.replaced && !now.Before(t.until):
		return wrong(40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken")
	case !now.Before(t.until):
		return wrong(42001, "access_token expired")
	}
	return nil
}

func (a *App) ticket(c *appCall) (any, *errcode) {
	kind := c.q.Get("type")
	if kind != "jsapi" && kind != "wx_card" {
		return nil, wrong(40097, "invalid args")
	}
	d := &a.tokens
	t := d.tickets[kind]
	if t.until.Sub(c.now) <= tokenOverlap {
		if kind == "jsapi" {
			d.former = t
		}
		t = grantedTicket{"0000" + randomText(82), c.now.Add(tokenLife)}
		d.tickets[kind] = t
	}
	return struct {
		Code   int    `json:"errcode"`
		Text   string `json:"errmsg"`
		Ticket string `json:"ticket"`
		Life   int64  `json:"expires_in"`
	}{0, "ok", t.text, int64(t.until.Sub(c.now) / time.Second)}, nil
}
