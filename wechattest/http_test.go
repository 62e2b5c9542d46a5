package wechattest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

func TestRealHostsAreRefused(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	for _, host := range []string{"api.mch.weixin.qq.com", "API.mch.weixin.qq.com:443", "weixin.qq.com", "api2.wechatpay.cn", "api.wechatpay.cn.", "api.weixin.qq.com"} {
		m.change = func(r *http.Request) { r.URL.Host, r.Host = host, host }
		_, err := m.raw("GET", "/v3/certificates", nil)
		require.ErrorContains(t, err, "WithBaseURL", host)

		w := httptest.NewRecorder()
		m.p.ServeHTTP(w, httptest.NewRequest("GET", "http://"+host+"/v3/certificates", nil))
		assert.Equal(t, http.StatusMisdirectedRequest, w.Code, host)
		assert.Contains(t, w.Body.String(), "simulator")
		assert.Empty(t, w.Header().Get("Wechatpay-Signature"))
	}
	m.change = func(r *http.Request) { r.URL.Host, r.Host = "notweixin.qq.com.example", "notweixin.qq.com.example" }
	m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"127.0.0.1", "https://api.mch.weixin.qq.com", "http://192.0.2.1", "http://127.0.0.1/path", "http://127.0.0.1?x", "ftp://127.0.0.1", "http://u@127.0.0.1", "http://%"} {
		_, err := wechattest.NewPay(wechattest.Config{BaseURL: base})
		assert.ErrorContains(t, err, "BaseURL", base)
	}
	for _, base := range []string{"http://127.0.0.1:8801", "http://localhost:1", "https://[::1]:2", "http://pay.localhost"} {
		p, err := wechattest.NewPay(wechattest.Config{BaseURL: base})
		require.NoError(t, err)
		require.NoError(t, p.Close())
	}
}

func TestServedOverHTTP(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	m.send = overSocket(t, m.p)
	o := m.paid("socket-001", nil)
	assert.Equal(t, o.TransactionID, m.query("socket-001").ok(t).text("transaction_id"))
	m.place("socket-002", nil)
	g := m.do("POST", directPath+"/out-trade-no/socket-002/close", js{"mchid": m.a.MchID})
	assert.Equal(t, 204, g.status)
	assert.Empty(t, g.body)
}

type brokenBody struct{ bytes.Buffer }

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("broken") }
func (brokenBody) Close() error             { return nil }

func TestTransportContract(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	_, err := p.Transport().Do(&http.Request{})
	require.Error(t, err)
	r := httptest.NewRequest("POST", "http://127.0.0.1/v3/certificates", nil)
	r.Body = &brokenBody{}
	res, err := p.Transport().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, 400, res.StatusCode)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, int64(len(b)), res.ContentLength)
	res, err = p.Transport().Do(&http.Request{URL: r.URL}) // all defaults
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, 401, res.StatusCode)

	w := httptest.NewRecorder() // absolute form, as sent to a proxy
	r = httptest.NewRequest("GET", "http://127.0.0.1/v3/certificates", nil)
	r.RequestURI = "http://127.0.0.1/v3/certificates"
	p.ServeHTTP(w, r)
	assert.Equal(t, 401, w.Code)
}
