package wechat

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Errors of the loaders. None holds a byte of the key.
var (
	// ErrEncryptedKey is a key file that needs a password.
	ErrEncryptedKey = errors.New("wechat: the private key is encrypted; decrypt it first, for example with openssl pkcs8 -topk8 -nocrypt")
	// ErrNotRSA is a key of another kind.
	ErrNotRSA = errors.New("wechat: not an RSA key; WeChat Pay uses RSA-2048")
	// ErrWeakKey is a key that is too short to be safe.
	ErrWeakKey = errors.New("wechat: an RSA key under 2048 bits")
	// ErrPKCS12 is apiclient_cert.p12 in place of the PEM files beside it.
	ErrPKCS12 = errors.New("wechat: this is a PKCS#12 file (apiclient_cert.p12); convert it first, for example with " +
		"openssl pkcs12 -in apiclient_cert.p12 -nodes -out both.pem (its password is the merchant number)")
)

// LoadPrivateKey reads apiclient_key.pem: a PKCS#8 or PKCS#1 RSA key of at least
// 2048 bits, in PEM (other blocks and text around it are passed over), or the DER
// itself, bare or in base64. A byte order mark, CRLF and indented lines do no harm.
// Errors say what was found instead.
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
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if _, ec := x509.ParseECPrivateKey(der); ec == nil {
			return nil, ErrNotRSA
		}
		return nil, errors.New("wechat: the private key is damaged or of an unknown form") // the cause could quote bytes
	}
	key, ok := parsed.(*rsa.PrivateKey)
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
		if c, cerr := x509.ParseCertificate(der); cerr == nil {
			return strongRSA(c.PublicKey)
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

// derOf finds the first PEM block whose type ends in want, or takes the text for
// bare DER, perhaps in base64.
func derOf(text []byte, want string) (der []byte, kind string, err error) {
	if len(text) > 1<<20 {
		return nil, "", errors.New("wechat: over 1 MiB: not a key file")
	}
	if len(text) > 1 && text[0] == 0x30 && text[1] >= 0x80 { // an ASN.1 sequence of some length
		return text, want, refusePKCS12(text)
	}
	text = tidy(text)
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
		if other = append(other, pemName(block.Type)); len(other) == 5 {
			break
		}
	}
	if len(other) > 0 {
		return nil, "", fmt.Errorf("wechat: found PEM %s, want %s", strings.Join(other, ", "), want)
	}
	if bytes.Contains(text, []byte("-----BEGIN")) {
		if bytes.Contains(text, []byte(`\n`)) {
			return nil, "", fmt.Errorf("wechat: the %s holds the two characters \\n in place of line ends; replace them", want)
		}
		return nil, "", fmt.Errorf("wechat: the PEM armour of the %s is damaged", want)
	}
	if der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), "")); err == nil && len(der) > 0 {
		return der, want, refusePKCS12(der)
	}
	return nil, "", fmt.Errorf("wechat: no PEM %s in %d bytes; give the content of the file, not its name", want, len(text))
}

// tidy takes away what editors and copying add: a byte order mark, and space
// around the lines.
func tidy(text []byte) []byte {
	lines := bytes.Split(bytes.TrimPrefix(text, []byte("\ufeff")), []byte{'\n'})
	for i := range lines {
		lines[i] = bytes.TrimSpace(lines[i])
	}
	return bytes.Join(lines, []byte{'\n'})
}

// pemName is a block's type, unless it is something that could be part of a key.
func pemName(kind string) string {
	if len(kind) > 40 || strings.ContainsFunc(kind, func(r rune) bool { return r != ' ' && (r < 'A' || r > 'Z') }) {
		return "of another type"
	}
	return kind
}

// refusePKCS12 recognises a .p12 by its beginning: a sequence that opens with the
// version 3 and the content it wraps.
func refusePKCS12(der []byte) error {
	var pfx struct {
		Version int
		Safe    asn1.RawValue
		Mac     asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(der, &pfx); err == nil && pfx.Version == 3 {
		return ErrPKCS12
	}
	return nil
}
