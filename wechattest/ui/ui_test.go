package ui_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shop = "http://127.0.0.1:8080"

// stage is a simulator with one merchant and the customer's side of it.
type stage struct {
	t       *testing.T
	sim     *wechattest.Pay
	clock   *wechattest.VirtualClock
	orders  *pay.Service
	handler http.Handler
}

func newStage(t *testing.T, shops ...string) *stage {
	t.Helper()
	s := &stage{t: t, clock: wechattest.NewClock(time.Time{})}
	var err error
	s.sim, err = wechattest.NewPay(wechattest.Config{Clock: s.clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.sim.Close()) })
	a, err := s.sim.NewMerchant(wechattest.MerchantOptions{Name: "<b>山月</b>小铺"})
	require.NoError(t, err)
	m, err := wechat.NewMerchant(a.Config(), a.Options()...)
	require.NoError(t, err)
	s.orders, s.handler = pay.New(m, a.AppID), ui.New(s.sim, shops...)
	return s
}

// params are what a shop's page hands to WeixinJSBridge.
func (s *stage) params(no string) url.Values {
	s.t.Helper()
	prepay, err := s.orders.PrepayJSAPI(s.t.Context(), pay.JSAPIRequest{Description: "茶 <i>", OutTradeNo: no,
		NotifyURL: "https://shop.example/n", Amount: pay.Amount{Total: 1234}, Payer: pay.Payer{OpenID: "oLin"}})
	require.NoError(s.t, err)
	p, err := s.orders.JSAPIParams(prepay.PrepayID)
	require.NoError(s.t, err)
	return url.Values{"origin": {shop}, "appId": {p.AppID}, "timeStamp": {p.TimeStamp}, "nonceStr": {p.NonceStr},
		"package": {p.Package}, "signType": {p.SignType}, "paySign": {p.PaySign}}
}

// code is the code_url of a Native order.
func (s *stage) code(no string) string {
	s.t.Helper()
	n, err := s.orders.PrepayNative(s.t.Context(), pay.NativeRequest{Description: "茶", OutTradeNo: no,
		NotifyURL: "https://shop.example/n", Amount: pay.Amount{Total: 1234}})
	require.NoError(s.t, err)
	return n.CodeURL
}

func (s *stage) do(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *stage) state(ref string) string {
	s.t.Helper()
	o, err := s.sim.Order(ref)
	require.NoError(s.t, err)
	return o.State
}

func hidden(body, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

func TestSheetPaysAndCancels(t *testing.T) {
	t.Parallel()
	for act, want := range map[string]struct{ result, state string }{"pay": {"ok", "SUCCESS"}, "cancel": {"cancel", "NOTPAY"}} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, shop)
			w := s.do(http.MethodGet, "/ui/sheet?"+s.params("order-1").Encode(), nil)
			body := w.Body.String()
			assert.Contains(t, body, "¥12.34")
			assert.Contains(t, body, "&lt;b&gt;山月&lt;/b&gt;小铺", "names are text, not markup")
			assert.Contains(t, body, "茶 &lt;i&gt;")
			assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors "+shop)
			ref := hidden(body, "ref")
			w = s.do(http.MethodPost, "/ui/sheet", url.Values{"act": {act}, "ref": {ref}, "origin": {shop}})
			assert.Contains(t, w.Body.String(), `data-result="`+want.result+`"`)
			assert.Equal(t, want.state, s.state(ref))
		})
	}
}

func TestSheetShowsNoPriceForBadParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(*stage, url.Values)
		says string
	}{
		{"another signature", func(_ *stage, q url.Values) { q.Set("nonceStr", "other") }, "支付参数有误"},
		{"no such order", func(_ *stage, q url.Values) { q.Set("package", "prepay_id=wx1") }, "没有找到"},
		{"too old", func(s *stage, _ url.Values) { s.clock.Advance(3 * time.Hour) }, "支付参数有误"},
		{"paid already", func(s *stage, q url.Values) {
			_, err := s.sim.Pay(strings.TrimPrefix(q.Get("package"), "prepay_id="), wechattest.User{})
			require.NoError(s.t, err)
		}, "已支付或已关闭"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, shop)
			q := s.params("order-1")
			tt.edit(s, q)
			body := s.do(http.MethodGet, "/ui/sheet?"+q.Encode(), nil).Body.String()
			assert.Contains(t, body, tt.says)
			assert.NotContains(t, body, "12.34")
			assert.Contains(t, body, `data-result="fail"`)
		})
	}
}

func TestSheetOpensForKnownShopsOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		origin string
		shops  []string
		want   int
	}{
		{shop, []string{shop}, http.StatusOK},
		{"http://127.0.0.1:9999", []string{shop}, http.StatusForbidden},
		{"http://localhost:3000", nil, http.StatusOK},
		{"http://[::1]:3000", nil, http.StatusOK},
		{"https://evil.example", nil, http.StatusForbidden},
		{"http://127.0.0.1.evil.example", nil, http.StatusForbidden},
		{"http://127.0.0.1:8080/path", nil, http.StatusForbidden},
		{"javascript:alert(1)", nil, http.StatusForbidden},
		{"", nil, http.StatusForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.origin, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, tt.shops...)
			q := s.params("order-1")
			q.Set("origin", tt.origin)
			w := s.do(http.MethodGet, "/ui/sheet?"+q.Encode(), nil)
			assert.Equal(t, tt.want, w.Code)
			w = s.do(http.MethodPost, "/ui/sheet", url.Values{"act": {"pay"}, "ref": {"x"}, "origin": {tt.origin}})
			assert.Equal(t, tt.want, w.Code)
		})
	}
}

func TestPhoneScansPaysAndCancels(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	assert.Contains(t, s.do(http.MethodGet, "/ui/phone", nil).Body.String(), `name="code"`)
	code := s.code("order-1")
	w := s.do(http.MethodGet, "/ui/phone?"+url.Values{"code": {code}}.Encode(), nil)
	assert.Contains(t, w.Body.String(), "¥12.34")
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
	w = s.do(http.MethodPost, "/ui/phone", url.Values{"act": {"cancel"}, "ref": {code}})
	assert.Contains(t, w.Body.String(), "已取消")
	w = s.do(http.MethodPost, "/ui/phone", url.Values{"act": {"pay"}, "ref": {code}})
	assert.Contains(t, w.Body.String(), "支付成功")
	assert.Equal(t, "SUCCESS", s.state(code))
	w = s.do(http.MethodPost, "/ui/phone", url.Values{"act": {"pay"}, "ref": {code}})
	assert.Contains(t, w.Body.String(), "已支付或已关闭")
	w = s.do(http.MethodGet, "/ui/phone?"+url.Values{"code": {code}}.Encode(), nil)
	assert.Contains(t, w.Body.String(), "已支付或已关闭")
	w = s.do(http.MethodGet, "/ui/phone?code=weixin%3A%2F%2Fnothing", nil)
	assert.Contains(t, w.Body.String(), "没有找到")
}

func TestPhonePaysAnOrderThatNamesItsUser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	id := strings.TrimPrefix(s.params("order-1").Get("package"), "prepay_id=")
	w := s.do(http.MethodPost, "/ui/phone", url.Values{"act": {"pay"}, "ref": {id}})
	assert.Contains(t, w.Body.String(), "支付成功")
}

func TestH5OpensThePhone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	h5, err := s.orders.PrepayH5(t.Context(), pay.H5Request{Description: "茶", OutTradeNo: "order-5", NotifyURL: "https://shop.example/n",
		Amount: pay.Amount{Total: 1234}, SceneInfo: pay.H5SceneInfo{PayerClientIP: "127.0.0.1", H5Info: pay.H5Info{Type: "Wap"}}})
	require.NoError(t, err)
	w := s.do(http.MethodGet, h5.URL, nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	w = s.do(http.MethodGet, w.Header().Get("Location"), nil)
	assert.Contains(t, w.Body.String(), "¥12.34")
}

func TestOtherSitesCannotPress(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	code := s.code("order-1")
	w := s.do(http.MethodPost, "/ui/phone", url.Values{"act": {"pay"}, "ref": {code}}, "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Equal(t, "NOTPAY", s.state(code))
}

func TestFilesAndEverythingElse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	w := s.do(http.MethodGet, "/ui/bridge.js", nil)
	assert.Equal(t, http.StatusOK, w.Code)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), "getBrandWCPayRequest")
	assert.Contains(t, string(body), "event.origin !== wechat", "the bridge listens to the simulator only")
	assert.Contains(t, w.Header().Get("Content-Type"), "javascript")
	assert.Equal(t, http.StatusOK, s.do(http.MethodGet, "/ui/phone.css", nil).Code)
	assert.Equal(t, http.StatusNotFound, s.do(http.MethodGet, "/ui/phone.html", nil).Code, "templates are not files")
	assert.Equal(t, http.StatusNotFound, s.do(http.MethodGet, "/ui/none.js", nil).Code)
	w = s.do(http.MethodGet, "/v3/certificates", nil)
	assert.Equal(t, http.StatusUnauthorized, w.Code, "all other requests reach the API")
}
