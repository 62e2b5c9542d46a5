package shop_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func shipped(t *testing.T, s *shop.Store, o shop.Order) shop.Shipment {
	t.Helper()
	p, err := s.RequestShipment(t.Context(), o.No, "YTO", "YT0000000000001")
	require.NoError(t, err)
	return p
}

func TestShipmentIsMadeOnceWithOneParcel(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "tea", 1)
	var group sync.WaitGroup
	var made, refused atomic.Int64
	for i := range 16 { // two merchants with two parcels, both impatient
		group.Go(func() {
			_, err := s.RequestShipment(t.Context(), o.No, "YTO", []string{"YT1", "YT2"}[i%2])
			switch {
			case err == nil:
				made.Add(1)
			case assert.ErrorIs(t, err, shop.ErrShipped):
				refused.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(8), made.Load())
	assert.Equal(t, int64(8), refused.Load())
	all, err := s.Shipments(t.Context())
	require.NoError(t, err)
	assert.Len(t, all, 1)
}

func TestShipmentIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	good, unpaid, back := paid(t, s, "tea", 1), place(t, s, "tea", 1), paid(t, s, "tea", 1)
	r, err := s.RequestRefund(t.Context(), back.No, back.Total, "", "a-form-token-of-sixteen")
	require.NoError(t, err)
	_, err = s.Refunded(t.Context(), reportOf(back, r, shop.RefundSuccess))
	require.NoError(t, err)
	for _, tt := range []struct {
		name, no, company, tracking string
		want                        error
	}{
		{"no company", good.No, "", "YT1", shop.ErrParcel},
		{"no number", good.No, "YTO", "", shop.ErrParcel},
		{"markup", good.No, "YTO", "<b>", shop.ErrParcel},
		{"too long", good.No, "YTO", "12345678901234567890123456789012345678901", shop.ErrParcel},
		{"no order", "none", "YTO", "YT1", shop.ErrNotFound},
		{"unpaid", unpaid.No, "YTO", "YT1", shop.ErrNotGoods},
		{"refunded", back.No, "YTO", "YT1", shop.ErrNotGoods},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.RequestShipment(t.Context(), tt.no, tt.company, tt.tracking)
			require.ErrorIs(t, err, tt.want)
			_, err = s.ShipmentOf(t.Context(), tt.no)
			assert.ErrorIs(t, err, shop.ErrNotFound)
		})
	}
}

func TestShipmentIsToldOnTheSchedule(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	o := paid(t, s, "tea", 1)
	p := shipped(t, s, o)
	due, err := s.DueShipments(t.Context(), false)
	require.NoError(t, err)
	assert.Empty(t, due, "it is being told just now")
	c.Advance(10 * time.Second)
	due, err = s.DueShipments(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, due, 1)
	mine, err := s.ClaimShipment(t.Context(), due[0])
	require.NoError(t, err)
	assert.True(t, mine)
	mine, err = s.ClaimShipment(t.Context(), due[0])
	require.NoError(t, err)
	assert.False(t, mine, "somebody else does it")
	require.NoError(t, s.ShipmentProblem(t.Context(), o.No, "no answer"))
	require.NoError(t, s.ShipmentTold(t.Context(), o.No))
	got, err := s.ShipmentOf(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Shipped, got.State)
	assert.Empty(t, got.Problem)
	assert.True(t, p.At.Equal(got.At), "the parcel does not change")
	due, err = s.DueShipments(t.Context(), true)
	require.NoError(t, err)
	assert.Empty(t, due)
}

// Adverse input 40: events that come late, twice or in the wrong order.
func TestAdverse40_ShipmentsOnlyMoveForward(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	o := paid(t, s, "tea", 1)
	shipped(t, s, o)
	receipt := func(key string, received, settled bool) shop.Receipt {
		r := shop.Receipt{Key: key, OrderNo: o.No, TransactionID: o.TransactionID}
		if received {
			r.Received = c.Now()
		}
		if settled {
			r.Settled = c.Now()
		}
		return r
	}
	for _, tt := range []struct {
		r      shop.Receipt
		result shop.Result
		state  shop.ShipState
	}{
		{receipt("shipped", false, false), shop.Applied, shop.Shipped},
		{receipt("settled", true, true), shop.Applied, shop.Settled},
		{receipt("received", true, false), shop.Duplicate, shop.Settled},
		{receipt("shipped late", false, false), shop.Duplicate, shop.Settled},
		{receipt("settled", true, true), shop.Duplicate, shop.Settled},
		{shop.Receipt{Key: "foreign", OrderNo: o.No, TransactionID: "43", Settled: c.Now()}, shop.Alarmed, shop.Settled},
		{shop.Receipt{Key: "unknown", OrderNo: "none", TransactionID: "44"}, shop.Alarmed, shop.Settled},
	} {
		got, err := s.Received(t.Context(), tt.r)
		require.NoError(t, err)
		assert.Equal(t, tt.result, got, tt.r.Key)
		p, err := s.ShipmentOf(t.Context(), o.No)
		require.NoError(t, err)
		assert.Equal(t, tt.state, p.State, tt.r.Key)
	}
	require.NoError(t, s.ShipmentTold(t.Context(), o.No))
	p, err := s.ShipmentOf(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Settled, p.State, "an answer that comes late")
	assert.False(t, p.Received.IsZero())
	alarms, err := s.Alarms(t.Context())
	require.NoError(t, err)
	assert.Len(t, alarms, 2)
}
