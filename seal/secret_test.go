package seal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

func TestSecret_States(t *testing.T) {
	t.Parallel()
	var zero seal.Secret
	assert.True(t, zero.IsZero())
	assert.True(t, seal.Plain("").IsZero())
	assert.Empty(t, reveal(t, zero))

	s := seal.Plain("张三")
	assert.False(t, s.IsZero())
	assert.Equal(t, "张三", reveal(t, s))

	r := received(t, "Q0lQSEVS")
	assert.False(t, r.IsZero())
	text, err := r.Reveal()
	require.ErrorIs(t, err, seal.ErrSealed)
	assert.Empty(t, text)
}

func TestSecret_JSON(t *testing.T) {
	t.Parallel()
	cipher, err := seal.Encrypt(&privateKey(t).PublicKey, "张三")
	require.NoError(t, err)
	tests := []struct{ name, in, out string }{
		{"ciphertext", `"` + cipher + `"`, `"` + cipher + `"`},
		{"escaped ciphertext", `"` + strings.ReplaceAll(cipher, "/", `\/`) + `"`, `"` + cipher + `"`},
		{"empty", `""`, `""`},
		{"null", `null`, `""`},
		{"plain text in its place", `"13800000000"`, `"***"`},
		{"long plain text", `"` + strings.Repeat("名", 200) + `"`, `"***"`},
		{"broken lines", `"` + cipher[:64] + `\n` + cipher[64:] + `"`, `"***"`},
		{"short base64", `"Q0lQSEVS"`, `"***"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s seal.Secret
			require.NoError(t, json.Unmarshal([]byte(tt.in), &s))
			data, err := json.Marshal(s)
			require.NoError(t, err)
			assert.Equal(t, tt.out, string(data))
		})
	}
	data, err := json.Marshal(seal.Plain("张三"))
	require.NoError(t, err)
	assert.Equal(t, `"***"`, string(data), "never plain")
	text, err := seal.Plain("张三").MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "***", string(text))
}

func TestSecret_UnmarshalRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`1`, `true`, `{"canary":1}`, `["canary"]`, `"canary`, ``, `canary`, "\"\x01canary\""} {
		s := seal.Plain("before")
		err := s.UnmarshalJSON([]byte(in))
		require.Error(t, err, in)
		assert.NotContains(t, err.Error(), "canary")
		assert.Equal(t, "before", reveal(t, s), "unchanged")
		var v struct{ S seal.Secret }
		require.Error(t, json.Unmarshal([]byte(`{"S":`+in+`}`), &v))
	}
}

func TestSecret_OmitZero(t *testing.T) {
	t.Parallel()
	type payer struct {
		Name seal.Secret `json:"name,omitzero"`
		ID   seal.Secret `json:"id"`
	}
	data, err := json.Marshal(payer{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":""}`, string(data))
	var p payer
	require.NoError(t, json.Unmarshal([]byte(`{"name":"x","id":null}`), &p))
	assert.False(t, p.Name.IsZero())
	assert.True(t, p.ID.IsZero())
	require.NoError(t, json.Unmarshal([]byte(`{"name":""}`), &p))
	assert.True(t, p.Name.IsZero(), "a second answer replaces the first")
}
