package wechattest_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// roundTrip makes a Transport of a RoundTripper.
type roundTrip struct{ http.RoundTripper }

func (t roundTrip) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }

// newPay is a simulator in memory on a virtual clock.
func newPay(t testing.TB, change ...func(*wechattest.Config)) (*wechattest.Pay, *wechattest.VirtualClock) {
	t.Helper()
	clock := wechattest.NewClock(time.Time{})
	cfg := wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys()}
	for _, c := range change {
		c(&cfg)
	}
	p, err := wechattest.NewPay(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p, clock
}

func newAccount(t testing.TB, p *wechattest.Pay, o wechattest.MerchantOptions) *wechattest.Account {
	t.Helper()
	a, err := p.NewMerchant(o)
	require.NoError(t, err)
	return a
}

// by is a merchant that speaks plain HTTP with signatures made by hand: none of
// the library's code is between the test and the simulator.
type by struct {
	t      testing.TB
	p      *wechattest.Pay
	a      *wechattest.Account
	keyID  string                                      // Wechatpay-Serial, if any
	send   func(*http.Request) (*http.Response, error) // Transport().Do if nil
	change func(*http.Request)                         // after signing
	nonce  string                                      // fresh if empty
	at     time.Time                                   // the simulator's time if zero
}

// got is an answer.
type got struct {
	status int
	header http.Header
	body   []byte
}

func newBy(t testing.TB, o wechattest.MerchantOptions, change ...func(*wechattest.Config)) (by, *wechattest.VirtualClock) {
	t.Helper()
	p, clock := newPay(t, change...)
	a := newAccount(t, p, o)
	return by{t: t, p: p, a: a, keyID: a.PlatformKeyID}, clock
}

func rsaSign(k *rsa.PrivateKey, lines ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	s, err := k.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

func (b by) request(method, target string, body []byte) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, "http://127.0.0.1"+target, bytes.NewReader(body))
	require.NoError(b.t, err)
	nonce, at := b.nonce, b.at
	if nonce == "" {
		nonce = rand.Text()
	}
	if at.IsZero() {
		at = b.p.Now()
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("Authorization", fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="%s",timestamp="%s",serial_no="%s",signature="%s"`,
		b.a.MchID, nonce, stamp, b.a.Serial, rsaSign(b.a.PrivateKey, method, target, stamp, nonce, string(body))))
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "test")
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.keyID != "" {
		r.Header.Set("Wechatpay-Serial", b.keyID)
	}
	if b.change != nil {
		b.change(r)
	}
	return r
}

// raw sends and returns what came, unproved.
func (b by) raw(method, target string, body any) (got, error) {
	b.t.Helper()
	var text []byte
	switch body := body.(type) {
	case nil:
	case string:
		text = []byte(body)
	default:
		var err error
		text, err = json.Marshal(body)
		require.NoError(b.t, err)
	}
	send := b.send
	if send == nil {
		send = b.p.Transport().Do
	}
	res, err := send(b.request(method, target, text))
	if err != nil {
		return got{}, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return got{res.StatusCode, res.Header, answer}, err
}

// do sends, and proves every answer but a 401.
func (b by) do(method, target string, body any) got {
	b.t.Helper()
	g, err := b.raw(method, target, body)
	require.NoError(b.t, err)
	if g.status != 401 {
		assert.NoError(b.t, g.proved(b.a), "%d %s", g.status, g.body)
	}
	return g
}

// proved checks the signature of an answer by hand.
func (g got) proved(a *wechattest.Account) error {
	keys := map[string]*rsa.PublicKey{}
	if a.PlatformKey != nil {
		keys[a.PlatformKeyID] = a.PlatformKey
	}
	for _, c := range a.PlatformCertificates() {
		keys[fmt.Sprintf("%X", c.SerialNumber)] = c.PublicKey.(*rsa.PublicKey)
	}
	k := keys[g.header.Get("Wechatpay-Serial")]
	if k == nil {
		return fmt.Errorf("no key %q", g.header.Get("Wechatpay-Serial"))
	}
	s, err := base64.StdEncoding.DecodeString(g.header.Get("Wechatpay-Signature"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(g.header.Get("Wechatpay-Timestamp") + "\n" + g.header.Get("Wechatpay-Nonce") + "\n" + string(g.body) + "\n"))
	return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], s)
}

// field reads a field of a JSON answer: "amount.total".
func (g got) field(path string) any {
	var v any
	if json.Unmarshal(g.body, &v) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (g got) text(path string) string { s, _ := g.field(path).(string); return s }

// number is what follows the last dash of Request-ID.
func (g got) number() string {
	id := g.header.Get("Request-ID")
	return id[strings.LastIndexByte(id, '-')+1:]
}

// want asserts status and code of a refusal.
func (g got) want(t testing.TB, status int, code string) got {
	t.Helper()
	assert.Equal(t, status, g.status, "%s", g.body)
	assert.Equal(t, code, g.text("code"), "%s", g.body)
	return g
}

// ok asserts success.
func (g got) ok(t testing.TB) got {
	t.Helper()
	require.Equal(t, 200, g.status, "%s", g.body)
	assert.Equal(t, "0", g.number())
	return g
}

type js = map[string]any

// with is a copy of a body with changes; a change to nil removes the field.
func with(body js, changes js) js {
	out := maps.Clone(body)
	for k, v := range changes {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

const directPath, partnerPath = "/v3/pay/transactions", "/v3/pay/partner/transactions"

// order is a JSAPI order of 100 fen for the user "li".
func (b by) order(no string) js {
	return js{"appid": b.a.AppID, "mchid": b.a.MchID, "description": "tea", "out_trade_no": no, "attach": "a&b 好",
		"notify_url": "http://127.0.0.1:1/notify", "amount": js{"total": 100, "currency": "CNY"},
		"payer": js{"openid": li.OpenID(b.a.AppID)}}
}

var li = wechattest.User{Name: "li"}

// place orders and returns the prepay_id.
func (b by) place(no string, changes js) string {
	b.t.Helper()
	return b.do("POST", directPath+"/jsapi", with(b.order(no), changes)).ok(b.t).text("prepay_id")
}

// paid orders, pays, and returns the order.
func (b by) paid(no string, changes js) wechattest.Order {
	b.t.Helper()
	o, err := b.p.Pay(b.place(no, changes), li)
	require.NoError(b.t, err)
	return o
}

func (b by) query(no string) got {
	b.t.Helper()
	return b.do("GET", directPath+"/out-trade-no/"+no+"?mchid="+b.a.MchID, nil)
}

func (b by) refund(no, out string, fen int, changes js) got {
	b.t.Helper()
	return b.do("POST", "/v3/refund/domestic/refunds", with(js{"out_trade_no": no, "out_refund_no": out, "notify_url": "http://127.0.0.1:1/refund",
		"amount": js{"refund": fen, "total": 100, "currency": "CNY"}}, changes))
}

// seal encrypts for the platform.
func seal(t testing.TB, k *rsa.PublicKey, text string) string {
	t.Helper()
	b, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, k, []byte(text), nil)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(b)
}

// openGCM decrypts with an APIv3 key.
func openGCM(t testing.TB, key string, r js) []byte {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	text, err := base64.StdEncoding.DecodeString(r["ciphertext"].(string))
	require.NoError(t, err)
	plain, err := gcm.Open(nil, []byte(r["nonce"].(string)), text, []byte(r["associated_data"].(string)))
	require.NoError(t, err)
	return plain
}

// shopDesk receives notices without a socket and answers what status says.
type shopDesk struct {
	mu     sync.Mutex
	status func(n int) int // of the nth notice, from 1
	got    []*http.Request
	bodies [][]byte
}

func (s *shopDesk) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.bodies = append(s.got, r), append(s.bodies, body)
	status := 204
	if s.status != nil {
		status = s.status(len(s.got))
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (s *shopDesk) count() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.got) }

// notice is the nth notice, from 0.
func (s *shopDesk) notice(n int) got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return got{200, s.got[n].Header, s.bodies[n]}
}
