package wechat_test

import (
	"context"
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Sample credentials of 2014, printed in public documents.
const (
	legacyApp     = "wxf8b4f85f3a794e77"
	legacyAppKey  = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	legacyPartner = "1900000109"
	legacyKey     = "8934e7d15453e97507ef794cf7b0519d"
)

func legacyConfig() wechat.MerchantLegacyConfig {
	return wechat.MerchantLegacyConfig{AppID: legacyApp, PaySignKey: seal.NewKey(legacyAppKey), PartnerID: legacyPartner,
		PartnerKey: seal.NewKey(legacyKey), Tokens: fixedToken{}, GBK: gbk.Decode}
}

type fixedToken struct{}

func (fixedToken) Token(context.Context) (wechat.Token, error) { return seal.NewKey("TOKEN"), nil }

func (fixedToken) Refuse(context.Context, wechat.Token) error { return nil }

func newLegacy(t testing.TB, carrier wechat.Transport, opts ...wechat.Option) *wechat.MerchantLegacy {
	t.Helper()
	opts = append([]wechat.Option{wechat.WithBackoff(wechat.NoRetry)}, opts...)
	if carrier != nil {
		opts = append(opts, wechat.WithTransport(carrier))
	}
	m, err := wechat.NewMerchantLegacy(legacyConfig(), opts...)
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	return m
}

// tenpayXML writes name, value, … and signs the values as they are, in any charset.
func tenpayXML(namesAndValues ...string) string {
	fields := map[string]string{}
	for i := 0; i < len(namesAndValues); i += 2 {
		fields[namesAndValues[i]] = namesAndValues[i+1]
	}
	return tenpayUnsigned(append(namesAndValues, "sign", v2Sum(fields, legacyKey, sign.MD5))...)
}

func tenpayUnsigned(namesAndValues ...string) string {
	return strings.ReplaceAll(v2Unsigned(namesAndValues...), "xml>", "root>")
}

// lowered writes the digits of sign in lower case, as some answers do.
func lowered(doc string) string {
	at := strings.Index(doc, "<sign>")
	return doc[:at] + strings.Replace(strings.ToLower(doc[at:]), "cdata", "CDATA", 1)
}

func inGBK(t testing.TB, s string) string {
	t.Helper()
	b, err := gbk.Encode(s)
	require.NoError(t, err)
	return b
}

type tenpayIn struct {
	Partner string     `xml:"partner"`
	Number  string     `xml:"out_trade_no"`
	Total   wechat.Fen `xml:"total_fee"`
}

type tenpayOut struct {
	Message string     `xml:"retmsg"`
	Name    string     `xml:"reccv_user_name"`
	Fee     wechat.Fen `xml:"refund_fee"`
}

var (
	opTenpay = wechat.POST("/refundapi/gateway/refund.xml").Keyed().Wary()
	opAsk    = wechat.POST("/gateway/normalrefundquery.xml").ReadOnly().At("https://gw.tenpay.com")
	opBill   = wechat.POST("/cgi-bin/mchdown_real_new.cgi").ReadOnly().InOrder()
)

func TestTenpayCall(t *testing.T) {
	t.Parallel()
	declared := `<?xml version="1.0" encoding="GBK" ?>`
	answers := map[string]string{
		"UTF-8":                   tenpayXML("retcode", "0", "retmsg", "好", "reccv_user_name", "王", "refund_fee", "299", "new", "x&y"),
		"UTF-8, declared":         `<?xml version="1.0" encoding="UTF-8" ?>` + tenpayXML("retcode", "0", "retmsg", "好", "reccv_user_name", "王", "refund_fee", "299"),
		"GBK, declared":           declared + "\r\n" + tenpayXML("retcode", "0", "retmsg", inGBK(t, "好"), "reccv_user_name", inGBK(t, "王"), "refund_fee", "299"),
		"GB2312 in single quotes": `<?xml version='1.0' encoding='gb2312'?>` + tenpayXML("retcode", "0", "retmsg", inGBK(t, "好"), "reccv_user_name", inGBK(t, "王"), "refund_fee", "299"),
		"GBK, not declared":       tenpayXML("retcode", "0", "retmsg", inGBK(t, "好"), "reccv_user_name", inGBK(t, "王"), "refund_fee", "299"),
		"sign in lower case":      lowered(tenpayXML("retcode", "0", "retmsg", "好", "reccv_user_name", "王", "refund_fee", "299")),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newLegacy(t, doFunc(func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, "POST https://mch.tenpay.com/refundapi/gateway/refund.xml", r.Method+" "+r.URL.String())
				assert.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
				form, err := url.ParseQuery(string(bodyOf(r)))
				require.NoError(t, err)
				f := map[string]string{}
				for name := range form {
					f[name] = form.Get(name)
				}
				assert.Equal(t, v2Sum(f, legacyKey, sign.MD5), f["sign"])
				delete(f, "sign")
				assert.Equal(t, map[string]string{"partner": legacyPartner, "out_trade_no": "可乐 1+1&2", "total_fee": "1",
					"sign_type": "MD5", "input_charset": "UTF-8", "sign_key_index": "1"}, f)
				return plain(200, answer), nil
			}))
			out, err := wechat.Call[tenpayOut](t.Context(), m, opTenpay, tenpayIn{legacyPartner, "可乐 1+1&2", 1})
			require.NoError(t, err)
			assert.Equal(t, &tenpayOut{"好", "王", 299}, out)
		})
	}
}

func TestTenpayAnswers(t *testing.T) {
	t.Parallel()
	good := tenpayXML("retcode", "0", "refund_fee", "1")
	declared := `<?xml version="1.0" encoding="GBK" ?>`
	tests := []struct {
		name     string
		op       wechat.Op
		status   int
		body     string
		outcome  wechat.Outcome
		is       error
		verified bool
	}{
		{"refusal", opTenpay, 200, tenpayXML("retcode", "88222005", "retmsg", "余额不足"), wechat.Unknown, wechat.Code("88222005"), true},
		{"refusal in GBK", opTenpay, 200, declared + tenpayXML("retcode", "88222005", "retmsg", inGBK(t, "余额不足")), wechat.Unknown, wechat.Code("88222005"), true},
		{"refusal without a signature", opTenpay, 200, tenpayUnsigned("retcode", "30000001", "retmsg", "no"), wechat.Unknown, wechat.Code("30000001"), false},
		{"refusal with a wrong one", opTenpay, 200, tenpayUnsigned("retcode", "30000001", "sign", strings.Repeat("0", 32)), wechat.Unknown, wechat.Code("30000001"), false},
		{"nothing to find", opAsk, 200, tenpayXML("retcode", "88222014"), wechat.NotDone, wechat.Code("88222014"), true},
		{"success without a signature", opTenpay, 200, tenpayUnsigned("retcode", "0"), wechat.Unknown, sign.ErrNoSign, false},
		{"success of another sign_type", opTenpay, 200, tenpayXML("retcode", "0", "sign_type", "RSA"), wechat.Unknown, sign.ErrDowngrade, false},
		{"changed", opTenpay, 200, strings.Replace(good, "[1]", "[2]", 1), wechat.Unknown, sign.ErrMismatch, false},
		{"a field added", opTenpay, 200, strings.Replace(good, "</root>", "<a>1</a></root>", 1), wechat.Unknown, sign.ErrMismatch, false},
		{"a field doubled", opTenpay, 200, strings.Replace(good, "</root>", "<retcode>0</retcode></root>", 1), wechat.Unknown, nil, false},
		{"no retcode", opTenpay, 200, tenpayXML("retmsg", "ok"), wechat.Unknown, nil, false},
		{"DOCTYPE", opTenpay, 200, declared + "<!DOCTYPE root [<!ENTITY a \"0\">]>" + good, wechat.Unknown, nil, false},
		{"not GBK either", opTenpay, 200, declared + tenpayXML("retcode", "0", "retmsg", "\xff"), wechat.Unknown, nil, false},
		{"an entity beyond a byte", opTenpay, 200, declared + "<root><retcode>&#20013;</retcode></root>", wechat.Unknown, nil, false},
		{"HTML", opTenpay, 200, "<html>login</html>", wechat.Unknown, nil, false},
		{"nothing", opTenpay, 200, "", wechat.Unknown, nil, false},
		{"gateway", opAsk, 502, "<html>bad</html>", wechat.Unknown, nil, false},
		{"good XML with a bad status", opTenpay, 500, good, wechat.Unknown, nil, false},
		{"unreadable amount", opTenpay, 200, tenpayXML("retcode", "0", "refund_fee", "1.00"), wechat.Done, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newLegacy(t, doFunc(func(*http.Request) (*http.Response, error) { return plain(tt.status, tt.body), nil }))
			_, err := wechat.Call[tenpayOut](t.Context(), m, tt.op, tenpayIn{})
			require.Error(t, err)
			assert.Equal(t, tt.outcome, wechat.OutcomeOf(err), "%v", err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			var api *wechat.APIError
			if errors.As(err, &api) {
				assert.Equal(t, tt.verified, api.Verified)
			}
			assert.NotContains(t, err.Error(), legacyKey)
		})
	}
}

func TestTenpayBill(t *testing.T) {
	t.Parallel()
	type in struct {
		Spid  string `xml:"spid"`
		Day   string `xml:"trans_time"`
		Stamp int64  `xml:"stamp"`
		Sign  int    `xml:"cft_signtype" zero:"true"`
		Kind  int    `xml:"mchtype" zero:"true"`
	}
	status, body := 200, inGBK(t, "交易时间,财付通订单号\n")
	m := newLegacy(t, doFunc(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "spid=1900000109&trans_time=2014-05-18&stamp=1400551200&cft_signtype=0&mchtype=0&sign=6a547320d39614cdb3e6233f62e3c65f",
			string(bodyOf(r)), "vector D-14: the order of the fields, lower case")
		return plain(status, body), nil
	}))
	request := in{legacyPartner, "2014-05-18", 1400551200, 0, 0}
	s, err := wechat.Open(t.Context(), m, opBill, request)
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, body, string(got), "the bytes as they came")

	for page, want := range map[string]string{
		"<html><body>03020003:对账单还没有生成</body></html>":                 "对账单还没有生成",
		"<html><body>03020003:" + inGBK(t, "对账单") + "</body></html>":  "03020003: 对账单",
		"<html>maintenance</html>":                                    "no Tenpay answer",
		"<html><body>" + strings.Repeat("1", 21) + ":x</body></html>": "no Tenpay answer",
		"<html><body>03020003:half \xbf</body></html>":                "03020003: half",
		tenpayUnsigned("retcode", "1"):                                "no Tenpay answer",
	} {
		status, body = 200, page
		_, err = wechat.Open(t.Context(), m, opBill, request)
		require.ErrorContains(t, err, want)
		assert.Equal(t, strings.HasPrefix(page, "<html><body>0"), wechat.OutcomeOf(err) == wechat.NotDone)
	}
	status, body = 503, "later"
	_, err = wechat.Open(t.Context(), m, opBill, request)
	require.ErrorContains(t, err, "503")
}

func TestTenpayKeepsToItsOwnHosts(t *testing.T) {
	t.Parallel()
	var asked []string
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		if strings.Contains(r.URL.Path, "/pay/") {
			return plain(200, `{"errcode":0}`), nil
		}
		return plain(200, tenpayXML("retcode", "0")), nil
	})
	both := func(m *wechat.MerchantLegacy) {
		_, err := wechat.Call[wechat.None](t.Context(), m, opAsk, tenpayIn{})
		require.NoError(t, err)
		_, err = wechat.Call[wechat.None](t.Context(), m.App(), wechat.POST("/pay/orderquery").ReadOnly(), nil)
		require.NoError(t, err)
	}
	both(newLegacy(t, carrier))
	both(newLegacy(t, carrier, wechat.WithBaseURL("http://127.0.0.1:1")))
	assert.Equal(t, []string{"https://gw.tenpay.com/gateway/normalrefundquery.xml", "https://api.weixin.qq.com/pay/orderquery?access_token=TOKEN",
		"http://127.0.0.1:1/gateway/normalrefundquery.xml", "http://127.0.0.1:1/pay/orderquery?access_token=TOKEN"}, asked, "a test stays at home")
}

func TestTenpayCertificate(t *testing.T) {
	t.Parallel()
	op := wechat.POST("/refundapi/gateway/refund.xml").Certified()
	_, err := wechat.Call[wechat.None](t.Context(), newLegacy(t, nil), op, tenpayIn{})
	require.ErrorContains(t, err, "MerchantLegacyConfig.Certificate")
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))

	_, err = wechat.Call[wechat.None](t.Context(), newLegacy(t, doFunc(func(*http.Request) (*http.Response, error) {
		return plain(200, tenpayXML("retcode", "0")), nil
	})), op, tenpayIn{})
	require.NoError(t, err, "a transport of the caller's brings its own certificate")

	cfg := legacyConfig()
	cfg.Certificate = &tls.Certificate{}
	m, err := wechat.NewMerchantLegacy(cfg, wechat.WithBaseURL("http://127.0.0.1:1"), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	_, err = wechat.Call[wechat.None](t.Context(), m, op, tenpayIn{})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "set MerchantLegacyConfig.Certificate", "it is there, so the call was tried")

	_, err = wechat.Upload[wechat.None](t.Context(), m, op, nil, wechat.File{Name: "a.png", Data: strings.NewReader("x")})
	require.ErrorContains(t, err, "uploads")
	_, err = wechat.Call[wechat.None](t.Context(), m, opTenpay, struct {
		List []int `xml:"list"`
	}{[]int{1}})
	var field *wechat.FieldError
	require.ErrorAs(t, err, &field)
}

func TestNewMerchantLegacy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, field string
		change      func(*wechat.MerchantLegacyConfig)
		opts        []wechat.Option
	}{
		{"no app", "appid", func(c *wechat.MerchantLegacyConfig) { c.AppID = "" }, nil},
		{"short paySignKey", "paySignKey", func(c *wechat.MerchantLegacyConfig) { c.PaySignKey = seal.NewKey("x") }, nil},
		{"partner of nine digits", "partnerId", func(c *wechat.MerchantLegacyConfig) { c.PartnerID = "190000010" }, nil},
		{"partner with letters", "partnerId", func(c *wechat.MerchantLegacyConfig) { c.PartnerID = "190000010a" }, nil},
		{"no partnerKey", "partnerKey", func(c *wechat.MerchantLegacyConfig) { c.PartnerKey = seal.Key{} }, nil},
		{"bad option", "WithTransport", func(*wechat.MerchantLegacyConfig) {}, []wechat.Option{wechat.WithTransport(nil)}},
		{"simulator's partner at a real host", "simulator", func(c *wechat.MerchantLegacyConfig) { c.PartnerID = "0000000109" }, nil},
		{"simulator's app at a real host", "simulator", func(c *wechat.MerchantLegacyConfig) { c.AppID = "wx0000a1" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := legacyConfig()
			tt.change(&cfg)
			_, err := wechat.NewMerchantLegacy(cfg, tt.opts...)
			require.ErrorContains(t, err, tt.field)
			assert.NotContains(t, err.Error(), legacyKey)
		})
	}
}

func TestMerchantLegacy(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	m := newLegacy(t, doFunc(func(*http.Request) (*http.Response, error) { return nil, context.Canceled }), wechat.WithClock(func() time.Time { return at }))
	assert.Equal(t, legacyApp, m.AppID())
	assert.Equal(t, legacyPartner, m.PartnerID())
	assert.Equal(t, at, m.Now())
	assert.Equal(t, "legacy merchant 1900000109 of app wxf8b4f85f3a794e77", m.String())

	native := []sign.Pair{{Name: "appid", Value: legacyApp}, {Name: "noncestr", Value: "d41d8cd98f00b204"}, {Name: "productid", Value: "SKU-10086"}, {Name: "timestamp", Value: "1400000000"}}
	assert.Equal(t, "7120847904a626f284143c18c46be144701d1cb9", m.SignApp(native), "vector D-02")
	require.NoError(t, m.ProveApp(native, "7120847904a626f284143c18c46be144701d1cb9"))
	require.ErrorIs(t, m.ProveApp(native, ""), sign.ErrNoSign)
	query := []sign.Pair{{Name: "out_trade_no", Value: "7240b65810859cbf2a8d9f76a638c0a3"}, {Name: "partner", Value: legacyPartner}}
	assert.Equal(t, "69E1D7413C55FC1CEE30948FB10C217A", m.SignPartner(query), "vector D-09")
	require.ErrorIs(t, m.ProvePartner(query), sign.ErrNoSign)
	require.NoError(t, m.ProvePartner(append(query, sign.Pair{Name: "sign", Value: "69E1D7413C55FC1CEE30948FB10C217A"})))
}

func TestMerchantLegacyKeepsItsKeys(t *testing.T) {
	t.Parallel()
	cfg := legacyConfig()
	cfg.Certificate = &tls.Certificate{PrivateKey: merchantKey()}
	m, err := wechat.NewMerchantLegacy(cfg)
	require.NoError(t, err)
	sum := md5.Sum([]byte(legacyKey))
	secrets := []string{legacyKey, legacyAppKey, fmt.Sprint([]byte(legacyKey)), fmt.Sprintf("%x", legacyKey), hex.EncodeToString(sum[:]), merchantKey().D.String()[:40]}
	for _, v := range []any{cfg, &cfg, m, *m, []any{cfg}} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		out := string(text)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			out += fmt.Sprintf(verb, v)
		}
		assert.False(t, slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(out, s) }))
	}
}
