package seal_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// example is testdata/serverapi.json.
type example struct{ AppID, Address, Key, Serial, Timestamp, Body, Plain string }

func loadExample(t testing.TB) (v example, aad string, envelopes *seal.Envelopes, body seal.Envelope) {
	t.Helper()
	data, err := os.ReadFile("testdata/serverapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &v))
	envelopes, err = seal.NewEnvelopes(seal.NewKey(v.Key))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(v.Body), &body))
	return v, v.Address + "|" + v.AppID + "|" + v.Timestamp + "|" + v.Serial, envelopes, body
}

func TestVector_ServerAPIEnvelope(t *testing.T) {
	t.Parallel()
	v, aad, e, body := loadExample(t)
	assert.Equal(t, "https://api.weixin.qq.com/wxa/getuserriskrank|wxba6223c06417af7b|1635927954|fa05fe1e5bcc79b81ad5ad4b58acf787", aad)
	plain, err := e.Open(aad, body)
	require.NoError(t, err)
	assert.Equal(t, v.Plain, string(plain))

	iv, err := base64.StdEncoding.DecodeString(body.IV)
	require.NoError(t, err)
	assert.Equal(t, body, e.SealWith(iv, aad, plain), "the same IV gives the same envelope")
	text, err := json.Marshal(e.SealWith(iv, aad, plain))
	require.NoError(t, err)
	assert.Equal(t, v.Body, string(text))

	for _, plain := range []string{"", "{}", v.Plain} {
		one, two := e.Seal("a|b", []byte(plain)), e.Seal("a|b", []byte(plain))
		assert.NotEqual(t, one.IV, two.IV, "an IV is used once")
		got, err := e.Open("a|b", one)
		require.NoError(t, err)
		assert.Equal(t, plain, string(got))
		_, err = e.Open("a|c", one)
		require.ErrorIs(t, err, seal.ErrOpen)
	}
}

// Every change of one bit of IV, data, tag or associated data is refused.
func TestEnvelope_NoBitMayChange(t *testing.T) {
	t.Parallel()
	_, aad, e, good := loadExample(t)
	tried := 0
	flip := func(text *string, open func() error) {
		whole := *text
		for i := range len(whole) {
			for bit := range 8 {
				b := []byte(whole)
				b[i] ^= 1 << bit
				*text = string(b)
				tried++
				require.ErrorIs(t, open(), seal.ErrOpen, *text)
			}
		}
		*text = whole
	}
	open := func() error { _, err := e.Open(aad, good); return err }
	for _, part := range []*string{&good.IV, &good.Data, &good.Tag, &aad} {
		flip(part, open)
	}
	require.NoError(t, open())
	assert.Greater(t, tried, 3000)
}

func TestEnvelope_Malformed(t *testing.T) {
	t.Parallel()
	_, aad, e, good := loadExample(t)
	for name, change := range map[string]func(*seal.Envelope){
		"empty":       func(in *seal.Envelope) { *in = seal.Envelope{} },
		"short IV":    func(in *seal.Envelope) { in.IV = "AAAA" },
		"long IV":     func(in *seal.Envelope) { in.IV += "AAAA" },
		"short tag":   func(in *seal.Envelope) { in.Tag = in.IV },
		"no data":     func(in *seal.Envelope) { in.Data = "" },
		"line break":  func(in *seal.Envelope) { in.Data = in.Data[:4] + "\n" + in.Data[4:] },
		"URL letters": func(in *seal.Envelope) { in.Data = strings.ReplaceAll(in.Data, "/", "_") },
	} {
		in := good
		change(&in)
		_, err := e.Open(aad, in)
		require.ErrorIs(t, err, seal.ErrOpen, name)
	}
	for name, key := range map[string]string{"empty": "", "raw": strings.Repeat("k", 32), "SM4": "AAAAAAAAAAAAAAAAAAAAAA==", "33 bytes": base64.StdEncoding.EncodeToString(make([]byte, 33)), "no base64": "!!!!"} {
		_, err := seal.NewEnvelopes(seal.NewKey(key))
		require.ErrorIs(t, err, seal.ErrKey, name)
		if key != "" {
			assert.NotContains(t, err.Error(), key, name)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	_, aad, e, good := loadExample(f)
	f.Add(good.IV, good.Data, good.Tag)
	f.Add("", "", "")
	f.Add(good.Tag, good.IV, good.Data)
	f.Fuzz(func(t *testing.T, iv, data, tag string) {
		in := seal.Envelope{IV: iv, Data: data, Tag: tag}
		if _, err := e.Open(aad, in); err == nil && in != good {
			t.Fatalf("opened %+v", in)
		}
	})
}
