package pay_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// number has every character an order number may have, so that its way through
// path, query and body shows.
const number = "A|B*c_1-2"

// endpoint is one method in one mode: what it sends and what it makes of answers.
type endpoint struct {
	name    string
	partner bool
	call    func(ctx context.Context, s *pay.Service) (any, error)

	method, target, body string // as sent; body "" means none
	status               int    // of success
	answer               string // its full body
	want                 any    // answer as the method returns it, nil if it returns nothing
	refused              wechat.Code
	refusedStatus        int
	write                bool
}

func full() (goods []pay.Goods, scene pay.SceneInfo) {
	return []pay.Goods{{MerchantGoodsID: "SKU-1", WechatpayGoodsID: "1001", GoodsName: "茶 <红>", Quantity: 2, UnitPrice: 50}},
		pay.SceneInfo{PayerClientIP: "14.23.150.211", DeviceID: "013467007045764",
			StoreInfo: pay.StoreInfo{ID: "0001", Name: "分店", AreaCode: "440305", Address: "科技中一道10000号"}}
}

const (
	orderJSON = `"description":"图书 & 茶","out_trade_no":"A|B*c_1-2","time_expire":"2090-06-08T10:34:56+08:00","attach":"自定义","notify_url":"https://shop.example/notify","goods_tag":"WXG","support_fapiao":true,"amount":{"total":100,"currency":"CNY"}`
	goodsJSON = `"detail":{"cost_price":120,"invoice_id":"微信123","goods_detail":[{"merchant_goods_id":"SKU-1","wechatpay_goods_id":"1001","goods_name":"茶 <红>","quantity":2,"unit_price":50}]}`
	storeJSON = `"store_info":{"id":"0001","name":"分店","area_code":"440305","address":"科技中一道10000号"}`
	sceneJSON = `"scene_info":{"payer_client_ip":"14.23.150.211","device_id":"013467007045764",` + storeJSON + `}`
	limitJSON = `"limit_pay":["no_credit","no_balance"]`
	loanJSON  = `"subsidy_info":{"subsidy_detail":[{"subsidy_period_type":"PERIOD","subsidy_plan":[{"subsidy_installment_num":3,"subsidy_percent":100}]}]}`

	directJSON  = `"appid":"wx0000a1","mchid":"0000190001"`
	partnerJSON = `"sp_appid":"wx0000a1","sp_mchid":"0000190001","sub_appid":"wx0000b2","sub_mchid":"0000190002"`

	detailsJSON = `"transaction_id":"4200001","trade_type":"JSAPI","trade_state":"SUCCESS","trade_state_desc":"支付成功","bank_type":"CMC","attach":"自定义","success_time":"2018-06-08T10:34:56.789+08:00","amount":{"total":100,"payer_total":90,"currency":"CNY","payer_currency":"CNY"},"scene_info":{"device_id":"0134"},"promotion_detail":[{"coupon_id":"109519","name":"单品惠","scope":"SINGLE","type":"CASH","amount":10,"stock_id":"931386","wechatpay_contribute":1,"merchant_contribute":2,"other_contribute":7,"currency":"CNY","goods_detail":[{"goods_id":"M1","quantity":1,"unit_price":100,"discount_amount":10,"goods_remark":"备注"}]}],"installment_info":{"use_subsidy":true,"selected_installment_number":3}`
)

func expires() wechat.Time {
	return wechat.Time{Time: time.Date(2090, 6, 8, 2, 34, 56, 999, time.UTC)}
}

func jsapi(payer pay.Payer, subsidy wechat.Fen) pay.JSAPIRequest {
	goods, scene := full()
	return pay.JSAPIRequest{Description: "图书 & 茶", OutTradeNo: number, TimeExpire: expires(), Attach: "自定义", NotifyURL: "https://shop.example/notify",
		GoodsTag: "WXG", SupportFapiao: true, Amount: pay.Amount{Total: 100, Currency: pay.CNY}, Payer: payer,
		Detail: pay.Detail{CostPrice: 120, InvoiceID: "微信123", GoodsDetail: goods}, SceneInfo: scene,
		SettleInfo: pay.SettleInfo{ProfitSharing: true, SubsidyAmount: subsidy}, LimitPay: []pay.LimitPay{pay.NoCredit, pay.NoBalance},
		SubsidyInfo: loan()}
}

func loan() pay.SubsidyInfo {
	return pay.SubsidyInfo{SubsidyDetail: []pay.Subsidy{{PeriodType: pay.SubsidyPeriod, Plan: []pay.SubsidyPlan{{InstallmentNum: 3, Percent: 100}}}}}
}

func app() pay.APPRequest {
	r := jsapi(pay.Payer{}, 0)
	return pay.APPRequest{Description: r.Description, OutTradeNo: r.OutTradeNo, TimeExpire: r.TimeExpire, Attach: r.Attach, NotifyURL: r.NotifyURL,
		GoodsTag: r.GoodsTag, SupportFapiao: true, Amount: r.Amount, Detail: r.Detail, SceneInfo: r.SceneInfo, SettleInfo: r.SettleInfo,
		LimitPay: r.LimitPay, SubsidyInfo: r.SubsidyInfo}
}

func native() pay.NativeRequest {
	r := app()
	return pay.NativeRequest{Description: r.Description, OutTradeNo: r.OutTradeNo, TimeExpire: r.TimeExpire, Attach: r.Attach, NotifyURL: r.NotifyURL,
		GoodsTag: r.GoodsTag, SupportFapiao: true, Amount: r.Amount, Detail: r.Detail, SceneInfo: r.SceneInfo, SettleInfo: r.SettleInfo, LimitPay: r.LimitPay}
}

func h5() pay.H5Request {
	r := app()
	return pay.H5Request{Description: r.Description, OutTradeNo: r.OutTradeNo, TimeExpire: r.TimeExpire, Attach: r.Attach, NotifyURL: r.NotifyURL,
		GoodsTag: r.GoodsTag, SupportFapiao: true, Amount: r.Amount, Detail: r.Detail, SettleInfo: r.SettleInfo, LimitPay: r.LimitPay,
		SceneInfo: pay.H5SceneInfo{PayerClientIP: r.SceneInfo.PayerClientIP, DeviceID: r.SceneInfo.DeviceID, StoreInfo: r.SceneInfo.StoreInfo,
			H5Info: pay.H5Info{Type: pay.H5IOS, AppName: "王者", AppURL: "https://pay.example", BundleID: "com.x", PackageName: "com.y"}}}
}

func codepay() pay.CodepayRequest {
	return pay.CodepayRequest{Description: "图书 & 茶", OutTradeNo: number, Attach: "自定义", GoodsTag: "WXG", SupportFapiao: true,
		Payer: pay.CodepayPayer{AuthCode: "130061098828009406"}, Amount: pay.Amount{Total: 100, Currency: pay.CNY},
		SceneInfo:  pay.CodepaySceneInfo{DeviceID: "0134", DeviceIP: "2001:db8::1", StoreInfo: pay.CodepayStoreInfo{ID: "0001", OutID: "A1111"}},
		Detail:     pay.CodepayDetail{CostPrice: 120, InvoiceID: "微信123", GoodsDetail: []pay.CodepayGoods{{MerchantGoodsID: "SKU-1", WxpayGoodsID: "1001", GoodsName: "茶", Quantity: 2, UnitPrice: 50}}},
		SettleInfo: pay.SettleInfo{ProfitSharing: true}}
}

func paid(party wechat.Party, user pay.User) *pay.Transaction {
	return &pay.Transaction{Party: party, OutTradeNo: number, TransactionID: "4200001", TradeType: pay.TradeJSAPI, TradeState: pay.StateSuccess,
		TradeStateDesc: "支付成功", BankType: "CMC", Attach: "自定义", SuccessTime: wechat.Time{Time: time.Date(2018, 6, 8, 10, 34, 56, 789e6, wechat.Beijing)},
		Payer: user, Amount: pay.TransactionAmount{Total: 100, PayerTotal: 90, Currency: "CNY", PayerCurrency: "CNY"},
		SceneInfo: pay.TransactionScene{DeviceID: "0134"},
		PromotionDetail: []pay.Promotion{{CouponID: "109519", Name: "单品惠", Scope: "SINGLE", Type: "CASH", Amount: 10, StockID: "931386", WechatpayContribute: 1,
			MerchantContribute: 2, OtherContribute: 7, Currency: "CNY", GoodsDetail: []pay.PromotionGoods{{GoodsID: "M1", Quantity: 1, UnitPrice: 100, DiscountAmount: 10, GoodsRemark: "备注"}}}},
		InstallmentInfo: pay.InstallmentInfo{UseSubsidy: true, SelectedInstallmentNumber: 3}}
}

var (
	directParty  = wechat.Party{AppID: appID, MchID: mchID}
	partnerParty = wechat.Party{SpAppID: appID, SpMchID: mchID, SubAppID: subAppID, SubMchID: subMchID}
)

// endpoints are all methods that talk to WeChat Pay, in both modes.
func endpoints() []endpoint {
	const transactions = "/v3/pay/transactions/"
	sides := []struct {
		name, party, numbers, query, payer, user, settle string
		partner                                          bool
		pays                                             pay.Payer
		subsidy                                          wechat.Fen
		want                                             *pay.Transaction
	}{
		{name: "direct", party: directJSON, numbers: `{"mchid":"0000190001"}`, query: "?mchid=0000190001",
			payer: `"payer":{"openid":"oUser"}`, user: `"payer":{"openid":"oUser"}`, settle: `"settle_info":{"profit_sharing":true}`,
			pays: pay.Payer{OpenID: "oUser"}, want: paid(directParty, pay.User{OpenID: "oUser"})},
		{name: "partner", partner: true, party: partnerJSON, numbers: `{"sp_mchid":"0000190001","sub_mchid":"0000190002"}`, query: "?sp_mchid=0000190001&sub_mchid=0000190002",
			payer: `"payer":{"sub_openid":"oSub"}`, user: `"payer":{"sp_openid":"oSp","sub_openid":"oSub"}`, settle: `"settle_info":{"profit_sharing":true,"subsidy_amount":10}`,
			pays: pay.Payer{SubOpenID: "oSub"}, subsidy: 10, want: paid(partnerParty, pay.User{SpOpenID: "oSp", SubOpenID: "oSub"})},
	}
	var all []endpoint
	for _, s := range sides {
		dir := transactions
		if s.partner {
			dir = "/v3/pay/partner/transactions/"
		}
		transaction := `{` + s.party + `,"out_trade_no":"A|B*c_1-2",` + detailsJSON + `,` + s.user + `}`
		plain := `"settle_info":{"profit_sharing":true}`
		list := []endpoint{
			{name: "PrepayJSAPI", method: "POST", target: dir + "jsapi", status: 200, answer: `{"prepay_id":"wx20141027"}`, want: &pay.Prepay{PrepayID: "wx20141027"},
				body:    `{` + strings.Join([]string{s.party, orderJSON, s.payer, goodsJSON, sceneJSON, s.settle, limitJSON, loanJSON}, ",") + `}`,
				refused: pay.ErrAppIDMchID, refusedStatus: 400, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) {
					return p.PrepayJSAPI(ctx, jsapi(s.pays, s.subsidy))
				}},
			{name: "PrepayAPP", method: "POST", target: dir + "app", status: 200, answer: `{"prepay_id":"wx20141027"}`, want: &pay.Prepay{PrepayID: "wx20141027"},
				body:    `{` + strings.Join([]string{s.party, orderJSON, goodsJSON, sceneJSON, plain, limitJSON, loanJSON}, ",") + `}`,
				refused: wechat.ErrNoAuth, refusedStatus: 403, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.PrepayAPP(ctx, app()) }},
			{name: "PrepayNative", method: "POST", target: dir + "native", status: 200, answer: `{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}`, want: &pay.Native{CodeURL: "weixin://wxpay/bizpayurl?pr=JyC91EIz1"},
				body:    `{` + strings.Join([]string{s.party, orderJSON, goodsJSON, sceneJSON, plain, limitJSON}, ",") + `}`,
				refused: pay.ErrOutTradeNoUsed, refusedStatus: 403, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.PrepayNative(ctx, native()) }},
			{name: "PrepayH5", method: "POST", target: dir + "h5", status: 200, answer: `{"h5_url":"https://wx.tenpay.com/x?prepay_id=wx2016&package=14"}`, want: &pay.H5{URL: "https://wx.tenpay.com/x?prepay_id=wx2016&package=14"},
				body: `{` + strings.Join([]string{s.party, orderJSON, goodsJSON, plain, limitJSON,
					`"scene_info":{"payer_client_ip":"14.23.150.211","device_id":"013467007045764",` + storeJSON + `,"h5_info":{"type":"iOS","app_name":"王者","app_url":"https://pay.example","bundle_id":"com.x","package_name":"com.y"}}`}, ",") + `}`,
				refused: pay.ErrRuleLimit, refusedStatus: 403, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.PrepayH5(ctx, h5()) }},
			{name: "Query", method: "GET", target: dir + "out-trade-no/A%7CB*c_1-2" + s.query, status: 200, answer: transaction, want: s.want,
				refused: pay.ErrOrderNotExist, refusedStatus: 404,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.Query(ctx, number) }},
			{name: "QueryByID", method: "GET", target: dir + "id/4200001" + s.query, status: 200, answer: transaction, want: s.want,
				refused: pay.ErrOrderNotExist, refusedStatus: 404,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.QueryByID(ctx, "4200001") }},
			{name: "Close", method: "POST", target: dir + "out-trade-no/A%7CB*c_1-2/close", body: s.numbers, status: 204,
				refused: wechat.ErrRequest, refusedStatus: 400, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return nil, p.Close(ctx, number) }},
			{name: "Codepay", method: "POST", target: dir + "codepay", status: 200, answer: transaction, want: s.want,
				body: `{` + strings.Join([]string{s.party, `"description":"图书 & 茶","out_trade_no":"A|B*c_1-2","attach":"自定义","goods_tag":"WXG","support_fapiao":true,"payer":{"auth_code":"130061098828009406"},"amount":{"total":100,"currency":"CNY"}`,
					`"scene_info":{"device_id":"0134","device_ip":"2001:db8::1","store_info":{"id":"0001","out_id":"A1111"}}`,
					`"detail":{"cost_price":120,"invoice_id":"微信123","goods_detail":[{"merchant_goods_id":"SKU-1","wxpay_goods_id":"1001","goods_name":"茶","quantity":2,"unit_price":50}]}`, plain}, ",") + `}`,
				refused: pay.ErrNotEnough, refusedStatus: 403, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return p.Codepay(ctx, codepay()) }},
			{name: "Reverse", method: "POST", target: dir + "out-trade-no/A%7CB*c_1-2/reverse", body: `{` + s.party + `}`, status: 200,
				answer: `{` + s.party + `,"out_trade_no":"A|B*c_1-2"}`, refused: pay.ErrTrade, refusedStatus: 403, write: true,
				call: func(ctx context.Context, p *pay.Service) (any, error) { return nil, p.Reverse(ctx, number) }},
		}
		for _, e := range list {
			e.name, e.partner = e.name+"/"+s.name, s.partner
			all = append(all, e)
		}
	}
	return all
}

func (e endpoint) on(d *desk) (any, error) {
	if e.partner {
		return e.call(d.t.Context(), d.partner)
	}
	return e.call(d.t.Context(), d.direct)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, says(e.status, []byte(e.answer)))
			got, err := e.on(d)
			require.NoError(t, err)
			if e.want == nil {
				assert.Nil(t, got)
			} else if want, ok := e.want.(*pay.Transaction); ok {
				sameTransaction(t, want, got)
			} else {
				assert.Equal(t, e.want, got)
			}
			r := d.only()
			assert.Equal(t, e.method, r.method)
			assert.Equal(t, e.target, r.target)
			assert.Equal(t, d.account.PlatformKeyID, r.keyID)
			if e.body == "" {
				assert.Empty(t, r.body)
			} else {
				assert.JSONEq(t, e.body, r.body)
				assert.NotContains(t, r.body, `\u00`, "no HTML escapes")
			}
		})
	}
}

// sameTransaction compares times as moments and the rest as it is.
func sameTransaction(t *testing.T, want *pay.Transaction, got any) {
	t.Helper()
	g, ok := got.(*pay.Transaction)
	require.True(t, ok)
	assert.True(t, want.SuccessTime.Equal(g.SuccessTime.Time), "%v", g.SuccessTime)
	w, h := *want, *g
	w.SuccessTime, h.SuccessTime = wechat.Time{}, wechat.Time{}
	assert.Equal(t, w, h)
}

func TestEndpointsTolerateNewFieldsAndValues(t *testing.T) {
	t.Parallel()
	news := strings.NewReplacer(`"trade_state":"SUCCESS"`, `"trade_state":"FLOATING"`, `"trade_type":"JSAPI"`, `"trade_type":"TELEPATHY"`,
		`"scope":"SINGLE"`, `"scope":"COSMIC"`)
	for _, e := range endpoints() {
		if e.answer == "" {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			body := `{"brand_new":{"deep":[1,"x",null]},"another":null,` + news.Replace(e.answer)[1:]
			got, err := e.on(newDesk(t, says(e.status, body)))
			require.NoError(t, err)
			if tx, ok := got.(*pay.Transaction); ok {
				assert.Equal(t, pay.TradeState("FLOATING"), tx.TradeState)
				assert.Equal(t, pay.TradeType("TELEPATHY"), tx.TradeType)
				assert.False(t, tx.TradeState.Terminal())
				assert.False(t, tx.TradeState.Paid())
			}
		})
	}
}

func TestEndpointsReportRefusals(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.on(newDesk(t, says(e.refusedStatus, refusal(string(e.refused)))))
			require.ErrorIs(t, err, e.refused)
			var api *wechat.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, e.refusedStatus, api.Status)
			assert.True(t, api.Verified)
			assert.NotEmpty(t, api.RequestID)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.NotContains(t, err.Error(), "oUser")
			assert.NotContains(t, err.Error(), "130061098828009406")
		})
	}
}

// Promise G14 for this package: no method takes a 2xx without a good signature,
// and an unsigned refusal moves nothing.
func TestG14_EndpointsRejectUnprovedAnswers(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		for _, f := range []struct {
			fault wechattest.Kind
			want  error
		}{{wechattest.Unsigned, sign.ErrUnsigned}, {wechattest.WrongSignature, sign.ErrMismatch}, {wechattest.Probe, sign.ErrProbe}} {
			t.Run(e.name+"/"+f.want.Error()[:16], func(t *testing.T) {
				t.Parallel()
				got, err := e.on(newDesk(t, suffers(e.status, []byte(e.answer), wechattest.Fault{Kind: f.fault})))
				require.ErrorIs(t, err, f.want)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				assert.True(t, got == nil || isNilPointer(got), "no result without proof")
			})
		}
		t.Run(e.name+"/unsigned refusal", func(t *testing.T) {
			t.Parallel()
			_, err := e.on(newDesk(t, suffers(e.refusedStatus, refusal(string(e.refused)), wechattest.Fault{Kind: wechattest.Unsigned})))
			var api *wechat.APIError
			require.ErrorAs(t, err, &api)
			assert.False(t, api.Verified)
			if e.write {
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			}
		})
	}
}

func isNilPointer(v any) bool {
	switch p := v.(type) {
	case *pay.Prepay:
		return p == nil
	case *pay.Native:
		return p == nil
	case *pay.H5:
		return p == nil
	case *pay.Transaction:
		return p == nil
	}
	return false
}

// A signed answer without the one thing it was asked for is not handed on as an
// empty address or code.
func TestPrepayAnswersLackNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(http.StatusOK, `{"other":1}`))
	for field, call := range map[string]func() error{
		"prepay_id": func() error { _, err := d.direct.PrepayAPP(t.Context(), app()); return err },
		"h5_url":    func() error { _, err := d.direct.PrepayH5(t.Context(), h5()); return err },
		"code_url":  func() error { _, err := d.direct.PrepayNative(t.Context(), native()); return err },
	} {
		err := call()
		invalid(t, err, field)
		assert.Equal(t, wechat.Done, wechat.OutcomeOf(err), field)
		var e *wechat.CallError
		require.ErrorAs(t, err, &e)
		assert.JSONEq(t, `{"other":1}`, string(e.Body))
	}
}

func TestEndpointsSendNothingToAnUnfitRequest(t *testing.T) {
	t.Parallel()
	var field *wechat.FieldError
	d := newDesk(t, says(http.StatusOK, "{}"))
	for name, call := range map[string]func(context.Context, *pay.Service) error{
		"JSAPI": func(ctx context.Context, s *pay.Service) error {
			_, err := s.PrepayJSAPI(ctx, pay.JSAPIRequest{})
			return err
		},
		"APP": func(ctx context.Context, s *pay.Service) error {
			_, err := s.PrepayAPP(ctx, pay.APPRequest{})
			return err
		},
		"H5": func(ctx context.Context, s *pay.Service) error {
			_, err := s.PrepayH5(ctx, pay.H5Request{})
			return err
		},
		"Native": func(ctx context.Context, s *pay.Service) error {
			_, err := s.PrepayNative(ctx, pay.NativeRequest{})
			return err
		},
		"Codepay": func(ctx context.Context, s *pay.Service) error {
			_, err := s.Codepay(ctx, pay.CodepayRequest{})
			return err
		},
		"Query": func(ctx context.Context, s *pay.Service) error { _, err := s.Query(ctx, ""); return err },
		"by id": func(ctx context.Context, s *pay.Service) error {
			_, err := s.QueryByID(ctx, "42/../1"+"\n")
			return err
		},
		"Close":   func(ctx context.Context, s *pay.Service) error { return s.Close(ctx, "a/b") },
		"Reverse": func(ctx context.Context, s *pay.Service) error { return s.Reverse(ctx, strings.Repeat("1", 33)) },
	} {
		for side, s := range map[string]*pay.Service{"direct": d.direct, "partner": d.partner} {
			err := call(t.Context(), s)
			require.ErrorAs(t, err, &field, "%s %s", name, side)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err), name)
		}
	}
	assert.Empty(t, d.all())
}
