package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/wechattest"
)

// Target is this merchant, with the address of complaints.
func (m *modern) Target() wechattest.Targets {
	t := wechattest.Targets{V3: m.account.LaunchTarget()}
	if m.speak.refund == tillV2.refund {
		t.V2 = &wechattest.V2Target{MchID: m.account.MchID, AppID: m.account.AppID, Key: m.account.APIv2Key, HMAC: true}
	}
	return t
}

// Target is this merchant.
func (s *old) Target() wechattest.Targets { return wechattest.Targets{Legacy: s.LaunchTarget()} }

// Targets makes orders, a refund and a complaint for the go-live check and says
// where it finds the shop. The payments that the check invents are in the shop's
// books only, so use a folder that is worth nothing. The shop has to run with
// Config.Check.
func (a *App) Targets(ctx context.Context) (wechattest.Targets, error) {
	t := a.Sim.Target()
	t.Shop = "山月小铺 " + a.Cashier.Generation()
	t.CountURL, t.Push = a.Origin+web.CountPath, a.People.LaunchTarget()
	pay, after := a.Origin+web.NoticePath, a.Origin+web.AfterPath
	var samples []wechattest.Sample
	for range 3 {
		o, err := a.sample(ctx)
		if err != nil {
			return t, err
		}
		samples = append(samples, wechattest.Sample{OutTradeNo: o.No, Total: o.Total, OpenID: o.OpenID, Attach: o.Note})
	}
	if t.Legacy != nil {
		l := t.Legacy
		l.PayURL, l.NativeURL, l.RightsURL, l.AlarmURL, l.ProductID, l.OpenID, l.Samples = pay, pay, after, after, "candle", "oGoLive", samples
		return t, nil
	}
	refund, err := a.sampleRefund(ctx)
	if err != nil {
		return t, err
	}
	if err := a.Sim.Complain(refund.OutTradeNo, "为上线检查而投诉", 0, nil); err != nil {
		return t, err
	}
	t.V3.ComplaintURL, t.V3.ComplaintID, t.V3.ViolationURL = after, a.Sim.Grievance(refund.OutTradeNo).ID, after
	if v := t.V2; v != nil {
		v.PayURL, v.RefundURL, v.NativeURL, v.ProductID, v.OpenID = pay, pay, pay, "candle", "oGoLive"
		v.Samples, v.Refunds = samples, []wechattest.RefundSample{refund}
		return t, nil
	}
	t.V3.PayURL, t.V3.RefundURL, t.V3.Samples, t.V3.Refunds = pay, pay, samples, []wechattest.RefundSample{refund}
	return t, nil
}

// sample is an order that nobody has paid.
func (a *App) sample(ctx context.Context) (shop.Order, error) {
	_, ses, err := a.Store.NewSession(ctx)
	if err != nil {
		return shop.Order{}, err
	}
	return a.Store.Place(ctx, shop.Cart{Seller: a.Cashier.Seller(), Customer: ses.Customer, OpenID: wechattest.User{Name: "golive"}.OpenID(a.Cashier.Seller().AppID), Product: "bookmark", Quantity: 20,
		Nickname: "上线检查", Channel: shop.JSAPI, FormToken: rand.Text()})
}

// sampleRefund is an order that was paid and given back in part.
func (a *App) sampleRefund(ctx context.Context) (wechattest.RefundSample, error) {
	o, err := a.sample(ctx)
	if err != nil {
		return wechattest.RefundSample{}, err
	}
	page, err := a.Cashier.JSAPI(ctx, o)
	if err != nil {
		return wechattest.RefundSample{}, err
	}
	if err := a.Sim.Confirm(*page); err != nil {
		return wechattest.RefundSample{}, err
	}
	if err := a.Cashier.AskOrder(ctx, o); err != nil { // sooner than the notice
		return wechattest.RefundSample{}, err
	}
	r, err := a.Cashier.Refund(ctx, o.No, wechat.Fen(5), "上线检查", rand.Text())
	if err == nil && r.RefundID == "" {
		err = errors.New("WeChat did not take it")
	}
	if err == nil {
		o, err = a.Store.Order(ctx, o.No)
	}
	if err != nil {
		return wechattest.RefundSample{}, fmt.Errorf("store: refund for the check: %w", err)
	}
	return wechattest.RefundSample{OutRefundNo: r.No, Refund: r.Amount, RefundID: r.RefundID,
		Sample: wechattest.Sample{OutTradeNo: o.No, Total: o.Total, OpenID: o.Buyer(), TransactionID: o.TransactionID}}, nil
}

// startTime bounds what is said to WeChat before the first page is shown.
const startTime = 20 * time.Second
