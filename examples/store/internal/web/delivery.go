package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/address"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// mePage is what the shop knows of a customer.
type mePage struct{ Address *address.Address }

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	ses, err := s.visitor(w, r)
	var saved string
	if err == nil {
		saved, err = s.Store.Address(r.Context(), ses.Customer)
	}
	if err != nil && !errors.Is(err, shop.ErrNotFound) {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "me", mePage{s.address(saved)})
}

// profiled comes after the customer agreed to show nickname and picture.
func (s *Server) profiled(w http.ResponseWriter, r *http.Request) { back(w, r, "/me", "profiled") }

// address reads what SetAddress kept; nil if there is none.
func (s *Server) address(saved string) *address.Address {
	if saved == "" {
		return nil
	}
	a, err := address.Load([]byte(saved))
	if err != nil {
		s.Log.Error("a saved address is unreadable", "error", err)
		return nil
	}
	return a
}

// signPage gives a page what it hands to wx.config. The page says its own address,
// and only one of this shop is signed.
func (s *Server) signPage(w http.ResponseWriter, r *http.Request) {
	page, err := s.Account.AddressPage(r.Context(), r.PostForm.Get("url"))
	var bad *wechat.FieldError
	switch {
	case errors.As(err, &bad):
		s.fail(w, r, http.StatusBadRequest)
	case err != nil:
		s.Log.Warn("signing a page", "error", err)
		s.json(w, r, http.StatusBadGateway, map[string]string{"problem": "later"})
	default:
		s.json(w, r, http.StatusOK, page)
	}
}

// keepAddress takes what wx.openAddress gave the page, for the order in the query and
// all later ones. It is checked here: the page can send anything.
func (s *Server) keepAddress(w http.ResponseWriter, r *http.Request) {
	ses, err := s.visitor(w, r)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	body, err := io.ReadAll(r.Body)
	var saved []byte
	if err == nil {
		var picked *address.Address
		if picked, err = address.Parse(body); err == nil {
			saved, err = picked.Save()
		}
	}
	if err != nil { // names no part of an address
		s.Log.Info("no address", "error", err)
		s.json(w, r, http.StatusBadRequest, map[string]string{"problem": "address"})
		return
	}
	switch err := s.Store.SetAddress(r.Context(), ses.Customer, r.URL.Query().Get("order"), string(saved)); {
	case errors.Is(err, shop.ErrTooLate):
		s.json(w, r, http.StatusConflict, map[string]string{"problem": "notopen"})
	case err != nil:
		s.broken(w, r, err)
	default:
		s.json(w, r, http.StatusOK, map[string]string{"address": "kept"})
	}
}

// addressPart is what the shared part about a shipping address needs.
type addressPart struct {
	V       view
	Address *address.Address
	Order   string // whose address it is, "" for the customer's own
	Open    bool   // it may still be changed
}

func addressPartOf(v view, a *address.Address, order string, open bool) addressPart {
	return addressPart{v, a, order, open}
}
