package notify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

// instances are receivers behind a balancer; the simulator's notices reach one.
type instances struct {
	mu       sync.Mutex
	dice     *rand.Rand
	handlers []http.Handler
}

func (i *instances) Do(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	h := i.handlers[i.dice.IntN(len(i.handlers))]
	i.mu.Unlock()
	w := httptest.NewRecorder()
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header, in.ContentLength = r.Header, r.ContentLength
	h.ServeHTTP(w, in)
	return w.Result(), nil
}

// A simulated day with probes, copies, lost answers, a key switch and a shop that
// fails now and then: every order is fulfilled once, and the shop's ledger is WeChat
// Pay's.
func TestScenarioADayOfTrouble(t *testing.T) {
	t.Parallel()
	clock := wechattest.NewClock(time.Time{})
	behind := &instances{dice: rand.New(rand.NewPCG(1, 2))}
	sim, err := wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys(), Notify: behind, Seed: 3})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	account, err := sim.NewMerchant(wechattest.MerchantOptions{})
	require.NoError(t, err)
	m, err := wechat.NewMerchant(account.Config(), account.Options()...)
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)

	var mu sync.Mutex
	done, takings, calls := map[string]bool{}, wechat.Fen(0), 0
	for range 2 {
		h := notify.NewHandler(notify.V3(m), notify.WithAppIDs(account.AppID), notify.WithSeen(notify.NewMemory(0, 0, clock.Now)))
		notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%10 == 0 {
				return errors.New("the database was locked")
			}
			if !done[e.Key] {
				done[e.Key] = true
				takings += e.Data.Amount.Total
			}
			return nil
		})
		behind.handlers = append(behind.handlers, h)
	}
	for _, f := range []wechattest.NoticeFault{
		{Kind: wechattest.NoticeProbe, Chance: 0.2, Times: 20},
		{Kind: wechattest.NoticeDuplicate, Copies: 5, Together: true, Chance: 0.3, Times: 20},
		{Kind: wechattest.NoticeLostAck, Chance: 0.3, Times: 20},
		{Kind: wechattest.NoticeDrop, Chance: 0.2, Times: 20},
		{Kind: wechattest.NoticeWrongSignature, Chance: 0.1, Times: 20},
	} {
		sim.FaultNotice(f)
	}
	service := pay.New(m, account.AppID)
	const orders = 60
	buyer := wechattest.User{Name: "Lin"}
	for i := range orders {
		order, err := service.PrepayJSAPI(t.Context(), pay.JSAPIRequest{Description: "tea", OutTradeNo: fmt.Sprintf("ORDER-%04d", i),
			NotifyURL: "https://127.0.0.1/notify", Amount: pay.Amount{Total: wechat.Fen(100 + i)}, Payer: pay.Payer{OpenID: buyer.OpenID(account.AppID)}})
		require.NoError(t, err)
		_, err = sim.Pay(order.PrepayID, buyer)
		require.NoError(t, err)
		clock.Advance(10 * time.Second)
	}
	clock.Advance(25 * time.Hour)
	assert.Len(t, done, orders)
	assert.Equal(t, wechattest.Balance(sim.Ledger(account.MchID)), takings)
	assert.Greater(t, len(sim.Deliveries()), orders)
	assert.Zero(t, sim.Pending(), "everything is acknowledged")
}
