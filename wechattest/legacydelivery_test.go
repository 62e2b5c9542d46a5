package wechattest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestLegacyDelivery(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), wechattest.NewClock(time.Time{})
	s := &shop2014{clock: clock, silent: true}
	open := func() {
		var err error
		s.Legacy, err = wechattest.NewLegacy(wechattest.LegacyConfig{Clock: clock, Notify: s, Dir: dir})
		require.NoError(t, err)
	}
	open()
	s.orders = legacy.New(s.merchant())
	_, err := s.OpenPage(s.page(t, cola()))
	require.NoError(t, err)
	good := delivery.LegacyNotice{OpenID: "o1", TransactionID: "x", OutTradeNo: "A1", At: clock.Now()}
	require.ErrorIs(t, delivery.NewLegacy(s.merchant()).Notify(t.Context(), good), delivery.ErrLegacyNoTransID, "not paid")

	o, err := s.Pay("A1", wechattest.User{Name: "Lin"})
	require.NoError(t, err)
	assert.True(t, o.DeliveredAt.IsZero())
	good.OpenID, good.TransactionID = o.OpenID, o.TransactionID
	for name, tt := range map[string]struct {
		change func(*delivery.LegacyNotice)
		is     error
	}{
		"another transaction": {func(n *delivery.LegacyNotice) { n.TransactionID = "1" + n.TransactionID[1:] + "9" }, delivery.ErrLegacyNoTransID},
		"another number":      {func(n *delivery.LegacyNotice) { n.OutTradeNo = "A2" }, delivery.ErrLegacyNoTransID},
		"another user":        {func(n *delivery.LegacyNotice) { n.OpenID += "x" }, delivery.ErrLegacyOpenID},
	} {
		n := good
		tt.change(&n)
		require.ErrorIs(t, delivery.NewLegacy(s.merchant()).Notify(t.Context(), n), tt.is, name)
	}
	clock.Advance(time.Hour)
	failed := good
	failed.Failed, failed.Message, failed.At = true, "nobody at home", clock.Now()
	require.NoError(t, delivery.NewLegacy(s.merchant()).Notify(t.Context(), failed))
	o, err = s.Order("A1")
	require.NoError(t, err)
	assert.True(t, o.DeliveryFailed && o.DeliveredAt.Equal(clock.Now()))
	assert.Equal(t, "nobody at home", o.DeliveryMessage)

	clock.Advance(time.Hour)
	good.At = clock.Now()
	s.Fault(wechattest.Fault{Kind: wechattest.LostReply})
	err = delivery.NewLegacy(s.merchant()).Notify(t.Context(), good)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	require.NoError(t, s.Close())
	open() // the file remembers
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	o, err = s.Order("A1")
	require.NoError(t, err)
	assert.True(t, o.DeliveredAt.Equal(clock.Now()), "it was done although nobody heard")
	assert.False(t, o.DeliveryFailed)
	assert.Equal(t, "ok", o.DeliveryMessage)
}

// A notice that is not signed, or not whole, changes nothing.
func TestLegacyDeliveryWithoutTheLibrary(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	token, err := s.Config().Tokens.Token(t.Context())
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		body string
		want wechat.Code
	}{
		"unsigned":                      {`{"appid":"` + s.AppID + `","openid":"o","transid":"1","sign_method":"sha1"}`, "49004"},
		"no fields":                     {`{"appid":"` + s.AppID + `","sign_method":"sha1","app_signature":"` + s.merchant().SignApp([]sign.Pair{{Name: "appid", Value: s.AppID}}) + `"}`, "49002"},
		"a number where a text belongs": {`{"appid":"` + s.AppID + `","deliver_timestamp":1}`, "47001"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/pay/delivernotify?access_token="+string(token.Bytes()), strings.NewReader(tt.body))
		require.NoError(t, err)
		res, err := s.Transport().Do(r)
		require.NoError(t, err)
		answer, err := io.ReadAll(res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		assert.Contains(t, string(answer), `"errcode":`+string(tt.want), name)
	}
}
