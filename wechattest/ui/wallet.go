package ui

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/wechattest"
)

// wallet is what the sheet and the phone need of a simulator, whatever its generation.
type wallet interface {
	http.Handler
	page(q url.Values) (wechattest.Order, error)                     // a page calls getBrandWCPayRequest
	scan(ctx context.Context, code string) (wechattest.Order, error) // the phone reads a code
	pay(ref string, by wechattest.User) (wechattest.Order, error)    // the customer confirms
	cancel(ref string) (wechattest.Order, error)                     // or does not
	order(ref string) (wechattest.Order, error)                      // by what opened it
	shop(o wechattest.Order) string                                  // who sells, for people
}

// static tells codes of native mode 1, long or short: they stand for a product, and
// WeChat asks the shop for an order when somebody scans them.
func static(code string) bool {
	return strings.Contains(code, "&product_id=") || strings.HasPrefix(code, "weixin://wxpay/s/")
}

// today is the wallet of Pay, for APIv3 and APIv2.
type today struct{ *wechattest.Pay }

func (w today) page(q url.Values) (wechattest.Order, error) {
	return w.CheckJSAPI(wechattest.PageParams{AppID: q.Get("appId"), TimeStamp: q.Get("timeStamp"), NonceStr: q.Get("nonceStr"),
		Package: q.Get("package"), SignType: q.Get("signType"), PaySign: q.Get("paySign")}, wechattest.User{})
}

func (w today) scan(ctx context.Context, code string) (wechattest.Order, error) {
	if static(code) {
		return w.Scan(ctx, code, scanner)
	}
	return w.Order(code)
}

func (w today) pay(ref string, by wechattest.User) (wechattest.Order, error) {
	return w.Pay.Pay(ref, by)
}

func (w today) cancel(ref string) (wechattest.Order, error) { return w.Cancel(ref) }

func (w today) order(ref string) (wechattest.Order, error) { return w.Order(ref) }

func (w today) shop(o wechattest.Order) string {
	a, err := w.Account(o.MchID)
	if err != nil || a.Name == "" {
		return "商户 " + o.MchID
	}
	return a.Name
}

// old is the wallet of Legacy. An order is opened by its number.
type old struct{ *wechattest.Legacy }

func (w old) page(q url.Values) (wechattest.Order, error) {
	return w.view(w.OpenPage(wechattest.LegacyPage{AppID: q.Get("appId"), Timestamp: q.Get("timeStamp"), NonceStr: q.Get("nonceStr"),
		Package: q.Get("package"), SignType: q.Get("signType"), PaySign: q.Get("paySign")}))
}

func (w old) scan(ctx context.Context, code string) (wechattest.Order, error) {
	return w.view(w.Scan(ctx, code, scanner))
}

func (w old) pay(ref string, by wechattest.User) (wechattest.Order, error) {
	return w.view(w.Pay(ref, by))
}

func (w old) cancel(ref string) (wechattest.Order, error) { return w.view(w.Order(ref)) }

func (w old) order(ref string) (wechattest.Order, error) { return w.view(w.Order(ref)) }

func (w old) shop(wechattest.Order) string { return "商户 " + w.PartnerID }

// view is an order of 2014 in the words of the younger generations.
func (w old) view(o wechattest.LegacyOrder, err error) (wechattest.Order, error) {
	out := wechattest.Order{MchID: w.PartnerID, AppID: w.AppID, OutTradeNo: o.OutTradeNo, Description: o.Body, Total: o.Total, State: "NOTPAY", PrepayID: o.OutTradeNo}
	if !o.PaidAt.IsZero() {
		out.State = "SUCCESS"
	}
	return out, err
}
