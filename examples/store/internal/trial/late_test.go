package trial_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // a stranger that holds the shop's lock

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

// bring hands a copy of mail to an instance.
func (w *world) bring(i int, mail notify.Request) int {
	mail.Body = bytes.Clone(mail.Body)
	return w.twins[i].handler.Handle(context.Background(), mail).Status
}

func (w *world) one(token string) (shop.Order, notify.Request) {
	w.t.Helper()
	o := w.sell(token)
	w.clock.Advance(time.Second)
	mails := w.box.take()
	require.Len(w.t, mails, 1)
	return o, mails[0]
}

func TestG7_Adverse42_HungStoreIsAnsweredInTimeAndNeverWithSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, mail := w.one("order-button-press-hung")
	// A stranger holds the write lock of the file, as a backup that went wrong would.
	file, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "shop.db")+"?_txlock=immediate")
	require.NoError(t, err)
	defer file.Close()
	lock, err := file.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	began := time.Now()
	status := w.bring(0, mail)
	took := time.Since(began)
	assert.GreaterOrEqual(t, status, 500)
	assert.Less(t, took, 5*time.Second, "WeChat hangs up after five seconds")
	require.NoError(t, lock.Rollback())
	now, err := w.twins[0].store.Order(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Pending, now.State)
	assert.Less(t, w.bring(1, mail), 300, "the copy that comes later is taken")
	w.check([]shop.Order{o}, 0)
	t.Logf("answered %d after %v", status, took.Round(time.Millisecond))
}

func TestAdverse71_ErrorAfterCommitHasNoDoubleEffectThoughAClockIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, mail := w.one("order-button-press-commit")
	w.failing.Store(true)
	refused := 0
	for i := range 200 { // a tenth of them fails, half of these after the commit
		if w.bring(i%2, mail) >= 300 {
			refused++
		}
	}
	w.failing.Store(false)
	assert.Positive(t, refused)
	w.check([]shop.Order{o}, 0)
}

func TestAdverse71_DiskFullIsRefusedAndSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, mail := w.one("order-button-press-full")
	file, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "shop.db"))
	require.NoError(t, err)
	defer file.Close()
	// Nobody can fill a disk politely; a table that refuses every row does the same.
	_, err = file.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, w.bring(0, mail), 500)
	now, err := w.twins[0].store.Order(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Pending, now.State, "nothing of the transaction is left")
	_, err = file.ExecContext(t.Context(), `DROP TRIGGER full`)
	require.NoError(t, err)
	assert.Less(t, w.bring(1, mail), 300)
	w.check([]shop.Order{o}, 0)
}

func TestAdverse49_ResentHoursLaterIsOnlyAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLostAck, Times: 12})()
	o := w.sell("order-button-press-ack")
	w.clock.Advance(time.Second)
	require.Less(t, w.bring(0, w.box.take()[0]), 300)
	w.clock.Advance(64 * time.Minute) // the answer is lost, again and again
	mails := w.box.take()
	require.Greater(t, len(mails), 5)
	last := mails[len(mails)-1]
	assert.Less(t, w.bring(1, last), 300, "signed anew, known, acknowledged")
	assert.GreaterOrEqual(t, w.bring(1, mails[0]), 400, "an old copy is refused as a replay")
	w.check([]shop.Order{o}, 0)
}

func TestAdverse44And45_WhatDoesNotFitBecomesAnAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.sell("order-button-press-alarm")
	ctx := context.Background()
	good := pay.Transaction{Party: wechat.Party{MchID: o.Seller.MchID, AppID: o.Seller.AppID}, OutTradeNo: o.No, TransactionID: "4200000001", TradeState: pay.StateSuccess,
		Amount: pay.TransactionAmount{Total: o.Total, Currency: "CNY"}}
	for name, change := range map[string]func(*pay.Transaction){
		"amount":        func(t *pay.Transaction) { t.Amount.Total-- },
		"currency":      func(t *pay.Transaction) { t.Amount.Currency = "USD" },
		"merchant":      func(t *pay.Transaction) { t.MchID = "0000999999" },
		"app":           func(t *pay.Transaction) { t.AppID = "wx0000ffff" },
		"unknown order": func(t *pay.Transaction) { t.OutTradeNo = "NOBODY0001" },
		"not paid":      func(t *pay.Transaction) { t.TradeState = pay.StateNotPay },
	} {
		bad := good
		bad.TransactionID += name
		change(&bad)
		require.NoError(t, w.twins[0].paid(ctx, notify.Event[pay.Transaction]{ID: name, Key: "k/" + name, Data: bad}), name)
	}
	now, err := w.twins[0].store.Order(ctx, o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Pending, now.State)
	alarms, err := w.twins[1].store.Alarms(ctx)
	require.NoError(t, err)
	assert.Len(t, alarms, 6)
	ours, err := w.twins[1].store.Ledger(ctx)
	require.NoError(t, err)
	assert.Empty(t, ours)
}

func TestAdverse51_PaymentThatLandsWhileTheOrderIsClosedWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, mail := w.one("order-button-press-close")
	require.Error(t, w.twins[0].cashier.Cancel(t.Context(), shop.Order{State: shop.Paid}))
	unpaid, err := w.twins[0].store.Order(t.Context(), o.No)
	require.NoError(t, err)
	require.NoError(t, w.twins[0].cashier.Cancel(t.Context(), unpaid), "the shop has not heard of the payment yet")
	now, err := w.twins[1].store.Order(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Paid, now.State)
	assert.Less(t, w.bring(1, mail), 300)
	w.check([]shop.Order{o}, 0)
}

// TestG7_AnswersInTime measures 1,000 notices at 200 a second over loopback when
// STORE_TRIAL_SEEDS is set, and 60 of them otherwise.
func TestG7_AnswersInTime(t *testing.T) {
	n := 60
	if os.Getenv(seedsEnv) != "" {
		n = 1000
	}
	w := newWorld(t)
	var orders []shop.Order
	for i := range n {
		orders = append(orders, w.sell(fmt.Sprintf("order-button-press-%d", i)))
	}
	w.clock.Advance(time.Second)
	mails := w.box.take()
	server := httptest.NewServer(w.twins[0].handler)
	defer server.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	took := make([]time.Duration, len(mails))
	var open sync.WaitGroup
	for i, m := range mails {
		<-tick.C
		open.Go(func() {
			began := time.Now()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(m.Body))
			if !assert.NoError(t, err) {
				return
			}
			r.Header = m.Header.Clone()
			res, err := server.Client().Do(r)
			if assert.NoError(t, err) {
				assert.Less(t, res.StatusCode, 300)
				assert.NoError(t, res.Body.Close())
			}
			took[i] = time.Since(began)
		})
	}
	open.Wait()
	w.check(orders, 0)
	slices.Sort(took)
	t.Logf("%d notices at 200 a second: p50 %v, p99 %v, slowest %v", n, took[n/2], took[n*99/100], took[n-1])
	assert.Less(t, took[n*99/100], 4500*time.Millisecond)
}
