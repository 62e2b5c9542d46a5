package complaint_test

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
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/wechattest"
)

// The numbers of the tests.
const mchID, subMchID, complaintID = "0000190001", "0000190002", "200201820200101080076610000"

// step is one scripted answer.
type step struct {
	status int
	body   string
	bare   bool // unsigned, as pictures are
	fault  wechattest.Fault
}

func refuses(status int, code wechat.Code) step {
	return step{status: status, body: `{"code":"` + string(code) + `","message":"no"}`}
}

// desk is a merchant whose requests end at a mock that answers like WeChat Pay:
// only to a good signature, and signed itself.
type desk struct {
	t       testing.TB
	account *wechattest.Account
	direct  *complaint.Service // the account itself
	partner *complaint.Service // the account for its sub-merchant
	mu      sync.Mutex
	sent    []sent
	script  []step
}

// sent is a request as it arrived.
type sent struct {
	method, target, body string
	header               http.Header
}

func newDesk(t testing.TB, opts ...wechat.Option) *desk {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	d := &desk{t: t}
	d.account, err = p.NewMerchant(wechattest.MerchantOptions{MchID: mchID, Partner: true, Subs: []wechattest.SubMerchant{{MchID: subMchID}}})
	require.NoError(t, err)
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(d.answer)
	m, err := wechat.NewMerchant(d.account.Config(), append(append(d.account.Options(), wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry)), opts...)...)
	require.NoError(t, err)
	d.direct, d.partner = complaint.New(m), complaint.New(m.For(wechat.Sub{MchID: subMchID}))
	return d
}

// says sets the script.
func (d *desk) says(script ...step) *desk {
	d.script = script
	return d
}

func (d *desk) answer(r *http.Request) (*http.Response, error) {
	s := sent{method: r.Method, target: r.URL.RequestURI(), header: r.Header}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.body, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, s)
	if len(d.script) == 0 {
		d.t.Errorf("unexpected %s %s", s.method, s.target)
		return nil, errors.New("not in the script")
	}
	now := d.script[0]
	d.script = d.script[1:]
	if now.bare {
		now.fault.Kind = wechattest.Unsigned
	}
	return d.account.RawResponder(now.status, []byte(now.body), now.fault)(r)
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
