package apiv2_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// till is a shop on the simulator with one paid order.
type till struct {
	sim    *wechattest.Pay
	orders *apiv2.Service
	slept  time.Duration
}

func newTill(t *testing.T) *till {
	t.Helper()
	b, clock := &till{}, wechattest.NewClock(time.Time{})
	var err error
	b.sim, err = wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.sim.Close()) })
	a, err := b.sim.NewMerchant(wechattest.MerchantOptions{})
	require.NoError(t, err)
	m, err := wechat.NewMerchantV2(a.ConfigV2(), append(a.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	b.orders = apiv2.New(m, a.AppID)
	b.orders.Sleep = func(ctx context.Context, d time.Duration) error { b.slept += d; clock.Advance(d); return ctx.Err() }
	p, err := b.orders.Place(t.Context(), apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "A00001", Body: "tea", Total: 100, IP: "192.0.2.1",
		NotifyURL: "http://127.0.0.1:9/n", ProductID: "tea"})
	require.NoError(t, err)
	_, err = b.sim.Pay(p.CodeURL, wechattest.User{Name: "li"})
	require.NoError(t, err)
	return b
}

func give() apiv2.RefundRequest {
	return apiv2.RefundRequest{OutTradeNo: "A00001", OutRefundNo: "R1", Total: 100, Refund: 60}
}

const refundPath = "/secapi/pay/refund"

func TestResolveRefundFindsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	b.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: refundPath})
	_, err := b.orders.Refund(t.Context(), give())
	require.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	got, err := b.orders.ResolveRefund(t.Context(), give())
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(60), got.Refund)
	assert.Equal(t, apiv2.RefundSuccess, got.State, "ten seconds later it has arrived")
	assert.Equal(t, 10*time.Second, b.slept)

	other := give()
	other.Refund = 50
	_, err = b.orders.ResolveRefund(t.Context(), other)
	var differs *pay.MismatchError
	require.ErrorAs(t, err, &differs)
	assert.Equal(t, "refund_fee", differs.Differences[0].Field)
}

func TestResolveRefundSendsTheSameAgain(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	b.sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Path: refundPath, Times: 2}) // it never arrived, nor does the first repetition
	_, err := b.orders.Refund(t.Context(), give())
	require.Error(t, err)
	got, err := b.orders.ResolveRefund(t.Context(), give())
	require.NoError(t, err)
	assert.Equal(t, apiv2.RefundProcessing, got.State)
	assert.NotEmpty(t, got.RefundID)
	assert.Equal(t, 30*time.Second, b.slept)
	all, err := b.orders.RefundQuery(t.Context(), apiv2.RefundQuery{OutTradeNo: "A00001"})
	require.NoError(t, err)
	assert.Equal(t, 1, all.TotalCount, "one refund")
}

func TestResolveRefundThatIsRefused(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	in := give()
	in.Total, in.Refund = 200, 200 // not what the order cost
	_, err := b.orders.ResolveRefund(t.Context(), in)
	require.Error(t, err)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.Equal(t, 30*time.Second, b.slept, "refused twice")
	require.NotErrorIs(t, err, apiv2.ErrRefundUnresolved)

	in.OutRefundNo = "?"
	_, err = b.orders.ResolveRefund(t.Context(), in)
	var field *wechat.FieldError
	require.ErrorAs(t, err, &field)
}

func TestResolveRefundWithoutACertainAnswer(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	b.sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})
	_, err := b.orders.ResolveRefund(t.Context(), give())
	require.ErrorIs(t, err, apiv2.ErrRefundUnresolved)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.Equal(t, 30*time.Minute, b.slept)

	stop := errors.New("the shop closes")
	b.orders.Sleep = func(context.Context, time.Duration) error { return stop }
	_, err = b.orders.ResolveRefund(t.Context(), give())
	require.ErrorIs(t, err, stop)
	require.ErrorIs(t, err, apiv2.ErrRefundUnresolved)
}

// Refusals that ask for the identical request are none.
func TestResolveRefundHeedsWhatSaysAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"SYSTEMERROR", "BIZERR_NEED_RETRY", "ERROR", "INVALID_REQ_TOO_MUCH", "FREQUENCY_LIMITED"} {
		asked := 0
		d := newDesk(t, sign.MD5, func(_ int, path string) string {
			if path != refundPath {
				return signed(sign.MD5, fields{"result_code": "FAIL", "err_code": "REFUNDNOTEXIST"})
			}
			if asked++; asked <= 3 {
				return signed(sign.MD5, fields{"result_code": "FAIL", "err_code": code})
			}
			return signed(sign.MD5, fields{"out_trade_no": "A00001", "out_refund_no": "R1", "refund_id": "50", "refund_fee": "60", "total_fee": "100"})
		})
		got, err := d.direct.ResolveRefund(t.Context(), give())
		require.NoError(t, err, code)
		assert.Equal(t, "50", got.RefundID)
		for _, f := range d.sent {
			assert.Equal(t, "R1", f["out_refund_no"], "the number never changes")
		}
	}
}

func TestResolveRefundBelievesNoOtherAnswer(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fields{
		"another refund":  {"out_trade_no": "A00001", "total_fee": "100", "refund_count": "1", "out_refund_no_0": "R2", "refund_fee_0": "60"},
		"unreadable fee":  {"out_trade_no": "A00001", "total_fee": "100", "refund_count": "1", "out_refund_no_0": "R1", "refund_fee_0": "0.60"},
		"refused for now": {"result_code": "FAIL", "err_code": "SYSTEMERROR"},
	} {
		d := newDesk(t, sign.MD5, always(signed(sign.MD5, f)))
		_, err := d.direct.ResolveRefund(t.Context(), give())
		require.ErrorIs(t, err, apiv2.ErrRefundUnresolved, name)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), name)
	}
	d := newDesk(t, sign.MD5, always(signed(sign.MD5, fields{"out_trade_no": "A00002", "total_fee": "100", "refund_count": "1", "out_refund_no_0": "R1", "refund_fee_0": "60"})))
	_, err := d.direct.ResolveRefund(t.Context(), give())
	var differs *pay.MismatchError
	require.ErrorAs(t, err, &differs, "of another order")
	d = newDesk(t, sign.MD5, func(_ int, path string) string {
		if path != refundPath {
			return signed(sign.MD5, fields{"result_code": "FAIL", "err_code": "REFUNDNOTEXIST"})
		}
		return signed(sign.MD5, fields{"out_trade_no": "A00001", "out_refund_no": "R1", "refund_id": "50", "refund_fee": "61", "total_fee": "100"})
	})
	_, err = d.direct.ResolveRefund(t.Context(), give())
	require.ErrorAs(t, err, &differs, "of another amount")
}
