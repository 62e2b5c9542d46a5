package sign_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

var body = []byte(`{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}`)

var four = []string{"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"}

func TestVerify_Good(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	for name, b := range map[string][]byte{"json": body, "empty": {}, "nil": nil, "large": bytes.Repeat([]byte("微信"), 1<<19)} {
		got := accepted(t, v, signed(t, b), b)
		assert.Equal(t, keyID, got.Serial(), name)
		assert.True(t, signedAt.Equal(got.Time()), name)
		assert.Equal(t, b, got.Body(), name)
	}
	h := signed(t, body)
	h.Set("Wechatpay-Signature-Type", sign.Scheme)
	accepted(t, v, h, body)
}

func TestVerified_ZeroProvesNothing(t *testing.T) {
	t.Parallel()
	var v sign.Verified
	assert.False(t, v.OK())
	assert.Nil(t, v.Body())
	assert.Empty(t, v.Serial())
	assert.True(t, v.Time().IsZero())
	assert.Equal(t, "unverified", fmt.Sprint(v))
}

func TestVerified_PrintsNoBody(t *testing.T) {
	t.Parallel()
	secret := []byte("canary-4711")
	v := accepted(t, verifier(t), signed(t, secret), secret)
	for _, shown := range []any{v, &v, struct{ V sign.Verified }{v}, struct{ v sign.Verified }{v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			got := fmt.Sprintf(verb, shown)
			assert.NotContains(t, got, "canary")
			assert.NotContains(t, got, fmt.Sprintf("%x", secret))
			assert.NotContains(t, got, "99 97 110")
		}
	}
	assert.Equal(t, "verified by "+keyID+" at 2023-11-14T22:13:20Z, 11 bytes", fmt.Sprint(v))
}

func TestAdverse22_HeadersMissingEmptyDoubled(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	for _, name := range four {
		changes := map[string]func(h http.Header){
			"missing":         func(h http.Header) { delete(h, name) },
			"no values":       func(h http.Header) { h[name] = []string{} },
			"empty":           func(h http.Header) { h[name] = []string{""} },
			"doubled":         func(h http.Header) { h.Add(name, h.Get(name)) },
			"doubled, empty":  func(h http.Header) { h.Add(name, "") },
			"empty, doubled":  func(h http.Header) { h[name] = []string{"", h[name][0]} },
			"other spelling":  func(h http.Header) { h[strings.ToLower(name)] = h[name] },
			"shouted":         func(h http.Header) { h[strings.ToUpper(name)] = []string{"x"} },
			"other, but none": func(h http.Header) { h[strings.ToLower(name)] = []string{""}; delete(h, name) },
		}
		for kind, change := range changes {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				h := signed(t, body)
				change(h)
				err := refused(t, v, h, body, sign.ErrUnsigned)
				assert.ErrorContains(t, err, name)
			})
		}
		t.Run(name+" folded into one line", func(t *testing.T) {
			t.Parallel()
			h := signed(t, body)
			h.Set(name, h.Get(name)+", "+h.Get(name))
			_, err := v.Verify(t.Context(), h, body)
			require.Error(t, err)
		})
	}
	for _, h := range []http.Header{nil, {}, {"Content-Type": {"text/html"}}} {
		err := refused(t, v, h, body, sign.ErrUnsigned)
		assert.ErrorContains(t, err, "proxy", "adverse 21: say what strips headers")
	}
}

// Header names have no case; a map filled by another framework may keep its own.
func TestVerify_OneSpellingOfAnyCase(t *testing.T) {
	t.Parallel()
	lower := http.Header{}
	for name, values := range signed(t, body) {
		lower[strings.ToLower(name)] = values
	}
	accepted(t, verifier(t), lower, body)

	lower["wechatpay-signature-type"] = []string{"WECHATPAY2-SM2-WITH-SM3"}
	refused(t, verifier(t), lower, body, sign.ErrUnsigned)
	delete(lower, "wechatpay-signature-type")
	lower["Wechatpay-\u017ferial"] = lower["wechatpay-serial"] // folds to "serial", but is another name
	accepted(t, verifier(t), lower, body)
}

func TestVerify_SignatureType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		ok     bool
	}{
		{"absent", nil, true},
		{"known", []string{sign.Scheme}, true},
		{"empty", []string{""}, false},
		{"twice", []string{sign.Scheme, sign.Scheme}, false},
		{"lower case", []string{strings.ToLower(sign.Scheme)}, false},
		{"SM", []string{"WECHATPAY2-SM2-WITH-SM3"}, false},
		{"brand", []string{"WECHATPAY-BRAND-SHA256-RSA2048"}, false},
		{"blank", []string{sign.Scheme + " "}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := signed(t, body)
			h["Wechatpay-Signature-Type"] = tt.values
			if tt.ok {
				accepted(t, verifier(t), h, body)
				return
			}
			refused(t, verifier(t), h, body, sign.ErrUnsigned)
		})
	}
}

func TestAdverse23_BodyRewritten(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	original := []byte(`{"b":"é/<>","a":1.0}` + "\n" + `[]`)
	h := signed(t, original)
	accepted(t, v, h, original)
	tests := map[string]string{
		"re-serialised":        `{"a":1,"b":"é/<>"}`,
		"escaped":              `{"b":"\u00e9\/\u003c\u003e","a":1.0}` + "\n" + `[]`,
		"byte order mark":      "\ufeff" + string(original),
		"CRLF":                 strings.ReplaceAll(string(original), "\n", "\r\n"),
		"trailing newline":     string(original) + "\n",
		"trailing blank":       string(original) + " ",
		"trimmed":              string(original[:len(original)-1]),
		"without first byte":   string(original[1:]),
		"NUL appended":         string(original) + "\x00",
		"decomposed character": strings.Replace(string(original), "é", "e\u0301", 1),
		"empty":                "",
	}
	for name, changed := range tests {
		err := refused(t, v, h, []byte(changed), sign.ErrMismatch)
		assert.ErrorContains(t, err, "middleware", name)
	}
}

// The nonce is a line of the signed message. If it could hold a line break, the
// beginning of a genuine body could be passed off as part of it and the rest as the
// body.
func TestAdverse23_LinesCannotBeMoved(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	h := signed(t, []byte("first\nsecond"))
	accepted(t, v, h, []byte("first\nsecond"))
	h.Set("Wechatpay-Nonce", nonce+"\nfirst")
	refused(t, v, h, []byte("second"), sign.ErrUnsigned)

	ts := strconv.FormatInt(signedAt.Unix(), 10)
	h = headers(ts+"\n"+nonce, "first", keyID, signed(t, []byte("first\nsecond")).Get("Wechatpay-Signature"))
	refused(t, v, h, []byte("second"), sign.ErrUnsigned)

	for _, odd := range []string{"a b", "a\tb", "a\rb", "\x00", "\x7f", "é", "\xff"} {
		h = headers(ts, odd, keyID, base64.StdEncoding.EncodeToString(signature(t, platformKey(t), ts, odd, body)))
		refused(t, v, h, body, sign.ErrUnsigned)
	}
}

func TestAdverse24_Base64Spelling(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	h := signed(t, body)
	good := h.Get("Wechatpay-Signature")
	require.True(t, strings.HasSuffix(good, "=="), "2048 bits leave two signs of padding")
	raw, err := base64.StdEncoding.DecodeString(good)
	require.NoError(t, err)
	wide := bytes.Repeat([]byte{0xfb, 0xff}, 128)
	tests := map[string]string{
		"URL alphabet":        base64.URLEncoding.EncodeToString(wide),
		"no padding":          strings.TrimRight(good, "="),
		"one sign of padding": strings.TrimSuffix(good, "="),
		"too much padding":    good + "=",
		"block of padding":    good + "====",
		"newline inside":      good[:76] + "\n" + good[76:],
		"CRLF inside":         good[:76] + "\r\n" + good[76:],
		"blank inside":        good[:76] + " " + good[76:],
		"newline at the end":  good + "\n",
		"CR at the end":       good + "\r",
		"blank at the end":    good + " ",
		"blank in front":      " " + good,
		"tab":                 good + "\t",
		"NUL":                 good + "\x00",
		"quoted":              `"` + good + `"`,
		"percent":             strings.ReplaceAll(good, "=", "%3D"),
		"plus to blank":       strings.ReplaceAll(base64.StdEncoding.EncodeToString(wide), "+", " "),
		"hex":                 fmt.Sprintf("%x", raw),
		"only padding":        "====",
		"one letter":          "A",
		"text":                "signature",
		"huge":                strings.Repeat("A", 1<<20),
		"twice":               good + good,
		"two joined":          base64.StdEncoding.EncodeToString(append(bytes.Clone(raw), raw...)),
		"one byte less":       base64.StdEncoding.EncodeToString(raw[:255]),
		"one byte more":       base64.StdEncoding.EncodeToString(append(bytes.Clone(raw), 0)),
		"zero in front":       base64.StdEncoding.EncodeToString(append([]byte{0}, raw...)),
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(letters, good[len(good)-3])
	for spare := 1; spare < 16; spare++ { // the four low bits of the last letter carry nothing
		tests[fmt.Sprint("spare bits ", spare)] = good[:len(good)-3] + letters[last^spare:last^spare+1] + "=="
	}
	for name, text := range tests {
		h.Set("Wechatpay-Signature", text)
		_, err := v.Verify(t.Context(), h, body)
		require.ErrorIs(t, err, sign.ErrMismatch, name)
	}
	h.Set("Wechatpay-Signature", good)
	accepted(t, v, h, body)
}

func TestAdverse25_Probe(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	h := signed(t, body)
	good := h.Get("Wechatpay-Signature")
	for _, text := range []string{"WECHATPAY/SIGNTEST/", "WECHATPAY/SIGNTEST/" + good, "WECHATPAY/SIGNTEST/" + good[19:], "WECHATPAY/SIGNTEST/x\n"} {
		h.Set("Wechatpay-Signature", text)
		err := refused(t, v, h, body, sign.ErrProbe)
		require.NotErrorIs(t, err, sign.ErrMismatch)
		require.NotErrorIs(t, err, sign.ErrUnsigned)
	}
	for _, text := range []string{"wechatpay/signtest/" + good, "WECHATPAY/SIGNTEST", "/WECHATPAY/SIGNTEST/", "WECHATPAY/SIGNTES/" + good} {
		h.Set("Wechatpay-Signature", text)
		refused(t, v, h, body, sign.ErrMismatch)
	}
}

func TestAdverse26_KeyAndSerialMismatch(t *testing.T) {
	t.Parallel()
	mine, other := platformKey(t), privateKey(t, "merchant_document.pem")
	h := signed(t, body)
	with := func(keys ...sign.Key) *sign.Verifier { return sign.NewVerifier(ringOf(t, keys...), clock(signedAt)) }

	err := refused(t, with(sign.PublicKey(keyID, &other.PublicKey)), h, body, sign.ErrMismatch) // right serial, wrong key
	assert.ErrorContains(t, err, keyID)
	refused(t, with(sign.PublicKey("PUB_KEY_ID_2", &mine.PublicKey)), h, body, sign.ErrUnknownKey) // right key, wrong serial

	// Both keys known: the named one is tried and no other.
	both := with(sign.PublicKey(keyID, &mine.PublicKey), sign.PublicKey("PUB_KEY_ID_2", &other.PublicKey))
	accepted(t, both, h, body)
	h.Set("Wechatpay-Serial", "PUB_KEY_ID_2")
	refused(t, both, h, body, sign.ErrMismatch)
	for _, id := range []string{strings.ToLower(keyID), keyID + " ", keyID + "0", keyID[:len(keyID)-1], "*"} {
		h.Set("Wechatpay-Serial", id)
		_, err := both.Verify(t.Context(), h, body)
		require.Error(t, err, id)
	}
}

// What cannot be genuine never reaches the key set, so it cannot start a download.
// A well-formed message asks it exactly once.
func TestAdverse27_UnknownSerialFlood(t *testing.T) {
	t.Parallel()
	keys := &set{err: sign.ErrUnknownKey}
	v := sign.NewVerifier(keys, clock(signedAt))
	good := signed(t, body)
	ruin := []func(h http.Header){
		func(h http.Header) { h.Del("Wechatpay-Serial") },
		func(h http.Header) { h.Set("Wechatpay-Timestamp", "1700000300") },
		func(h http.Header) { h.Set("Wechatpay-Timestamp", "x") },
		func(h http.Header) { h.Set("Wechatpay-Signature", "x") },
		func(h http.Header) { h.Set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/x") },
		func(h http.Header) { h.Set("Wechatpay-Signature-Type", "x") },
		func(h http.Header) { h.Set("Wechatpay-Nonce", "a b") },
		func(h http.Header) { h.Set("Wechatpay-Serial", "a\nb") },
		func(h http.Header) { h.Set("Wechatpay-Serial", "a b") },
	}
	for _, change := range ruin {
		h := good.Clone()
		change(h)
		_, err := v.Verify(t.Context(), h, body)
		require.Error(t, err)
	}
	require.Zero(t, keys.asked)
	for i := range 2000 {
		h := good.Clone()
		h.Set("Wechatpay-Serial", strings.Repeat("F", 1000)+strconv.Itoa(i))
		err := refused(t, v, h, body, sign.ErrUnknownKey)
		require.Less(t, len(err.Error()), 400)
	}
	assert.Equal(t, 2000, keys.asked)
}

func TestAdverse28_Verify_UnfitKeys(t *testing.T) {
	t.Parallel()
	h := signed(t, body)
	refused(t, sign.NewVerifier(nil, clock(signedAt)), h, body, sign.ErrUnknownKey)
	refused(t, sign.NewVerifier((*sign.Ring)(nil), clock(signedAt)), h, body, sign.ErrUnknownKey)
	refused(t, sign.NewVerifier(sign.Join(), clock(signedAt)), h, body, sign.ErrUnknownKey)
	// A key set of somebody else may hand out anything.
	for name, k := range map[string]*rsa.PublicKey{
		"nil": nil, "no modulus": {E: 3}, "zero": {N: new(big.Int), E: 65537}, "1024 bits": rsaPublic(1024, 65537),
		"exponent 0": rsaPublic(2048, 0), "exponent 1": rsaPublic(2048, 1), "negative exponent": rsaPublic(2048, -3),
	} {
		keys := &set{keys: map[string]*rsa.PublicKey{keyID: k}}
		refused(t, sign.NewVerifier(keys, clock(signedAt)), h, body, sign.ErrUnknownKey)
		assert.Equal(t, 1, keys.asked, name)
	}
	expired := platformCert(0xA1, &platformKey(t).PublicKey)
	expired.NotAfter = signedAt.Add(-time.Second)
	h.Set("Wechatpay-Serial", "A1")
	refused(t, sign.NewVerifier(ringOf(t, sign.Certificate(expired)), clock(signedAt)), h, body, sign.ErrUnknownKey)
}

func TestVerify_PassesOnKeySetErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("download failed")
	_, err := sign.NewVerifier(&set{err: down}, clock(signedAt)).Verify(context.Background(), signed(t, body), body)
	require.ErrorIs(t, err, down)
	for _, cause := range []error{sign.ErrUnsigned, sign.ErrProbe, sign.ErrStale, sign.ErrUnknownKey, sign.ErrMismatch} {
		require.NotErrorIs(t, err, cause)
	}
}

// Promise G4: the window, both ways.
func TestAdverse29_Window(t *testing.T) {
	t.Parallel()
	ring := ringOf(t, sign.PublicKey(keyID, &platformKey(t).PublicKey))
	h := signed(t, body)
	tests := []struct {
		offset time.Duration // of this machine's clock against the message
		ok     bool
	}{
		{0, true},
		{299 * time.Second, true},
		{-299 * time.Second, true},
		{300*time.Second - 1, true},
		{-300*time.Second + 1, true},
		{300 * time.Second, false},
		{-300 * time.Second, false},
		{301 * time.Second, false},
		{-301 * time.Second, false},
		{24 * time.Hour, false},
		{-365 * 24 * time.Hour, false},
		{1 << 62, false},
		{-1 << 62, false},
	}
	for _, tt := range tests {
		t.Run(tt.offset.String(), func(t *testing.T) {
			t.Parallel()
			v := sign.NewVerifier(ring, clock(signedAt.Add(tt.offset)))
			if tt.ok {
				accepted(t, v, h, body)
				return
			}
			err := refused(t, v, h, body, sign.ErrStale)
			assert.ErrorContains(t, err, "correct the clock")
			if tt.offset > 0 {
				assert.ErrorContains(t, err, "behind")
			} else {
				assert.ErrorContains(t, err, "ahead of")
			}
		})
	}
	refused(t, sign.NewVerifier(ring, nil), h, body, sign.ErrStale)
	refused(t, sign.NewVerifier(ring, func() time.Time { return time.Time{} }), h, body, sign.ErrStale)
}

// The signature over each of these is genuine, so only the time can refuse it.
func TestAdverse29_MalformedTime(t *testing.T) {
	t.Parallel()
	v := verifier(t)
	malformed := []string{
		"text", "1700000000000", "17000000000", "-1700000000", "+1700000000", "01700000000", "0001700000", "0", "00",
		"1700000000.0", "1.7e9", "1,700,000,000", "0x6553f100", "1700000000 ", " 1700000000", "1700_000_000", "1700000000s",
		"9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999999", "-1", "１７００００００００",
		"2023-11-14T22:13:20Z", "١٧٠٠٠٠٠٠٠٠",
	}
	for _, ts := range malformed {
		h := headers(ts, nonce, keyID, base64.StdEncoding.EncodeToString(signature(t, platformKey(t), ts, nonce, body)))
		refused(t, v, h, body, sign.ErrUnsigned)
	}
	for _, ts := range []string{"1", "170000000", "9999999999"} { // well-formed, and far away
		h := headers(ts, nonce, keyID, base64.StdEncoding.EncodeToString(signature(t, platformKey(t), ts, nonce, body)))
		refused(t, v, h, body, sign.ErrStale)
	}
}
