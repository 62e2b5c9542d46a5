package sign

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"reflect"
)

// minBits is the smallest RSA modulus accepted anywhere in this package.
const minBits = 2048

// words checks the two fields that are copied into the header.
func (i Identity) words() error {
	if len(i.MchID) == 0 || len(i.MchID) > 32 || !every(i.MchID, isDigit) {
		return fmt.Errorf("sign: Identity.MchID, the merchant number, must be 1 to 32 digits; it has %d characters, and an app id (wx…) is something else", len(i.MchID))
	}
	if len(i.Serial) == 0 || len(i.Serial) > 64 || !every(i.Serial, isHex) {
		return fmt.Errorf("sign: Identity.Serial must be the hexadecimal serial number of the merchant API certificate, without colons; it has %d characters. openssl x509 -noout -serial -in apiclient_cert.pem prints it, and PUB_KEY_ID_… is the platform's key, not the merchant's", len(i.Serial))
	}
	return nil
}

// checkRSA refuses keys that would make a signature worthless or make crypto/rsa
// stumble.
func checkRSA(k *rsa.PublicKey) error {
	switch {
	case k == nil || k.N == nil || k.N.Sign() <= 0:
		return errors.New("the RSA key is nil")
	case k.N.BitLen() < minBits:
		return fmt.Errorf("the RSA key has %d bits, at least %d are needed", k.N.BitLen(), minBits)
	case k.N.Bit(0) == 0 || k.E < 3 || k.E&1 == 0 || int64(k.E) > 1<<31-1:
		return errors.New("the RSA key has an impossible modulus or exponent")
	}
	return nil
}

// isNil reports whether the key is missing, also when a nil pointer hides in the
// interface.
func isNil(k any) bool {
	if k == nil {
		return true
	}
	v := reflect.ValueOf(k)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func isNonce(s string) bool { return len(s) > 0 && len(s) <= 32 && every(s, isAlnum) }

func every(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isAlnum(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isVisible(c byte) bool { return c > ' ' && c < 0x7f }
