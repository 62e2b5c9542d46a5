package web

import (
	"errors"
	"net/http"

	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// talk has the account say in the customer's chat how an order stands, so that they
// can go on talking about it there.
func (s *Server) talk(w http.ResponseWriter, r *http.Request, o shop.Order) {
	ses, err := s.visitor(w, r)
	if err == nil {
		err = s.Account.Ask(r.Context(), ses.OpenID, o)
	}
	notice := "asked"
	if err != nil {
		notice = "later"
		if errors.Is(err, account.ErrNoChat) {
			notice = "writefirst"
		}
		s.Log.Info("talk about an order", "no", o.No, "error", err)
	}
	back(w, r, "/orders/"+o.No, notice)
}
