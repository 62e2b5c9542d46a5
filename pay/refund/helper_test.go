package refund_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

// The numbers of the tests.
const mchID, subMchID = "0000190001", "0000190002"

// step is one scripted answer.
type step struct {
	status int
	body   string
	fault  wechattest.Fault
}

func (s step) with(k wechattest.Kind) step { s.fault.Kind = k; return s }

func refuses(status int, code wechat.Code) step {
	return step{status: status, body: `{"code":"` + string(code) + `","message":"no"}`}
}

var (
	lost   = step{status: 200, fault: wechattest.Fault{Kind: wechattest.LostReply}}
	broken = refuses(500, wechat.ErrSystem)
	absent = refuses(404, wechat.ErrNotFound)
)

// desk is a merchant whose requests end at a mock that answers like WeChat Pay:
// only to a good signature, and signed itself.
type desk struct {
	t       testing.TB
	account *wechattest.Account
	direct  *refund.Service
	partner *refund.Service

	mu      sync.Mutex
	sent    []sent
	queries []step
	writes  []step
}

// sent is a request as it arrived.
type sent struct {
	method, target, body, keyID string
	at                          time.Time
}

// newDesk answers queries and writes from two scripts, whose last lines repeat.
func newDesk(t testing.TB, queries, writes []step, opts ...wechat.Option) *desk {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	d := &desk{t: t, queries: queries, writes: writes}
	d.account, err = p.NewMerchant(wechattest.MerchantOptions{MchID: mchID, Partner: true, Subs: []wechattest.SubMerchant{{MchID: subMchID}}})
	require.NoError(t, err)
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(d.answer)
	opts = append(append(d.account.Options(), wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry)), opts...)
	m, err := wechat.NewMerchant(d.account.Config(), opts...)
	require.NoError(t, err)
	d.direct, d.partner = refund.New(m), refund.New(m.For(wechat.Sub{MchID: subMchID}))
	return d
}

func (d *desk) answer(r *http.Request) (*http.Response, error) {
	s := sent{method: r.Method, target: r.URL.RequestURI(), keyID: r.Header.Get("Wechatpay-Serial"), at: time.Now()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.body, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
	}
	now, err := d.next(s)
	if err != nil {
		return nil, err
	}
	return d.account.RawResponder(now.status, []byte(now.body), now.fault)(r)
}

// next notes a request and takes its line of the script.
func (d *desk) next(s sent) (step, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, s)
	script := &d.queries
	if s.method == http.MethodPost {
		script = &d.writes
	}
	if len(*script) == 0 {
		d.t.Errorf("unexpected %s %s", s.method, s.target)
		return step{}, errors.New("not in the script")
	}
	now := (*script)[0]
	if len(*script) > 1 {
		*script = (*script)[1:]
	}
	return now, nil
}

func (d *desk) all() []sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]sent(nil), d.sent...)
}

func (d *desk) only() sent {
	d.t.Helper()
	all := d.all()
	require.Len(d.t, all, 1)
	return all[0]
}

func says(s step) []step { return []step{s} }
