package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "login", local(r.URL.Query().Get("next")))
}

// login compares digests, so that the time it takes tells nothing, and gives the
// browser a new token.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	next := local(r.PostForm.Get("next"))
	given, want := sha256.Sum256([]byte(r.PostForm.Get("password"))), sha256.Sum256([]byte(s.Password))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		s.Log.Warn("merchant login failed")
		http.Redirect(w, r, "/merchant/login?"+url.Values{"m": {"password"}, "next": {next}}.Encode(), http.StatusSeeOther)
		return
	}
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		s.forbidden(w, r)
		return
	}
	token, _, err := s.Store.Promote(r.Context(), c.Value)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.setCookie(w, token)
	if next == "/" {
		next = "/merchant"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName()); err == nil {
		if err := s.Store.EndSession(r.Context(), c.Value); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
	back(w, r, "/", "")
}

func (s *Server) sales(w http.ResponseWriter, r *http.Request) {
	all, err := s.Store.Orders(r.Context(), 0, 200)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "sales", all)
}

func (s *Server) sale(w http.ResponseWriter, r *http.Request) {
	o, err := s.Store.Order(r.Context(), r.PathValue("no"))
	var refunds []shop.Refund
	if err == nil {
		refunds, err = s.Store.Refunds(r.Context(), o.No)
	}
	var a after
	if err == nil {
		a, err = s.after(r, o)
	}
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		s.show(w, r, http.StatusOK, "sale", orderPage{Order: o, Refunds: refunds, Address: s.address(o.Address), Mark: mark(o), FormToken: rand.Text(), After: a})
	}
}

// saleState is state for the merchant's page.
func (s *Server) saleState(w http.ResponseWriter, r *http.Request) {
	o, err := s.Store.Order(r.Context(), r.PathValue("no"))
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		s.state(w, r, o)
	}
}

func (s *Server) refund(w http.ResponseWriter, r *http.Request) {
	page, notice := "/merchant/orders/"+r.PathValue("no"), "refunded"
	amount, err := wechat.ParseYuan(r.PostForm.Get("amount"))
	if err != nil {
		back(w, r, page, "amount")
		return
	}
	_, err = s.Cashier.Refund(r.Context(), r.PathValue("no"), amount, r.PostForm.Get("reason"), r.PostForm.Get("form"))
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
		return
	case errors.Is(err, shop.ErrOverRefund):
		notice = "over"
	case errors.Is(err, shop.ErrTooManyRefunds):
		notice = "many"
	case errors.Is(err, shop.ErrNotPaid):
		notice = "notpaid"
	case errors.Is(err, shop.ErrText), errors.Is(err, shop.ErrFormToken):
		notice = "text"
	case err != nil:
		s.broken(w, r, err)
		return
	}
	back(w, r, page, notice)
}

// ledgerPage is both ledgers and what does not fit.
type ledgerPage struct {
	shop.Comparison
	Alarms []shop.Alarm
}

func (s *Server) ledger(w http.ResponseWriter, r *http.Request) {
	ours, err := s.Store.Ledger(r.Context())
	var theirs []shop.Entry
	if err == nil {
		theirs, err = s.Theirs(r.Context())
	}
	var alarms []shop.Alarm
	if err == nil {
		alarms, err = s.Store.Alarms(r.Context())
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "ledger", ledgerPage{shop.Compare(ours, theirs), alarms})
}

// heal asks WeChat about everything that is open, due or not.
func (s *Server) heal(w http.ResponseWriter, r *http.Request) {
	notice := "healed"
	_, err := s.Cashier.Heal(r.Context(), true)
	_, after := s.Desk.Heal(r.Context(), true)
	if err := errors.Join(err, after); err != nil {
		s.Log.Warn("heal", "error", err)
		notice = "unhealed"
	}
	back(w, r, "/merchant/ledger", notice)
}
