package oauth

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
)

// flow is a login under way, as the cookie of the browser that began it holds it.
type flow struct {
	State string `json:"s"`
	Back  string `json:"b"`
	Until int64  `json:"x"` // Unix seconds
}

const (
	stateLen  = 26 // of wechat.Nonce
	mostFlows = 5  // cookies of logins under way in one browser
)

// begin sends the browser to WeChat.
func (l *Login) begin(w http.ResponseWriter, r *http.Request, back string) {
	f := flow{wechat.Nonce(), back, l.cfg.Now().Add(l.cfg.Wait).Unix()}
	to, err := l.cfg.Service.AuthorizeURL(Authorization{RedirectURI: l.cfg.Origin + l.cfg.Path, Scope: l.scope, State: f.State})
	if err != nil {
		l.cfg.Fail(w, r, &Failure{http.StatusInternalServerError, l.again(back), err})
		return
	}
	l.tidy(w, r)
	text, _ := wire.JSON(f) // cannot fail, and escapes no &, which would not fit a cookie
	l.setCookie(w, l.flowName(f.State), l.flows.Seal(text), l.cfg.Wait)
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// tidy ends the logins that a browser began and left, if there are many.
func (l *Login) tidy(w http.ResponseWriter, r *http.Request) {
	var old []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, l.flowName("")) && len(old) < 50 {
			old = append(old, c.Name)
		}
	}
	if len(old) < mostFlows {
		return
	}
	for _, name := range old {
		l.setCookie(w, name, "", -1)
	}
}

// end takes the browser back. It answers itself unless there is a Failure.
func (l *Login) end(w http.ResponseWriter, r *http.Request, q url.Values) *Failure {
	f, failure := l.resume(r, q)
	if failure != nil {
		if _, in := l.Visitor(r); in && errors.Is(failure, ErrStateUsed) {
			l.leave(w, f.Back) // the browser came back twice, and the first time went well
			return nil
		}
		return failure
	}
	l.setCookie(w, l.flowName(f.State), "", -1)
	again := l.again(f.Back)
	code := q.Get("code")
	if code == "" {
		return &Failure{http.StatusForbidden, again, ErrRefused}
	}
	g, err := l.cfg.Service.Exchange(r.Context(), code)
	switch {
	case err != nil:
		return &Failure{statusOf(err), again, err}
	case g.Snapshot:
		return &Failure{http.StatusForbidden, again, ErrSnapshot}
	}
	if l.cfg.Done != nil {
		if err := l.cfg.Done(w, r, g); err != nil {
			return &Failure{http.StatusInternalServerError, again, fmt.Errorf("%w: %w", errDone, err)}
		}
	}
	l.welcome(w, g)
	l.leave(w, f.Back)
	return nil
}

// resume finds the login that the browser comes back from and uses it up.
func (l *Login) resume(r *http.Request, q url.Values) (flow, *Failure) {
	bad := func(status int, back string, err error) (flow, *Failure) {
		return flow{Back: back}, &Failure{status, l.again(back), err}
	}
	state := q["state"]
	if len(state) != 1 || len(q["code"]) > 1 || !isState(state[0]) {
		return bad(http.StatusBadRequest, l.cfg.Home, ErrNoState)
	}
	f, ok := l.flowOf(r, state[0])
	if !ok {
		return bad(http.StatusBadRequest, l.cfg.Home, ErrOtherBrowser)
	}
	left := time.Unix(f.Until, 0).Sub(l.cfg.Now())
	if left <= 0 {
		return bad(http.StatusBadRequest, f.Back, ErrStateExpired)
	}
	first, err := l.cfg.Once.Swap(r.Context(), "wechat:login:"+l.cfg.Service.cfg.App.ID()+":"+f.State, nil, []byte("1"), left+time.Minute)
	switch {
	case err != nil:
		return bad(http.StatusServiceUnavailable, f.Back, fmt.Errorf("%w: %w", errMemory, err))
	case !first:
		return bad(http.StatusBadRequest, f.Back, ErrStateUsed)
	}
	return f, nil
}

// flowOf opens the cookies of the login with this state; a browser may send several
// of one name, of which one may have been planted.
func (l *Login) flowOf(r *http.Request, state string) (flow, bool) {
	for _, c := range r.CookiesNamed(l.flowName(state)) {
		var f flow
		text, err := l.flows.Open(c.Value)
		if err == nil && json.Unmarshal(text, &f) == nil && subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) == 1 {
			f.Back = l.back(f.Back) // Path and Home may have moved since
			return f, true
		}
	}
	return flow{}, false
}

func isState(s string) bool {
	return len(s) == stateLen && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '2' || r > '7') })
}

// flowName is the cookie's name of the login with this state: two logins of one
// browser do not disturb each other.
func (l *Login) flowName(state string) string {
	return l.cookieName("wechat-flow-" + state[:min(len(state), 8)])
}

// leave sends the browser on, away from the address that holds the code.
func (l *Login) leave(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
