package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// lin is the customer.
var lin = wechattest.User{Name: "小林"}

// chat does something in the account's chat and lets the answer come.
func (d *day) chat(ctx context.Context, act string, fields url.Values) (page, error) {
	if fields == nil {
		fields = url.Values{}
	}
	fields.Set("act", act)
	d.own()
	p, err := d.customer.do(ctx, http.MethodPost, d.app.WeChat+"/ui/chat", fields)
	if err != nil {
		return page{}, err
	}
	d.later(0)
	if p.path == "/ui/chat" {
		return d.customer.get(ctx, d.app.WeChat+"/ui/chat")
	}
	return p, nil
}

// own makes the browser the customer's phone.
func (d *day) own() {
	if at, err := url.Parse(d.app.WeChat); err == nil {
		d.customer.client.Jar.SetCookies(at, []*http.Cookie{d.app.People.Cookie(lin)})
	}
}

func follow(ctx context.Context, d *day) (string, error) {
	p, err := d.chat(ctx, "follow", nil)
	if err == nil && (!p.says("欢迎来到山月小铺") || !p.says("今日好茶")) {
		err = errors.New("no welcome and no menu in the chat")
	}
	return "小林 follows the account: the pushed event is answered with a welcome, and the menu is there", err
}

func tapMenu(ctx context.Context, d *day) (string, error) {
	p, err := d.chat(ctx, "tap", url.Values{"button": {"今日好茶"}})
	if err == nil && !p.says("明前龙井 ¥168.00") {
		err = errors.New("no card for the tea of the day")
	}
	if err != nil {
		return "", err
	}
	p, err = d.chat(ctx, "tap", url.Values{"button": {"逛店"}})
	if err == nil && (p.path != "/" || !p.says(`href="/me"`)) {
		err = fmt.Errorf("the button led to %s, and not logged in", p.path)
	}
	return "a tap brings the tea of the day as a card; another opens the shop, logged in without a question", err
}

func writeWord(ctx context.Context, d *day) (string, error) {
	p, err := d.chat(ctx, "say", url.Values{"text": {"咖啡"}})
	if err == nil && !p.says("手冲咖啡套装 ¥198.00") {
		err = errors.New("no card for the word")
	}
	return "“咖啡” is answered with the card of the coffee set", err
}

// logIn shows the consent page, which the silent login does without.
func logIn(ctx context.Context, d *day) (string, error) {
	d.own()
	refused, err := d.consent(ctx, "refuse")
	if err == nil || !refused.says("您没有同意授权") {
		return "", errors.Join(errors.New("a refusal was not taken as one"), err)
	}
	p, err := d.consent(ctx, "allow")
	if err == nil && !p.says("小林") {
		err = errors.New("the shop does not know the name")
	}
	return "name asked for: refused once, which harms nothing, and then allowed; the page greets 小林", err
}

// consent presses a button of WeChat's consent page.
func (d *day) consent(ctx context.Context, act string) (page, error) {
	p, err := d.customer.get(ctx, "/me/profile")
	if err != nil {
		return page{}, err
	}
	if !p.says(`value="allow"`) {
		return page{}, errors.New("no consent page")
	}
	return d.customer.do(ctx, http.MethodPost, p.address, url.Values{"act": {act}})
}

// pickAddress picks a shipping address as the page's script does.
func pickAddress(ctx context.Context, d *day) (string, error) {
	me, err := d.customer.get(ctx, "/enter?to=/me")
	if err != nil {
		return "", err
	}
	signed, err := d.customer.post(ctx, "/me/sign", me.hidden("csrf"), "application/x-www-form-urlencoded", url.Values{"url": {d.app.Origin + "/me"}}.Encode())
	if err != nil {
		return "", err
	}
	var in struct{ Config wechattest.PageConfig }
	if err := json.Unmarshal([]byte(signed.body), &in); err != nil {
		return "", err
	}
	sheet := url.Values{"page": {d.app.Origin + "/me"}, "appId": {in.Config.AppID}, "timestamp": {in.Config.Timestamp.String()},
		"nonceStr": {in.Config.NonceStr}, "signature": {in.Config.Signature}, "apis": {strings.Join(in.Config.APIs, ",")},
		"act": {"add"}, "name": {"林小明"}, "phone": {"13800000000"}, "province": {"广东省"}, "city": {"广州市"}, "county": {"海珠区"}, "detail": {"新港中路397号"}}
	picked, err := d.customer.do(ctx, http.MethodPost, d.app.WeChat+"/ui/address", sheet)
	if err != nil {
		return "", err
	}
	if _, err := d.customer.post(ctx, "/me/address", me.hidden("csrf"), "application/json", picked.data("answer")); err != nil {
		return "", err
	}
	if me, err = d.customer.get(ctx, "/me"); err == nil && !me.says("广东省广州市海珠区新港中路397号") {
		err = errors.New("the address is not on the page")
	}
	return "page signed for wx.openAddress, address picked on WeChat's sheet, checked and kept by the shop", err
}

// ready logs the customer in and picks an address, if that is still to be done.
func (d *day) ready(ctx context.Context) error {
	d.own()
	p, err := d.customer.get(ctx, "/enter?to=/me")
	if err == nil && p.says("还没有收货地址") {
		_, err = pickAddress(ctx, d)
	}
	return err
}

// hearOfIt is the customer who is told of the payment, and asks about the order.
func hearOfIt(ctx context.Context, d *day) (string, error) {
	o, err := d.app.Store.Order(ctx, d.inside)
	if err == nil && o.State != shop.Paid {
		err = errors.New("there is no paid order")
	}
	if err != nil {
		return "", err
	}
	sent, err := d.app.Account.Tell(ctx)
	again, againErr := d.app.Account.Tell(ctx)
	if err = errors.Join(err, againErr); err == nil && (sent != 1 || again != 0) {
		err = fmt.Errorf("%d messages and then %d, not 1 and 0", sent, again)
	}
	if err != nil {
		return "", err
	}
	on, err := d.customer.get(ctx, "/orders/"+o.No)
	if err != nil || !on.says("林小明") {
		return "", errors.Join(errors.New("the order does not say where it goes"), err)
	}
	if _, err := d.customer.submit(ctx, on, "/orders/"+o.No+"/talk", url.Values{}); err != nil {
		return "", err
	}
	p, err := d.customer.get(ctx, d.app.WeChat+"/ui/chat")
	if err == nil && (!p.says("订单支付成功通知") || !p.says("共 ¥336.00，已付款")) {
		err = errors.New("the messages are not in the chat")
	}
	return "template message about the payment, sent once; customer service says in the chat how the order stands", err
}
