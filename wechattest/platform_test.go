package wechattest_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// modes runs a test for each way a merchant can prove what comes from WeChat Pay.
func modes(t *testing.T, f func(t *testing.T, mode wechattest.Mode)) {
	for name, mode := range map[string]wechattest.Mode{"public key": wechattest.PublicKey, "certificates": wechattest.Certificates, "both": wechattest.Both} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f(t, mode) })
	}
}

func TestCheckLikesTheSimulator(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode wechattest.Mode) {
		p, _ := newPay(t)
		a := newAccount(t, p, wechattest.MerchantOptions{Mode: mode})
		m, err := wechat.NewMerchant(a.Config(), a.Options()...)
		require.NoError(t, err)
		r, err := m.Check(t.Context())
		require.NoError(t, err)
		assert.True(t, r.OK(), "%s", r)
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode wechattest.Mode) {
		m, clock := newBy(t, wechattest.MerchantOptions{Mode: mode})
		m.keyID = ""
		if mode == wechattest.PublicKey {
			m.do("GET", "/v3/certificates", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
			assert.Empty(t, m.a.PlatformCertificates())
			return
		}
		g := m.do("GET", "/v3/certificates?algorithm_type=RSA", nil).ok(t)
		var list struct {
			Data []struct {
				Serial string `json:"serial_no"`
				Sealed js     `json:"encrypt_certificate"`
			}
		}
		decode(t, g.body, &list)
		require.Len(t, list.Data, 1)
		block, _ := pem.Decode(openGCM(t, m.a.APIv3Key, list.Data[0].Sealed))
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		assert.Equal(t, list.Data[0].Serial, fmt.Sprintf("%X", c.SerialNumber))
		assert.Equal(t, list.Data[0].Serial, g.header.Get("Wechatpay-Serial"), "the list brings the key of its own signature")
		assert.Len(t, list.Data[0].Serial, 40)
		m.do("GET", "/v3/certificates?x=1", nil).want(t, 400, "PARAM_ERROR")

		opts := []wechat.Option{wechat.WithTransport(m.p.Transport()), wechat.WithBaseURL("http://127.0.0.1"), wechat.WithClock(clock.Now)}
		cfg := m.a.Config()
		cfg.Platform = nil
		certs, err := wechat.FetchCertificates(t.Context(), cfg, opts...)
		require.NoError(t, err)
		assert.Equal(t, m.a.PlatformCertificates(), certs)
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{Mode: wechattest.Certificates})
	old := m.query("none-00001").header.Get("Wechatpay-Serial")
	next, err := m.a.AddCertificate()
	require.NoError(t, err)
	require.NotEqual(t, old, next)
	assert.Equal(t, old, m.query("none-00001").header.Get("Wechatpay-Serial"), "listed before it is used")
	assert.Len(t, m.a.PlatformCertificates(), 2)
	m.keyID = next // a request may ask for it
	assert.Equal(t, next, m.query("none-00001").header.Get("Wechatpay-Serial"))
	m.keyID = ""
	require.Error(t, m.a.DropKey(old), "it still signs")
	require.NoError(t, m.a.SwitchAnswers(next))
	require.NoError(t, m.a.SwitchNotices(next))
	require.NoError(t, m.a.DropKey(old))
	assert.Equal(t, next, m.query("none-00001").header.Get("Wechatpay-Serial"))
	m.keyID = old
	m.query("none-00001").want(t, 400, "PARAM_ERROR")

	m.keyID = ""
	id, err := m.a.AddPublicKey()
	require.NoError(t, err)
	_, err = m.a.AddPublicKey()
	require.Error(t, err)
	require.NoError(t, m.a.SwitchAnswers(id))
	m.a, err = m.p.Account(m.a.MchID)
	require.NoError(t, err)
	assert.Equal(t, wechattest.Both, m.a.Mode)
	assert.Equal(t, id, m.a.PlatformKeyID)
	assert.Equal(t, id, m.query("none-00001").header.Get("Wechatpay-Serial"))
	assert.Equal(t, next, m.do("GET", "/v3/certificates", nil).ok(t).header.Get("Wechatpay-Serial"))
	require.Error(t, m.a.SwitchAnswers("x"))
	mm, err := wechat.NewMerchant(m.a.Config(), m.a.Options()...)
	require.NoError(t, err)
	r, err := mm.Check(t.Context())
	require.NoError(t, err)
	assert.True(t, r.OK(), "%s", r)
}

func TestEcho(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	g := m.do("POST", "/v3/security/echo", js{"echo_message": "hi", "encrypted_echo_message": seal(t, m.a.PlatformKey, "秘密")}).ok(t)
	assert.Equal(t, "hi", g.text("echo_message"))
	assert.NotEmpty(t, g.text("encrypted_echo_message"))
	m.do("POST", "/v3/security/echo", js{"echo_message": "hi", "encrypted_echo_message": "AAAA"}).want(t, 400, "PARAM_ERROR")
	m.do("POST", "/v3/security/echo", js{}).want(t, 400, "PARAM_ERROR")
	m.keyID = ""
	m.do("POST", "/v3/security/echo", js{"echo_message": "hi"}).want(t, 400, "PARAM_ERROR")
}

// upload makes a multipart body; the meta part is what is signed.
func (b by) upload(meta string, parts ...[3]string) (got, error) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range append([][3]string{{"meta", "application/json", meta}}, parts...) {
		h := textproto.MIMEHeader{"Content-Type": {p[1]}}
		h.Set("Content-Disposition", `form-data; name="`+p[0]+`"`)
		if p[0] == "file" {
			h.Set("Content-Disposition", `form-data; name="file"; filename="a.png"`)
		}
		part, err := w.CreatePart(h)
		require.NoError(b.t, err)
		_, err = part.Write([]byte(p[2]))
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	b.change = func(r *http.Request) {
		signed := b
		signed.change = nil
		r.Header = signed.request("POST", "/v3/merchant/media/upload", []byte(meta)).Header
		r.Header.Set("Content-Type", w.FormDataContentType())
	}
	return b.raw("POST", "/v3/merchant/media/upload", body.String())
}

func TestUpload(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	sum := sha256.Sum256([]byte("pixels"))
	meta := func(name, digest string) string {
		b, err := json.Marshal(js{"filename": name, "sha256": digest})
		require.NoError(t, err)
		return string(b)
	}
	good := meta("a.png", hex.EncodeToString(sum[:]))
	file := [3]string{"file", "image/png", "pixels"}
	g, err := m.upload(good, file)
	require.NoError(t, err)
	require.NoError(t, g.proved(m.a))
	assert.NotEmpty(t, g.ok(t).text("media_id"))
	tests := map[string]struct {
		meta  string
		parts [][3]string
	}{
		"no file":       {good, nil},
		"two files":     {good, [][3]string{file, file}},
		"other field":   {good, [][3]string{{"picture", "image/png", "pixels"}}},
		"changed":       {good, [][3]string{{"file", "image/png", "pixel"}}},
		"not a picture": {good, [][3]string{{"file", "text/plain", "pixels"}}},
		"other name":    {meta("b.png", hex.EncodeToString(sum[:])), [][3]string{file}},
		"extension":     {meta("a.gif", hex.EncodeToString(sum[:])), [][3]string{file}},
		"unknown field": {`{"filename":"a.png","sha256":"x","size":1}`, [][3]string{file}},
		"no JSON":       {`x`, [][3]string{file}},
	}
	for name, tt := range tests {
		g, err := m.upload(tt.meta, tt.parts...)
		require.NoError(t, err)
		assert.Equal(t, 400, g.status, "%s: %s", name, g.body)
	}
	m.do("POST", "/v3/merchant/media/upload", js{}).want2(t, 400)
	g, err = m.upload(meta("a.png", "x"), [3]string{"file", "image/png", strings.Repeat("x", 6<<20)})
	require.NoError(t, err)
	assert.Equal(t, 400, g.status)
}

// want2 asserts the status alone.
func (g got) want2(t testing.TB, status int) {
	t.Helper()
	assert.Equal(t, status, g.status, "%s", g.body)
}

func TestUploadWithTheLibrary(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{})
	m, err := wechat.NewMerchant(a.Config(), a.Options()...)
	require.NoError(t, err)
	out, err := wechat.Upload[struct {
		ID string `json:"media_id"`
	}](t.Context(), m, wechat.POST("/v3/merchant/media/upload"), nil, wechat.File{Name: "a.png", Data: strings.NewReader("pixels")})
	require.NoError(t, err)
	assert.NotEmpty(t, out.ID)
}

func TestPEMs(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{})
	key, err := wechat.LoadPrivateKey(a.PrivateKeyPEM())
	require.NoError(t, err)
	assert.True(t, key.Equal(a.PrivateKey))
	cert, err := wechat.LoadCertificate(a.CertificatePEM())
	require.NoError(t, err)
	assert.Equal(t, a.Serial, wechat.SerialOf(cert))
	public, err := wechat.LoadPublicKey(a.PlatformKeyPEM())
	require.NoError(t, err)
	assert.True(t, public.Equal(a.PlatformKey))
	assert.Nil(t, newAccount(t, p, wechattest.MerchantOptions{Mode: wechattest.Certificates}).PlatformKeyPEM())
}

func TestAccountsPrintNoSecret(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{})
	b, err := json.Marshal(a)
	require.NoError(t, err)
	for _, s := range []string{string(b), fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a)} {
		assert.NotContains(t, s, a.APIv3Key)
		assert.Contains(t, s, a.MchID)
		assert.NotContains(t, s, a.PrivateKey.D.String())
	}
}

func TestRingKnowsTheAccountsKeys(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode wechattest.Mode) {
		p, _ := newPay(t)
		a := newAccount(t, p, wechattest.MerchantOptions{Mode: mode})
		var known []sign.Key
		if a.PlatformKeyID != "" {
			known = append(known, sign.PublicKey(a.PlatformKeyID, a.PlatformKey))
		}
		for _, c := range a.PlatformCertificates() {
			known = append(known, sign.Certificate(c))
		}
		wechattest.TestKeySet(t, a.Config().Platform, known...)
	})
}
