package wechattest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/pay/refund"
	keys "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// counter is a shop's database: what was sold for how much, and how often it was
// fulfilled.
type counter struct {
	mu    sync.Mutex
	total map[string]wechat.Fen
	done  map[string]int
	keys  map[string]bool
}

func newCounter(samples ...wechattest.Sample) *counter {
	c := &counter{total: map[string]wechat.Fen{}, done: map[string]int{}, keys: map[string]bool{}}
	for _, s := range samples {
		c.total[s.OutTradeNo] = s.Total
	}
	return c
}

var errOtherPrice = errors.New("another price, or no such order")

// fulfil does what a shop does in one transaction.
func (c *counter) fulfil(key, number string, paid wechat.Fen) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if total, ok := c.total[number]; !ok || total != paid {
		return errOtherPrice
	}
	if !c.keys[key] {
		c.keys[key] = true
		c.done[number]++
	}
	return nil
}

func (c *counter) count(_ context.Context, number string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done[number], nil
}

func samples(prefix string) []wechattest.Sample {
	return []wechattest.Sample{{OutTradeNo: prefix + "1", Total: 100, OpenID: "oUser"}, {OutTradeNo: prefix + "2", Total: 200, OpenID: "oUser"},
		{OutTradeNo: prefix + "3", Total: 300, OpenID: "oUser"}}
}

// carefulShop is a shop of all three generations made with the library.
func carefulShop(t *testing.T) (*httptest.Server, wechattest.Targets) {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	account, err := p.NewMerchant(wechattest.MerchantOptions{Mode: wechattest.Both, Digest: sign.HMACSHA256})
	require.NoError(t, err)
	old, err := wechattest.NewLegacy(wechattest.LegacyConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, old.Close()) })
	m, err := wechat.NewMerchant(account.Config(), account.Options()...)
	require.NoError(t, err)
	m2, err := wechat.NewMerchantV2(account.ConfigV2(), account.Options()...)
	require.NoError(t, err)
	m2014, err := wechat.NewMerchantLegacy(old.Config(), old.Options()...)
	require.NoError(t, err)

	all := append(append(samples("v3shop"), samples("v2shop")...), samples("oldshop")...)
	books := newCounter(all...)
	mux := http.NewServeMux()
	h := notify.NewHandler(notify.V3(m))
	notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
		if e.Data.TradeState != pay.StateSuccess || e.Data.Amount.Currency != pay.CNY {
			return errOtherPrice
		}
		return books.fulfil(e.Key, e.Data.OutTradeNo, e.Data.Amount.Total)
	})
	notify.On(h, refund.Succeeded, func(context.Context, notify.Event[refund.Refund]) error { return nil })
	mux.Handle("/v3", h)
	h2 := notify.NewHandler(notify.V2(m2))
	notify.On(h2, apiv2.Paid, func(_ context.Context, e notify.Event[apiv2.Transaction]) error {
		if !e.Data.Paid() {
			return nil
		}
		return books.fulfil(e.Key, e.Data.OutTradeNo, e.Data.Total)
	})
	notify.On(h2, apiv2.Refunded, func(context.Context, notify.Event[apiv2.RefundNotice]) error { return nil })
	orders := apiv2.New(m2, account.AppID)
	notify.Answer(h2, apiv2.Scanned, func(ctx context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
		o, err := orders.Place(ctx, apiv2.OrderRequest{Body: "tea", OutTradeNo: "scanned1", Total: 1, NotifyURL: "http://127.0.0.1/v2", TradeType: pay.TradeNative, IP: "127.0.0.1", ProductID: e.Data.ProductID})
		if err != nil {
			return apiv2.NativeReply{}, err
		}
		return apiv2.Order(o.PrepayID), nil
	})
	mux.Handle("/v2", h2)
	h2014 := notify.NewHandler(notify.Legacy(m2014))
	notify.On(h2014, legacy.Paid, func(_ context.Context, e notify.Event[legacy.Payment]) error {
		return books.fulfil(e.Key, e.Data.OutTradeNo, e.Data.Total)
	})
	notify.Answer(h2014, legacy.Scanned, func(context.Context, notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
		return legacy.New(m2014).Reply(legacy.Order{Body: "tea", OutTradeNo: "scanned2", Total: 1, NotifyURL: "http://127.0.0.1/2014", IP: "127.0.0.1"})
	})
	mux.Handle("/2014", h2014)
	app, err := wechattest.NewApp(wechattest.AppConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, app.Close()) })
	server := httptest.NewServer(mux)
	require.NoError(t, app.SetPush(wechattest.AppPush{URL: server.URL + "/push", Mode: wechattest.PushSafe}))
	push, err := notify.Push(notify.PushConfig{AppID: app.AppID, Token: keys.NewKey(app.Push().Token), EncodingAESKey: keys.NewKey(app.Push().EncodingAESKey)})
	require.NoError(t, err)
	h4 := notify.NewHandler(push)
	r := message.NewRouter(nobody{})
	r.Default(func(context.Context, message.Incoming) (message.Message, error) { return message.Text("welcome"), nil })
	r.Register(h4)
	mux.Handle("/push", h4)
	t.Cleanup(server.Close)

	v3 := account.LaunchTarget()
	require.Len(t, v3.Keys, 2)
	v3.PayURL, v3.RefundURL, v3.Samples = server.URL+"/v3", server.URL+"/v3", samples("v3shop")
	v3.Refunds = []wechattest.RefundSample{{Sample: samples("v3shop")[0], OutRefundNo: "r1", Refund: 100}}
	v2 := &wechattest.V2Target{MchID: account.MchID, AppID: account.AppID, Key: account.APIv2Key, HMAC: true, PayURL: server.URL + "/v2", RefundURL: server.URL + "/v2",
		NativeURL: server.URL + "/v2", ProductID: "tea-1", OpenID: "oUser", Samples: samples("v2shop"), Refunds: []wechattest.RefundSample{{Sample: samples("v2shop")[0], OutRefundNo: "r2", Refund: 100}}}
	legacyTarget := old.LaunchTarget()
	legacyTarget.PayURL, legacyTarget.NativeURL, legacyTarget.ProductID, legacyTarget.Samples = server.URL+"/2014", server.URL+"/2014", "tea-1", samples("oldshop")
	return server, wechattest.Targets{Shop: "The corner shop", V3: v3, V2: v2, Legacy: legacyTarget, Push: app.LaunchTarget(), Count: books.count}
}

// nobody is a customer service that is never needed.
type nobody struct{}

func (nobody) Send(context.Context, string, message.Message) error { return errors.New("not here") }

func TestLaunchPassesACarefulShop(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute; the whole run has it")
	}
	t.Parallel()
	_, targets := carefulShop(t)
	report, err := wechattest.Launch(t.Context(), targets)
	require.NoError(t, err)
	var text, js, page bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	require.NoError(t, report.WriteJSON(&js))
	require.NoError(t, report.WriteHTML(&page))
	assert.True(t, report.OK(), text.String())
	assert.Zero(t, report.Of(wechattest.Skipped), text.String())
	assert.Greater(t, report.Of(wechattest.Passed), 120)
	assert.Contains(t, text.String(), "The corner shop is ready to go live")
	var back wechattest.LaunchReport
	require.NoError(t, json.Unmarshal(js.Bytes(), &back))
	assert.Equal(t, report.Findings, back.Findings)
	for _, out := range []string{text.String(), js.String(), page.String()} {
		for _, secret := range []string{targets.V3.APIv3Key, targets.V2.Key, targets.Legacy.PaySignKey, targets.Legacy.PartnerKey, "PRIVATE KEY"} {
			assert.NotContains(t, out, secret)
		}
	}
	assert.Equal(t, report.Of(wechattest.Passed), strings.Count(page.String(), `<li class="pass">`), "every rule is on the page")
}
