package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

// OpenData opens what a mini program's page got encrypted for its server, such as
// encryptedData with its iv: base64 of AES-128-CBC with PKCS#7 padding of 1 to 16
// bytes under the base64-decoded session key. A session key that does not decode to
// 16 bytes is ErrKey; every other failure is the same ErrOpen. CBC proves nothing:
// compare the watermark of what comes out. The result has memory of its own.
func OpenData(sessionKey Key, iv, data string) ([]byte, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(sessionKey.value())
	if err != nil || len(key) != aes.BlockSize {
		return nil, fmt.Errorf("%w: a session_key is the base64 text of 16 bytes, this one has %d characters", ErrKey, sessionKey.Len())
	}
	first, err := base64.StdEncoding.Strict().DecodeString(iv)
	if err != nil || len(first) != aes.BlockSize {
		return nil, ErrOpen
	}
	text, err := base64.StdEncoding.Strict().DecodeString(data)
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, ErrOpen
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrKey
	}
	cipher.NewCBCDecrypter(block, first).CryptBlocks(text, text)
	return unpad(text, aes.BlockSize)
}
