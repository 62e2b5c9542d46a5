package web_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	origin   = "http://shop.test"
	secret   = "merchant-password"
	simulate = "http://127.0.0.1:8081"
)

// town is a shop with its pages and a simulated WeChat on one hand-moved clock.
type town struct {
	t       *testing.T
	clock   *wechattest.VirtualClock
	sim     *wechattest.Pay
	account *wechattest.Account
	people  *wechattest.App
	users   int
	mini    *wechattest.App
	store   *shop.Store
	pages   http.Handler
}

func newTown(t *testing.T, edit ...func(*web.Config)) *town {
	t.Helper()
	b := &town{t: t, clock: wechattest.NewClock(time.Time{})}
	var err error
	b.sim, err = wechattest.NewPay(wechattest.Config{Clock: b.clock, Notify: b, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.sim.Close()) })
	b.account, err = b.sim.NewMerchant(wechattest.MerchantOptions{Name: "山月小铺"})
	require.NoError(t, err)
	b.store, err = shop.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), b.clock.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.store.Close()) })
	options := append(b.account.Options(), wechat.WithBackoff(func(int, *http.Response, error) time.Duration { return 0 }))
	m, err := wechat.NewMerchant(b.account.Config(), options...)
	require.NoError(t, err)
	c, err := cashier.New(cashier.Config{Store: b.store, Till: cashier.NewV3(m, b.account.AppID, origin+web.NoticePath)})
	require.NoError(t, err)
	b.mini, err = wechattest.NewApp(wechattest.AppConfig{Kind: wechattest.MiniProgram, AppID: b.account.AppID, Clock: b.clock, Pay: b.sim, Sender: b,
		Push: wechattest.AppPush{URL: origin + web.ShippingPath, Mode: wechattest.PushSafe, JSON: true}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.mini.Close()) })
	app, err := b.mini.Client(wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	push := notify.PushConfig{AppID: b.mini.AppID, Token: seal.NewKey(b.mini.Push().Token), EncodingAESKey: seal.NewKey(b.mini.Push().EncodingAESKey), Now: b.clock.Now}
	desk, err := aftersale.New(aftersale.Config{Store: b.store, Cashier: c, Line: aftersale.NewToday(m, app, push), Now: b.clock.Now})
	require.NoError(t, err)
	_, err = complaint.New(m).CreateNotification(t.Context(), origin+web.AfterPath)
	require.NoError(t, err)
	cfg := web.Config{Store: b.store, Cashier: c, Desk: desk, Account: b.openAccount(), Origin: origin, WeChat: simulate, Password: secret, Theirs: b.theirs}
	for _, f := range edit {
		f(&cfg)
	}
	b.pages, err = web.New(cfg)
	require.NoError(t, err)
	return b
}

// Do brings the simulator's notices to the shop.
func (b *town) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
	in.Header = r.Header
	w := httptest.NewRecorder()
	b.pages.ServeHTTP(w, in)
	return w.Result(), nil
}

func (b *town) theirs(context.Context) ([]shop.Entry, error) {
	var all []shop.Entry
	for _, e := range b.sim.Ledger(b.account.MchID) {
		entry := shop.Entry{Kind: shop.KindPayment, WeChatID: e.TransactionID, No: e.OutTradeNo, Amount: e.Amount, At: e.At}
		if e.Kind == wechattest.Refund {
			entry.Kind, entry.WeChatID, entry.No = shop.KindRefund, e.RefundID, e.OutRefundNo
		}
		all = append(all, entry)
	}
	return all, nil
}

// visitor is a browser: it keeps cookies and sends what it is told to.
type visitor struct {
	b       *town
	cookies map[string]string
}

func (b *town) guest() *visitor { return &visitor{b, map[string]string{}} }

// visitor is a browser inside of WeChat: somebody who has logged in and picked where
// parcels go.
func (b *town) visitor() *visitor {
	b.t.Helper()
	b.users++
	v := b.guest()
	v.login(wechattest.User{Name: fmt.Sprint("user ", b.users)}, "/")
	require.Equal(b.t, http.StatusOK, v.do(http.MethodPost, "/me/address", nil, "X-CSRF-Token", v.csrf(), "Body", picked).Code)
	return v
}

// answer is a page or whatever else came back.
type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (v *visitor) do(method, target string, form url.Values, headers ...string) answer {
	v.b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = origin + target
	}
	body := form.Encode()
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Body" {
			body = headers[i+1]
		}
	}
	r := httptest.NewRequestWithContext(v.b.t.Context(), method, target, strings.NewReader(body))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.b.pages.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	return answer{w, w.Body.String()}
}

func (v *visitor) get(path string, headers ...string) answer {
	v.b.t.Helper()
	return v.do(http.MethodGet, path, nil, headers...)
}

// hidden is a hidden field of a page.
func (a answer) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func (a answer) to() string { return a.Header().Get("Location") }

// cart is the filled-in form of a product page.
func (v *visitor) cart(product, quantity, channel string) url.Values {
	v.b.t.Helper()
	page := v.get("/p/" + product)
	require.Equal(v.b.t, http.StatusOK, page.Code)
	return url.Values{"csrf": {page.hidden("csrf")}, "form": {page.hidden("form")}, "product": {product},
		"quantity": {quantity}, "nickname": {"小明"}, "note": {"请包装"}, "channel": {channel}}
}

func (v *visitor) csrf() string {
	v.b.t.Helper()
	return v.get("/p/tea").hidden("csrf")
}

// order places an order and returns its number.
func (v *visitor) order(product, channel string) string {
	v.b.t.Helper()
	return v.send(v.cart(product, "1", channel))
}

func (v *visitor) send(form url.Values) string {
	v.b.t.Helper()
	a := v.do(http.MethodPost, "/orders", form)
	require.Equal(v.b.t, http.StatusSeeOther, a.Code, a.body)
	no, ok := strings.CutPrefix(a.to(), "/orders/")
	require.True(v.b.t, ok, a.to())
	return no
}

// sold is a paid order of a visitor.
func (v *visitor) sold(product string) string {
	v.b.t.Helper()
	no := v.order(product, "NATIVE")
	_, err := v.b.sim.Pay(v.b.order(no).CodeURL, wechattest.User{Name: "phone"})
	require.NoError(v.b.t, err)
	v.b.clock.Advance(0)
	require.Equal(v.b.t, shop.Paid, v.b.order(no).State)
	return no
}

func (b *town) order(no string) shop.Order {
	b.t.Helper()
	o, err := b.store.Order(b.t.Context(), no)
	require.NoError(b.t, err)
	return o
}

func (b *town) orders() []shop.Order {
	b.t.Helper()
	all, err := b.store.Orders(b.t.Context(), 0, 1000)
	require.NoError(b.t, err)
	return all
}

// merchant is a visitor who has logged in.
func (b *town) merchant() *visitor {
	b.t.Helper()
	v := b.visitor()
	page := v.get("/merchant/login")
	a := v.do(http.MethodPost, "/merchant/login", url.Values{"csrf": {page.hidden("csrf")}, "password": {secret}})
	require.Equal(b.t, "/merchant", a.to())
	return v
}

// refund sends the refund form of an order.
func (v *visitor) refund(no, amount string) answer {
	v.b.t.Helper()
	page := v.get("/merchant/orders/" + no)
	form, csrf := page.hidden("form"), page.hidden("csrf")
	if form == "" { // nothing is refundable: the page has no form, somebody makes one up
		form, csrf = "a-form-token-made-up", v.csrf()
	}
	return v.do(http.MethodPost, "/merchant/orders/"+no+"/refund", url.Values{"csrf": {csrf}, "form": {form},
		"amount": {amount}, "reason": {"协商"}})
}
