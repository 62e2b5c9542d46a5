package sign_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	legacyApp   = "wxf8b4f85f3a794e77"
	legacyKey   = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	legacyApp2  = "wxd930ea5d5a258f4f"
	legacyKey2  = "L8LrMqqeGRxST5reouB0K66CaYAWpqhAVsq7ggKkxHCOastWksvuX1uvmvQclxaHoYd3ElNBrNO2DHnnzgfVG9Qs473M3DTOZug5er46FhuGofumV8H2FVR9qkjSlC5K"
	legacyPKey  = "8934e7d15453e97507ef794cf7b0519d"
	legacyP1    = "bank_type=WX&body=%E6%94%AF%E4%BB%98%E6%B5%8B%E8%AF%95&fee_type=1&input_charset=UTF-8&notify_url=http%3A%2F%2Fweixin.qq.com&out_trade_no=7240b65810859cbf2a8d9f76a638c0a3&partner=1900000109&spbill_create_ip=196.168.1.1&total_fee=1&sign=7F77B507B755B3262884291517E380F8"
	legacyOpen  = "oLegacyOpenId0000000000000001"
	legacyTrade = "1900000109201405180000000001"
	legacyOrder = "7240b65810859cbf2a8d9f76a638c0a3"
	legacyToken = "OezXcEiiBSKSxW0eoylIeBFk1b8VbNtfWALJ5g6aMgZHaqZwK4euEskSn78Qd5pLsfQtuMdgmhajVM5QDm24W8X3tJ18kz5mhmkUcI3RoLm7qGgh1cEnCHejWQo8s5L3VvsFAdawhFxUuLmgh5FRA"
)

// Published: found with input and result in public material, and recomputed.
// Derived: made from the rule with the public sample credentials, by two tools.
var tenpayVectors = []struct{ name, fields, key, want string }{
	{"L-01 package, UTF-8 (published)", "bank_type=WX\nbody=支付测试\nfee_type=1\ninput_charset=UTF-8\nnotify_url=http://weixin.qq.com\nout_trade_no=" + legacyOrder +
		"\npartner=1900000109\nspbill_create_ip=196.168.1.1\ntotal_fee=1", legacyPKey, "7F77B507B755B3262884291517E380F8"},
	{"L-02 package, GBK (published)", gbkPackage("\xbf\xc9\xc0\xd61\xb1\xad"), legacyPKey, "72CDBA945C97E13C18A9CA5B01EDCAD2"},
	{"L-02 hashed as UTF-8 by mistake (published)", gbkPackage("可乐1杯"), legacyPKey, "A858D8730B0C17A596E2394BC04AD2C1"},
	{"L-07 APIv2's own sample (published)", officialFields, v2Key, "9A0A8659F005D6984697E2CA0A9CF3B7"},
	{"D-01 package with optional fields (derived)", "attach=a=1&b=2/中\nbank_type=WX\nbody=红色 T-shirt & 50% off+1\nfee_type=1\ngoods_tag=\ninput_charset=UTF-8\n" +
		"notify_url=https://shop.example.com/wxpay/notify?shop=7&x=%E4%B8%AD\nout_trade_no=SO-20140301_0001\npartner=1900000109\nproduct_fee=999\nspbill_create_ip=203.0.113.9\n" +
		"time_expire=20140301123000\ntime_start=20140301120000\ntotal_fee=1299\ntransport_fee=300", legacyPKey, "FDEAF2B0EEB86ECD5BE29F941548A958"},
	{"D-07 notice, query (derived)", tenpayNotice, legacyPKey, "E836EFC504E32F13376F04E674783DB9"},
	{"D-09 order query, package (derived)", "out_trade_no=" + legacyOrder + "\npartner=1900000109", legacyPKey, "69E1D7413C55FC1CEE30948FB10C217A"},
	{"D-13 refund (derived)", "sign_type=MD5\ninput_charset=UTF-8\nsign_key_index=1\nservice_version=1.1\npartner=1900000109\nout_trade_no=\ntransaction_id=" + legacyTrade +
		"\nout_refund_no=R20140519000001\ntotal_fee=1299\nrefund_fee=299\nop_user_id=1900000109\nop_user_passwd=96e79218965eb72c92a549dd5a330112", legacyPKey, "3B268F25056DE43F5BCB40E31DACE2BD"},
	{"D-15 mode 1 link (derived)", "appid=" + legacyApp2 + "\nmch_id=10000100\ntime_stamp=1414488825\nnonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS\nproduct_id=88888",
		v2Key, "9D1D490CBBF322C6C570375718106149"},
	{"D-16 mode 1 reply (derived)", "return_code=SUCCESS\nappid=" + legacyApp2 + "\nmch_id=10000100\nnonce_str=replynonce1\nprepay_id=wx201411101639507cbf6ffd8b0779950874\nresult_code=SUCCESS",
		v2Key, "42071B96F85B5E214E270490C81EAAFF"},
}

const tenpayNotice = "sign_type=MD5\nservice_version=1.0\ninput_charset=UTF-8\nsign_key_index=1\ntrade_mode=1\ntrade_state=0\npartner=1900000109\nbank_type=2032\n" +
	"bank_billno=206064184488\ntotal_fee=1\nfee_type=1\nnotify_id=7f2aLegacyNotifyId0001\ntransaction_id=" + legacyTrade + "\nout_trade_no=" + legacyOrder +
	"\nattach=\ntime_end=20140518192222\ntransport_fee=0\nproduct_fee=1\ndiscount=0"

func gbkPackage(body string) string {
	return "bank_type=WX\nbody=" + body + "\nfee_type=1\ninput_charset=GBK\nnotify_url=http://foo.bar/path/to\nout_trade_no=201408010123456789\n" +
		"partner=1900090055\nspbill_create_ip=192.168.1.1\ntotal_fee=300"
}

// The names are as the XML and the pages spell them; the rule lowers them.
var appVectors = []struct{ name, fields, key, want string }{
	{"L-03 paySign (published)", "appId=" + legacyApp2 + "\ntimeStamp=1399514976\nnonceStr=e7d161ac8d8a76529d39d9f5b4249ccb\npackage=" + legacyP1, legacyKey2, "8d794be018f6a2c99e617f74c8d4aca5c6ce25a0"},
	{"L-04 genprepay (published)", "appid=" + legacyApp2 + "\ntraceid=test_1399514976\nnoncestr=e7d161ac8d8a76529d39d9f5b4249ccb\ntimestamp=1399514976\npackage=" + legacyP1,
		legacyKey2, "8893870b9004ead28691b60db97a8d2c80dbfdc6"},
	{"L-06 rights callback (published)", "OpenId=oDF3iY9P32sK_5GgYiRkjsCo45bk\nAppId=" + legacyApp + "\nTimeStamp=1393400471", legacyKey, "d60293982cc7c97a5a9d3383af761db763c07c86"},
	{"D-02 native link (derived)", "appid=" + legacyApp + "\nnoncestr=d41d8cd98f00b204\nproductid=SKU-10086\ntimestamp=1400000000", legacyKey, "7120847904a626f284143c18c46be144701d1cb9"},
	{"D-03 native callback (derived)", "OpenId=" + legacyOpen + "\nAppId=" + legacyApp + "\nIsSubscribe=0\nProductId=SKU-10086\nTimeStamp=1400000007\nNonceStr=N0nceFromWeChat16",
		legacyKey, "41be1e5592ba151fb7fb9345058694732d03d707"},
	{"D-04 native reply (derived)", "AppId=" + legacyApp + "\nPackage=" + legacyP1 + "\nTimeStamp=1400000008\nNonceStr=replyNonce0001\nRetCode=0\nRetErrMsg=ok",
		legacyKey, "493db792ed59e577ae781b29bc2d083fb2c0908f"},
	{"D-05 native reply, refusal: the empty package is signed (derived)", "AppId=" + legacyApp + "\nPackage=\nTimeStamp=1400000009\nNonceStr=replyNonce0002\nRetCode=1\nRetErrMsg=商品已下架",
		legacyKey, "c1796f7408acdaf5d7caa42b2c0be6596e525813"},
	{"D-06 app parameters (derived)", "appid=" + legacyApp2 + "\nnoncestr=c0ffee00c0ffee00\npackage=Sign=WXPay\npartnerid=1900000109\nprepayid=1101000000140503edc6c31e8d4e5f6a\ntimestamp=1400000100",
		legacyKey2, "5bbe16b49dc45bf69453681292e9531f2dcbe582"},
	{"D-08 notice, body (derived)", noticeBody, legacyKey, "7faf2e8f40d7d0516f39be3e0d658cc2952515c1"},
	{"D-09 order query (derived)", "appid=" + legacyApp + "\npackage=out_trade_no=" + legacyOrder + "&partner=1900000109&sign=69E1D7413C55FC1CEE30948FB10C217A\ntimestamp=1400000300",
		legacyKey, "6382a01c41eeaabcb7f07b55a9814813159bedf1"},
	{"D-10 delivery (derived)", "appid=" + legacyApp + "\nopenid=" + legacyOpen + "\ntransid=" + legacyTrade + "\nout_trade_no=" + legacyOrder +
		"\ndeliver_timestamp=1400000400\ndeliver_status=1\ndeliver_msg=ok", legacyKey, "ebcc06493068d3670fdcf0cffdfa81206a5b2a2e"},
	{"D-11 alarm: a name before appid (derived)", "AppId=" + legacyApp + "\nErrorType=1001\nDescription=发货超时\nAlarmContent=transaction_id=" + legacyTrade + "\nTimeStamp=1400000500",
		legacyKey, "2589c3e7af9de544eb3a5d93158ee65d3142ca83"},
}

const noticeBody = "OpenId=" + legacyOpen + "\nAppId=" + legacyApp + "\nIsSubscribe=1\nTimeStamp=1400000200\nNonceStr=notifyNonce0001"

func TestLegacyVectors_TenpayMD5(t *testing.T) {
	t.Parallel()
	for _, v := range tenpayVectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			pairs := pairsOf(v.fields)
			assert.Equal(t, v.want, sign.APIv2(pairs, v.key, sign.MD5))
			for _, s := range []string{v.want, strings.ToLower(v.want)} {
				signed := append(slices.Clone(pairs), sign.Pair{Name: "sign", Value: s})
				slices.Reverse(signed)
				before := slices.Clone(signed)
				assert.NoError(t, sign.CheckTenpay(signed, v.key), "either case of the digits")
				assert.Equal(t, before, signed, "the caller's pairs are not touched")
			}
		})
	}
}

func TestLegacyVectors_AppSignature(t *testing.T) {
	t.Parallel()
	for _, v := range appVectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			pairs := pairsOf(v.fields)
			before := slices.Clone(pairs)
			assert.Equal(t, v.want, sign.AppSignature(pairs, v.key))
			assert.Equal(t, before, pairs, "the caller's pairs are not touched")
			slices.Reverse(pairs)
			assert.Equal(t, v.want, sign.AppSignature(pairs, v.key), "any order of fields")
			assert.NoError(t, sign.CheckAppSignature(pairs, v.key, v.want))
		})
	}
}

func TestLegacyVectors_AddressSignature(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "b43e348ff8e0a8d04b7b4274ce1bd6c4db00b1a4", sign.AddressSignature(pairsOf("accessToken="+legacyToken+
		"\nappId=wx17ef1eaef46752cb\nnonceStr=123456\ntimeStamp=1384841012\nurl=http://open.weixin.qq.com/")), "L-05 (published)")
	assert.Equal(t, "a5e44dce4dfbb030090939d1c4375c29cd1d64c0", sign.AddressSignature(pairsOf("url=https://shop.example.com/cart?id=3&code=CODE123&state=s1"+
		"\naccesstoken=OAUTH_ACCESS_TOKEN_SAMPLE\nappid="+legacyApp+"\nnoncestr=addrNonce01\ntimestamp=1400000600")), "D-12 (derived)")
}

func TestLegacyVectors_Bill(t *testing.T) {
	t.Parallel()
	fields := pairsOf("spid=1900000109\ntrans_time=2014-05-18\nstamp=1400551200\ncft_signtype=0\nmchtype=0")
	assert.Equal(t, "6a547320d39614cdb3e6233f62e3c65f", sign.Ordered(fields, legacyPKey), "D-14 (derived)")
	slices.SortFunc(fields, func(a, b sign.Pair) int { return strings.Compare(a.Name, b.Name) })
	assert.Equal(t, "ff9f695bfef71ef976953938cbd43915", sign.Ordered(fields, legacyPKey), "the order matters: sorted is the known mistake")
}

func TestCheckTenpayRefuses(t *testing.T) {
	t.Parallel()
	sum := "E836EFC504E32F13376F04E674783DB9"
	with := func(name, value string) []sign.Pair {
		return append(pairsOf(tenpayNotice), sign.Pair{Name: "sign", Value: sum}, sign.Pair{Name: name, Value: value})
	}
	rsa := pairsOf(strings.Replace(tenpayNotice, "sign_type=MD5", "sign_type=RSA", 1))
	rsa = append(rsa, sign.Pair{Name: "sign", Value: sign.APIv2(rsa, legacyPKey, sign.MD5)})
	tests := []struct {
		name  string
		pairs []sign.Pair
		want  error
	}{
		{"no sign", pairsOf(tenpayNotice), sign.ErrNoSign},
		{"nothing at all", nil, sign.ErrNoSign},
		{"an unsigned parameter added", with("trade_state2", "0"), sign.ErrMismatch},
		{"a parameter named Sign", with("Sign", sum), sign.ErrMismatch},
		{"sign twice", with("sign", sum), sign.ErrTwoSigns},
		{"another sign_type than MD5", rsa, sign.ErrDowngrade},
		{"a parameter left out", with("", "")[1:], sign.ErrMismatch},
		{"an empty parameter added, which nobody signs", with("buyer_alias", ""), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := sign.CheckTenpay(tt.pairs, legacyPKey)
			assert.ErrorIs(t, err, tt.want)
			assert.NotContains(t, fmt.Sprint(err), legacyPKey)
		})
	}
}

func TestCheckAppSignatureRefuses(t *testing.T) {
	t.Parallel()
	good := "7faf2e8f40d7d0516f39be3e0d658cc2952515c1"
	tests := []struct{ name, fields, key, got string }{
		{"another key", noticeBody, legacyKey2, good},
		{"another app", strings.Replace(noticeBody, legacyApp, legacyApp2, 1), legacyKey, good},
		{"a blank after a value", strings.Replace(noticeBody, legacyOpen, legacyOpen+" ", 1), legacyKey, good},
		{"a blank before a value", strings.Replace(noticeBody, "IsSubscribe=1", "IsSubscribe= 1", 1), legacyKey, good},
		{"a field more", noticeBody + "\nProductId=1", legacyKey, good},
		{"an empty field more, which is signed here", noticeBody + "\nProductId=", legacyKey, good},
		{"the digits in upper case", noticeBody, legacyKey, strings.ToUpper(good)},
		{"cut", noticeBody, legacyKey, good[:39]},
		{"longer", noticeBody, legacyKey, good + "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.ErrorIs(t, sign.CheckAppSignature(pairsOf(tt.fields), tt.key, tt.got), sign.ErrMismatch)
		})
	}
	assert.ErrorIs(t, sign.CheckAppSignature(pairsOf(noticeBody), legacyKey, ""), sign.ErrNoSign)
}

// TestAppSignatureSignsWhatIsSent shows two ways to break a good message: values
// are never trimmed, and a package must not be encoded once more after signing.
func TestAppSignatureSignsWhatIsSent(t *testing.T) {
	t.Parallel()
	blank := []sign.Pair{{Name: "AppId", Value: legacyApp}, {Name: "OpenId", Value: " o1 "}, {Name: "TimeStamp", Value: "1400000200"}}
	s := sign.AppSignature(blank, legacyKey)
	assert.NoError(t, sign.CheckAppSignature(blank, legacyKey, s))
	blank[1].Value = "o1"
	assert.ErrorIs(t, sign.CheckAppSignature(blank, legacyKey, s), sign.ErrMismatch)

	page := func(pack string) string {
		return sign.AppSignature([]sign.Pair{{Name: "appId", Value: legacyApp}, {Name: "package", Value: pack}}, legacyKey)
	}
	assert.NotEqual(t, page("notify_url=http%3a%2f%2fa"), page("notify_url=http%3A%2F%2Fa"))
}

// TestNoMutantPassesLegacy flips every bit of every value and of the signature:
// not one of the mutants may be believed.
func TestNoMutantPassesLegacy(t *testing.T) {
	t.Parallel()
	mutants := 0
	flip := func(text string, bit int) string {
		b := []byte(text)
		b[bit/8] ^= 1 << (bit % 8)
		mutants++
		return string(b)
	}
	for _, v := range appVectors {
		pairs := pairsOf(v.fields)
		for i := range pairs {
			text := pairs[i].Value
			for bit := range 8 * len(text) {
				pairs[i].Value = flip(text, bit)
				require.ErrorIs(t, sign.CheckAppSignature(pairs, v.key, v.want), sign.ErrMismatch, "%s: bit %d of %s", v.name, bit, pairs[i].Name)
			}
			pairs[i].Value = text
		}
		for bit := range 8 * len(v.want) {
			require.ErrorIs(t, sign.CheckAppSignature(pairs, v.key, flip(v.want, bit)), sign.ErrMismatch, v.name)
		}
	}
	pairs := append(pairsOf(tenpayNotice), sign.Pair{Name: "sign", Value: "E836EFC504E32F13376F04E674783DB9"})
	for i := range pairs {
		for _, part := range []*string{&pairs[i].Name, &pairs[i].Value} {
			text := *part
			for bit := range 8 * len(text) {
				*part = flip(text, bit)
				same := pairs[i].Name == "sign" && strings.EqualFold(*part, text) || pairs[i].Value == ""
				if err := sign.CheckTenpay(pairs, legacyPKey); err == nil && !same {
					t.Fatalf("bit %d of %s passed", bit, text)
				}
			}
			*part = text
		}
	}
	assert.Greater(t, mutants, 15000)
}
