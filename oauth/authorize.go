package oauth

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Scope is what the user is asked for. Values that are not listed here pass through
// in answers.
type Scope string

// The scopes. Base is silent and tells the openid; UserInfo asks the user and tells
// nickname and picture too; SiteLogin is that of websites.
const (
	Base      Scope = "snsapi_base"
	UserInfo  Scope = "snsapi_userinfo"
	SiteLogin Scope = "snsapi_login"
)

// Authorization is how a browser is sent to WeChat and comes back.
type Authorization struct {
	// RedirectURI is where the browser comes back to. Its host must be exactly the one
	// set in the console, without regard to the path. A query is kept, a fragment is
	// refused.
	RedirectURI string
	// Scope is Base if empty. A website's is always SiteLogin.
	Scope Scope
	// State comes back unchanged: up to 128 letters and digits. Package oauth's Login
	// makes and checks it.
	State string
	// ForcePopup asks the user even where WeChat would do without; for UserInfo only.
	ForcePopup bool
	// Once adds connect_redirect=1, which is not documented and is said to keep some
	// clients from coming back twice.
	Once bool
	// Lang is the language of a website's QR page, cn or en; unconfirmed, and left out
	// if empty.
	Lang string
}

// AuthorizeURL is the address to send the browser to. It is put together by hand,
// because WeChat looks at the order of the parameters and at the case of the
// letters. The error is a *wechat.FieldError.
func (s *Service) AuthorizeURL(a Authorization) (string, error) {
	if a.Scope == "" {
		a.Scope = Base
	}
	page := "/connect/oauth2/authorize"
	if s.site {
		a.Scope, page = SiteLogin, "/connect/qrconnect"
	}
	if err := a.check(s.site); err != nil {
		return "", fmt.Errorf("oauth: %w", err)
	}
	var b strings.Builder
	b.WriteString(s.cfg.Pages + page + "?appid=" + s.cfg.App.ID() + "&redirect_uri=" + wire.EscapeQuery(a.RedirectURI))
	b.WriteString("&response_type=code&scope=" + string(a.Scope))
	for _, p := range []struct {
		set         bool
		name, value string
	}{{a.State != "", "state", a.State}, {a.ForcePopup, "forcePopup", "true"}, {a.Once, "connect_redirect", "1"}, {a.Lang != "", "lang", a.Lang}} {
		if p.set {
			b.WriteString("&" + p.name + "=" + p.value)
		}
	}
	b.WriteString("#wechat_redirect")
	return b.String(), nil
}

func (a Authorization) check(site bool) error {
	var f check.Fields
	f.ID("redirect_uri", a.RedirectURI, 2048)
	u, err := url.Parse(a.RedirectURI)
	switch {
	case err != nil:
		f.Fail("redirect_uri", "is not a URL (%d bytes)", len(a.RedirectURI))
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil:
		f.Fail("redirect_uri", "must be a whole address that begins with https://, without a user name")
	case strings.Contains(a.RedirectURI, "#"):
		f.Fail("redirect_uri", "must not have a fragment")
	}
	f.Must(site || a.Scope == Base || a.Scope == UserInfo, "scope", "want snsapi_base or snsapi_userinfo")
	if a.State != "" {
		f.Number("state", a.State, 1, 128, "")
	}
	f.Must(!a.ForcePopup || a.Scope == UserInfo, "forcePopup", "goes with snsapi_userinfo only")
	f.Must(a.Lang == "" || site && (a.Lang == "cn" || a.Lang == "en"), "lang", "want cn or en, on websites only")
	return f.Err()
}
