package wechattest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

// Everything at once, to be run with -race: money still adds up.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := newBy(t, wechattest.MerchantOptions{Mode: wechattest.Both}, func(c *wechattest.Config) { c.Notify, c.Dir = desk, t.TempDir() })
	const orders = 24
	var group sync.WaitGroup
	for n := range orders {
		group.Go(func() {
			no := fmt.Sprintf("many-%05d", n)
			id := m.place(no, nil)
			for range 3 { // users in a hurry
				group.Go(func() { _, _ = m.p.Pay(id, li) })
			}
			m.query(no)
			m.p.Ledger(m.a.MchID)
			m.p.Deliveries()
			m.a.Orders()
		})
	}
	group.Go(func() {
		for range 20 {
			clock.Advance(time.Second)
		}
	})
	group.Go(func() { _, err := m.a.AddCertificate(); assert.NoError(t, err) })
	group.Wait()
	clock.Advance(time.Minute)
	assert.Equal(t, orders, desk.count())
	assert.Equal(t, wechat.Fen(orders*100), wechattest.Balance(m.p.Ledger(m.a.MchID)))

	accepted := make(chan bool, 8)
	for n := range cap(accepted) { // two of these fit
		group.Go(func() { accepted <- m.refund("many-00000", fmt.Sprintf("R%d", n), 40, nil).status == 200 })
	}
	group.Wait()
	close(accepted)
	count := 0
	for ok := range accepted {
		if ok {
			count++
		}
	}
	assert.Equal(t, 2, count)
	clock.Advance(time.Minute)
	assert.Equal(t, wechat.Fen(orders*100-80), wechattest.Balance(m.p.Ledger(m.a.MchID)))
}

// Same seed, same requests: the same history, ids included.
func TestHistoryIsTheSame(t *testing.T) {
	t.Parallel()
	history := func() (ids []string, deliveries []wechattest.Delivery) {
		desk := &shopDesk{}
		m, clock := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.Notify, c.Seed = desk, 7 })
		m.p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLostAck, Chance: 0.5})
		for n := range 10 {
			o := m.paid(fmt.Sprintf("same-%05d", n), nil)
			ids = append(ids, o.PrepayID, o.TransactionID)
			clock.Advance(20 * time.Second)
		}
		clock.Advance(time.Hour)
		return ids, m.p.Deliveries()
	}
	ids, first := history()
	again, second := history()
	assert.Equal(t, ids, again)
	require.Equal(t, len(first), len(second))
	assert.Greater(t, len(first), 10)
	for i := range first {
		assert.Equal(t, first[i].At, second[i].At)
		assert.Equal(t, first[i].NoticeID, second[i].NoticeID)
	}
}

func TestVirtualClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC)
	c := wechattest.NewClock(time.Time{})
	assert.True(t, c.Now().Equal(start))
	c.Advance(-time.Hour)
	assert.True(t, c.Now().Equal(start), "never backwards")
	c.Advance(time.Hour)
	assert.True(t, c.Now().Equal(start.Add(time.Hour)))
	c = wechattest.NewClock(start.Add(time.Minute))
	assert.True(t, c.Now().Equal(start.Add(time.Minute)))

	// Two simulators on one clock: everything in the order of time.
	desk := &shopDesk{status: always(500)}
	var sales []by
	for range 2 {
		p, err := wechattest.NewPay(wechattest.Config{Clock: c, Keys: wechattest.ReusedKeys(), Notify: desk})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, p.Close()) })
		sales = append(sales, by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})})
	}
	sales[0].paid("clock-0001", nil)
	c.Advance(time.Second)
	sales[1].paid("clock-0002", nil)
	c.Advance(20 * time.Second)
	var times []time.Duration
	for i := range 2 {
		for _, d := range sales[i].p.Deliveries() {
			times = append(times, d.At.Sub(start.Add(time.Minute)))
		}
	}
	// The first notice was due at 0 s and is sent as soon as the clock moves.
	assert.Equal(t, []time.Duration{0, 15 * time.Second, time.Second, 16 * time.Second}, times)
}
