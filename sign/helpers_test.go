package sign_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/sign"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyID  = "PUB_KEY_ID_0114232134912410000000000000"
	nonce  = "c5ac7061fccab6bf3e254dcf98995b8c"
	serial = "5F1C72E2A8931B72A2E13AF8DEE92471EB397115"
)

// signedAt is the time of every message made here.
var signedAt = time.Unix(1700000000, 0)

func clock(at time.Time) func() time.Time { return func() time.Time { return at } }

func readPEM(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	require.NotNil(t, block, name)
	return block.Bytes
}

var (
	parsed  sync.Map // name to *rsa.PrivateKey
	keyLock sync.Mutex
)

// privateKey loads one of the published test keys, once.
func privateKey(t testing.TB, name string) *rsa.PrivateKey {
	t.Helper()
	if k, ok := parsed.Load(name); ok {
		return k.(*rsa.PrivateKey)
	}
	keyLock.Lock()
	defer keyLock.Unlock()
	k, err := x509.ParsePKCS8PrivateKey(readPEM(t, name))
	require.NoError(t, err)
	parsed.Store(name, k)
	return k.(*rsa.PrivateKey)
}

func platformKey(t testing.TB) *rsa.PrivateKey { return privateKey(t, "platform_java.pem") }

func certificate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(readPEM(t, name))
	require.NoError(t, err)
	return c
}

func publicKey(t testing.TB, name string) *rsa.PublicKey {
	t.Helper()
	k, err := x509.ParsePKIXPublicKey(readPEM(t, name))
	require.NoError(t, err)
	return k.(*rsa.PublicKey)
}

func merchant(t testing.TB) sign.Identity {
	return sign.Identity{MchID: "1900007291", Serial: serial, Key: privateKey(t, "merchant_java.pem")}
}

func ringOf(t testing.TB, keys ...sign.Key) *sign.Ring {
	t.Helper()
	r, err := sign.NewRing(keys[0], keys[1:]...)
	require.NoError(t, err)
	return r.WithClock(clock(signedAt))
}

// verifier knows the platform key as keyID and stands at signedAt.
func verifier(t testing.TB) *sign.Verifier {
	return sign.NewVerifier(ringOf(t, sign.PublicKey(keyID, &platformKey(t).PublicKey)), clock(signedAt))
}

// digest is what WeChat Pay signs, written out once more for the tests.
func digest(timestamp, nonce string, body []byte) []byte {
	sum := sha256.Sum256([]byte(timestamp + "\n" + nonce + "\n" + string(body) + "\n"))
	return sum[:]
}

func signature(t testing.TB, k *rsa.PrivateKey, timestamp, nonce string, body []byte) []byte {
	t.Helper()
	s, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest(timestamp, nonce, body))
	require.NoError(t, err)
	return s
}

// headers are those of a message with this signature text.
func headers(timestamp, nonce, id, signature string) http.Header {
	return http.Header{
		"Wechatpay-Timestamp": {timestamp},
		"Wechatpay-Nonce":     {nonce},
		"Wechatpay-Serial":    {id},
		"Wechatpay-Signature": {signature},
		"Request-Id":          {"08F3-0"},
		"Content-Type":        {"application/json"},
	}
}

// signed are the headers of a genuine message with this body, made at signedAt.
func signed(t testing.TB, body []byte) http.Header {
	t.Helper()
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	return headers(ts, nonce, keyID, base64.StdEncoding.EncodeToString(signature(t, platformKey(t), ts, nonce, body)))
}

// refused asserts that the message is refused for this cause.
func refused(t *testing.T, v *sign.Verifier, h http.Header, body []byte, cause error) error {
	t.Helper()
	got, err := v.Verify(context.Background(), h, body)
	require.ErrorIs(t, err, cause)
	require.False(t, got.OK())
	require.Nil(t, got.Body())
	return err
}

func accepted(t *testing.T, v *sign.Verifier, h http.Header, body []byte) sign.Verified {
	t.Helper()
	got, err := v.Verify(context.Background(), h, body)
	require.NoError(t, err)
	require.True(t, got.OK())
	return got
}
