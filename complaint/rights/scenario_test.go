package rights_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint/rights"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/wechattest"
)

var wang = wechattest.User{Name: "wang"}

// shop2014 is a shop of 2014 with one paid order, A1, in the simulator.
type shop2014 struct {
	*wechattest.Legacy
	*rights.Service
	clock   *wechattest.VirtualClock
	handler *notify.Handler
	order   wechattest.LegacyOrder
	said    *said
	refuse  error
}

// Do carries a callback to the shop.
func (s *shop2014) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func newShop2014(t *testing.T) *shop2014 {
	t.Helper()
	s := &shop2014{clock: wechattest.NewClock(time.Time{}), said: &said{}}
	var err error
	s.Legacy, err = wechattest.NewLegacy(wechattest.LegacyConfig{Clock: s.clock, Notify: s, RightsURL: "http://127.0.0.1:1/rights"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	m, err := wechat.NewMerchantLegacy(s.Config(), append(s.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	s.Service, s.handler = rights.New(m.App()), notify.NewHandler(notify.Legacy(m))
	notify.On(s.handler, legacy.Paid, func(context.Context, notify.Event[legacy.Payment]) error { return nil })
	notify.On(s.handler, rights.Requested, func(_ context.Context, e notify.Event[rights.Request]) error {
		s.said.requests = append(s.said.requests, e)
		return s.refuse
	})
	notify.On(s.handler, rights.Confirmed, func(_ context.Context, e notify.Event[rights.Reply]) error {
		s.said.yes = append(s.said.yes, e)
		return nil
	})
	notify.On(s.handler, rights.Rejected, func(_ context.Context, e notify.Event[rights.Reply]) error {
		s.said.no = append(s.said.no, e)
		return nil
	})
	p, err := legacy.New(m).JSAPIParams(legacy.Order{OutTradeNo: "A1", Body: "茶", Total: 100, NotifyURL: "http://127.0.0.1:1/paid", IP: "203.0.113.9"})
	require.NoError(t, err)
	_, err = s.OpenPage(wechattest.LegacyPage(*p))
	require.NoError(t, err)
	s.order, err = s.Pay("A1", wang)
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	return s
}

// A user complains, is not content with the first help, and is with the second.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	s, ctx := newShop2014(t), t.Context()
	f, err := s.Complain("A1", wang, wechattest.LegacyGrievance{Reason: "质量问题", Solution: "换货", ExtInfo: "备注 & <1> 13800001111", Pictures: []string{"http://pic.example/1.jpg?a=1&b=2"}})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	require.Len(t, s.said.requests, 1)
	got := s.said.requests[0].Data
	assert.Len(t, got.FeedbackID, 20)
	assert.Equal(t, f.ID, got.FeedbackID)
	assert.Equal(t, s.order.TransactionID, got.TransactionID)
	assert.Equal(t, wang.OpenID(s.AppID), got.OpenID)
	assert.Equal(t, "质量问题/换货", got.Reason+"/"+got.Solution)
	text, err := got.Remark.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "备注 & <1> 13800001111", text)
	assert.Equal(t, rights.Pictures{"http://pic.example/1.jpg?a=1&b=2"}, got.Pictures)

	_, err = s.Reject(f.ID, "x")
	require.ErrorIs(t, err, wechattest.ErrComplaint, "nothing was done yet")
	for range 2 {
		require.NoError(t, s.Handled(ctx, got.OpenID, got.FeedbackID))
		s.clock.Advance(time.Hour)
		_, err = s.Reject(f.ID, "还是坏的")
		require.NoError(t, err)
		s.clock.Advance(time.Second)
	}
	require.Len(t, s.said.no, 2)
	assert.Equal(t, "还是坏的", s.said.no[0].Data.Reason)
	assert.NotEqual(t, s.said.no[0].Key, s.said.no[1].Key, "a second no is another one")
	require.NoError(t, s.Handled(ctx, got.OpenID, got.FeedbackID))
	require.NoError(t, s.Handled(ctx, got.OpenID, got.FeedbackID), "saying it twice is fine")
	_, err = s.Confirm(f.ID)
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	require.Len(t, s.said.yes, 1)
	assert.Equal(t, f.ID, s.said.yes[0].Data.FeedbackID)
	require.Error(t, s.Handled(ctx, got.OpenID, got.FeedbackID), "it is over")
	over, err := s.Feedback(f.ID)
	require.NoError(t, err)
	assert.Equal(t, "CONFIRMED", over.State)
	assert.Equal(t, []wechattest.LegacyFeedback{over}, s.Feedbacks())
}

// A callback the shop cannot take comes again under the same key; a forged one is
// refused.
func TestCallbacksComeAgain(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	s.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature, Event: "2014.RIGHTS", Times: 1})
	s.refuse = errors.New("the database is away")
	_, err := s.Complain("A1", wechattest.User{}, wechattest.LegacyGrievance{})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	assert.Empty(t, s.said.requests)
	s.clock.Advance(8 * time.Second)
	s.refuse = nil
	s.clock.Advance(time.Hour)
	require.Len(t, s.said.requests, 2)
	assert.Equal(t, s.said.requests[0].Key, s.said.requests[1].Key)
	var statuses []int
	for _, d := range s.Deliveries() {
		if d.EventType == "2014.RIGHTS" {
			statuses = append(statuses, d.Status)
		}
	}
	assert.Equal(t, []int{401, 500, 200}, statuses)
}

func TestHandledAtTheSimulator(t *testing.T) {
	t.Parallel()
	s, ctx := newShop2014(t), t.Context()
	f, err := s.Complain("A1", wang, wechattest.LegacyGrievance{})
	require.NoError(t, err)
	require.ErrorIs(t, s.Handled(ctx, "oStranger", f.ID), wechat.Code("49003"))
	require.ErrorIs(t, s.Handled(ctx, s.order.OpenID, "1"), wechat.Code("40097"))
	require.NoError(t, s.Handled(ctx, s.order.OpenID, f.ID))

	_, err = s.Complain("A9", wang, wechattest.LegacyGrievance{})
	require.ErrorIs(t, err, wechattest.ErrNoOrder)
	_, err = s.Complain("A1", wechattest.User{Name: "li"}, wechattest.LegacyGrievance{})
	require.ErrorIs(t, err, wechattest.ErrWrongUser)
	_, err = s.Complain("A1", wang, wechattest.LegacyGrievance{Pictures: make([]string, 6)})
	require.ErrorIs(t, err, wechattest.ErrComplaint)
	_, err = s.Confirm("1")
	require.ErrorIs(t, err, wechattest.ErrNoComplaint)
	_, err = s.Feedback("1")
	require.ErrorIs(t, err, wechattest.ErrNoComplaint)
}
