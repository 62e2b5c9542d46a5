package wechattest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Config is what wechat.NewMerchant needs. Platform is a ring of the keys the
// account has at this moment; a rotation later on is not in it, as in life.
func (a *Account) Config() wechat.MerchantConfig {
	return wechat.MerchantConfig{ID: a.MchID, Serial: a.Serial, Key: a.PrivateKey,
		APIv3Key: seal.NewKey(a.APIv3Key), Platform: a.ring()}
}

// ConfigV2 is what wechat.NewMerchantV2 needs. The simulator asks for no client
// certificate; it is there because clients want one for refunds.
func (a *Account) ConfigV2() wechat.MerchantV2Config {
	return wechat.MerchantV2Config{ID: a.MchID, Key: seal.NewKey(a.APIv2Key), Digest: a.Digest,
		Certificate: &tls.Certificate{Certificate: [][]byte{a.Certificate.Raw}, PrivateKey: a.PrivateKey}}
}

// SetNativeURL is where the callbacks of native mode 1 go from now on, like the
// setting on the merchant platform; see MerchantOptions.NativeURL.
func (a *Account) SetNativeURL(address string) error {
	return a.pay.change(a.MchID, func(acc *account) error { acc.Native = address; return nil })
}

// Options point a merchant client at this simulator, without sockets and on its
// clock. Options that are given after them win.
func (a *Account) Options() []wechat.Option {
	return []wechat.Option{wechat.WithTransport(a.pay.Transport()), wechat.WithBaseURL(a.pay.base), wechat.WithClock(a.pay.clock.Now)}
}

// ring holds the public key first, then the newest certificate.
func (a *Account) ring() sign.KeySet {
	var keys []sign.Key
	if a.PlatformKeyID != "" {
		keys = append(keys, sign.PublicKey(a.PlatformKeyID, a.PlatformKey))
	}
	certs := a.PlatformCertificates()
	for i := range certs {
		keys = append(keys, sign.Certificate(certs[len(certs)-1-i]))
	}
	if len(keys) == 0 {
		return sign.Join()
	}
	ring, err := sign.NewRing(keys[0], keys[1:]...)
	if err != nil {
		return sign.Join() // knows no key and says so; our keys never come to this
	}
	return ring.WithClock(a.pay.clock.Now)
}

// PlatformCertificates are the certificates WeChat Pay lists for the account,
// oldest first; none in PublicKey mode.
func (a *Account) PlatformCertificates() []*x509.Certificate {
	var all []*x509.Certificate
	for _, k := range a.pay.account(a.MchID).Platform {
		if c, err := k.certificate(); k.isCertificate() && err == nil {
			all = append(all, c)
		}
	}
	return all
}

// PrivateKeyPEM is apiclient_key.pem.
func (a *Account) PrivateKeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(a.PrivateKey)
	if err != nil {
		return nil // an RSA key can always be written
	}
	return pemOf("PRIVATE KEY", der)
}

// CertificatePEM is apiclient_cert.pem.
func (a *Account) CertificatePEM() []byte { return pemOf("CERTIFICATE", a.Certificate.Raw) }

// PlatformKeyPEM is pub_key.pem; nil in Certificates mode.
func (a *Account) PlatformKeyPEM() []byte {
	if a.PlatformKey == nil {
		return nil
	}
	der, err := x509.MarshalPKIXPublicKey(a.PlatformKey)
	if err != nil {
		return nil
	}
	return pemOf("PUBLIC KEY", der)
}

// String names the account and nothing secret.
func (a *Account) String() string { return "simulated merchant " + a.MchID }

// Format prints the same as String whatever the verb.
func (a *Account) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(a.String())) }

// MarshalJSON writes the same as String.
func (a *Account) MarshalJSON() ([]byte, error) { return mustJSON(a.String()), nil }

func checkBase(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("wechattest: Config.BaseURL: want scheme and host only, such as http://127.0.0.1:8801")
	}
	if realHost(u.Host) {
		return errors.New("wechattest: Config.BaseURL: is a host of WeChat's")
	}
	if !isLoopback(u.Hostname()) {
		return errors.New("wechattest: Config.BaseURL: must be a loopback address; clients refuse simulated merchants anywhere else")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
