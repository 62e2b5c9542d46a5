package wechattest_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/legacy"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

// open2014 is a shop of 2014 whose simulator keeps its file in dir.
func open2014(t *testing.T, dir string, clock *wechattest.VirtualClock) *shop2014 {
	t.Helper()
	s := &shop2014{clock: clock}
	var err error
	s.Legacy, err = wechattest.NewLegacy(wechattest.LegacyConfig{Clock: clock, Notify: s, NativeURL: "http://127.0.0.1/native", Dir: dir, RefundDelay: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	s.orders = legacy.New(s.merchant(wechat.WithBackoff(wechat.NoRetry)))
	return s
}

func (s *shop2014) sell(t *testing.T, o legacy.Order) wechattest.LegacyOrder {
	t.Helper()
	_, err := s.OpenPage(s.page(t, o))
	require.NoError(t, err)
	paid, err := s.Pay(o.OutTradeNo, wechattest.User{Name: "wang"})
	require.NoError(t, err)
	return paid
}

func give(refund wechat.Fen) legacy.RefundRequest {
	return legacy.RefundRequest{OutTradeNo: "A1", OutRefundNo: "R1", Total: 1299, Refund: refund, Password: libseal.NewKey("111111")}
}

func TestLegacyKnowsEverythingAfterARestart(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), wechattest.NewClock(time.Time{})
	s := open2014(t, dir, clock)
	s.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDrop})
	o := cola()
	o.Charset = legacy.GBK
	s.sell(t, o)
	clock.Advance(0)
	r, err := s.orders.Refund(t.Context(), give(299))
	require.NoError(t, err)
	assert.Equal(t, legacy.RefundProcessing, r.Status.State())
	prepayID, err := s.orders.Prepay(t.Context(), cola2("A2"), "wang")
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(1299), wechattest.Balance(s.Ledger()), "a refund under way is still in the ledger")
	before := s.Legacy.Config()
	require.NoError(t, s.Close())

	again := open2014(t, dir, clock)
	assert.Equal(t, before.PaySignKey, again.Legacy.Config().PaySignKey)
	assert.Equal(t, s.Legacy.PartnerKey, again.Legacy.PartnerKey)
	got, err := again.Order("A1")
	require.NoError(t, err)
	was, err := s.Order("A1")
	require.NoError(t, err)
	was.PaidAt, got.PaidAt = was.PaidAt.UTC(), got.PaidAt.UTC()
	assert.Equal(t, was, got, "texts in GBK too")
	assert.Len(t, again.Orders(), 2)
	clock.Advance(8 * time.Second)
	require.Len(t, again.paid, 1, "the notice that was due arrives")
	assert.Equal(t, "茶=1&2", again.paid[0].Data.Attach)
	assert.Equal(t, wechat.Fen(1000), wechattest.Balance(again.Ledger()))
	r, err = again.orders.Refund(t.Context(), give(299))
	require.NoError(t, err)
	assert.Equal(t, legacy.RefundSuccess, r.Status.State())
	p, err := again.orders.APPParams(prepayID)
	require.NoError(t, err)
	_, err = again.OpenApp(wechattest.LegacyApp(*p))
	require.NoError(t, err)
}

func cola2(no string) legacy.Order {
	o := cola()
	o.OutTradeNo = no
	return o
}

func TestLegacyFileThatIsNoGood(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(at, nil, 0o600))
	_, err := wechattest.NewLegacy(wechattest.LegacyConfig{Dir: at})
	require.Error(t, err, "a file in place of the folder")
	for name, text := range map[string]string{"no JSON": "{", "no keys": "{}"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "wechattest.2014"), []byte(text), 0o600))
		_, err = wechattest.NewLegacy(wechattest.LegacyConfig{Dir: dir})
		require.ErrorContains(t, err, "damaged", name)
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "wechattest.2014"), 0o700))
	_, err = wechattest.NewLegacy(wechattest.LegacyConfig{Dir: dir})
	require.Error(t, err)
}

func TestLegacyTakesNothingMoreWhenItsFileFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open2014(t, dir, wechattest.NewClock(time.Time{}))
	require.NoError(t, os.RemoveAll(dir))
	_, err := s.OpenPage(s.page(t, cola()))
	require.Error(t, err)
	_, err = s.orders.Query(t.Context(), "A1")
	require.Error(t, err)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
}

func TestLegacyFaults(t *testing.T) {
	t.Parallel()
	const refund = "/refundapi/gateway/refund.xml"
	tests := []struct {
		name   string
		fault  wechattest.Fault
		reason string
		made   bool // the refund was made all the same
	}{
		{"lost reply", wechattest.Fault{Kind: wechattest.LostReply}, "cut", true},
		{"cut body", wechattest.Fault{Kind: wechattest.CutBody}, "EOF", true},
		{"wrong sign", wechattest.Fault{Kind: wechattest.WrongSignature}, "not proved", true},
		{"no sign", wechattest.Fault{Kind: wechattest.Unsigned}, "not proved", true},
		{"gateway", wechattest.Fault{Kind: wechattest.HTML}, "502", false},
		{"status", wechattest.Fault{Kind: wechattest.Status, Status: 503}, "503", false},
		{"status after it", wechattest.Fault{Kind: wechattest.Status, After: true}, "500", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop2014(t)
			s.sell(t, cola())
			tt.fault.Path = refund
			s.Fault(tt.fault)
			_, err := s.orders.Refund(t.Context(), give(299))
			require.ErrorContains(t, err, tt.reason)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			o, err := s.Order("A1")
			require.NoError(t, err)
			assert.Equal(t, tt.made, o.Refunded == 299)
			_, err = s.orders.Refund(t.Context(), give(299))
			require.NoError(t, err, "the next one passes")
		})
	}
	s := newShop2014(t)
	disarm := s.Fault(wechattest.Fault{Kind: wechattest.LostReply, Times: -1})
	disarm()
	s.Fault(wechattest.Fault{Kind: wechattest.Slow, Path: "/pay/orderquery"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := s.orders.Query(ctx, "A1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	s.Fault(wechattest.Fault{Kind: wechattest.Slow, Delay: time.Minute, Path: "/pay/orderquery"})
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = s.orders.Query(ctx, "A1")
	require.Error(t, err)
}

func TestLegacyNoticeFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault wechattest.NoticeFault
		want  []int // answers in the first minute
	}{
		{"usual", wechattest.NoticeFault{Kind: wechattest.NoticeKeySwitch}, []int{200}},
		{"duplicate", wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 2}, []int{200, 200, 200}},
		{"together", wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Together: true}, []int{200, 200}},
		{"probe", wechattest.NoticeFault{Kind: wechattest.NoticeProbe}, []int{401, 200}},
		{"wrong signature", wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature}, []int{401, 200}},
		{"drop", wechattest.NoticeFault{Kind: wechattest.NoticeDrop}, []int{0, 200}},
		{"lose", wechattest.NoticeFault{Kind: wechattest.NoticeLose}, []int{0}},
		{"lost ack", wechattest.NoticeFault{Kind: wechattest.NoticeLostAck}, []int{200, 200}},
		{"reorder", wechattest.NoticeFault{Kind: wechattest.NoticeReorder, Delay: 30 * time.Second}, []int{200}},
		{"another order", wechattest.NoticeFault{Kind: wechattest.NoticeLose, OutTradeNo: "A2"}, []int{200}},
		{"another event", wechattest.NoticeFault{Kind: wechattest.NoticeLose, Event: "REFUND."}, []int{200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop2014(t)
			s.FaultNotice(tt.fault)
			s.sell(t, cola())
			s.clock.Advance(time.Minute)
			var got []int
			for _, d := range s.Deliveries() {
				got = append(got, d.Status)
			}
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("disarmed", func(t *testing.T) {
		t.Parallel()
		s := newShop2014(t)
		s.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})()
		s.sell(t, cola())
		s.clock.Advance(0)
		assert.Len(t, s.paid, 1)
	})
	t.Run("held back until the next one", func(t *testing.T) {
		t.Parallel()
		s := newShop2014(t)
		s.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeReorder})
		s.sell(t, cola())
		s.clock.Advance(time.Second)
		require.Empty(t, s.paid)
		s.sell(t, cola2("A2"))
		s.clock.Advance(0)
		require.Len(t, s.paid, 2)
		assert.Equal(t, []string{"A2", "A1"}, []string{s.paid[0].Data.OutTradeNo, s.paid[1].Data.OutTradeNo})
	})
}

func TestLegacyOrderExpires(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	o := cola()
	o.Expire = s.clock.Now().Add(time.Minute)
	_, err := s.OpenPage(s.page(t, o))
	require.NoError(t, err)
	s.clock.Advance(time.Minute)
	_, err = s.Pay("A1", wechattest.User{})
	require.ErrorIs(t, err, wechattest.ErrExpired)
	_, err = s.OpenPage(s.page(t, o))
	require.ErrorIs(t, err, wechattest.ErrExpired)
	require.NoError(t, s.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/pay/orderquery?a=%zz", nil)
	require.NoError(t, err)
	res, err := s.Transport().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusInternalServerError, res.StatusCode)
}
