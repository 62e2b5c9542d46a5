package notify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const (
	mchID      = "1900000001"
	keyID      = "PUB_KEY_ID_0119000000012026010100000000000001"
	apiV3Key   = "0123456789abcdef0123456789ABCDEF"
	nonce12    = "fdasflkja484"
	eventPaid  = "TRANSACTION.SUCCESS"
	paidSample = `{"mchid":"1900000001","appid":"wx1","out_trade_no":"T1","transaction_id":"4200000001","trade_state":"SUCCESS",` +
		`"payer":{"openid":"o1"},"amount":{"total":100,"payer_total":90,"currency":"CNY"}}`
)

// rsaKey makes the two key pairs of all tests once.
var platformKey, merchantKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// transaction is what the tests expect in a payment notice.
type transaction struct {
	MchID         string `json:"mchid"`
	OutTradeNo    string `json:"out_trade_no"`
	TransactionID string `json:"transaction_id"`
	TradeState    string `json:"trade_state"`
	Attach        string `json:"attach"`
	Payer         struct {
		OpenID string `json:"openid"`
	} `json:"payer"`
	Amount struct {
		Total    wechat.Fen `json:"total"`
		Currency string     `json:"currency"`
	} `json:"amount"`
}

var paid = notify.Of[transaction](eventPaid).Original("transaction").Without("combine_out_trade_no").
	Keyed(func(t transaction) string { return t.TransactionID })

// merchant makes one with the usual keys.
func merchant(t testing.TB, id string, now func() time.Time) *wechat.Merchant {
	t.Helper()
	return merchantWith(t, id, apiV3Key, sign.PublicKey(keyID, &platformKey().PublicKey), now)
}

func merchantWith(t testing.TB, id, v3key string, key sign.Key, now func() time.Time) *wechat.Merchant {
	t.Helper()
	ring, err := sign.NewRing(key)
	require.NoError(t, err)
	if now == nil {
		now = time.Now
	}
	m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: id, Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115",
		Key: merchantKey(), APIv3Key: seal.NewKey(v3key), Platform: ring.WithClock(now)}, wechat.WithClock(now))
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	return m
}

// sealGCM encrypts as WeChat Pay does.
func sealGCM(t testing.TB, key, nonce, extra, plain string) string {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), []byte(plain), []byte(extra)))
}

// signed makes the callback whose body this is.
func signed(t testing.TB, at time.Time, body string) notify.Request {
	t.Helper()
	stamp, nonce := strconv.FormatInt(at.Unix(), 10), rand.Text()
	sum := sha256.Sum256([]byte(stamp + "\n" + nonce + "\n" + body + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, platformKey(), crypto.SHA256, sum[:])
	require.NoError(t, err)
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", keyID)
	h.Set("Wechatpay-Signature", base64.StdEncoding.EncodeToString(signature))
	h.Set("Content-Type", "application/json")
	return notify.Request{Method: "POST", Header: h, Body: []byte(body)}
}

// wrap puts a payload into an envelope.
func wrap(t testing.TB, id, event, original, plain string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"id": id, "create_time": "2026-01-02T03:04:05+08:00", "event_type": event, "resource_type": "encrypt-resource", "summary": "支付成功",
		"resource": map[string]any{"original_type": original, "algorithm": "AEAD_AES_256_GCM", "nonce": nonce12, "associated_data": original,
			"ciphertext": sealGCM(t, apiV3Key, nonce12, original, plain)},
	})
	require.NoError(t, err)
	return string(body)
}

// notice is a genuine payment notice with this payload, sent now.
func notice(t testing.TB, plain string) notify.Request {
	t.Helper()
	return signed(t, time.Now(), wrap(t, "EV-1", eventPaid, "transaction", plain))
}

// post is r as net/http delivers it.
func post(r notify.Request) *http.Request {
	out := httptest.NewRequest(r.Method, "/notify/"+mchID, bytes.NewReader(r.Body))
	out.Header = r.Header.Clone()
	return out
}

// probe counts calls and keeps records.
type probe struct {
	mu      sync.Mutex
	events  []notify.Event[transaction]
	records []notify.Record
	answer  error
}

func (p *probe) handle(_ context.Context, e notify.Event[transaction]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
	return p.answer
}

func (p *probe) observe(_ context.Context, r notify.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records = append(p.records, r)
}

func (p *probe) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events)
}

// last is what the observer saw last.
func (p *probe) last(t testing.TB) notify.Record {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.records)
	return p.records[len(p.records)-1]
}

// receiver is a handler for payments, watched.
func receiver(t testing.TB, m *wechat.Merchant, opts ...notify.Option) (*notify.Handler, *probe) {
	t.Helper()
	p := &probe{}
	h := notify.NewHandler(notify.V3(m), append(opts, notify.WithObserver(p.observe))...)
	notify.On(h, paid, p.handle)
	return h, p
}

func sprint(format string, a any) string { return fmt.Sprintf(format, a) }
