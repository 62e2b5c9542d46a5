package wechat_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func TestNewMerchantNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	own, err := sign.NewRing(sign.PublicKey(publicID, &merchantKey().PublicKey))
	require.NoError(t, err)
	tests := []struct {
		name   string
		change func(*wechat.MerchantConfig)
		opts   []wechat.Option
		want   string
	}{
		{name: "no number", change: func(c *wechat.MerchantConfig) { c.ID = "" }, want: "MchID"},
		{name: "number with letters", change: func(c *wechat.MerchantConfig) { c.ID = "19x" }, want: "MchID"},
		{name: "long number", change: func(c *wechat.MerchantConfig) { c.ID = strings.Repeat("1", 33) }, want: "MchID"},
		{name: "no serial", change: func(c *wechat.MerchantConfig) { c.Serial = "" }, want: "Serial"},
		{name: "serial with colons", change: func(c *wechat.MerchantConfig) { c.Serial = "40:8B" }, want: "Serial"},
		{name: "no key", change: func(c *wechat.MerchantConfig) { c.Key = nil }, want: "Key"},
		{name: "nil key", change: func(c *wechat.MerchantConfig) { c.Key = (*rsa.PrivateKey)(nil) }, want: "Key"},
		{name: "weak key", change: func(c *wechat.MerchantConfig) { c.Key = small }, want: "2048"},
		{name: "EC key", change: func(c *wechat.MerchantConfig) { c.Key = curve }, want: "RSA"},
		{name: "no APIv3 key", change: func(c *wechat.MerchantConfig) { c.APIv3Key = seal.Key{} }, want: "APIv3Key"},
		{name: "31 bytes", change: func(c *wechat.MerchantConfig) { c.APIv3Key = seal.NewKey(apiV3Key[1:]) }, want: "31"},
		{name: "33 bytes", change: func(c *wechat.MerchantConfig) { c.APIv3Key = seal.NewKey(apiV3Key + "x") }, want: "33"},
		{name: "no platform", change: func(c *wechat.MerchantConfig) { c.Platform = nil }, want: "Platform"},
		{name: "nil ring", change: func(c *wechat.MerchantConfig) { c.Platform = (*sign.Ring)(nil) }, want: "nil *sign.Ring"},
		{name: "the merchant's own key", change: func(c *wechat.MerchantConfig) { c.Platform = own }, want: "own key"},
		{name: "simulator at a real host", change: func(c *wechat.MerchantConfig) { c.ID = "0000123456" }, want: "loopback"},
		{name: "nil transport", opts: []wechat.Option{wechat.WithTransport(nil)}, want: "WithTransport"},
		{name: "nil http.Client", opts: []wechat.Option{wechat.WithTransport((*http.Client)(nil))}, want: "WithTransport"},
		{name: "three hosts", opts: []wechat.Option{wechat.WithBaseURL("https://a", "https://b", "https://c")}, want: "WithBaseURL"},
		{name: "plain http", opts: []wechat.Option{wechat.WithBaseURL("http://api.mch.weixin.qq.com")}, want: "https"},
		{name: "plain http to a name like loopback", opts: []wechat.Option{wechat.WithBaseURL("http://127.0.0.1.example.com")}, want: "https"},
		{name: "plain http standby", opts: []wechat.Option{wechat.WithBaseURL("https://a", "http://b")}, want: "https"},
		{name: "no scheme", opts: []wechat.Option{wechat.WithBaseURL("api.mch.weixin.qq.com")}, want: "scheme and host"},
		{name: "another scheme", opts: []wechat.Option{wechat.WithBaseURL("ftp://host")}, want: "https"},
		{name: "a path", opts: []wechat.Option{wechat.WithBaseURL("https://host/v3")}, want: "scheme and host"},
		{name: "a password", opts: []wechat.Option{wechat.WithBaseURL("https://u:p@host")}, want: "scheme and host"},
		{name: "no URL", opts: []wechat.Option{wechat.WithBaseURL("https://ho st")}, want: "not a URL"},
		{name: "nil backoff", opts: []wechat.Option{wechat.WithBackoff(nil)}, want: "WithBackoff"},
		{name: "nil clock", opts: []wechat.Option{wechat.WithClock(nil)}, want: "WithClock"},
		{name: "no time", opts: []wechat.Option{wechat.WithTimeout(0)}, want: "WithTimeout"},
		{name: "no room", opts: []wechat.Option{wechat.WithMaxResponse(0)}, want: "WithMaxResponse"},
		{name: "empty agent", opts: []wechat.Option{wechat.WithUserAgent("")}, want: "WithUserAgent"},
		{name: "agent with a line break", opts: []wechat.Option{wechat.WithUserAgent("a\r\nb")}, want: "WithUserAgent"},
		{name: "nil observer", opts: []wechat.Option{wechat.WithObserver(nil)}, want: "WithObserver"},
		{name: "nil logger", opts: []wechat.Option{wechat.WithLogger(nil)}, want: "WithLogger"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			if tt.change != nil {
				tt.change(&cfg)
			}
			m, err := wechat.NewMerchant(cfg, tt.opts...)
			require.Error(t, err)
			assert.Nil(t, m)
			assert.Contains(t, err.Error(), "wechat: ")
			assert.Contains(t, err.Error(), tt.want)
		})
	}
}

func TestASimulatorsNumberIsWelcomeOnLoopback(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.ID = "0000123456"
	for _, base := range []string{"http://127.0.0.1:80", "http://localhost:8080", "https://LOCALHOST.", "http://[::1]:1", "http://[::ffff:127.0.0.1]", "http://127.9.9.9/"} {
		_, err := wechat.NewMerchant(cfg, wechat.WithBaseURL(base), nil)
		require.NoError(t, err, base)
	}
	_, err := wechat.NewMerchant(cfg, wechat.WithBaseURL("http://localhost", "https://api.mch.weixin.qq.com"))
	require.Error(t, err, "the standby counts too")
}

func TestOptionsTravel(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-100 * time.Second)
	var events []wechat.Event
	var lines strings.Builder
	answer := proved(200, prepayBody)
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		c, err := authorized(r, bodyOf(r))
		assert.NoError(t, err)
		assert.Equal(t, at.Unix(), mustInt(c.stamp))
		assert.Regexp(t, `^shop/1 wxcommerce-wechat/0 \(\w+\) go1\.`, r.Header.Get("User-Agent"))
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "https://example.com/v3/pay/transactions/jsapi", r.URL.String())
		return answer, nil
	}), wechat.WithBaseURL("https://example.com/"), wechat.WithTimeout(time.Minute), wechat.WithUserAgent("shop/1"), wechat.WithClock(func() time.Time { return at }),
		wechat.WithObserver(func(_ context.Context, e wechat.Event) { events = append(events, e) }),
		wechat.WithLogger(slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	out, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
	require.NoError(t, err)
	assert.Equal(t, "wx201410272009395522657a690389285100", out.PrepayID)
	require.Len(t, events, 1)
	assert.Equal(t, wechat.Event{Op: opKeyed, Attempt: 1, Host: "example.com", Status: 200, RequestID: "08D4EDB0A90610-0", Outcome: wechat.Done, Retry: -1}, events[0])
	assert.Contains(t, lines.String(), "level=DEBUG")
	assert.Contains(t, lines.String(), `op="POST /v3/pay[/partner]/transactions/jsapi"`)
	assert.Equal(t, at, m.Now())
}

func TestLevelsOfTheLog(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]func() *http.Response{
		"level=WARN": func() *http.Response { return proved(403, `{"code":"NO_AUTH"}`) },
		"level=INFO": func() *http.Response {
			return header(proved(200, prepayBody), "Wechatpay-Signature", "WECHATPAY/SIGNTEST/1")
		},
	} {
		var lines strings.Builder
		m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { return answer(), nil }),
			wechat.WithLogger(slog.New(slog.NewTextHandler(&lines, nil))), wechat.WithLogger(slog.New(slog.DiscardHandler)))
		_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
		require.Error(t, err)
		assert.Contains(t, lines.String(), want)
		assert.Contains(t, lines.String(), "outcome=")
	}
}

func TestAnHTTPClientIsCopied(t *testing.T) {
	t.Parallel()
	hc := &http.Client{}
	newMerchant(t, hc)
	assert.Nil(t, hc.CheckRedirect)
	assert.Nil(t, hc.Jar)
}

func TestForActsForAnother(t *testing.T) {
	t.Parallel()
	var paths []string
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		_, err := authorized(r, bodyOf(r)) // always the partner's own number
		assert.NoError(t, err)
		paths = append(paths, r.URL.Path)
		return proved(200, prepayBody), nil
	}))
	sub := m.For(wechat.Sub{MchID: "1900000109", AppID: "wx8888888888888888"})
	for _, c := range []*wechat.Merchant{m, sub, sub.For(wechat.Sub{MchID: "1900000110"})} {
		_, err := wechat.Call[prepay](t.Context(), c, opKeyed, someOrder)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"/v3/pay/transactions/jsapi", "/v3/pay/partner/transactions/jsapi", "/v3/pay/partner/transactions/jsapi"}, paths)

	assert.Equal(t, wechat.Party{AppID: "wx1", MchID: mchID}, m.Party("wx1"))
	assert.Equal(t, wechat.Party{SpAppID: "wx1", SpMchID: mchID, SubAppID: "wx8888888888888888", SubMchID: "1900000109"}, sub.Party("wx1"))
	assert.Equal(t, wechat.Numbers{MchID: mchID}, m.Numbers())
	assert.Equal(t, wechat.Numbers{SpMchID: mchID, SubMchID: "1900000109"}, sub.Numbers())
	assert.Equal(t, wechat.SubNumber{}, m.SubNumber())
	assert.Equal(t, wechat.SubNumber{SubMchID: "1900000109"}, sub.SubNumber())
	assert.Equal(t, wechat.Sub{MchID: "1900000109", AppID: "wx8888888888888888"}, sub.Sub())
	assert.False(t, m.IsPartner())
	assert.True(t, sub.IsPartner())
	assert.Equal(t, mchID, sub.ID())
	assert.Equal(t, mchSerial, sub.Serial())
	assert.Equal(t, "merchant "+mchID, m.String())
	assert.Equal(t, "merchant "+mchID+" for 1900000109", sub.GoString())
}

func TestForWithAWrongSubFailsEveryCall(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	}))
	for field, subs := range map[string][]wechat.Sub{
		"sub_mchid": {{}, {MchID: "19x"}, {MchID: strings.Repeat("1", 33)}, {MchID: mchID}, {MchID: "0000123456"}},
		"sub_appid": {{MchID: "1900000109", AppID: "wx0000000000000001"}},
	} {
		for _, sub := range subs {
			bad := m.For(sub)
			_, err := wechat.Call[prepay](t.Context(), bad, opKeyed, someOrder)
			_, err2 := wechat.Upload[prepay](t.Context(), bad, opWrite, nil, wechat.File{})
			_, err3 := wechat.Download(t.Context(), bad, "https://api.mch.weixin.qq.com/v3/billdownload/file")
			for _, err := range []error{err, err2, err3} {
				var f *wechat.FieldError
				require.ErrorAs(t, err, &f)
				assert.Equal(t, field, f.Field)
				assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			}
		}
	}
	ok := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { return proved(200, prepayBody), nil }))
	_, err := wechat.Call[prepay](t.Context(), ok.For(wechat.Sub{}).For(wechat.Sub{MchID: "1900000109"}), opKeyed, someOrder)
	require.NoError(t, err, "a later, right Sub is a new start")
}

// The copies of one client know together which host is down and what may be repeated.
func TestForCopiesShareHealthAndBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hosts []string
		m := cheapMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			if hosts = append(hosts, r.URL.Host); r.URL.Host == mainHost {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return proved(200, prepayBody), nil
		}))
		for n := range 3 {
			_, err := wechat.Call[prepay](t.Context(), m.For(wechat.Sub{MchID: "190000010" + string(rune('0'+n))}), opKeyed, someOrder)
			require.NoError(t, err)
		}
		assert.Equal(t, []string{mainHost, standbyHost, standbyHost, standbyHost}, hosts)

		attempts := 0
		m = cheapMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { attempts++; return plain(503, ""), nil }))
		for range 200 {
			_, err := wechat.Call[prepay](t.Context(), m.For(wechat.Sub{MchID: "1900000109"}), opKeyed, someOrder)
			require.Error(t, err)
		}
		assert.Equal(t, 250, attempts, "fifty repeats for all copies together")
	})
}

func TestVerifyAndOpen(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, nil)
	h := http.Header{}
	weChatPay.sign(h, `{"id":"1"}`, time.Now())
	v, err := m.Verify(t.Context(), h, []byte(`{"id":"1"}`))
	require.NoError(t, err)
	assert.True(t, v.OK())
	_, err = m.Verify(t.Context(), h, []byte(`{"id":"2"}`))
	require.ErrorIs(t, err, sign.ErrMismatch)

	block, err := aes.NewCipher([]byte(apiV3Key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	text := base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte("0123456789ab"), []byte(`{"a":1}`), []byte("transaction")))
	r := wechat.Resource{Algorithm: "AEAD_AES_256_GCM", Nonce: "0123456789ab", AssociatedData: "transaction", Ciphertext: text}
	plain, err := m.Open(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":1}`, string(plain))
	plain, err = m.OpenInPlace(r.Algorithm, r.Nonce, r.AssociatedData, []byte(text))
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":1}`, string(plain))
	r.AssociatedData = "refund"
	_, err = m.Open(r)
	require.ErrorIs(t, err, seal.ErrOpen)
	r.Algorithm = "AEAD_SM4_GCM"
	_, err = m.Open(r)
	require.ErrorContains(t, err, "not supported")
}

type person struct {
	Name seal.Secret `json:"name,omitzero"`
}

// Personal data travels sealed for WeChat Pay, the same in every attempt, under the
// id of the key that sealed it, and answers come opened.
func TestPersonalDataIsSealedAndOpened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sealedForUs, err := seal.Encrypt(&merchantKey().PublicKey, "李四")
		require.NoError(t, err)
		var bodies []string
		m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			assert.Equal(t, publicID, r.Header.Get("Wechatpay-Serial"))
			if bodies = append(bodies, string(bodyOf(r))); len(bodies) == 1 {
				return plain(500, ""), nil
			}
			return proved(200, `{"name":"`+sealedForUs+`"}`), nil
		}))
		in := person{seal.Plain("张三")}
		out, err := wechat.Call[person](t.Context(), m, opKeyed, in)
		require.NoError(t, err)
		require.Len(t, bodies, 2)
		assert.Equal(t, bodies[0], bodies[1])
		assert.NotContains(t, bodies[0], "张三")
		name, err := out.Name.Reveal()
		require.NoError(t, err)
		assert.Equal(t, "李四", name)
		name, err = in.Name.Reveal()
		require.NoError(t, err)
		assert.Equal(t, "张三", name, "the caller's value is untouched")

		_, err = wechat.Call[person](t.Context(), m, opKeyed, person{seal.Plain(strings.Repeat("张", 100))})
		require.ErrorIs(t, err, seal.ErrTooLong)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		cfg := config(t)
		cfg.Platform = sign.Join()
		nobody, err := wechat.NewMerchant(cfg, wechat.WithTransport(doFunc(nil)))
		require.NoError(t, err)
		_, err = wechat.Call[person](t.Context(), nobody, opKeyed, in)
		require.ErrorIs(t, err, sign.ErrUnknownKey)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	})
}

// A signer that cannot decrypt, such as some HSMs, leaves answers sealed.
func TestASignerThatCannotDecryptLeavesSecretsSealed(t *testing.T) {
	t.Parallel()
	sealedForUs, err := seal.Encrypt(&merchantKey().PublicKey, "李四")
	require.NoError(t, err)
	m := cheapMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { return proved(200, `{"name":"`+sealedForUs+`"}`), nil }))
	out, err := wechat.Call[person](t.Context(), m, opKeyed, someOrder)
	require.NoError(t, err)
	_, err = out.Name.Reveal()
	require.ErrorIs(t, err, seal.ErrSealed)
	newMerchant(t, nil).OpenSecrets(out)
	name, err := out.Name.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "李四", name)
}

func TestPageParameters(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, nil)
	a, b := wechat.Nonce(), wechat.Nonce()
	assert.NotEqual(t, a, b)
	assert.Regexp(t, `^[0-9A-Za-z]{20,32}$`, a)
	text, err := m.PaySign("wx1", "1554208460", a, "prepay_id=wx2")
	require.NoError(t, err)
	own, err := sign.Identity{MchID: mchID, Serial: mchSerial, Key: merchantKey()}.PaySign("wx1", "1554208460", a, "prepay_id=wx2")
	require.NoError(t, err)
	assert.Equal(t, own, text)
}
