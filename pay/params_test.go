package pay_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// The merchant key and the signature of the official document on JSAPI payment
// pages. The key is public and protects nothing.
const (
	officialKey = `-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCm2mb6q8gMKH/3
CNTbpJAIrbqiBiQGEOtjGcBrDYltsGynWgNscqT7WvfzU14FQbYcQUC5T4Wvva7m
i3fIp3OgX8VqMDNA0qebnr38Pe6kqiLyZgFpJPXlSKDyPyqhRbVTbXssvSMQeVKc
dXeVxoNNeoOlNFHgF/P0io6AmAVnz+hN8SiZKuOsth5/zUTLGvtkgxBcQooQrtXh
RcpLT798OyIb9xeJ2HO3xRtMv2+perEzb4gMibI74UBz+2QEbnkubPE+2jU2rRZu
dnNEz/BPOt3Qj/w2V6/G0VumGDh6+UeMU0jv4aupHztWITC4Akn0l7lBCNy3lgl8
VFaJnkIxAgMBAAECggEAYGL8aESB7NwciDWW2UdoWUsa7GxFtSdjAz2mFXGdeTsY
mVh7b9OOkRGM+Qio4LqEHDBp1mMk5E/cUJwy1zw8pGGO5nfvs7u9TT3XnHaefIs4
YvUgTYAneIuLRkXNN5rQU+CD7mVYczTSz0Vgjqo9wa1LjUz7G0xbBmJgTdMEFGJs
eJjy6AbJo0CGIwp6HJbTm4CmOUgXnnDAIbEGTIRImkZFH/rzneIeR7oZ77FVwxr1
CZB2gfRCov/yRPbw8vnryYkmvQ7D/ze3j5097vRg/MoDGBSdoOwcmo75vyofr0AS
zytMjmHYyifqkf5slPropSiJeGf4p/7gtKyF6dE/XQKBgQDVAlJ+4U5ZVGOuDc3+
sAhz8CTzgFNlq9vKuSoFK6hOz2L+cwj+E7NXGkOe2DsHHZNy2Xqxk7caKhPEp1z9
hhpMpyLVMoFt6CKemyoRBWDCQwLLwem9SZF/IAyovBkLiH36P42Jm26gUkNMKC/5
Zhtqxf6RZgRQzbVudJi47vIRCwKBgQDIh0+v27Oo+DM3fhObH4I1NrXpWOEGH7OQ
G1dEsMuFYF4hjGhg0kBEP3w9vVdl2+mRllZKTsx9oqjb8OibPLLIH8xsdbAB0WLf
JvjLu4wl/ILUzN1RI03dWnnv2EnEeQn6c3hizvrJ9wR5U4ue9RPVnQooJ0hZF1PU
uCL5fWK3MwKBgElReU/PAYbh80WP3t3Rfbdaa32dKBeQ5iCLR5lsA4zM+YgX1HqQ
EWTj126vgvHaDkyz6vWAoL/Sx+cirHFfXWIRDX5Q2hgYlQH+6qXdMgbrxeSYpHnQ
/tHBGFpkFELSAnrGsVMyOwvYBO4LzyeLK9i+ufcWJFoj1FVmsMLHDG8tAoGARdbi
iQQCoYG4DMarO2aQ6cmhN6EN1h0qY7EyBqlwaIZ0okiNfdMcMOjPc41DKCWcRmlO
qlihXcxN9TQFPzO3rH1urAOdBjUPs1qWYhZyrDQyuLyVBBJApyxAtajloDjrob+f
mQIvVDHk7ACN6xG+E7K6+9salnTKbJapD618uQMCgYBNy6XUvzLkP/A1U/UZdtcx
l8GwU/dturLxz4CyGbqDw4ubaYY2e13lnqHUqQgPtiSyH51nq3tdo8G0YAJdfkSv
KvnfslW91fyEBUKnkdW1o3/1UFU/wprZ7ixVL/F42A4xDu7OFE8EnweJOZ0jWceE
OdhCkaIGBCfRnlECRK8UyQ==
-----END PRIVATE KEY-----`
	officialSign = "mI35pfNEQV6777ke/1T+LJLQDNTm7yeoUJH+j/adPGhmCCi0PbgkvYQTRcXH0uibcLVtvFLdGLpmoYO9FV6lBBsTAjuhh5YOvQi0e2g3e0yytitiNET9FEuqM0pjnKfRW4K6LIZDdbWJv9KhZUx3DrJa5TL7OJ7VdADVivxVySIlPVKjGwuCXzuXSJes0UcILgWQUMyha5/3nYofuHtS7r+KYyMuxD+oJ9VM1Qdxk4UIG59CP5Y3wtYIFybyF3bdu1caHTRRX+DLyMXyYA/IrTmiW01c4RPjpHBX5Dk1sZyY1zVsWNsvMHr2e1NTWtBxKJ+qk5N61J7caYoepHFaxw=="
)

func TestJSAPIParamsVectorS5(t *testing.T) {
	t.Parallel()
	key, err := wechat.LoadPrivateKey([]byte(officialKey))
	require.NoError(t, err)
	platform, err := testKey()
	require.NoError(t, err)
	ring, err := sign.NewRing(sign.PublicKey(testKeyID, &platform.PublicKey))
	require.NoError(t, err)
	m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: "1900007291", Serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB", Key: key,
		APIv3Key: seal.NewKey(testV3Key), Platform: ring})
	require.NoError(t, err)
	p, err := pay.SignJSAPI(m, "wx2421b1c4370ec43b", "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242", "wx201410272009395522657a690389285100")
	require.NoError(t, err)
	assert.Equal(t, &pay.JSAPIParams{AppID: "wx2421b1c4370ec43b", TimeStamp: "1554208460", NonceStr: "593BEC0C930BF1AFEB40B4A08C8FB242",
		Package: "prepay_id=wx201410272009395522657a690389285100", SignType: "RSA", PaySign: officialSign}, p)
}

// verified asserts that signature is the merchant's over lines.
func verified(t *testing.T, k *rsa.PrivateKey, signature string, lines ...string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(signature)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	assert.NoError(t, rsa.VerifyPKCS1v15(&k.PublicKey, crypto.SHA256, sum[:], raw))
}

func TestPageParams(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, "{}"))
	now := strconv.FormatInt(d.clock.Now().Unix(), 10)
	key := d.account.PrivateKey
	noApp := pay.New(d.m.For(wechat.Sub{MchID: subMchID}), appID)
	for name, tt := range map[string]struct {
		service *pay.Service
		app     string
	}{
		"direct":                       {d.direct, appID},
		"direct, said twice":           {d.direct.InApp(appID), appID},
		"partner in the sub's app":     {d.partner, subAppID},
		"partner in its own app":       {d.partner.InApp(appID), appID},
		"partner, told the sub's app":  {d.partner.InApp(subAppID), subAppID},
		"partner without a sub's app":  {noApp, appID},
		"partner, the sub has no app.": {noApp.InApp(appID), appID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := tt.service.JSAPIParams("wx1")
			require.NoError(t, err)
			assert.Equal(t, tt.app, j.AppID)
			assert.Equal(t, now, j.TimeStamp)
			assert.Equal(t, "RSA", j.SignType)
			assert.Equal(t, "prepay_id=wx1", j.Package)
			assert.Regexp(t, "^[0-9A-Za-z]{16,32}$", j.NonceStr)
			verified(t, key, j.PaySign, tt.app, j.TimeStamp, j.NonceStr, "prepay_id=wx1")

			m, err := tt.service.MiniProgramParams("wx1")
			require.NoError(t, err)
			verified(t, key, m.PaySign, tt.app, m.TimeStamp, m.NonceStr, m.Package)
			assert.NotEqual(t, j.NonceStr, m.NonceStr)

			a, err := tt.service.APPParams("wx1")
			require.NoError(t, err)
			assert.Equal(t, "Sign=WXPay", a.Package)
			assert.Equal(t, mchID, a.PartnerID)
			assert.Equal(t, tt.app, a.AppID)
			verified(t, key, a.Sign, tt.app, a.Timestamp, a.NonceStr, "wx1")
		})
	}
}

func TestPageParamsAsJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params any
		want   string
	}{
		{pay.JSAPIParams{"wx1", "1554208460", "n", "prepay_id=p", "RSA", "s"}, `{"appId":"wx1","timeStamp":"1554208460","nonceStr":"n","package":"prepay_id=p","signType":"RSA","paySign":"s"}`},
		{pay.MiniProgramParams{"1554208460", "n", "prepay_id=p", "RSA", "s"}, `{"timeStamp":"1554208460","nonceStr":"n","package":"prepay_id=p","signType":"RSA","paySign":"s"}`},
		{pay.APPParams{"wx1", "19", "p", "Sign=WXPay", "n", "1554208460", "s"}, `{"appid":"wx1","partnerid":"19","prepayid":"p","package":"Sign=WXPay","noncestr":"n","timestamp":"1554208460","sign":"s"}`},
	} {
		b, err := json.Marshal(tt.params)
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(b))
	}
}

func TestPageParamsRefuse(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, "{}"))
	for name, tt := range map[string]struct {
		service  *pay.Service
		prepayID string
		field    string
	}{
		"no prepay id":       {d.direct, "", "prepay_id"},
		"line break":         {d.direct, "wx1\nwx2", "prepay_id"},
		"65 characters":      {d.direct, strings.Repeat("w", 65), "prepay_id"},
		"no app":             {pay.New(d.m, ""), "wx1", "appid"},
		"foreign app":        {d.direct.InApp("wx0000c3"), "wx1", "appid"},
		"partner's stranger": {d.partner.InApp("wx0000c3"), "wx1", "appid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := tt.service.JSAPIParams(tt.prepayID)
			invalid(t, err, tt.field)
			assert.Nil(t, j)
			m, err := tt.service.MiniProgramParams(tt.prepayID)
			invalid(t, err, tt.field)
			assert.Nil(t, m)
			a, err := tt.service.APPParams(tt.prepayID)
			invalid(t, err, tt.field)
			assert.Nil(t, a)
		})
	}
}

func TestH5RedirectTo(t *testing.T) {
	t.Parallel()
	const back = "https://shop.example/paid?order=1&name=茶 a+b"
	to := pay.H5{URL: "https://wx.tenpay.com/checkmweb?prepay_id=wx1&package=14"}.RedirectTo(back)
	assert.Equal(t, "https://wx.tenpay.com/checkmweb?prepay_id=wx1&package=14&redirect_url=https%3A%2F%2Fshop.example%2Fpaid%3Forder%3D1%26name%3D%E8%8C%B6%20a%2Bb", to)
	u, err := url.Parse(to)
	require.NoError(t, err)
	assert.Equal(t, back, u.Query().Get("redirect_url"))
	assert.Equal(t, "https://wx.tenpay.com/x?redirect_url=a", pay.H5{URL: "https://wx.tenpay.com/x"}.RedirectTo("a"))
}

// deadKey is a key whose module has been pulled out.
type deadKey struct{ *rsa.PrivateKey }

func (deadKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("module gone")
}

func TestPageParamsReportTheKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, "{}"))
	cfg := d.account.Config()
	cfg.Key = deadKey{d.account.PrivateKey}
	m, err := wechat.NewMerchant(cfg, d.account.Options()...)
	require.NoError(t, err)
	j, err := pay.New(m, appID).JSAPIParams("wx1")
	require.ErrorContains(t, err, "module gone")
	assert.Nil(t, j)
	p, err := pay.New(m, appID).MiniProgramParams("wx1")
	require.ErrorContains(t, err, "module gone")
	assert.Nil(t, p)
	a, err := pay.New(m, appID).APPParams("wx1")
	require.ErrorContains(t, err, "module gone")
	assert.Nil(t, a)
}
