package wechattest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

// partner is a 服务商 with two merchants.
func newPartner(t *testing.T, change ...func(*wechattest.Config)) (by, *wechattest.VirtualClock) {
	t.Helper()
	return newBy(t, wechattest.MerchantOptions{Partner: true, Subs: []wechattest.SubMerchant{{Name: "tea"}, {Name: "rice"}}}, change...)
}

func (b by) partnerOrder(no string, sub wechattest.SubMerchant) js {
	return js{"sp_appid": b.a.AppID, "sp_mchid": b.a.MchID, "sub_mchid": sub.MchID, "description": "tea", "out_trade_no": no,
		"notify_url": "http://127.0.0.1:1/notify", "amount": js{"total": 100}, "payer": js{"sp_openid": li.OpenID(b.a.AppID)}}
}

func TestPartnerOrders(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	tea, rice := m.a.Subs[0], m.a.Subs[1]
	id := m.do("POST", partnerPath+"/jsapi", m.partnerOrder("sp-000001", tea)).ok(t).text("prepay_id")
	o, err := m.p.Pay(id, li)
	require.NoError(t, err)
	assert.Equal(t, tea.MchID, o.SubMchID)
	numbers := "?sp_mchid=" + m.a.MchID + "&sub_mchid=" + tea.MchID
	for _, target := range []string{"/out-trade-no/sp-000001", "/id/" + o.TransactionID} {
		g := m.do("GET", partnerPath+target+numbers, nil).ok(t)
		assert.Equal(t, m.a.AppID, g.text("sp_appid"))
		assert.Equal(t, tea.MchID, g.text("sub_mchid"))
		assert.Equal(t, li.OpenID(m.a.AppID), g.text("payer.sp_openid"))
		assert.Nil(t, g.field("mchid"))
		assert.Nil(t, g.field("appid"))
		assert.Nil(t, g.field("sub_appid"))
	}
	g := m.do("GET", partnerPath+"/out-trade-no/sp-000001?sp_mchid="+m.a.MchID+"&sub_mchid="+rice.MchID, nil).want(t, 404, "ORDER_NOT_EXIST")
	assert.Equal(t, "268447845", g.number())

	// A number is used up for all of a partner's merchants.
	m.do("POST", partnerPath+"/jsapi", m.partnerOrder("sp-000001", rice)).want(t, 403, "OUT_TRADE_NO_USED")

	// The user may also be known to the sub-merchant's own app.
	under := with(m.partnerOrder("sp-000002", tea), js{"sub_appid": tea.AppIDs[0], "payer": js{"sub_openid": li.OpenID(tea.AppIDs[0])}})
	id = m.do("POST", partnerPath+"/jsapi", under).ok(t).text("prepay_id")
	_, err = m.p.Pay(id, wechattest.User{Name: "wang"})
	assert.ErrorIs(t, err, wechattest.ErrWrongUser)
	_, err = m.p.Pay(id, wechattest.User{})
	require.NoError(t, err)
	g = m.do("GET", partnerPath+"/out-trade-no/sp-000002"+numbers, nil).ok(t)
	assert.Equal(t, li.OpenID(tea.AppIDs[0]), g.text("payer.sub_openid"))
	assert.NotEmpty(t, g.text("payer.sp_openid"))

	assert.Len(t, m.p.Ledger(tea.MchID), 2)
	assert.Empty(t, m.p.Ledger(rice.MchID))
	assert.Len(t, m.p.Ledger(m.a.MchID), 2)
}

func TestPartnerRules(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	tea := m.a.Subs[0]
	direct := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	tests := []struct {
		name    string
		changes js
		status  int
		code    string
		number  string
	}{
		{"no sub_mchid", js{"sub_mchid": nil}, 400, "PARAM_ERROR", numParam},
		{"own number", js{"sub_mchid": m.a.MchID}, 400, "PARAM_ERROR", "268443705"},
		{"somebody else", js{"sub_mchid": direct.a.MchID}, 403, "NO_AUTH", "268443701"},
		{"other partner's number", js{"sp_mchid": direct.a.MchID}, 400, "PARAM_ERROR", numParam},
		{"unbound app", js{"sp_appid": tea.AppIDs[0]}, 400, "APPID_MCHID_NOT_MATCH", "268445527"},
		{"unbound sub app", js{"sub_appid": m.a.AppID}, 400, "APPID_MCHID_NOT_MATCH", "268445527"},
		{"no openid", js{"payer": js{}}, 400, "PARAM_ERROR", "268501013"},
		{"both openids", js{"payer": js{"sp_openid": "a", "sub_openid": "b"}}, 400, "PARAM_ERROR", "268501013"},
		{"sub_openid without sub_appid", js{"payer": js{"sub_openid": "b"}}, 400, "PARAM_ERROR", numParam},
		{"direct field", js{"mchid": "1"}, 400, "PARAM_ERROR", numUnknown},
		{"direct openid", js{"payer": js{"openid": "a"}}, 400, "PARAM_ERROR", numUnknown},
		{"subsidy too high", js{"settle_info": js{"subsidy_amount": 500001}}, 400, "PARAM_ERROR", numRange},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := m
			b.t = t
			g := b.do("POST", partnerPath+"/jsapi", with(b.partnerOrder("rule-00001", tea), tt.changes)).want(t, tt.status, tt.code)
			assert.Equal(t, tt.number, g.number())
		})
	}
	t.Run("partner on a direct path", func(t *testing.T) {
		t.Parallel()
		g := m.do("POST", directPath+"/jsapi", m.order("rule-00002")).want(t, 400, "INVALID_REQUEST")
		assert.Equal(t, "268443704", g.number())
	})
	t.Run("direct merchant on a partner path", func(t *testing.T) {
		t.Parallel()
		direct.do("POST", partnerPath+"/jsapi", direct.partnerOrder("rule-00003", tea)).want(t, 403, "NO_AUTH")
	})
}

func TestPartnerKindsCloseAndCodes(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	tea := m.a.Subs[0]
	numbers := js{"sp_mchid": m.a.MchID, "sub_mchid": tea.MchID}
	base := with(m.partnerOrder("", tea), js{"payer": nil})
	for _, kind := range []string{"app", "native"} {
		m.do("POST", partnerPath+"/"+kind, with(base, js{"out_trade_no": "kind-" + kind + "-1"})).ok(t)
	}
	m.do("POST", partnerPath+"/h5", with(base, js{"out_trade_no": "kind-h5-1", "scene_info": js{"payer_client_ip": "::1", "h5_info": js{"type": "iOS"}}})).ok(t)
	assert.Equal(t, 204, m.do("POST", partnerPath+"/out-trade-no/kind-app-1/close", numbers).status)
	m.do("POST", partnerPath+"/out-trade-no/kind-app-1/close", js{"sp_mchid": m.a.MchID}).want(t, 400, "PARAM_ERROR")

	code := authCode(t, m.p, false)
	pay := with(base, js{"out_trade_no": "kind-code-1", "notify_url": nil, "payer": js{"auth_code": code}, "scene_info": js{"store_info": js{"out_id": "1"}}})
	g := m.do("POST", partnerPath+"/codepay", pay).ok(t)
	assert.Equal(t, li.OpenID(m.a.AppID), g.text("payer.sp_openid"))
	g = m.do("POST", partnerPath+"/out-trade-no/kind-code-1/reverse", with(numbers, js{"sp_appid": m.a.AppID})).ok(t)
	assert.Equal(t, tea.MchID, g.text("sub_mchid"))
	assert.Zero(t, wechattest.Balance(m.p.Ledger(tea.MchID)))
}

func TestPartnerRefunds(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := newPartner(t, func(c *wechattest.Config) { c.Notify = desk })
	tea, rice := m.a.Subs[0], m.a.Subs[1]
	id := m.do("POST", partnerPath+"/jsapi", m.partnerOrder("spr-000001", tea)).ok(t).text("prepay_id")
	_, err := m.p.Pay(id, li)
	require.NoError(t, err)
	m.refund("spr-000001", "R1", 30, nil).want(t, 400, "INVALID_REQUEST")
	m.refund("spr-000001", "R1", 30, js{"sub_mchid": rice.MchID}).want(t, 404, "RESOURCE_NOT_EXISTS")
	m.refund("spr-000001", "R1", 30, js{"sub_mchid": tea.MchID}).ok(t)
	m.do("GET", "/v3/refund/domestic/refunds/R1", nil).want(t, 400, "INVALID_REQUEST")
	m.do("GET", "/v3/refund/domestic/refunds/R1?sub_mchid="+rice.MchID, nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	m.do("GET", "/v3/refund/domestic/refunds/R1?sub_mchid="+tea.MchID, nil).ok(t)
	clock.Advance(time.Minute)
	require.Equal(t, 2, desk.count())
	var n struct{ Resource js }
	decode(t, desk.notice(1).body, &n)
	var plain js
	decode(t, openGCM(t, m.a.APIv3Key, n.Resource), &plain)
	assert.Equal(t, m.a.MchID, plain["sp_mchid"])
	assert.Equal(t, tea.MchID, plain["sub_mchid"])
	assert.Nil(t, plain["mchid"])
	assert.Equal(t, wechat.Fen(70), wechattest.Balance(m.p.Ledger(tea.MchID)))

	direct := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	direct.refund("spr-000001", "R2", 30, js{"sub_mchid": tea.MchID}).want(t, 403, "NO_AUTH")
}
