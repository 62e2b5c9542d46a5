package pay_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// stubbed is a key whose RSA costs nothing, so that the rest shows.
type stubbed struct {
	public    *rsa.PublicKey
	signature []byte
}

func (s *stubbed) Public() crypto.PublicKey { return s.public }

func (s *stubbed) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return s.signature, nil }

func stubbedService(tb testing.TB) (*pay.Service, *stubbed) {
	tb.Helper()
	key, err := testKey()
	require.NoError(tb, err)
	own, err := ownKey()
	require.NoError(tb, err)
	stub := &stubbed{&own.PublicKey, make([]byte, 256)}
	ring, err := sign.NewRing(sign.PublicKey(testKeyID, &key.PublicKey))
	require.NoError(tb, err)
	m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: "1900000001", Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", Key: stub,
		APIv3Key: seal.NewKey(testV3Key), Platform: ring})
	require.NoError(tb, err)
	return pay.New(m, "wxd678efh567hg6787"), stub
}

const benchPrepayID = "wx201410272009395522657a690389285100"

var benchSink *pay.JSAPIParams

// BenchmarkJSAPIParams is P6: page parameters, beside the same job written by
// hand, with RSA replaced by a constant.
func BenchmarkJSAPIParams(b *testing.B) {
	s, stub := stubbedService(b)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := s.JSAPIParams(benchPrepayID)
			if err != nil {
				b.Fatal(err)
			}
			benchSink = p
		}
	})
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchSink = rawParams(b, stub)
		}
	})
}

func rawParams(b *testing.B, k crypto.Signer) *pay.JSAPIParams {
	at, nonce, pkg := strconv.FormatInt(time.Now().Unix(), 10), rand.Text(), "prepay_id="+benchPrepayID
	var space [512]byte
	message := append(append(space[:0], "wxd678efh567hg6787\n"...), at...)
	message = append(append(append(message, '\n'), nonce...), '\n')
	message = append(append(message, pkg...), '\n')
	sum := sha256.Sum256(message)
	signature, err := k.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	return &pay.JSAPIParams{AppID: "wxd678efh567hg6787", TimeStamp: at, NonceStr: nonce, Package: pkg, SignType: "RSA",
		PaySign: base64.StdEncoding.EncodeToString(signature)}
}

// Target P6: at most 8 allocations.
func TestJSAPIParamsAllocateLittle(t *testing.T) {
	s, _ := stubbedService(t)
	n := testing.AllocsPerRun(100, func() { benchSink, _ = s.JSAPIParams(benchPrepayID) })
	assert.LessOrEqual(t, n, 8.0)
}
