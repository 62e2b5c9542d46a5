package wechattest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// Nothing here may call package sign or seal: the simulator is the second
// opinion about them, so the two must not be able to share a mistake.

const (
	scheme        = "WECHATPAY2-SHA256-RSA2048"
	probePrefix   = "WECHATPAY/SIGNTEST/"
	aeadAlgorithm = "AEAD_AES_256_GCM"
)

// signLines signs each line followed by a line feed and returns base64.
func signLines(k *rsa.PrivateKey, lines ...string) (string, error) {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	s, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("wechattest: the simulator's key cannot sign")
	}
	return base64.StdEncoding.EncodeToString(s), nil
}

// verifyLines tells whether signature, base64, is k's over the lines.
func verifyLines(k *rsa.PublicKey, signature string, lines ...string) bool {
	if strings.ContainsAny(signature, "\r\n") {
		return false
	}
	s, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], s) == nil
}

// sealed is the encrypted part of a notice or of a certificate entry.
type sealed struct {
	OriginalType   string `json:"original_type,omitempty"`
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

// sealGCM encrypts plain with the 32 bytes of an APIv3 key and a nonce of 12.
func sealGCM(key, nonce, associatedData string, plain []byte) (sealed, error) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return sealed{}, errors.New("wechattest: the APIv3 key does not have 32 bytes")
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return sealed{}, err
	}
	if len(nonce) != gcm.NonceSize() {
		return sealed{}, errors.New("wechattest: a nonce must have 12 bytes")
	}
	text := gcm.Seal(nil, []byte(nonce), plain, []byte(associatedData))
	return sealed{Algorithm: aeadAlgorithm, Ciphertext: base64.StdEncoding.EncodeToString(text),
		AssociatedData: associatedData, Nonce: nonce}, nil
}

// openOAEP decrypts a field a merchant encrypted for the platform.
func openOAEP(k *rsa.PrivateKey, ciphertext string) (string, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(ciphertext)
	if err != nil {
		return "", errors.New("is not base64")
	}
	plain, err := rsa.DecryptOAEP(sha1.New(), nil, k, raw, nil)
	if err != nil {
		return "", errors.New("does not open with the platform key named in the header")
	}
	return string(plain), nil
}

// sealOAEP encrypts a field for a merchant.
func sealOAEP(k *rsa.PublicKey, plain string) (string, error) {
	text, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, k, []byte(plain), nil)
	if err != nil {
		return "", errors.New("wechattest: the text is too long to encrypt")
	}
	return base64.StdEncoding.EncodeToString(text), nil
}

// randomText is n capitals and digits from the operating system's randomness.
func randomText(n int) string {
	s := rand.Text()
	for len(s) < n {
		s += rand.Text()
	}
	return s[:n]
}
