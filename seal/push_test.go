package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// pushVectors are samples of official documents and tools; the keys protect nothing.
var pushVectors = []struct {
	name, key, appID, random, message, text string
}{
	{"V4", strings.Repeat("A", 43), "wxba5fad812f8e6fb9", "a8eedb185eb2fecf",
		`{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}`,
		"+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="},
	{"V5", strings.Repeat("A", 43), "wxba5fad812f8e6fb9", "707722b803182950", `{"demo_resp":"good luck"}`,
		"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="},
	{"V6", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6", "aaaabbbbccccdddd", "我是中文abcd123",
		"jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="},
	{"V7", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7", "", "1616140317555161061",
		"P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="},
	{"V8", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2", "", "",
		"hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="},
}

func newPush(t testing.TB, key, appID string) *seal.Push {
	t.Helper()
	p, err := seal.NewPush(seal.NewKey(key), appID)
	require.NoError(t, err)
	return p
}

func TestPushVectors(t *testing.T) {
	t.Parallel()
	for _, v := range pushVectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			p := newPush(t, v.key, v.appID)
			got, err := p.Open(v.text)
			require.NoError(t, err)
			if v.message == "" {
				assert.Len(t, got, 280)
				assert.Contains(t, string(got), "<MsgId>6054768590064713728</MsgId>")
			} else {
				assert.Equal(t, v.message, string(got))
			}
			if v.random != "" {
				text, err := p.Seal([]byte(v.message), strings.NewReader(v.random))
				require.NoError(t, err)
				assert.Equal(t, v.text, string(text))
			}
			_, err = newPush(t, v.key, "wx0000000000000000").Open(v.text)
			require.Equal(t, seal.ErrOpen, err, "another app's")
		})
	}
}

func TestPushOpensWhatItSeals(t *testing.T) {
	t.Parallel()
	p := newPush(t, pushVectors[2].key, "wx0000000000000001")
	seen := map[string]bool{}
	for size := range 100 {
		message := bytes.Repeat([]byte{'x'}, size)
		text, err := p.Seal(message, nil)
		require.NoError(t, err)
		raw, err := base64.StdEncoding.DecodeString(string(text))
		require.NoError(t, err)
		assert.Zero(t, len(raw)%32)
		got, err := p.Open(string(text))
		require.NoError(t, err)
		assert.Equal(t, message, append([]byte{}, got...))
		again, err := p.Seal(message, nil)
		require.NoError(t, err)
		assert.NotEqual(t, text, again, "fresh random bytes")
		assert.False(t, seen[string(again[:16])])
		seen[string(again[:16])] = true
	}
	_, err := p.Seal(nil, strings.NewReader("too short"))
	require.ErrorContains(t, err, "no random bytes")
}

func TestPushKeys(t *testing.T) {
	t.Parallel()
	good := pushVectors[2].key
	tests := []struct {
		name, key, appID, says string
	}{
		{"good", good, "wx1", ""},
		{"spare bits", pushVectors[3].key, "wx1", ""},
		{"none", "", "wx1", "has 0"},
		{"42 characters", good[1:], "wx1", "has 42"},
		{"with its equals sign", good + "=", "wx1", "has 44"},
		{"a plus", "+" + good[1:], "wx1", "letters and digits"},
		{"a line break", "\n" + good[1:], "wx1", "letters and digits"},
		{"no app", good, "", "app id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.NewPush(seal.NewKey(tt.key), tt.appID)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, seal.ErrKey)
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), good[5:20])
		})
	}
}

// cbc encrypts what stands between the padding and the signature as it is.
func cbc(t testing.TB, plain []byte) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(pushVectors[2].key + "=")
	require.NoError(t, err)
	block, err := aes.NewCipher(raw)
	require.NoError(t, err)
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, raw[:16]).CryptBlocks(out, plain)
	return base64.StdEncoding.EncodeToString(out)
}

// framed is a message with a length and a padding of the caller's choice.
func framed(length uint32, body string, pad ...byte) []byte {
	out := binary.BigEndian.AppendUint32(bytes.Repeat([]byte{'r'}, 16), length)
	return append(append(out, body...), pad...)
}

func repeat(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

func TestAdverse34_Padding(t *testing.T) {
	t.Parallel()
	p := newPush(t, pushVectors[2].key, "wx1")
	good := framed(1, "mwx1", repeat(8, 8)...)
	got, err := p.Open(cbc(t, good))
	require.NoError(t, err)
	require.Equal(t, "m", string(got))
	tests := []struct {
		name  string
		plain []byte
	}{
		{"zero", framed(1, "mwx1", append(repeat(8, 7), 0)...)},
		{"over 32", framed(1, "mwx1", repeat(40, 40)...)},
		{"33", append(framed(1, "mwx1", repeat(0, 7)...), repeat(33, 33)...)},
		{"uneven", framed(1, "mwx1", append([]byte{7}, repeat(8, 7)...)...)},
		{"longer than the text", repeat(32, 16)},
		{"nothing but padding", repeat(32, 32)},
		{"no room for a length", append(repeat('r', 19), repeat(13, 13)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Open(cbc(t, tt.plain[:len(tt.plain)/16*16]))
			require.Equal(t, seal.ErrOpen, err)
		})
	}
	full := framed(9, "123456789wx1", repeat(32, 32)...) // aligned already, so a block of padding
	got, err = p.Open(cbc(t, full))
	require.NoError(t, err)
	assert.Equal(t, "123456789", string(got))
	for name, text := range map[string]string{
		"empty": "", "half a block": base64.StdEncoding.EncodeToString(repeat(1, 24)), "one byte": "AA==", "no base64": "****",
		"url alphabet": strings.NewReplacer("+", "-", "/", "_").Replace(pushVectors[0].text), "no padding": strings.TrimRight(pushVectors[1].text, "="),
		"line break": pushVectors[1].text[:20] + "\n" + pushVectors[1].text[20:], "blank": " " + pushVectors[1].text,
	} {
		_, err := newPush(t, pushVectors[0].key, pushVectors[0].appID).Open(text)
		require.Equal(t, seal.ErrOpen, err, name)
	}
}

func TestAdverse35_LengthAndApp(t *testing.T) {
	t.Parallel()
	p := newPush(t, pushVectors[2].key, "wx1")
	tests := []struct {
		name  string
		plain []byte
	}{
		{"one too many", framed(5, "mwx1", repeat(8, 8)...)},
		{"all of it", framed(4, "mwx1", repeat(8, 8)...)},
		{"wraps 32 bits", framed(0xFFFFFFFF, "mwx1", repeat(8, 8)...)},
		{"wraps with the head", framed(0xFFFFFFEC, "mwx1", repeat(8, 8)...)},
		{"one too few", framed(0, "mwx1", repeat(8, 8)...)},
		{"another app", framed(1, "mwx2", repeat(8, 8)...)},
		{"a longer app", framed(1, "mwx12", repeat(7, 7)...)},
		{"a shorter app", framed(1, "mwx", repeat(9, 9)...)},
		{"no app", framed(1, "m", repeat(11, 11)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Open(cbc(t, tt.plain))
			require.Equal(t, seal.ErrOpen, err)
		})
	}
}

func FuzzPushOpen(f *testing.F) {
	p, err := seal.NewPush(seal.NewKey(pushVectors[2].key), "wx1")
	require.NoError(f, err)
	for _, v := range pushVectors {
		f.Add(v.text)
	}
	f.Add(cbc(f, framed(1, "mwx1", repeat(8, 8)...)))
	f.Add(cbc(f, framed(9, "mwx1", repeat(8, 8)...)))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := p.Open(text)
		if err != nil {
			if !errors.Is(err, seal.ErrOpen) {
				t.Fatal(err)
			}
			return
		}
		again, err := p.Seal(got, rand.Reader)
		require.NoError(t, err)
		back, err := p.Open(string(again))
		require.NoError(t, err)
		assert.Equal(t, got, back)
	})
}
