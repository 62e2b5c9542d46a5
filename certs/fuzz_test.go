package certs_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/sign"
)

// FuzzCertificateList feeds a set with lists as an attacker in between could write
// them, and, past the signature and the encryption that would stop him, with
// whatever the entries might hold.
func FuzzCertificateList(f *testing.F) {
	now := time.Now()
	good := issue(f, keys()[1], 1, now.Add(-time.Hour), year)
	p := newPlatform(good)
	f.Add(p.body(), good.pem)
	f.Add([]byte(`{"data":[{"serial_no":"1","encrypt_certificate":{"algorithm":"AEAD_AES_256_GCM","nonce":"0123456789ab","ciphertext":"AAAA"}}]}`), []byte{})
	f.Add([]byte(`{"data":[{},{"serial_no":null}]}`), good.pem[:len(good.pem)/2])
	f.Add([]byte(`{"data":{}}`), []byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Add([]byte(`[]`), []byte("\xef\xbb\xbf"))
	public := cert{key: keys()[1], serial: "PUB_KEY_ID_0114232134912410000000000000"}
	ring, err := sign.NewRing(sign.PublicKey(public.serial, &keys()[1].PublicKey))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, text []byte) {
		for _, made := range [][]byte{body, inside(good.serial, text)} {
			cfg := config()
			cfg.Trust = ring
			s, err := certs.New(cfg, wechat.WithTransport(answering{public, made}))
			if err != nil {
				t.Fatal(err)
			}
			id, k, err := s.Preferred(context.Background())
			if (err == nil) != (k != nil && id != "") {
				t.Fatalf("Preferred returned %q, key %t, %v", id, k != nil, err)
			}
			if err == nil && k.N.BitLen() < 2048 {
				t.Fatal("a weak key got in")
			}
		}
	})
}

// inside is a list whose one entry decrypts to text.
func inside(serial string, text []byte) []byte {
	p := newPlatform(cert{serial: serial, pem: text})
	return p.body()
}

// answering signs whatever it is told to say.
type answering struct {
	signer cert
	body   []byte
}

func (a answering) Do(*http.Request) (*http.Response, error) {
	res := respond(200, a.body)
	signAs(res.Header, a.signer, a.body, time.Now())
	return res, nil
}
