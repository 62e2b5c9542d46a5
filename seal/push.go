package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	pushKeyLen = 43 // characters of an EncodingAESKey: base64 of 32 bytes without its "="
	pushPad    = 32 // block size of the padding, not that of AES
	pushRandom = 16 // bytes before the length
	pushHead   = pushRandom + 4
)

// Push opens and makes the encrypted messages between api.weixin.qq.com and an
// account's own server: AES-256-CBC over random bytes, a length, the message and
// the app id. Make it once with NewPush; it is immutable and safe for concurrent
// use.
type Push struct {
	block cipher.Block
	iv    [aes.BlockSize]byte
	appID string
}

// NewPush prepares the EncodingAESKey of the console, 43 letters and digits, for
// the app that messages are addressed to. Unused bits of the last character are
// ignored, as WeChat ignores them. Errors wrap ErrKey.
func NewPush(encodingAESKey Key, appID string) (*Push, error) {
	text := encodingAESKey.value()
	if len(text) != pushKeyLen {
		return nil, fmt.Errorf("%w: an EncodingAESKey has exactly %d characters, this one has %d", ErrKey, pushKeyLen, len(text))
	}
	if appID == "" {
		return nil, fmt.Errorf("%w: the app id that messages carry inside is missing", ErrKey)
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return nil, fmt.Errorf("%w: an EncodingAESKey is made of letters and digits only", ErrKey)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(text + "=") // not strict: keys with spare bits are in use
	if err != nil {
		return nil, fmt.Errorf("%w: not an EncodingAESKey", ErrKey)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	p := &Push{block: block, appID: appID}
	copy(p.iv[:], raw)
	return p, nil
}

// Open decrypts one message given as base64 text. Verify its signature before.
// Whatever is wrong, the error is the same ErrOpen.
func (p *Push) Open(encrypted string) ([]byte, error) {
	text := []byte(encrypted)
	n, err := decodeBase64(text, text)
	if err != nil || n == 0 || n%aes.BlockSize != 0 {
		return nil, ErrOpen
	}
	text = text[:n]
	cipher.NewCBCDecrypter(p.block, p.iv[:]).CryptBlocks(text, text)
	return p.unpack(text)
}

// unpack finds the message among what surrounds it.
func (p *Push) unpack(text []byte) ([]byte, error) {
	text, err := unpad(text, pushPad)
	if err != nil || len(text) < pushHead {
		return nil, ErrOpen
	}
	size := binary.BigEndian.Uint32(text[pushRandom:])
	rest := text[pushHead:]
	if uint64(size) > uint64(len(rest)) {
		return nil, ErrOpen
	}
	if subtle.ConstantTimeCompare(rest[size:], []byte(p.appID)) != 1 {
		return nil, ErrOpen
	}
	return rest[:size:size], nil
}

// Seal encrypts a message into base64 text. The 16 bytes before it are read from
// random, or from crypto/rand if that is nil; they are all that keeps two equal
// messages from looking alike.
func (p *Push) Seal(message []byte, random io.Reader) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	size := pushHead + len(message) + len(p.appID)
	pad := pushPad - size%pushPad
	// One allocation for the base64 text and, behind it, what it is made of.
	length := base64.StdEncoding.EncodedLen(size + pad)
	out := make([]byte, length+size+pad)
	text := out[length:][:pushRandom]
	if _, err := io.ReadFull(random, text); err != nil {
		return nil, fmt.Errorf("seal: no random bytes: %w", err)
	}
	text = binary.BigEndian.AppendUint32(text, uint32(len(message)))
	text = append(append(text, message...), p.appID...)
	for range pad {
		text = append(text, byte(pad))
	}
	cipher.NewCBCEncrypter(p.block, p.iv[:]).CryptBlocks(text, text)
	base64.StdEncoding.Encode(out, text)
	return out[:length:length], nil
}
