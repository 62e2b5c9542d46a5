package wechattest_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxcommerce/wechat/wechattest"
)

// Whatever arrives, the simulator answers and does not panic.
func FuzzServeHTTP(f *testing.F) {
	f.Add("POST", "/v3/pay/transactions/jsapi", "", "application/json", `{"appid":"a"}`)
	f.Add("GET", "/v3/pay/transactions/out-trade-no/%7C?mchid=1", `WECHATPAY2-SHA256-RSA2048 mchid="0000100001",nonce_str="a",timestamp="1767578400",serial_no="1",signature="AA=="`, "", "")
	f.Add("POST", "/v3/merchant/media/upload", "x", "multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n--a--")
	p, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys(), AllowReplay: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close() })
	a, err := p.NewMerchant(wechattest.MerchantOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, authorization, kind, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path == "" {
			return
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL, r.RequestURI = method, u, target
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code == 0 || w.Header().Get("Request-ID") == "" {
			t.Errorf("no answer to %s %q", method, target)
		}

		// And the same, properly signed.
		b := by{t: t, p: p, a: a}
		signed := b.request("POST", "/v3/pay/transactions/jsapi", []byte(body))
		signed.RequestURI = "/v3/pay/transactions/jsapi"
		w = httptest.NewRecorder()
		p.ServeHTTP(w, signed)
		if w.Code == 401 || w.Code >= 500 {
			t.Errorf("%d to a signed request: %s", w.Code, w.Body)
		}
	})
}
