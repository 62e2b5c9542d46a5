package shop_test

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func request(t *testing.T, s *shop.Store, o shop.Order, amount wechat.Fen) shop.Refund {
	t.Helper()
	r, err := s.RequestRefund(t.Context(), o.No, amount, "退货", rand.Text())
	require.NoError(t, err)
	return r
}

func report(t *testing.T, s *shop.Store, p shop.RefundReport) shop.Result {
	t.Helper()
	r, err := s.Refunded(t.Context(), p)
	require.NoError(t, err)
	return r
}

func TestRefundInPartAndInFull(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	part := request(t, s, o, 800)
	assert.Equal(t, shop.Applied, report(t, s, reportOf(o, part, shop.RefundProcessing)))
	assert.Equal(t, shop.Applied, report(t, s, reportOf(o, part, shop.RefundSuccess)))
	assert.Equal(t, wechat.Fen(16000), order(t, s, o.No).Refundable())
	rest := request(t, s, o, 16000)
	assert.NotEqual(t, part.No, rest.No)
	assert.Equal(t, shop.Applied, report(t, s, reportOf(o, rest, shop.RefundSuccess)))
	done := order(t, s, o.No)
	assert.Equal(t, done.Total, done.Refunded)
	entries, err := s.Ledger(t.Context())
	require.NoError(t, err)
	c := shop.Compare(entries, nil)
	assert.Len(t, entries, 3)
	assert.Zero(t, c.OurTotal)
}

func TestRefundOverPaidIsDenied(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	for _, amount := range []wechat.Fen{0, -1, o.Total + 1, 1 << 62} {
		_, err := s.RequestRefund(t.Context(), o.No, amount, "", rand.Text())
		assert.ErrorIs(t, err, shop.ErrOverRefund, amount)
	}
	unpaid := place(t, s, "tea", 1)
	_, err := s.RequestRefund(t.Context(), unpaid.No, 1, "", rand.Text())
	assert.ErrorIs(t, err, shop.ErrNotPaid)
	_, err = s.RequestRefund(t.Context(), "none", 1, "", rand.Text())
	assert.ErrorIs(t, err, shop.ErrNotFound)
	_, err = s.RequestRefund(t.Context(), o.No, 1, "a\x00b", rand.Text())
	assert.ErrorIs(t, err, shop.ErrText)
}

func TestRefundsAtTheSameTimeNeverExceedWhatWasPaid(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := t.TempDir() + "/shop.db"
	stores := []*shop.Store{open(t, path, c), open(t, path, c)}
	o := paid(t, stores[0], "tea", 1) // 16800 fen
	var granted atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if _, err := stores[i%2].RequestRefund(t.Context(), o.No, 4000, "", rand.Text()); err == nil {
				granted.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(4), granted.Load())
}

func TestRefundFormSentTwiceIsOneRefund(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	token := rand.Text()
	first, err := s.RequestRefund(t.Context(), o.No, 100, "", token)
	require.NoError(t, err)
	second, err := s.RequestRefund(t.Context(), o.No, 100, "", token)
	require.NoError(t, err)
	assert.Equal(t, first.No, second.No)
}

func TestFiftyFirstPartialRefundIsDenied(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	for range shop.MaxRefunds {
		request(t, s, o, 1)
	}
	_, err := s.RequestRefund(t.Context(), o.No, 1, "", rand.Text())
	assert.ErrorIs(t, err, shop.ErrTooManyRefunds)
}

func TestAdverse40_RefundStatesOnlyMoveForward(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	r := request(t, s, o, 100)
	assert.Equal(t, shop.Applied, report(t, s, reportOf(o, r, shop.RefundAbnormal)))
	assert.Equal(t, shop.Duplicate, report(t, s, reportOf(o, r, shop.RefundProcessing)), "older state after newer")
	assert.Equal(t, shop.Applied, report(t, s, reportOf(o, r, shop.RefundSuccess)))
	assert.Equal(t, shop.Duplicate, report(t, s, reportOf(o, r, shop.RefundAbnormal)), "known key")
	late := reportOf(o, r, shop.RefundAbnormal)
	late.Key = "refund/another notice"
	assert.Equal(t, shop.Duplicate, report(t, s, late))
	same := reportOf(o, r, shop.RefundSuccess)
	same.Key = "" // the answer of a query
	assert.Equal(t, shop.Duplicate, report(t, s, same))
	known := reportOf(o, r, shop.RefundSuccess)
	known.Amount = 1
	assert.Equal(t, shop.Duplicate, report(t, s, known), "the key is stored with the effect")
	closed := reportOf(o, r, shop.RefundClosed)
	assert.Equal(t, shop.Alarmed, report(t, s, closed), "success cannot become closed")
	got, err := s.RefundOf(t.Context(), r.No)
	require.NoError(t, err)
	assert.Equal(t, shop.RefundSuccess, got.State)
}

func TestClosedRefundFreesItsAmount(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	r := request(t, s, o, o.Total)
	p := reportOf(o, r, shop.RefundClosed)
	p.At = time.Time{}
	assert.Equal(t, shop.Applied, report(t, s, p))
	assert.Equal(t, o.Total, order(t, s, o.No).Refundable())
	again := request(t, s, o, o.Total)
	assert.NotEqual(t, r.No, again.No, "a closed refund needs a new number")
}

func TestRefundReportThatDoesNotMatchIsAnAlarm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(*shop.RefundReport)
	}{
		{"amount", func(p *shop.RefundReport) { p.Amount++ }},
		{"total", func(p *shop.RefundReport) { p.Total++ }},
		{"order", func(p *shop.RefundReport) { p.OrderNo = "other" }},
		{"transaction", func(p *shop.RefundReport) { p.TransactionID = "other" }},
		{"no id", func(p *shop.RefundReport) { p.RefundID = "" }},
		{"unknown number", func(p *shop.RefundReport) { p.No = "other" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := fresh(t)
			o := paid(t, s, "tea", 1)
			r := request(t, s, o, 100)
			p := reportOf(o, r, shop.RefundSuccess)
			tt.edit(&p)
			assert.Equal(t, shop.Alarmed, report(t, s, p))
			entries, err := s.Ledger(t.Context())
			require.NoError(t, err)
			assert.Len(t, entries, 1, "no money moved")
		})
	}
}

func TestHealerAsksOnSchedule(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	o := place(t, s, "tea", 1)
	var waits []time.Duration
	for len(waits) < 7 {
		due, err := s.DueOrders(t.Context(), false)
		require.NoError(t, err)
		if len(due) == 0 {
			c.Advance(10 * time.Second) // every wait is a multiple of it
			continue
		}
		waits = append(waits, c.Now().Sub(o.Created))
		mine, err := s.ClaimOrder(t.Context(), due[0])
		require.NoError(t, err)
		assert.True(t, mine)
		mine, err = s.ClaimOrder(t.Context(), due[0])
		require.NoError(t, err)
		assert.False(t, mine, "another instance has just asked")
	}
	assert.Equal(t, []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 3 * time.Minute,
		5 * time.Minute, 10 * time.Minute, 30 * time.Minute}, waits)
	all, err := s.DueOrders(t.Context(), true)
	require.NoError(t, err)
	assert.Len(t, all, 1)
}

func TestRefundIsTriedAgainUnderTheSameNumber(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	o := paid(t, s, "tea", 1)
	r := request(t, s, o, 100)
	due, err := s.DueRefunds(t.Context(), false)
	require.NoError(t, err)
	assert.Empty(t, due)
	c.Advance(10 * time.Second)
	due, err = s.DueRefunds(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, due, 1)
	assert.Equal(t, r.No, due[0].No)
	mine, err := s.ClaimRefund(t.Context(), due[0])
	require.NoError(t, err)
	assert.True(t, mine)
	require.NoError(t, s.RefundProblem(t.Context(), r.No, "账户余额不足"))
	got, err := s.RefundOf(t.Context(), r.No)
	require.NoError(t, err)
	assert.Equal(t, "账户余额不足", got.Problem)
	list, err := s.Refunds(t.Context(), o.No)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	list, err = s.Refunds(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, list, 1)
}
