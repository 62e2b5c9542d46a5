package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

type sessionKey struct{}

// cookieName says by its prefix, where browsers enforce it, that only this host
// over https can have set the cookie.
func (s *Server) cookieName() string {
	if s.secure {
		return "__Host-session"
	}
	return "session"
}

// visitor finds the session of a request, and begins one if there is none. A
// token this shop did not make is never taken over.
func (s *Server) visitor(w http.ResponseWriter, r *http.Request) (shop.Session, error) {
	if ses, ok := r.Context().Value(sessionKey{}).(shop.Session); ok {
		return ses, nil
	}
	ses, err := s.known(r)
	if !errors.Is(err, shop.ErrNotFound) {
		return ses, err
	}
	token, ses, err := s.Store.NewSession(r.Context())
	if err != nil {
		return shop.Session{}, err
	}
	s.setCookie(w, token)
	return ses, nil
}

func (s *Server) known(r *http.Request) (shop.Session, error) {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return shop.Session{}, shop.ErrNotFound
	}
	return s.Store.Session(r.Context(), c.Value)
}

func (s *Server) setCookie(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: token, Path: "/", MaxAge: int(shop.SessionLife.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

// form lets a POST pass only with the secret of its own session, in the form or
// in the header X-CSRF-Token.
func (s *Server) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			s.fail(w, r, http.StatusBadRequest)
			return
		}
		ses, err := s.known(r)
		if err != nil && !errors.Is(err, shop.ErrNotFound) {
			s.broken(w, r, err)
			return
		}
		given := r.PostForm.Get("csrf")
		if given == "" {
			given = r.Header.Get("X-CSRF-Token")
		}
		if err != nil || subtle.ConstantTimeCompare([]byte(given), []byte(ses.CSRF)) != 1 {
			s.forbidden(w, r)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, ses)))
	}
}

// mine passes the visitor's own order on. Somebody else's does not exist for them.
func (s *Server) mine(next func(http.ResponseWriter, *http.Request, shop.Order)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ses, err := s.known(r)
		var o shop.Order
		if err == nil {
			o, err = s.Store.OrderOf(r.Context(), ses.Customer, r.PathValue("no"))
		}
		switch {
		case errors.Is(err, shop.ErrNotFound):
			s.notFound(w, r)
		case err != nil:
			s.broken(w, r, err)
		default:
			next(w, r, o)
		}
	}
}

// merchant lets only a browser pass that has shown the merchant password.
func (s *Server) merchant(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ses, err := s.known(r)
		switch {
		case err != nil && !errors.Is(err, shop.ErrNotFound):
			s.broken(w, r, err)
		case !ses.Merchant && r.Method != http.MethodGet:
			s.forbidden(w, r)
		case !ses.Merchant:
			http.Redirect(w, r, "/merchant/login?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
		default:
			next(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, ses)))
		}
	}
}

// local is where to go next if that is a plain path of this shop, or else "/".
// Browsers read //x and /\x as another host, and drop tabs and line feeds first.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\t\r\n\x00") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
