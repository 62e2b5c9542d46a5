package seal_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// vectors is testdata/vectors.json; each entry names its source there.
type vectors struct {
	AEAD []struct {
		Name, Key, Nonce, Ciphertext, Plaintext, SHA256 string
		AssociatedData                                  string `json:"associated_data"`
		Length                                          int
	}
	OAEP []struct{ Name, Ciphertext, Plaintext string }
}

func loadVectors(t *testing.T) (v vectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}

func TestVectors_S9toS12_AEAD(t *testing.T) {
	t.Parallel()
	all := loadVectors(t).AEAD
	require.Len(t, all, 4)
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			a := newAEAD(t, v.Key)
			plain, err := a.Open(v.Nonce, v.AssociatedData, []byte(v.Ciphertext))
			require.NoError(t, err)
			if v.SHA256 == "" {
				assert.Equal(t, v.Plaintext, string(plain))
			} else {
				sum := sha256.Sum256(plain)
				assert.Equal(t, v.SHA256, hex.EncodeToString(sum[:]))
				assert.Len(t, plain, v.Length)
				assertTenpayCertificate(t, plain)
			}
			_, err = a.Open(v.Nonce, v.AssociatedData+"x", []byte(v.Ciphertext))
			require.ErrorIs(t, err, seal.ErrOpen)
		})
	}
}

func assertTenpayCertificate(t *testing.T, text []byte) {
	t.Helper()
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	c, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.Equal(t, "Tenpay.com sign", c.Subject.CommonName)
	assert.Equal(t, "5dea10ef55877e3cf6c33255c2e7defff7e427ec", hex.EncodeToString(c.SerialNumber.Bytes()))
}

func TestVectors_S13_Decrypt(t *testing.T) {
	t.Parallel()
	all := loadVectors(t).OAEP
	require.Len(t, all, 1)
	for _, v := range all {
		got, err := seal.Decrypt(privateKey(t), v.Ciphertext)
		require.NoError(t, err)
		assert.Equal(t, v.Plaintext, got, v.Name)
	}
}
