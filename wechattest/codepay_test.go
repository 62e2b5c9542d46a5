package wechattest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

func (b by) codepay(no, code string) js {
	return js{"appid": b.a.AppID, "mchid": b.a.MchID, "description": "tea", "out_trade_no": no, "payer": js{"auth_code": code},
		"amount": js{"total": 100}, "scene_info": js{"device_id": "till 1", "store_info": js{"id": "1"}}}
}

func authCode(t *testing.T, p *wechattest.Pay, careful bool) string {
	t.Helper()
	f := p.NewAuthCode
	if careful {
		f = p.NewCarefulAuthCode
	}
	code, err := f(li)
	require.NoError(t, err)
	require.Regexp(t, `^1[0-5]\d{16}$`, code)
	return code
}

func TestCodepayAtOnce(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	code := authCode(t, m.p, false)
	g := m.do("POST", directPath+"/codepay", m.codepay("till-00001", code)).ok(t)
	assert.Equal(t, "MICROPAY", g.text("trade_type"))
	assert.Equal(t, "till 1", g.text("scene_info.device_id"))
	assert.Equal(t, li.OpenID(m.a.AppID), g.text("payer.openid"))
	m.do("POST", directPath+"/codepay", m.codepay("till-00001", code)).ok(t) // the same again
	m.do("POST", directPath+"/codepay", m.codepay("till-00002", code)).want(t, 400, "INVALID_REQUEST")
	m.do("POST", directPath+"/codepay", m.codepay("till-00001", authCode(t, m.p, false))).want(t, 403, "OUT_TRADE_NO_USED")
	assert.Zero(t, m.p.Pending(), "a payment by code has no notice")

	old := authCode(t, m.p, false)
	clock.Advance(time.Minute)
	m.do("POST", directPath+"/codepay", m.codepay("till-00003", old)).want(t, 400, "INVALID_REQUEST")
	for _, bad := range []string{"123", "160000000000000000", "100000000000000000"} {
		g = m.do("POST", directPath+"/codepay", m.codepay("till-00004", bad)).want(t, 400, "PARAM_ERROR")
		assert.Equal(t, "/payer/auth_code", g.text("detail.field"))
	}
	g = m.do("POST", directPath+"/out-trade-no/till-00001/close", js{"mchid": m.a.MchID}).want(t, 400, "INVALID_REQUEST")
	assert.Equal(t, "268449641", g.number())
}

func TestCodepayAsksForThePassword(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	code := authCode(t, m.p, true)
	pay := func(no, code string) got { return m.do("POST", directPath+"/codepay", m.codepay(no, code)) }
	pay("ask-000001", code).want(t, 202, "USERPAYING")
	pay("ask-000001", code).want(t, 202, "USERPAYING")
	assert.Equal(t, "USERPAYING", m.query("ask-000001").ok(t).text("trade_state"))
	_, err := m.p.Pay(code, wechattest.User{Name: "thief"})
	assert.ErrorIs(t, err, wechattest.ErrWrongUser)
	_, err = m.p.Pay(code, li)
	require.NoError(t, err)
	assert.Equal(t, "SUCCESS", m.query("ask-000001").ok(t).text("trade_state"))

	code = authCode(t, m.p, true)
	pay("ask-000002", code).want(t, 202, "USERPAYING")
	_, err = m.p.Cancel(code)
	require.NoError(t, err)
	assert.Equal(t, "PAYERROR", m.query("ask-000002").ok(t).text("trade_state"))
	pay("ask-000002", code).want(t, 403, "TRADE_ERROR")

	code = authCode(t, m.p, true)
	pay("ask-000003", code).want(t, 202, "USERPAYING")
	clock.Advance(time.Minute)
	assert.Equal(t, "PAYERROR", m.query("ask-000003").ok(t).text("trade_state"))

	big := m.codepay("ask-000004", authCode(t, m.p, false))
	big["amount"] = js{"total": 100_001}
	m.do("POST", directPath+"/codepay", big).want(t, 202, "USERPAYING")
}

func TestReverse(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	reverse := func(no string) got {
		return m.do("POST", directPath+"/out-trade-no/"+no+"/reverse", js{"appid": m.a.AppID, "mchid": m.a.MchID})
	}
	m.do("POST", directPath+"/codepay", m.codepay("back-00001", authCode(t, m.p, false))).ok(t)
	m.do("POST", directPath+"/codepay", m.codepay("back-00002", authCode(t, m.p, true))).want(t, 202, "USERPAYING")
	m.do("POST", directPath+"/codepay", m.codepay("back-00003", authCode(t, m.p, false))).ok(t)
	m.do("POST", directPath+"/codepay", m.codepay("back-00004", authCode(t, m.p, false))).ok(t)
	for _, no := range []string{"back-00001", "back-00002", "back-00001"} {
		g := reverse(no).ok(t)
		assert.Equal(t, no, g.text("out_trade_no"))
		assert.Equal(t, "REVOKED", m.query(no).ok(t).text("trade_state"))
	}
	assert.Equal(t, wechat.Fen(200), wechattest.Balance(m.p.Ledger(m.a.MchID)))
	m.refund("back-00001", "R1", 1, nil).want(t, 400, "INVALID_REQUEST")
	m.refund("back-00003", "R3", 1, nil).ok(t)
	reverse("back-00003").want(t, 400, "INVALID_REQUEST")
	m.paid("back-00005", nil)
	reverse("back-00005").want(t, 400, "INVALID_REQUEST")
	reverse("back-unknown").want(t, 404, "ORDER_NOT_EXIST")
	clock.Advance(7*24*time.Hour + time.Second)
	reverse("back-00004").want(t, 400, "INVALID_REQUEST")
	m.do("POST", directPath+"/out-trade-no/back-00004/reverse", js{"mchid": m.a.MchID}).want(t, 400, "PARAM_ERROR")
}
