package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// open starts both servers with fresh keys.
func open(ctx context.Context, d *day) (string, error) {
	if err := d.start(ctx, "127.0.0.1:0"); err != nil {
		return "", err
	}
	var err error
	if d.customer, err = newBrowser(d.app.Origin); err != nil {
		return "", err
	}
	if d.merchant, err = newBrowser(d.app.Origin); err != nil {
		return "", err
	}
	p, err := d.customer.get(ctx, "/")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("shop %s with %d products, WeChat %s, merchant %s of generation %s with fresh keys",
		d.app.Origin, strings.Count(p.body, `class="card`), d.app.WeChat, d.app.Cashier.Seller().MchID, d.app.Cashier.Generation()), nil
}

// order fills in the form of a product page.
func (d *day) order(ctx context.Context, product string, quantity int, channel shop.Channel) (no string, p page, err error) {
	if err := d.ready(ctx); err != nil {
		return "", page{}, err
	}
	form, err := d.customer.get(ctx, "/p/"+product)
	if err != nil {
		return "", page{}, err
	}
	p, err = d.customer.submit(ctx, form, "/orders", url.Values{"product": {product}, "quantity": {strconv.Itoa(quantity)},
		"nickname": {"小明"}, "channel": {string(channel)}})
	if err != nil {
		return "", page{}, err
	}
	no, ok := strings.CutPrefix(p.path, "/orders/")
	if !ok {
		return "", page{}, fmt.Errorf("ordering led to %s", p.path)
	}
	return no, p, nil
}

// sheet asks the shop for the parameters and opens WeChat's pay sheet with them.
func (d *day) sheet(ctx context.Context, no string, on page) (page, error) {
	answer, err := d.customer.submit(ctx, on, "/orders/"+no+"/jsapi", url.Values{})
	if err != nil {
		return page{}, err
	}
	var params map[string]string
	if err := json.Unmarshal([]byte(answer.body), &params); err != nil {
		return page{}, fmt.Errorf("JSAPI parameters: %w", err)
	}
	q := url.Values{"origin": {d.app.Origin}}
	for k, v := range params {
		q.Set(k, v)
	}
	p, err := d.customer.get(ctx, d.app.WeChat+"/ui/sheet?"+q.Encode())
	if err == nil && p.hidden("ref") == "" {
		err = errors.New("the pay sheet did not open")
	}
	return p, err
}

// decide presses a button of the pay sheet.
func (d *day) decide(ctx context.Context, sheet page, act string) error {
	p, err := d.customer.submit(ctx, sheet, d.app.WeChat+"/ui/sheet", url.Values{"act": {act}, "ref": {sheet.hidden("ref")}, "origin": {d.app.Origin}})
	if err == nil && !p.says(`data-result="`+map[string]string{"pay": "ok", "cancel": "cancel"}[act]+`"`) {
		err = errors.New("the pay sheet did not say " + act)
	}
	return err
}

func payInWeChat(ctx context.Context, d *day) (string, error) {
	no, p, err := d.order(ctx, "tea", 2, shop.JSAPI)
	if err != nil {
		return "", err
	}
	sheet, err := d.sheet(ctx, no, p)
	if err != nil {
		return "", err
	}
	if err := errors.Join(d.decide(ctx, sheet, "pay"), d.expect(ctx, no, shop.Pending)); err != nil {
		return "", err // the page heard "ok", which proves nothing yet
	}
	d.later(0)
	p, err = d.customer.get(ctx, "/orders/"+no)
	if err != nil || !p.says("支付成功") {
		return "", errors.Join(err, d.expect(ctx, no, shop.Paid))
	}
	d.inside = no
	return "order of 336.00 yuan confirmed on the sheet; the page turned paid when the signed notice came, not before", nil
}

func cancelPayment(ctx context.Context, d *day) (string, error) {
	no, p, err := d.order(ctx, "honey", 3, shop.JSAPI)
	if err != nil {
		return "", err
	}
	sheet, err := d.sheet(ctx, no, p)
	if err != nil {
		return "", err
	}
	if err := errors.Join(d.decide(ctx, sheet, "cancel"), d.expect(ctx, no, shop.Pending)); err != nil {
		return "", err
	}
	if _, err := d.customer.submit(ctx, p, "/orders/"+no+"/cancel", url.Values{}); err != nil {
		return "", err
	}
	honey, err := d.app.Store.Product(ctx, "honey")
	if err == nil && honey.Stock != 3 {
		err = fmt.Errorf("%d jars left, not 3", honey.Stock)
	}
	o, orderErr := d.app.Store.Order(ctx, no)
	where := "at WeChat and here"
	if !o.Watch.IsZero() {
		where = "here and watched until it expires, as nobody can close it at WeChat"
	}
	return "sheet cancelled, nothing charged; order closed " + where + "; all 3 jars back on the shelf",
		errors.Join(err, orderErr, d.expect(ctx, no, shop.Closed))
}

// scan pays a code with the simulated phone.
func (d *day) scan(ctx context.Context, code string) error {
	seen, err := d.customer.get(ctx, d.app.WeChat+"/ui/phone?"+url.Values{"code": {code}}.Encode())
	if err != nil {
		return err
	}
	done, err := d.customer.submit(ctx, seen, d.app.WeChat+"/ui/phone", url.Values{"act": {"pay"}, "ref": {seen.hidden("ref")}})
	if err == nil && !done.says("支付成功") {
		err = errors.New("the phone did not pay")
	}
	return err
}

// scanOrder pays the code on an order page.
func (d *day) scanOrder(ctx context.Context, no string) error {
	o, err := d.app.Store.Order(ctx, no)
	if err != nil {
		return err
	}
	return d.scan(ctx, o.CodeURL)
}

// buy is an order paid by QR code; its notice has had time to arrive.
func (d *day) buy(ctx context.Context, product string, wait time.Duration) (no string, err error) {
	if no, _, err = d.order(ctx, product, 1, shop.Native); err != nil {
		return "", err
	}
	if err := d.scanOrder(ctx, no); err != nil {
		return "", err
	}
	d.later(wait)
	return no, nil
}

func lostReply(ctx context.Context, d *day) (string, error) {
	before := d.app.Sim.Orders()
	place, _ := d.app.Sim.Paths()
	said := "WeChat's answer was cut off; the same number was sent again: one order, one code, one payment"
	if place == "" {
		said = "orders need no call to WeChat, so there was no answer to lose: one order, one code, one payment"
	} else {
		d.app.Sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: place, Method: http.MethodPost})
	}
	no, err := d.buy(ctx, "tote", 0)
	if err != nil {
		return "", err
	}
	if n := d.app.Sim.Orders() - before; n != 1 {
		return "", fmt.Errorf("%d orders at WeChat instead of one", n)
	}
	return said, d.expect(ctx, no, shop.Paid)
}

func noticeTwice(ctx context.Context, d *day) (string, error) {
	d.app.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 1, Together: true})
	no, err := d.buy(ctx, "candle", 0)
	if err != nil {
		return "", err
	}
	c, err := d.app.Compare(ctx)
	if err == nil && c.Distance != 0 {
		err = errors.New("the second copy counted")
	}
	return "both copies acknowledged, one entry in the ledger", errors.Join(err, d.expect(ctx, no, shop.Paid))
}

func probe(ctx context.Context, d *day) (string, error) {
	d.app.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeProbe})
	no, err := d.buy(ctx, "coffee", 0)
	if err != nil {
		return "", err
	}
	if err := d.expect(ctx, no, shop.Pending); err != nil {
		return "", err
	}
	d.later(15 * time.Second)
	return "notice with a signature that is wrong on purpose refused; the genuine one that followed counted", d.expect(ctx, no, shop.Paid)
}

func payByCode(ctx context.Context, d *day) (string, error) {
	no, p, err := d.order(ctx, "vase", 1, shop.Native)
	if err != nil {
		return "", err
	}
	code, err := d.customer.get(ctx, "/orders/"+no+"/code.svg")
	if err != nil || !p.says("code.svg") || !code.says("<svg") {
		return "", errors.Join(errors.New("no QR code on the page"), err)
	}
	if err := d.scanOrder(ctx, no); err != nil {
		return "", err
	}
	d.later(0)
	d.sold = no
	return "QR code on the desktop page scanned by the simulated phone: 128.00 yuan paid", d.expect(ctx, no, shop.Paid)
}

// posterOf is the code of a product that needs no order page, as the link on its page has it.
var posterOf = regexp.MustCompile(`class="poster"(?s:.*?)/ui/phone\?code=([^"]+)"`)

// scanPoster buys from a code on the wall, twice looked at and once paid.
func scanPoster(ctx context.Context, d *day) (string, error) {
	if poster, err := d.app.Cashier.Poster("candle"); err != nil || poster == "" {
		return "none in this generation: every code is made for one order", err
	}
	p, err := d.customer.get(ctx, "/p/candle")
	if err != nil {
		return "", err
	}
	m := posterOf.FindStringSubmatch(p.body)
	if m == nil {
		return "", errors.New("no poster on the page")
	}
	code, err := url.QueryUnescape(html.UnescapeString(m[1]))
	if err != nil {
		return "", fmt.Errorf("poster: %w", err)
	}
	drawn, err := d.customer.get(ctx, "/p/candle/code.svg")
	if err != nil || !drawn.says("<svg") {
		return "", errors.Join(errors.New("no code on the poster"), err)
	}
	before, err := d.app.Store.Orders(ctx, 0, 1000)
	if err != nil {
		return "", err
	}
	for range 2 { // looked at, put away, scanned again
		if _, err := d.customer.get(ctx, d.app.WeChat+"/ui/phone?"+url.Values{"code": {code}}.Encode()); err != nil {
			return "", err
		}
	}
	if err := d.scan(ctx, code); err != nil {
		return "", err
	}
	d.later(0)
	after, err := d.app.Store.Orders(ctx, 0, 1000)
	if err == nil && len(after) != len(before)+1 {
		err = fmt.Errorf("%d orders instead of one", len(after)-len(before))
	}
	if err != nil {
		return "", err
	}
	return "static code scanned three times: WeChat called the shop back, which answered with one order; paid once", d.expect(ctx, newest(after, before), shop.Paid)
}

// newest is the order that was not there before.
func newest(after, before []shop.Order) string {
	for _, o := range after {
		if !slices.ContainsFunc(before, func(b shop.Order) bool { return b.No == o.No }) {
			return o.No
		}
	}
	return ""
}
