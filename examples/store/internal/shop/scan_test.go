package shop_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// A file of a shop from before orders knew their browser's address opens too.
func TestOpenBringsAnOldFileUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.db")
	s, err := shop.Open(t.Context(), path, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	file, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	for _, q := range []string{`DROP INDEX orders_watched`, `ALTER TABLE orders DROP COLUMN watch`, `ALTER TABLE orders DROP COLUMN ip`} {
		_, err = file.ExecContext(t.Context(), q)
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
	for range 2 {
		s, err = shop.Open(t.Context(), path, nil)
		require.NoError(t, err)
		_, err = s.Orders(t.Context(), 0, 10)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

func TestScannedProductIsOneOrderAPerson(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	first, err := s.PlaceScanned(t.Context(), seller, "oA", "honey", time.Minute)
	require.NoError(t, err)
	again, err := s.PlaceScanned(t.Context(), seller, "oA", "honey", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, first.No, again.No)
	other, err := s.PlaceScanned(t.Context(), seller, "oB", "honey", time.Minute)
	require.NoError(t, err)
	assert.NotEqual(t, first.No, other.No)
	late, err := s.PlaceScanned(t.Context(), seller, "oA", "honey", shop.PayWithin+time.Second)
	require.NoError(t, err)
	assert.NotEqual(t, first.No, late.No, "the first one has no time to spare")
	_, err = s.PlaceScanned(t.Context(), seller, "oC", "honey", time.Minute)
	require.ErrorIs(t, err, shop.ErrSoldOut)
	_, err = s.PlaceScanned(t.Context(), seller, "oC", "moon", time.Minute)
	require.ErrorIs(t, err, shop.ErrNotFound)
}

func TestClosedOrderIsWatchedUntilItExpires(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o, err := s.PlaceScanned(t.Context(), seller, "oA", "honey", 0)
	require.NoError(t, err)
	due := func() int {
		all, err := s.DueOrders(t.Context(), true)
		require.NoError(t, err)
		return len(all)
	}
	until := o.Expires.Add(time.Minute)
	for range 2 {
		require.NoError(t, s.CloseWatched(t.Context(), o.No, until))
		assert.Equal(t, 1, due())
	}
	got, err := s.Order(t.Context(), o.No)
	require.NoError(t, err)
	assert.True(t, until.Equal(got.Watch))
	p, err := s.Product(t.Context(), "honey")
	require.NoError(t, err)
	assert.Equal(t, int64(3), p.Stock, "put back once")
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	assert.Zero(t, due())
}
