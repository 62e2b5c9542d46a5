package legacy_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const orderAnswer = `{"errcode":0,"errmsg":"ok","new":1,"order_info":{"ret_code":0,"ret_msg":"","input_charset":"GBK","trade_state":"0","trade_mode":"1","partner":"1900000109","bank_type":"CMB_FP",` +
	`"bank_billno":"207029722724","total_fee":"1","fee_type":"1","transaction_id":"1900000109201405180000000001","out_trade_no":"7240b65810859cbf2a8d9f76a638c0a3","is_split":"false","is_refund":"true",` +
	`"attach":"茶","time_end":"20140518192222","transport_fee":"0","product_fee":"1","discount":2,"rmb_total_fee":"","new":null}}`

func TestQuery(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1)
	d.answer = orderAnswer
	got, err := d.orders.Query(t.Context(), orderNo)
	require.NoError(t, err)
	assert.True(t, got.Paid())
	assert.Contains(t, got.Fields, sign.Pair{Name: "input_charset", Value: "GBK"})
	assert.True(t, got.TimeEnd.Equal(time.Date(2014, 5, 18, 19, 22, 22, 0, wechat.Beijing)))
	got.Fields, got.TimeEnd = nil, legacy.Time{}
	assert.Equal(t, &legacy.Transaction{OutTradeNo: orderNo, TransactionID: tradeNo, State: "0", Mode: "1", Partner: partnerID, BankType: "CMB_FP", BankBillNo: "207029722724",
		Total: 1, Discount: 2, Goods: 1, FeeType: "1", Attach: "茶", Refunded: true}, got)
	require.NoError(t, got.Matches(orderNo, 3))
	require.ErrorIs(t, got.Matches("another", 3), legacy.ErrOther)
	require.ErrorContains(t, got.Matches(orderNo, 1), "0.03 yuan were paid")
}

func TestQueryByID(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1400000300)
	d.answer = orderAnswer
	got, err := d.orders.QueryByID(t.Context(), tradeNo)
	require.NoError(t, err)
	assert.Equal(t, orderNo, got.OutTradeNo)
	assert.Equal(t, "POST https://api.weixin.qq.com/pay/orderquery?access_token=TOKEN", d.url)
	text := "partner=" + partnerID + "&transaction_id=" + tradeNo
	sum := md5.Sum([]byte(text + "&key=" + partnerKey))
	pack := text + "&sign=" + strings.ToUpper(hex.EncodeToString(sum[:]))
	signature := sha1.Sum([]byte("appid=" + appID + "&appkey=" + appKey + "&package=" + pack + "&timestamp=1400000300"))
	assert.JSONEq(t, `{"appid":"`+appID+`","package":"`+pack+`","timestamp":"1400000300","app_signature":"`+hex.EncodeToString(signature[:])+`","sign_method":"sha1"}`, d.body)
	plainJSON(t, d.body)

	d.answer = strings.Replace(orderAnswer, tradeNo, tradeNo[:27]+"9", 1)
	_, err = d.orders.QueryByID(t.Context(), tradeNo)
	require.ErrorIs(t, err, legacy.ErrOther)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	d.answer = strings.Replace(orderAnswer, `"ret_code":0`, `"ret_code":88221009`, 1)
	_, err = d.orders.QueryByID(t.Context(), tradeNo)
	require.ErrorIs(t, err, legacy.ErrNoOrder)
	calls := d.calls
	_, err = d.orders.QueryByID(t.Context(), "28 digits")
	var field *wechat.FieldError
	require.ErrorAs(t, err, &field)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.Equal(t, calls, d.calls, "nobody was asked")
}

func TestQueryAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer  string
		outcome wechat.Outcome
		is      error
	}{
		"bad signature":    {`{"errcode":49004,"errmsg":"not match signature"}`, wechat.NotDone, legacy.ErrAppSign},
		"busy":             {`{"errcode":-1,"errmsg":"system error"}`, wechat.Unknown, wechat.ErrBusy},
		"the query failed": {strings.Replace(orderAnswer, `"ret_code":0`, `"ret_code":88221009`, 1), wechat.NotDone, legacy.ErrNoOrder},
		"another order":    {strings.Replace(orderAnswer, orderNo, "another", 1), wechat.Unknown, legacy.ErrOther},
		"another partner":  {strings.Replace(orderAnswer, `"partner":"1900000109"`, `"partner":"1900000108"`, 1), wechat.Unknown, legacy.ErrOther},
		"no order_info":    {`{"errcode":0}`, wechat.Done, nil},
		"amount in yuan":   {strings.Replace(orderAnswer, `"total_fee":"1"`, `"total_fee":"0.01"`, 1), wechat.Done, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, first, 1)
			d.answer = tt.answer
			_, err := d.orders.Query(t.Context(), orderNo)
			require.Error(t, err)
			assert.Equal(t, tt.outcome, wechat.OutcomeOf(err), "%v", err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

func TestPrepayRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1)
	d.answer = `{"errcode":48001,"errmsg":"api unauthorized"}`
	_, err := d.orders.Prepay(t.Context(), order1(), "o1")
	require.ErrorIs(t, err, wechat.ErrUnauthorized)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	d.answer = `{"errcode":0,"errmsg":"Success"}`
	_, err = d.orders.Prepay(t.Context(), order1(), "o1")
	require.ErrorContains(t, err, "prepayid")
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
}

func refundRequest() legacy.RefundRequest {
	return legacy.RefundRequest{OutTradeNo: orderNo, OutRefundNo: "R1", Total: 1299, Refund: 299, Operator: "op1", Password: seal.NewKey("8fA3pass"),
		ReceiverID: "u1", ReceiverName: "王", Source: 2}
}

func TestRefund(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1)
	d.says("retcode", "0", "retmsg", "", "transaction_id", tradeNo, "out_trade_no", orderNo, "out_refund_no", "R1", "refund_id", "1111900000109201405190000001",
		"refund_channel", "1", "refund_fee", "299", "refund_status", "99", "new", "x")
	got, err := d.orders.Refund(t.Context(), refundRequest())
	require.NoError(t, err)
	assert.Equal(t, "POST https://mch.tenpay.com/refundapi/gateway/refund.xml", d.url)
	f := d.form(t)
	f.Del("sign")
	assert.Equal(t, url.Values{"service_version": {"1.1"}, "partner": {partnerID}, "out_trade_no": {orderNo}, "out_refund_no": {"R1"}, "total_fee": {"1299"}, "refund_fee": {"299"},
		"op_user_id": {"op1"}, "op_user_passwd": {"c9567c1c87867d80744ca7c5226caae7"}, "recv_user_id": {"u1"}, "reccv_user_name": {"王"}, "refund_type": {"2"},
		"sign_type": {"MD5"}, "input_charset": {"UTF-8"}, "sign_key_index": {"1"}}, f)
	assert.NotContains(t, d.body, "8fA3pass")
	assert.Contains(t, got.Fields, sign.Pair{Name: "new", Value: "x"})
	got.Fields = nil
	assert.Equal(t, &legacy.Refund{TransactionID: tradeNo, OutTradeNo: orderNo, OutRefundNo: "R1", RefundID: "1111900000109201405190000001", Channel: "1", Refund: 299, Status: "99"}, got)
	assert.Equal(t, legacy.RefundProcessing, got.Status.State(), "an unknown status is not an end")

	d.says("retcode", "88222005", "retmsg", "余额不足")
	_, err = d.orders.Refund(t.Context(), refundRequest())
	require.ErrorIs(t, err, wechat.Code("88222005"))
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "refunds are wary")
	assert.NotContains(t, err.Error(), "8fA3pass")
}

func TestRefundQuery(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1)
	d.says("retcode", "0", "partner", partnerID, "transaction_id", tradeNo, "out_trade_no", orderNo, "refund_count", "2",
		"out_refund_no_0", "R1", "refund_id_0", "111", "refund_channel_0", "0", "refund_fee_0", "299", "refund_state_0", "4", "recv_user_id_0", "u1", "reccv_user_name_0", "王",
		"refund_time_begin_0", "20140519100000", "refund_time_0", "20140519100001", "out_refund_no_1", "R2", "refund_state_1", "3")
	got, err := d.orders.RefundQuery(t.Context(), legacy.RefundQuery{OutRefundNo: "R1"})
	require.NoError(t, err)
	assert.Equal(t, "POST https://gw.tenpay.com/gateway/normalrefundquery.xml", d.url)
	f := d.form(t)
	f.Del("sign")
	assert.Equal(t, url.Values{"partner": {partnerID}, "out_refund_no": {"R1"}, "sign_type": {"MD5"}, "input_charset": {"UTF-8"}, "sign_key_index": {"1"}}, f)
	items, err := got.Items()
	require.NoError(t, err)
	require.Len(t, items, 2)
	assert.Equal(t, 2, got.Count)
	assert.True(t, items[0].Begin.Equal(time.Date(2014, 5, 19, 2, 0, 0, 0, time.UTC)))
	assert.True(t, items[0].Time.Equal(time.Date(2014, 5, 19, 2, 0, 1, 0, time.UTC)))
	items[0].Begin, items[0].Time = legacy.Time{}, legacy.Time{}
	assert.Equal(t, []legacy.RefundItem{{OutRefundNo: "R1", RefundID: "111", Channel: "0", Refund: 299, Status: "4", ReceiverID: "u1", ReceiverName: "王"},
		{OutRefundNo: "R2", Status: "3"}}, items)

	d.says("retcode", "0", "refund_count", "1", "refund_fee_0", "2.99")
	got, err = d.orders.RefundQuery(t.Context(), legacy.RefundQuery{OutRefundNo: "R1"})
	require.NoError(t, err)
	_, err = got.Items()
	require.ErrorContains(t, err, "refund_fee")

	d.says("retcode", "88222014")
	_, err = d.orders.RefundQuery(t.Context(), legacy.RefundQuery{OutTradeNo: orderNo})
	require.ErrorIs(t, err, legacy.ErrNoRefund)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}

func TestRefundStates(t *testing.T) {
	t.Parallel()
	for states, want := range map[string]legacy.RefundState{"4 10": legacy.RefundSuccess, "3 5 6": legacy.RefundFailed, "8 9 11": legacy.RefundProcessing,
		"1 2": legacy.RefundUndecided, "7": legacy.RefundManual} {
		for _, s := range strings.Fields(states) {
			assert.Equal(t, want, legacy.RefundStatus(s).State(), s)
		}
	}
}

const billText = "交易时间,财付通订单号,商户订单号,支付类型,银行订单号,交易状态,订单交易金额,退款单号,退款金额,退款状态,交易说明\n" +
	"`2014-05-18 19:22:22,`1900000109201405180000000001,`SO1,`微信支付,`206064184488,`支付成功,`12.99,`,`0.00,`,`可乐\r\n总笔数,订单总交易金额,退款总金额\r\n`1,`12.99,`0.00\n"

func TestBill(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1400551200)
	var err error
	d.answer, err = gbk.Encode(billText)
	require.NoError(t, err)
	s, err := d.orders.Bill(t.Context(), legacy.BillRequest{Day: time.Date(2014, 5, 17, 20, 0, 0, 0, time.UTC), Kind: legacy.BillPayments})
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, "POST https://mch.tenpay.com/cgi-bin/mchdown_real_new.cgi", d.url)
	assert.True(t, strings.HasPrefix(d.body, "spid=1900000109&trans_time=2014-05-18&stamp=1400551200&cft_signtype=0&mchtype=1&sign="), d.body)
	n := 0
	for row, err := range bill.Tenpay(s) {
		require.NoError(t, err)
		assert.Equal(t, wechat.Fen(1299), row.Amount)
		assert.Equal(t, "可乐", row.Note)
		n++
	}
	assert.Equal(t, 1, n)

	d.answer = billText // UTF-8 where GBK was promised
	s, err = d.orders.Bill(t.Context(), legacy.BillRequest{Day: time.Unix(1400500000, 0)})
	require.NoError(t, err)
	_, err = io.ReadAll(s)
	require.ErrorIs(t, err, gbk.ErrNotGBK)
	require.NoError(t, s.Close())

	d.answer = "<html><body>03020003:no bill</body></html>"
	_, err = d.orders.Bill(t.Context(), legacy.BillRequest{Day: time.Unix(1400500000, 0)})
	require.ErrorIs(t, err, legacy.ErrBillNotYet)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}

// TestRefusedBeforeSending breaks one field after another.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	order := func(change func(*legacy.Order)) func(context.Context, *legacy.Service) error {
		return func(ctx context.Context, s *legacy.Service) error {
			o := order1()
			change(&o)
			_, err := s.Prepay(ctx, o, "o1")
			_, page := s.JSAPIParams(o)
			require.Error(t, page)
			return err
		}
	}
	refund := func(change func(*legacy.RefundRequest)) func(context.Context, *legacy.Service) error {
		return func(ctx context.Context, s *legacy.Service) error {
			r := refundRequest()
			change(&r)
			_, err := s.Refund(ctx, r)
			return err
		}
	}
	for _, tt := range []struct {
		field string
		call  func(context.Context, *legacy.Service) error
	}{
		{"out_trade_no", order(func(o *legacy.Order) { o.OutTradeNo = "" })},
		{"out_trade_no", order(func(o *legacy.Order) { o.OutTradeNo = "a b" })},
		{"body", order(func(o *legacy.Order) { o.Body = "" })},
		{"body", order(func(o *legacy.Order) { o.Body = strings.Repeat("茶", 43) })},
		{"body", order(func(o *legacy.Order) { o.Body = "\xff" })},
		{"body", order(func(o *legacy.Order) { o.Body, o.Charset = "ก", legacy.GBK })},
		{"attach", order(func(o *legacy.Order) { o.Attach = strings.Repeat("a", 128) })},
		{"goods_tag", order(func(o *legacy.Order) { o.Tag = strings.Repeat("a", 33) })},
		{"total_fee", order(func(o *legacy.Order) { o.Total = 0 })},
		{"transport_fee", order(func(o *legacy.Order) { o.Freight = -1 })},
		{"product_fee", order(func(o *legacy.Order) { o.Goods = -1 })},
		{"transport_fee", order(func(o *legacy.Order) { o.Freight, o.Goods = 1, 1 })},
		{"notify_url", order(func(o *legacy.Order) { o.NotifyURL = "" })},
		{"notify_url", order(func(o *legacy.Order) { o.NotifyURL = "/notify" })},
		{"notify_url", order(func(o *legacy.Order) { o.NotifyURL = "https://shop.example/#a" })},
		{"spbill_create_ip", order(func(o *legacy.Order) { o.IP = "2001:db8::1" })},
		{"spbill_create_ip", order(func(o *legacy.Order) { o.IP = "1.2.3.4&trade_state=0" })},
		{"time_expire", order(func(o *legacy.Order) { o.Start = time.Unix(2, 0); o.Expire = time.Unix(1, 0) })},
		{"input_charset", order(func(o *legacy.Order) { o.Charset = "GB2312" })},
		{"traceid", func(ctx context.Context, s *legacy.Service) error {
			_, err := s.Prepay(ctx, order1(), "")
			return err
		}},
		{"out_trade_no", func(ctx context.Context, s *legacy.Service) error { _, err := s.Query(ctx, "a b"); return err }},
		{"out_refund_no", refund(func(r *legacy.RefundRequest) { r.OutRefundNo = strings.Repeat("1", 33) })},
		{"out_trade_no", refund(func(r *legacy.RefundRequest) { r.OutTradeNo = "" })},
		{"transaction_id", refund(func(r *legacy.RefundRequest) { r.TransactionID = strings.Repeat("1", 29) })},
		{"total_fee", refund(func(r *legacy.RefundRequest) { r.Total = 0 })},
		{"refund_fee", refund(func(r *legacy.RefundRequest) { r.Refund = 1300 })},
		{"op_user_passwd", refund(func(r *legacy.RefundRequest) { r.Password = seal.Key{} })},
		{"refund_type", refund(func(r *legacy.RefundRequest) { r.Source = 4 })},
		{"out_refund_no", func(ctx context.Context, s *legacy.Service) error {
			_, err := s.RefundQuery(ctx, legacy.RefundQuery{})
			return err
		}},
		{"trans_time", func(ctx context.Context, s *legacy.Service) error {
			_, err := s.Bill(ctx, legacy.BillRequest{})
			return err
		}},
		{"mchtype", func(ctx context.Context, s *legacy.Service) error {
			_, err := s.Bill(ctx, legacy.BillRequest{Day: time.Unix(1, 0), Kind: 3})
			return err
		}},
	} {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, first, 1)
			err := tt.call(t.Context(), d.orders)
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, tt.field, field.Field)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Zero(t, d.calls)
		})
	}
	orders := newDesk(t, first, 1).orders
	var field *wechat.FieldError
	_, err := orders.NativeLink("a b")
	require.ErrorAs(t, err, &field)
	_, err = orders.APPParams("")
	require.ErrorAs(t, err, &field)
	_, err = orders.Package(legacy.Order{})
	require.ErrorAs(t, err, &field)
}

// TestGBKCountsBytes shows that limits are in the bytes of the charset.
func TestGBKCountsBytes(t *testing.T) {
	t.Parallel()
	o := order1()
	o.Body = strings.Repeat("茶", 64)
	require.Error(t, o.Validate(), "192 bytes in UTF-8")
	o.Charset = legacy.GBK
	require.NoError(t, o.Validate(), "128 in GBK")
}

// TestNobodyMadeTheMerchant forgets what beginners forget: an error says so.
func TestNobodyMadeTheMerchant(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*wechat.MerchantLegacy{"nil": nil, "zero": {}} {
		s := legacy.New(m)
		_, err := s.Query(t.Context(), "A1")
		require.ErrorContains(t, err, "NewMerchantLegacy", name)
		_, err = s.QueryByID(t.Context(), "1")
		require.ErrorContains(t, err, "NewMerchantLegacy")
		_, err = s.Prepay(t.Context(), order1(), "t")
		require.ErrorContains(t, err, "NewMerchantLegacy")
		_, err = s.RefundQuery(t.Context(), legacy.RefundQuery{OutTradeNo: "A1"})
		require.ErrorContains(t, err, "NewMerchantLegacy")
		_, err = s.JSAPIParams(order1())
		require.ErrorContains(t, err, "NewMerchantLegacy")
		_, err = s.NativeLink("tea")
		require.ErrorContains(t, err, "NewMerchantLegacy")
		_, err = s.APPParams("1101")
		require.ErrorContains(t, err, "NewMerchantLegacy")
	}
}
