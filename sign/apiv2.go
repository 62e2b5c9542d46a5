package sign

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Pair is a name and its value, as v2 and older generations sign them. It is an
// alias, so that other rooms' pairs are the same type.
type Pair = struct{ Name, Value string }

// Digest is how APIv2 hashes what it signs. A merchant fixes it by configuration;
// a message that asks for another one is refused.
type Digest int

// The two digests of APIv2.
const (
	MD5 Digest = iota
	HMACSHA256
)

// String is the value sign_type has on the wire.
func (d Digest) String() string {
	if d == HMACSHA256 {
		return "HMAC-SHA256"
	}
	return "MD5"
}

// ErrNoSign, ErrTwoSigns and ErrDowngrade are the errors of CheckAPIv2 beside
// ErrMismatch.
var (
	ErrNoSign    = errors.New("sign: the message carries no sign field, so nothing vouches for it")
	ErrTwoSigns  = errors.New("sign: the message carries the sign field twice")
	ErrDowngrade = errors.New("sign: the signature is of another sign_type than the merchant's; set it in the configuration if orders really use it")
)

// APIv2 signs pairs with the merchant's API key: pairs named sign and empty
// values are left out, the rest is sorted by name byte by byte, joined raw and
// followed by the key; the digest is upper-case hex. pairs is not changed.
func APIv2(pairs []Pair, key string, d Digest) string {
	var room [32]Pair // most messages need no more, and so no memory beside the result
	sorted := room[:0]
	for _, p := range pairs {
		if p.Name != "sign" && p.Value != "" {
			sorted = append(sorted, p)
		}
	}
	byName := func(a, b Pair) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(sorted, byName) {
		slices.SortStableFunc(sorted, byName)
	}
	if d == HMACSHA256 {
		return hmacOf(appendV2(make([]byte, 0, 1024), sorted, key), key)
	}
	var text [1024]byte
	sum := md5.Sum(appendV2(text[:0], sorted, key))
	return upperHex(sum[:])
}

func appendV2(text []byte, sorted []Pair, key string) []byte {
	for _, p := range sorted {
		text = append(append(append(append(text, p.Name...), '='), p.Value...), '&')
	}
	return append(append(text, "key="...), key...)
}

func hmacOf(text []byte, key string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write(text)
	return upperHex(h.Sum(nil))
}

func upperHex(sum []byte) string {
	const digits = "0123456789ABCDEF"
	var out [2 * sha256.Size]byte
	dst := out[:0]
	for _, c := range sum {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return string(dst)
}

// CheckAPIv2 proves that pairs carry exactly one signature and that it is the
// right one over all the other fields, known or not. Errors: ErrNoSign,
// ErrTwoSigns, ErrDowngrade, ErrMismatch.
func CheckAPIv2(pairs []Pair, key string, d Digest) error {
	got, signs := "", 0
	for _, p := range pairs {
		switch {
		case p.Name == "sign":
			if signs++; signs > 1 {
				return ErrTwoSigns
			}
			got = p.Value
		case p.Name == "sign_type" && p.Value != "" && p.Value != d.String():
			return fmt.Errorf("%w (want %s)", ErrDowngrade, d)
		}
	}
	if got == "" {
		return ErrNoSign
	}
	want := APIv2(pairs, key, d)
	if len(got) != len(want) && (len(got) == hex.EncodedLen(md5.Size) || len(got) == hex.EncodedLen(sha256.Size)) {
		return fmt.Errorf("%w (want %s)", ErrDowngrade, d)
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return ErrMismatch
	}
	return nil
}
