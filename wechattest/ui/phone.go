package ui

import (
	"net/http"
	"net/url"

	"github.com/wxcommerce/wechat/wechattest"
)

// phone is a phone with a scanner. With a code it shows what there is to pay.
func (s *server) phone(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if code == "" {
		render(w, http.StatusOK, "'none'", "phone.html", question{})
		return
	}
	q := question{Ref: code}
	o, err := s.wallet.scan(r.Context(), code)
	switch {
	case err != nil:
		q.Problem = wordsFor(err)
	case o.State != "NOTPAY" && o.State != "USERPAYING":
		q.Problem = wordsFor(wechattest.ErrNotOpen)
	default:
		q.Order, q.Shop = o, s.wallet.shop(o)
		if o.PrepayID != "" {
			q.Ref = o.PrepayID // a code of a product opens another order at every scan
		}
	}
	render(w, http.StatusOK, "'none'", "phone.html", q)
}

// decidePhone is the customer's answer on the phone.
func (s *server) decidePhone(w http.ResponseWriter, r *http.Request) {
	by := scanner
	if o, err := s.wallet.order(r.PostFormValue("ref")); err == nil && o.OpenID != "" {
		by = wechattest.User{} // the order says for whom it is
	}
	render(w, http.StatusOK, "'none'", "phone.html", s.decide(r, by))
}

// h5 is where the browser of a phone lands with an h5_url: WeChat opens.
func (s *server) h5(w http.ResponseWriter, r *http.Request) {
	code := "http://" + r.Host + r.URL.RequestURI()
	http.Redirect(w, r, "/ui/phone?"+url.Values{"code": {code}}.Encode(), http.StatusSeeOther)
}
