package sign

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	window      = 300 * time.Second       // a message this old, or this early, is refused
	probePrefix = "WECHATPAY/SIGNTEST/"   // begins every signature that is wrong on purpose
	maxText     = 4 * ((16384/8 + 2) / 3) // base64 of the longest signature worth decoding
)

// Verifier proves that a message came from WeChat Pay. It is immutable and safe for
// concurrent use if its KeySet and clock are.
type Verifier struct {
	keys KeySet
	now  func() time.Time
}

// NewVerifier makes a Verifier that looks keys up in keys and asks now for the
// time; a nil now means time.Now. With nil keys it refuses everything.
func NewVerifier(keys KeySet, now func() time.Time) *Verifier {
	if isNil(keys) {
		keys = joined(nil)
	}
	if now == nil {
		now = time.Now
	}
	return &Verifier{keys: keys, now: now}
}

// Verify checks the signature of an answer or a callback. The body is the raw one:
// complete, after transport compression was undone, before anything else. Each of
// Wechatpay-Timestamp, -Nonce, -Serial and -Signature has to be there exactly once,
// whatever the case of its name; the time has to be less than 300 seconds from now
// in either direction; and for one message exactly one signature text is accepted.
// The cheap checks come first, then the key set is asked, then RSA decides.
//
// The error wraps ErrUnsigned, ErrProbe, ErrStale, ErrUnknownKey or ErrMismatch, or
// is the key set's own (a download that failed, a context that ended).
func (v *Verifier) Verify(ctx context.Context, h http.Header, body []byte) (Verified, error) {
	c, err := readClaim(h)
	if err != nil {
		return Verified{}, err
	}
	if err := v.fresh(c.at); err != nil {
		return Verified{}, err
	}
	signature, err := decodeSignature(headerSignature, c.signature)
	if err != nil {
		return Verified{}, err
	}
	key, err := v.keys.Key(ctx, c.serial)
	if err != nil {
		return Verified{}, fmt.Errorf("sign: cannot check the signature: %w", err)
	}
	if err := checkRSA(key); err != nil {
		return Verified{}, because(ErrUnknownKey, "key %s: %s", show(c.serial), err)
	}
	digest := digestOf(c.timestamp, c.nonce, body)
	if len(signature) != key.Size() || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return Verified{}, because(ErrMismatch, "either the body was changed on its way (a proxy or middleware that re-encodes or trims it), or the platform key configured as %s is not the one WeChat Pay uses under that id: download it again", show(c.serial))
	}
	return Verified{func() proof { return proof{body: body, serial: c.serial, at: c.at} }}, nil
}

// fresh checks the window, both ways.
func (v *Verifier) fresh(at time.Time) error {
	now := v.now()
	off := now.Sub(at)
	if off > -window && off < window {
		return nil
	}
	word := "ahead of"
	if off > 0 {
		word = "behind"
	}
	return because(ErrStale, "it says %s, which is %s %s this machine's clock (%s): correct the clock (NTP); if it is right, this is an old message sent again",
		stamp(at), off.Abs().Round(time.Second), word, stamp(now))
}

// decodeSignature is strict: the standard alphabet, full padding, no line breaks
// and no spare bits, so that every signature has one spelling.
func decodeSignature(header, text string) ([]byte, error) {
	// encoding/base64 skips CR and LF even when strict.
	if len(text) > maxText || strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 {
		return nil, because(ErrMismatch, "header %s is too long or contains a line break", header)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, because(ErrMismatch, "header %s is not proper base64; something on the way rewrote it", header)
	}
	return signature, nil
}

// digestOf hashes the three lines without copying the body.
func digestOf(timestamp, nonce string, body []byte) (sum [sha256.Size]byte) {
	head := make([]byte, 0, 96)
	head = append(append(head, timestamp...), '\n')
	head = append(append(head, nonce...), '\n')
	h := sha256.New()
	h.Write(head)
	h.Write(body)
	h.Write(newline)
	h.Sum(sum[:0])
	return sum
}

var newline = []byte{'\n'}
