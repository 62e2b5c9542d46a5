package cashier_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := cashier.New(cashier.Config{})
	assert.ErrorContains(t, err, "Till")
}

func TestJSAPIOrderIsPaidByItsNotice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.place(shop.JSAPI, "tea", 2)
	params, err := b.cashier.JSAPI(t.Context(), o)
	require.NoError(t, err)
	_, err = b.sim.CheckJSAPI(wechattest.PageParams(*params), wechattest.User{ID: o.OpenID})
	require.NoError(t, err, "WeChat accepts the page's parameters")
	o = b.order(o.No)
	assert.Equal(t, "prepay_id="+o.PrepayID, params.Package)
	again, err := b.cashier.JSAPI(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, params.Package, again.Package, "the order is placed once")
	assert.NotEqual(t, params.NonceStr, again.NonceStr)

	_, err = b.sim.Pay(o.PrepayID, wechattest.User{})
	require.NoError(t, err)
	b.clock.Advance(0)
	o = b.order(o.No)
	assert.Equal(t, shop.Paid, o.State)
	assert.NotEmpty(t, o.TransactionID)
	assert.Equal(t, wechat.Fen(2*16800), b.balanced())
	_, err = b.cashier.JSAPI(t.Context(), o)
	assert.ErrorIs(t, err, cashier.ErrNotPayable)
}

func TestAChannelIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.cashier.JSAPI(t.Context(), b.place(shop.Native, "tea", 1))
	require.ErrorIs(t, err, cashier.ErrNotPayable)
	_, err = b.cashier.Native(t.Context(), b.place(shop.JSAPI, "tea", 1))
	require.ErrorIs(t, err, cashier.ErrNotPayable)
}

func TestAdverse39And49_NoticesThatGoWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault wechattest.NoticeFault
		wait  time.Duration
		heard []int // what the shop answered
	}{
		{"sixteen copies", wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 15}, 0, times(16, 200)},
		{"probe first", wechattest.NoticeFault{Kind: wechattest.NoticeProbe}, 15 * time.Second, []int{401, 200}},
		{"wrong signature first", wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature}, 15 * time.Second, []int{401, 200}},
		{"acknowledgement lost", wechattest.NoticeFault{Kind: wechattest.NoticeLostAck}, 15 * time.Second, []int{200, 200}},
		{"lost on the way", wechattest.NoticeFault{Kind: wechattest.NoticeDrop}, 15 * time.Second, []int{200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.sim.FaultNotice(tt.fault)
			o, code := b.code("tea", 1)
			b.pay(code)
			b.clock.Advance(tt.wait)
			assert.Equal(t, shop.Paid, b.order(o.No).State)
			assert.Len(t, b.compare().Rows, 1)
			b.balanced()
			require.Len(t, b.bell.heard, len(tt.heard))
			for i, status := range tt.heard {
				assert.Equal(t, status >= 400, b.bell.heard[i] >= 400, "answer %d is %d", i, b.bell.heard[i])
			}
		})
	}
}

func times(n, status int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = status
	}
	return out
}

func TestLostReplyIsOneOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: http.MethodPost})
	_, code := b.code("tea", 1)
	assert.NotEmpty(t, code)
	assert.Len(t, b.account.Orders(), 1)
}

func TestReplyLostForGoodIsTriedAgainUnderTheSameNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	disarm := b.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: http.MethodPost, Times: -1})
	for _, channel := range []shop.Channel{shop.Native, shop.JSAPI} {
		o := b.place(channel, "tea", 1)
		_, err := b.cashier.Native(t.Context(), o)
		if channel == shop.JSAPI {
			_, err = b.cashier.JSAPI(t.Context(), o)
		}
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	}
	disarm()
	list, err := b.store.DueOrders(t.Context(), true)
	require.NoError(t, err)
	for _, o := range list {
		if o.Channel == shop.Native {
			_, err = b.cashier.Native(t.Context(), o)
			require.NoError(t, err)
		}
	}
	assert.Len(t, b.account.Orders(), 2)
}

func TestLostNoticeIsHealedByQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	o, code := b.code("tea", 1)
	b.pay(code)
	assert.Equal(t, shop.Pending, b.order(o.No).State)
	assert.Zero(t, b.heal(false), "nothing is due yet")
	b.clock.Advance(10 * time.Second)
	assert.Equal(t, 1, b.heal(false))
	assert.Equal(t, shop.Paid, b.order(o.No).State)
	assert.Zero(t, b.heal(true))
	b.balanced()
}

func TestOrderThatWeChatDoesNotKnowStaysOpenAndThenCloses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.place(shop.Native, "honey", 3)
	assert.Equal(t, 1, b.heal(true))
	assert.Equal(t, shop.Pending, b.order(o.No).State, "404 proves nothing while it is early")
	b.clock.Advance(shop.PayWithin)
	assert.Equal(t, 1, b.heal(false))
	assert.Equal(t, shop.Closed, b.order(o.No).State)
	assert.Equal(t, int64(3), b.stock("honey"))
}

func TestUnpaidOrderIsClosedWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o, code := b.code("honey", 3)
	b.clock.Advance(shop.PayWithin - 30*time.Second)
	_, err := b.cashier.Native(t.Context(), b.order(o.No))
	require.ErrorIs(t, err, cashier.ErrNotPayable, "in its last minute an order is not offered any more")
	b.heal(true)
	assert.Equal(t, shop.Pending, b.order(o.No).State)
	b.clock.Advance(time.Minute)
	b.heal(true)
	assert.Equal(t, shop.Closed, b.order(o.No).State)
	assert.Equal(t, int64(3), b.stock("honey"))
	_, err = b.sim.Pay(code, wechattest.User{Name: "late"})
	assert.Error(t, err)
}

func TestCancelClosesAtWeChatToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o, code := b.code("honey", 1)
	require.NoError(t, b.cashier.Cancel(t.Context(), o))
	assert.Equal(t, shop.Closed, b.order(o.No).State)
	_, err := b.sim.Pay(code, wechattest.User{Name: "late"})
	require.ErrorIs(t, err, wechattest.ErrNotOpen)
	assert.ErrorIs(t, b.cashier.Cancel(t.Context(), b.order(o.No)), cashier.ErrNotPayable)
}

func TestCancelWithoutAnAnswerLeavesTheOrderOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o, _ := b.code("honey", 1)
	b.sim.Fault(wechattest.Fault{Kind: wechattest.Status, Status: 500, Times: -1})
	require.Error(t, b.cashier.Cancel(t.Context(), o))
	assert.Equal(t, shop.Pending, b.order(o.No).State)
	_, err := b.cashier.Heal(t.Context(), true)
	assert.Error(t, err)
}

func TestAdverse51_PaymentDuringCloseWins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDrop})
	o, code := b.code("honey", 1)
	b.pay(code) // its notice is on its way
	require.NoError(t, b.cashier.Cancel(t.Context(), o))
	assert.Equal(t, shop.Paid, b.order(o.No).State)
	b.clock.Advance(time.Minute)
	assert.Equal(t, []int{200}, b.bell.heard)
	b.balanced()
}

// The goods are gone, so the money goes back.
func TestAdverse51_LateNoticeForASoldOutOrderIsRefunded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o, code := b.code("honey", 2)
	require.NoError(t, b.store.CloseOrder(t.Context(), o.No)) // a mistake of the shop: WeChat was not asked
	b.place(shop.Native, "honey", 3)
	b.pay(code)
	assert.Equal(t, shop.Late, b.order(o.No).State)
	b.heal(true)
	b.clock.Advance(time.Minute)
	o = b.order(o.No)
	assert.Equal(t, o.Total, o.Refunded)
	assert.Zero(t, b.balanced())
}

// Genuine notices that do not fit the books.
func TestAdverse44And45_NoticesThatDoNotFitAreAlarms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		app   string
		no    func(shop.Order) string
		total wechat.Fen
	}{
		{"another app", "wx0000bbbb", func(o shop.Order) string { return o.No }, 16800},
		{"another amount", "wx0000aaaa", func(o shop.Order) string { return o.No }, 1},
		{"unknown order", "wx0000aaaa", func(shop.Order) string { return "20260105UNKNOWN" }, 16800},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := b.place(shop.Native, "tea", 1)
			native, err := pay.New(b.merchant(), tt.app).PrepayNative(t.Context(), pay.NativeRequest{Description: "x",
				OutTradeNo: tt.no(o), NotifyURL: notifyURL, Amount: pay.Amount{Total: tt.total}})
			require.NoError(t, err)
			b.pay(native.CodeURL)
			assert.Equal(t, shop.Pending, b.order(o.No).State)
			assert.Len(t, b.alarms(), 1)
			assert.Equal(t, []int{200}, b.bell.heard, "the alarm is on disk, so it need not come again")
			assert.Equal(t, tt.total, b.compare().Distance, "the ledger shows it too")
		})
	}
}

func TestUsedNumberIsLookedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o, code := b.code("tea", 1)
	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	b.pay(code)
	o.CodeURL = "" // as after a crash that lost the answer
	_, err := b.cashier.Native(t.Context(), o)
	require.ErrorIs(t, err, cashier.ErrNotPayable)
	assert.Equal(t, shop.Paid, b.order(o.No).State)
}

func TestRunHealsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	o, code := b.code("tea", 1)
	b.pay(code)
	b.clock.Advance(10 * time.Second)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.cashier.Run(ctx, time.Millisecond); close(done) }()
	require.Eventually(t, func() bool {
		got, err := b.store.Order(t.Context(), o.No)
		return err == nil && got.State == shop.Paid
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	<-done
}
