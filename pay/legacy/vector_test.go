package legacy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/seal"
)

func TestVectors_Package(t *testing.T) {
	t.Parallel()
	full := legacy.Order{OutTradeNo: "SO-20140301_0001", Body: "红色 T-shirt & 50% off+1", Attach: "a=1&b=2/中", Total: 1299, Freight: 300, Goods: 999,
		NotifyURL: "https://shop.example.com/wxpay/notify?shop=7&x=%E4%B8%AD", IP: "203.0.113.9",
		Start: time.Date(2014, 3, 1, 4, 0, 0, 0, time.UTC), Expire: time.Date(2014, 3, 1, 12, 30, 0, 0, wechat.Beijing)}
	gbk := legacy.Order{OutTradeNo: "201408010123456789", Body: "可乐1杯", Total: 300, NotifyURL: "http://foo.bar/path/to", IP: "192.168.1.1", Charset: legacy.GBK}
	for _, tt := range []struct {
		name    string
		partner string
		order   legacy.Order
		want    string
	}{
		{"L-01, UTF-8", partnerID, order1(), p1},
		{"L-02, GBK", "1900090055", gbk, "bank_type=WX&body=%BF%C9%C0%D61%B1%AD&fee_type=1&input_charset=GBK&notify_url=http%3A%2F%2Ffoo.bar%2Fpath%2Fto&out_trade_no=201408010123456789&partner=1900090055&spbill_create_ip=192.168.1.1&total_fee=300&sign=72CDBA945C97E13C18A9CA5B01EDCAD2"},
		{"D-01, all fields", partnerID, full, "attach=a%3D1%26b%3D2%2F%E4%B8%AD&bank_type=WX&body=%E7%BA%A2%E8%89%B2%20T-shirt%20%26%2050%25%20off%2B1&fee_type=1&input_charset=UTF-8&" +
			"notify_url=https%3A%2F%2Fshop.example.com%2Fwxpay%2Fnotify%3Fshop%3D7%26x%3D%25E4%25B8%25AD&out_trade_no=SO-20140301_0001&partner=1900000109&product_fee=999&spbill_create_ip=203.0.113.9&" +
			"time_expire=20140301123000&time_start=20140301120000&total_fee=1299&transport_fee=300&sign=FDEAF2B0EEB86ECD5BE29F941548A958"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := newDesk(t, seller{appID, appKey, tt.partner}, 1).orders.Package(tt.order)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestVectors_Pages(t *testing.T) {
	t.Parallel()
	page, err := newDesk(t, second, 1399514976).orders.WithNonce("e7d161ac8d8a76529d39d9f5b4249ccb").JSAPIParams(order1())
	require.NoError(t, err)
	assert.Equal(t, &legacy.JSAPIParams{AppID: appID2, Timestamp: "1399514976", NonceStr: "e7d161ac8d8a76529d39d9f5b4249ccb", Package: p1,
		SignType: "SHA1", PaySign: "8d794be018f6a2c99e617f74c8d4aca5c6ce25a0"}, page, "L-03")

	link, err := newDesk(t, first, 1400000000).orders.WithNonce("d41d8cd98f00b204").NativeLink("SKU-10086")
	require.NoError(t, err)
	assert.Equal(t, "weixin://wxpay/bizpayurl?sign=7120847904a626f284143c18c46be144701d1cb9&appid=wxf8b4f85f3a794e77&productid=SKU-10086&timestamp=1400000000&noncestr=d41d8cd98f00b204", link, "D-02")

	app, err := newDesk(t, second, 1400000100).orders.WithNonce("c0ffee00c0ffee00").APPParams("1101000000140503edc6c31e8d4e5f6a")
	require.NoError(t, err)
	assert.Equal(t, &legacy.APPParams{AppID: appID2, PartnerID: partnerID, PrepayID: "1101000000140503edc6c31e8d4e5f6a", Package: "Sign=WXPay",
		NonceStr: "c0ffee00c0ffee00", Timestamp: "1400000100", Sign: "5bbe16b49dc45bf69453681292e9531f2dcbe582"}, app, "D-06")
}

func TestVectors_Calls(t *testing.T) {
	t.Parallel()
	d := newDesk(t, second, 1399514976)
	d.answer = `{"prepayid":"1101","errcode":0,"errmsg":"Success"}`
	id, err := d.orders.WithNonce("e7d161ac8d8a76529d39d9f5b4249ccb").Prepay(t.Context(), order1(), "test_1399514976")
	require.NoError(t, err)
	assert.Equal(t, "1101", id)
	assert.Equal(t, "POST https://api.weixin.qq.com/pay/genprepay?access_token=TOKEN", d.url)
	assert.JSONEq(t, `{"appid":"wxd930ea5d5a258f4f","traceid":"test_1399514976","noncestr":"e7d161ac8d8a76529d39d9f5b4249ccb","package":"`+p1+
		`","timestamp":"1399514976","app_signature":"8893870b9004ead28691b60db97a8d2c80dbfdc6","sign_method":"sha1"}`, d.body, "L-04")
	plainJSON(t, d.body)

	d = newDesk(t, first, 1400000300)
	d.answer = orderAnswer
	_, err = d.orders.Query(t.Context(), orderNo)
	require.NoError(t, err)
	assert.Equal(t, "POST https://api.weixin.qq.com/pay/orderquery?access_token=TOKEN", d.url)
	assert.JSONEq(t, `{"appid":"wxf8b4f85f3a794e77","package":"out_trade_no=`+orderNo+`&partner=1900000109&sign=69E1D7413C55FC1CEE30948FB10C217A",`+
		`"timestamp":"1400000300","app_signature":"6382a01c41eeaabcb7f07b55a9814813159bedf1","sign_method":"sha1"}`, d.body, "D-09")
	plainJSON(t, d.body)

	d = newDesk(t, first, 1)
	d.says("retcode", "0", "refund_status", "4")
	_, err = d.orders.Refund(t.Context(), legacy.RefundRequest{TransactionID: tradeNo, OutTradeNo: "not sent", OutRefundNo: "R20140519000001", Total: 1299, Refund: 299, Password: seal.NewKey("111111")})
	require.NoError(t, err)
	assert.Equal(t, "3B268F25056DE43F5BCB40E31DACE2BD", d.form(t).Get("sign"), "D-13")

	d = newDesk(t, first, 1400551200)
	d.answer = "x"
	s, err := d.orders.Bill(t.Context(), legacy.BillRequest{Day: time.Date(2014, 5, 18, 0, 0, 0, 0, wechat.Beijing)})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, "6a547320d39614cdb3e6233f62e3c65f", d.form(t).Get("sign"), "D-14")
}

// plainJSON wants text that the other side can read: some would not take escapes,
// and nobody must see the key.
func plainJSON(t *testing.T, body string) {
	t.Helper()
	assert.NotContains(t, body, `\u0026`)
	assert.NotContains(t, body, "appkey")
	assert.NotContains(t, body, appKey)
	assert.NotContains(t, body, appKey2)
	assert.NotContains(t, body, partnerKey)
}

func TestPageParametersAreText(t *testing.T) {
	t.Parallel()
	orders := newDesk(t, first, 1400000000).orders
	page, err := orders.JSAPIParams(order1())
	require.NoError(t, err)
	text, err := json.Marshal(page)
	require.NoError(t, err)
	var values map[string]string
	require.NoError(t, json.Unmarshal(text, &values), "every value is a string")
	assert.Len(t, values, 6)
	assert.LessOrEqual(t, len(page.NonceStr), 32)
	again, err := orders.JSAPIParams(order1())
	require.NoError(t, err)
	assert.NotEqual(t, page.NonceStr, again.NonceStr)
	assert.False(t, strings.Contains(string(text), partnerKey) || strings.Contains(string(text), appKey))
}
