package wechattest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// As in crypto.go, nothing here may call package sign or seal.

const pushBlock = 32 // what pushes are padded to

// sumPush is the signature of pushes, replies and address checks: SHA-1 over the
// parts, sorted and put together.
func sumPush(parts ...string) string {
	slices.Sort(parts)
	return hexSHA1(strings.Join(parts, ""))
}

func hexSHA1(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// pushKey is the 32 bytes of an EncodingAESKey, whose last character may carry
// bits that do not count.
func pushKey(encoding string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(encoding + "=")
	if err != nil || len(encoding) != 43 || !alphanumeric(encoding) {
		return nil, errors.New("wechattest: EncodingAESKey: want 43 letters and digits")
	}
	return key, nil
}

// sealPush encrypts text for the app; random is 16 bytes.
func sealPush(key []byte, random, text, appID string) (string, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	plain := append([]byte(random), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	plain = append(append(plain, text...), appID...)
	pad := pushBlock - len(plain)%pushBlock
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

var errPushSealed = errors.New("cannot be decrypted")

// openPush is the reverse of sealPush, for replies.
func openPush(key []byte, text, appID string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || len(b)%pushBlock != 0 {
		return nil, errPushSealed
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	if pad < 1 || pad > pushBlock || len(b)-pad < 20 || !bytes.Equal(b[len(b)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errPushSealed
	}
	b = b[16 : len(b)-pad]
	n := int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; n > int64(len(b)) || string(b[n:]) != appID {
		return nil, errPushSealed
	}
	return b[:n], nil
}
