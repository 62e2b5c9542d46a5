package wechattest

import (
	"net/http"
	"net/url"
	"strings"
)

// userCookie names the user a browser belongs to.
const userCookie = "wechattest_user"

// Cookie makes a browser the user's: with it the authorize pages know who is there.
// A browser without one is asked for a name.
func (a *App) Cookie(u User) *http.Cookie {
	return &http.Cookie{Name: userCookie, Value: url.QueryEscape(u.Name + "\n" + u.ID), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// Browser is the user whose Cookie a request carries; false without one.
func (a *App) Browser(r *http.Request) (User, bool) {
	k, err := r.Cookie(userCookie)
	if err != nil {
		return User{}, false
	}
	text, err := url.QueryUnescape(k.Value)
	name, id, ok := strings.Cut(text, "\n")
	return User{Name: name, ID: id}, err == nil && ok && text != "\n"
}

// browser is the user of a cookie.
func (a *App) browser(c *appCall) (User, bool) { return a.Browser(c.request()) }
