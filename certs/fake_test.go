package certs_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	mchID    = "1900007291"
	apiV3Key = "0123456789abcdef0123456789abcdef"
)

// keys are made once: an RSA key takes longer than most tests.
var keys = sync.OnceValue(func() []*rsa.PrivateKey {
	made := make([]*rsa.PrivateKey, 4) // the merchant's, then the platform's
	for i := range made {
		made[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return made
})

// cheap is a signer whose signatures nobody checks here; it costs no time.
type cheap struct{ pub *rsa.PublicKey }

func (c cheap) Public() crypto.PublicKey { return c.pub }

func (cheap) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, 256), nil
}

// cert is a platform certificate with its private key.
type cert struct {
	key    crypto.Signer
	serial string
	pem    []byte
	from   time.Time
	till   time.Time
}

func issue(t testing.TB, key crypto.Signer, serial int64, from time.Time, lasting time.Duration) cert {
	t.Helper()
	number := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(0x51), 152), big.NewInt(serial))
	c := cert{key: key, serial: fmt.Sprintf("%040X", number), from: from, till: from.Add(lasting)}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: number, Subject: pkix.Name{CommonName: "Tenpay.com sign"},
		NotBefore: c.from, NotAfter: c.till}, &x509.Certificate{Subject: pkix.Name{CommonName: "Test CA"}}, key.Public(), keys()[0])
	require.NoError(t, err)
	c.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return c
}

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

// platform is the certificates endpoint of WeChat Pay: it answers with what is
// listed, signed by the signer, and counts.
type platform struct {
	hits atomic.Int32
	now  func() time.Time

	mu     sync.Mutex
	listed []cert
	signer cert
	key    string                                       // APIv3 key it encrypts with
	gate   chan struct{}                                // answers wait until it is closed
	answer func(*http.Request) (*http.Response, error)  // in place of the list
	edit   func(list map[string]any, entries []any) any // changes the list before it is signed
	before func()                                       // called before the answer
	after  func(h http.Header)                          // changes the signature headers
}

func newPlatform(listed ...cert) *platform {
	p := &platform{listed: listed, key: apiV3Key, now: time.Now}
	if len(listed) > 0 {
		p.signer = listed[0]
	}
	return p
}

func (p *platform) set(signer cert, listed ...cert) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signer, p.listed = signer, listed
}

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	p.hits.Add(1)
	p.mu.Lock()
	gate, answer, before := p.gate, p.answer, p.before
	p.mu.Unlock()
	if before != nil {
		before()
	}
	if gate != nil {
		select {
		case <-gate:
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
	}
	if r.Method != http.MethodGet || r.URL.Path != "/v3/certificates" || r.Header.Get("Authorization") == "" {
		return nil, fmt.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
	}
	if answer != nil {
		return answer(r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	body := p.body()
	res := respond(200, body)
	p.sign(res.Header, body)
	if p.after != nil {
		p.after(res.Header)
	}
	return res, nil
}

func (p *platform) body() []byte {
	entries := make([]any, 0, len(p.listed))
	for _, c := range p.listed {
		entries = append(entries, map[string]any{"serial_no": c.serial, "effective_time": c.from.Format(time.RFC3339),
			"expire_time": c.till.Format(time.RFC3339), "encrypt_certificate": encrypted(p.key, c.pem)})
	}
	var list any = map[string]any{"data": entries}
	if p.edit != nil {
		list = p.edit(list.(map[string]any), entries)
	}
	body, _ := json.Marshal(list)
	return body
}

func encrypted(key string, plain []byte) map[string]any {
	block, _ := aes.NewCipher([]byte(key))
	gcm, _ := cipher.NewGCM(block)
	nonce := rand.Text()[:12]
	return map[string]any{"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "certificate",
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte("certificate")))}
}

func (p *platform) sign(h http.Header, body []byte) { signAs(h, p.signer, body, p.now()) }

func signAs(h http.Header, c cert, body []byte, at time.Time) {
	nonce, stamp := rand.Text(), fmt.Sprint(at.Unix())
	sum := sha256.Sum256([]byte(stamp + "\n" + nonce + "\n" + string(body) + "\n"))
	signature, _ := c.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", c.serial)
	h.Set("Wechatpay-Signature", base64.StdEncoding.EncodeToString(signature))
}

func respond(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
}

func config() certs.Config {
	return certs.Config{MchID: mchID, Serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
		Key: cheap{&keys()[0].PublicKey}, APIv3Key: seal.NewKey(apiV3Key)}
}

func newSet(t testing.TB, p *platform, change ...func(*certs.Config)) *certs.Set {
	t.Helper()
	cfg := config()
	for _, f := range change {
		f(&cfg)
	}
	s, err := certs.New(cfg, wechat.WithTransport(p))
	require.NoError(t, err)
	return s
}

// clock is a clock that only moves when told.
type clock struct{ nanos atomic.Int64 }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.nanos.Store(at.UnixNano())
	return c
}

func (c *clock) Now() time.Time { return time.Unix(0, c.nanos.Load()) }

func (c *clock) Advance(d time.Duration) { c.nanos.Add(int64(d)) }

const year = 365 * 24 * time.Hour

// accepts says whether a message signed by c passes, as seen by a verifier.
func accepts(ctx context.Context, ks sign.KeySet, now func() time.Time, c cert) error {
	h, body := http.Header{}, []byte(`{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}`)
	signAs(h, c, body, now())
	_, err := sign.NewVerifier(ks, now).Verify(ctx, h, body)
	return err
}

func exampleServer() *platform {
	p := newPlatform(issue(&testing.B{}, keys()[1], 1, exampleClock().Add(-24*time.Hour), year))
	p.now = exampleClock
	return p
}

func exampleKey() crypto.Signer { return cheap{&keys()[0].PublicKey} }
