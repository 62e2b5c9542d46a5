package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

const boxKeyLen = 32 // least bytes of a Box's key, and what is derived from it

// Box seals small texts that the shop hands out and wants back unread and unchanged,
// such as the content of a cookie: AES-256-GCM with a random nonce, as base64 text
// for URLs. It is immutable and safe for concurrent use. Nothing is remembered: a
// text that was sealed once opens as often as it is shown.
type Box struct{ gcm []cipher.AEAD }

// NewBox derives the keys of one purpose by HKDF-SHA-256; a text sealed for one
// purpose does not open for another. The first key seals, all of them open, so that
// a key can be replaced while texts under the old one are about. Each has at least
// 32 random bytes; the error wraps ErrKey.
func NewBox(purpose string, keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: none was given", ErrKey)
	}
	b := &Box{}
	for _, k := range keys {
		if k.Len() < boxKeyLen {
			return nil, fmt.Errorf("%w: want at least %d random bytes, this one has %d", ErrKey, boxKeyLen, k.Len())
		}
		gcm, err := boxed(k, purpose)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKey, err)
		}
		b.gcm = append(b.gcm, gcm)
	}
	return b, nil
}

func boxed(k Key, purpose string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k.Bytes(), nil, purpose, boxKeyLen)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal returns plain sealed, 28 bytes and a third longer. b is made by NewBox.
func (b *Box) Seal(plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(b.gcm[0].Seal(nil, nil, plain, nil))
}

// Open returns what was sealed; every failure is the same ErrOpen.
func (b *Box) Open(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrOpen
	}
	for _, gcm := range b.gcm {
		if plain, err := gcm.Open(nil, nil, raw, nil); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}
