package shop_test

import (
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a hand-moved clock.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var seller = shop.Seller{MchID: "0000100001", AppID: "wx0000aa"}

func open(t *testing.T, path string, c *clock) *shop.Store {
	t.Helper()
	s, err := shop.Open(t.Context(), path, c.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func fresh(t *testing.T) (*shop.Store, *clock) {
	t.Helper()
	c := newClock()
	return open(t, filepath.Join(t.TempDir(), "shop.db"), c), c
}

func customer(t *testing.T, s *shop.Store) shop.Session {
	t.Helper()
	_, ses, err := s.Login(t.Context(), "", "o0000"+rand.Text())
	require.NoError(t, err)
	return ses
}

func cart(ses shop.Session, product string, quantity int64) shop.Cart {
	return shop.Cart{Seller: seller, Customer: ses.Customer, OpenID: ses.OpenID, Product: product,
		Quantity: quantity, Nickname: "小明", Channel: shop.JSAPI, FormToken: rand.Text()}
}

func place(t *testing.T, s *shop.Store, product string, quantity int64) shop.Order {
	t.Helper()
	o, err := s.Place(t.Context(), cart(customer(t, s), product, quantity))
	require.NoError(t, err)
	return o
}

func paymentOf(o shop.Order) shop.Payment {
	return shop.Payment{Key: "pay/" + o.No, No: o.No, TransactionID: "42" + o.No, Seller: o.Seller,
		Total: o.Total, Currency: "CNY", At: o.Created.Add(time.Second)}
}

func paid(t *testing.T, s *shop.Store, product string, quantity int64) shop.Order {
	t.Helper()
	o := place(t, s, product, quantity)
	r, err := s.Paid(t.Context(), paymentOf(o))
	require.NoError(t, err)
	require.Equal(t, shop.Applied, r)
	return order(t, s, o.No)
}

func order(t *testing.T, s *shop.Store, no string) shop.Order {
	t.Helper()
	o, err := s.Order(t.Context(), no)
	require.NoError(t, err)
	return o
}

func stock(t *testing.T, s *shop.Store, slug string) int64 {
	t.Helper()
	p, err := s.Product(t.Context(), slug)
	require.NoError(t, err)
	return p.Stock
}

func reportOf(o shop.Order, r shop.Refund, state shop.RefundState) shop.RefundReport {
	return shop.RefundReport{Key: "refund/" + r.No + string(state), No: r.No, RefundID: "50" + r.No, OrderNo: o.No,
		TransactionID: o.TransactionID, Amount: r.Amount, Total: o.Total, State: state, At: r.Created.Add(time.Minute)}
}
