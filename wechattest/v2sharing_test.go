package wechattest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// An order is shared, some of it comes back, and the books agree.
func TestV2Sharing(t *testing.T) {
	t.Parallel()
	for _, partner := range []bool{false, true} {
		t.Run(map[bool]string{false: "direct", true: "partner"}[partner], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := newShopV2(t, sign.HMACSHA256, partner, func(c *wechattest.Config) { c.Dir = dir })
			ctx := t.Context()
			place := s.request("A00001", pay.TradeJSAPI)
			place.Total, place.ProfitSharing = 1000, "Y"
			p, err := s.orders.Place(ctx, place)
			require.NoError(t, err)
			o, err := s.p.Pay(p.PrepayID, wechattest.User{Name: "li"})
			require.NoError(t, err)
			plain := s.earn(t, "A00002", 500)
			friend := apiv2.Receiver{Type: "MERCHANT_ID", Account: "0000190099", Name: libseal.Plain("商户"), Relation: "STORE", Amount: 200, Description: "part"}

			in := apiv2.ShareRequest{TransactionID: o.TransactionID, OutOrderNo: "S1", Receivers: []apiv2.Receiver{friend}}
			_, err = s.orders.ShareMore(ctx, in)
			require.ErrorIs(t, err, wechat.Code("RECEIVER_INVALID"))
			require.NoError(t, s.orders.AddReceiver(ctx, friend))
			in.TransactionID = plain
			_, err = s.orders.ShareMore(ctx, in)
			require.ErrorIs(t, err, wechat.Code("NOT_SHARE_ORDER"))
			in.TransactionID = "1"
			_, err = s.orders.ShareMore(ctx, in)
			require.ErrorIs(t, err, wechat.Code("INVALID_TRANSACTIONID"))
			in.TransactionID = o.TransactionID

			s.p.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/secapi/pay/multiprofitsharing"})
			_, err = s.orders.ShareMore(ctx, in)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			shared, err := s.orders.ShareMore(ctx, in)
			require.NoError(t, err)
			in.Receivers[0].Amount = 201
			_, err = s.orders.ShareMore(ctx, in)
			require.ErrorIs(t, err, wechat.ErrRequest, "the number is taken")
			left, err := s.orders.Unshared(ctx, o.TransactionID)
			require.NoError(t, err)
			assert.Equal(t, wechat.Fen(100), left, "30 percent may be shared")
			most, err := s.orders.MaxShare(ctx, "")
			require.NoError(t, err)
			assert.Equal(t, 3000, most)
			in.OutOrderNo, in.Receivers[0].Amount = "S2", 101
			_, err = s.orders.ShareOnce(ctx, in)
			require.ErrorIs(t, err, wechat.Code("AMOUNT_OVERDUE"))

			got, err := s.orders.SharingQuery(ctx, o.TransactionID, "S1")
			require.NoError(t, err)
			assert.Equal(t, shared.OrderID, got.OrderID)
			assert.Equal(t, "FINISHED", got.State)
			require.Len(t, got.Receivers, 1)
			assert.Equal(t, wechat.Fen(200), got.Receivers[0].Amount)
			_, err = s.orders.SharingQuery(ctx, o.TransactionID, "S9")
			require.ErrorIs(t, err, pay.ErrOrderNotExist)

			s.takeBackShare(t)
			_, err = s.orders.ShareFinish(ctx, o.TransactionID, "S3", "done")
			require.NoError(t, err)
			got, err = s.orders.SharingQuery(ctx, o.TransactionID, "S3")
			require.NoError(t, err)
			assert.Equal(t, wechat.Fen(800), got.Amount)
			in.Receivers[0].Amount = 1
			_, err = s.orders.ShareMore(ctx, in)
			require.ErrorIs(t, err, wechat.ErrRequest, "it is over")
			require.NoError(t, s.orders.RemoveReceiver(ctx, friend))

			require.NoError(t, s.p.Close())
			other, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: s.clock, Keys: wechattest.ReusedKeys()})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, other.Close()) })
			assert.Equal(t, wechat.Fen(1350), wechattest.Balance(other.Ledger(s.a.MchID)), "1500 earned, 200 shared, 50 back, and the journal remembers")
			assert.Equal(t, wechat.Fen(150), wechattest.Balance(other.Ledger("0000190099")))
		})
	}
}

func (s *shopV2) takeBackShare(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	in := apiv2.ReturnRequest{OutOrderNo: "S1", OutReturnNo: "B1", Account: "0000190099", Amount: 201, Description: "too much"}
	_, err := s.orders.ShareReturn(ctx, in)
	require.ErrorIs(t, err, wechat.Code("AMOUNT_OVERDUE"))
	in.Amount = 50
	back, err := s.orders.ShareReturn(ctx, in)
	require.NoError(t, err)
	again, err := s.orders.ShareReturn(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, back, again)
	asked, err := s.orders.ShareReturnQuery(ctx, "S1", "B1")
	require.NoError(t, err)
	assert.Equal(t, back, asked)
	in.Amount = 51
	_, err = s.orders.ShareReturn(ctx, in)
	require.ErrorIs(t, err, wechat.ErrRequest)
	in.OutReturnNo, in.Amount = "B2", 151
	_, err = s.orders.ShareReturn(ctx, in)
	require.ErrorIs(t, err, wechat.Code("AMOUNT_OVERDUE"), "no more than was shared")
	in.OutOrderNo = "S9"
	_, err = s.orders.ShareReturn(ctx, in)
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
	_, err = s.orders.ShareReturnQuery(ctx, "S1", "B9")
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
}
