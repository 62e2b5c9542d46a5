package cashier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestGenerationsTakeAPaymentOnce(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name  string
		fault wechattest.NoticeFault
	}{
		{"sixteen copies at once", wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 15, Together: true}},
		{"wrong on purpose first", wechattest.NoticeFault{Kind: wechattest.NoticeProbe}},
		{"wrong signature first", wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature}},
		{"acknowledgement lost", wechattest.NoticeFault{Kind: wechattest.NoticeLostAck}},
		{"first one lost", wechattest.NoticeFault{Kind: wechattest.NoticeDrop}},
		{"after a query", wechattest.NoticeFault{Kind: wechattest.NoticeReorder, Delay: 20 * time.Second}},
	}
	each(t, func(t *testing.T, s *stall) {
		for i, f := range faults {
			s.Sim.FaultNotice(f.fault)
			o := s.sell("tea", 2, 10*time.Second)
			s.heal() // a query in between must not count twice either
			s.clock.Advance(time.Minute)
			o = s.order(o.No)
			assert.Equal(t, shop.Paid, o.State, f.name)
			assert.NotEmpty(t, o.TransactionID, f.name)
			assert.Equal(t, 80-2*int64(i+1), s.stock("tea"), f.name)
			assert.Zero(t, s.alarms(), f.name)
			s.balanced(i + 1)
		}
	})
}

func TestGenerationsHealALostNotice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
		o := s.sell("tea", 1, 0)
		assert.Equal(t, shop.Pending, o.State)
		n, err := s.Cashier.Heal(t.Context(), false)
		require.NoError(t, err)
		assert.Zero(t, n, "nothing is due yet")
		s.clock.Advance(10 * time.Second)
		n, err = s.Cashier.Heal(t.Context(), false)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		assert.Equal(t, shop.Paid, s.order(o.No).State)
		s.balanced(1)
	})
}

// The shop closed an order by mistake and the goods are gone: the money goes back.
func TestGenerationsGiveALatePaymentBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDrop})
		o := s.place(shop.JSAPI, "honey", 2)
		require.NoError(t, s.Sim.Confirm(s.page(o)))
		s.clock.Advance(0)
		require.NoError(t, s.Store.CloseOrder(t.Context(), o.No))
		s.place(shop.Native, "honey", 3)
		s.clock.Advance(time.Minute) // the notice comes after all
		assert.Equal(t, shop.Late, s.order(o.No).State)
		s.heal()
		s.clock.Advance(time.Minute)
		s.heal()
		o = s.order(o.No)
		assert.Equal(t, o.Total, o.Refunded)
		s.balanced(2)
	})
}

func TestGenerationsNeverFulfilAWrongAmount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.place(shop.JSAPI, "tea", 1)
		page := s.page(o)
		s.tamper(`UPDATE orders SET total = total + 1 WHERE no = ?`, o.No)
		require.NoError(t, s.Sim.Confirm(page))
		s.clock.Advance(0)
		assert.Equal(t, shop.Pending, s.order(o.No).State)
		assert.Equal(t, 1, s.alarms())
		s.heal()
		assert.Equal(t, 1, s.alarms(), "a query says the same")
	})
}

func TestGenerationsRefundOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.sell("tea", 1, 0)
		_, path := s.Sim.Paths()
		disarm := s.Sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: path, Times: -1})
		first := s.refund(o, 800)
		assert.Equal(t, shop.RefundRequested, first.State)
		assert.NotEmpty(t, first.Problem)
		disarm()
		s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose, Event: "REFUND."})
		s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose, Event: "V2.REFUND"})
		s.heal()
		assert.Equal(t, shop.RefundProcessing, s.refundState(first.No))
		s.clock.Advance(time.Minute) // its notice, if there is one, is lost
		s.heal()
		assert.Equal(t, shop.RefundSuccess, s.refundState(first.No))
		s.balanced(2)

		disarm = s.Sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Path: path, Times: -1}) // WeChat never hears of it
		second := s.refund(o, o.Total-800)
		assert.Equal(t, shop.RefundRequested, second.State)
		disarm()
		s.clock.Advance(10 * time.Second)
		s.heal()
		s.clock.Advance(time.Minute)
		s.heal()
		assert.Equal(t, shop.RefundSuccess, s.refundState(second.No))
		o = s.order(o.No)
		assert.Equal(t, o.Total, o.Refunded)
		s.balanced(3)
	})
}

func TestGenerationsCancel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.place(shop.JSAPI, "honey", 1)
		page := s.page(o)
		require.NoError(t, s.Cashier.Cancel(t.Context(), s.order(o.No)))
		o = s.order(o.No)
		assert.Equal(t, shop.Closed, o.State)
		assert.Equal(t, int64(3), s.stock("honey"))
		_, err := s.Cashier.JSAPI(t.Context(), o)
		require.ErrorIs(t, err, cashier.ErrNotPayable)
		if o.Watch.IsZero() {
			require.ErrorIs(t, s.Sim.Confirm(page), wechattest.ErrNotOpen, "WeChat closed it too")
			s.balanced(0)
			return
		}
		// The sheet was open already and nobody can close it: the money comes, and no notice.
		s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
		require.NoError(t, s.Sim.Confirm(page))
		s.clock.Advance(10 * time.Second)
		n, err := s.Cashier.Heal(t.Context(), false)
		require.NoError(t, err)
		assert.Equal(t, 1, n, "a closed order is watched")
		assert.Equal(t, shop.Paid, s.order(o.No).State, "the goods were still there")
		s.balanced(1)
	})
}

func TestGenerationsCloseWhatNobodyPays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.place(shop.Native, "honey", 3)
		code, err := s.Cashier.Native(t.Context(), o)
		require.NoError(t, err)
		never := s.place(shop.JSAPI, "tea", 1) // WeChat never hears of this one
		s.heal()
		assert.Equal(t, shop.Pending, s.order(o.No).State, "it is early")
		s.clock.Advance(shop.PayWithin)
		s.heal()
		for _, no := range []string{o.No, never.No} {
			assert.Equal(t, shop.Closed, s.order(no).State)
		}
		assert.Equal(t, int64(3), s.stock("honey"))
		assert.Equal(t, int64(80), s.stock("tea"))
		assert.NotContains(t, s.scan(code), `name="ref"`, "too late to pay")
		s.clock.Advance(5 * time.Minute)
		s.heal()
		assert.Zero(t, s.heal(), "nothing is watched any more")
		s.balanced(0)
	})
}

func TestGenerationsLeaveAnOrderOpenWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.place(shop.JSAPI, "honey", 1)
		s.page(o)
		defer s.Sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})()
		require.Error(t, s.Cashier.Cancel(t.Context(), o))
		_, err := s.Cashier.Heal(t.Context(), true)
		require.Error(t, err)
		assert.Equal(t, shop.Pending, s.order(o.No).State)
	})
}

func TestGenerationsPayByCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		o := s.place(shop.Native, "tea", 2)
		code, err := s.Cashier.Native(t.Context(), o)
		require.NoError(t, err)
		page := s.scan(code)
		assert.Contains(t, page, "336.00")
		s.pay(page)
		s.clock.Advance(0)
		assert.Equal(t, shop.Paid, s.order(o.No).State)
		assert.NotContains(t, s.scan(code), `name="ref"`, "it is paid")
		s.balanced(1)
	})
}

func TestPosters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stall) {
		code, err := s.Cashier.Poster("honey")
		require.NoError(t, err)
		if code == "" {
			assert.Equal(t, "v3", s.Cashier.Generation())
			return
		}
		s.scan(code)
		page := s.scan(code) // looked at twice
		assert.Equal(t, int64(2), s.stock("honey"), "one order")
		s.pay(page)
		s.clock.Advance(0)
		s.pay(s.scan(code))
		s.clock.Advance(0)
		s.balanced(2)
		s.place(shop.Native, "honey", 1)
		assert.Contains(t, s.scan(code), "商品已售罄")
		gone, err := s.Cashier.Poster("moon")
		require.NoError(t, err)
		assert.Contains(t, s.scan(gone), "没有这件商品")
		assert.NotContains(t, s.scan(strings.Replace(code, "honey", "vase", 1)), `name="ref"`, "a forged poster")
	})
}

// A code on a page of 2014 names its order, which may be closed when it is scanned.
func TestScannedOrderThatIsClosed(t *testing.T) {
	t.Parallel()
	s := openStall(t, "2014")
	o := s.place(shop.Native, "tea", 1)
	code, err := s.Cashier.Native(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, s.Cashier.Cancel(t.Context(), s.order(o.No)))
	assert.Contains(t, s.scan(code), "订单已支付或已关闭")
	s.tamper(`DROP TABLE orders`)
	assert.NotContains(t, s.scan(code), `name="ref"`, "a shop in trouble")
}

func TestUsedNumberOfV2IsLookedUp(t *testing.T) {
	t.Parallel()
	s := openStall(t, "v2")
	s.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	o := s.sell("tea", 1, 0)
	o.PrepayID = "" // as after a crash that lost the answer
	_, err := s.Cashier.JSAPI(t.Context(), o)
	require.ErrorIs(t, err, cashier.ErrNotPayable)
	assert.Equal(t, shop.Paid, s.order(o.No).State)
}

func TestRefundOfV2ThatFails(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]shop.RefundState{"ABNORMAL": shop.RefundAbnormal, "CLOSED": shop.RefundClosed} {
		s := openStall(t, "v2")
		o := s.sell("tea", 1, 0)
		r := s.refund(o, o.Total)
		sim, ok := s.Sim.(interface {
			SettleRefund(mchID, no, status string) error
		})
		require.True(t, ok)
		require.NoError(t, sim.SettleRefund(s.Cashier.Seller().MchID, r.No, status))
		s.clock.Advance(time.Minute)
		assert.Equal(t, want, s.refundState(r.No))
	}
}

// The notice of a refund is encrypted and not signed: one about a refund the shop
// does not have is for a person to look at.
func TestRefundNoticeOfV2ThatIsNotOursIsAnAlarm(t *testing.T) {
	t.Parallel()
	s := openStall(t, "v2")
	o := s.sell("tea", 1, 0)
	s.refund(o, 100)
	s.tamper(`DELETE FROM refunds`)
	s.clock.Advance(time.Minute)
	assert.Equal(t, 1, s.alarms())
	assert.Zero(t, s.order(o.No).Refunded)
}
