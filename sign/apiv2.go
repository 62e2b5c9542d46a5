package sign

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

func (d Digest) new(key string) hash.Hash {
	if d == HMACSHA256 {
		return hmac.New(sha256.New, []byte(key))
	}
	return md5.New()
}

// Errors of CheckAPIv2 beside ErrMismatch.
var (
	ErrNoSign    = errors.New("sign: the message carries no sign field, so nothing vouches for it")
	ErrTwoSigns  = errors.New("sign: the message carries the sign field twice")
	ErrDowngrade = errors.New("sign: the signature is of another sign_type than the merchant's; set it in the configuration if orders really use it")
)

// APIv2 signs pairs with the merchant's API key: pairs named sign and empty
// values are left out, the rest is sorted by name byte by byte, joined raw and
// followed by the key; the digest is upper-case hex. pairs is not changed.
func APIv2(pairs []Pair, key string, d Digest) string {
	sorted := make([]Pair, 0, len(pairs))
	size := len("key=") + len(key)
	for _, p := range pairs {
		if p.Name != "sign" && p.Value != "" {
			sorted = append(sorted, p)
			size += len(p.Name) + len(p.Value) + 2
		}
	}
	byName := func(a, b Pair) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(sorted, byName) {
		slices.SortStableFunc(sorted, byName)
	}
	text := make([]byte, 0, size)
	for _, p := range sorted {
		text = append(append(append(append(text, p.Name...), '='), p.Value...), '&')
	}
	text = append(append(text, "key="...), key...)
	var sum, out [64]byte
	if d == MD5 {
		m := md5.Sum(text)
		return upperHex(out[:0], m[:])
	}
	h := d.new(key)
	h.Write(text)
	return upperHex(out[:0], h.Sum(sum[:0]))
}

func upperHex(dst, sum []byte) string {
	const digits = "0123456789ABCDEF"
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
