package apiv2_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

var bankKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, _ := rsa.GenerateKey(rand.Reader, 2048)
	return k
})

func at(text string) apiv2.Time {
	var t apiv2.Time
	_ = t.UnmarshalText([]byte(text))
	return t
}

func redPack() apiv2.RedPackRequest {
	return apiv2.RedPackRequest{BillNo: "B1", SendName: "店", OpenID: "o1", Total: 100, Number: 1, Wishing: "恭喜", ClientIP: "192.0.2.1", ActName: "活动", Remark: "快来"}
}

// endpoint is one method: what it sends and what it makes of an answer.
type endpoint struct {
	name     string
	call     func(ctx context.Context, s *apiv2.Service) (any, error)
	url      string // path, or the whole address
	want     fields // as sent, beside appid, mch_id and sign_type
	bare     string // names of those three that are not sent
	digest   string // MD5 or HMAC-SHA256 where forced
	answer   fields
	result   any // nil: nothing comes back; a function: checks it
	unsigned bool
	write    bool // a refusal changes nothing only if it is proved
	wary     bool
}

func endpoints(t *testing.T) []endpoint {
	t.Helper()
	der := x509.MarshalPKCS1PublicKey(&bankKey().PublicKey)
	pub := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))
	redPackWant := fields{"wxappid": appID, "mch_billno": "B1", "send_name": "店", "re_openid": "o1", "total_amount": "100", "total_num": "1",
		"wishing": "恭喜", "act_name": "活动", "remark": "快来"}
	with := func(f fields, more ...string) fields {
		f = maps.Clone(f)
		for i := 0; i < len(more); i += 2 {
			f[more[i]] = more[i+1]
		}
		return f
	}
	redPackAnswer := fields{"mch_billno": "B1", "re_openid": "o1", "total_amount": "100", "send_listid": "L1", "package": "sendid=1&ver=8"}
	redPackResult := &apiv2.RedPack{BillNo: "B1", OpenID: "o1", Total: 100, ListID: "L1", Package: "sendid=1&ver=8"}
	shareRequest := apiv2.ShareRequest{TransactionID: "4200", OutOrderNo: "S1", Receivers: []apiv2.Receiver{
		{Type: "MERCHANT_ID", Account: "1900", Amount: 10, Description: "分 & 账", Name: seal.Plain("张三")}}}
	shareWant := fields{"transaction_id": "4200", "out_order_no": "S1",
		"receivers": `[{"type":"MERCHANT_ID","account":"1900","amount":10,"description":"分 & 账","name":"张三"}]`}
	shareAnswer := fields{"transaction_id": "4200", "out_order_no": "S1", "order_id": "3000"}
	shareResult := &apiv2.Share{TransactionID: "4200", OutOrderNo: "S1", OrderID: "3000"}
	returnAnswer := fields{"order_id": "3000", "out_order_no": "S1", "out_return_no": "R1", "return_no": "9", "return_account": "1900",
		"return_amount": "10", "description": "退", "result": "SUCCESS", "finish_time": "20260102030405"}
	returnResult := &apiv2.ShareReturn{OrderID: "3000", OutOrderNo: "S1", OutReturnNo: "R1", ReturnNo: "9", Account: "1900", Amount: 10,
		Description: "退", Result: "SUCCESS", FinishTime: at("20260102030405")}
	receiver := apiv2.Receiver{Type: "PERSONAL_OPENID", Account: "o1", Relation: "STAFF", Amount: 7, Name: seal.Plain("李四")}
	none := func(err error) (any, error) { return nil, err }
	return []endpoint{
		{name: "Place", url: "/pay/unifiedorder", write: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.Place(ctx, apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "A|B*c_1-2", Body: "茶 & <红>", Total: 100, IP: "2001:db8::1",
					NotifyURL: "https://shop.example/v2", ProductID: "tea", Attach: "自定义", Detail: `{"a":1}`, Start: at("20260102030405"), Expire: at("20260102040405"),
					FeeType: "CNY", GoodsTag: "WXG", LimitPay: "no_credit", DeviceInfo: "d1", Receipt: "Y", ProfitSharing: "N", Version: "1.0"})
			},
			want: fields{"trade_type": "NATIVE", "out_trade_no": "A|B*c_1-2", "body": "茶 & <红>", "total_fee": "100", "spbill_create_ip": "2001:db8::1",
				"notify_url": "https://shop.example/v2", "product_id": "tea", "attach": "自定义", "detail": `{"a":1}`, "time_start": "20260102030405",
				"time_expire": "20260102040405", "fee_type": "CNY", "goods_tag": "WXG", "limit_pay": "no_credit", "device_info": "d1", "receipt": "Y",
				"profit_sharing": "N", "version": "1.0"},
			answer: fields{"trade_type": "NATIVE", "prepay_id": "wx20", "code_url": "weixin://wxpay/bizpayurl?pr=1", "mweb_url": "https://wx.tenpay.com/x?prepay_id=1"},
			result: &apiv2.Prepay{TradeType: pay.TradeNative, PrepayID: "wx20", CodeURL: "weixin://wxpay/bizpayurl?pr=1", MWebURL: "https://wx.tenpay.com/x?prepay_id=1"}},
		{name: "Query", url: "/pay/orderquery", want: fields{"out_trade_no": "A1"},
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.Query(ctx, "A1") },
			answer: paidFields(), result: checkPaid},
		{name: "QueryByID", url: "/pay/orderquery", want: fields{"transaction_id": "4200"},
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.QueryByID(ctx, "4200") },
			answer: paidFields(), result: checkPaid},
		{name: "Close", url: "/pay/closeorder", want: fields{"out_trade_no": "A1"}, write: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return none(s.Close(ctx, "A1")) }},
		{name: "Micropay", url: "/pay/micropay", write: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.Micropay(ctx, apiv2.MicropayRequest{OutTradeNo: "A12345", Body: "茶", Total: 100, IP: "192.0.2.1", AuthCode: "134567890123456789"})
			},
			want:   fields{"out_trade_no": "A12345", "body": "茶", "total_fee": "100", "spbill_create_ip": "192.0.2.1", "auth_code": "134567890123456789"},
			answer: paidFields(), result: checkPaid},
		{name: "Reverse", url: "/secapi/pay/reverse", want: fields{"out_trade_no": "A1"}, write: true,
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.Reverse(ctx, "A1") },
			answer: fields{"recall": "Y"}, result: true},
		{name: "Refund", url: "/secapi/pay/refund", write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.Refund(ctx, apiv2.RefundRequest{OutTradeNo: "A1", OutRefundNo: "R@1", Total: 100, Refund: 30, FeeType: "CNY", Reason: "坏了",
					Account: "REFUND_SOURCE_UNSETTLED_FUNDS", NotifyURL: "https://shop.example/v2"})
			},
			want: fields{"out_trade_no": "A1", "out_refund_no": "R@1", "total_fee": "100", "refund_fee": "30", "refund_fee_type": "CNY", "refund_desc": "坏了",
				"refund_account": "REFUND_SOURCE_UNSETTLED_FUNDS", "notify_url": "https://shop.example/v2"},
			answer: fields{"transaction_id": "4200", "out_trade_no": "A1", "out_refund_no": "R@1", "refund_id": "5000", "refund_fee": "30", "total_fee": "100", "cash_fee": "90", "cash_refund_fee": "30"},
			result: func(t *testing.T, got any) {
				r := got.(*apiv2.Refund)
				assert.Equal(t, "5000", r.RefundID)
				assert.Equal(t, []wechat.Fen{30, 100, 90, 30}, []wechat.Fen{r.Refund, r.Total, r.CashFee, r.CashRefund})
				assert.Contains(t, r.Fields, sign.Pair{Name: "unknown_new", Value: "x & y"})
			}},
		{name: "RefundQuery", url: "/pay/refundquery", want: fields{"out_trade_no": "A1", "offset": "10"},
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.RefundQuery(ctx, apiv2.RefundQuery{OutTradeNo: "A1", Offset: 10})
			},
			answer: refundsFields(), result: checkRefunds},
		{name: "ShortURL", url: "/tools/shorturl", want: fields{"long_url": "weixin://wxpay/bizpayurl?sign=X&appid=a&b=c"},
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.ShortURL(ctx, "weixin://wxpay/bizpayurl?sign=X&appid=a&b=c")
			},
			answer: fields{"short_url": "weixin://wxpay/s/XXXXXX"}, result: "weixin://wxpay/s/XXXXXX"},
		{name: "AuthCodeToOpenID", url: "/tools/authcodetoopenid", want: fields{"auth_code": "134567890123456789"},
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.AuthCodeToOpenID(ctx, "134567890123456789")
			},
			answer: fields{"openid": "o1", "sub_openid": "o2"}, result: &apiv2.Shower{OpenID: "o1", SubOpenID: "o2"}},
		{name: "Report", url: "/payitil/report", digest: "MD5", bare: "sign_type", unsigned: true, write: true,
			want: fields{"interface_url": "https://api.mch.weixin.qq.com/pay/unifiedorder", "user_ip": "192.0.2.1", "execute_time_": "12", "trades": "[]"},
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return none(s.Report(ctx, apiv2.ReportRequest{InterfaceURL: "https://api.mch.weixin.qq.com/pay/unifiedorder", UserIP: "192.0.2.1", ExecuteTime: 12, Trades: "[]"}))
			}},
		{name: "SendRedPack", url: "/mmpaymkttransfers/sendredpack", digest: "MD5", bare: "appid sign_type", unsigned: true, write: true, wary: true,
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.SendRedPack(ctx, redPack()) },
			want:   with(redPackWant, "client_ip", "192.0.2.1"),
			answer: redPackAnswer, result: redPackResult},
		{name: "SendGroupRedPack", url: "/mmpaymkttransfers/sendgroupredpack", digest: "MD5", bare: "appid sign_type", unsigned: true, write: true, wary: true,
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.SendGroupRedPack(ctx, redPack()) },
			want:   with(redPackWant, "amt_type", "ALL_RAND"),
			answer: redPackAnswer, result: redPackResult},
		{name: "SendMiniProgramRedPack", url: "/mmpaymkttransfers/sendminiprogramhb", digest: "MD5", bare: "appid sign_type", unsigned: true, write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.SendMiniProgramRedPack(ctx, redPack())
			},
			want:   with(redPackWant, "notify_way", "MINI_PROGRAM_JSAPI"),
			answer: redPackAnswer, result: redPackResult},
		{name: "RedPackInfo", url: "/mmpaymkttransfers/gethbinfo", digest: "MD5", bare: "sign_type", unsigned: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.RedPackInfo(ctx, "B1") },
			want: fields{"mch_billno": "B1", "bill_type": "MCHT"},
			answer: fields{"mch_billno": "B1", "detail_id": "D1", "status": "RECEIVED", "send_type": "API", "hb_type": "GROUP", "total_num": "3", "total_amount": "300",
				"send_time": "2026-01-02 03:04:05", "hblist": "\x00"},
			result: &apiv2.RedPackInfo{BillNo: "B1", DetailID: "D1", State: apiv2.RedPackReceived, SendType: "API", Kind: "GROUP", Number: 3, Total: 300,
				SendTime: at("20260102030405"), List: apiv2.Openers{{OpenID: "o1", Amount: 100, At: at("20260102030406")}, {OpenID: "o2", Amount: 200}}}},
		{name: "Transfer", url: "/mmpaymkttransfers/promotion/transfers", digest: "MD5", bare: "appid mch_id sign_type", unsigned: true, write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.Transfer(ctx, apiv2.TransferRequest{TradeNo: "T1", OpenID: "o1", RealName: seal.Plain("王五"), Amount: 100, Desc: "赔", IP: "192.0.2.1", DeviceInfo: "d"})
			},
			want: fields{"mch_appid": appID, "mchid": mchID, "device_info": "d", "partner_trade_no": "T1", "openid": "o1", "check_name": "FORCE_CHECK",
				"re_user_name": "王五", "amount": "100", "desc": "赔", "spbill_create_ip": "192.0.2.1"},
			answer: fields{"partner_trade_no": "T1", "payment_no": "P1", "payment_time": "2026-01-02 03:04:05"},
			result: &apiv2.Transfer{TradeNo: "T1", PaymentNo: "P1", At: at("20260102030405")}},
		{name: "TransferInfo", url: "/mmpaymkttransfers/gettransferinfo", digest: "MD5", bare: "sign_type", unsigned: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.TransferInfo(ctx, "T1") },
			want: fields{"partner_trade_no": "T1"},
			answer: fields{"partner_trade_no": "T1", "detail_id": "D1", "status": "FAILED", "reason": "余额", "openid": "o1", "transfer_name": "王五",
				"payment_amount": "100", "transfer_time": "2026-01-02 03:04:05", "payment_time": "", "desc": "赔"},
			result: &apiv2.TransferInfo{TradeNo: "T1", DetailID: "D1", State: apiv2.PayoutFailed, Reason: "余额", OpenID: "o1", RealName: seal.Plain("王五"), Amount: 100,
				TransferTime: at("20260102030405"), Desc: "赔"}},
		{name: "BankKey", url: "https://fraud.mch.weixin.qq.com/risk/getpublickey", bare: "appid", unsigned: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.BankKey(ctx) },
			want: fields{}, answer: fields{"pub_key": pub}, result: &bankKey().PublicKey},
		{name: "PayBank", url: "/mmpaysptrans/pay_bank", digest: "MD5", bare: "appid sign_type", unsigned: true, write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.PayBank(ctx, &bankKey().PublicKey, apiv2.BankRequest{TradeNo: "T1234567", BankNo: seal.Plain("6225"), TrueName: seal.Plain("王五"), BankCode: "1002", Amount: 100, Desc: "货"})
			},
			want:   fields{"partner_trade_no": "T1234567", "bank_code": "1002", "amount": "100", "desc": "货", "enc_bank_no": "\x00" + "6225", "enc_true_name": "\x00" + "王五"},
			answer: fields{"partner_trade_no": "T1234567", "payment_no": "P1", "amount": "100", "cmms_amt": "5"},
			result: &apiv2.BankTransfer{TradeNo: "T1234567", PaymentNo: "P1", Amount: 100, Fee: 5}},
		{name: "BankInfo", url: "/mmpaysptrans/query_bank", digest: "MD5", bare: "appid sign_type", unsigned: true,
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.BankInfo(ctx, "T1234567") },
			want:   fields{"partner_trade_no": "T1234567"},
			answer: fields{"partner_trade_no": "T1234567", "status": "BANK_FAIL", "amount": "100", "cmms_amt": "5", "create_time": "2026-01-02 03:04:05", "pay_succ_time": "soon"},
			result: &apiv2.BankInfo{TradeNo: "T1234567", State: apiv2.PayoutBankFailed, Amount: 100, Fee: 5, Created: at("20260102030405")}},
		{name: "ShareOnce", url: "/secapi/pay/profitsharing", digest: "HMAC-SHA256", write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.ShareOnce(ctx, shareRequest) },
			want: shareWant, answer: shareAnswer, result: shareResult},
		{name: "ShareMore", url: "/secapi/pay/multiprofitsharing", digest: "HMAC-SHA256", write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.ShareMore(ctx, shareRequest) },
			want: shareWant, answer: shareAnswer, result: shareResult},
		{name: "ShareFinish", url: "/secapi/pay/profitsharingfinish", digest: "HMAC-SHA256", write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.ShareFinish(ctx, "4200", "S2", "完")
			},
			want: fields{"transaction_id": "4200", "out_order_no": "S2", "description": "完"}, answer: shareAnswer, result: shareResult},
		{name: "SharingQuery", url: "/pay/profitsharingquery", digest: "HMAC-SHA256", bare: "appid",
			call:   func(ctx context.Context, s *apiv2.Service) (any, error) { return s.SharingQuery(ctx, "4200", "S1") },
			want:   fields{"transaction_id": "4200", "out_order_no": "S1"},
			answer: with(shareAnswer, "status", "FINISHED", "receivers", `[{"type":"MERCHANT_ID","account":"1900","amount":10,"description":"x","result":"SUCCESS","finish_time":"20260102030405","new":1}]`),
			result: &apiv2.Sharing{Share: apiv2.Share{TransactionID: "4200", OutOrderNo: "S1", OrderID: "3000", State: "FINISHED"},
				Receivers: apiv2.Shares{{Type: "MERCHANT_ID", Account: "1900", Amount: 10, Description: "x", Result: "SUCCESS", FinishTime: at("20260102030405")}}}},
		{name: "AddReceiver", url: "/pay/profitsharingaddreceiver", digest: "HMAC-SHA256", write: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return none(s.AddReceiver(ctx, receiver)) },
			want: fields{"receiver": `{"type":"PERSONAL_OPENID","account":"o1","name":"李四","relation_type":"STAFF"}`}},
		{name: "RemoveReceiver", url: "/pay/profitsharingremovereceiver", digest: "HMAC-SHA256", write: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return none(s.RemoveReceiver(ctx, receiver)) },
			want: fields{"receiver": `{"type":"PERSONAL_OPENID","account":"o1"}`}},
		{name: "ShareReturn", url: "/secapi/pay/profitsharingreturn", digest: "HMAC-SHA256", write: true, wary: true,
			call: func(ctx context.Context, s *apiv2.Service) (any, error) {
				return s.ShareReturn(ctx, apiv2.ReturnRequest{OutOrderNo: "S1", OutReturnNo: "R1", Account: "1900", Amount: 10, Description: "退"})
			},
			want:   fields{"out_order_no": "S1", "out_return_no": "R1", "return_account_type": "MERCHANT_ID", "return_account": "1900", "return_amount": "10", "description": "退"},
			answer: returnAnswer, result: returnResult},
		{name: "ShareReturnQuery", url: "/pay/profitsharingreturnquery", digest: "HMAC-SHA256",
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.ShareReturnQuery(ctx, "S1", "R1") },
			want: fields{"out_order_no": "S1", "out_return_no": "R1"}, answer: returnAnswer, result: returnResult},
		{name: "Unshared", url: "/pay/profitsharingorderamountquery", digest: "HMAC-SHA256", bare: "appid",
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.Unshared(ctx, "4200") },
			want: fields{"transaction_id": "4200"}, answer: fields{"unsplit_amount": "70"}, result: wechat.Fen(70)},
		{name: "MaxShare", url: "/pay/profitsharingmerchantratioquery", digest: "HMAC-SHA256", bare: "appid",
			call: func(ctx context.Context, s *apiv2.Service) (any, error) { return s.MaxShare(ctx, "1234") },
			want: fields{"brand_mch_id": "1234"}, answer: fields{"max_ratio": "2000"}, result: 2000},
	}
}

func paidFields() fields {
	return fields{"out_trade_no": "A1", "transaction_id": "4200", "trade_type": "JSAPI", "trade_state": "SUCCESS", "openid": "o1", "is_subscribe": "Y",
		"bank_type": "CMC", "total_fee": "100", "cash_fee": "89", "coupon_fee": "11", "coupon_count": "2", "coupon_id_0": "C0", "coupon_type_0": "CASH", "coupon_fee_0": "1",
		"coupon_id_1": "C1", "coupon_fee_1": "10", "fee_type": "CNY", "attach": " x ", "time_end": "20260102030405", "trade_state_desc": "支付成功", "device_info": ""}
}

func checkPaid(t *testing.T, got any) {
	tr := got.(*apiv2.Transaction)
	assert.True(t, tr.Paid())
	assert.Equal(t, " x ", tr.Attach)
	assert.Equal(t, at("20260102030405"), tr.TimeEnd)
	coupons, err := tr.Coupons()
	require.NoError(t, err)
	assert.Equal(t, []apiv2.Coupon{{"C0", "CASH", 1}, {"C1", "", 10}}, coupons)
}

func refundsFields() fields {
	return fields{"out_trade_no": "A1", "transaction_id": "4200", "total_fee": "100", "cash_fee": "100", "total_refund_count": "12", "refund_count": "2",
		"out_refund_no_0": "R0", "refund_id_0": "5000", "refund_fee_0": "30", "refund_status_0": "SUCCESS", "refund_channel_0": "ORIGINAL",
		"refund_success_time_0": "2026-01-02 03:04:05", "refund_recv_accout_0": "支付用户零钱", "coupon_refund_fee_0": "3", "coupon_refund_count_0": "2",
		"coupon_refund_id_0_0": "C0", "coupon_refund_fee_0_0": "1", "coupon_type_0_0": "CASH", "coupon_refund_id_0_1": "C1", "coupon_refund_fee_0_1": "2",
		"out_refund_no_1": "R1", "refund_id_1": "5001", "refund_fee_1": "40", "refund_status_1": "CHANGE"}
}

func checkRefunds(t *testing.T, got any) {
	r := got.(*apiv2.Refunds)
	assert.Equal(t, []int{12, 2}, []int{r.TotalCount, r.Count})
	items, err := r.Items()
	require.NoError(t, err)
	assert.Equal(t, []apiv2.RefundItem{
		{OutRefundNo: "R0", RefundID: "5000", Refund: 30, State: apiv2.RefundSuccess, Channel: "ORIGINAL", SuccessTime: at("20260102030405"), Receiver: "支付用户零钱",
			CouponRefund: 3, CouponCount: 2, Coupons: []apiv2.RefundCoupon{{"C0", "CASH", 1}, {"C1", "", 2}}},
		{OutRefundNo: "R1", RefundID: "5001", Refund: 40, State: apiv2.RefundChange},
	}, items)
}

func (e endpoint) digestOf() sign.Digest {
	if e.digest == "HMAC-SHA256" {
		return sign.HMACSHA256
	}
	return sign.MD5
}

// says is the endpoint's answer with more in it.
func (e endpoint) says(more fields) string {
	all := maps.Clone(e.answer)
	if all == nil {
		all = fields{}
	}
	maps.Copy(all, more)
	text := signed(e.digestOf(), all)
	if e.unsigned {
		text = unsigned(all)
	}
	return strings.Replace(text, "<![CDATA[\x00]]>",
		"<hbinfo><openid>o1</openid><amount>100</amount><rcv_time>2026-01-02 03:04:06</rcv_time></hbinfo>\n<hbinfo><openid>o2</openid><amount>200</amount></hbinfo>", 1)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			k := newDesk(t, sign.MD5, always(e.says(nil)))
			got, err := e.call(t.Context(), k.direct)
			require.NoError(t, err)
			url, sent := k.last(t, e.digestOf())
			e.checkSent(t, url, sent)
			switch want := e.result.(type) {
			case nil:
				assert.Nil(t, got)
			case func(*testing.T, any):
				want(t, got)
			default:
				assert.EqualExportedValues(t, want, got)
			}

			k.answer = always(e.says(fields{"result_code": "FAIL", "err_code": "PARAM_ERROR", "err_code_des": "参数错误"}))
			_, err = e.call(t.Context(), k.direct)
			require.ErrorIs(t, err, wechat.ErrParam)
			want := wechat.NotDone
			if e.wary || e.write && e.unsigned {
				want = wechat.Unknown
			}
			assert.Equal(t, want, wechat.OutcomeOf(err))

			k.answer = always(unsigned(e.answer))
			if !e.unsigned {
				_, err = e.call(t.Context(), k.direct)
				require.ErrorIs(t, err, sign.ErrNoSign)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = e.call(ctx, k.direct)
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		})
	}
}

func (e endpoint) checkSent(t *testing.T, url string, sent fields) {
	t.Helper()
	if !strings.HasPrefix(e.url, "https://") {
		e.url = "https://api.mch.weixin.qq.com" + e.url
	}
	assert.Equal(t, "POST "+e.url, url)
	want := fields{"appid": appID, "mch_id": mchID, "sign_type": e.digestOf().String()}
	for _, name := range strings.Fields(e.bare) {
		delete(want, name)
	}
	for name, value := range e.want {
		plain, isSealed := strings.CutPrefix(value, "\x00")
		if !isSealed {
			want[name] = value
			continue
		}
		got, err := seal.Decrypt(bankKey(), sent[name])
		require.NoError(t, err)
		assert.Equal(t, plain, got)
		want[name] = sent[name]
	}
	assert.Equal(t, want, sent)
}

// TestPartners sends everything once more for a sub-merchant.
func TestPartners(t *testing.T) {
	t.Parallel()
	bare := []string{"Transfer", "TransferInfo", "BankKey", "PayBank", "BankInfo", "RedPackInfo", "Unshared", "MaxShare"} // name no sub-merchant
	for _, e := range endpoints(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			k := newDesk(t, sign.MD5, always(e.says(nil)))
			_, err := e.call(t.Context(), k.partner)
			require.NoError(t, err)
			_, sent := k.last(t, e.digestOf())
			want := "1900000109"
			for _, name := range bare {
				if e.name == name {
					want = ""
				}
			}
			assert.Equal(t, want, sent["sub_mch_id"])
		})
	}
	k := newDesk(t, sign.MD5, always(signed(sign.HMACSHA256, fields{"max_ratio": "3000"})))
	got, err := k.partner.MaxShare(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, 3000, got)
	_, sent := k.last(t, sign.HMACSHA256)
	assert.Equal(t, "1900000109", sent["sub_mch_id"])
}

func TestTime(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, wechat.Beijing)
	for _, text := range []string{"20260102030405", "2026-01-02 03:04:05"} {
		assert.True(t, when.Equal(at(text).Time), text)
	}
	for _, text := range []string{"", "soon", "2026-13-02 03:04:05"} {
		assert.True(t, at(text).IsZero(), text)
	}
	b, err := apiv2.Time{Time: when.UTC()}.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "20260102030405", string(b))
	b, err = apiv2.Time{}.MarshalText()
	require.NoError(t, err)
	assert.Empty(t, b)
	var j apiv2.Time
	require.NoError(t, j.UnmarshalJSON([]byte(`"20260102030405"`)))
	assert.True(t, when.Equal(j.Time))
	require.NoError(t, j.UnmarshalJSON([]byte(`7`)))
	assert.True(t, j.IsZero())
}

// TestShortURLHasTwoReadings sends the link as it is or encoded; what is signed is
// the same, and nothing else is encoded.
func TestShortURLHasTwoReadings(t *testing.T) {
	t.Parallel()
	const link = "weixin://wxpay/bizpayurl?sign=X&appid=a b"
	for _, tt := range []struct {
		name, sent string
		escape     bool
	}{{"as it is", link, false}, {"encoded", "weixin%3A%2F%2Fwxpay%2Fbizpayurl%3Fsign%3DX%26appid%3Da%20b", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := newDesk(t, sign.HMACSHA256, always(signed(sign.HMACSHA256, fields{"short_url": "weixin://wxpay/s/XXXXXX"})))
			k.direct.EscapeLongURL = tt.escape
			short, err := k.direct.ShortURL(t.Context(), link)
			require.NoError(t, err)
			assert.Equal(t, "weixin://wxpay/s/XXXXXX", short)
			sent := k.sent[0]
			assert.Equal(t, tt.sent, sent["long_url"])
			sent["long_url"] = link
			assert.Equal(t, sum(sent, sign.HMACSHA256), sent["sign"], "signed as it is")
			assert.Equal(t, "HMAC-SHA256", sent["sign_type"])
		})
	}
}
