package wechattest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const loginCodeLife = 5 * time.Minute

// ErrLogin is an authorize address that WeChat shows an error page for.
var ErrLogin = errors.New("wechattest: the login page refuses")

// The client looks at the address as a text: these members, in this order.
var authorizeQuery = regexp.MustCompile(`^appid=([^&]*)&redirect_uri=([^&]*)&response_type=code&scope=([a-z_]+)(?:&state=([^&]*))?((?:&(?:forcePopup=(?:true|false)|forceSnapShot=(?:true|false)|connect_redirect=1|component_appid=[^&]*|lang=(?:cn|en)))*)$`)

// loginAsk is an authorize address that is in order.
type loginAsk struct {
	redirect, scope, state string
	popup                  bool
}

const (
	scopeBase    = "snsapi_base"
	scopeProfile = "snsapi_userinfo"
	scopeLogin   = "snsapi_login"
)

func (a *App) routeLogin() {
	a.route("GET", authorizePath, (*App).authorizePage).tokenless().only(OfficialAccount)
	a.route("POST", authorizePath, (*App).authorizePage).tokenless().only(OfficialAccount)
	a.route("GET", qrconnectPath, (*App).authorizePage).tokenless().only(Website)
	a.route("POST", qrconnectPath, (*App).authorizePage).tokenless().only(Website)
}

const (
	authorizePath = "/connect/oauth2/authorize"
	qrconnectPath = "/connect/qrconnect"
)

// readAuthorize checks the query of an authorize address.
func (a *App) readAuthorize(query string) (ask loginAsk, err error) {
	m := authorizeQuery.FindStringSubmatch(query)
	if m == nil {
		return ask, fmt.Errorf("%w: 参数错误: want appid, redirect_uri, response_type=code, scope and state in this order", ErrLogin)
	}
	redirect, err := url.QueryUnescape(m[2])
	u, urlErr := url.Parse(redirect)
	ask = loginAsk{redirect: redirect, scope: m[3], state: m[4], popup: strings.Contains(m[5], "forcePopup=true")}
	scopes := []string{scopeBase, scopeProfile}
	if a.cfg.Kind == Website {
		scopes = []string{scopeLogin}
	}
	switch {
	case m[1] != a.AppID:
		return ask, fmt.Errorf("%w: AppID 参数错误", ErrLogin)
	case strings.ContainsAny(m[2], ":/?") || err != nil || urlErr != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return ask, fmt.Errorf("%w: redirect_uri 参数错误: want a full address, percent-encoded once", ErrLogin)
	case !allowedHost(a.cfg.LoginDomains, u):
		return ask, fmt.Errorf("%w: redirect_uri 域名与后台配置不一致: %s", ErrLogin, u.Host)
	case !slices.Contains(scopes, ask.scope):
		return ask, fmt.Errorf("%w: scope 参数错误或没有 scope 权限", ErrLogin)
	case len(ask.state) > 128 || !alphanumeric(ask.state):
		return ask, fmt.Errorf("%w: state 参数错误: want at most 128 letters and digits", ErrLogin)
	}
	return ask, nil
}

// allowedHost compares a page's host with the domains of the settings.
func allowedHost(domains []string, u *url.URL) bool {
	if len(domains) == 0 {
		return isLoopback(u.Hostname())
	}
	return slices.Contains(domains, u.Host)
}

// Authorize is a user who opens an authorize address (of a page inside WeChat, or
// of a website's QR code) and consents: the address the browser goes to then, with
// code and state. A wrong address fails with ErrLogin, one without
// #wechat_redirect too.
func (a *App) Authorize(u User, authorizeURL string) (callback string, err error) {
	return a.decide(u, authorizeURL, true)
}

// Refuse is Authorize for a user who does not consent: no code comes back. A silent
// login cannot be refused.
func (a *App) Refuse(u User, authorizeURL string) (callback string, err error) {
	return a.decide(u, authorizeURL, false)
}

func (a *App) decide(u User, authorizeURL string, consent bool) (string, error) {
	at, err := url.Parse(authorizeURL)
	if err != nil || at.Fragment != "wechat_redirect" {
		return "", fmt.Errorf("%w: want #wechat_redirect at the end", ErrLogin)
	}
	want := authorizePath
	if a.cfg.Kind == Website {
		want = qrconnectPath
	}
	if at.Path != want {
		return "", fmt.Errorf("%w: want the path %s", ErrLogin, want)
	}
	ask, err := a.readAuthorize(at.RawQuery)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.callback(a.meet(u), ask, consent || ask.scope == scopeBase), nil
}

// callback is where the browser goes; a.mu is held.
func (a *App) callback(p *person, ask loginAsk, consent bool) string {
	address, fragment, _ := strings.Cut(ask.redirect, "#")
	q := ""
	if consent {
		q = "code=" + a.logins.newCode(loginCode{openID: p.openID, scope: ask.scope, until: a.clock.Now().Add(loginCodeLife)}) + "&"
	}
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	if address += joint + q + "state=" + ask.state; fragment != "" {
		address += "#" + fragment
	}
	return address
}

// authorizePage is the login for browsers: who are you, do you consent, go back.
func (a *App) authorizePage(c *appCall) (any, *errcode) {
	ask, err := a.readAuthorize(c.query)
	if err != nil {
		return loginPage(http.StatusOK, loginView{Problem: strings.TrimPrefix(err.Error(), "wechattest: ")}), nil
	}
	u, known := a.browser(c)
	form, _ := url.ParseQuery(string(c.body)) // what is missing counts as nothing chosen
	if c.method == http.MethodPost && foreignForm(c) {
		return loginPage(http.StatusForbidden, loginView{Problem: "the form comes from another page"}), nil
	}
	var keep *http.Cookie
	if name := strings.TrimSpace(form.Get("name")); c.method == http.MethodPost && name != "" && len(name) <= 60 {
		u, known = User{Name: name}, true
		keep = a.Cookie(u)
	}
	view := loginView{App: a.cfg.Name, AppID: a.AppID, Kind: a.cfg.Kind}
	act := form.Get("act")
	switch {
	case !known:
		return loginPage(http.StatusOK, view), nil
	case c.method == http.MethodPost && (act == "allow" || act == "refuse"):
		return redirect(a.callback(a.meet(u), ask, act == "allow"), keep), nil
	case ask.scope == scopeBase:
		return redirect(a.callback(a.meet(u), ask, true), keep), nil
	}
	p := a.meet(u)
	view.User, view.Avatar, view.Scan = p.nickname(), a.avatar(p), ask.scope == scopeLogin
	out := loginPage(http.StatusOK, view)
	if keep != nil {
		out.header.Add("Set-Cookie", keep.String())
	}
	return out, nil
}

// foreignForm tells whether another site sent the form.
func foreignForm(c *appCall) bool {
	site, origin := c.header.Get("Sec-Fetch-Site"), c.header.Get("Origin")
	if site != "" {
		return site != "same-origin"
	}
	u, err := url.Parse(origin)
	return origin != "" && (err != nil || u.Host != c.host)
}

func redirect(to string, keep *http.Cookie) *answer {
	out := appAnswer(http.StatusFound, "text/html; charset=utf-8", nil)
	out.header.Set("Location", to)
	out.header.Set("Cache-Control", "no-store")
	if keep != nil {
		out.header.Add("Set-Cookie", keep.String())
	}
	return out
}
