package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Visitor is who a logged-in browser belongs to.
type Visitor struct {
	OpenID  string
	UnionID string // may be empty
	Scopes  []Scope
	Until   time.Time // when the visitor has to log in again
}

// Has reports whether the visitor granted scope at the login.
func (v Visitor) Has(scope Scope) bool { return slices.Contains(v.Scopes, scope) }

// visit is a Visitor as the cookie holds it.
type visit struct {
	OpenID  string  `json:"o"`
	UnionID string  `json:"u,omitempty"`
	Scopes  []Scope `json:"c"`
	Until   int64   `json:"x"` // Unix seconds
}

// visitorKey is the key of a request's Visitor, by app id.
type visitorKey string

func (l *Login) remember(ctx context.Context, v Visitor) context.Context {
	return context.WithValue(ctx, visitorKey(l.cfg.Service.cfg.App.ID()), v)
}

// Visitor is who r comes from; false means nobody who is logged in.
func (l *Login) Visitor(r *http.Request) (Visitor, bool) {
	if v, ok := r.Context().Value(visitorKey(l.cfg.Service.cfg.App.ID())).(Visitor); ok {
		return v, true
	}
	for _, c := range r.CookiesNamed(l.visitName()) {
		var v visit
		text, err := l.visits.Open(c.Value)
		if err != nil || json.Unmarshal(text, &v) != nil || v.OpenID == "" {
			continue
		}
		if until := time.Unix(v.Until, 0); l.cfg.Now().Before(until) {
			return Visitor{v.OpenID, v.UnionID, v.Scopes, until}, true
		}
	}
	return Visitor{}, false
}

// Logout has the browser forget who it belongs to. Call it before writing a body.
func (l *Login) Logout(w http.ResponseWriter) { l.setCookie(w, l.visitName(), "", -1) }

// welcome gives the browser a visitor's cookie of its own.
func (l *Login) welcome(w http.ResponseWriter, g *Grant) {
	text, _ := json.Marshal(visit{g.OpenID, g.UnionID, g.Scopes, l.cfg.Now().Add(l.cfg.Life).Unix()}) // cannot fail
	l.setCookie(w, l.visitName(), l.visits.Seal(text), l.cfg.Life)
}

func (l *Login) visitName() string { return l.cookieName("wechat-" + l.cfg.Service.cfg.App.ID()) }

// cookieName says by its prefix, where browsers enforce it, that only this host over
// https can have set the cookie, not a sub-domain or a neighbour.
func (l *Login) cookieName(name string) string {
	if l.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie for life, or removes it if life is negative. Lax lets it
// come along when WeChat sends the browser back, and not with other sites' forms.
func (l *Login) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteLaxMode})
}
