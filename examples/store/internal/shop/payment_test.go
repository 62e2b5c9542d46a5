package shop_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func TestAdverse39_PaidOnceHoweverOften(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := filepath.Join(t.TempDir(), "shop.db")
	stores := []*shop.Store{open(t, path, c), open(t, path, c)}
	o := place(t, stores[0], "tea", 1)
	var applied atomic.Int64
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			r, err := stores[i%2].Paid(t.Context(), paymentOf(o))
			if assert.NoError(t, err) && r == shop.Applied {
				applied.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(1), applied.Load())

	asked := paymentOf(o)
	asked.Key = "" // the answer of a query, after the notice
	r, err := stores[0].Paid(t.Context(), asked)
	require.NoError(t, err)
	assert.Equal(t, shop.Duplicate, r)
	entries, err := stores[1].Ledger(t.Context())
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// The key is stored with the effect: whatever comes under it again is old news.
func TestKeyOfAnAppliedPaymentIsKept(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	again := paymentOf(o)
	again.Total, again.TransactionID = 1, "other"
	r, err := s.Paid(t.Context(), again)
	require.NoError(t, err)
	assert.Equal(t, shop.Duplicate, r)
}

func TestQueryThenNoticeIsOnePayment(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "tea", 1)
	asked := paymentOf(o)
	asked.Key = ""
	for _, p := range []shop.Payment{asked, paymentOf(o), paymentOf(o)} {
		_, err := s.Paid(t.Context(), p)
		require.NoError(t, err)
	}
	entries, err := s.Ledger(t.Context())
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestAdverse44_PaymentThatDoesNotMatchIsAnAlarm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(*shop.Payment)
	}{
		{"wrong amount", func(p *shop.Payment) { p.Total-- }},
		{"wrong currency", func(p *shop.Payment) { p.Currency = "USD" }},
		{"another merchant", func(p *shop.Payment) { p.Seller.MchID = "0000999999" }},
		{"another app", func(p *shop.Payment) { p.Seller.AppID = "wx0000other" }},
		{"no transaction", func(p *shop.Payment) { p.TransactionID = "" }},
		{"unknown order", func(p *shop.Payment) { p.No = "20260101NOSUCHORDER" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := fresh(t)
			o := place(t, s, "tea", 1)
			p := paymentOf(o)
			tt.edit(&p)
			for range 2 {
				r, err := s.Paid(t.Context(), p)
				require.NoError(t, err)
				assert.Equal(t, shop.Alarmed, r)
			}
			assert.Equal(t, shop.Pending, order(t, s, o.No).State)
			alarms, err := s.Alarms(t.Context())
			require.NoError(t, err)
			assert.Len(t, alarms, 1, "one alarm however often it comes")
			r, err := s.Paid(t.Context(), paymentOf(o))
			require.NoError(t, err)
			assert.Equal(t, shop.Applied, r, "the right report still counts")
		})
	}
}

func TestSecondTransactionForOneOrderIsAnAlarm(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	p := paymentOf(o)
	p.Key, p.TransactionID = "pay/again", "4299"
	r, err := s.Paid(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, shop.Alarmed, r)
}

func TestAdverse51_PaymentAfterCloseWins(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "honey", 2)
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	_, err := s.Paid(t.Context(), paymentOf(o))
	require.NoError(t, err)
	assert.Equal(t, shop.Paid, order(t, s, o.No).State)
	assert.Equal(t, int64(1), stock(t, s, "honey"), "the goods are off the shelf again")
}

func TestAdverse51_PaymentAfterCloseAndSoldOutGoesBack(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "honey", 2)
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	place(t, s, "honey", 3)
	_, err := s.Paid(t.Context(), paymentOf(o))
	require.NoError(t, err)
	late := order(t, s, o.No)
	assert.Equal(t, shop.Late, late.State)
	assert.Equal(t, late.Total, late.Refunding)
	due, err := s.DueRefunds(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, due, 1)
	assert.Equal(t, shop.RefundRequested, due[0].State)
	assert.Zero(t, stock(t, s, "honey"))
}

func TestStoreThatHangsGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := filepath.Join(t.TempDir(), "shop.db")
	s := open(t, path, c)
	o := place(t, s, "tea", 1)
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	tx, err := db.Begin() // somebody holds the file
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = s.Paid(ctx, paymentOf(o))
	require.Error(t, err)
	require.NoError(t, tx.Rollback())
	r, err := s.Paid(t.Context(), paymentOf(o))
	require.NoError(t, err)
	assert.Equal(t, shop.Applied, r)
}

func TestBooksSurviveReopening(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := filepath.Join(t.TempDir(), "shop.db")
	s, err := shop.Open(t.Context(), path, c.Now)
	require.NoError(t, err)
	o := paid(t, s, "tea", 2)
	require.NoError(t, s.Close())
	again := open(t, path, c)
	assert.Equal(t, o, order(t, again, o.No))
	r, err := again.Paid(t.Context(), paymentOf(o))
	require.NoError(t, err)
	assert.Equal(t, shop.Duplicate, r)
}

func TestOpenNeedsAFolder(t *testing.T) {
	t.Parallel()
	_, err := shop.Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder.db"), nil)
	assert.Error(t, err)
}

func TestCompareShowsEveryDifference(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	e := func(no string, amount wechat.Fen) shop.Entry {
		return shop.Entry{Kind: shop.KindPayment, No: no, WeChatID: "4" + no, Amount: amount, At: at}
	}
	tests := []struct {
		name         string
		ours, theirs []shop.Entry
		rows         int
		distance     wechat.Fen
	}{
		{"empty", nil, nil, 0, 0},
		{"equal", []shop.Entry{e("a", 5), e("b", -5)}, []shop.Entry{e("b", -5), e("a", 5)}, 2, 0},
		{"we miss one", nil, []shop.Entry{e("a", 5)}, 1, 5},
		{"they miss one", []shop.Entry{e("a", 5)}, nil, 1, 5},
		{"amounts differ", []shop.Entry{e("a", 5)}, []shop.Entry{e("a", 7)}, 1, 2},
		{"mistakes do not cancel out", []shop.Entry{e("a", 5)}, []shop.Entry{e("b", 5)}, 2, 10},
		{"twice is not once", []shop.Entry{e("a", 5)}, []shop.Entry{e("a", 5), e("a", 5)}, 2, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := shop.Compare(tt.ours, tt.theirs)
			assert.Len(t, c.Rows, tt.rows)
			assert.Equal(t, tt.distance, c.Distance)
			for _, r := range c.Rows {
				assert.Equal(t, at, r.At())
				assert.Equal(t, shop.KindPayment, r.Kind())
				assert.NotEmpty(t, r.No())
			}
		})
	}
}
