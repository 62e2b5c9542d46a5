package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// LoginConfig is how a shop logs its visitors in. Service, Origin and Secret are
// required.
type LoginConfig struct {
	Service *Service
	// Origin is scheme and host of the shop as browsers see it, such as
	// https://shop.example. It is never taken from a request. Plain http is for
	// loopback, or anywhere with PlainHTTP; cookies are then not marked Secure.
	Origin    string
	PlainHTTP bool
	// Secret seals the cookies: 32 random bytes or more, kept like a password and the
	// same in all processes of the shop. Cookies sealed under Retired are still read,
	// so that the Secret can be replaced.
	Secret  seal.Key
	Retired []seal.Key

	Path  string        // where Login is mounted, /wechat/login if empty
	Home  string        // where to go after a login that began nowhere, / if empty
	Scope Scope         // Base if empty; see Login.Consented. A website's is always SiteLogin
	Life  time.Duration // how long a visitor stays logged in, 12 hours if zero
	Wait  time.Duration // how long the visitor may take at WeChat, 10 minutes if zero

	// Once remembers used logins, in the memory of this process if nil. See Login.
	Once Once
	// Done takes the user in, if it is set: it may store the Grant, ask for the User,
	// and set cookies of its own; it must not write a body. On an error nobody is
	// logged in.
	Done func(w http.ResponseWriter, r *http.Request, g *Grant) error
	// Fail answers a login that did not succeed, Failure.Page if nil. It is the place
	// to count and to log.
	Fail func(w http.ResponseWriter, r *http.Request, f *Failure)
	// Now is the clock, that of Service if nil.
	Now func() time.Time
}

// Format prints the origin, whatever the verb; never the secret.
func (c LoginConfig) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.text()) }

// MarshalJSON gives the origin, never the secret.
func (c LoginConfig) MarshalJSON() ([]byte, error) { return json.Marshal(c.text()) }

func (c LoginConfig) text() string { return fmt.Sprintf("login at %q", c.Origin+c.Path) }

// Login logs the visitors of a shop in. Mount it at its Path, and wrap what visitors
// must be logged in for with Require. It is immutable and safe for concurrent use.
//
// What keeps a login safe, and how far:
//
//   - The state is 130 random bits, and a cookie of the browser that began the login
//     holds it, sealed, with the time and the return address: nobody can make somebody
//     else's browser finish a login, whichever process it comes back to. This takes
//     the same Secret everywhere and nothing else.
//   - Once lets a state through a single time. In memory that is a single time for
//     each process: whoever has both the browser's cookie and the address it came back
//     with can try again at another process, where WeChat still refuses the code, which
//     it takes once. Shared by all processes, such as a token.Store, it is a single
//     time at all.
//   - The visitor's cookie is made anew at each login and never taken over from a
//     browser. It holds openid and end, sealed, and no token; no server remembers it.
//     Logout therefore takes it from the browser, and a copy of it is good until its
//     end; a shop that must be able to end sessions keeps its own in Done.
type Login struct {
	*loginCore
	scope Scope
}

// loginCore is what a Login and its Consented copy share.
type loginCore struct {
	cfg    LoginConfig
	secure bool
	flows  *seal.Box
	visits *seal.Box
}

// NewLogin checks cfg, names what is wrong, and makes no network call.
func NewLogin(cfg LoginConfig) (*Login, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, fmt.Errorf("oauth: NewLogin: %w", err)
	}
	core := &loginCore{cfg: cfg, secure: strings.HasPrefix(cfg.Origin, "https:")}
	keys := append([]seal.Key{cfg.Secret}, cfg.Retired...)
	app := cfg.Service.cfg.App.ID()
	if core.flows, err = seal.NewBox("wechat/oauth flow "+app, keys...); err == nil {
		core.visits, err = seal.NewBox("wechat/oauth visit "+app, keys...)
	}
	if err != nil {
		return nil, fmt.Errorf("oauth: NewLogin: secret: %w", err)
	}
	return &Login{core, cfg.Scope}, nil
}

func (c LoginConfig) checked() (LoginConfig, error) {
	if c.Service == nil {
		return c, errors.New("nil Service")
	}
	if err := checkOrigin(c.Origin, c.PlainHTTP); err != nil {
		return c, wechat.Invalid("origin", err.Error())
	}
	c.defaults()
	if c.Path != path.Clean(c.Path) || c.Path == "/" || !safeBack(c.Path) || c.Path != (&url.URL{Path: c.Path}).EscapedPath() {
		return c, wechat.Invalid("path", "want a plain path such as /wechat/login")
	}
	if !safeBack(c.Home) {
		return c, wechat.Invalid("home", "want a path of this shop such as /")
	}
	if !c.Service.site && c.Scope != Base && c.Scope != UserInfo {
		return c, wechat.Invalid("scope", "want snsapi_base or snsapi_userinfo")
	}
	if c.Life < time.Minute || c.Wait < time.Minute || c.Wait > time.Hour {
		return c, wechat.Invalid("life", "want a Life of a minute or more, and a Wait of a minute to an hour")
	}
	return c, nil
}

func (c *LoginConfig) defaults() {
	if c.Path == "" {
		c.Path = "/wechat/login"
	}
	if c.Home == "" {
		c.Home = "/"
	}
	if c.Service.site {
		c.Scope = SiteLogin
	} else if c.Scope == "" {
		c.Scope = Base
	}
	if c.Life == 0 {
		c.Life = 12 * time.Hour
	}
	if c.Wait == 0 {
		c.Wait = 10 * time.Minute
	}
	if c.Now == nil {
		c.Now = c.Service.cfg.Now
	}
	if c.Once == nil {
		c.Once = newMemory(c.Now, mostOnce)
	}
	if c.Fail == nil {
		c.Fail = func(w http.ResponseWriter, _ *http.Request, f *Failure) { f.Page(w) }
	}
}

// Consented is a Login whose Require also wants the visitor's consent to nickname and
// picture, scope UserInfo. Where it is missing the visitor is asked. Mount only one
// of the two. For websites it is the same Login.
func (l *Login) Consented() *Login {
	if l.cfg.Service.site {
		return l
	}
	return &Login{l.loginCore, UserInfo}
}

// Path is where to mount the Login.
func (l *Login) Path() string { return l.cfg.Path }

// String says where the Login is and nothing secret.
func (l *Login) String() string { return l.cfg.text() }

// Format is String whatever the verb.
func (l *Login) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// Require passes visitors on to next who are logged in, with the scope wanted, and
// sends the others to WeChat and back. A request that is no page, such as a form or
// a script's, cannot go that way: it is a Failure with status 401. Where Require
// also covers Path, as a handler of / does when the Login itself was not mounted,
// it lets the Login answer there; otherwise browsers would go round for ever.
func (l *Login) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == l.cfg.Path {
			l.ServeHTTP(w, r)
			return
		}
		v, ok := l.Visitor(r)
		if ok && (l.scope != UserInfo || v.Has(UserInfo)) {
			next.ServeHTTP(w, r.WithContext(l.remember(r.Context(), v)))
			return
		}
		noStore(w)
		back := l.back(r.URL.RequestURI())
		if !isPage(r) {
			l.cfg.Fail(w, r, &Failure{http.StatusUnauthorized, l.again(l.cfg.Home), ErrLoginNeeded})
			return
		}
		l.begin(w, r, back)
	})
}

// isPage reports whether a browser would show what r is answered with.
func isPage(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode") // older browsers send none
	return r.Method == http.MethodGet && (mode == "" || mode == "navigate") && r.Header.Get("X-Requested-With") != "XMLHttpRequest"
}

// ServeHTTP begins a login, with the return address in the query item return, or
// ends the one that the browser comes back from.
func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	if r.Method != http.MethodGet {
		l.cfg.Fail(w, r, &Failure{http.StatusMethodNotAllowed, l.again(l.cfg.Home), ErrMethod})
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	switch {
	case err != nil:
		l.cfg.Fail(w, r, &Failure{http.StatusBadRequest, l.again(l.cfg.Home), ErrNoState})
	case !q.Has("state") && !q.Has("code"):
		l.begin(w, r, l.back(q.Get("return")))
	default:
		if f := l.end(w, r, q); f != nil {
			l.cfg.Fail(w, r, f)
		}
	}
}

// back is where to go after the login: s, if that is on this shop, and not Login
// itself, which would go round for ever.
func (l *Login) back(s string) string {
	page, _, _ := strings.Cut(s, "#")
	page = escaped(page)
	at, _, _ := strings.Cut(page, "?")
	if !safeBack(page) || path.Clean(at) == l.cfg.Path {
		return l.cfg.Home
	}
	return page
}

// again is the path that begins a new login.
func (l *Login) again(back string) string {
	if back == l.cfg.Home {
		return l.cfg.Path
	}
	return l.cfg.Path + "?return=" + url.QueryEscape(back)
}

// noStore keeps answers that set cookies, and addresses that hold codes, out of
// caches and Referer headers.
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}
