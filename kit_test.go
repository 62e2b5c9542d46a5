package wechat_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	mchID      = "1900007291"
	mchSerial  = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"
	apiV3Key   = "0123456789abcdef0123456789abcdef"
	publicID   = "PUB_KEY_ID_0114232134912410000000000000"
	prepayBody = `{"prepay_id":"wx201410272009395522657a690389285100"}`
)

// keys are the merchant's, the platform's and a stranger's, made once.
var keys = sync.OnceValue(func() [3]*rsa.PrivateKey {
	var made [3]*rsa.PrivateKey
	for i := range made {
		made[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return made
})

func merchantKey() *rsa.PrivateKey { return keys()[0] }
func platformKey() *rsa.PrivateKey { return keys()[1] }
func strangerKey() *rsa.PrivateKey { return keys()[2] }

// doFunc is a carrier without a network.
type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	return f(r)
}

// cheapSigner stands in for a private key where nobody checks the signature.
type cheapSigner struct{}

func (cheapSigner) Public() crypto.PublicKey { return &merchantKey().PublicKey }

func (cheapSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, 256), nil
}

func config(t testing.TB) wechat.MerchantConfig {
	t.Helper()
	ring, err := sign.NewRing(sign.PublicKey(publicID, &platformKey().PublicKey))
	require.NoError(t, err)
	return wechat.MerchantConfig{ID: mchID, Serial: mchSerial, Key: merchantKey(), APIv3Key: seal.NewKey(apiV3Key), Platform: ring}
}

func newMerchant(t testing.TB, carrier wechat.Transport, opts ...wechat.Option) *wechat.Merchant {
	t.Helper()
	if carrier != nil {
		opts = append([]wechat.Option{wechat.WithTransport(carrier)}, opts...)
	}
	m, err := wechat.NewMerchant(config(t), opts...)
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	return m
}

// cheapMerchant signs with a constant, for tests of thousands of calls.
func cheapMerchant(t testing.TB, carrier wechat.Transport, opts ...wechat.Option) *wechat.Merchant {
	t.Helper()
	cfg := config(t)
	cfg.Key = cheapSigner{}
	m, err := wechat.NewMerchant(cfg, append([]wechat.Option{wechat.WithTransport(carrier)}, opts...)...)
	require.NoError(t, err)
	return m
}

// platform signs as WeChat Pay does. It keeps a signature for a while, because a
// new one costs a millisecond.
type platform struct {
	key   *rsa.PrivateKey
	id    string
	mu    sync.Mutex
	known map[string]signed
}

type signed struct {
	stamp     int64
	nonce     string
	signature string
}

var weChatPay = &platform{id: publicID}

func (p *platform) sign(h http.Header, body string, at time.Time) {
	key := p.key
	if key == nil {
		key = platformKey()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.known[body]
	if off := at.Unix() - s.stamp; !ok || off < -60 || off > 60 {
		s = signed{stamp: at.Unix(), nonce: rand.Text()}
		sum := sha256.Sum256([]byte(fmt.Sprint(s.stamp) + "\n" + s.nonce + "\n" + body + "\n"))
		raw, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		s.signature = base64.StdEncoding.EncodeToString(raw)
		if p.known == nil {
			p.known = map[string]signed{}
		}
		p.known[body] = s
	}
	h.Set("Wechatpay-Timestamp", fmt.Sprint(s.stamp))
	h.Set("Wechatpay-Nonce", s.nonce)
	h.Set("Wechatpay-Serial", p.id)
	h.Set("Wechatpay-Signature", s.signature)
	h.Set("Request-ID", "08D4EDB0A90610-0")
}

// plain is an answer without a signature.
func plain(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body))}
}

// proved is an answer signed by WeChat Pay.
func proved(status int, body string) *http.Response {
	res := plain(status, body)
	weChatPay.sign(res.Header, body, time.Now())
	return res
}

// serve is a handler that signs what it answers.
func serve(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	weChatPay.sign(w.Header(), body, time.Now())
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

var authorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="(\d+)",nonce_str="([0-9A-Za-z]{1,32})",timestamp="(\d{10}|9\d{8})",serial_no="([0-9A-F]+)",signature="([^"]+)"$`)

// credentials are what a request's Authorization says, once it is found to be right.
type credentials struct{ nonce, stamp, signature string }

// authorized checks a request as WeChat Pay would; body is what the signature covers.
func authorized(r *http.Request, body []byte) (credentials, error) {
	f := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if f == nil || f[1] != mchID || f[4] != mchSerial {
		return credentials{}, errors.New("malformed Authorization")
	}
	c := credentials{f[2], f[3], f[5]}
	raw, err := base64.StdEncoding.DecodeString(c.signature)
	if err != nil {
		return c, err
	}
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.URL.RequestURI() + "\n" + c.stamp + "\n" + c.nonce + "\n" + string(body) + "\n"))
	return c, rsa.VerifyPKCS1v15(&merchantKey().PublicKey, crypto.SHA256, sum[:], raw)
}

func bodyOf(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	b, _ := io.ReadAll(r.Body)
	return b
}

// The requests and endpoints of these tests.
type order struct {
	OutTradeNo  string     `json:"out_trade_no"`
	Description string     `json:"description,omitempty"`
	Total       wechat.Fen `json:"total"`
}

type orderNumber struct {
	OutTradeNo string `json:"-" path:"out_trade_no"`
	MchID      string `json:"-" query:"mchid"`
}

type prepay struct {
	PrepayID string `json:"prepay_id"`
}

var (
	opRead  = wechat.GET("/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}")
	opWrite = wechat.POST("/v3/pay/transactions/codepay")
	opKeyed = wechat.POST("/v3/pay[/partner]/transactions/jsapi").Keyed()
	opWary  = wechat.POST("/v3/refund/domestic/refunds").Keyed().Wary()
)

var someOrder = order{OutTradeNo: "20260101A|b*1", Description: "茶 & <cup>", Total: 100}

// inputOf is a request that fits op.
func inputOf(op wechat.Op) any {
	if op == opRead {
		return orderNumber{someOrder.OutTradeNo, mchID}
	}
	return someOrder
}

// quiet swallows what net/http's server says about failed handshakes.
var quiet = log.New(io.Discard, "", 0)

// pipes is a network inside the process: under synctest, waiting for a server of it
// costs no time and does not depend on how busy the machine is.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const (
	mainBase    = "http://127.0.0.1:80"
	standbyBase = "http://127.0.0.2:80"
)

// inside serves h at standbyBase, or wherever dial does not lead, on pipes; it is for
// use inside of synctest.Test.
func inside(t *testing.T, h func(http.ResponseWriter, *http.Request, []byte), dial func(ctx context.Context, addr string) (net.Conn, error)) (*http.Client, *atomic.Int32) {
	t.Helper()
	hits, p := new(atomic.Int32), &pipes{make(chan net.Conn), make(chan struct{})}
	s := &http.Server{Handler: handlerOf(t, hits, h)}
	go func() { _ = s.Serve(p) }()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		if dial != nil && "http://"+addr == mainBase {
			return dial(ctx, addr)
		}
		return p.dial(ctx)
	}}
	t.Cleanup(func() { tr.CloseIdleConnections(); _ = s.Close() })
	return &http.Client{Transport: tr}, hits
}

func mustInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
