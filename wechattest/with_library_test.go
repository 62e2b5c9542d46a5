package wechattest_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// Library and simulator, whose cryptography has nothing in common, understand each
// other in every mode, direct and as a partner: order, page, payment, notice,
// query, refund.
func TestWithTheLibrary(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode wechattest.Mode) {
		for _, partner := range []bool{false, true} {
			o := wechattest.MerchantOptions{Mode: mode, Partner: partner}
			if partner {
				o.Subs = []wechattest.SubMerchant{{}}
			}
			p, clock := newPay(t)
			a := newAccount(t, p, o)
			m, err := wechat.NewMerchant(a.Config(), a.Options()...)
			require.NoError(t, err)
			if partner {
				m = m.For(wechat.Sub{MchID: a.Subs[0].MchID})
			}
			sellAndRefund(t, m, a, p, clock)
		}
	})
}

func sellAndRefund(t *testing.T, m *wechat.Merchant, a *wechattest.Account, p *wechattest.Pay, clock *wechattest.VirtualClock) {
	t.Helper()
	ctx := t.Context()
	h := notify.NewHandler(notify.V3(m))
	var paid []pay.Transaction
	var refunded []refund.Refund
	notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
		paid = append(paid, e.Data)
		return nil
	})
	notify.On(h, refund.Succeeded, func(_ context.Context, e notify.Event[refund.Refund]) error {
		refunded = append(refunded, e.Data)
		return nil
	})
	shop := httptest.NewServer(h)
	defer shop.Close()
	p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeProbe})

	s := pay.New(m, a.AppID)
	amount, payer := pay.Amount{Total: 100}, pay.Payer{OpenID: li.OpenID(a.AppID)}
	if m.IsPartner() {
		payer = pay.Payer{SpOpenID: li.OpenID(a.AppID)}
	}
	pre, err := s.PrepayJSAPI(ctx, pay.JSAPIRequest{Description: "茶 & <tea>", OutTradeNo: "lib-000001", NotifyURL: shop.URL + "/n",
		Amount: amount, Payer: payer})
	require.NoError(t, err)
	js, err := s.JSAPIParams(pre.PrepayID)
	require.NoError(t, err)
	_, err = p.CheckJSAPI(wechattest.PageParams(*js), li)
	require.NoError(t, err)
	mini, err := s.MiniProgramParams(pre.PrepayID)
	require.NoError(t, err)
	_, err = p.CheckMiniProgram(a.AppID, wechattest.PageParams{TimeStamp: mini.TimeStamp, NonceStr: mini.NonceStr, Package: mini.Package,
		SignType: mini.SignType, PaySign: mini.PaySign}, li)
	require.NoError(t, err)
	_, err = p.Pay(pre.PrepayID, li)
	require.NoError(t, err)

	app, err := s.PrepayAPP(ctx, pay.APPRequest{Description: "tea", OutTradeNo: "lib-000002", NotifyURL: shop.URL + "/n", Amount: amount})
	require.NoError(t, err)
	params, err := s.APPParams(app.PrepayID)
	require.NoError(t, err)
	text, err := json.Marshal(params)
	require.NoError(t, err)
	var onPhone wechattest.AppParams
	require.NoError(t, json.Unmarshal(text, &onPhone))
	_, err = p.CheckApp(onPhone, li)
	require.NoError(t, err)

	h5, err := s.PrepayH5(ctx, pay.H5Request{Description: "tea", OutTradeNo: "lib-000003", NotifyURL: shop.URL + "/n", Amount: amount,
		SceneInfo: pay.H5SceneInfo{PayerClientIP: "1.2.3.4", H5Info: pay.H5Info{Type: pay.H5IOS}}})
	require.NoError(t, err)
	_, err = p.Pay(h5.RedirectTo("https://shop.example/back?a=b"), li)
	require.NoError(t, err)

	clock.Advance(time.Minute)
	require.Len(t, paid, 2)
	got, err := s.Query(ctx, "lib-000001")
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(100), got.Amount.Total)
	assert.Contains(t, paid, *got)

	_, err = refund.New(m).Apply(ctx, refund.Request{OutTradeNo: "lib-000001", OutRefundNo: "R1", NotifyURL: shop.URL + "/n",
		Amount: refund.Amount{Refund: 100, Total: 100}})
	require.NoError(t, err)
	clock.Advance(time.Minute)
	require.Len(t, refunded, 1)
	assert.Equal(t, wechat.Fen(100), wechattest.Balance(p.Ledger(m.Numbers().MchID+m.Numbers().SubMchID)))
	assert.Zero(t, p.Pending())
}

func TestCertificatesWithTheLibrary(t *testing.T) {
	t.Parallel()
	p, clock := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{Mode: wechattest.Certificates})
	cfg := a.Config()
	set, err := certs.New(certs.Config{MchID: cfg.ID, Serial: cfg.Serial, Key: cfg.Key, APIv3Key: cfg.APIv3Key}, a.Options()...)
	require.NoError(t, err)
	wechattest.TestKeySet(t, set, sign.Certificate(a.PlatformCertificates()[0]))

	serial, err := a.AddCertificate()
	require.NoError(t, err)
	require.NoError(t, a.SwitchAnswers(serial))
	clock.Advance(time.Hour)
	cfg.Platform = set
	m, err := wechat.NewMerchant(cfg, a.Options()...)
	require.NoError(t, err)
	_, err = pay.New(m, a.AppID).Query(t.Context(), "none-00001")
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
	var api *wechat.APIError
	require.ErrorAs(t, err, &api)
	assert.True(t, api.Verified, "the new certificate was fetched on the way")
	wechattest.TestKeySet(t, set, sign.Certificate(a.PlatformCertificates()[1]))
}
