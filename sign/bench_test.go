package sign_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// Each benchmark has its floor beside it: the same job written by hand for one
// purpose. "stubbed" takes RSA out of both, because it hides everything else.
//
//	go test -run '^$' -bench . -count 6 ./sign

// constant signs without work.
type constant struct {
	public    crypto.PublicKey
	signature []byte
}

func (c constant) Public() crypto.PublicKey { return c.public }

func (c constant) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return c.signature, nil }

var order = []byte(`{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"Image形象店-深圳腾大-QQ公仔","out_trade_no":"1217752501201407033233368018","notify_url":"https://www.weixin.qq.com/wxpay/pay.php","amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}`)

// rawAuthorize is the floor of P1.
func rawAuthorize(key crypto.Signer, r *http.Request, body []byte) error {
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	b := make([]byte, 0, 1024)
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = append(b, r.URL.RequestURI()...)
	b = append(b, '\n')
	b = append(b, ts...)
	b = append(b, '\n')
	b = append(b, nonce...)
	b = append(b, '\n')
	b = append(b, body...)
	b = append(b, '\n')
	sum := sha256.Sum256(b)
	s, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return err
	}
	b = append(b[:0], `WECHATPAY2-SHA256-RSA2048 mchid="1900007291",nonce_str="`...)
	b = append(b, nonce...)
	b = append(b, `",timestamp="`...)
	b = append(b, ts...)
	b = append(b, `",serial_no="`...)
	b = append(b, serial...)
	b = append(b, `",signature="`...)
	b = base64.StdEncoding.AppendEncode(b, s)
	b = append(b, '"')
	r.Header["Authorization"] = []string{string(b)}
	return nil
}

func BenchmarkP1Authorize(b *testing.B) {
	me := merchant(b)
	stub := constant{me.Key.Public(), make([]byte, 256)}
	for _, c := range []struct {
		name string
		key  crypto.Signer
	}{{"rsa", me.Key}, {"stubbed", stub}} {
		r := httptest.NewRequest("POST", "https://api.mch.weixin.qq.com/v3/pay/transactions/jsapi", nil)
		b.Run(c.name+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := rawAuthorize(c.key, r, order); err != nil {
					b.Fatal(err)
				}
			}
		})
		me.Key = c.key
		b.Run(c.name+"/sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := me.Authorize(r, order, signedAt, nonce); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// rawPaySign is the floor of P6.
func rawPaySign(key crypto.Signer, appID, ts, nonce, pack string) (string, error) {
	sum := sha256.Sum256([]byte(appID + "\n" + ts + "\n" + nonce + "\n" + pack + "\n"))
	s, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(s), nil
}

func BenchmarkP6PaySign(b *testing.B) {
	me := merchant(b)
	stub := constant{me.Key.Public(), make([]byte, 256)}
	for _, c := range []struct {
		name string
		key  crypto.Signer
	}{{"rsa", me.Key}, {"stubbed", stub}} {
		b.Run(c.name+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ts := strconv.FormatInt(signedAt.Unix(), 10)
				if _, err := rawPaySign(c.key, "wx2421b1c4370ec43b", ts, nonce, "prepay_id="+"wx201410272009395522657a690389285100"); err != nil {
					b.Fatal(err)
				}
			}
		})
		me.Key = c.key
		b.Run(c.name+"/sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ts := strconv.FormatInt(signedAt.Unix(), 10)
				if _, err := me.PaySign("wx2421b1c4370ec43b", ts, nonce, "prepay_id="+"wx201410272009395522657a690389285100"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	v, h := verifier(b), signed(b, order)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), h, order); err != nil {
			b.Fatal(err)
		}
	}
}

// Allocations do not depend on the machine, so they are promised in a test.
func TestP1_P6_Allocations(t *testing.T) {
	me := merchant(t)
	me.Key = constant{me.Key.Public(), make([]byte, 256)}
	r := httptest.NewRequest("POST", "https://api.mch.weixin.qq.com/v3/pay/transactions/jsapi?a=b", nil)
	if n := testing.AllocsPerRun(100, func() { _ = me.Authorize(r, order, signedAt, nonce) }); n > 6 {
		t.Errorf("Authorize: %v allocations, 6 are promised", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = me.PaySign("wx1", "1700000000", nonce, "prepay_id=wx2") }); n > 8 {
		t.Errorf("PaySign: %v allocations, 8 are promised", n)
	}
}
