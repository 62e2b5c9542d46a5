package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

const (
	aeadKeyLen   = 32 // bytes of an APIv3 key
	aeadNonceLen = 12
	aeadTagLen   = 16
)

// AEAD opens what WeChat Pay encrypts with the APIv3 key: AEAD_AES_256_GCM, used in
// callbacks and for platform certificates. Make it once with NewAEAD; it is
// immutable and safe for concurrent use.
type AEAD struct{ gcm cipher.AEAD }

// NewAEAD prepares the key, which has to be exactly 32 bytes long; if not, the
// error wraps ErrKey.
func NewAEAD(k Key) (*AEAD, error) {
	if k.Len() != aeadKeyLen {
		return nil, fmt.Errorf("%w: an APIv3 key has exactly %d bytes, this one has %d; it is set on the merchant platform and is not the APIv2 key", ErrKey, aeadKeyLen, k.Len())
	}
	block, err := aes.NewCipher(k.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return &AEAD{gcm}, nil
}

// Open decrypts a ciphertext given as base64 text, as it stands in JSON. The text
// is decoded strictly and in place: whatever the outcome its memory is overwritten,
// and the result lies in it. The nonce has 12 bytes; the associated data may be
// empty. Errors wrap ErrOpen and do not say more than a length about the input.
func (a *AEAD) Open(nonce, associatedData string, ciphertext []byte) ([]byte, error) {
	if a == nil || a.gcm == nil {
		return nil, fmt.Errorf("%w: AEAD was not made by NewAEAD", ErrKey)
	}
	if len(nonce) != aeadNonceLen {
		return nil, fmt.Errorf("%w: the nonce must have %d bytes, this one has %d", ErrOpen, aeadNonceLen, len(nonce))
	}
	n, err := decodeBase64(ciphertext, ciphertext)
	if err != nil {
		return nil, err
	}
	if n < aeadTagLen {
		return nil, fmt.Errorf("%w: the ciphertext has %d bytes, fewer than its %d-byte tag", ErrOpen, n, aeadTagLen)
	}
	// One allocation for both: the arguments of an interface method escape.
	extra := append(append(make([]byte, 0, 64), nonce...), associatedData...)
	plain, err := a.gcm.Open(ciphertext[:0], extra[:aeadNonceLen], ciphertext[:n], extra[aeadNonceLen:])
	if err != nil {
		return nil, fmt.Errorf("%w: wrong APIv3 key, or nonce, associated data or ciphertext were changed on their way", ErrOpen)
	}
	return plain, nil
}

var strict = base64.StdEncoding.Strict()

// decodeBase64 decodes src into dst, which may be the same memory: four characters
// are read before the three bytes they stand for are written. Only the one canonical
// spelling of the standard alphabet is accepted.
func decodeBase64(dst, src []byte) (int, error) {
	// encoding/base64 skips CR and LF even when strict.
	if bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\r') >= 0 {
		return 0, fmt.Errorf("%w: the base64 text contains a line break", ErrOpen)
	}
	n, err := strict.Decode(dst, src)
	if err != nil {
		return 0, fmt.Errorf("%w: the ciphertext is not proper base64", ErrOpen)
	}
	return n, nil
}
