package apiv2_test

import (
	"context"
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/sign"
)

// sealed encrypts as WeChat Pay does for refunds.
func sealed(t testing.TB, plain string) string {
	t.Helper()
	digest := md5.Sum([]byte(key))
	b, err := aes.NewCipher([]byte(hex.EncodeToString(digest[:])))
	require.NoError(t, err)
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	text := []byte(plain + strings.Repeat(string(rune(pad)), pad))
	for i := 0; i < len(text); i += aes.BlockSize {
		b.Encrypt(text[i:], text[i:])
	}
	return base64.StdEncoding.EncodeToString(text)
}

func refundNotice(t testing.TB, inside fields, around fields) string {
	t.Helper()
	f := fields{"return_code": "SUCCESS", "appid": appID, "mch_id": mchID, "nonce_str": "n1", "req_info": sealed(t, document("root", inside))}
	for name, value := range around {
		f[name] = value
	}
	return document("xml", f)
}

func refundFields() fields {
	return fields{"transaction_id": "4200", "out_trade_no": "A1", "refund_id": "5000", "out_refund_no": "R1", "total_fee": "100", "refund_fee": "30",
		"settlement_refund_fee": "30", "refund_status": "SUCCESS", "success_time": "2026-01-02 03:04:05", "refund_recv_accout": "支付用户零钱", "refund_request_source": "API"}
}

// shop counts what reaches it.
type shop struct {
	paid     []notify.Event[apiv2.Transaction]
	refunded []notify.Event[apiv2.RefundNotice]
	scanned  []apiv2.Scan
	reply    apiv2.NativeReply
	fails    error
	record   notify.Record
}

func (s *shop) handler(m *wechat.MerchantV2, opts ...notify.Option) *notify.Handler {
	h := notify.NewHandler(notify.V2(m), append(opts, notify.WithObserver(func(_ context.Context, r notify.Record) { s.record = r }))...)
	notify.On(h, apiv2.Paid, func(_ context.Context, e notify.Event[apiv2.Transaction]) error {
		s.paid = append(s.paid, e)
		return s.fails
	})
	notify.On(h, apiv2.Refunded, func(_ context.Context, e notify.Event[apiv2.RefundNotice]) error {
		s.refunded = append(s.refunded, e)
		return s.fails
	})
	notify.Answer(h, apiv2.Scanned, func(_ context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
		s.scanned = append(s.scanned, e.Data)
		return s.reply, s.fails
	})
	return h
}

func post(body string) notify.Request { return notify.Request{Method: "POST", Body: []byte(body)} }

const (
	success = "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"
	failed  = "<xml><return_code><![CDATA[FAIL]]></return_code>"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		var s shop
		k := newDesk(t, d, always(""))
		h := s.handler(k.m, notify.WithAppIDs(appID))
		r := h.Handle(t.Context(), post(signed(d, paidFields())))
		require.Equal(t, 200, r.Status, "%v", s.record.Err)
		assert.Equal(t, success, string(r.Body))
		assert.Equal(t, "text/xml; charset=utf-8", r.ContentType)
		require.Len(t, s.paid, 1)
		assert.Equal(t, "10000100/V2.PAID/4200", s.paid[0].Key)
		assert.Equal(t, wechat.Fen(100), s.paid[0].Data.Total)
		require.NoError(t, s.paid[0].Data.Matches(k.direct.Want("A1", 100)))

		r = h.Handle(t.Context(), post(refundNotice(t, refundFields(), nil)))
		require.Equal(t, 200, r.Status, "%v", s.record.Err)
		require.Len(t, s.refunded, 1)
		assert.Equal(t, "10000100/V2.REFUND/5000/SUCCESS", s.refunded[0].Key)
		got := s.refunded[0].Data
		assert.Equal(t, []wechat.Fen{100, 30, 30}, []wechat.Fen{got.Total, got.Refund, got.SettlementRefund})
		assert.Equal(t, at("20260102030405"), got.SuccessTime)

		s.fails = errors.New("the books are locked")
		r = h.Handle(t.Context(), post(signed(d, paidFields())))
		assert.Equal(t, 500, r.Status)
		assert.True(t, strings.HasPrefix(string(r.Body), failed))
		assert.NotContains(t, string(r.Body), "books")
	}
}

// TestForgedNotices holds that nothing without the key reaches a handler.
func TestForgedNotices(t *testing.T) {
	t.Parallel()
	good := signed(sign.MD5, paidFields())
	without := func(text, name string) string {
		i, j := strings.Index(text, "<"+name+">"), strings.Index(text, "</"+name+">")
		return text[:i] + text[j+len(name)+3:]
	}
	insert := func(text, more string) string { return strings.Replace(text, "</xml>", more+"</xml>", 1) }
	rest := fields{"appid": appID, "mch_id": mchID}
	tests := []struct {
		name, body string
		status     int
		err        error
	}{
		{"no sign", without(good, "sign"), 401, sign.ErrNoSign},
		{"empty sign", insert(without(good, "sign"), "<sign></sign>"), 401, sign.ErrNoSign},
		{"sign twice", insert(good, "<sign>x</sign>"), 400, notify.ErrBody},
		{"amount changed", strings.Replace(good, "<total_fee><![CDATA[100]]>", "<total_fee><![CDATA[101]]>", 1), 401, sign.ErrMismatch},
		{"a field added", insert(good, "<sub_mch_id>1</sub_mch_id>"), 401, sign.ErrMismatch},
		{"a field taken out", without(good, "openid"), 401, sign.ErrMismatch},
		{"a blank cut", strings.Replace(good, "[ x ]", "[ x]", 1), 401, sign.ErrMismatch},
		{"lower case", strings.Replace(good, sum(parse(t, []byte(good)), sign.MD5), strings.ToLower(sum(parse(t, []byte(good)), sign.MD5)), 1), 401, sign.ErrMismatch},
		{"another digest", signed(sign.HMACSHA256, paidFields()), 401, sign.ErrDowngrade},
		{"another sign_type", signed(sign.MD5, fields{"transaction_id": "4200", "out_trade_no": "A1", "sign_type": "HMAC-SHA256"}), 401, sign.ErrDowngrade},
		{"req_info beside a payment without sign", insert(without(good, "sign"), "<req_info>"+sealed(t, "<root></root>")+"</req_info>"), 500, notify.ErrMalformed},
		{"junk req_info beside a payment without sign", insert(without(good, "sign"), "<req_info>AAAA</req_info>"), 401, sign.ErrMismatch},
		{"req_info beside a payment", insert(good, "<req_info>AAAA</req_info>"), 401, sign.ErrMismatch},
		{"signed payment with junk req_info", signed(sign.MD5, fields{"transaction_id": "4200", "out_trade_no": "A1", "req_info": "AAAA"}), 401, sign.ErrMismatch},
		{"refund of another key", refundNotice(t, refundFields(), fields{"req_info": "dqOqZLmSIJ4T0wLNz6jzLQ=="}), 401, sign.ErrMismatch},
		{"refund in plain text", document("xml", refundFields()), 401, sign.ErrNoSign},
		{"refund that opens to something else", document("xml", fields{"mch_id": mchID, "req_info": sealed(t, "hello")}), 401, sign.ErrMismatch},
		{"refund that opens to another root", document("xml", fields{"mch_id": mchID, "req_info": sealed(t, document("xml", refundFields()))}), 401, sign.ErrMismatch},
		{"refund without its number", refundNotice(t, fields{"refund_fee": "1"}, nil), 500, notify.ErrMalformed},
		{"refund of another merchant", refundNotice(t, refundFields(), fields{"mch_id": "1"}), 403, notify.ErrOwner},
		{"refund of another app", refundNotice(t, refundFields(), fields{"appid": "wx1"}), 403, notify.ErrOwner},
		{"payment of another merchant, signed with our key", signed(sign.MD5, fields{"mch_id": "1", "transaction_id": "4200", "out_trade_no": "A1"}), 403, notify.ErrOwner},
		{"payment of another app", signed(sign.MD5, fields{"appid": "wx1", "transaction_id": "4200", "out_trade_no": "A1"}), 403, notify.ErrOwner},
		{"payment that failed", signed(sign.MD5, fields{"result_code": "FAIL", "transaction_id": "4200", "out_trade_no": "A1"}), 500, notify.ErrUnknown},
		{"contract", signed(sign.MD5, fields{"contract_id": "1"}), 500, notify.ErrUnknown},
		{"amount that is none", signed(sign.MD5, fields{"transaction_id": "4200", "out_trade_no": "A1", "total_fee": "1.00"}), 500, notify.ErrMalformed},
		{"DOCTYPE", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + good, 400, notify.ErrBody},
		{"comment", strings.Replace(good, "<xml>", "<xml><!-- -->", 1), 400, notify.ErrBody},
		{"nested", strings.Replace(good, "<xml>", "<xml><a><b>1</b></a>", 1), 400, notify.ErrBody},
		{"JSON", `{"id":"1"}`, 400, notify.ErrBody},
		{"something behind it", good + "x", 400, notify.ErrBody},
		{"nothing", "", 400, notify.ErrBody},
		{"only rest", document("xml", rest), 401, sign.ErrNoSign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s shop
			h := s.handler(newDesk(t, sign.MD5, always("")).m, notify.WithAppIDs(appID))
			r := h.Handle(t.Context(), post(tt.body))
			assert.Equal(t, tt.status, r.Status, "%v", s.record.Err)
			require.ErrorIs(t, s.record.Err, tt.err)
			assert.True(t, strings.HasPrefix(string(r.Body), failed))
			assert.Empty(t, s.paid)
			assert.Empty(t, s.refunded)
			assert.NotContains(t, s.record.Err.Error(), key)
		})
	}
	var s shop
	h := s.handler(newDesk(t, sign.HMACSHA256, always("")).m)
	assert.Equal(t, 401, h.Handle(t.Context(), post(good)).Status, "MD5 where the merchant uses HMAC")
	assert.Equal(t, 405, h.Handle(t.Context(), notify.Request{Method: "GET"}).Status)
	h = s.handler(nil)
	assert.Equal(t, 500, h.Handle(t.Context(), post(good)).Status)
	assert.Empty(t, s.paid)
}

func TestNoticesOfPartners(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(""))
	of := func(sub string) notify.Request {
		f := paidFields()
		f["sub_mch_id"] = sub
		return post(signed(sign.MD5, f))
	}
	one := k.m.For(wechat.Sub{MchID: "1900000109"})
	var s shop
	assert.Equal(t, 200, s.handler(k.m).Handle(t.Context(), of("1900000109")).Status, "the partner takes all")
	assert.Equal(t, 200, s.handler(one).Handle(t.Context(), of("1900000109")).Status)
	assert.Equal(t, 403, s.handler(one).Handle(t.Context(), of("1900000108")).Status)
	assert.Equal(t, 403, s.handler(one).Handle(t.Context(), post(signed(sign.MD5, paidFields()))).Status)
	assert.Equal(t, 403, s.handler(one).Handle(t.Context(), post(refundNotice(t, refundFields(), fields{"sub_mch_id": "1"}))).Status)
	assert.Equal(t, 200, s.handler(one).Handle(t.Context(), post(refundNotice(t, refundFields(), fields{"sub_mch_id": "1900000109"}))).Status)
}

// scan is the question of mode 1. It has no return_code.
func scan(d sign.Digest) string {
	f := fields{"appid": appID, "mch_id": mchID, "openid": "o1", "is_subscribe": "Y", "nonce_str": "n2", "product_id": "88888"}
	f["sign"] = sum(f, d)
	return document("xml", f)
}

func TestNativeCallback(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		s := shop{reply: apiv2.Order("wx201411101639507cbf6ffd8b0779950874")}
		h := s.handler(newDesk(t, d, always("")).m)
		r := h.Handle(t.Context(), post(scan(d)))
		require.Equal(t, 200, r.Status, "%v", s.record.Err)
		assert.Equal(t, []apiv2.Scan{{AppID: appID, OpenID: "o1", IsSubscribe: "Y", ProductID: "88888"}}, s.scanned)
		f := parse(t, r.Body)
		assert.Equal(t, sum(f, d), f["sign"], "signed afresh")
		assert.NotEqual(t, "n2", f["nonce_str"])
		delete(f, "sign")
		delete(f, "nonce_str")
		assert.Equal(t, fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": appID, "mch_id": mchID, "prepay_id": "wx201411101639507cbf6ffd8b0779950874"}, f)

		s.reply = apiv2.Refuse("卖完 & 了")
		f = parse(t, h.Handle(t.Context(), post(scan(d))).Body)
		assert.Equal(t, "FAIL", f["result_code"])
		assert.Equal(t, "卖完 & 了", f["err_code_des"])
		assert.Equal(t, sum(f, d), f["sign"])

		s.fails = errors.New("down")
		r = h.Handle(t.Context(), post(scan(d)))
		assert.Equal(t, 500, r.Status)
		assert.True(t, strings.HasPrefix(string(r.Body), failed))
		calls := len(s.scanned)
		r = h.Handle(t.Context(), post(strings.Replace(scan(d), "88888", "88889", 1)))
		assert.Equal(t, 401, r.Status)
		assert.Len(t, s.scanned, calls, "a forged scan reaches nobody")
	}
}
