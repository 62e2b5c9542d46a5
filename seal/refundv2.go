package seal

import (
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
)

// OpenRefundNotice opens the req_info of an APIv2 refund notice: base64 of
// AES-256-ECB with PKCS#7 padding under the lower-case hex MD5 of the API key.
// Every failure is the same ErrOpen. Nothing else vouches for such a notice, so
// compare what it says with an own refund.
func OpenRefundNotice(apiKey, reqInfo string) ([]byte, error) {
	text, err := base64.StdEncoding.Strict().DecodeString(reqInfo)
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, ErrOpen
	}
	sum := md5.Sum([]byte(apiKey))
	return openECB([]byte(hex.EncodeToString(sum[:])), text)
}

// openECB decrypts text in place, block by block, and strips strict padding.
func openECB(key, text []byte) ([]byte, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrOpen
	}
	for i := 0; i < len(text); i += aes.BlockSize {
		b.Decrypt(text[i:i+aes.BlockSize], text[i:i+aes.BlockSize])
	}
	return unpad(text, aes.BlockSize)
}

// unpad strips PKCS#7 padding of 1 to size bytes.
func unpad(text []byte, size int) ([]byte, error) {
	if len(text) == 0 {
		return nil, ErrOpen
	}
	n := int(text[len(text)-1])
	if n == 0 || n > size || n > len(text) {
		return nil, ErrOpen
	}
	for _, c := range text[len(text)-n:] {
		if int(c) != n {
			return nil, ErrOpen
		}
	}
	return text[:len(text)-n], nil
}
