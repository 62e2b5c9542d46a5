package wechattest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	keyBits    = 2048
	yearsValid = 5
)

// KeySource hands out RSA keys of 2048 bits. It is called from several goroutines.
type KeySource func() (*rsa.PrivateKey, error)

// NewKeys makes a fresh key each time; it takes about a tenth of a second.
func NewKeys() KeySource {
	return func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }
}

var reused struct {
	sync.Mutex
	keys []*rsa.PrivateKey
}

// ReusedKeys hands out keys that are made once in the life of the process: the
// first key of every source is the same, the second is the same, and so on. One
// Pay never gets the same key twice, so merchants stay apart, but two Pays share
// keys. It is for test suites that start hundreds of simulators.
func ReusedKeys() KeySource {
	var mu sync.Mutex
	next := 0
	return func() (*rsa.PrivateKey, error) {
		mu.Lock()
		n := next
		next++
		mu.Unlock()
		reused.Lock()
		defer reused.Unlock()
		for len(reused.keys) <= n {
			k, err := rsa.GenerateKey(rand.Reader, keyBits)
			if err != nil {
				return nil, err
			}
			reused.keys = append(reused.keys, k)
		}
		return reused.keys[n], nil
	}
}

// privateKey is an RSA key as the journal writes it: PKCS#8, base64.
type privateKey struct{ *rsa.PrivateKey }

func (k privateKey) MarshalJSON() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.PrivateKey)
	if err != nil {
		return nil, errors.New("wechattest: a key cannot be written")
	}
	return json.Marshal(der)
}

func (k *privateKey) UnmarshalJSON(b []byte) error {
	var der []byte
	if err := json.Unmarshal(b, &der); err != nil {
		return errors.New("wechattest: a key in the journal is damaged")
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return errors.New("wechattest: a key in the journal is damaged")
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return errors.New("wechattest: a key in the journal is not RSA")
	}
	k.PrivateKey = key
	return nil
}

// newCertificate issues a certificate for k to itself.
func newCertificate(k *rsa.PrivateKey, name string, from time.Time) (*x509.Certificate, error) {
	serial := make([]byte, 20)
	_, _ = rand.Read(serial)
	serial[0] = serial[0]&0x3f | 0x40 // 40 hex digits, positive
	t := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"simulated, protects nothing"}, Country: []string{"CN"}},
		NotBefore:    from.Add(-time.Hour),
		NotAfter:     from.AddDate(yearsValid, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageDataEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &k.PublicKey, k)
	if err != nil {
		return nil, fmt.Errorf("wechattest: issuing a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// serialOf is the serial number as WeChat Pay writes it.
func serialOf(c *x509.Certificate) string {
	return strings.ToUpper(hex.EncodeToString(c.SerialNumber.Bytes()))
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// platformKey is one key WeChat Pay signs with for one merchant: a public key
// with its id, or a certificate.
type platformKey struct {
	ID   string     `json:"id"`
	Key  privateKey `json:"key"`
	Cert []byte     `json:"cert,omitempty"` // DER; empty for a public key
}

func (k platformKey) isCertificate() bool { return len(k.Cert) > 0 }

func (k platformKey) certificate() (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(k.Cert)
	if err != nil {
		return nil, errors.New("wechattest: a platform certificate in the journal is damaged")
	}
	return c, nil
}

func newPlatformCertificate(keys KeySource, from time.Time) (platformKey, error) {
	k, err := keys()
	if err != nil {
		return platformKey{}, err
	}
	c, err := newCertificate(k, "simulated WeChat Pay", from)
	if err != nil {
		return platformKey{}, err
	}
	return platformKey{ID: serialOf(c), Key: privateKey{k}, Cert: c.Raw}, nil
}
