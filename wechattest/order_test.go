package wechattest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestLifeOfAnOrder(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{Name: "tea house"})
	assert.Equal(t, "tea house", m.a.Name)
	id := m.place("life-00001", nil)
	assert.Regexp(t, `^wx20260105100000[0-9a-f]{20}$`, id)

	g := m.query("life-00001").ok(t)
	assert.Equal(t, "NOTPAY", g.text("trade_state"))
	assert.Equal(t, "a&b 好", g.text("attach"))
	for _, f := range []string{"transaction_id", "trade_type", "bank_type", "success_time", "payer", "amount"} {
		assert.Nil(t, g.field(f), f)
	}

	o, err := m.p.Order("prepay_id=" + id)
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(100), o.Total)
	assert.Equal(t, id, o.PrepayID)
	_, err = m.p.Pay(id, wechattest.User{Name: "wang"})
	assert.ErrorIs(t, err, wechattest.ErrWrongUser)
	o, err = m.p.Cancel(id)
	require.NoError(t, err)
	assert.Equal(t, "NOTPAY", o.State)

	clock.Advance(time.Second)
	o, err = m.p.Pay(id, li)
	require.NoError(t, err)
	assert.Equal(t, "SUCCESS", o.State)
	assert.Regexp(t, `^4200000020260105\d{12}$`, o.TransactionID)
	_, err = m.p.Pay(id, li)
	assert.ErrorIs(t, err, wechattest.ErrNotOpen)

	for _, target := range []string{"/out-trade-no/life-00001", "/id/" + o.TransactionID} {
		g = m.do("GET", directPath+target+"?mchid="+m.a.MchID, nil).ok(t)
		assert.Equal(t, "SUCCESS", g.text("trade_state"))
		assert.Equal(t, "支付成功", g.text("trade_state_desc"))
		assert.Equal(t, "JSAPI", g.text("trade_type"))
		assert.Equal(t, "2026-01-05T10:00:01+08:00", g.text("success_time"))
		assert.Equal(t, li.OpenID(m.a.AppID), g.text("payer.openid"))
		assert.Equal(t, 100.0, g.field("amount.payer_total"))
		assert.Equal(t, o.TransactionID, g.text("transaction_id"))
	}
	m.do("POST", directPath+"/jsapi", m.order("life-00001")).want(t, 403, "OUT_TRADE_NO_USED")
	g = m.do("POST", directPath+"/out-trade-no/life-00001/close", js{"mchid": m.a.MchID}).want(t, 400, "INVALID_REQUEST")
	assert.Equal(t, "268449538", g.number())
	assert.Equal(t, []wechattest.Entry{{Kind: wechattest.Payment, MchID: m.a.MchID, OutTradeNo: "life-00001", TransactionID: o.TransactionID,
		Amount: 100, At: o.PaidAt}}, m.p.Ledger(m.a.MchID))
	found, err := m.a.Order("life-00001")
	require.NoError(t, err)
	assert.Equal(t, o, found)
	assert.Equal(t, []wechattest.Order{o}, m.a.Orders())
}

func TestSameNumberAgain(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	first := m.place("again-0001", nil)
	second := m.place("again-0001", nil)
	assert.NotEqual(t, first, second)
	g := m.do("POST", directPath+"/jsapi", with(m.order("again-0001"), js{"amount": js{"total": 99, "currency": "CNY"}})).want(t, 403, "OUT_TRADE_NO_USED")
	assert.Equal(t, "268498688", g.number())
	assert.Len(t, m.a.Orders(), 1)
	_, err := m.p.Pay(first, li) // the older key still opens the same order
	require.NoError(t, err)
	_, err = m.p.Pay(second, li)
	assert.ErrorIs(t, err, wechattest.ErrNotOpen)
}

func TestClosing(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	id := m.place("close-0001", nil)
	shut := func() got {
		return m.do("POST", directPath+"/out-trade-no/close-0001/close", js{"mchid": m.a.MchID})
	}
	for range 2 { // twice is fine
		g := shut()
		assert.Equal(t, 204, g.status)
		assert.Empty(t, g.body)
	}
	assert.Equal(t, "CLOSED", m.query("close-0001").ok(t).text("trade_state"))
	_, err := m.p.Pay(id, li)
	assert.ErrorIs(t, err, wechattest.ErrNotOpen)
	g := m.do("POST", directPath+"/jsapi", m.order("close-0001")).want(t, 400, "ORDER_CLOSED")
	assert.Equal(t, "268447914", g.number())
	m.do("POST", directPath+"/out-trade-no/unknown-0001/close", js{"mchid": m.a.MchID}).want(t, 404, "ORDER_NOT_EXIST")
	m.do("POST", directPath+"/out-trade-no/close-0001/close", js{}).want(t, 400, "PARAM_ERROR")
	m.do("POST", directPath+"/out-trade-no/close-0001/close", js{"mchid": m.a.MchID, "appid": m.a.AppID}).want(t, 400, "PARAM_ERROR")
}

func TestQueriesThatFindNothing(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	other := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	o := m.paid("query-0001", nil)
	other.query("query-0001").want(t, 404, "ORDER_NOT_EXIST")
	g := other.do("GET", directPath+"/id/"+o.TransactionID+"?mchid="+other.a.MchID, nil).want(t, 404, "ORDER_NOT_EXIST")
	assert.Equal(t, "268447843", g.number())
	m.do("GET", directPath+"/id/"+o.PrepayID+"?mchid="+m.a.MchID, nil).want(t, 404, "ORDER_NOT_EXIST")
	m.do("GET", directPath+"/id/1?mchid="+m.a.MchID, nil).want(t, 404, "ORDER_NOT_EXIST")
	for _, query := range []string{"", "?mchid=", "?mchid=1", "?mchid=" + m.a.MchID + "&x=1", "?mchid=" + m.a.MchID + "&mchid=" + m.a.MchID, "?mchid=%zz"} {
		m.do("GET", directPath+"/out-trade-no/query-0001"+query, nil).want(t, 400, "PARAM_ERROR")
	}
	_, err := m.a.Order("nothing")
	assert.ErrorIs(t, err, wechattest.ErrNoOrder)
}

func TestNumbersInPaths(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	m.place("A|B*c_1-2", nil)
	for _, no := range []string{"A%7CB*c_1-2", "A%7cB%2Ac_1-2"} {
		assert.Equal(t, "A|B*c_1-2", m.query(no).ok(t).text("out_trade_no"))
	}
}

func TestTimeRunsOut(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	base := with(m.order(""), js{"payer": nil})
	jsapi := m.place("time-jsapi", nil)
	native := m.do("POST", directPath+"/native", with(base, js{"out_trade_no": "time-native"})).ok(t).text("code_url")
	h5Body := with(base, js{"out_trade_no": "time-h5", "scene_info": js{"payer_client_ip": "1.2.3.4", "h5_info": js{"type": "Wap"}}})
	h5 := m.do("POST", directPath+"/h5", h5Body).ok(t).text("h5_url")
	long := m.place("time-long", js{"time_expire": m.p.Now().Add(30 * 24 * time.Hour).Format(time.RFC3339)})

	clock.Advance(5 * time.Minute)
	_, err := m.p.Pay(h5, li)
	assert.ErrorIs(t, err, wechattest.ErrExpired)
	h5 = m.do("POST", directPath+"/h5", h5Body).ok(t).text("h5_url")
	_, err = m.p.Pay(h5+"&redirect_url=https%3A%2F%2Fshop.example%2F", li)
	require.NoError(t, err)

	clock.Advance(prepayLife - 5*time.Minute)
	for _, ref := range []string{jsapi, native, long} {
		_, err = m.p.Pay(ref, li)
		assert.ErrorIs(t, err, wechattest.ErrExpired)
	}
	_, err = m.p.Pay(m.place("time-jsapi", nil), li) // ordered again with the same number
	require.NoError(t, err)

	clock.Advance(7*24*time.Hour - prepayLife)
	assert.Equal(t, "CLOSED", m.query("time-native").ok(t).text("trade_state"))
	m.do("POST", directPath+"/native", with(base, js{"out_trade_no": "time-native"})).want(t, 400, "ORDER_CLOSED")
	assert.Equal(t, "NOTPAY", m.query("time-long").ok(t).text("trade_state"))
	clock.Advance(8 * 24 * time.Hour)
	assert.Equal(t, "CLOSED", m.query("time-long").ok(t).text("trade_state"))
}

const prepayLife = 2 * time.Hour

func TestExpire(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	id := m.place("expire-001", nil)
	o, err := m.p.Expire(id)
	require.NoError(t, err)
	assert.Equal(t, "CLOSED", o.State)
	_, err = m.p.Expire(id)
	assert.ErrorIs(t, err, wechattest.ErrNotOpen)
	assert.Equal(t, 204, m.do("POST", directPath+"/out-trade-no/expire-001/close", js{"mchid": m.a.MchID}).status)
	for _, f := range []func() error{
		func() error { _, err := m.p.Expire("x"); return err },
		func() error { _, err := m.p.Cancel("x"); return err },
		func() error { _, err := m.p.Pay("x", li); return err },
		func() error { _, err := m.p.Order("x"); return err },
		func() error { _, err := m.p.Pay(m.paid("expire-002", nil).TransactionID, li); return err },
	} {
		err := f()
		assert.True(t, errors.Is(err, wechattest.ErrNoOrder) || errors.Is(err, wechattest.ErrNotOpen), "%v", err)
	}
}

func TestWhoPays(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	o, err := m.p.Pay(m.place("who-000001", nil), wechattest.User{}) // whoever it is for
	require.NoError(t, err)
	assert.Equal(t, li.OpenID(m.a.AppID), o.OpenID)
	o, err = m.p.Pay(m.place("who-000002", js{"payer": js{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}), wechattest.User{ID: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
	require.NoError(t, err)
	assert.Equal(t, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", o.OpenID)
	code := m.do("POST", directPath+"/native", with(m.order("who-000003"), js{"payer": nil})).ok(t).text("code_url")
	o, err = m.p.Pay(code, li)
	require.NoError(t, err)
	assert.Equal(t, li.OpenID(m.a.AppID), o.OpenID)
	assert.Equal(t, code, o.CodeURL)
	assert.NotEqual(t, li.OpenID("wx00001"), li.OpenID("wx00002"))
	assert.Len(t, li.OpenID("wx00001"), 28)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{AppIDs: []string{"wx0000aa", "wx0000bb"}})
	b := newAccount(t, p, wechattest.MerchantOptions{MchID: "00007"})
	assert.Equal(t, "0000100001", a.MchID)
	assert.NotEqual(t, a.PrivateKey.N, b.PrivateKey.N)
	assert.NotEqual(t, a.APIv3Key, b.APIv3Key)
	assert.Regexp(t, `^PUB_KEY_ID_0000\d{24}$`, a.PlatformKeyID)
	assert.Regexp(t, `^[0-9A-F]{40}$`, a.Serial)
	assert.Len(t, p.Accounts(), 2)
	again, err := p.Account("00007")
	require.NoError(t, err)
	assert.Equal(t, b.Serial, again.Serial)
	_, err = p.Account("1900000001")
	require.Error(t, err)
	for name, o := range map[string]wechattest.MerchantOptions{
		"taken":        {MchID: "00007"},
		"real number":  {MchID: "1900000001"},
		"real app id":  {AppIDs: []string{"wx8888888888888888"}},
		"real sub":     {Partner: true, Subs: []wechattest.SubMerchant{{MchID: "1900000001"}}},
		"real sub app": {Partner: true, Subs: []wechattest.SubMerchant{{AppIDs: []string{"wx88"}}}},
		"no partner":   {Subs: []wechattest.SubMerchant{{}}},
		"own sub":      {Partner: true, MchID: "00008", Subs: []wechattest.SubMerchant{{MchID: "00008"}}},
		"mode":         {Mode: 3},
	} {
		_, err := p.NewMerchant(o)
		assert.Error(t, err, name)
	}
}
