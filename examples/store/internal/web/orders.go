package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat/address"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/qrcode"
)

func crashAfterOrder(err error) {
	if err == nil {
		crash.At(crash.AfterOrderInsert)
	}
}

func (s *Server) orders(w http.ResponseWriter, r *http.Request) {
	ses, err := s.visitor(w, r)
	var all []shop.Order
	if err == nil {
		all, err = s.Store.Orders(r.Context(), ses.Customer, 50)
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "orders", all)
}

// orderPage is an order with its refunds.
type orderPage struct {
	shop.Order
	Refunds   []shop.Refund
	Address   *address.Address
	Mark      string // of the state shown, see state
	FormToken string // merchant page only
	After     after
}

func (s *Server) order(w http.ResponseWriter, r *http.Request, o shop.Order) {
	refunds, err := s.Store.Refunds(r.Context(), o.No)
	var a after
	if err == nil {
		a, err = s.after(r, o)
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "order", orderPage{Order: o, Refunds: refunds, Address: s.address(o.Address), Mark: mark(o), After: a})
}

// mark changes whenever the page would look different.
func mark(o shop.Order) string {
	return fmt.Sprintf("%s-%d-%d", o.State, o.Refunded, o.Refunding)
}

// state is what the order page's script asks for again and again.
func (s *Server) state(w http.ResponseWriter, r *http.Request, o shop.Order) {
	s.json(w, r, http.StatusOK, map[string]string{"state": string(o.State), "mark": mark(o)})
}

// code draws the QR code of a Native order.
func (s *Server) code(w http.ResponseWriter, r *http.Request, o shop.Order) {
	if o.CodeURL == "" || o.State != shop.Pending {
		s.notFound(w, r)
		return
	}
	s.draw(w, r, o.CodeURL)
}

func (s *Server) draw(w http.ResponseWriter, r *http.Request, text string) {
	code, err := qrcode.New(text)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	if err := code.SVG(w); err != nil {
		s.Log.Warn("qr code", "error", err)
	}
}

// jsapi gives the checkout page what it has to hand to WeixinJSBridge.
func (s *Server) jsapi(w http.ResponseWriter, r *http.Request, o shop.Order) {
	if o.Address == "" {
		s.json(w, r, http.StatusConflict, map[string]string{"problem": "address"})
		return
	}
	params, err := s.Cashier.JSAPI(r.Context(), o)
	switch {
	case errors.Is(err, cashier.ErrNotPayable):
		s.json(w, r, http.StatusConflict, map[string]string{"problem": "notopen"})
	case err != nil:
		s.Log.Warn("prepay", "no", o.No, "error", err)
		s.json(w, r, http.StatusBadGateway, map[string]string{"problem": "nocode"})
	default:
		s.json(w, r, http.StatusOK, params)
	}
}

// native asks WeChat for the code of an order and shows its page.
func (s *Server) native(w http.ResponseWriter, r *http.Request, o shop.Order) {
	_, err := s.Cashier.Native(r.Context(), o)
	notice := ""
	switch {
	case errors.Is(err, cashier.ErrNotPayable):
		notice = "notopen"
	case err != nil:
		s.Log.Warn("prepay", "no", o.No, "error", err)
		notice = "nocode"
	}
	back(w, r, "/orders/"+o.No, notice)
}

// cancel closes an order at WeChat and then here.
func (s *Server) cancel(w http.ResponseWriter, r *http.Request, o shop.Order) {
	notice := "cancelled"
	err := s.Cashier.Cancel(r.Context(), o)
	if err == nil {
		o, err = s.Store.Order(r.Context(), o.No)
	}
	switch {
	case errors.Is(err, cashier.ErrNotPayable), err == nil && o.State != shop.Closed:
		notice = "notopen"
	case err != nil:
		s.Log.Warn("cancel", "no", o.No, "error", err)
		notice = "later"
	}
	back(w, r, "/orders/"+o.No, notice)
}

func (s *Server) json(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a reader that has gone needs nothing
}
