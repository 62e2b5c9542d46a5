package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

const iv = "fdasflkja484"

// sealed is what WeChat Pay would send, as base64 text.
func sealed(t testing.TB, key, nonce, data string, plain []byte) string {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte(data)))
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// The 256-bit cases with a 96-bit nonce of the GCM specification (test cases 13 to
// 16).
func TestGCM_Specification(t *testing.T) {
	t.Parallel()
	const (
		key   = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
		plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
		text  = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	)
	zero := strings.Repeat("0", 64)
	tests := []struct{ name, key, nonce, data, plain, text string }{
		{"13", zero, zero[:24], "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
		{"14", zero, zero[:24], "", zero[:32], "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919"},
		{"15", key, "cafebabefacedbaddecaf888", "", plain, text + "b094dac5d93471bdec1a502270e3cc6c"},
		{"16", key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", plain[:120], text[:120] + "76fc6ece0f4e1768cddf8853bb2d551b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAEAD(t, string(unhex(t, tt.key)))
			got, err := a.Open(string(unhex(t, tt.nonce)), string(unhex(t, tt.data)), []byte(base64.StdEncoding.EncodeToString(unhex(t, tt.text))))
			require.NoError(t, err)
			assert.Equal(t, tt.plain, hex.EncodeToString(got))
		})
	}
}

// Promise G2: public collections of AES-256-GCM tests, made again here: lengths
// around every block border, extreme nonces, and every part spoilt.
func TestGCM_MadeAgain(t *testing.T) {
	t.Parallel()
	a, other := newAEAD(t, apiKey), newAEAD(t, strings.Repeat("k", 32))
	good, bad := 0, 0
	for _, nonce := range []string{iv, strings.Repeat("\x00", 12), strings.Repeat("\xff", 12)} {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 1000} {
			data := strings.Repeat("d", n%37)
			plain := bytes.Repeat([]byte{byte(n), 0xff, 0}, n)[:n]
			got, err := a.Open(nonce, data, []byte(sealed(t, apiKey, nonce, data, plain)))
			require.NoError(t, err, "%d bytes", n)
			assert.True(t, bytes.Equal(plain, got), "%d bytes", n)
			good++
		}
	}
	for _, n := range []int{0, 1, 16, 100} {
		plain := bytes.Repeat([]byte("p"), n)
		raw, err := base64.StdEncoding.DecodeString(sealed(t, apiKey, iv, "transaction", plain))
		require.NoError(t, err)
		for bit := range 8 * len(raw) {
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			failsToOpen(t, a, iv, "transaction", changed, "%d bytes, bit %d", n, bit)
			bad++
		}
		for cut := range raw {
			failsToOpen(t, a, iv, "transaction", raw[:cut], "%d bytes, cut at %d", n, cut)
			failsToOpen(t, a, iv, "transaction", raw[cut+1:], "%d bytes, from %d", n, cut)
			bad += 2
		}
		failsToOpen(t, a, iv, "transaction", append(bytes.Clone(raw), 0), "byte behind")
		failsToOpen(t, a, iv, "transaction", append([]byte{0}, raw...), "byte in front")
		failsToOpen(t, a, iv, "transaction", append(bytes.Clone(raw[:n]), make([]byte, 16)...), "tag of zeros")
		failsToOpen(t, a, iv, "transaction", append(bytes.Clone(raw[:n]), bytes.Repeat([]byte{0xff}, 16)...), "tag of ones")
		failsToOpen(t, a, iv, "transaction", append(bytes.Clone(raw[n:]), append(raw[:n:n], 'x')...), "tag in front")
		failsToOpen(t, other, iv, "transaction", raw, "another key")
		bad += 6
		for _, data := range []string{"", "transactioN", "transaction ", "transactio", "refund", "\x00"} {
			failsToOpen(t, a, iv, data, raw, "data %q", data)
			bad++
		}
		for i := range 12 {
			nonce := []byte(iv)
			nonce[i] ^= 1
			failsToOpen(t, a, string(nonce), "transaction", raw, "nonce byte %d", i)
			bad++
		}
	}
	assert.GreaterOrEqual(t, good, 60)
	assert.GreaterOrEqual(t, bad, 60)
	t.Logf("%d good, %d bad", good, bad)
}

func failsToOpen(t *testing.T, a *seal.AEAD, nonce, data string, raw []byte, format string, args ...any) {
	t.Helper()
	got, err := a.Open(nonce, data, []byte(base64.StdEncoding.EncodeToString(raw)))
	require.ErrorIs(t, err, seal.ErrOpen, fmt.Sprintf(format, args...))
	require.Nil(t, got)
}

func TestAdverse30_NonceSizes(t *testing.T) {
	t.Parallel()
	a := newAEAD(t, apiKey)
	text := sealed(t, apiKey, iv, "", []byte("{}"))
	wrong := 0
	for n := range 65 {
		nonce := strings.Repeat(iv, 6)[:n]
		if n == 12 {
			_, err := a.Open(nonce, "", []byte(text))
			require.NoError(t, err)
			continue
		}
		require.NotPanics(t, func() {
			_, err := a.Open(nonce, "", []byte(text))
			require.ErrorIs(t, err, seal.ErrOpen)
			require.ErrorContains(t, err, fmt.Sprintf("this one has %d", n))
		})
		wrong++
	}
	assert.Equal(t, 64, wrong)
}

func TestAdverse30_KeyLengths(t *testing.T) {
	t.Parallel()
	for n := range 65 {
		a, err := seal.NewAEAD(seal.NewKey(strings.Repeat("k", n)))
		if n == 32 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, seal.ErrKey)
		require.ErrorContains(t, err, fmt.Sprintf("this one has %d", n))
		require.NotContains(t, err.Error(), "kkk")
		require.Nil(t, a)
	}
	_, err := seal.NewAEAD(seal.Key{})
	require.ErrorIs(t, err, seal.ErrKey)
	for _, a := range []*seal.AEAD{nil, {}} {
		_, err = a.Open(iv, "", []byte("x"))
		require.ErrorIs(t, err, seal.ErrKey)
	}
}

func TestAdverse30_Ciphertext(t *testing.T) {
	t.Parallel()
	a := newAEAD(t, apiKey)
	good := sealed(t, apiKey, iv, "", []byte("{}")) // 18 bytes, no padding
	padded := sealed(t, apiKey, iv, "", []byte("{}\n"))
	tests := map[string]string{
		"empty":             "",
		"15 bytes":          base64.StdEncoding.EncodeToString(make([]byte, 15)),
		"only padding":      "====",
		"not base64":        "微信支付微信支付微信支付",
		"newline":           good[:8] + "\n" + good[8:],
		"CRLF at the end":   good + "\r\n",
		"CR inside":         good[:8] + "\r" + good[8:],
		"CR at the end":     good + "\r",
		"blank":             good + " ",
		"URL alphabet":      strings.Repeat("-_", 12),
		"padding missing":   strings.TrimRight(padded, "="),
		"padding too long":  padded + "=",
		"spare bits":        spareBits(padded),
		"something behind":  good + "!",
		"another behind":    good + good,
		"NUL":               good + "\x00",
		"hexadecimal":       hex.EncodeToString([]byte(good)),
		"plain JSON":        `{"mchid":"1900000001"}`,
		"one letter":        "A",
		"16 bytes of zeros": base64.StdEncoding.EncodeToString(make([]byte, 16)),
	}
	for name, text := range tests {
		got, err := a.Open(iv, "", []byte(text))
		require.ErrorIs(t, err, seal.ErrOpen, name)
		require.Nil(t, got, name)
	}
	for _, n := range []int{0, 3, 15} {
		_, err := a.Open(iv, "", []byte(base64.StdEncoding.EncodeToString(make([]byte, n))))
		require.ErrorIs(t, err, seal.ErrOpen)
		require.ErrorContains(t, err, fmt.Sprintf("has %d bytes, fewer than its 16-byte tag", n))
	}
}

// spareBits sets a bit of the last letter that stands for nothing.
func spareBits(text string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := len(strings.TrimRight(text, "=")) - 1
	last := strings.IndexByte(letters, text[i])
	return text[:i] + letters[last^1:last^1+1] + text[i+1:]
}

func TestAEAD_OpensInPlace(t *testing.T) {
	t.Parallel()
	a := newAEAD(t, apiKey)
	for n := range 600 {
		plain := bytes.Repeat([]byte("微信0123456789"), 64)[:n]
		text := []byte(sealed(t, apiKey, iv, "x", plain))
		got, err := a.Open(iv, "x", text)
		require.NoError(t, err, n)
		require.True(t, bytes.Equal(plain, got), n)
		if n > 0 {
			require.Same(t, &text[0], &got[0], "the result lies in the ciphertext's memory")
		}
	}
}

func TestAEAD_ConcurrentUse(t *testing.T) {
	t.Parallel()
	a := newAEAD(t, apiKey)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			want := bytes.Repeat([]byte{byte(i)}, 300)
			text := sealed(t, apiKey, iv, "x", want)
			for range 50 {
				got, err := a.Open(iv, "x", []byte(text))
				if assert.NoError(t, err) {
					assert.True(t, bytes.Equal(want, got))
				}
			}
		})
	}
	wg.Wait()
}

func TestAEAD_Allocations(t *testing.T) {
	a := newAEAD(t, apiKey)
	text := []byte(sealed(t, apiKey, iv, "transaction", bytes.Repeat([]byte("x"), 2000)))
	scratch := make([]byte, len(text))
	n := testing.AllocsPerRun(100, func() {
		copy(scratch, text)
		_, _ = a.Open(iv, "transaction", scratch)
	})
	assert.LessOrEqual(t, n, 1.0)
}

func BenchmarkAEADOpen(b *testing.B) {
	plain := bytes.Repeat([]byte("x"), 600)
	text := []byte(sealed(b, apiKey, iv, "transaction", plain))
	scratch := make([]byte, len(text))
	b.Run("raw", func(b *testing.B) {
		block, _ := aes.NewCipher([]byte(apiKey))
		gcm, _ := cipher.NewGCM(block)
		b.ReportAllocs()
		for b.Loop() {
			n, _ := base64.StdEncoding.Decode(scratch, text)
			if _, err := gcm.Open(scratch[:0], []byte(iv), scratch[:n], []byte("transaction")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("seal", func(b *testing.B) {
		a := newAEAD(b, apiKey)
		b.ReportAllocs()
		for b.Loop() {
			copy(scratch, text)
			if _, err := a.Open(iv, "transaction", scratch); err != nil {
				b.Fatal(err)
			}
		}
	})
}
