package wechat_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const (
	v2ID  = "10000100"
	v2Key = "192006250b4c09247ec02edce69f6a2d" // printed in the official document
)

// v2Sum signs fields as the other side does, with a few lines of its own.
func v2Sum(fields map[string]string, key string, d sign.Digest) string {
	var names []string
	for name, value := range fields {
		if name != "sign" && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := ""
	for _, name := range names {
		text += name + "=" + fields[name] + "&"
	}
	h := md5.New()
	if d == sign.HMACSHA256 {
		h = hmac.New(sha256.New, []byte(key))
	}
	_, _ = io.WriteString(h, text+"key="+key)
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// v2XML writes name, value, name, value … as CDATA and signs it.
func v2XML(d sign.Digest, namesAndValues ...string) string {
	fields := map[string]string{}
	for i := 0; i < len(namesAndValues); i += 2 {
		fields[namesAndValues[i]] = namesAndValues[i+1]
	}
	namesAndValues = append(namesAndValues, "sign", v2Sum(fields, v2Key, d))
	return v2Unsigned(namesAndValues...)
}

func v2Unsigned(namesAndValues ...string) string {
	var b strings.Builder
	for i := 0; i < len(namesAndValues); i += 2 {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%[1]s>", namesAndValues[i], namesAndValues[i+1])
	}
	return "<xml>" + b.String() + "</xml>"
}

// v2Body reads a request's fields with encoding/xml.
func v2Body(t testing.TB, r *http.Request) map[string]string {
	t.Helper()
	var doc struct {
		Fields []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	require.NoError(t, xml.Unmarshal(bodyOf(r), &doc))
	out := map[string]string{}
	for _, f := range doc.Fields {
		require.NotContains(t, out, f.XMLName.Local)
		out[f.XMLName.Local] = f.Text
	}
	return out
}

func newV2(t testing.TB, d sign.Digest, carrier wechat.Transport, opts ...wechat.Option) *wechat.MerchantV2 {
	t.Helper()
	if carrier != nil {
		opts = append(opts, wechat.WithTransport(carrier))
	}
	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: v2ID, Key: seal.NewKey(v2Key), Digest: d}, opts...)
	require.NoError(t, err)
	return m
}

type v2In struct {
	wechat.PartyV2
	OutTradeNo string     `xml:"out_trade_no"`
	Body       string     `xml:"body"`
	Total      wechat.Fen `xml:"total_fee"`
}

type v2Out struct {
	PrepayID string      `xml:"prepay_id"`
	Total    wechat.Fen  `xml:"total_fee"`
	All      []sign.Pair `xml:"*"`
}

var opV2 = wechat.POST("/pay/unifiedorder").Keyed()

func TestV2Call(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			var nonces []string
			carrier := doFunc(func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, "POST", r.Method)
				assert.Equal(t, "https://api.mch.weixin.qq.com/pay/unifiedorder", r.URL.String())
				assert.Equal(t, "text/xml; charset=utf-8", r.Header.Get("Content-Type"))
				f := v2Body(t, r)
				assert.Equal(t, v2Sum(f, v2Key, d), f["sign"])
				nonces = append(nonces, f["nonce_str"])
				delete(f, "sign")
				delete(f, "nonce_str")
				assert.Equal(t, map[string]string{"appid": "wx1", "mch_id": v2ID, "out_trade_no": "T1", "body": "a<b>&'支付", "total_fee": "1", "sign_type": d.String()}, f)
				if len(nonces) == 1 {
					return plain(200, v2XML(d, "return_code", "SUCCESS", "result_code", "FAIL", "err_code", "SYSTEMERROR")), nil
				}
				return plain(200, v2XML(d, "return_code", "SUCCESS", "result_code", "SUCCESS", "prepay_id", "wx20", "total_fee", "1", "new", "x & y", "attach", "")), nil
			})
			m := newV2(t, d, carrier, wechat.WithBackoff(func(int, *http.Response, error) time.Duration { return 1 }))
			out, err := wechat.Call[v2Out](t.Context(), m, opV2, v2In{m.Party("wx1"), "T1", "a<b>&'支付\x00", 1})
			require.NoError(t, err)
			assert.Equal(t, "wx20", out.PrepayID)
			assert.Equal(t, wechat.Fen(1), out.Total)
			assert.Contains(t, out.All, sign.Pair{Name: "new", Value: "x & y"})
			require.Len(t, nonces, 2, "SYSTEMERROR is repeated where that is safe")
			assert.NotEqual(t, nonces[0], nonces[1], "every attempt has its own nonce")
			assert.LessOrEqual(t, len(nonces[0]), 32)
		})
	}
}

func TestV2Answers(t *testing.T) {
	t.Parallel()
	ok := func(d sign.Digest, more ...string) string {
		return v2XML(d, append([]string{"return_code", "SUCCESS", "result_code", "SUCCESS"}, more...)...)
	}
	fail := func(code string) string {
		return v2XML(sign.MD5, "return_code", "SUCCESS", "result_code", "FAIL", "err_code", code, "err_code_des", "说明")
	}
	keyed, wary, plainOp, query := opV2, wechat.POST("/secapi/pay/refund").Keyed().Wary(), wechat.POST("/pay/micropay"), wechat.POST("/pay/orderquery").ReadOnly()
	tests := []struct {
		name     string
		op       wechat.Op
		digest   sign.Digest
		status   int
		body     string
		outcome  wechat.Outcome
		is       error
		verified bool
	}{
		{"business refusal", keyed, sign.MD5, 200, fail("NOTENOUGH"), wechat.NotDone, wechat.Code("NOT_ENOUGH"), true},
		{"refusal of a wary call", wary, sign.MD5, 200, fail("NOTENOUGH"), wechat.Unknown, wechat.Code("NOTENOUGH"), true},
		{"system error", keyed, sign.MD5, 200, fail("SYSTEMERROR"), wechat.Unknown, wechat.ErrSystem, true},
		{"user is paying", plainOp, sign.MD5, 200, fail("USERPAYING"), wechat.Unknown, wechat.Code("USERPAYING"), true},
		{"bank error", plainOp, sign.MD5, 200, fail("BANKERROR"), wechat.Unknown, wechat.Code("BANK_ERROR"), true},
		{"result_code of another kind", keyed, sign.MD5, 200, v2XML(sign.MD5, "return_code", "SUCCESS", "result_code", "MAYBE"), wechat.Unknown, nil, true},
		{"err_code without result_code", keyed, sign.MD5, 200, v2XML(sign.MD5, "return_code", "SUCCESS", "err_code", "PARAM_ERROR"), wechat.NotDone, wechat.ErrParam, true},
		{"query of what is not there", query, sign.MD5, 200, fail("ORDERNOTEXIST"), wechat.NotDone, wechat.Code("ORDER_NOT_EXIST"), true},
		{"return_code FAIL is never signed", keyed, sign.MD5, 200, v2Unsigned("return_code", "FAIL", "return_msg", "签名错误"), wechat.Unknown, nil, false},
		{"return_code FAIL to a query", query, sign.MD5, 200, v2Unsigned("return_code", "FAIL", "return_msg", "签名错误"), wechat.NotDone, nil, false},
		{"return_code FAIL with a code", keyed, sign.MD5, 200, v2Unsigned("return_code", "FAIL", "error_code", "20002"), wechat.Unknown, wechat.Code("20002"), false},
		{"no return_code", keyed, sign.MD5, 200, v2Unsigned("result_code", "SUCCESS"), wechat.Unknown, nil, false},
		{"unsigned", keyed, sign.MD5, 200, v2Unsigned("return_code", "SUCCESS", "result_code", "SUCCESS"), wechat.Unknown, sign.ErrNoSign, false},
		{"downgraded", keyed, sign.HMACSHA256, 200, ok(sign.MD5), wechat.Unknown, sign.ErrDowngrade, false},
		{"changed", keyed, sign.MD5, 200, strings.Replace(ok(sign.MD5, "total_fee", "1"), "[1]", "[2]", 1), wechat.Unknown, sign.ErrMismatch, false},
		{"a field added", keyed, sign.MD5, 200, strings.Replace(ok(sign.MD5), "</xml>", "<prepay_id>x</prepay_id></xml>", 1), wechat.Unknown, sign.ErrMismatch, false},
		{"DOCTYPE", keyed, sign.MD5, 200, "<!DOCTYPE x>" + ok(sign.MD5), wechat.Unknown, nil, false},
		{"HTML", keyed, sign.MD5, 200, "<html>login</html>", wechat.Unknown, nil, false},
		{"nothing", keyed, sign.MD5, 200, "", wechat.Unknown, nil, false},
		{"gateway", keyed, sign.MD5, 502, "<html>bad gateway</html>", wechat.Unknown, nil, false},
		{"good XML with a bad status", keyed, sign.MD5, 500, ok(sign.MD5), wechat.Unknown, nil, false},
		{"no client certificate", keyed, sign.MD5, 400, "<html>No required SSL certificate was sent</html>", wechat.Unknown, nil, false},
		{"redirect", keyed, sign.MD5, 302, "", wechat.Unknown, nil, false},
		{"unreadable amount", keyed, sign.MD5, 200, ok(sign.MD5, "total_fee", "1.00"), wechat.Done, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newV2(t, tt.digest, doFunc(func(*http.Request) (*http.Response, error) { return plain(tt.status, tt.body), nil }), wechat.WithBackoff(wechat.NoRetry))
			_, err := wechat.Call[v2Out](t.Context(), m, tt.op, v2In{})
			require.Error(t, err)
			assert.Equal(t, tt.outcome, wechat.OutcomeOf(err), "%v", err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			var api *wechat.APIError
			if errors.As(err, &api) {
				assert.Equal(t, tt.verified, api.Verified)
			}
			assert.NotContains(t, err.Error(), v2Key)
		})
	}
}

func TestV2Rules(t *testing.T) {
	t.Parallel()
	var got map[string]string
	var url string
	answer := v2Unsigned("return_code", "SUCCESS", "result_code", "SUCCESS")
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		got, url = v2Body(t, r), r.URL.String()
		return plain(200, answer), nil
	})
	m := newV2(t, sign.HMACSHA256, carrier)
	_, err := wechat.Call[wechat.None](t.Context(), m, wechat.POST("/mmpaymkttransfers/sendredpack").Certified().Unsigned().MD5Only(), v2In{Body: "x"})
	require.NoError(t, err)
	assert.NotContains(t, got, "sign_type")
	assert.Equal(t, v2Sum(got, v2Key, sign.MD5), got["sign"], "MD5 alone, where the endpoint knows nothing else")

	m = newV2(t, sign.MD5, carrier)
	_, err = wechat.Call[wechat.None](t.Context(), m, wechat.POST("/risk/getpublickey").Unsigned().HMACOnly().At("https://fraud.mch.weixin.qq.com"), v2In{})
	require.NoError(t, err)
	assert.Equal(t, "HMAC-SHA256", got["sign_type"])
	assert.Equal(t, v2Sum(got, v2Key, sign.HMACSHA256), got["sign"])
	assert.Equal(t, "https://fraud.mch.weixin.qq.com/risk/getpublickey", url)

	m = newV2(t, sign.MD5, carrier, wechat.WithBaseURL("http://127.0.0.1:1"))
	_, err = wechat.Call[wechat.None](t.Context(), m, wechat.POST("/risk/getpublickey").Unsigned().At("https://fraud.mch.weixin.qq.com"), v2In{})
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:1/risk/getpublickey", url, "a test stays at home")

	answer = `<xml><return_code>SUCCESS</return_code><list><a><b>1</b></a></list></xml>`
	out, err := wechat.Call[struct {
		List string `xml:"list"`
	}](t.Context(), m, wechat.POST("/mmpaymkttransfers/gethbinfo").Unsigned().Listing("list"), v2In{})
	require.NoError(t, err)
	assert.Equal(t, "<a><b>1</b></a>", out.List)

	answer = v2Unsigned("return_code", "SUCCESS", "result_code", "FAIL", "err_code", "NOT_FOUND")
	var api *wechat.APIError
	_, err = wechat.Call[wechat.None](t.Context(), m, wechat.POST("/payitil/report").Unsigned(), v2In{})
	require.ErrorAs(t, err, &api)
	assert.False(t, api.Verified)
	_, err = wechat.Call[wechat.None](t.Context(), m, wechat.POST("/mmpaymkttransfers/gethbinfo").Unsigned().Certified(), v2In{})
	require.ErrorAs(t, err, &api)
	assert.True(t, api.Verified, "a connection with both certificates vouches for it")
}

func TestV2Certificate(t *testing.T) {
	t.Parallel()
	op := wechat.POST("/secapi/pay/refund").Certified()
	m := newV2(t, sign.MD5, nil)
	_, err := wechat.Call[wechat.None](t.Context(), m, op, v2In{})
	require.Error(t, err)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.Contains(t, err.Error(), "apiclient_cert.p12")

	m = newV2(t, sign.MD5, doFunc(func(*http.Request) (*http.Response, error) {
		return plain(200, v2XML(sign.MD5, "return_code", "SUCCESS", "result_code", "SUCCESS")), nil
	}))
	_, err = wechat.Call[wechat.None](t.Context(), m, op, v2In{})
	require.NoError(t, err, "a transport of the caller's brings its own certificate")

	m, err = wechat.NewMerchantV2(wechat.MerchantV2Config{ID: v2ID, Key: seal.NewKey(v2Key), Certificate: &tls.Certificate{}}, wechat.WithBaseURL("http://127.0.0.1:1"), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	_, err = wechat.Call[wechat.None](t.Context(), m, op, v2In{})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "apiclient_cert.p12", "it is there, so the call was tried")
}

func TestV2Download(t *testing.T) {
	t.Parallel()
	op := wechat.POST("/pay/downloadbill").ReadOnly().Unsigned()
	body, digest := "\uFEFF交易时间,公众账号ID\r\n`2026", "SHA=abc"
	m := newV2(t, sign.MD5, doFunc(func(*http.Request) (*http.Response, error) {
		res := plain(200, body)
		res.Header.Set("Digest", digest)
		return res, nil
	}), wechat.WithBackoff(wechat.NoRetry))
	s, err := wechat.Open(t.Context(), m, op, v2In{})
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, body, string(got))
	assert.Equal(t, digest, s.Digest)

	for text, want := range map[string]string{
		v2Unsigned("return_code", "FAIL", "return_msg", "No Bill Exist", "error_code", "20002"): "No Bill Exist",
		"":                                   "no APIv2 answer in 0 bytes",
		"<html>":                             "no APIv2 answer",
		v2Unsigned("return_code", "SUCCESS"): "not a file",
	} {
		body = text
		_, err = wechat.Open(t.Context(), m, op, v2In{})
		require.ErrorContains(t, err, want)
	}
	_, err = wechat.Upload[wechat.None](t.Context(), m, wechat.POST("/secapi/mch/uploadmedia"), nil, wechat.File{Name: "a.png", Data: strings.NewReader("x")})
	require.Error(t, err)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	_, err = wechat.Download(t.Context(), m, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x")
	require.Error(t, err)
}

func TestNewMerchantV2(t *testing.T) {
	t.Parallel()
	good := wechat.MerchantV2Config{ID: v2ID, Key: seal.NewKey(v2Key)}
	tests := []struct {
		name, field string
		change      func(*wechat.MerchantV2Config)
		opts        []wechat.Option
	}{
		{"no number", "mch_id", func(c *wechat.MerchantV2Config) { c.ID = "" }, nil},
		{"long number", "mch_id", func(c *wechat.MerchantV2Config) { c.ID = strings.Repeat("1", 33) }, nil},
		{"number with letters", "mch_id", func(c *wechat.MerchantV2Config) { c.ID = "1900a" }, nil},
		{"no key", "key", func(c *wechat.MerchantV2Config) { c.Key = seal.Key{} }, nil},
		{"long key", "key", func(c *wechat.MerchantV2Config) { c.Key = seal.NewKey(v2Key + "x") }, nil},
		{"unknown digest", "digest", func(c *wechat.MerchantV2Config) { c.Digest = 7 }, nil},
		{"bad option", "WithTransport", func(*wechat.MerchantV2Config) {}, []wechat.Option{wechat.WithTransport(nil)}},
		{"simulator's number at a real host", "simulator", func(c *wechat.MerchantV2Config) { c.ID = "0000100" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tt.change(&cfg)
			_, err := wechat.NewMerchantV2(cfg, tt.opts...)
			require.ErrorContains(t, err, tt.field)
			assert.NotContains(t, err.Error(), v2Key)
		})
	}
	simulated := good
	simulated.ID = "0000100"
	_, err := wechat.NewMerchantV2(simulated, wechat.WithBaseURL("http://127.0.0.1:1"))
	require.NoError(t, err)
}

func TestMerchantV2(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	carrier := doFunc(func(*http.Request) (*http.Response, error) { return nil, context.Canceled })
	m := newV2(t, sign.HMACSHA256, carrier, wechat.WithClock(func() time.Time { return at }))
	assert.Equal(t, v2ID, m.ID())
	assert.Equal(t, sign.HMACSHA256, m.Digest())
	assert.Equal(t, at, m.Now())
	assert.False(t, m.IsPartner())
	assert.Equal(t, wechat.PartyV2{AppID: "wx1", MchID: v2ID}, m.Party("wx1"))
	sub := m.For(wechat.Sub{MchID: "1900000109", AppID: "wx2"})
	assert.True(t, sub.IsPartner())
	assert.Equal(t, wechat.Sub{MchID: "1900000109", AppID: "wx2"}, sub.Sub())
	assert.Equal(t, wechat.PartyV2{AppID: "wx1", MchID: v2ID, SubAppID: "wx2", SubMchID: "1900000109"}, sub.Party("wx1"))
	assert.Equal(t, "v2 merchant 10000100 for 1900000109", sub.String())

	for _, bad := range []wechat.Sub{{}, {MchID: "abc"}, {MchID: v2ID}, {MchID: "00001"}, {MchID: "1900000109", AppID: "wx0000a"}} {
		_, err := wechat.Call[wechat.None](t.Context(), m.For(bad), opV2, v2In{})
		require.Error(t, err)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		assert.Contains(t, err.Error(), "sub_")
	}
	var field *wechat.FieldError
	_, err := wechat.Call[wechat.None](t.Context(), m, opV2, struct {
		List []int `xml:"list"`
	}{[]int{1}})
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "list", field.Field)

	pairs := []sign.Pair{{Name: "appid", Value: "wx1"}, {Name: "sign", Value: "x"}}
	assert.Equal(t, v2Sum(map[string]string{"appid": "wx1"}, v2Key, sign.HMACSHA256), m.Sign(pairs))
	assert.Equal(t, v2Sum(map[string]string{"appid": "wx1"}, v2Key, sign.MD5), m.SignMD5(pairs))
	require.ErrorIs(t, m.Prove(pairs), sign.ErrMismatch)
	pairs[1].Value = m.Sign(pairs)
	require.NoError(t, m.Prove(pairs))
	_, err = m.OpenRefund("x")
	require.ErrorIs(t, err, seal.ErrOpen)
}

func TestMerchantV2KeepsItsKey(t *testing.T) {
	t.Parallel()
	cfg := wechat.MerchantV2Config{ID: v2ID, Key: seal.NewKey(v2Key), Certificate: &tls.Certificate{PrivateKey: merchantKey()}}
	m, err := wechat.NewMerchantV2(cfg)
	require.NoError(t, err)
	secrets := []string{v2Key, fmt.Sprint([]byte(v2Key)), fmt.Sprintf("%x", v2Key), merchantKey().D.String()[:40]}
	for _, v := range []any{cfg, &cfg, m, *m, []any{cfg}} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		out := string(text)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			out += fmt.Sprintf(verb, v)
		}
		for _, s := range secrets {
			assert.NotContains(t, out, s)
		}
	}
}
