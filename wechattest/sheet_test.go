package wechattest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// page are the parameters a good page hands over.
func (b by) page(appID, prepayID string) wechattest.PageParams {
	p := wechattest.PageParams{AppID: appID, TimeStamp: fmt.Sprint(b.p.Now().Unix()), NonceStr: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
		Package: "prepay_id=" + prepayID, SignType: "RSA"}
	p.PaySign = rsaSign(b.a.PrivateKey, p.AppID, p.TimeStamp, p.NonceStr, p.Package)
	return p
}

func TestCheckJSAPI(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{AppIDs: []string{"wx0000aa", "wx0000bb"}})
	other := newAccount(t, m.p, wechattest.MerchantOptions{})
	id := m.place("page-00001", nil)
	good := m.page(m.a.AppID, id)
	o, err := m.p.CheckJSAPI(good, li)
	require.NoError(t, err)
	assert.Equal(t, "page-00001", o.OutTradeNo)
	native := m.do("POST", directPath+"/app", with(m.order("page-00002"), js{"payer": nil})).ok(t).text("prepay_id")

	resigned := func(change func(*wechattest.PageParams)) wechattest.PageParams {
		p := good
		change(&p)
		p.PaySign = rsaSign(m.a.PrivateKey, p.AppID, p.TimeStamp, p.NonceStr, p.Package)
		return p
	}
	at := func(d time.Duration) wechattest.PageParams {
		return resigned(func(p *wechattest.PageParams) { p.TimeStamp = fmt.Sprint(m.p.Now().Add(d).Unix()) })
	}
	byOther := good
	byOther.PaySign = rsaSign(other.PrivateKey, good.AppID, good.TimeStamp, good.NonceStr, good.Package)
	noSign, lastByte := good, good
	noSign.PaySign = ""
	lastByte.NonceStr = "5K8264ILTKCH16CQ2502SI8ZNMTM67VT"
	md5 := good
	md5.SignType = "MD5"
	tests := []struct {
		name   string
		params wechattest.PageParams
		user   wechattest.User
		err    error
		says   string
	}{
		{"no appId", resigned(func(p *wechattest.PageParams) { p.AppID = "" }), li, wechattest.ErrBadParams, "appId"},
		{"other app of the merchant", m.page("wx0000bb", id), li, wechattest.ErrBadParams, "app id"},
		{"bare prepay_id", resigned(func(p *wechattest.PageParams) { p.Package = id }), li, wechattest.ErrBadParams, "package"},
		{"signType", md5, li, wechattest.ErrBadParams, "signType"},
		{"signed by somebody else", byOther, li, wechattest.ErrBadParams, "signature"},
		{"not signed", noSign, li, wechattest.ErrBadParams, "signature"},
		{"changed", lastByte, li, wechattest.ErrBadParams, "signature"},
		{"time in milliseconds", resigned(func(p *wechattest.PageParams) { p.TimeStamp += "000" }), li, wechattest.ErrBadParams, "Unix seconds"},
		{"old", at(-prepayLife - time.Second), li, wechattest.ErrBadParams, "off"},
		{"early", at(5*time.Minute + time.Second), li, wechattest.ErrBadParams, "off"},
		{"no nonce", resigned(func(p *wechattest.PageParams) { p.NonceStr = "" }), li, wechattest.ErrBadParams, "nonceStr"},
		{"long nonce", resigned(func(p *wechattest.PageParams) { p.NonceStr += "x" }), li, wechattest.ErrBadParams, "nonceStr"},
		{"unknown prepay_id", m.page(m.a.AppID, "wx2015"), li, wechattest.ErrNoOrder, ""},
		{"an app's prepay_id", m.page(m.a.AppID, native), li, wechattest.ErrBadParams, "APP"},
		{"another user", good, wechattest.User{Name: "wang"}, wechattest.ErrWrongUser, ""},
	}
	for _, tt := range tests {
		_, err := m.p.CheckJSAPI(tt.params, tt.user)
		require.ErrorIs(t, err, tt.err, tt.name)
		assert.ErrorContains(t, err, tt.says, tt.name)
	}
	clock.Advance(prepayLife)
	_, err = m.p.CheckJSAPI(m.page(m.a.AppID, id), li)
	require.ErrorIs(t, err, wechattest.ErrExpired)
	id = m.place("page-00001", nil)
	_, err = m.p.Pay(id, li)
	require.NoError(t, err)
	_, err = m.p.CheckJSAPI(m.page(m.a.AppID, id), li)
	require.ErrorIs(t, err, wechattest.ErrNotOpen)
}

func TestCheckMiniProgram(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	params := m.page(m.a.AppID, m.place("mini-00001", nil))
	params.AppID = ""
	_, err := m.p.CheckMiniProgram(m.a.AppID, params, li)
	require.NoError(t, err)
	_, err = m.p.CheckMiniProgram("wx0000ff", params, li)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	params.AppID = "wx0000ff"
	_, err = m.p.CheckMiniProgram(m.a.AppID, params, li)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
}

func TestCheckApp(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	id := m.do("POST", directPath+"/app", with(m.order("app-000001"), js{"payer": nil})).ok(t).text("prepay_id")
	good := wechattest.AppParams{AppID: m.a.AppID, PartnerID: m.a.MchID, PrepayID: id, Package: "Sign=WXPay", NonceStr: "n",
		TimeStamp: fmt.Sprint(m.p.Now().Unix())}
	good.Sign = rsaSign(m.a.PrivateKey, good.AppID, good.TimeStamp, good.NonceStr, id)
	_, err := m.p.CheckApp(good, li)
	require.NoError(t, err)
	for name, change := range map[string]func(*wechattest.AppParams){
		"package": func(a *wechattest.AppParams) { a.Package = "prepay_id=" + id },
		"partner": func(a *wechattest.AppParams) { a.PartnerID = "1" },
		"line": func(a *wechattest.AppParams) {
			a.Sign = rsaSign(m.a.PrivateKey, a.AppID, a.TimeStamp, a.NonceStr, "prepay_id="+id)
		},
		"jsapi's": func(a *wechattest.AppParams) {
			a.PrepayID = m.place("app-000002", nil)
			a.Sign = rsaSign(m.a.PrivateKey, a.AppID, a.TimeStamp, a.NonceStr, a.PrepayID)
		},
	} {
		bad := good
		change(&bad)
		_, err := m.p.CheckApp(bad, li)
		require.ErrorIs(t, err, wechattest.ErrBadParams, name)
	}
	for _, text := range []string{
		`{"appid":"a","partnerid":"p","prepayid":"i","package":"k","noncestr":"n","timestamp":1767578400,"sign":"s"}`,
		`{"appId":"a","partnerId":"p","prepayId":"i","packageValue":"k","nonceStr":"n","timeStamp":"1767578400","sign":"s","extData":{}}`,
	} {
		var a wechattest.AppParams
		require.NoError(t, json.Unmarshal([]byte(text), &a))
		assert.Equal(t, wechattest.AppParams{AppID: "a", PartnerID: "p", PrepayID: "i", Package: "k", NonceStr: "n", TimeStamp: "1767578400", Sign: "s"}, a)
	}
	for _, text := range []string{`[]`, `{"sign":{}}`, `{"sign":"a","sign":"b"}`} {
		assert.Error(t, json.Unmarshal([]byte(text), new(wechattest.AppParams)), text)
	}
}

func TestCheckPartnerPages(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	tea := m.a.Subs[0]
	id := m.do("POST", partnerPath+"/jsapi", m.partnerOrder("sppage-001", tea)).ok(t).text("prepay_id")
	_, err := m.p.CheckJSAPI(m.page(m.a.AppID, id), li)
	require.NoError(t, err)
	under := with(m.partnerOrder("sppage-002", tea), js{"sub_appid": tea.AppIDs[0], "payer": js{"sub_openid": li.OpenID(tea.AppIDs[0])}})
	id = m.do("POST", partnerPath+"/jsapi", under).ok(t).text("prepay_id")
	_, err = m.p.CheckJSAPI(m.page(tea.AppIDs[0], id), li)
	require.NoError(t, err)
	_, err = m.p.CheckJSAPI(m.page(m.a.AppID, id), li)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	assert.True(t, strings.Contains(err.Error(), "openid"))
}
