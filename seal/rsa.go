package seal

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // OAEP with SHA-1 is what WeChat Pay speaks
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
)

const minBits = 2048

// oaepOverhead is what OAEP with SHA-1 takes of each RSA block, in bytes.
const oaepOverhead = 2*sha1.Size + 2

// Encrypt seals one text for the holder of k: RSAES-OAEP with SHA-1 and no label,
// then standard base64. A 2048-bit key takes 214 bytes, and a Chinese character has
// three; more gives an error that wraps ErrTooLong. An empty text is refused,
// because WeChat Pay wants absent fields left out.
func Encrypt(k *rsa.PublicKey, plain string) (string, error) {
	if k == nil || k.N == nil || k.N.BitLen() < minBits {
		return "", fmt.Errorf("%w: encrypting needs the platform's RSA public key of at least %d bits", ErrKey, minBits)
	}
	if plain == "" {
		return "", errors.New("seal: nothing to encrypt: leave an empty field out")
	}
	if most := k.Size() - oaepOverhead; len(plain) > most {
		return "", fmt.Errorf("%w: it has %d bytes, the key takes at most %d", ErrTooLong, len(plain), most)
	}
	sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, k, []byte(plain), nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Decrypt opens one text that was sealed for the holder of k, the merchant's private
// key; an HSM or KMS fits as well. Errors wrap ErrOpen, or ErrKey without a key.
func Decrypt(k crypto.Decrypter, ciphertext string) (string, error) {
	if isNil(k) {
		return "", fmt.Errorf("%w: decrypting needs the merchant's private key", ErrKey)
	}
	pub, ok := k.Public().(*rsa.PublicKey)
	if !ok || pub == nil || pub.N == nil {
		return "", fmt.Errorf("%w: decrypting needs an RSA key", ErrKey)
	}
	if len(ciphertext) != base64.StdEncoding.EncodedLen(pub.Size()) {
		return "", fmt.Errorf("%w: the text has %d characters, this key needs %d", ErrOpen, len(ciphertext), base64.StdEncoding.EncodedLen(pub.Size()))
	}
	sealed := []byte(ciphertext)
	n, err := decodeBase64(sealed, sealed)
	if err != nil {
		return "", err
	}
	plain, err := k.Decrypt(rand.Reader, sealed[:n], &rsa.OAEPOptions{Hash: crypto.SHA1})
	if err != nil {
		return "", fmt.Errorf("%w: sealed for another merchant certificate, or damaged: %w", ErrOpen, err)
	}
	return string(plain), nil
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
