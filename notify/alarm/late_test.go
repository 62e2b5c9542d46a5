package alarm_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/wechattest"
)

// shop2014 is a shop of 2014 in the simulator that hears alarms.
type shop2014 struct {
	*wechattest.Legacy
	clock   *wechattest.VirtualClock
	m       *wechat.MerchantLegacy
	handler *notify.Handler
	got     []notify.Event[alarm.Alarm]
}

// Do carries a callback to the shop.
func (s *shop2014) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// start opens the simulator in a folder.
func (s *shop2014) start(t *testing.T, dir, url string) {
	t.Helper()
	var err error
	s.Legacy, err = wechattest.NewLegacy(wechattest.LegacyConfig{Clock: s.clock, Notify: s, AlarmURL: url, Dir: dir})
	require.NoError(t, err)
	s.m, err = wechat.NewMerchantLegacy(s.Config(), append(s.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	s.handler = notify.NewHandler(notify.Legacy(s.m))
	notify.On(s.handler, legacy.Paid, func(context.Context, notify.Event[legacy.Payment]) error { return nil })
	notify.On(s.handler, alarm.Raised, func(_ context.Context, e notify.Event[alarm.Alarm]) error { s.got = append(s.got, e); return nil })
}

func (s *shop2014) sell(t *testing.T, no string) wechattest.LegacyOrder {
	t.Helper()
	p, err := legacy.New(s.m).JSAPIParams(legacy.Order{OutTradeNo: no, Body: "茶", Total: 100, NotifyURL: "http://127.0.0.1:1/paid", IP: "203.0.113.9"})
	require.NoError(t, err)
	_, err = s.OpenPage(wechattest.LegacyPage(*p))
	require.NoError(t, err)
	o, err := s.Pay(no, wechattest.User{Name: "wang"})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	return o
}

// Three orders, one delivered: after three days there are two alarms, also when the
// simulator was restarted in between.
func TestLateDeliveriesRaiseAlarms(t *testing.T) {
	t.Parallel()
	s, dir := &shop2014{clock: wechattest.NewClock(time.Time{})}, t.TempDir()
	s.start(t, dir, "http://127.0.0.1:1/alarm")
	late, quick, lost := s.sell(t, "A1"), s.sell(t, "A2"), s.sell(t, "A3")
	require.NoError(t, delivery.NewLegacy(s.m).Notify(t.Context(), delivery.LegacyNotice{OpenID: quick.OpenID, TransactionID: quick.TransactionID, OutTradeNo: "A2", At: s.clock.Now()}))
	require.NoError(t, delivery.NewLegacy(s.m).Notify(t.Context(), delivery.LegacyNotice{OpenID: lost.OpenID, TransactionID: lost.TransactionID, OutTradeNo: "A3", At: s.clock.Now(), Failed: true, Message: "lost"}))
	require.NoError(t, s.Close())
	s.start(t, dir, "http://127.0.0.1:1/alarm")
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	s.clock.Advance(71 * time.Hour)
	assert.Empty(t, s.got)
	s.clock.Advance(24 * time.Hour)
	require.Len(t, s.got, 2)
	assert.Equal(t, lost.TransactionID, s.got[1].Data.TransactionID(), "what could not be delivered is late as well")
	e := s.got[0]
	assert.Equal(t, alarm.DeliveryLate, e.Data.Type)
	assert.Equal(t, late.TransactionID, e.Data.TransactionID())
	assert.Equal(t, late.PaidAt.Add(72*time.Hour).Unix(), e.Created.Unix())
}

func TestOtherAlarms(t *testing.T) {
	t.Parallel()
	s := &shop2014{clock: wechattest.NewClock(time.Time{})}
	s.start(t, "", "http://127.0.0.1:1/alarm")
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	s.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature, Event: "2014.ALARM", Times: 1})
	require.NoError(t, s.Alarm("1003", "通知失败", "url=http://a.example/?x=1&y=2"))
	s.clock.Advance(time.Second)
	assert.Empty(t, s.got, "badly signed")
	s.clock.Advance(time.Minute)
	require.Len(t, s.got, 1)
	assert.Equal(t, alarm.Alarm{Type: "1003", Description: "通知失败", Content: "url=http://a.example/?x=1&y=2"}, s.got[0].Data)

	deaf := &shop2014{clock: wechattest.NewClock(time.Time{})}
	deaf.start(t, "", "")
	t.Cleanup(func() { assert.NoError(t, deaf.Close()) })
	require.ErrorIs(t, deaf.Alarm("1001", "x", "y"), wechattest.ErrNoAddress)
	deaf.sell(t, "A1")
	deaf.clock.Advance(100 * time.Hour)
	assert.Empty(t, deaf.got)
}
