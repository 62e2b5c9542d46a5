package cashier_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

// fullEnv asks for the promised figures instead of a quick look:
//
//	STORE_FULL=1 go test -run 'ExactlyOnce|InTime' -v ./store/internal/cashier
const fullEnv = "STORE_FULL"

// load is how much the exactly-once test does.
type load struct{ seeds, orders, workers int }

func loadOf(t *testing.T) load {
	switch {
	case os.Getenv(fullEnv) != "":
		return load{seeds: 20, orders: 500, workers: 32}
	case testing.Short():
		return load{seeds: 1, orders: 20, workers: 32}
	}
	return load{seeds: 2, orders: 60, workers: 32}
}

// letterbox keeps every notice instead of delivering it.
type letterbox struct{ letters []notify.Request }

func (l *letterbox) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l.letters = append(l.letters, notify.Request{Method: r.Method, Header: r.Header.Clone(), Body: body})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// TestExactlyOnceWithTwoInstances delivers 1 to 16 copies of every notice in a
// random order, by 32 workers, to two instances of the shop on one database file,
// whose handlers fail every tenth time, before or after their work. What is not
// acknowledged comes again. Then the ledgers are compared.
func TestExactlyOnceWithTwoInstances(t *testing.T) {
	t.Parallel()
	l := loadOf(t)
	var deliveries, failures int64
	for seed := range l.seeds {
		b := newBench(t)
		box := &letterbox{}
		b.bell.handler = nil
		d, f := runSeed(t, b, box, uint64(seed), l)
		deliveries, failures = deliveries+d, failures+f
	}
	t.Logf("%d seeds x %d orders, %d workers, 2 instances: %d deliveries, %d of them failed on purpose, 0 duplicates, 0 losses",
		l.seeds, l.orders, l.workers, deliveries, failures)
}

func runSeed(t *testing.T, b *bench, box *letterbox, seed uint64, l load) (deliveries, failures int64) {
	t.Helper()
	dice := mathrand.New(mathrand.NewPCG(seed, 6))
	path := filepath.Join(t.TempDir(), "shop.db")
	stores := []*shop.Store{openStore(t, path, b.clock), openStore(t, path, b.clock)}
	b.store, b.cashier = stores[0], b.newCashier(stores[0])
	b.bell.handler = box
	require.NoError(t, b.store.Put(t.Context(), shop.Product{Slug: "pin", Name: "别针", NameEN: "Pin", Price: 7, Stock: int64(l.orders)}))

	var orders []shop.Order
	for range l.orders {
		o, code := b.code("pin", 1)
		_, err := b.sim.Pay(code, wechattest.User{Name: "buyer"})
		require.NoError(t, err)
		orders = append(orders, o)
	}
	b.clock.Advance(0)
	require.Len(t, box.letters, l.orders)
	flaky := []*notify.Handler{flakyNotices(b.newFlaky(stores[0], seed)), flakyNotices(b.newFlaky(stores[1], seed+1000))}
	d, f := deliverAll(t, flaky, copies(box.letters, dice), l.workers)
	deliveries, failures = d, f

	box.letters = nil // a fifth of the orders is given back, in two parts
	for _, o := range orders[:l.orders/5] {
		b.refund(o, 3)
		b.refund(o, 4)
	}
	b.clock.Advance(time.Minute)
	require.Len(t, box.letters, l.orders/5*2)
	d, f = deliverAll(t, flaky, copies(box.letters, dice), l.workers)

	c := b.compare()
	assert.Zero(t, c.Distance, "seed %d", seed)
	assert.Len(t, c.Rows, l.orders+l.orders/5*2, "seed %d", seed)
	assert.Zero(t, b.stock("pin"), "every piece is sold once")
	assert.Empty(t, b.alarms())
	return deliveries + d, failures + f
}

// copies repeats every letter 1 to 16 times and shuffles them.
func copies(letters []notify.Request, dice *mathrand.Rand) []notify.Request {
	var all []notify.Request
	for _, letter := range letters {
		for range 1 + dice.IntN(16) {
			all = append(all, letter)
		}
	}
	dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// deliverAll brings every letter until it is acknowledged.
func deliverAll(t *testing.T, to []*notify.Handler, letters []notify.Request, workers int) (deliveries, failures int64) {
	t.Helper()
	queue := make(chan notify.Request, len(letters))
	for _, letter := range letters {
		queue <- letter
	}
	close(queue)
	var tries, failed atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for letter := range queue {
				for n := w; ; n++ {
					tries.Add(1)
					if reply := to[n%len(to)].Handle(context.Background(), letter); reply.Status < 300 {
						break
					}
					failed.Add(1)
				}
			}
		})
	}
	group.Wait()
	return tries.Load(), failed.Load()
}

// flakyCashier fails one call in ten: half of them before its work, half after.
type flakyCashier struct {
	b *bench
	c *cashier.Cashier

	mu   sync.Mutex
	dice *mathrand.Rand
}

func (b *bench) newFlaky(s *shop.Store, seed uint64) *flakyCashier {
	return &flakyCashier{b: b, c: b.newCashier(s), dice: mathrand.New(mathrand.NewPCG(seed, 10))}
}

var errFlaky = errors.New("failed on purpose")

func (f *flakyCashier) around(work func() error) error {
	f.mu.Lock()
	n := f.dice.IntN(20)
	f.mu.Unlock()
	if n == 0 {
		return errFlaky
	}
	if err := work(); err != nil {
		return err
	}
	if n == 1 {
		return errFlaky // committed, and WeChat hears that it failed
	}
	return nil
}

func flakyNotices(f *flakyCashier) *notify.Handler {
	h := notify.NewHandler(notify.V3(f.b.merchant()), notify.WithDeadline(time.Minute))
	notify.On(h, pay.Paid, func(ctx context.Context, e notify.Event[pay.Transaction]) error {
		return f.around(func() error { return f.c.OnPaid(ctx, e) })
	})
	notify.On(h, refund.AnyState, func(ctx context.Context, e notify.Event[refund.Refund]) error {
		return f.around(func() error { return f.c.OnRefund(ctx, e) })
	})
	return h
}

// ServeHTTP lets a letterbox stand in for a shop's handler.
func (l *letterbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := l.Do(r); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}
