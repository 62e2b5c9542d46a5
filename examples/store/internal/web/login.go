package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/oauth"
)

// enterAt is where a browser logs in on its way to a page of the shop.
func enterAt(path string) string {
	return account.EnterPath + "?" + url.Values{"to": {path}}.Encode()
}

// entered takes in the customer whom WeChat has named: this browser's session from
// now on is theirs, under a new token and a new CSRF secret.
func (s *Server) entered(w http.ResponseWriter, r *http.Request, openID, nickname string) error {
	token := ""
	if c, err := r.Cookie(s.cookieName()); err == nil {
		token = c.Value
	}
	fresh, _, err := s.Store.Login(r.Context(), token, openID)
	if err == nil && nickname != "" {
		err = s.Store.SetNickname(r.Context(), openID, nickname)
	}
	if err == nil {
		s.setCookie(w, fresh)
	}
	return err
}

// enter goes on to the page that the customer wanted. Require has logged them in; if
// that was somebody else than the session says, they log in anew.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	who, _ := s.door.Visitor(r)
	ses, err := s.known(r)
	switch {
	case err != nil && !errors.Is(err, shop.ErrNotFound):
		s.broken(w, r, err)
	case ses.OpenID == "" || ses.OpenID != who.OpenID:
		s.door.Logout(w)
		http.Redirect(w, r, s.door.Path()+"?"+url.Values{"return": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
	default:
		http.Redirect(w, r, local(r.URL.Query().Get("to")), http.StatusSeeOther)
	}
}

// customer lets a page be seen by those only who have logged in.
func (s *Server) customer(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ses, err := s.known(r)
		switch {
		case err != nil && !errors.Is(err, shop.ErrNotFound):
			s.broken(w, r, err)
		case ses.OpenID == "" && r.Method != http.MethodGet:
			s.forbidden(w, r)
		case ses.OpenID == "":
			http.Redirect(w, r, enterAt(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			next(w, r)
		}
	}
}

// quietly logs those in who look at a page inside of WeChat, where it costs them no
// tap. Other browsers see the page as guests.
func (s *Server) quietly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.UserAgent(), "MicroMessenger") {
			s.customer(next)(w, r)
			return
		}
		next(w, r)
	}
}

// failedPage is a login that did not succeed.
type failedPage struct {
	Cause string // refused, snapshot, late, elsewhere, or empty
	Again string
}

// loginFailed says what to do; what was wrong in detail is only logged.
func (s *Server) loginFailed(w http.ResponseWriter, r *http.Request, f *oauth.Failure) {
	s.Log.Warn("login", "status", f.Status, "error", f.Err)
	p := failedPage{Again: f.Again}
	for _, c := range []struct {
		err  error
		name string
	}{{oauth.ErrRefused, "refused"}, {oauth.ErrSnapshot, "snapshot"}, {oauth.ErrStateExpired, "late"}, {oauth.ErrOtherBrowser, "elsewhere"}} {
		if errors.Is(f.Err, c.err) {
			p.Cause = c.name
		}
	}
	ses, err := s.known(r)
	if err != nil {
		ses = shop.Session{}
	}
	s.render(w, r, f.Status, "loginfailed", view{English: english(r), Session: ses, Path: "/", WeChat: s.WeChat, Data: p})
}

// leave ends the session, here and in the browser.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	s.door.Logout(w)
	s.logout(w, r)
}
