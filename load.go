package wechat

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Errors of the loaders. None holds a byte of the key.
var (
	ErrEncryptedKey = errors.New("wechat: the private key is encrypted; decrypt it first, for example with openssl pkcs8 -topk8 -nocrypt")
	ErrNotRSA       = errors.New("wechat: not an RSA key; WeChat Pay uses RSA-2048")
	ErrWeakKey      = errors.New("wechat: an RSA key under 2048 bits")
)

// LoadPrivateKey reads apiclient_key.pem: a PKCS#8 or PKCS#1 RSA key of at least
// 2048 bits, in PEM (other blocks and text around it are passed over), or as the
// bare base64 of its DER. Errors say what was found instead.
func LoadPrivateKey(text []byte) (*rsa.PrivateKey, error) {
	der, kind, err := derOf(text, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(kind, "ENCRYPTED") {
		return nil, ErrEncryptedKey
	}
	key, err := parsePrivate(der)
	if err != nil {
		return nil, err
	}
	if key.N.BitLen() < 2048 {
		return nil, ErrWeakKey
	}
	return key, nil
}

func parsePrivate(der []byte) (*rsa.PrivateKey, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if _, ec := x509.ParseECPrivateKey(der); ec == nil {
			return nil, ErrNotRSA
		}
		return nil, errors.New("wechat: the private key is damaged or of an unknown form") // the cause could quote bytes
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, ErrNotRSA
	}
	return key, nil
}

// LoadCertificate reads apiclient_cert.pem or a platform certificate: X.509 with
// an RSA key of at least 2048 bits. It does not judge dates; key sets do.
func LoadCertificate(text []byte) (*x509.Certificate, error) {
	der, _, err := derOf(text, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("wechat: the certificate is damaged")
	}
	if _, err := strongRSA(c.PublicKey); err != nil {
		return nil, err
	}
	return c, nil
}

// LoadPublicKey reads pub_key.pem, the WeChat Pay public key (微信支付公钥), in
// SPKI or PKCS#1 form. A certificate is accepted too and gives its key.
func LoadPublicKey(text []byte) (*rsa.PublicKey, error) {
	der, kind, err := derOf(text, "PUBLIC KEY")
	if err != nil {
		if c, cerr := LoadCertificate(text); cerr == nil {
			return strongRSA(c.PublicKey)
		}
		return nil, err
	}
	if strings.HasPrefix(kind, "RSA") {
		k, err := x509.ParsePKCS1PublicKey(der)
		if err != nil {
			return nil, errors.New("wechat: the public key is damaged")
		}
		return strongRSA(k)
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if pk, perr := x509.ParsePKCS1PublicKey(der); perr == nil {
			return strongRSA(pk)
		}
		return nil, errors.New("wechat: the public key is damaged or of an unknown form")
	}
	return strongRSA(k)
}

// SerialOf is a certificate's serial number as WeChat writes it: upper-case hex,
// 40 digits for merchant certificates.
func SerialOf(c *x509.Certificate) string {
	if c == nil || c.SerialNumber == nil {
		return ""
	}
	return strings.ToUpper(hex.EncodeToString(c.SerialNumber.Bytes())) // two digits a byte, as sign.Certificate has it
}

func strongRSA(k any) (*rsa.PublicKey, error) {
	pub, ok := k.(*rsa.PublicKey)
	switch {
	case !ok || pub.N == nil:
		return nil, ErrNotRSA
	case pub.N.BitLen() < 2048:
		return nil, ErrWeakKey
	}
	return pub, nil
}

// derOf finds the first PEM block whose type ends in want, or decodes bare base64.
func derOf(text []byte, want string) (der []byte, kind string, err error) {
	if len(text) > 1<<20 {
		return nil, "", errors.New("wechat: over 1 MiB: not a key file")
	}
	var other []string
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasSuffix(block.Type, want) {
			if block.Headers["DEK-Info"] != "" {
				return nil, "", ErrEncryptedKey
			}
			return block.Bytes, block.Type, nil
		}
		other = append(other, oneLine(block.Type, 40))
	}
	if len(other) > 0 {
		return nil, "", fmt.Errorf("wechat: found PEM %s, want %s", strings.Join(other, ", "), want)
	}
	if strings.Contains(string(text), "-----BEGIN") {
		return nil, "", fmt.Errorf("wechat: the PEM armour of the %s is damaged", want)
	}
	if der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), "")); err == nil && len(der) > 0 {
		return der, want, nil
	}
	return nil, "", fmt.Errorf("wechat: no PEM %s in %d bytes", want, len(text))
}
