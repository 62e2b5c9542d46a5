package trial_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

// seedsEnv asks for the full figure: that many seeds with 500 orders each.
const seedsEnv = "STORE_TRIAL_SEEDS"

// postbox is what the simulator sends its notices into: it keeps them, so that the
// test can deliver them as often and in whatever order it likes.
type postbox struct {
	mu    sync.Mutex
	mails []notify.Request
}

func (p *postbox) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, notify.Request{Method: r.Method, Header: r.Header, Body: body})
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (p *postbox) take() []notify.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.mails
	p.mails = nil
	return all
}

// instance is one of the shop's processes: its own store on the common file.
type instance struct {
	store   *shop.Store
	cashier *cashier.Cashier
	paid    func(context.Context, notify.Event[pay.Transaction]) error
	handler *notify.Handler
}

// world is a simulator and two instances of one shop, on a virtual clock.
type world struct {
	t       testing.TB
	clock   *wechattest.VirtualClock
	sim     *wechattest.Pay
	account *wechattest.Account
	box     postbox
	twins   [2]instance
	dir     string      // of the common file
	failing atomic.Bool // handlers fail one time in ten
}

var errInjected = errors.New("injected failure")

func newWorld(t testing.TB, opts ...notify.Option) *world {
	t.Helper()
	w := &world{t: t, clock: wechattest.NewClock(time.Time{})}
	var err error
	w.sim, err = wechattest.NewPay(wechattest.Config{Clock: w.clock, Keys: wechattest.ReusedKeys(), Notify: &w.box})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.sim.Close()) })
	w.account, err = w.sim.NewMerchant(wechattest.MerchantOptions{Name: "twins"})
	require.NoError(t, err)
	m, err := wechat.NewMerchant(w.account.Config(), w.account.Options()...)
	require.NoError(t, err)
	w.dir = t.TempDir()
	file := filepath.Join(w.dir, "shop.db")
	w.twins[0] = w.instance(m, file, w.clock.Now, opts)
	w.twins[1] = w.instance(m, file, func() time.Time { return w.clock.Now().Add(-time.Hour) }, opts) // its machine's clock is behind
	require.NoError(t, w.twins[0].store.Put(context.Background(), shop.Product{Slug: "tea", Name: "Tea", Price: 1299, Stock: 1_000_000}))
	return w
}

func (w *world) instance(m *wechat.Merchant, file string, now func() time.Time, opts []notify.Option) (in instance) {
	var err error
	in.store, err = shop.Open(context.Background(), file, now)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { assert.NoError(w.t, in.store.Close()) })
	till := cashier.NewV3(m, w.account.AppID, "http://127.0.0.1:9/notice")
	in.cashier, err = cashier.New(cashier.Config{Store: in.store, Till: till})
	require.NoError(w.t, err)
	in.handler = notify.NewHandler(notify.V3(m), opts...)
	in.paid = till.OnPaid(in.cashier)
	notify.On(in.handler, pay.Paid, unreliable(w, in.paid))
	notify.On(in.handler, refund.AnyState, unreliable(w, till.OnRefund(in.cashier)))
	return in
}

// unreliable fails one time in ten, half of them after the effect is committed.
func unreliable[T any](w *world, f func(context.Context, notify.Event[T]) error) func(context.Context, notify.Event[T]) error {
	return func(ctx context.Context, e notify.Event[T]) error {
		dice := 100
		if w.failing.Load() {
			dice = rand.IntN(100)
		}
		if dice < 5 {
			return errInjected
		}
		if err := f(ctx, e); err != nil {
			return err
		}
		if dice < 10 {
			return errInjected
		}
		return nil
	}
}

// sell places an order and pays it; the notice goes into the postbox.
func (w *world) sell(token string) shop.Order {
	w.t.Helper()
	ctx := context.Background()
	in := w.twins[0]
	_, customer, err := in.store.Login(ctx, "", "o0000"+strconv.FormatUint(rand.Uint64(), 36))
	require.NoError(w.t, err)
	o, err := in.store.Place(ctx, shop.Cart{Seller: in.cashier.Seller(), Customer: customer.Customer, OpenID: customer.OpenID,
		Product: "tea", Quantity: 1, Nickname: "Lin", Channel: shop.Native, FormToken: token})
	require.NoError(w.t, err)
	code, err := in.cashier.Native(ctx, o)
	require.NoError(w.t, err)
	_, err = w.sim.Pay(code, wechattest.User{Name: "Lin"})
	require.NoError(w.t, err)
	return o
}

// deliver brings each mail 1 to 16 times to either instance, shuffled, from 32
// workers, and again for as long as it is refused. It returns how many were brought.
func (w *world) deliver(dice *rand.Rand, mails []notify.Request) int {
	var copies []notify.Request
	for _, m := range mails {
		for range 1 + dice.IntN(16) {
			copies = append(copies, m)
		}
	}
	dice.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
	queue := make(chan notify.Request, len(copies)+1)
	for _, m := range copies {
		queue <- m
	}
	close(queue)
	var brought atomic.Int64
	var workers sync.WaitGroup
	for i := range 32 {
		to := w.twins[i%2].handler
		workers.Go(func() {
			for m := range queue {
				for tries := 0; tries < 100; tries++ {
					brought.Add(1)
					mine := m
					mine.Body = bytes.Clone(m.Body)
					if reply := to.Handle(context.Background(), mine); reply.Status < 300 {
						break
					}
				}
			}
		})
	}
	workers.Wait()
	return int(brought.Load())
}

// check holds both ledgers against each other: 0 duplicates, 0 losses.
func (w *world) check(orders []shop.Order, refunds int) {
	w.t.Helper()
	ours, err := w.twins[1].store.Ledger(context.Background())
	require.NoError(w.t, err)
	seen := map[string]int{}
	var balance wechat.Fen
	for _, e := range ours {
		seen[string(e.Kind)+e.WeChatID]++
		balance += e.Amount
	}
	for key, n := range seen {
		assert.Equal(w.t, 1, n, "%s stands more than once", key)
	}
	assert.Len(w.t, ours, len(orders)+refunds)
	assert.Equal(w.t, wechattest.Balance(w.sim.Ledger(w.account.MchID)), balance)
	for _, o := range orders {
		now, err := w.twins[0].store.Order(context.Background(), o.No)
		require.NoError(w.t, err)
		assert.Equal(w.t, shop.Paid, now.State)
	}
	alarms, err := w.twins[0].store.Alarms(context.Background())
	require.NoError(w.t, err)
	assert.Empty(w.t, alarms)
}

func TestG6_TwoInstancesTakeEachNoticeOnce(t *testing.T) {
	seeds, size := 1, 40
	if n, err := strconv.Atoi(os.Getenv(seedsEnv)); err == nil {
		seeds, size = n, 500
	}
	total := 0
	for seed := range seeds {
		w := newWorld(t)
		dice := rand.New(rand.NewPCG(uint64(seed), 6))
		var orders []shop.Order
		for i := range size {
			orders = append(orders, w.sell("order-button-press-"+strconv.Itoa(i)))
		}
		w.clock.Advance(time.Second)
		paid := w.box.take()
		require.Len(t, paid, size)
		w.failing.Store(true)
		total += w.deliver(dice, paid)

		refunds := 0
		for i, o := range orders {
			if i%5 == 0 {
				_, err := w.twins[0].cashier.Refund(t.Context(), o.No, 300, "one of five", "refund-button-press-"+strconv.Itoa(i))
				require.NoError(t, err)
				refunds++
			}
		}
		w.clock.Advance(10 * time.Second)
		refunded := w.box.take()
		require.Len(t, refunded, refunds)
		total += w.deliver(dice, append(refunded, paid...)) // the payments once more, among the refunds
		w.failing.Store(false)
		w.check(orders, refunds)
	}
	t.Logf("%d deliveries over %d seeds of %d orders: 0 duplicates, 0 losses", total, seeds, size)
}
