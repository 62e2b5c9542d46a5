package sign

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
)

// AppSignature signs pairs as the 2014 generation does: names in lower case, the
// paySignKey among them as appkey, sorted, joined raw, empty values kept, SHA-1
// in lower-case hex. pairs is not changed and must not hold appkey itself.
func AppSignature(pairs []Pair, paySignKey string) string {
	return sha1Of(append(lowered(pairs), Pair{Name: "appkey", Value: paySignKey}))
}

// AddressSignature signs what the shared-address control of 2014 wants: the same
// rule without any key. The user's own OAuth token is one of the pairs.
func AddressSignature(pairs []Pair) string { return sha1Of(lowered(pairs)) }

// CheckAppSignature compares got with the right signature in constant time.
func CheckAppSignature(pairs []Pair, paySignKey, got string) error {
	if got == "" {
		return ErrNoSign
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(AppSignature(pairs, paySignKey))) != 1 {
		return ErrMismatch
	}
	return nil
}

func lowered(pairs []Pair) []Pair {
	out := make([]Pair, len(pairs), len(pairs)+1)
	for i, p := range pairs {
		out[i] = Pair{Name: strings.ToLower(p.Name), Value: p.Value}
	}
	return out
}

func sha1Of(pairs []Pair) string {
	slices.SortStableFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	var text []byte
	for i, p := range pairs {
		if i > 0 {
			text = append(text, '&')
		}
		text = append(append(append(text, p.Name...), '='), p.Value...)
	}
	sum := sha1.Sum(text)
	return hex.EncodeToString(sum[:])
}

// Ordered signs pairs in exactly the given order with MD5 in lower-case hex, as
// the Tenpay bill download wants; key is appended last.
func Ordered(pairs []Pair, key string) string {
	var text []byte
	for _, p := range pairs {
		text = append(append(append(append(text, p.Name...), '='), p.Value...), '&')
	}
	sum := md5.Sum(append(append(text, "key="...), key...))
	return hex.EncodeToString(sum[:])
}

// CheckTenpay is CheckAPIv2 with MD5 for the 2014 notice, whose sign may come in
// either case and whose sign_type, if present, must say MD5.
func CheckTenpay(pairs []Pair, partnerKey string) error {
	upper := slices.Clone(pairs)
	for i, p := range upper {
		if p.Name == "sign" {
			upper[i].Value = strings.ToUpper(p.Value)
		}
	}
	return CheckAPIv2(upper, partnerKey, MD5)
}
