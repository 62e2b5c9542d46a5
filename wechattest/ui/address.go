package ui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat/wechattest"
)

// addressView is the sheet with the user's address book.
type addressView struct {
	Origin  string     // of the page that gets the result
	Asked   url.Values // what the page asked with, repeated by the forms
	Book    []wechattest.Address
	Result  string // JSON for the page, once the user has decided
	Problem string
	New     bool // the form for another address is open
}

// askedOf are the parameters of wx.openAddress: the page, and its wx.config.
func askedOf(q url.Values) url.Values {
	asked := url.Values{}
	for _, name := range []string{"page", "appId", "timestamp", "nonceStr", "signature", "apis"} {
		asked.Set(name, q.Get(name))
	}
	return asked
}

func configOf(asked url.Values) wechattest.PageConfig {
	return wechattest.PageConfig{AppID: asked.Get("appId"), Timestamp: json.Number(asked.Get("timestamp")), NonceStr: asked.Get("nonceStr"),
		Signature: asked.Get("signature"), APIs: strings.Split(asked.Get("apis"), ",")}
}

// open checks what the page asked with, as the client does before it opens a sheet.
func (s *account) open(w http.ResponseWriter, r *http.Request, q url.Values) (v addressView, u wechattest.User, ok bool) {
	v = addressView{Asked: askedOf(q)}
	if v.Origin, ok = s.allowed(v.Asked.Get("page")); !ok {
		v.Origin, v.Problem = "", "这个网页不能打开地址簿 / this page may not open the address book"
		s.render(w, http.StatusForbidden, "'none'", "address.html", v)
		return v, u, false
	}
	u, ok = s.app.Browser(r)
	if !ok {
		v.Problem, v.Result = "这个浏览器还不是任何人的手机，请先登录 / this browser is nobody's phone yet: log in first", `{"errMsg":"openAddress:fail"}`
	} else if _, err := s.app.OpenAddress(u, v.Asked.Get("page"), configOf(v.Asked), 0); err != nil {
		v.Problem, v.Result, ok = err.Error(), `{"errMsg":"openAddress:fail the permission value is offline verifying"}`, false
	}
	if !ok {
		s.render(w, http.StatusOK, v.Origin, "address.html", v)
	}
	return v, u, ok
}

// addresses is opened by jweixin.js in a frame over the shop's page.
func (s *account) addresses(w http.ResponseWriter, r *http.Request) {
	v, u, ok := s.open(w, r, r.URL.Query())
	if !ok {
		return
	}
	v.Book = s.app.Addresses(u)
	v.New = len(v.Book) == 0
	s.render(w, http.StatusOK, v.Origin, "address.html", v)
}

// pick is what the user decides on the sheet: an address, a new one, or none.
func (s *account) pick(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "unreadable form", http.StatusBadRequest)
		return
	}
	v, u, ok := s.open(w, r, r.PostForm)
	if !ok {
		return
	}
	id, err := s.chosen(u, r.PostForm)
	var result []byte
	if err == nil {
		result, err = s.app.OpenAddress(u, v.Asked.Get("page"), configOf(v.Asked), id)
	}
	if v.Result = string(result); err != nil {
		v.Problem, v.Book, v.New = err.Error(), s.app.Addresses(u), true
	}
	s.render(w, http.StatusOK, v.Origin, "address.html", v)
}

// chosen is the number of the address, 0 for none; a new one enters the book.
func (s *account) chosen(u wechattest.User, form url.Values) (int, error) {
	switch {
	case form.Get("act") == "add":
		return s.app.AddAddress(u, wechattest.Address{Name: form.Get("name"), Phone: form.Get("phone"), PostalCode: form.Get("postal"),
			Province: form.Get("province"), City: form.Get("city"), County: form.Get("county"), Detail: form.Get("detail"), NationalCode: form.Get("national")})
	case form.Get("act") == "cancel":
		return 0, nil
	}
	return strconv.Atoi(form.Get("act"))
}
