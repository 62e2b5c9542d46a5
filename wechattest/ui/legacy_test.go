package ui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

// counter answers callbacks and notices without a socket.
type counter struct{ h *notify.Handler }

func (c *counter) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body))
	return w.Result(), nil
}

// see is a page of the customer's side; press submits the form on it.
func see(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	return w.Body.String()
}

func press(t *testing.T, h http.Handler, page, target, act string) string {
	t.Helper()
	ref := regexp.MustCompile(`name="ref" value="([^"]*)"`).FindStringSubmatch(page)
	require.NotNil(t, ref, page)
	form := url.Values{"act": {act}, "ref": {ref[1]}, "origin": {shop}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

func cola(no string) legacy.Order {
	return legacy.Order{OutTradeNo: no, Body: "可乐1杯", Total: 300, NotifyURL: "http://127.0.0.1/n", IP: "203.0.113.9"}
}

func newShop2014(t *testing.T) (*legacy.Service, *wechattest.Legacy, http.Handler) {
	t.Helper()
	desk := &counter{}
	sim, err := wechattest.NewLegacy(wechattest.LegacyConfig{Clock: wechattest.NewClock(time.Time{}), Notify: desk, NativeURL: "http://127.0.0.1/native"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	m, err := wechat.NewMerchantLegacy(sim.Config(), sim.Options()...)
	require.NoError(t, err)
	orders := legacy.New(m)
	desk.h = notify.NewHandler(notify.Legacy(m))
	notify.Answer(desk.h, legacy.Scanned, func(_ context.Context, e notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
		if e.Data.ProductID == "gone" {
			return legacy.Refuse("商品已下架"), nil
		}
		return orders.Reply(cola("N-" + e.Data.ProductID))
	})
	return orders, sim, ui.NewLegacy(sim, shop)
}

func TestSheetOf2014(t *testing.T) {
	t.Parallel()
	orders, sim, h := newShop2014(t)
	p, err := orders.JSAPIParams(cola("A1"))
	require.NoError(t, err)
	q := url.Values{"origin": {shop}, "appId": {p.AppID}, "timeStamp": {p.Timestamp}, "nonceStr": {p.NonceStr}, "package": {p.Package},
		"signType": {p.SignType}, "paySign": {p.PaySign}}
	page := see(t, h, "/ui/sheet?"+q.Encode())
	assert.Contains(t, page, "可乐1杯")
	assert.Contains(t, page, "¥3.00")
	assert.Contains(t, page, "商户 "+sim.PartnerID)
	assert.Contains(t, press(t, h, page, "/ui/sheet", "cancel"), `data-result="cancel"`)
	assert.Contains(t, press(t, h, page, "/ui/sheet", "pay"), `data-result="ok"`)
	o, err := sim.Order("A1")
	require.NoError(t, err)
	assert.False(t, o.PaidAt.IsZero())
	assert.Contains(t, see(t, h, "/ui/sheet?"+q.Encode()), "订单已支付或已关闭")
	q.Set("paySign", "0")
	assert.Contains(t, see(t, h, "/ui/sheet?"+q.Encode()), "支付参数有误")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/pay/orderquery", nil))
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code, "everything else is WeChat's")
}

func TestPhoneScansStaticCodeOf2014(t *testing.T) {
	t.Parallel()
	orders, sim, h := newShop2014(t)
	link, err := orders.NativeLink("tea")
	require.NoError(t, err)
	page := see(t, h, "/ui/phone?"+url.Values{"code": {link}}.Encode())
	assert.Contains(t, page, "N-tea")
	assert.Contains(t, press(t, h, page, "/ui/phone", "pay"), "支付成功")
	o, err := sim.Order("N-tea")
	require.NoError(t, err)
	assert.False(t, o.PaidAt.IsZero())
	gone, err := orders.NativeLink("gone")
	require.NoError(t, err)
	assert.Contains(t, see(t, h, "/ui/phone?"+url.Values{"code": {gone}}.Encode()), "商品已下架")
}

func TestPhoneScansMode1(t *testing.T) {
	t.Parallel()
	desk := &counter{}
	sim, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys(), Notify: desk})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	a, err := sim.NewMerchant(wechattest.MerchantOptions{Name: "山月小铺"})
	require.NoError(t, err)
	require.NoError(t, a.SetNativeURL("http://127.0.0.1/native"))
	m, err := wechat.NewMerchantV2(a.ConfigV2(), a.Options()...)
	require.NoError(t, err)
	orders := apiv2.New(m, a.AppID)
	desk.h = notify.NewHandler(notify.V2(m))
	notify.Answer(desk.h, apiv2.Scanned, func(ctx context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
		p, err := orders.Place(ctx, apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "N-" + e.Data.ProductID + "-1", Body: "茶", Total: 300, IP: "192.0.2.1",
			NotifyURL: "https://shop.example/n", ProductID: e.Data.ProductID})
		if err != nil {
			return apiv2.NativeReply{}, err
		}
		return apiv2.Order(p.PrepayID), nil
	})
	h := ui.New(sim, shop)
	link, err := orders.NativeLink("tea")
	require.NoError(t, err)
	page := see(t, h, "/ui/phone?"+url.Values{"code": {link}}.Encode())
	assert.Contains(t, page, "N-tea-1")
	assert.Contains(t, press(t, h, page, "/ui/phone", "pay"), "支付成功")
	o, err := a.Order("N-tea-1")
	require.NoError(t, err)
	assert.Equal(t, "SUCCESS", o.State)
	assert.Contains(t, see(t, h, "/ui/phone?"+url.Values{"code": {strings.Replace(link, "tea", "tee", 1)}}.Encode()), "这个码打不开订单")
}
