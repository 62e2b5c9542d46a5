package cashier_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// doorbell brings the simulator's notices to a handler without sockets, and
// counts the answers by status.
type doorbell struct {
	handler http.Handler
	heard   []int
}

func (d *doorbell) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), nil)
	in.Header, in.Body, in.ContentLength = r.Header, io.NopCloser(bytes.NewReader(body)), int64(len(body))
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, in)
	d.heard = append(d.heard, w.Code)
	return w.Result(), nil
}

// bench is a shop and its WeChat on one hand-moved clock.
type bench struct {
	t       *testing.T
	clock   *wechattest.VirtualClock
	sim     *wechattest.Pay
	account *wechattest.Account
	store   *shop.Store
	cashier *cashier.Cashier
	bell    *doorbell
}

const notifyURL = "https://shop.example/wechat/notify"

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: wechattest.NewClock(time.Time{}), bell: &doorbell{}}
	var err error
	b.sim, err = wechattest.NewPay(wechattest.Config{Clock: b.clock, Notify: b.bell, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.sim.Close()) })
	b.account, err = b.sim.NewMerchant(wechattest.MerchantOptions{Name: "山月小铺", AppIDs: []string{"wx0000aaaa", "wx0000bbbb"}})
	require.NoError(t, err)
	b.store = openStore(t, filepath.Join(t.TempDir(), "shop.db"), b.clock)
	b.cashier = b.newCashier(b.store)
	b.bell.handler = b.cashier.Notices()
	return b
}

func openStore(t *testing.T, path string, clock wechattest.Clock) *shop.Store {
	t.Helper()
	s, err := shop.Open(t.Context(), path, clock.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func (b *bench) merchant() *wechat.Merchant {
	b.t.Helper()
	options := append(b.account.Options(), wechat.WithBackoff(func(n int, _ *http.Response, err error) time.Duration {
		if err != nil && n < 3 {
			return time.Millisecond
		}
		return 0
	}))
	m, err := wechat.NewMerchant(b.account.Config(), options...)
	require.NoError(b.t, err)
	return m
}

func (b *bench) newCashier(s *shop.Store) *cashier.Cashier {
	b.t.Helper()
	c, err := cashier.New(cashier.Config{Store: s, Till: cashier.NewV3(b.merchant(), b.account.AppID, notifyURL)})
	require.NoError(b.t, err)
	return c
}

func (b *bench) place(channel shop.Channel, product string, quantity int64) shop.Order {
	b.t.Helper()
	_, ses, err := b.store.Login(b.t.Context(), "", wechattest.User{Name: rand.Text()}.OpenID(b.account.AppID))
	require.NoError(b.t, err)
	o, err := b.store.Place(b.t.Context(), shop.Cart{Seller: b.cashier.Seller(), Customer: ses.Customer, OpenID: ses.OpenID,
		Product: product, Quantity: quantity, Note: "请包装", Channel: channel, FormToken: rand.Text()})
	require.NoError(b.t, err)
	return o
}

// code places a Native order at WeChat too.
func (b *bench) code(product string, quantity int64) (shop.Order, string) {
	b.t.Helper()
	o := b.place(shop.Native, product, quantity)
	code, err := b.cashier.Native(b.t.Context(), o)
	require.NoError(b.t, err)
	return b.order(o.No), code
}

// pay lets the customer pay and the notice arrive.
func (b *bench) pay(ref string) {
	b.t.Helper()
	_, err := b.sim.Pay(ref, wechattest.User{Name: "小明"})
	require.NoError(b.t, err)
	b.clock.Advance(0)
}

// sold is a paid order.
func (b *bench) sold(product string) shop.Order {
	b.t.Helper()
	o, code := b.code(product, 1)
	b.pay(code)
	o = b.order(o.No)
	require.Equal(b.t, shop.Paid, o.State)
	return o
}

func (b *bench) order(no string) shop.Order {
	b.t.Helper()
	o, err := b.store.Order(b.t.Context(), no)
	require.NoError(b.t, err)
	return o
}

func (b *bench) refundOf(no string) shop.Refund {
	b.t.Helper()
	r, err := b.store.RefundOf(b.t.Context(), no)
	require.NoError(b.t, err)
	return r
}

func (b *bench) heal(all bool) int {
	b.t.Helper()
	n, err := b.cashier.Heal(b.t.Context(), all)
	require.NoError(b.t, err)
	return n
}

func (b *bench) alarms() []shop.Alarm {
	b.t.Helper()
	all, err := b.store.Alarms(b.t.Context())
	require.NoError(b.t, err)
	return all
}

func (b *bench) stock(slug string) int64 {
	b.t.Helper()
	p, err := b.store.Product(b.t.Context(), slug)
	require.NoError(b.t, err)
	return p.Stock
}

// compare is both ledgers side by side.
func (b *bench) compare() shop.Comparison {
	b.t.Helper()
	ours, err := b.store.Ledger(b.t.Context())
	require.NoError(b.t, err)
	return shop.Compare(ours, theirs(b.sim, b.account.MchID))
}

// balanced asserts that the ledgers agree and returns their sum.
func (b *bench) balanced() wechat.Fen {
	b.t.Helper()
	c := b.compare()
	assert.Zero(b.t, c.Distance, "ledger difference")
	return c.OurTotal
}

func theirs(sim *wechattest.Pay, mchID string) []shop.Entry {
	var all []shop.Entry
	for _, e := range sim.Ledger(mchID) {
		entry := shop.Entry{Kind: shop.KindPayment, WeChatID: e.TransactionID, No: e.OutTradeNo, Amount: e.Amount, At: e.At}
		if e.Kind == wechattest.Refund {
			entry.Kind, entry.WeChatID, entry.No = shop.KindRefund, e.RefundID, e.OutRefundNo
		}
		all = append(all, entry)
	}
	return all
}
