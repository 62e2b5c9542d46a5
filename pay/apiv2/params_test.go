package apiv2_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/sign"
)

// asFields is what travels to the page.
func asFields(t *testing.T, v any) fields {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	out := fields{}
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

func TestPageParameters(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		k := newDesk(t, d, always(""))
		for _, s := range []*apiv2.Service{k.direct, k.partner} {
			app := appID
			if s == k.partner {
				app = "wx8888888888888888"
			}
			p, err := s.JSAPIParams("wx20")
			require.NoError(t, err)
			f := asFields(t, p)
			got := f["paySign"]
			delete(f, "paySign")
			assert.Equal(t, sum(f, d), got)
			assert.NotEmpty(t, f["nonceStr"])
			delete(f, "nonceStr")
			assert.Equal(t, fields{"appId": app, "timeStamp": "1414488825", "package": "prepay_id=wx20", "signType": d.String()}, f)

			a, err := s.APPParams("wx20")
			require.NoError(t, err)
			f = asFields(t, a)
			assert.Equal(t, sum(f, d), f["sign"])
			delete(f, "sign")
			delete(f, "noncestr")
			assert.Equal(t, fields{"appid": app, "partnerid": mchID, "prepayid": "wx20", "package": "Sign=WXPay", "timestamp": "1414488825"}, f)
		}
		r, err := k.direct.RedPackParams("sendid=1&ver=8")
		require.NoError(t, err)
		f := asFields(t, r)
		delete(f, "paySign")
		delete(f, "signType")
		f["appId"] = appID
		assert.Equal(t, sum(f, sign.MD5), r.PaySign, "MD5 whatever the merchant's digest")
		assert.Equal(t, "sendid%3D1%26ver%3D8", r.Package)
		assert.Equal(t, "MD5", r.SignType)
	}
	k := newDesk(t, sign.MD5, always(""))
	for _, id := range []string{"", "a b", string(make([]byte, 65))} {
		_, err := k.direct.JSAPIParams(id)
		require.Error(t, err)
		_, err = k.direct.APPParams(id)
		require.Error(t, err)
	}
	_, err := apiv2.New(k.m, "").JSAPIParams("wx20")
	require.ErrorContains(t, err, "appid")
	_, err = apiv2.New(k.m, "").RedPackParams("x")
	require.ErrorContains(t, err, "appid")
	_, err = k.direct.RedPackParams("")
	require.ErrorContains(t, err, "package")
}

func TestNativeLink(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(""))
	// Derived vector, computed with two other tools.
	assert.Equal(t, "weixin://wxpay/bizpayurl?sign=9D1D490CBBF322C6C570375718106149&appid=wxd930ea5d5a258f4f&mch_id=10000100"+
		"&nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS&product_id=88888&time_stamp=1414488825",
		k.direct.NativeLinkAt("88888", "1414488825", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"))

	link, err := k.direct.NativeLink("A&1=%")
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	f := fields{}
	for name := range u.Query() {
		f[name] = u.Query().Get(name)
	}
	assert.Equal(t, sum(f, sign.MD5), f["sign"])
	assert.Equal(t, "A&1=%", f["product_id"])
	for _, bad := range []string{"", "a b", "商品", string(make([]byte, 33))} {
		_, err := k.direct.NativeLink(bad)
		require.ErrorContains(t, err, "product_id")
	}
	_, err = apiv2.New(k.m, "").NativeLink("1")
	require.ErrorContains(t, err, "appid")
}

func TestMatches(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(signed(sign.MD5, paidFields())))
	tr, err := k.direct.Query(t.Context(), "A1")
	require.NoError(t, err)
	require.NoError(t, tr.Matches(k.direct.Want("A1", 100)))
	for name, w := range map[string]apiv2.Want{
		"out_trade_no": k.direct.Want("A2", 100),
		"total_fee":    k.direct.Want("A1", 99),
		"appid":        apiv2.New(k.m, "wx1").Want("A1", 100),
		"sub_mch_id":   k.partner.Want("A1", 100),
		"fee_type":     {Party: k.m.Party(appID), OutTradeNo: "A1", Total: 100, Currency: "HKD"},
		"mch_id":       {Party: wechat.PartyV2{AppID: appID, MchID: "1"}, OutTradeNo: "A1", Total: 100},
	} {
		var e *pay.MismatchError
		require.ErrorAs(t, tr.Matches(w), &e, name)
		assert.Len(t, e.Differences, 1)
		assert.Equal(t, name, e.Differences[0].Field)
	}
	tr.SubAppID = "wx5"
	require.ErrorContains(t, tr.Matches(k.direct.Want("A1", 100)), "sub_appid")
	unpaid := &apiv2.Transaction{PartyV2: k.m.Party(appID), OutTradeNo: "A1", TradeState: pay.StateNotPay}
	require.NoError(t, unpaid.Matches(k.direct.Want("A1", 100)))
	assert.False(t, unpaid.Paid())
	assert.True(t, (&apiv2.Transaction{ResultCode: "SUCCESS", TransactionID: "1"}).Paid())
	assert.False(t, (&apiv2.Transaction{ResultCode: "SUCCESS"}).Paid())

	tr.Fields = []sign.Pair{{Name: "coupon_fee_0", Value: "1.5"}}
	_, err = tr.Coupons()
	require.ErrorContains(t, err, "coupon_fee")
	_, err = (&apiv2.Refunds{Fields: []sign.Pair{{Name: "refund_fee_0", Value: "x"}}}).Items()
	require.ErrorContains(t, err, "refund_fee")
}

func TestRedirectTo(t *testing.T) {
	t.Parallel()
	p := apiv2.Prepay{MWebURL: "https://wx.tenpay.com/x?prepay_id=1"}
	assert.Equal(t, "https://wx.tenpay.com/x?prepay_id=1&redirect_url=https%3A%2F%2Fshop.example%2F%3Fa%3D1", p.RedirectTo("https://shop.example/?a=1"))
}
