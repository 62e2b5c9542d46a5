package sign

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// keyIDPrefix begins every id of public key mode.
const keyIDPrefix = "PUB_KEY_ID_"

// Key is one platform key of WeChat Pay with the id under which WeChat Pay names it
// in Wechatpay-Serial. Make one with PublicKey or Certificate; mistakes are kept
// and reported by NewRing, so a Key can be built in place.
type Key struct {
	id                  string
	key                 *rsa.PublicKey
	notBefore, notAfter time.Time
	announced           bool // public key mode: the id is sent with every request
	problem             error
}

// PublicKey is a key of public key mode: the content of pub_key.pem and its id,
// which begins with PUB_KEY_ID_. It does not expire.
func PublicKey(id string, k *rsa.PublicKey) Key {
	key := Key{id: id, announced: true}
	if len(id) == len(keyIDPrefix) || !strings.HasPrefix(id, keyIDPrefix) || len(id) > 128 || !every(id, isVisible) {
		key.problem = fmt.Errorf("sign: key id %s: the id of a WeChat Pay public key begins with %s; copy it from the merchant platform, next to pub_key.pem", show(id), keyIDPrefix)
		return key
	}
	return key.with(k)
}

// Certificate is a platform certificate. Its id is the serial number in upper-case
// hexadecimal, two digits a byte, and it counts only from NotBefore to NotAfter.
// The certificate's issuer is not checked here.
func Certificate(c *x509.Certificate) Key {
	if c == nil || c.SerialNumber == nil || c.SerialNumber.Sign() <= 0 {
		return Key{problem: errors.New("sign: platform certificate is nil or has no serial number")}
	}
	key := Key{
		id:        strings.ToUpper(hex.EncodeToString(c.SerialNumber.Bytes())),
		notBefore: c.NotBefore,
		notAfter:  c.NotAfter,
	}
	k, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		key.problem = fmt.Errorf("sign: key %s: the certificate does not hold an RSA key", show(key.id))
		return key
	}
	return key.with(k)
}

// with adds a copy of the key, so that later changes by the caller have no effect.
func (k Key) with(pub *rsa.PublicKey) Key {
	if err := checkRSA(pub); err != nil {
		k.problem = fmt.Errorf("sign: key %s: %w", show(k.id), err)
		return k
	}
	k.key = &rsa.PublicKey{N: new(big.Int).Set(pub.N), E: pub.E}
	return k
}

// ID returns the id as it stands in Wechatpay-Serial.
func (k Key) ID() string { return k.id }

// Public returns the key itself, nil if it was refused; do not change it.
func (k Key) Public() *rsa.PublicKey { return k.key }

// NotBefore returns when a certificate begins to count; zero for a public key.
func (k Key) NotBefore() time.Time { return k.notBefore }

// NotAfter returns when a certificate ceases to count; zero for a public key.
func (k Key) NotAfter() time.Time { return k.notAfter }

// validAt returns nil if the key counts at that time.
func (k Key) validAt(now time.Time) error {
	switch {
	case k.announced:
		return nil
	case now.Before(k.notBefore):
		return because(ErrUnknownKey, "certificate %s is not valid before %s; this machine's clock says %s",
			show(k.id), stamp(k.notBefore), stamp(now))
	case now.After(k.notAfter):
		return because(ErrUnknownKey, "certificate %s expired on %s (this machine's clock says %s): download the new one or change to public key mode",
			show(k.id), stamp(k.notAfter), stamp(now))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
