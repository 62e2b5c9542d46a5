package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/netip"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	all, err := s.Store.Products(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "home", all)
}

// productPage carries a form token: all presses of its button are one order.
type productPage struct {
	shop.Product
	FormToken string
	Most      int64
	Poster    string // text of a code that sells one piece; "" if the generation has none
}

func (s *Server) product(w http.ResponseWriter, r *http.Request) {
	p, err := s.Store.Product(r.Context(), r.PathValue("slug"))
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		poster, err := s.Cashier.Poster(p.Slug)
		if err != nil {
			s.broken(w, r, err)
			return
		}
		s.show(w, r, http.StatusOK, "product", productPage{p, rand.Text(), min(p.Stock, shop.MaxQuantity), poster})
	}
}

// poster draws the code that sells one piece of a product to whoever scans it.
func (s *Server) poster(w http.ResponseWriter, r *http.Request) {
	p, err := s.Store.Product(r.Context(), r.PathValue("slug"))
	text := ""
	if err == nil {
		text, err = s.Cashier.Poster(p.Slug)
	}
	switch {
	case errors.Is(err, shop.ErrNotFound), err == nil && text == "":
		s.notFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		s.draw(w, r, text)
	}
}

// browserOf is the address of the connection; headers can say anything.
func browserOf(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return at.Addr().Unmap().WithZone("").String()
}

// place makes an order of what the form asks for. It reads no price from it.
func (s *Server) place(w http.ResponseWriter, r *http.Request) {
	ses, err := s.visitor(w, r)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	slug := r.PostForm.Get("product")
	if shop.Channel(r.PostForm.Get("channel")) == shop.JSAPI && ses.OpenID == "" {
		back(w, r, "/p/"+slug, "login") // WeChat takes the money of somebody it can name
		return
	}
	quantity, err := shop.ParseQuantity(r.PostForm.Get("quantity"))
	var o shop.Order
	if err == nil {
		o, err = s.Store.Place(r.Context(), shop.Cart{
			Seller: s.Cashier.Seller(), Customer: ses.Customer, OpenID: ses.OpenID, Product: slug, Quantity: quantity,
			Nickname: r.PostForm.Get("nickname"), Note: r.PostForm.Get("note"),
			Channel: shop.Channel(r.PostForm.Get("channel")), FormToken: r.PostForm.Get("form"), IP: browserOf(r),
		})
	}
	crashAfterOrder(err)
	switch page := "/p/" + slug; {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
	case errors.Is(err, shop.ErrSoldOut):
		back(w, r, page, "soldout")
	case errors.Is(err, shop.ErrQuantity):
		back(w, r, page, "quantity")
	case errors.Is(err, shop.ErrText):
		back(w, r, page, "text")
	case errors.Is(err, shop.ErrChannel), errors.Is(err, shop.ErrFormToken):
		s.fail(w, r, http.StatusBadRequest)
	case err != nil:
		s.broken(w, r, err)
	case o.Channel == shop.Native:
		s.native(w, r, o) // its page is no use without a code
	default:
		back(w, r, "/orders/"+o.No, "")
	}
}
