package seal

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// Envelope is an encrypted body of the server API at api.weixin.qq.com
// (服务端API加密): AES-256-GCM, each part in base64, the tag apart from the data.
type Envelope struct {
	IV   string `json:"iv"`
	Data string `json:"data"`
	Tag  string `json:"authtag"`
}

// Envelopes seals and opens the bodies of the server API with the symmetric key of
// the console. Make it once with NewEnvelopes; it is immutable and safe for
// concurrent use.
type Envelopes struct{ aead *AEAD }

// NewEnvelopes prepares the key, given as the console shows it: base64 of 32 bytes.
// An SM4 key is shorter and not supported. Errors wrap ErrKey.
func NewEnvelopes(k Key) (*Envelopes, error) {
	raw := make([]byte, base64.StdEncoding.DecodedLen(k.Len()))
	n, err := decodeBase64(raw, k.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: the symmetric key is base64 text of the console, this one of %d characters is not", ErrKey, k.Len())
	}
	if n != aeadKeyLen {
		return nil, fmt.Errorf("%w: the symmetric key (AES256) has %d bytes behind its base64, this one has %d", ErrKey, aeadKeyLen, n)
	}
	aead, err := NewAEAD(NewKey(string(raw[:n])))
	if err != nil {
		return nil, err
	}
	return &Envelopes{aead}, nil
}

// Seal encrypts plain under a fresh random IV.
func (e *Envelopes) Seal(associatedData string, plain []byte) Envelope {
	iv := make([]byte, aeadNonceLen)
	_, _ = rand.Read(iv) // never fails
	return e.seal(iv, associatedData, plain)
}

func (e *Envelopes) seal(iv []byte, associatedData string, plain []byte) Envelope {
	sealed := e.aead.gcm.Seal(nil, iv, plain, []byte(associatedData))
	end := len(sealed) - aeadTagLen
	text := base64.StdEncoding.EncodeToString
	return Envelope{IV: text(iv), Data: text(sealed[:end]), Tag: text(sealed[end:])}
}

// Open decrypts an envelope. Only one spelling of each part is accepted. Errors wrap
// ErrOpen and say no more about the input than a length.
func (e *Envelopes) Open(associatedData string, in Envelope) ([]byte, error) {
	var parts [3][]byte
	for i, text := range [...]string{in.IV, in.Data, in.Tag} {
		b := []byte(text)
		n, err := decodeBase64(b, b)
		if err != nil {
			return nil, err
		}
		parts[i] = b[:n]
	}
	iv, data, tag := parts[0], parts[1], parts[2]
	if len(iv) != aeadNonceLen || len(tag) != aeadTagLen {
		return nil, fmt.Errorf("%w: want an IV of %d bytes and a tag of %d, got %d and %d", ErrOpen, aeadNonceLen, aeadTagLen, len(iv), len(tag))
	}
	plain, err := e.aead.gcm.Open(nil, iv, append(data[:len(data):len(data)], tag...), []byte(associatedData))
	if err != nil {
		return nil, fmt.Errorf("%w: wrong symmetric key or key number, or the parts were changed on their way", ErrOpen)
	}
	return plain, nil
}
