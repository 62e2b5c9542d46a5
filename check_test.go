package wechat_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// echoServer is WeChat Pay's self test and its list of certificates, with the words
// WeChat Pay uses.
type echoServer struct {
	t        *testing.T
	clock    time.Time
	signer   *platform
	listKey  string          // APIv3 key of the list; "" for a merchant without certificates
	private  *rsa.PrivateKey // opens what is sealed for WeChat Pay
	verify   *rsa.PrivateKey // whose signature it expects
	override func(r *http.Request) *http.Response
}

func (s *echoServer) Do(r *http.Request) (*http.Response, error) {
	body := bodyOf(r)
	if s.override != nil {
		if res := s.override(r); res != nil {
			return s.dated(res), nil
		}
	}
	f := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	require.NotNil(s.t, f)
	switch {
	case f[1] != mchID:
		return s.refuse(401, "SIGN_ERROR", "商户号不存在"), nil
	case f[4] != mchSerial:
		return s.refuse(401, "SIGN_ERROR", "商户证书序列号有误。请使用签名私钥匹配的证书序列号"), nil
	}
	if off := s.clock.Unix() - mustInt(f[3]); off > 300 || off < -300 {
		return s.refuse(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"), nil
	}
	if _, err := authorized(r, body); err != nil {
		return s.refuse(401, "SIGN_ERROR", "错误的签名，验签失败"), nil
	}
	if r.URL.Path == "/v3/certificates" {
		return s.list(), nil
	}
	return s.echo(body), nil
}

func (s *echoServer) dated(res *http.Response) *http.Response {
	res.Header.Set("Date", s.clock.UTC().Format(http.TimeFormat))
	return res
}

func (s *echoServer) refuse(status int, code, message string) *http.Response {
	return s.dated(plain(status, fmt.Sprintf(`{"code":%q,"message":%q}`, code, message)))
}

func (s *echoServer) proved(body string) *http.Response {
	res := plain(200, body)
	s.signer.sign(res.Header, body, s.clock)
	return s.dated(res)
}

func (s *echoServer) echo(body []byte) *http.Response {
	var in struct {
		Message string `json:"echo_message"`
		Sealed  string `json:"encrypted_echo_message"`
	}
	require.NoError(s.t, json.Unmarshal(body, &in))
	raw, err := base64.StdEncoding.DecodeString(in.Sealed)
	require.NoError(s.t, err)
	if text, err := rsa.DecryptOAEP(sha1.New(), nil, s.private, raw, nil); err != nil || string(text) != "hello" {
		return s.refuse(400, "PARAM_ERROR", "敏感字段解密失败")
	}
	return s.proved(`{"echo_message":"hello"}`)
}

func (s *echoServer) list() *http.Response {
	if s.listKey == "" {
		return s.refuse(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书")
	}
	cert := armour("CERTIFICATE", selfSigned(s.t, platformKey(), big.NewInt(0x51)))
	block, _ := aes.NewCipher([]byte(s.listKey))
	gcm, _ := cipher.NewGCM(block)
	text := base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte("0123456789ab"), cert, []byte("certificate")))
	return s.proved(`{"data":[{"serial_no":"51","encrypt_certificate":{"algorithm":"AEAD_AES_256_GCM","nonce":"0123456789ab","associated_data":"certificate","ciphertext":"` + text + `"}}]}`)
}

func TestCheckNamesTheWrongPart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	stranger, err := sign.NewRing(sign.PublicKey(publicID, &strangerKey().PublicKey))
	require.NoError(t, err)
	another, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_9", &platformKey().PublicKey))
	require.NoError(t, err)
	type report = wechat.Report
	good := report{Network: wechat.Good, Clock: wechat.Good, Number: wechat.Good, Serial: wechat.Good, PrivateKey: wechat.Good, PlatformKey: wechat.Good, APIv3Key: wechat.Good}
	only := func(change func(r *report)) report {
		r := report{Network: wechat.Good}
		change(&r)
		return r
	}
	tests := []struct {
		name   string
		change func(c *wechat.MerchantConfig)
		server func(s *echoServer)
		want   report
		advice string
	}{
		{name: "nothing", want: good},
		{name: "no certificates", server: func(s *echoServer) { s.listKey = "" }, want: func() report { r := good; r.APIv3Key = wechat.Unchecked; return r }(), advice: "first payment notice"},
		{name: "number", change: func(c *wechat.MerchantConfig) { c.ID = "1900000001" }, want: only(func(r *report) { r.Number = wechat.Bad }), advice: "1900000001"},
		{name: "serial", change: func(c *wechat.MerchantConfig) { c.Serial = "ABCDEF" }, want: only(func(r *report) { r.Serial = wechat.Bad }), advice: "ABCDEF"},
		{name: "private key", change: func(c *wechat.MerchantConfig) { c.Key = strangerKey() }, want: only(func(r *report) { r.PrivateKey = wechat.Bad }), advice: "private key"},
		{name: "platform key of another merchant", change: func(c *wechat.MerchantConfig) { c.Platform = stranger },
			want: only(func(r *report) { r.PlatformKey = wechat.Bad }), advice: "platform key"},
		{name: "platform key that does not verify", change: func(c *wechat.MerchantConfig) { c.Platform = stranger }, server: func(s *echoServer) { s.private = strangerKey() },
			want: only(func(r *report) { r.PlatformKey = wechat.Bad }), advice: "key file belongs to another id"},
		{name: "platform key id", change: func(c *wechat.MerchantConfig) { c.Platform = another }, want: only(func(r *report) { r.PlatformKey = wechat.Bad }), advice: "PUB_KEY_ID"},
		{name: "no platform key", change: func(c *wechat.MerchantConfig) { c.Platform = sign.Join() }, want: report{PlatformKey: wechat.Bad}, advice: "certs.Set"},
		{name: "our clock, by refusal", server: func(s *echoServer) { s.clock = now.Add(time.Hour) },
			want: only(func(r *report) { r.Clock, r.Skew = wechat.Bad, -time.Hour }), advice: "NTP"},
		{name: "our clock, by the answer", server: func(s *echoServer) {
			s.override = func(*http.Request) *http.Response { s.clock = now.Add(-time.Hour); return s.proved(`{}`) }
		}, want: only(func(r *report) { r.Clock, r.Skew = wechat.Bad, time.Hour }), advice: "NTP"},
		{name: "APIv3 key", server: func(s *echoServer) { s.listKey = strings.Repeat("z", 32) },
			want: func() report { r := good; r.APIv3Key = wechat.Bad; return r }(), advice: "APIv3 key does not open"},
		{name: "list that cannot be had", server: func(s *echoServer) {
			s.override = func(r *http.Request) *http.Response {
				if r.URL.Path == "/v3/certificates" {
					return plain(403, `{"code":"NO_AUTH"}`)
				}
				return nil
			}
		}, want: func() report { r := good; r.APIv3Key = wechat.Unchecked; return r }(), advice: "could not be checked"},
		{name: "a proxy strips headers", server: func(s *echoServer) { s.override = func(*http.Request) *http.Response { return plain(200, `{}`) } },
			want: only(func(*report) {}), advice: "proxy"},
		{name: "something else, signed", server: func(s *echoServer) {
			s.override = func(*http.Request) *http.Response {
				res := plain(403, `{"code":"NO_AUTH","message":"x"}`)
				s.signer.sign(res.Header, `{"code":"NO_AUTH","message":"x"}`, now)
				return res
			}
		}, want: func() report { r := good; r.APIv3Key = wechat.Unchecked; return r }(), advice: "NO_AUTH"},
		{name: "something else, unsigned", server: func(s *echoServer) {
			s.override = func(*http.Request) *http.Response { return plain(418, `{"code":"TEAPOT","message":"x"}`) }
		}, want: only(func(*report) {}), advice: "TEAPOT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, s := config(t), &echoServer{t: t, clock: now, signer: &platform{id: publicID}, listKey: apiV3Key, private: platformKey(), verify: merchantKey()}
			if tt.change != nil {
				tt.change(&cfg)
			}
			if tt.server != nil {
				tt.server(s)
			}
			m, err := wechat.NewMerchant(cfg, wechat.WithTransport(s), wechat.WithBackoff(wechat.NoRetry), wechat.WithClock(func() time.Time { return now }))
			require.NoError(t, err)
			got, err := m.Check(t.Context())
			require.NoError(t, err)
			text := got.String()
			if tt.advice == "" {
				assert.Empty(t, got.Advice)
				assert.True(t, got.OK())
			} else {
				require.NotEmpty(t, got.Advice)
				assert.Contains(t, strings.Join(got.Advice, "\n"), tt.advice)
				assert.Contains(t, text, tt.advice)
			}
			assert.Equal(t, tt.want.Network == wechat.Good && !strings.Contains(text, " bad"), got.OK())
			assert.Contains(t, text, "platform key")
			assert.InDelta(t, tt.want.Skew, got.Skew, float64(time.Second))
			got.Advice, got.Skew, tt.want.Skew = nil, 0, 0
			assert.Equal(t, tt.want, got, text)
		})
	}
}

func TestCheckThatCannotAsk(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, doFunc(fails2(errReset)), wechat.WithBackoff(wechat.NoRetry))
	r, err := m.Check(t.Context())
	require.ErrorIs(t, err, errReset)
	assert.Equal(t, wechat.Bad, r.Network)
	assert.False(t, r.OK())
	_, err = m.For(wechat.Sub{MchID: "1900000109"}).Check(t.Context())
	require.ErrorContains(t, err, "before For")
}

func fails2(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// Vector S12 (source: wechatpay-java test): a real entry of the list opens and is
// the certificate it says. The private key being Tenpay's, the answer is vouched for
// by another trusted key.
func TestFetchCertificatesOpensThePublishedEntry(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	body := `{"data":[{"serial_no":"5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC","effective_time":"2023-09-19T23:15:58+08:00","expire_time":"2028-09-17T23:15:58+08:00",` +
		`"encrypt_certificate":{"algorithm":"AEAD_AES_256_GCM","nonce":"14b16c03dc1b","associated_data":"certificate","ciphertext":"` +
		strings.TrimSpace(string(vector(t, "s12_ciphertext.b64"))) + `"}}]}`
	cfg := config(t)
	cfg.APIv3Key = seal.NewKey("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb")
	var asked []string
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "GET /v3/certificates", r.Method+" "+r.URL.RequestURI())
		asked = append(asked, r.Header.Get("Wechatpay-Serial"))
		res := plain(200, body)
		(&platform{id: publicID}).sign(res.Header, body, at)
		return res, nil
	})
	clock := wechat.WithClock(func() time.Time { return at })
	certs, err := wechat.FetchCertificates(t.Context(), cfg, wechat.WithTransport(carrier), clock)
	require.NoError(t, err)
	require.Len(t, certs, 1)
	assert.Equal(t, "Tenpay.com sign", certs[0].Subject.CommonName)
	assert.Equal(t, "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC", wechat.SerialOf(certs[0]))

	cfg.Platform = nil
	_, err = wechat.FetchCertificates(t.Context(), cfg, wechat.WithTransport(carrier), clock)
	require.ErrorIs(t, err, sign.ErrUnknownKey, "without that other key the list must prove itself")
	cfg.APIv3Key = seal.NewKey(apiV3Key)
	_, err = wechat.FetchCertificates(t.Context(), cfg, wechat.WithTransport(carrier), clock)
	require.ErrorIs(t, err, seal.ErrOpen)
	assert.Equal(t, []string{publicID, "", ""}, asked, "the answer is asked for in a key that is known")
	cfg.ID = ""
	_, err = wechat.FetchCertificates(t.Context(), cfg)
	require.Error(t, err)
}

// A fetch with the default transport leaves neither connection nor goroutine (the
// package's TestMain looks for them).
func TestFetchCertificatesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		serve(w, 404, `{"code":"RESOURCE_NOT_EXISTS"}`)
	})
	cfg := config(t)
	cfg.Platform = nil
	_, err := wechat.FetchCertificates(t.Context(), cfg, wechat.WithBaseURL(base))
	require.ErrorIs(t, err, wechat.ErrNotFound)
	assert.EqualValues(t, 1, hits.Load())
}

// What a list can be wrong in is tested with package certs; these are the ways in
// which a single entry is.
func TestFetchCertificatesChecksEachEntry(t *testing.T) {
	t.Parallel()
	entry := func(serial, algorithm string, plain []byte) string {
		block, _ := aes.NewCipher([]byte(apiV3Key))
		gcm, _ := cipher.NewGCM(block)
		text := base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte("0123456789ab"), plain, nil))
		return fmt.Sprintf(`{"serial_no":%q,"encrypt_certificate":{"algorithm":%q,"nonce":"0123456789ab","ciphertext":%q}}`, serial, algorithm, text)
	}
	const gcm, sm4 = "AEAD_AES_256_GCM", "AEAD_SM4_GCM"
	cert := armour("CERTIFICATE", selfSigned(t, platformKey(), big.NewInt(0x51)))
	for name, tt := range map[string]struct{ entries, says string }{
		"good beside SM4": {entry("51", gcm, cert) + "," + entry("52", sm4, nil), ""},
		"only SM4":        {entry("52", sm4, nil), "empty"},
		"other serial":    {entry("50", gcm, cert), "another serial"},
		"twice":           {entry("51", gcm, cert) + "," + entry("51", gcm, cert), "twice"},
		"no certificate":  {entry("51", gcm, []byte("junk")), "entry 0"},
		"no list":         {"5", "certificate list"},
	} {
		cfg := config(t)
		cfg.Platform = nil
		got, err := wechat.FetchCertificates(t.Context(), cfg, wechat.WithTransport(doFunc(func(*http.Request) (*http.Response, error) {
			body := `{"data":[` + tt.entries + `]}`
			return bySomebodyElse(plain(200, body), platformKey(), "51", body), nil
		})))
		if tt.says == "" {
			require.NoError(t, err, name)
			assert.Len(t, got, 1)
			continue
		}
		require.ErrorContains(t, err, tt.says, name)
	}
}
