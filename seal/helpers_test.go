package seal_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// apiKey is a published test key.
const apiKey = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"

var loadKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	data, err := os.ReadFile("testdata/merchant_java.pem")
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return k.(*rsa.PrivateKey), nil
})

// privateKey is a published test key of 2048 bits.
func privateKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := loadKey()
	require.NoError(t, err)
	return k
}

func newAEAD(t testing.TB, key string) *seal.AEAD {
	t.Helper()
	a, err := seal.NewAEAD(seal.NewKey(key))
	require.NoError(t, err)
	return a
}

// received is the Secret that arrives as this JSON text.
func received(t testing.TB, text string) (s seal.Secret) {
	t.Helper()
	data, err := json.Marshal(text)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &s))
	return s
}

func reveal(t testing.TB, s seal.Secret) string {
	t.Helper()
	text, err := s.Reveal()
	require.NoError(t, err)
	return text
}

// opened marshals v, reads it back into a new T as the receiver would, and opens
// what is sealed in it.
func opened[T any](t testing.TB, v any) *T {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	out := new(T)
	require.NoError(t, json.Unmarshal(data, out))
	seal.Open(out, privateKey(t))
	return out
}
