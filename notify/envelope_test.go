package notify

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

// reference is the envelope as encoding/json reads it.
type reference struct {
	ID       string `json:"id"`
	Kind     string `json:"event_type"`
	Resource string `json:"resource_type"`
	Summary  string `json:"summary"`
	Inner    struct {
		Original   string `json:"original_type"`
		Algorithm  string `json:"algorithm"`
		Ciphertext string `json:"ciphertext"`
		Extra      string `json:"associated_data"`
		Nonce      string `json:"nonce"`
	} `json:"resource"`
}

func (r reference) complete() bool {
	return r.ID != "" && r.Kind != "" && r.Resource == resourceType && r.Inner.Algorithm != "" && r.Inner.Ciphertext != "" && r.Inner.Nonce != ""
}

// FuzzEnvelope: what the scanner accepts, encoding/json reads the same way, and
// what encoding/json reads as a whole envelope with unambiguous keys is accepted.
func FuzzEnvelope(f *testing.F) {
	body, err := os.ReadFile("testdata/s11_body.json")
	require.NoError(f, err)
	good := string(body)
	f.Add(good)
	f.Add(strings.ReplaceAll(good, "/", `\/`))
	f.Add(strings.Replace(good, `"id":`, `"new":{"a":[1,-0.5e1,null,true]},"\u0069d":`, 1))
	f.Add(strings.Replace(good, `支付成功`, `\u652f\ud83d\ude00`+"\xff", 1))
	f.Add(strings.Replace(good, `"associated_data":"transaction"`, `"associated_data":null`, 1))
	f.Add(`{"resource":{}}`)
	f.Add(`{"resource":null,"id":[]}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		e, err := parseEnvelope([]byte(body))
		var want reference
		wantErr := json.Unmarshal([]byte(body), &want)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			if wantErr == nil && want.complete() {
				require.True(t, errors.Is(err, wire.ErrDuplicate) || errors.Is(err, wire.ErrCase) || errors.Is(err, wire.ErrDepth) || errors.Is(err, wire.ErrShape), err)
			}
			return
		}
		require.NoError(t, wantErr)
		require.True(t, want.complete())
		require.Equal(t, want.ID, e.id)
		require.Equal(t, want.Kind, e.kind)
		require.Equal(t, want.Summary, e.summary)
		require.Equal(t, want.Inner.Original, e.original)
		require.Equal(t, want.Inner.Algorithm, e.algorithm)
		require.Equal(t, want.Inner.Extra, e.extra)
		require.Equal(t, want.Inner.Nonce, e.nonce)
		require.Equal(t, want.Inner.Ciphertext, string([]rune(string(e.ciphertext))), "each invalid byte replaced")
	})
}
