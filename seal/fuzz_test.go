package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wxcommerce/wechat/seal"
)

// FuzzAEADOpen opens whatever a notice may carry; only what was sealed with our key
// comes out, and only as it went in.
func FuzzAEADOpen(f *testing.F) {
	a := newAEAD(f, apiKey)
	plain := []byte(`{"mchid":"1900000001"}`)
	text := sealed(f, apiKey, iv, "transaction", plain)
	f.Add(iv, "transaction", []byte(text))
	f.Add(iv, "", []byte(text))
	f.Add("", "transaction", []byte(text))
	f.Add(iv+"x", "transaction", []byte(text))
	f.Add(iv, "transaction", []byte(text+"\n"))
	f.Add(iv, "transaction", []byte("===="))
	f.Add(iv, "", []byte(base64.StdEncoding.EncodeToString(make([]byte, 16))))
	f.Add("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\xff", []byte{})
	f.Fuzz(func(t *testing.T, nonce, data string, in []byte) {
		got, err := a.Open(nonce, data, bytes.Clone(in))
		switch {
		case err == nil && (nonce != iv || data != "transaction" || string(in) != text || !bytes.Equal(got, plain)):
			t.Fatalf("opened what was not sealed: %q %q %q", nonce, data, in)
		case err != nil && (got != nil || !errors.Is(err, seal.ErrOpen) || len(err.Error()) > 300):
			t.Fatalf("bad refusal: %v", err)
		}
	})
}

// FuzzDecrypt decrypts whatever a field may carry.
func FuzzDecrypt(f *testing.F) {
	k := privateKey(f)
	text := public(k, oaep{}.encode([]byte("the message")))
	f.Add(text)
	f.Add(text[:343])
	f.Add(text[:342] + "=\n")
	f.Add(spareBits(text))
	f.Add("")
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 256)))
	f.Add(base64.StdEncoding.EncodeToString(k.N.Bytes()))
	f.Add(strings.Repeat("-_", 172))
	f.Fuzz(func(t *testing.T, in string) {
		got, err := seal.Decrypt(k, in)
		switch {
		case err == nil && in == text && got != "the message":
			t.Fatal("opened wrongly")
		case err == nil && in != text:
			// Anybody can encrypt with the public key, but not by chance.
			if raw, _ := base64.StdEncoding.Strict().DecodeString(in); len(raw) != 256 {
				t.Fatalf("opened %q", in)
			}
		case err != nil && (in == text || got != "" || !errors.Is(err, seal.ErrOpen)):
			t.Fatalf("bad refusal: %v", err)
		}
	})
}

// FuzzSecretJSON reads and writes a Secret as it may arrive; a plain text never
// comes out again.
func FuzzSecretJSON(f *testing.F) {
	cipher := public(privateKey(f), oaep{}.encode([]byte("the message")))
	for _, seed := range []string{`"` + cipher + `"`, `"13800000000"`, `""`, `null`, ` null`, `"\u0000"`, `1e9`, `{"a":"b"}`, `["x"]`, `"\ud800"`, `"<&>"`, `"\/"`, "\"\xff\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s seal.Secret
		if s.UnmarshalJSON(in) != nil {
			if !s.IsZero() {
				t.Fatal("changed by a failure")
			}
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var text, again string
		if json.Unmarshal(in, &text) != nil || json.Unmarshal(out, &again) != nil {
			t.Fatalf("%q became %q, which is no JSON string", in, out)
		}
		if (text == "") != s.IsZero() || again != "" && again != "***" && (again != text || len(again) < 344) {
			t.Fatalf("%q became %q", in, out)
		}
		if shown := fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s); shown != "*** *** *** *** *** ***" {
			t.Fatal(shown)
		}
		var whole struct{ S seal.Secret }
		if err := json.Unmarshal([]byte(`{"S":`+string(in)+`}`), &whole); err != nil || whole.S.IsZero() != s.IsZero() {
			t.Fatalf("%q reads differently inside an object: %v", in, err)
		}
	})
}
