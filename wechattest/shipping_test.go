package wechattest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

const shipBody = `{"order_key":{"order_number_type":2,"transaction_id":"T1"},"logistics_type":1,"delivery_mode":1,` +
	`"shipping_list":[{"tracking_no":"SF1","express_company":"SF","item_desc":"cup","contact":{"receiver_contact":"138****0001"}}],` +
	`"upload_time":"2026-01-05T10:00:00.000+08:00","payer":{"openid":"o1"}}`

// miniProgram is a mini program with one payment, T1, and its token.
func miniProgram(t *testing.T) (a *wechattest.App, clock *wechattest.VirtualClock, call func(path, body string) map[string]any) {
	t.Helper()
	a, clock = newApp(t, func(c *wechattest.AppConfig) { c.Kind, c.ShippingDelay = wechattest.MiniProgram, time.Minute })
	_, err := a.AddPaid(wechattest.PaidOrder{MchID: "0000190001", SubMchID: "0000190002", OutTradeNo: "A1", TransactionID: "T1", OpenID: "o1", Total: 100})
	require.NoError(t, err)
	clock.Advance(time.Minute)
	token := stable(t, a, false)["access_token"].(string)
	return a, clock, func(path, body string) map[string]any {
		return ask(t, a, "POST", path+"?access_token="+token, body)
	}
}

func TestShippingRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", 129)
	for _, tt := range []struct{ name, old, new, want string }{
		{"fine", "", "", "0"},
		{"number type", `"order_number_type":2`, `"order_number_type":3`, "268485194"},
		{"no transaction", `"transaction_id":"T1"`, `"x":1`, "268485195"},
		{"no merchant", `"order_number_type":2`, `"order_number_type":1`, "268485196"},
		{"no number", `"order_number_type":2`, `"order_number_type":1,"mchid":"1"`, "268485197"},
		{"the partner's number", `"order_number_type":2,"transaction_id":"T1"`, `"order_number_type":1,"mchid":"0000190001","out_trade_no":"A1"`, "10060001"},
		{"the sub-merchant's number", `"order_number_type":2,"transaction_id":"T1"`, `"order_number_type":1,"mchid":"0000190002","out_trade_no":"A1"`, "0"},
		{"logistics", `"logistics_type":1`, `"logistics_type":5`, "10060005"},
		{"mode", `"delivery_mode":1`, `"delivery_mode":3`, "268485224"},
		{"split, not express", `"logistics_type":1,"delivery_mode":1`, `"logistics_type":2,"delivery_mode":2`, "10060006"},
		{"split, last?", `"delivery_mode":1`, `"delivery_mode":2`, "10060007"},
		{"two in one", `"shipping_list":[`, `"shipping_list":[{},`, "268485228"},
		{"none, split", `"delivery_mode":1,"shipping_list":[{`, `"delivery_mode":2,"is_all_delivered":true,"shipping_list":[],"y":[{`, "10060014"},
		{"sixteen, split", `"delivery_mode":1,"shipping_list":[`, `"delivery_mode":2,"is_all_delivered":true,"shipping_list":[` + strings.Repeat("{},", 15), "10060024"},
		{"no tracking number", `"tracking_no":"SF1",`, ``, "268485226"},
		{"no company", `"express_company":"SF",`, ``, "268485227"},
		{"long company", `"express_company":"SF"`, `"express_company":"` + long + `"`, "10060025"},
		{"long tracking number", `"tracking_no":"SF1"`, `"tracking_no":"` + long + `"`, "10060026"},
		{"no description", `"item_desc":"cup",`, ``, "10060008"},
		{"long description", `"item_desc":"cup"`, `"item_desc":"` + strings.Repeat("茶", 121) + `"`, "10060009"},
		{"no contact", `"receiver_contact":"138****0001"`, ``, "10060014"},
		{"contact in clear", `138****0001`, `13800000001`, "10060014"},
		{"time", `"upload_time":"2026-01-05T10:00:00.000+08:00"`, `"upload_time":"2026-01-05 10:00:00"`, "268485216"},
		{"no payer", `"openid":"o1"`, ``, "10060014"},
		{"another payer", `"openid":"o1"`, `"openid":"o2"`, "10060031"},
		{"another order", `"T1"`, `"T2"`, "10060001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, call := miniProgram(t)
			body := shipBody
			if tt.old != "" {
				require.Contains(t, body, tt.old)
				body = strings.Replace(body, tt.old, tt.new, 1)
			}
			assert.Equal(t, tt.want, errcode(call("/wxa/sec/order/upload_shipping_info", body)))
			o, err := a.ShippingOrder("T1")
			require.NoError(t, err)
			assert.Equal(t, tt.want == "0", o.Finished, "a refusal changes nothing")
			if tt.want == "0" {
				assert.Equal(t, "10060023", errcode(call("/wxa/sec/order/upload_shipping_info", body)), "the same again")
			}
		})
	}
}

func TestOtherShippingRefusals(t *testing.T) {
	t.Parallel()
	_, _, call := miniProgram(t)
	part := strings.Split(shipBody, `,"upload_time"`)[0] + "}"
	tail := `],"upload_time":"2026-01-05T10:00:00+08:00","payer":{"openid":"o1"}}`
	key := `"order_key":{"order_number_type":2,"transaction_id":"T1"}`
	for _, tt := range []struct{ name, path, body, want string }{
		{"no body", "upload_shipping_info", ``, "44002"},
		{"no JSON", "upload_combined_shipping_info", `[`, "47001"},
		{"combined: time", "upload_combined_shipping_info", `{}`, "268485216"},
		{"combined: number", "upload_combined_shipping_info", `{"sub_orders":[` + tail, "268485194"},
		{"combined: no parts", "upload_combined_shipping_info", `{` + key + `,"sub_orders":[` + tail, "10060014"},
		{"combined: other kind of number", "upload_combined_shipping_info", `{"order_key":{"order_number_type":1,"mchid":"1","out_trade_no":"2"},"sub_orders":[` + part + tail, "268485253"},
		{"combined: a bad part", "upload_combined_shipping_info", `{` + key + `,"sub_orders":[` + strings.Replace(part, `"cup"`, `""`, 1) + tail, "10060008"},
		{"combined: no part of it", "upload_combined_shipping_info", `{` + key + `,"sub_orders":[` + part + tail, "10060001"},
		{"get: no number", "get_order", `{"merchant_id":"0000190001"}`, "10060014"},
		{"get: another sub-merchant", "get_order", `{"merchant_id":"0000190001","sub_merchant_id":"0000190003","merchant_trade_no":"A1"}`, "10060001"},
		{"get: the right one", "get_order", `{"merchant_id":"0000190001","sub_merchant_id":"0000190002","merchant_trade_no":"A1"}`, "0"},
		{"list: state", "get_order_list", `{"order_state":7}`, "10060014"},
		{"list: size", "get_order_list", `{"page_size":-1}`, "10060014"},
		{"list: cursor", "get_order_list", `{"last_index":"ship-2"}`, "10060011"},
		{"list: beyond the end of time", "get_order_list", `{"pay_time_range":{"end_time":0}}`, "0"},
		{"reminder: unknown", "notify_confirm_receive", `{"transaction_id":"T2"}`, "10060001"},
		{"reminder: not shipped", "notify_confirm_receive", `{"transaction_id":"T1"}`, "10060028"},
		{"path", "set_msg_jump_path", `{"path":""}`, "10060014"},
		{"no app", "is_trade_managed", `{}`, "40097"},
		{"another app", "is_trade_management_confirmation_completed", `{"appid":"wx0000000000000000"}`, "40013"},
		{"special", "opspecialorder", `{"type":9}`, "268546000"},
		{"special: a test order", "opspecialorder", `{"order_id":"A1","type":2}`, "0"},
		{"special: a presale for ever", "opspecialorder", `{"order_id":"A1","type":1}`, "268546001"},
	} {
		assert.Equal(t, tt.want, errcode(call("/wxa/sec/order/"+tt.path, tt.body)), tt.name)
	}
}

func TestPaymentsAreUnknownForAWhile(t *testing.T) {
	t.Parallel()
	a, clock, call := miniProgram(t)
	_, err := a.AddPaid(wechattest.PaidOrder{MchID: "0000190001", OutTradeNo: "A2", TransactionID: "T2", OpenID: "o1", Total: 100})
	require.NoError(t, err)
	list := func() int { return len(call("/wxa/sec/order/get_order_list", `{}`)["order_list"].([]any)) }
	clock.Advance(time.Minute - time.Second)
	assert.Equal(t, "10060001", errcode(call("/wxa/sec/order/get_order", `{"transaction_id":"T2"}`)))
	assert.Equal(t, 1, list())
	clock.Advance(time.Second)
	assert.Equal(t, "0", errcode(call("/wxa/sec/order/get_order", `{"transaction_id":"T2"}`)))
	assert.Equal(t, 2, list())
	_, err = a.ShippingOrder("T3")
	require.ErrorIs(t, err, wechattest.ErrNoOrder)
	for _, o := range []wechattest.PaidOrder{{}, {MchID: "1", OutTradeNo: "A2", TransactionID: "T2", OpenID: "o1", Total: 1}} {
		_, err = a.AddPaid(o)
		require.Error(t, err)
	}
}

// Official accounts have none of it.
func TestShippingIsForMiniPrograms(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	token := stable(t, a, false)["access_token"].(string)
	for _, path := range []string{"/wxa/sec/order/get_order", "/cgi-bin/express/delivery/open_msg/get_delivery_list"} {
		assert.Equal(t, "48001", errcode(ask(t, a, "POST", path+"?access_token="+token, `{}`)), path)
	}
}

// Another mode counts as shipping anew, also before the order is complete.
func TestAnotherModeIsAnotherShipment(t *testing.T) {
	t.Parallel()
	a, _, call := miniProgram(t)
	upload := func(second int, mode, tracking string) string {
		body := strings.NewReplacer(`"delivery_mode":1`, mode, "SF1", tracking, "10:00:00", fmt.Sprintf("10:00:%02d", second)).Replace(shipBody)
		return errcode(call("/wxa/sec/order/upload_shipping_info", body))
	}
	split := `"delivery_mode":2,"is_all_delivered":false`
	assert.Equal(t, "0", upload(0, split, "SF1"))
	assert.Equal(t, "10060014", upload(0, split, "SF2"), "not later")
	assert.Equal(t, "0", upload(1, split, "SF2"))
	assert.Equal(t, "10060023", upload(2, split, "SF1"), "recorded already")
	assert.Equal(t, "0", upload(3, `"delivery_mode":1`, "SF3"))
	o, err := a.ShippingOrder("T1")
	require.NoError(t, err)
	assert.Equal(t, 2, o.Count)
	assert.Equal(t, []string{"SF3"}, o.Tracking)
	assert.Equal(t, "10060003", upload(4, `"delivery_mode":1`, "SF4"))
}
