package cashier_test

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

func (b *bench) refund(o shop.Order, amount wechat.Fen) shop.Refund {
	b.t.Helper()
	r, err := b.cashier.Refund(b.t.Context(), o.No, amount, "协商退款", rand.Text())
	require.NoError(b.t, err)
	return r
}

func TestRefundInPartAndThenTheRest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.sold("tea")
	r := b.refund(o, 800)
	assert.Equal(t, shop.RefundProcessing, r.State)
	assert.Equal(t, wechat.Fen(16800), b.balanced(), "money under way is still in both ledgers")
	b.clock.Advance(time.Minute)
	assert.Equal(t, shop.RefundSuccess, b.refundOf(r.No).State)
	assert.Equal(t, wechat.Fen(16000), b.balanced())
	b.refund(o, 16000)
	_, err := b.cashier.Refund(t.Context(), o.No, 1, "", rand.Text())
	require.ErrorIs(t, err, shop.ErrOverRefund)
	b.clock.Advance(time.Minute)
	assert.Zero(t, b.balanced())
	assert.Equal(t, []int{200, 200, 200}, b.bell.heard)
}

func TestRefundWhoseReplyIsLostKeepsItsNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.sold("tea")
	disarm := b.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/v3/refund/", Times: -1})
	r := b.refund(o, 800)
	assert.Equal(t, shop.RefundRequested, r.State)
	assert.NotEmpty(t, r.Problem)
	disarm()
	b.heal(true)
	assert.Equal(t, shop.RefundProcessing, b.refundOf(r.No).State)
	b.clock.Advance(time.Minute)
	assert.Equal(t, wechat.Fen(16000), b.balanced())
	assert.Len(t, b.compare().Rows, 2, "one refund, not two")
}

func TestRefundIsAskedForAgainWhenWeChatNeverHeardOfIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault wechattest.Fault
		shown string
	}{
		{"not enough money", wechattest.Fault{Kind: wechattest.Status, Status: 403, Code: "NOT_ENOUGH"}, "NOT_ENOUGH"},
		{"too often", wechattest.Fault{Kind: wechattest.Status, Status: 429, Times: -1}, "FREQUENCY_LIMITED"},
		{"brown-out", wechattest.Fault{Kind: wechattest.HTML, Status: 502, Times: -1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := b.sold("tea")
			tt.fault.Method = http.MethodPost
			disarm := b.sim.Fault(tt.fault)
			r := b.refund(o, o.Total)
			assert.Equal(t, shop.RefundRequested, r.State)
			assert.Contains(t, r.Problem, tt.shown)
			assert.Zero(t, b.order(o.No).Refundable(), "the amount is held")
			disarm()
			b.clock.Advance(10 * time.Second)
			assert.Equal(t, 1, b.heal(false))
			b.clock.Advance(time.Minute)
			got := b.refundOf(r.No)
			assert.Equal(t, shop.RefundSuccess, got.State)
			assert.Empty(t, got.Problem)
			assert.Zero(t, b.balanced())
		})
	}
}

func TestLostRefundNoticeIsHealedByQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.sold("tea")
	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose, Event: "REFUND."})
	r := b.refund(o, 100)
	b.clock.Advance(time.Minute)
	assert.Equal(t, wechat.Fen(100), b.compare().Distance)
	b.heal(false)
	assert.Equal(t, shop.RefundSuccess, b.refundOf(r.No).State)
	b.balanced()
}

func TestRefundThatFailsFreesItsAmount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.sold("tea")
	r := b.refund(o, o.Total)
	require.NoError(t, b.sim.SettleRefund(b.account.MchID, r.No, "ABNORMAL"))
	b.clock.Advance(time.Minute)
	assert.Equal(t, shop.RefundAbnormal, b.refundOf(r.No).State)
	assert.Zero(t, b.order(o.No).Refundable())

	p := b.sold("tea")
	q := b.refund(p, p.Total)
	require.NoError(t, b.sim.SettleRefund(b.account.MchID, q.No, "CLOSED"))
	b.clock.Advance(time.Minute)
	assert.Equal(t, shop.RefundClosed, b.refundOf(q.No).State)
	assert.Equal(t, p.Total, b.order(p.No).Refundable())
	b.balanced()
}

// A refund made by hand on the merchant platform is not in the shop's books.
func TestRefundThatTheShopDidNotAskForIsAnAlarm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.sold("tea")
	_, err := refund.New(b.merchant()).Apply(t.Context(), refund.Request{TransactionID: o.TransactionID, OutRefundNo: "by-hand",
		NotifyURL: notifyURL, Amount: refund.Amount{Refund: 5, Total: o.Total}})
	require.NoError(t, err)
	b.clock.Advance(time.Minute)
	assert.Len(t, b.alarms(), 1)
	assert.Equal(t, wechat.Fen(5), b.compare().Distance)
}
