package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify/delivery"
)

// afterSale adds what happens once an order is paid.
func (s *Server) afterSale(mux *http.ServeMux) {
	mux.Handle(AfterPath, s.Desk.Notices())
	if push := s.Desk.Push(); push != nil {
		mux.Handle(ShippingPath, push)
	}
	if s.Check {
		mux.HandleFunc("GET "+CountPath, s.count)
	}
	mux.HandleFunc("POST /merchant/orders/{no}/ship", s.form(s.merchant(s.ship)))
	mux.HandleFunc("POST /merchant/alarms/{id}", s.form(s.merchant(s.acknowledge)))
	mux.HandleFunc("GET /merchant/complaints", s.merchant(s.complaints))
	mux.HandleFunc("GET /merchant/complaints/{id}", s.merchant(s.complaint))
	mux.HandleFunc("GET /merchant/complaints/{id}/pictures/{at}", s.merchant(s.picture))
	mux.HandleFunc("POST /merchant/complaints/{id}/reply", s.form(s.merchant(s.reply)))
	mux.HandleFunc("POST /merchant/complaints/{id}/refund", s.form(s.merchant(s.complaintRefund)))
	mux.HandleFunc("POST /merchant/complaints/{id}/complete", s.form(s.merchant(s.complete)))
}

// count answers the go-live check, which is on this machine.
func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	n, err := s.Store.Fulfilled(r.Context(), r.URL.Query().Get("out_trade_no"))
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, strconv.Itoa(n)) // a reader that has gone needs nothing
}

// carrier is a parcel service of the form.
type carrier struct{ Code, Chinese, English string }

var carriers = []carrier{
	{delivery.CompanyYTO, "圆通速递", "YTO Express"}, {delivery.CompanyZTO, "中通快递", "ZTO Express"}, {delivery.CompanySTO, "申通快递", "STO Express"},
	{delivery.CompanyYD, "韵达快递", "Yunda Express"}, {delivery.CompanyJD, "京东快递", "JD Logistics"}, {delivery.CompanyEMS, "邮政 EMS", "EMS"},
}

// after is what happened to an order once it was paid; Shipment is nil before.
type after struct {
	Shipment   *shop.Shipment
	Complaints []shop.Complaint
	Carriers   []carrier
}

func (s *Server) after(r *http.Request, o shop.Order) (a after, err error) {
	p, err := s.Store.ShipmentOf(r.Context(), o.No)
	switch {
	case err == nil:
		a.Shipment = &p
	case !errors.Is(err, shop.ErrNotFound):
		return a, err
	case o.State == shop.Paid && o.Refunded < o.Total:
		a.Carriers = carriers
	}
	a.Complaints, err = s.Store.Complaints(r.Context(), o.No)
	return a, err
}

func carrierName(v view, code string) string {
	for _, c := range carriers {
		if c.Code == code {
			return v.Say(c.Chinese, c.English)
		}
	}
	return code
}

func (s *Server) ship(w http.ResponseWriter, r *http.Request) {
	no, notice := r.PathValue("no"), "shipped"
	p, err := s.Desk.Ship(r.Context(), no, r.PostForm.Get("company"), r.PostForm.Get("tracking"))
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
		return
	case errors.Is(err, shop.ErrParcel):
		notice = "parcel"
	case errors.Is(err, shop.ErrShipped):
		notice = "shippedother"
	case errors.Is(err, shop.ErrNotGoods):
		notice = "notgoods"
	case err != nil:
		s.broken(w, r, err)
		return
	case p.State == shop.ShipRequested:
		notice = "shipping"
	}
	back(w, r, "/merchant/orders/"+no, notice)
}

func (s *Server) acknowledge(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err == nil {
		err = s.Store.Acknowledge(r.Context(), id)
	} else {
		err = shop.ErrNotFound
	}
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		back(w, r, "/merchant/ledger", "acked")
	}
}
