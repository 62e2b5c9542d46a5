package wechattest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The published vectors lie with the packages that are tested with them too; what
// is compared here is the simulator's own cryptography.
func vectors(t *testing.T, pkg string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", pkg, "testdata", "vectors.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, v))
}

func block(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "sign", "testdata", name))
	require.NoError(t, err)
	p, _ := pem.Decode(b)
	require.NotNil(t, p)
	return p.Bytes
}

func publicKeyOf(t *testing.T, name string) *rsa.PublicKey {
	t.Helper()
	any, err := x509.ParsePKIXPublicKey(block(t, name))
	require.NoError(t, err)
	return any.(*rsa.PublicKey)
}

func privateKeyOf(t *testing.T, name string) *rsa.PrivateKey {
	t.Helper()
	any, err := x509.ParsePKCS8PrivateKey(block(t, name))
	require.NoError(t, err)
	return any.(*rsa.PrivateKey)
}

type signVectors struct {
	Requests []struct {
		Name, Method, URL, Nonce, Body, Signature string
		Timestamp                                 int64
	}
	Lines []struct {
		Name, Key, Signature string
		Lines                []string
	}
	Answers []struct {
		Name, Nonce, Serial, Body, Signature string
		Timestamp                            int64
	}
}

// Vectors S1 to S5: what a merchant signs.
func TestVectorsOfMerchants(t *testing.T) {
	t.Parallel()
	var all signVectors
	vectors(t, "sign", &all)
	key := privateKeyOf(t, "merchant_document.pem")
	require.NotEmpty(t, all.Requests)
	for _, v := range all.Requests {
		lines := []string{v.Method, v.URL, strconv.FormatInt(v.Timestamp, 10), v.Nonce, v.Body}
		got, err := signLines(key, lines...)
		require.NoError(t, err)
		assert.Equal(t, v.Signature, got, v.Name)
		assert.True(t, verifyLines(&key.PublicKey, v.Signature, lines...), v.Name)
		assert.False(t, verifyLines(&key.PublicKey, v.Signature, append(lines, "")...), v.Name)
		assert.False(t, verifyLines(&key.PublicKey, v.Signature+"\n", lines...), v.Name)
		assert.False(t, verifyLines(&key.PublicKey, "!", lines...), v.Name)
	}
	for _, v := range all.Lines {
		assert.True(t, verifyLines(&key.PublicKey, v.Signature, v.Lines...), v.Name)
	}
}

// Vectors S7, S8 and S11: what WeChat Pay signs.
func TestVectorsOfThePlatform(t *testing.T) {
	t.Parallel()
	var all signVectors
	vectors(t, "sign", &all)
	require.NotEmpty(t, all.Answers)
	for _, v := range all.Answers {
		key := &privateKeyOf(t, "platform_java.pem").PublicKey
		if strings.HasPrefix(v.Serial, "PUB_KEY_ID_") {
			key = publicKeyOf(t, "platform_document_pub.pem")
		}
		stamp := strconv.FormatInt(v.Timestamp, 10)
		assert.True(t, verifyLines(key, v.Signature, stamp, v.Nonce, v.Body), v.Name)
		assert.False(t, verifyLines(key, v.Signature, stamp, v.Nonce, v.Body+"\n"), v.Name)
	}
}

// Vectors S9 to S13: what is encrypted.
func TestVectorsOfSealing(t *testing.T) {
	t.Parallel()
	var all struct {
		AEAD []struct {
			Name, Key, Nonce, Ciphertext, Plaintext string
			AssociatedData                          string `json:"associated_data"`
		}
		OAEP []struct{ Name, Key, Ciphertext, Plaintext string }
	}
	vectors(t, "seal", &all)
	require.NotEmpty(t, all.AEAD)
	require.NotEmpty(t, all.OAEP)
	for _, v := range all.AEAD {
		if v.Plaintext == "" {
			continue
		}
		got, err := sealGCM(v.Key, v.Nonce, v.AssociatedData, []byte(v.Plaintext))
		require.NoError(t, err)
		assert.Equal(t, v.Ciphertext, got.Ciphertext, v.Name)
	}
	for _, v := range all.OAEP {
		plain, err := openOAEP(privateKeyOf(t, v.Key), v.Ciphertext)
		require.NoError(t, err)
		assert.Equal(t, v.Plaintext, plain, v.Name)
	}
}

func TestSealingRefusesNonsense(t *testing.T) {
	t.Parallel()
	key := privateKeyOf(t, "merchant_java.pem")
	_, err := sealGCM("short", "0123456789ab", "", nil)
	require.Error(t, err)
	_, err = sealGCM(strings.Repeat("k", 32), "0123", "", nil)
	require.Error(t, err)
	_, err = openOAEP(key, "%%%")
	require.Error(t, err)
	_, err = openOAEP(key, "AAAA")
	require.Error(t, err)
	_, err = sealOAEP(&key.PublicKey, strings.Repeat("x", 215))
	require.Error(t, err)
	text, err := sealOAEP(&key.PublicKey, "张三")
	require.NoError(t, err)
	plain, err := openOAEP(key, text)
	require.NoError(t, err)
	assert.Equal(t, "张三", plain)
}

func TestPrivateKeysInTheJournal(t *testing.T) {
	t.Parallel()
	key := privateKey{privateKeyOf(t, "merchant_java.pem")}
	b, err := json.Marshal(key)
	require.NoError(t, err)
	var back privateKey
	require.NoError(t, json.Unmarshal(b, &back))
	assert.True(t, key.Equal(back.PrivateKey))
	for _, bad := range []string{`1`, `"AAAA"`, `"!"`} {
		assert.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
}

func TestReadTree(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, issue string }{
		{"empty", "", "is not JSON"},
		{"byte order mark", "\ufeff{}", "is not JSON"},
		{"two documents", `{}{}`, "goes on"},
		{"key twice", `{"a":1,"a":2}`, "twice"},
		{"cut", `{"a":[1,`, "is not JSON"},
		{"cut in a key", `{"a`, "is not JSON"},
		{"cut after a value", `{"a":1`, "is not JSON"},
		{"cut array", `[1`, "is not JSON"},
		{"not UTF-8", "{\"a\":\"\xff\"}", "UTF-8"},
		{"deep", strings.Repeat("[", 30) + strings.Repeat("]", 30), "deeply"},
		{"bad array", `[1 2]`, "is not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readTree([]byte(tt.body))
			assert.ErrorContains(t, err, tt.issue)
		})
	}
	v, err := readTree([]byte(`{"b":[1,{"c":null}],"a":"x"}`))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"b": []any{json.Number("1"), map[string]any{"c": nil}}, "a": "x"}, v)
}
