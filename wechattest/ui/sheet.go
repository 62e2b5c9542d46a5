package ui

import (
	"errors"
	"net/http"

	"github.com/wxcommerce/wechat/wechattest"
)

// question is a pay sheet: what the customer is asked, and after Result is set,
// what came of it.
type question struct {
	Ref     string // opens the order
	Origin  string // of the page that wants to know; empty on the phone
	Shop    string
	Order   wechattest.Order
	Result  string // ok, cancel, fail
	Problem string
}

// scanner is who holds the phone when an order names nobody.
var scanner = wechattest.User{Name: "phone"}

// sheet is opened by bridge.js in a frame over the shop's page. As in WeChat,
// the parameters' signature is checked before the customer sees a price.
func (s *server) sheet(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	origin := q.Get("origin")
	if !s.allowed(origin) {
		render(w, http.StatusForbidden, "'none'", "sheet.html", question{Problem: "这个网页不能打开微信支付 / this page may not open WeChat Pay"})
		return
	}
	o, err := s.wallet.page(q)
	if err == nil && o.State != "NOTPAY" {
		err = wechattest.ErrNotOpen
	}
	if err != nil {
		render(w, http.StatusOK, origin, "sheet.html", question{Origin: origin, Result: "fail", Problem: wordsFor(err)})
		return
	}
	render(w, http.StatusOK, origin, "sheet.html", question{Ref: o.PrepayID, Origin: origin, Shop: s.wallet.shop(o), Order: o})
}

// decideSheet is the customer's answer on the sheet.
func (s *server) decideSheet(w http.ResponseWriter, r *http.Request) {
	origin := r.PostFormValue("origin")
	if !s.allowed(origin) {
		http.Error(w, "unknown origin", http.StatusForbidden)
		return
	}
	q := s.decide(r, wechattest.User{})
	q.Origin = origin
	render(w, http.StatusOK, origin, "sheet.html", q)
}

// decide pays or cancels.
func (s *server) decide(r *http.Request, by wechattest.User) question {
	q := question{Ref: r.PostFormValue("ref"), Result: "cancel"}
	var err error
	if r.PostFormValue("act") == "pay" {
		q.Result = "ok"
		q.Order, err = s.wallet.pay(q.Ref, by)
	} else {
		q.Order, err = s.wallet.cancel(q.Ref)
	}
	if err != nil {
		q.Result, q.Problem = "fail", wordsFor(err)
		return q
	}
	q.Shop = s.wallet.shop(q.Order)
	return q
}

// wordsFor says in the customer's words why a payment does not open.
func wordsFor(err error) string {
	switch {
	case errors.Is(err, wechattest.ErrExpired):
		return "支付已过期，请返回商家重新发起 / too late to pay, please start again"
	case errors.Is(err, wechattest.ErrNotOpen):
		return "订单已支付或已关闭 / the order is paid or closed already"
	case errors.Is(err, wechattest.ErrWrongUser):
		return "这笔订单属于另一位用户 / the order is for another user"
	case errors.Is(err, wechattest.ErrScan):
		return "这个码打不开订单 / this code opens no order: " + err.Error()
	case errors.Is(err, wechattest.ErrNoOrder):
		return "没有找到这笔订单 / there is no such order"
	}
	return "支付参数有误：" + err.Error()
}
