package pay_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/seal"
)

func minimal() pay.JSAPIRequest {
	return pay.JSAPIRequest{Description: "茶", OutTradeNo: "order1", NotifyURL: "https://shop.example/notify", Amount: pay.Amount{Total: 1}, Payer: pay.Payer{OpenID: "oUser"}}
}

// invalid asserts that err names field, carries no secret and says something.
func invalid(t *testing.T, err error, field string, secrets ...string) *wechat.FieldError {
	t.Helper()
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, field, f.Field)
	assert.NotEmpty(t, f.Problem)
	for _, s := range secrets {
		assert.NotContains(t, err.Error(), s)
	}
	return f
}

func TestJSAPIRequestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat
	tests := []struct {
		name   string
		change func(r *pay.JSAPIRequest)
		field  string // "" means fine
		says   string
	}{
		{"minimal", func(*pay.JSAPIRequest) {}, "", ""},
		{"no description", func(r *pay.JSAPIRequest) { r.Description = "" }, "description", "is empty but required"},
		{"127 characters", func(r *pay.JSAPIRequest) { r.Description = long("茶", 127) }, "", ""},
		{"128 characters", func(r *pay.JSAPIRequest) { r.Description = long("茶", 128) }, "description", "has 128 characters, the limit is 127"},
		{"emoji", func(r *pay.JSAPIRequest) { r.Description = "热茶🍵" }, "description", "character 3 of 3 takes four bytes"},
		{"a line break", func(r *pay.JSAPIRequest) { r.Description = "tea\ncup" }, "description", "byte 4 of 7 is a control character"},
		{"broken text", func(r *pay.JSAPIRequest) { r.Description = "a\xffb" }, "description", "not valid UTF-8 (3 bytes)"},
		{"no number", func(r *pay.JSAPIRequest) { r.OutTradeNo = "" }, "out_trade_no", "is empty"},
		{"5 characters", func(r *pay.JSAPIRequest) { r.OutTradeNo = "12345" }, "out_trade_no", "has 5 bytes, want 6 to 32"},
		{"32 characters", func(r *pay.JSAPIRequest) { r.OutTradeNo = long("9", 32) }, "", ""},
		{"33 characters", func(r *pay.JSAPIRequest) { r.OutTradeNo = long("9", 33) }, "out_trade_no", "has 33 bytes"},
		{"every character", func(r *pay.JSAPIRequest) { r.OutTradeNo = "aZ09_-|*" }, "", ""},
		{"an at sign", func(r *pay.JSAPIRequest) { r.OutTradeNo = "order@1" }, "out_trade_no", "byte 6 of 7"},
		{"a space", func(r *pay.JSAPIRequest) { r.OutTradeNo = "order 1" }, "out_trade_no", "byte 6 of 7"},
		{"attach emoji", func(r *pay.JSAPIRequest) { r.Attach = "\U00020000" }, "attach", "four bytes"},
		{"attach 129", func(r *pay.JSAPIRequest) { r.Attach = long("a", 129) }, "attach", "limit is 128"},
		{"no notify_url", func(r *pay.JSAPIRequest) { r.NotifyURL = "" }, "notify_url", "is empty but required"},
		{"http", func(r *pay.JSAPIRequest) { r.NotifyURL = "http://127.0.0.1:8080/notify" }, "", ""},
		{"ftp", func(r *pay.JSAPIRequest) { r.NotifyURL = "ftp://shop.example/" }, "notify_url", "https://"},
		{"relative", func(r *pay.JSAPIRequest) { r.NotifyURL = "/notify" }, "notify_url", "https://"},
		{"query", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://shop.example/n?a=1" }, "notify_url", "query"},
		{"bare query", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://shop.example/n?" }, "notify_url", "query"},
		{"fragment", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://shop.example/n#a" }, "notify_url", "fragment"},
		{"user", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://me:pw@shop.example/n" }, "notify_url", "user name"},
		{"not a URL", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://shop example/%zz" }, "notify_url", "not a URL"},
		{"256 characters", func(r *pay.JSAPIRequest) { r.NotifyURL = "https://shop.example/" + long("n", 235) }, "notify_url", "has 256 characters, the limit is 255"},
		{"goods_tag 33", func(r *pay.JSAPIRequest) { r.GoodsTag = long("a", 33) }, "goods_tag", "limit is 32"},
		{"nothing to pay", func(r *pay.JSAPIRequest) { r.Amount.Total = 0 }, "amount.total", "at least 1 fen"},
		{"negative", func(r *pay.JSAPIRequest) { r.Amount.Total = -1 }, "amount.total", "at least 1 fen"},
		{"currency", func(r *pay.JSAPIRequest) { r.Amount.Currency = long("C", 17) }, "amount.currency", "has 17 bytes"},
		{"openid 129", func(r *pay.JSAPIRequest) { r.Payer.OpenID = long("o", 129) }, "payer.openid", "has 129 bytes, the limit is 128"},
		{"openid with a line break", func(r *pay.JSAPIRequest) { r.Payer.OpenID = "o\n" }, "payer.openid", "byte 2 of 2"},
		{"identity without number", func(r *pay.JSAPIRequest) {
			r.Payer.Identity = pay.Identity{Type: pay.IDCard, Name: seal.Plain("张三")}
		}, "payer.identity.number", "required"},
		{"identity without name", func(r *pay.JSAPIRequest) {
			r.Payer.Identity = pay.Identity{Type: pay.IDCard, Number: seal.Plain("110")}
		}, "payer.identity.name", "required"},
		{"identity without type", func(r *pay.JSAPIRequest) { r.Payer.Identity = pay.Identity{Name: seal.Plain("张三")} }, "payer.identity.type", "required"},
		{"negative cost", func(r *pay.JSAPIRequest) { r.Detail.CostPrice = -1 }, "detail.cost_price", "negative"},
		{"receipt 33", func(r *pay.JSAPIRequest) { r.Detail.InvoiceID = long("茶", 33) }, "detail.invoice_id", "limit is 32"},
		{"no goods id", func(r *pay.JSAPIRequest) { r.Detail.GoodsDetail = []pay.Goods{{Quantity: 1}} }, "detail.goods_detail[0].merchant_goods_id", "required"},
		{"no quantity", func(r *pay.JSAPIRequest) {
			r.Detail.GoodsDetail = []pay.Goods{{MerchantGoodsID: "a", Quantity: 1}, {MerchantGoodsID: "b"}}
		}, "detail.goods_detail[1].quantity", "at least 1"},
		{"negative price", func(r *pay.JSAPIRequest) {
			r.Detail.GoodsDetail = []pay.Goods{{MerchantGoodsID: "a", Quantity: 1, UnitPrice: -5}}
		}, "detail.goods_detail[0].unit_price", "negative"},
		{"too many goods", func(r *pay.JSAPIRequest) {
			for range 100 {
				r.Detail.GoodsDetail = append(r.Detail.GoodsDetail, pay.Goods{MerchantGoodsID: "a", GoodsName: long("茶", 10), Quantity: 1})
			}
		}, "detail", "the limit is 6144"},
		{"scene without address", func(r *pay.JSAPIRequest) { r.SceneInfo.DeviceID = "1" }, "scene_info.payer_client_ip", "required"},
		{"scene with a port", func(r *pay.JSAPIRequest) { r.SceneInfo.PayerClientIP = "1.2.3.4:80" }, "scene_info.payer_client_ip", "IPv4 or IPv6"},
		{"scene with a zone", func(r *pay.JSAPIRequest) { r.SceneInfo.PayerClientIP = "fe80::1%eth0" }, "scene_info.payer_client_ip", "IPv4 or IPv6"},
		{"store without id", func(r *pay.JSAPIRequest) {
			r.SceneInfo = pay.SceneInfo{PayerClientIP: "::1", StoreInfo: pay.StoreInfo{Name: "店"}}
		}, "scene_info.store_info.id", "required"},
		{"store address 513", func(r *pay.JSAPIRequest) {
			r.SceneInfo = pay.SceneInfo{PayerClientIP: "::1", StoreInfo: pay.StoreInfo{ID: "1", Address: long("a", 513)}}
		}, "scene_info.store_info.address", "limit is 512"},
		{"subsidy over the limit", func(r *pay.JSAPIRequest) { r.SettleInfo.SubsidyAmount = 500001 }, "settle_info.subsidy_amount", "500000"},
		{"negative subsidy", func(r *pay.JSAPIRequest) { r.SettleInfo.SubsidyAmount = -1 }, "settle_info.subsidy_amount", "negative"},
		{"empty limit", func(r *pay.JSAPIRequest) { r.LimitPay = []pay.LimitPay{pay.NoDebit, ""} }, "limit_pay[1]", "required"},
		{"a limit of tomorrow", func(r *pay.JSAPIRequest) { r.LimitPay = []pay.LimitPay{"no_coins"} }, "", ""},
		{"no plan", func(r *pay.JSAPIRequest) { r.SubsidyInfo.SubsidyDetail = []pay.Subsidy{{PeriodType: "DAILY"}} }, "subsidy_info.subsidy_detail[0].subsidy_plan", "required"},
		{"over 100 percent", func(r *pay.JSAPIRequest) {
			r.SubsidyInfo.SubsidyDetail = []pay.Subsidy{{PeriodType: "DAILY", Plan: []pay.SubsidyPlan{{InstallmentNum: 3, Percent: 101}}}}
		}, "subsidy_info.subsidy_detail[0].subsidy_plan[0].subsidy_percent", "0 to 100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := minimal()
			tt.change(&r)
			err := r.Validate()
			if tt.field == "" {
				require.NoError(t, err)
				return
			}
			assert.Contains(t, invalid(t, err, tt.field).Problem, tt.says)
		})
	}
}

func TestOtherRequestsValidate(t *testing.T) {
	t.Parallel()
	h := h5()
	h.SceneInfo.PayerClientIP = ""
	invalid(t, h.Validate(), "scene_info.payer_client_ip")
	h = h5()
	h.SceneInfo.H5Info.Type = ""
	invalid(t, h.Validate(), "scene_info.h5_info.type")
	h = h5()
	h.SceneInfo.H5Info.AppName = strings.Repeat("王", 65)
	invalid(t, h.Validate(), "scene_info.h5_info.app_name")
	h = h5()
	h.Payer.Identity.Name = seal.Plain("张三")
	invalid(t, h.Validate(), "payer.identity.type", "张三")

	a := app()
	a.Detail.GoodsDetail[0].GoodsName = strings.Repeat("a", 257)
	invalid(t, a.Validate(), "detail.goods_detail[0].goods_name")
	a = app()
	a.SceneInfo.PayerClientIP = ""
	invalid(t, a.Validate(), "scene_info.payer_client_ip")
	n := native()
	n.SceneInfo.DeviceID = strings.Repeat("a", 33)
	invalid(t, n.Validate(), "scene_info.device_id")

	for _, code := range []string{"", "13006109882800940", "1300610988280094060", "160061098828009406", "280061098828009406", "13006109882800940x"} {
		c := codepay()
		c.Payer.AuthCode = code
		if f := invalid(t, c.Validate(), "payer.auth_code"); code != "" {
			assert.NotContains(t, f.Error(), code)
		}
	}
	c := codepay()
	c.SceneInfo.StoreInfo = pay.CodepayStoreInfo{}
	invalid(t, c.Validate(), "scene_info.store_info")
	c = codepay()
	c.SceneInfo.DeviceIP = "localhost"
	invalid(t, c.Validate(), "scene_info.device_ip")
	c = codepay()
	c.SettleInfo.SubsidyAmount = 1
	invalid(t, c.Validate(), "settle_info.subsidy_amount")
	c = codepay()
	c.Detail.GoodsDetail[0].WxpayGoodsID = strings.Repeat("a", 33)
	invalid(t, c.Validate(), "detail.goods_detail[0].wxpay_goods_id")
}

// Who sells decides what else is wrong; the network is never asked.
func TestPrepayChecksWhoSells(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, `{"prepay_id":"wx1"}`))
	noApp := pay.New(d.m.For(wechat.Sub{MchID: subMchID}), appID)
	tests := []struct {
		name    string
		service *pay.Service
		change  func(r *pay.JSAPIRequest)
		field   string
		says    string
	}{
		{"direct", d.direct, func(*pay.JSAPIRequest) {}, "", ""},
		{"direct without openid", d.direct, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{} }, "payer.openid", "required"},
		{"direct with sp_openid", d.direct, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSecret"} }, "payer.sp_openid", "a direct merchant sets OpenID"},
		{"direct with sub_openid", d.direct, func(r *pay.JSAPIRequest) { r.Payer.SubOpenID = "oSecret" }, "payer.sub_openid", "Merchant.For"},
		{"direct with a subsidy", d.direct, func(r *pay.JSAPIRequest) { r.SettleInfo.SubsidyAmount = 1 }, "settle_info.subsidy_amount", "e-commerce partner"},
		{"partner with openid", d.partner, func(r *pay.JSAPIRequest) { r.Payer.OpenID = "oSecret" }, "payer.openid", "SpOpenID"},
		{"partner without openid", d.partner, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{} }, "payer.sp_openid", "under the app the page runs in"},
		{"partner with both", d.partner, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSecret", SubOpenID: "oSecret"} }, "payer.sub_openid", "together with sp_openid"},
		{"partner with sp_openid", d.partner, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSp"} }, "", ""},
		{"partner with sub_openid", d.partner, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SubOpenID: "oSub"} }, "", ""},
		{"sub_openid without its app", noApp, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SubOpenID: "oSecret"} }, "payer.sub_openid", "wechat.Sub.AppID"},
		{"sp_openid without the sub's app", noApp, func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSp"} }, "", ""},
		{"no app", pay.New(d.m, ""), func(*pay.JSAPIRequest) {}, "appid", "required"},
		{"partner without app", pay.New(d.m.For(wechat.Sub{MchID: subMchID}), ""), func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSp"} }, "sp_appid", "required"},
		{"long app", pay.New(d.m, strings.Repeat("w", 33)), func(*pay.JSAPIRequest) {}, "appid", "33 bytes"},
		{"long app of the sub", pay.New(d.m.For(wechat.Sub{MchID: subMchID, AppID: strings.Repeat("w", 33)}), appID), func(r *pay.JSAPIRequest) { r.Payer = pay.Payer{SpOpenID: "oSp"} }, "sub_appid", "33 bytes"},
		{"too late", d.direct, func(r *pay.JSAPIRequest) { r.TimeExpire = wechat.Time{Time: d.clock.Now().Add(59 * time.Second)} }, "time_expire", "less than 1m0s ahead"},
		{"just in time", d.direct, func(r *pay.JSAPIRequest) { r.TimeExpire = wechat.Time{Time: d.clock.Now().Add(time.Minute)} }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := minimal()
			tt.change(&r)
			_, err := tt.service.PrepayJSAPI(t.Context(), r)
			if tt.field == "" {
				require.NoError(t, err)
				return
			}
			assert.Contains(t, invalid(t, err, tt.field, "oSecret").Problem, tt.says)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		})
	}
}

func TestOtherPrepaysCheckWhoSells(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, `{}`))
	late := wechat.Time{Time: d.clock.Now()}
	a, n, h := app(), native(), h5()
	a.TimeExpire, n.TimeExpire, h.TimeExpire = late, late, late
	_, err := d.direct.PrepayAPP(t.Context(), a)
	invalid(t, err, "time_expire")
	_, err = d.direct.PrepayNative(t.Context(), n)
	invalid(t, err, "time_expire")
	_, err = d.direct.PrepayH5(t.Context(), h)
	invalid(t, err, "time_expire")
	_, err = pay.New(d.m, "").Codepay(t.Context(), codepay())
	invalid(t, err, "appid")
	invalid(t, pay.New(d.m, "").Reverse(t.Context(), number), "appid")
	assert.Empty(t, d.all())
	_, err = pay.New(d.m, "").Query(t.Context(), number) // needs no app
	require.NoError(t, err)
}

// Whatever the texts are: an accepted request is within the limits, and a refused
// one is refused without repeating what it holds.
func TestValidateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := minimal()
		r.Description = rapid.OneOf(rapid.String(), rapid.StringN(120, 135, -1)).Draw(t, "description")
		r.Attach = rapid.String().Draw(t, "attach")
		r.OutTradeNo = rapid.OneOf(rapid.StringMatching(`[0-9A-Za-z_\-|*]{4,34}`), rapid.String()).Draw(t, "out_trade_no")
		r.NotifyURL = rapid.OneOf(rapid.StringMatching(`https?://[a-z]{1,8}(\.[a-z]{2,4}){1,2}(/[a-z0-9]{0,9}){0,3}(\?a=1)?`), rapid.String()).Draw(t, "notify_url")
		r.Amount.Total = wechat.Fen(rapid.Int64().Draw(t, "total"))
		err := r.Validate()
		fine := utf8.ValidString(r.Description) && r.Description != "" && utf8.RuneCountInString(r.Description) <= 127 && narrow(r.Description) &&
			utf8.ValidString(r.Attach) && utf8.RuneCountInString(r.Attach) <= 128 && narrow(r.Attach) &&
			len(r.OutTradeNo) >= 6 && len(r.OutTradeNo) <= 32 && strings.Trim(r.OutTradeNo, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-|*") == "" &&
			r.Amount.Total > 0
		if err == nil {
			if !fine || strings.ContainsAny(r.NotifyURL, "?#") || !strings.HasPrefix(strings.ToLower(r.NotifyURL), "http") {
				t.Fatalf("accepted %+v", r)
			}
			return
		}
		if fine && strings.HasPrefix(r.NotifyURL, "https://") && !strings.Contains(r.NotifyURL, "?") && len(r.NotifyURL) < 60 && narrow(r.NotifyURL) && !strings.ContainsAny(r.NotifyURL, " #%@[]:\\^`{}|<>\"\x00") {
			t.Fatalf("refused %+v: %v", r, err)
		}
		for _, value := range []string{r.Description, r.Attach, r.OutTradeNo, r.NotifyURL} {
			if len(value) > 24 && strings.Contains(err.Error(), value) {
				t.Fatalf("the error repeats a value: %v", err)
			}
		}
	})
}

func narrow(s string) bool {
	for _, r := range s {
		if r > 0xFFFF {
			return false
		}
	}
	return true
}

// The caller's request is a value: nothing of it is changed, and what is sealed on
// the way is sealed on a copy.
func TestIdentityTravelsEncrypted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, `{"prepay_id":"wx1"}`))
	r := minimal()
	r.Payer.Identity = pay.Identity{Type: pay.IDCard, Number: seal.Plain("110101199003070011"), Name: seal.Plain("张三")}
	_, err := d.direct.PrepayJSAPI(context.WithoutCancel(t.Context()), r)
	require.NoError(t, err)
	sent := d.only()
	assert.Equal(t, d.account.PlatformKeyID, sent.keyID)
	assert.NotContains(t, sent.body, "110101199003070011")
	assert.NotContains(t, sent.body, "张三")
	assert.NotContains(t, sent.body, "***")
	assert.Regexp(t, `"identity":\{"type":"IDCARD","number":"[A-Za-z0-9+/=]{344}","name":"[A-Za-z0-9+/=]{344}"\}`, sent.body)
	plain, err := r.Payer.Identity.Name.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "张三", plain)
}
