package wechattest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/wechattest"
)

// authorization changes the Authorization header.
func authorization(change func(string) string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", change(r.Header.Get("Authorization"))) }
}

func swap(old, new string) func(*http.Request) {
	return authorization(func(s string) string { return strings.Replace(s, old, new, 1) })
}

func TestSignErrors(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	other := newAccount(t, m.p, wechattest.MerchantOptions{})
	tests := []struct {
		name   string
		change func(*http.Request)
		issue  string
	}{
		{"none", func(r *http.Request) { r.Header.Del("Authorization") }, "exactly one"},
		{"two", func(r *http.Request) { r.Header.Add("Authorization", "x") }, "exactly one"},
		{"other scheme", swap("WECHATPAY2-SHA256-RSA2048", "Bearer"), "scheme"},
		{"old scheme", swap("WECHATPAY2", "WECHATPAY"), "scheme"},
		{"no quotes", swap(`mchid="`, `mchid=`), "key=\"value\""},
		{"unknown item", swap("mchid", "brand_id"), "brand_id"},
		{"item twice", swap("nonce_str", "mchid"), "mchid is unknown or there twice"},
		{"item missing", authorization(func(s string) string { return s[:strings.LastIndex(s, ",signature=")] }), "lacks signature"},
		{"timestamp in text", authorization(func(s string) string { return regexp.MustCompile(`timestamp="\d`).ReplaceAllString(s, `timestamp="x`) }), "Unix seconds"},
		{"timestamp in milliseconds", authorization(func(s string) string {
			return regexp.MustCompile(`timestamp="(\d+)`).ReplaceAllString(s, `timestamp="${1}000`)
		}), "Unix seconds"},
		{"nonce too long", authorization(func(s string) string {
			return regexp.MustCompile(`nonce_str="`).ReplaceAllString(s, `nonce_str="`+strings.Repeat("a", 20))
		}), "32 letters"},
		{"nonce empty", authorization(func(s string) string {
			return regexp.MustCompile(`nonce_str="\w+"`).ReplaceAllString(s, `nonce_str=""`)
		}), "32 letters"},
		{"nonce with a dash", swap(`nonce_str="`, `nonce_str="-`), "32 letters"},
		{"number nobody has", swap(m.a.MchID, "0000999999"), "mchid unknown"},
		{"somebody else's number", swap(m.a.MchID, other.MchID), "serial_no unknown"},
		{"serial in lower case", swap(m.a.Serial, strings.ToLower(m.a.Serial)), "serial_no unknown"},
		{"somebody else's serial", swap(m.a.Serial, other.Serial), "serial_no unknown"},
		{"other path", func(r *http.Request) { r.URL.Path += "x" }, "sign not match"},
		{"other query", func(r *http.Request) { r.URL.RawQuery += "x" }, "sign not match"},
		{"other method", func(r *http.Request) { r.Method = "PUT" }, "sign not match"},
		{"other nonce", swap(`nonce_str="`, `nonce_str="a`), "sign not match"},
		{"signature cut", authorization(func(s string) string { return s[:len(s)-5] + `"` }), "sign not match"},
		{"signature empty", authorization(func(s string) string { return s[:strings.Index(s, "signature=")] + `signature=""` }), "sign not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := m
			b.t, b.change = t, tt.change
			g := b.query("nothing-here").want(t, 401, "SIGN_ERROR")
			assert.Contains(t, g.text("detail.detail.issue"), tt.issue)
			assert.Equal(t, g.text("detail.issue"), g.text("detail.detail.issue"))
			assert.Equal(t, "268443699", g.number())
			assert.Empty(t, g.header.Get("Wechatpay-Signature"), "a 401 is not signed")
			assert.NotEmpty(t, g.header.Get("Date"))
		})
	}
}

func TestSignInformationShowsWhatWasVerified(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	m.change = swap(`signature="`, `signature="AA`)
	g := m.do("POST", directPath+"/jsapi", strings.Repeat("x", 500)).want(t, 401, "SIGN_ERROR")
	assert.Equal(t, "POST", g.text("detail.sign_information.method"))
	assert.Equal(t, directPath+"/jsapi", g.text("detail.sign_information.url"))
	assert.True(t, strings.HasPrefix(g.text("detail.sign_information.truncated_sign_message"), `POST\n/v3/pay/transactions/jsapi\n`))
	assert.Less(t, len(g.text("detail.sign_information.truncated_sign_message")), 300)
	assert.Greater(t, g.field("detail.sign_information.sign_message_length"), 500.0)
}

func TestRequestClock(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	for _, d := range []time.Duration{-300, -299, 0, 299, 300} {
		m.at = m.p.Now().Add(d * time.Second)
		m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
	}
	for _, d := range []time.Duration{-301, 301, -86400} {
		m.at = m.p.Now().Add(d * time.Second)
		g := m.query("nothing-here").want(t, 401, "SIGN_ERROR")
		assert.Contains(t, g.text("message"), "timestamp")
	}
}

func TestNoncesAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	other := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{}), nonce: "same"}
	m.nonce = "same"
	m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
	assert.Contains(t, m.query("nothing-here").want(t, 401, "SIGN_ERROR").text("message"), "used before")
	other.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
	clock.Advance(11 * time.Minute)
	m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
}

func TestAllowReplay(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.AllowReplay = true })
	m.nonce = "same"
	m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
	m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	set := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"no User-Agent", set("User-Agent", " "), 400, "PARAM_ERROR"},
		{"Accept of a browser", set("Accept", "text/html"), 406, "PARAM_ERROR"},
		{"Accept of curl", set("Accept", "*/*"), 400, "PARAM_ERROR"}, // goes on to the body
		{"form", set("Content-Type", "application/x-www-form-urlencoded"), 415, "PARAM_ERROR"},
		{"charset", set("Content-Type", "Application/JSON; charset=utf-8"), 400, "PARAM_ERROR"},
		{"unknown platform key", set("Wechatpay-Serial", "PUB_KEY_ID_1"), 400, "PARAM_ERROR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := m
			b.t, b.change = t, tt.change
			b.do("POST", directPath+"/jsapi", js{}).want(t, tt.status, tt.code)
		})
	}
	t.Run("net/http's own User-Agent", func(t *testing.T) {
		t.Parallel()
		b := m
		b.t, b.change = t, func(r *http.Request) { r.Header.Del("User-Agent") }
		b.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
	})
	t.Run("GET with a body", func(t *testing.T) {
		t.Parallel()
		m.do("GET", "/v3/certificates", "{}").want(t, 400, "PARAM_ERROR")
	})
	t.Run("unknown path", func(t *testing.T) {
		t.Parallel()
		m.do("GET", "/v3/nothing", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
		m.do("DELETE", "/v3/certificates", nil).want(t, 405, "INVALID_REQUEST")
		m.do("GET", "/v3/refund/domestic/refunds/", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
		b := m
		b.change = func(r *http.Request) { r.URL.ForceQuery = true } // a bare ? is not signed
		b.do("GET", "/v3/certificates", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	})
	t.Run("too long", func(t *testing.T) {
		t.Parallel()
		g, err := m.raw("POST", "/v3/security/echo", strings.Repeat("x", 9<<20))
		assert.NoError(t, err)
		g.want(t, 413, "INVALID_REQUEST")
	})
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	form := regexp.MustCompile(`^08[0-9A-F]{40}-[0-9]+$`)
	a, b := m.query("nothing-here").header.Get("Request-ID"), m.query("nothing-here").header.Get("Request-ID")
	assert.Regexp(t, form, a)
	assert.NotEqual(t, a, b)
	assert.True(t, strings.HasSuffix(a, "-268512771"))
}

func TestUnsignedErrors(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.UnsignedErrors = true })
	g, err := m.raw("GET", "/v3/nothing", nil)
	assert.NoError(t, err)
	assert.Equal(t, 404, g.status)
	assert.Empty(t, g.header.Get("Wechatpay-Signature"))
	code, err := m.p.NewCarefulAuthCode(li)
	assert.NoError(t, err)
	m.do("POST", directPath+"/codepay", m.codepay("code-00001", code)).want(t, 202, "USERPAYING")
}
