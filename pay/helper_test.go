package pay_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

// The numbers of the tests.
const (
	mchID, appID       = "0000190001", "wx0000a1"
	subMchID, subAppID = "0000190002", "wx0000b2"
	base               = "http://127.0.0.1"
)

// desk is a merchant whose requests end at a mock that answers like WeChat Pay:
// only to a good signature, and signed itself.
type desk struct {
	t       testing.TB
	account *wechattest.Account
	m       *wechat.Merchant
	direct  *pay.Service
	partner *pay.Service // its sub-merchant has an app
	clock   *wechattest.VirtualClock

	mu   sync.Mutex
	sent []sent
}

// sent is a request as it arrived.
type sent struct {
	method, target, body, keyID string
	at                          time.Time
}

// newDesk answers every request with answer; without retries, so that every
// request shows.
func newDesk(t testing.TB, answer func(*desk) httpmock.Responder, opts ...wechat.Option) *desk {
	t.Helper()
	clock := wechattest.NewClock(time.Time{})
	p, err := wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	d := &desk{t: t, clock: clock}
	d.account, err = p.NewMerchant(wechattest.MerchantOptions{MchID: mchID, AppIDs: []string{appID}, Partner: true,
		Subs: []wechattest.SubMerchant{{MchID: subMchID, AppIDs: []string{subAppID}}}})
	require.NoError(t, err)
	mock := httpmock.NewMockTransport()
	respond := answer(d)
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		if err := d.record(r); err != nil {
			return nil, err
		}
		return respond(r)
	})
	opts = append(append(d.account.Options(), wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry)), opts...)
	d.m, err = wechat.NewMerchant(d.account.Config(), opts...)
	require.NoError(t, err)
	d.direct = pay.New(d.m, appID)
	d.partner = pay.New(d.m.For(wechat.Sub{MchID: subMchID, AppID: subAppID}), appID)
	return d
}

func (d *desk) record(r *http.Request) error {
	var body []byte
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = b
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, sent{method: r.Method, target: r.URL.RequestURI(), body: string(body), keyID: r.Header.Get("Wechatpay-Serial"), at: time.Now()})
	return nil
}

// all are the requests so far.
func (d *desk) all() []sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]sent(nil), d.sent...)
}

// only is the one request there was.
func (d *desk) only() sent {
	d.t.Helper()
	all := d.all()
	require.Len(d.t, all, 1)
	return all[0]
}

// says answers status and body, properly signed.
func says(status int, body any) func(*desk) httpmock.Responder {
	return func(d *desk) httpmock.Responder { return d.account.Responder(status, body) }
}

// suffers answers like says, but the answer suffers a fault.
func suffers(status int, body any, f wechattest.Fault) func(*desk) httpmock.Responder {
	return func(d *desk) httpmock.Responder { return d.account.RawResponder(status, body, f) }
}

// refusal is the body of an error.
func refusal(code string) string {
	return `{"code":"` + code + `","message":"no","detail":{"issue":"x"}}`
}
