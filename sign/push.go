package sign

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Push signs what api.weixin.qq.com pushes to an account's own server, and the
// answers to it: the token and the parts, which are timestamp, nonce and for
// encrypted messages the base64 text, sorted byte by byte and joined without
// anything between them, SHA-1 in lower-case hex.
func Push(token string, parts ...string) string {
	var sum [2 * sha1.Size]byte
	pushSum(&sum, token, parts)
	return string(sum[:])
}

func pushSum(out *[2 * sha1.Size]byte, token string, parts []string) {
	var room [8]string
	sorted := append(append(room[:0], token), parts...)
	slices.Sort(sorted)
	var short [1024]byte
	text := short[:0]
	for _, s := range sorted {
		text = append(text, s...)
	}
	sum := sha1.Sum(text)
	hex.Encode(out[:], sum[:])
}

// CheckPush compares got with the right signature in constant time. Without the
// token nobody can make one; an empty token proves nothing and is refused.
func CheckPush(got, token string, parts ...string) error {
	if got == "" {
		return ErrNoSign
	}
	var want [2 * sha1.Size]byte
	pushSum(&want, token, parts)
	if token == "" || subtle.ConstantTimeCompare([]byte(got), want[:]) != 1 {
		return ErrMismatch
	}
	return nil
}
