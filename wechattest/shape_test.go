package wechattest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/wechattest"
)

const (
	numParam, numRange, numUnknown = "268435461", "268435464", "270924358"
)

// Every row changes one thing about a good order.
func TestOrderFields(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	soon := m.p.Now().Add(59 * time.Second).Format(time.RFC3339)
	tests := []struct {
		name          string
		changes       js
		field, number string
	}{
		{"no appid", js{"appid": nil}, "/appid", numParam},
		{"no mchid", js{"mchid": nil}, "/mchid", numParam},
		{"no description", js{"description": nil}, "/description", numParam},
		{"no out_trade_no", js{"out_trade_no": nil}, "/out_trade_no", numParam},
		{"no notify_url", js{"notify_url": nil}, "/notify_url", numParam},
		{"no amount", js{"amount": nil}, "/amount", numParam},
		{"no total", js{"amount": js{}}, "/amount/total", numParam},
		{"no payer", js{"payer": nil}, "/payer", numParam},
		{"no openid", js{"payer": js{}}, "/payer/openid", numParam},
		{"unknown field", js{"fee": 1}, "/fee", numUnknown},
		{"partner field", js{"sub_mchid": "0000100001"}, "/sub_mchid", numUnknown},
		{"unknown inner field", js{"amount": js{"total": 1, "payer_total": 1}}, "/amount/payer_total", numUnknown},
		{"unknown goods field", js{"detail": js{"goods_detail": []js{{"merchant_goods_id": "1", "quantity": 1, "unit_price": 1, "wxpay_goods_id": "1"}}}}, "/detail/goods_detail/0/wxpay_goods_id", numUnknown},
		{"null", js{"attach": any(nil), "goods_tag": (*int)(nil)}, "/goods_tag", numParam},
		{"empty text", js{"attach": ""}, "/attach", numParam},
		{"number for text", js{"attach": 1}, "/attach", numParam},
		{"text for number", js{"amount": js{"total": "100"}}, "/amount/total", numParam},
		{"fraction", js{"amount": js{"total": 1.5}}, "/amount/total", numParam},
		{"zero", js{"amount": js{"total": 0}}, "/amount/total", numRange},
		{"negative", js{"amount": js{"total": -1}}, "/amount/total", numRange},
		{"too much", js{"amount": js{"total": int64(1) << 62}}, "/amount/total", numRange},
		{"other currency", js{"amount": js{"total": 1, "currency": "USD"}}, "/amount/currency", numParam},
		{"list for object", js{"amount": []int{1}}, "/amount", numParam},
		{"object for list", js{"limit_pay": js{}}, "/limit_pay", numParam},
		{"empty list", js{"limit_pay": []string{}}, "/limit_pay", numParam},
		{"wrong list item", js{"limit_pay": []string{"no_cash"}}, "/limit_pay/0", numParam},
		{"long list", js{"limit_pay": []string{"no_debit", "no_debit", "no_debit", "no_debit", "no_debit"}}, "/limit_pay", numParam},
		{"text for boolean", js{"support_fapiao": "true"}, "/support_fapiao", numParam},
		{"description of 128 characters", js{"description": strings.Repeat("茶", 128)}, "/description", numParam},
		{"emoji", js{"description": "tea 🍵"}, "/description", numParam},
		{"control character", js{"description": "tea\n"}, "/description", numParam},
		{"attach of 129 characters", js{"attach": strings.Repeat("a", 129)}, "/attach", numParam},
		{"number of 5 characters", js{"out_trade_no": "12345"}, "/out_trade_no", numParam},
		{"number of 33 characters", js{"out_trade_no": strings.Repeat("1", 33)}, "/out_trade_no", numParam},
		{"number with a slash", js{"out_trade_no": "a/b/c/d"}, "/out_trade_no", numParam},
		{"address without scheme", js{"notify_url": "shop.example/notify"}, "/notify_url", numParam},
		{"address with parameters", js{"notify_url": "https://shop.example/notify?a=1"}, "/notify_url", numParam},
		{"address with a password", js{"notify_url": "https://u:p@shop.example/notify"}, "/notify_url", numParam},
		{"ftp", js{"notify_url": "ftp://shop.example/"}, "/notify_url", numParam},
		{"time without zone", js{"time_expire": "2026-01-06T10:00:00"}, "/time_expire", numParam},
		{"time that is almost over", js{"time_expire": soon}, "/time_expire", numParam},
		{"address of nowhere", js{"scene_info": js{"payer_client_ip": "localhost"}}, "/scene_info/payer_client_ip", numParam},
		{"scene without address", js{"scene_info": js{"device_id": "1"}}, "/scene_info/payer_client_ip", numParam},
		{"paper nobody has", js{"payer": js{"openid": "o", "identity": js{"type": "LIBRARY_CARD", "number": "AA==", "name": "AA=="}}}, "/payer/identity/type", numParam},
		{"long detail", js{"detail": js{"goods_detail": goods(100)}}, "/detail", numParam},
		{"someone else's openid", js{"payer": js{"openid": li.OpenID("wx0000ffff")}}, "/payer/openid", numParam},
		{"other merchant", js{"mchid": "0000000001"}, "/mchid", numParam},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := m
			b.t = t
			body := with(b.order("field-000001"), tt.changes)
			if tt.name == "null" {
				body["goods_tag"] = nil
			}
			g := b.do("POST", directPath+"/jsapi", body).want(t, 400, "PARAM_ERROR")
			assert.Equal(t, tt.field, g.text("detail.field"), "%s", g.body)
			assert.Equal(t, "body", g.text("detail.location"))
			assert.NotEmpty(t, g.text("detail.issue"))
			assert.Equal(t, tt.number, g.number())
		})
	}
}

func goods(n int) (all []js) {
	for range n {
		all = append(all, js{"merchant_goods_id": "1", "goods_name": strings.Repeat("n", 60), "quantity": 1, "unit_price": 1})
	}
	return all
}

func TestBodiesThatAreNoOrders(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	for _, body := range []string{"", "null", "[]", "1", "{", `{"appid":"a","appid":"b"}`, "{}{}", "\ufeff{}", strings.Repeat("[", 200)} {
		m.do("POST", directPath+"/jsapi", body).want(t, 400, "PARAM_ERROR")
	}
}

// Everything an order may hold, at the limits.
func TestFullestOrder(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	full := js{
		"description": strings.Repeat("茶", 127), "out_trade_no": "-|*_Az09" + strings.Repeat("0", 24), "attach": strings.Repeat("附", 128),
		"time_expire": m.p.Now().Add(time.Minute).Format(time.RFC3339), "goods_tag": "WXG", "support_fapiao": true,
		"amount": js{"total": 1}, "limit_pay": []string{"no_credit"}, "settle_info": js{"profit_sharing": true},
		"subsidy_info": js{"anything": []int{1}},
		"detail": js{"cost_price": 608800, "invoice_id": "1", "goods_detail": []js{{"merchant_goods_id": "1", "wechatpay_goods_id": "2",
			"goods_name": "n", "quantity": 1, "unit_price": 1}}},
		"scene_info": js{"payer_client_ip": "2001:db8::1", "device_id": "d", "store_info": js{"id": "1", "name": "n", "area_code": "440305", "address": "a"}},
		"payer": js{"openid": li.OpenID(m.a.AppID), "identity": js{"type": "IDCARD", "number": seal(t, m.a.PlatformKey, "1101"),
			"name": seal(t, m.a.PlatformKey, "李")}},
	}
	first := m.do("POST", directPath+"/jsapi", with(m.order("x"), full)).ok(t)
	// Ciphertext differs every time; the content is the same.
	full["payer"] = js{"openid": li.OpenID(m.a.AppID), "identity": js{"type": "IDCARD", "number": seal(t, m.a.PlatformKey, "1101"),
		"name": seal(t, m.a.PlatformKey, "李")}}
	second := m.do("POST", directPath+"/jsapi", with(m.order("x"), full)).ok(t)
	assert.NotEqual(t, first.text("prepay_id"), second.text("prepay_id"))
	full["payer"] = js{"openid": li.OpenID(m.a.AppID), "identity": js{"type": "IDCARD", "number": seal(t, m.a.PlatformKey, "1102"),
		"name": seal(t, m.a.PlatformKey, "李")}}
	m.do("POST", directPath+"/jsapi", with(m.order("x"), full)).want(t, 403, "OUT_TRADE_NO_USED")
}

func TestSealedFields(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	other := newAccount(t, m.p, wechattest.MerchantOptions{})
	order := func(number string) js {
		return with(m.order("sealed-0001"), js{"payer": js{"openid": li.OpenID(m.a.AppID),
			"identity": js{"type": "IDCARD", "number": number, "name": seal(t, m.a.PlatformKey, "李")}}})
	}
	for name, number := range map[string]string{"plain": "110101199001011234", "other key": seal(t, other.PlatformKey, "1"), "empty": seal(t, m.a.PlatformKey, "")} {
		g := m.do("POST", directPath+"/jsapi", order(number)).want(t, 400, "PARAM_ERROR")
		assert.Equal(t, "/payer/identity/number", g.text("detail.field"), name)
		assert.NotContains(t, string(g.body), "110101", "personal data does not come back")
	}
	m.keyID = ""
	g := m.do("POST", directPath+"/jsapi", order(seal(t, m.a.PlatformKey, "1"))).want(t, 400, "PARAM_ERROR")
	assert.Equal(t, "Wechatpay-Serial", g.text("detail.field"))
}

func TestOtherKindsOfOrders(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	base := with(m.order("kinds-0001"), js{"payer": nil})
	h5 := js{"payer_client_ip": "1.2.3.4", "h5_info": js{"type": "Wap"}}
	m.do("POST", directPath+"/app", with(base, js{"out_trade_no": "kinds-app"})).ok(t)
	m.do("POST", directPath+"/app", with(m.order("kinds-app2"), nil)).want(t, 400, "PARAM_ERROR") // payer.openid
	g := m.do("POST", directPath+"/native", with(base, js{"out_trade_no": "kinds-native"})).ok(t)
	assert.Regexp(t, `^weixin://wxpay/bizpayurl\?pr=[\w-]+$`, g.text("code_url"))
	g = m.do("POST", directPath+"/h5", with(base, js{"out_trade_no": "kinds-h5", "scene_info": h5})).ok(t)
	assert.True(t, strings.HasPrefix(g.text("h5_url"), "http://127.0.0.1/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx"), g.text("h5_url"))
	m.do("POST", directPath+"/h5", with(base, js{"out_trade_no": "kinds-h5-2"})).want(t, 400, "PARAM_ERROR")
	m.do("POST", directPath+"/h5", with(base, js{"out_trade_no": "kinds-h5-3", "scene_info": js{"payer_client_ip": "1.2.3.4"}})).want(t, 400, "PARAM_ERROR")
	m.do("POST", directPath+"/native", with(base, js{"out_trade_no": "kinds-app"})).want(t, 403, "OUT_TRADE_NO_USED")
}
