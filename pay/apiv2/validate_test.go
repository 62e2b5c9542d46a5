package apiv2_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func TestRequestsAreCheckedBeforeSending(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 7000)
	place := func(change func(*apiv2.OrderRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := apiv2.OrderRequest{TradeType: pay.TradeAPP, OutTradeNo: "A12345", Body: "茶", Total: 1, IP: "192.0.2.1", NotifyURL: "https://shop.example/v2"}
			change(&in)
			_, err := s.Place(ctx, in)
			return err
		}
	}
	micropay := func(change func(*apiv2.MicropayRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := apiv2.MicropayRequest{OutTradeNo: "A12345", Body: "茶", Total: 1, IP: "192.0.2.1", AuthCode: "134567890123456789"}
			change(&in)
			_, err := s.Micropay(ctx, in)
			return err
		}
	}
	refund := func(change func(*apiv2.RefundRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := apiv2.RefundRequest{OutTradeNo: "A1", OutRefundNo: "R1", Total: 2, Refund: 1}
			change(&in)
			_, err := s.Refund(ctx, in)
			return err
		}
	}
	packet := func(change func(*apiv2.RedPackRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := redPack()
			change(&in)
			_, err := s.SendRedPack(ctx, in)
			return err
		}
	}
	bank := func(change func(*apiv2.BankRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := apiv2.BankRequest{TradeNo: "T1234567", BankNo: seal.Plain("6225"), TrueName: seal.Plain("王五"), BankCode: "1002", Amount: 1}
			change(&in)
			_, err := s.PayBank(ctx, &bankKey().PublicKey, in)
			return err
		}
	}
	shared := func(change func(*apiv2.ShareRequest)) func(context.Context, *apiv2.Service) error {
		return func(ctx context.Context, s *apiv2.Service) error {
			in := apiv2.ShareRequest{TransactionID: "4200", OutOrderNo: "S1", Receivers: []apiv2.Receiver{{Type: "MERCHANT_ID", Account: "1", Amount: 1, Description: "x"}}}
			change(&in)
			_, err := s.ShareOnce(ctx, in)
			return err
		}
	}
	tests := []struct {
		field string
		call  func(context.Context, *apiv2.Service) error
	}{
		{"trade_type", place(func(r *apiv2.OrderRequest) { r.TradeType = "" })},
		{"trade_type", place(func(r *apiv2.OrderRequest) { r.TradeType = pay.TradeMicropay })},
		{"out_trade_no", place(func(r *apiv2.OrderRequest) { r.OutTradeNo = "A1" })},
		{"body", place(func(r *apiv2.OrderRequest) { r.Body = long })},
		{"body", place(func(r *apiv2.OrderRequest) { r.Body = "" })},
		{"total_fee", place(func(r *apiv2.OrderRequest) { r.Total = 0 })},
		{"spbill_create_ip", place(func(r *apiv2.OrderRequest) { r.IP = "" })},
		{"spbill_create_ip", place(func(r *apiv2.OrderRequest) { r.IP = "here" })},
		{"notify_url", place(func(r *apiv2.OrderRequest) { r.NotifyURL = "" })},
		{"notify_url", place(func(r *apiv2.OrderRequest) { r.NotifyURL = "https://shop.example/?a=1" })},
		{"attach", place(func(r *apiv2.OrderRequest) { r.Attach = long })},
		{"detail", place(func(r *apiv2.OrderRequest) { r.Detail = long })},
		{"scene_info", place(func(r *apiv2.OrderRequest) { r.SceneInfo = long })},
		{"scene_info", place(func(r *apiv2.OrderRequest) { r.TradeType = pay.TradeMWeb })},
		{"openid", place(func(r *apiv2.OrderRequest) { r.TradeType = pay.TradeJSAPI })},
		{"product_id", place(func(r *apiv2.OrderRequest) { r.TradeType = pay.TradeNative })},
		{"time_expire", place(func(r *apiv2.OrderRequest) { r.Start = at("20260102030405"); r.Expire = r.Start })},
		{"auth_code", micropay(func(r *apiv2.MicropayRequest) { r.AuthCode = "1" })},
		{"out_trade_no", micropay(func(r *apiv2.MicropayRequest) { r.OutTradeNo = "" })},
		{"total_fee", micropay(func(r *apiv2.MicropayRequest) { r.Total = -1 })},
		{"spbill_create_ip", micropay(func(r *apiv2.MicropayRequest) { r.IP = "" })},
		{"refund_fee", refund(func(r *apiv2.RefundRequest) { r.Refund = 3 })},
		{"refund_fee", refund(func(r *apiv2.RefundRequest) { r.Refund = 0 })},
		{"total_fee", refund(func(r *apiv2.RefundRequest) { r.Total = 0 })},
		{"out_refund_no", refund(func(r *apiv2.RefundRequest) { r.OutRefundNo = "" })},
		{"out_trade_no", refund(func(r *apiv2.RefundRequest) { r.OutTradeNo = "" })},
		{"refund_desc", refund(func(r *apiv2.RefundRequest) { r.Reason = long })},
		{"mch_billno", packet(func(r *apiv2.RedPackRequest) { r.BillNo = "B-1" })},
		{"scene_id", packet(func(r *apiv2.RedPackRequest) { r.Total = 20001 })},
		{"total_num", packet(func(r *apiv2.RedPackRequest) { r.Number = 0 })},
		{"wishing", packet(func(r *apiv2.RedPackRequest) { r.Wishing = "" })},
		{"partner_trade_no", bank(func(r *apiv2.BankRequest) { r.TradeNo = "T1" })},
		{"enc_bank_no", bank(func(r *apiv2.BankRequest) { r.BankNo = seal.Secret{} })},
		{"enc_true_name", bank(func(r *apiv2.BankRequest) { r.TrueName = seal.Secret{} })},
		{"receivers", shared(func(r *apiv2.ShareRequest) { r.Receivers = nil })},
		{"receivers[0].amount", shared(func(r *apiv2.ShareRequest) { r.Receivers[0].Amount = 0 })},
		{"receivers[0].description", shared(func(r *apiv2.ShareRequest) { r.Receivers[0].Description = "" })},
		{"transaction_id", shared(func(r *apiv2.ShareRequest) { r.TransactionID = "" })},
		{"out_trade_no", func(ctx context.Context, s *apiv2.Service) error { _, err := s.Query(ctx, ""); return err }},
		{"transaction_id", func(ctx context.Context, s *apiv2.Service) error { _, err := s.QueryByID(ctx, ""); return err }},
		{"out_trade_no", func(ctx context.Context, s *apiv2.Service) error { return s.Close(ctx, "") }},
		{"out_trade_no", func(ctx context.Context, s *apiv2.Service) error { _, err := s.Reverse(ctx, ""); return err }},
		{"out_refund_no", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.RefundQuery(ctx, apiv2.RefundQuery{})
			return err
		}},
		{"offset", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.RefundQuery(ctx, apiv2.RefundQuery{OutTradeNo: "A1", Offset: -1})
			return err
		}},
		{"long_url", func(ctx context.Context, s *apiv2.Service) error { _, err := s.ShortURL(ctx, ""); return err }},
		{"auth_code", func(ctx context.Context, s *apiv2.Service) error { _, err := s.AuthCodeToOpenID(ctx, "1"); return err }},
		{"interface_url", func(ctx context.Context, s *apiv2.Service) error { return s.Report(ctx, apiv2.ReportRequest{}) }},
		{"mch_billno", func(ctx context.Context, s *apiv2.Service) error { _, err := s.RedPackInfo(ctx, ""); return err }},
		{"partner_trade_no", func(ctx context.Context, s *apiv2.Service) error { _, err := s.TransferInfo(ctx, ""); return err }},
		{"partner_trade_no", func(ctx context.Context, s *apiv2.Service) error { _, err := s.BankInfo(ctx, ""); return err }},
		{"openid", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.Transfer(ctx, apiv2.TransferRequest{TradeNo: "T1"})
			return err
		}},
		{"enc_bank_no", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.PayBank(ctx, nil, apiv2.BankRequest{BankNo: seal.Plain("1")})
			return err
		}},
		{"description", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.ShareFinish(ctx, "1", "S1", "")
			return err
		}},
		{"out_order_no", func(ctx context.Context, s *apiv2.Service) error { _, err := s.SharingQuery(ctx, "1", ""); return err }},
		{"receiver.account", func(ctx context.Context, s *apiv2.Service) error {
			return s.RemoveReceiver(ctx, apiv2.Receiver{Type: "MERCHANT_ID"})
		}},
		{"receiver.relation_type", func(ctx context.Context, s *apiv2.Service) error {
			return s.AddReceiver(ctx, apiv2.Receiver{Type: "MERCHANT_ID", Account: "1"})
		}},
		{"out_order_no", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.ShareReturn(ctx, apiv2.ReturnRequest{})
			return err
		}},
		{"out_return_no", func(ctx context.Context, s *apiv2.Service) error {
			_, err := s.ShareReturnQuery(ctx, "S1", "")
			return err
		}},
		{"transaction_id", func(ctx context.Context, s *apiv2.Service) error { _, err := s.Unshared(ctx, ""); return err }},
	}
	k := newDesk(t, sign.MD5, always(""))
	for _, tt := range tests {
		err := tt.call(t.Context(), k.direct)
		var field *wechat.FieldError
		require.ErrorAs(t, err, &field, tt.field)
		assert.Equal(t, tt.field, field.Field)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	}
	_, err := apiv2.New(k.m, "").Place(t.Context(), apiv2.OrderRequest{})
	require.ErrorContains(t, err, "appid")
	assert.Empty(t, k.sent, "nothing was sent")
}

func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(unsigned(fields{"pub_key": "junk"})))
	_, err := k.direct.BankKey(t.Context())
	require.Error(t, err)
	k.answer = always(signed(sign.HMACSHA256, fields{"receivers": "{"}))
	_, err = k.direct.SharingQuery(t.Context(), "4200", "S1")
	require.ErrorContains(t, err, "receivers")
	for _, inside := range []string{"<hbinfo><amount>x</amount></hbinfo>", "<other></other>", "<hbinfo>"} {
		k.answer = always("<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code><hblist>" + inside + "</hblist></xml>")
		_, err = k.direct.RedPackInfo(t.Context(), "B1")
		require.ErrorContains(t, err, "hblist")
	}
}

// TestNobodyMadeTheMerchant forgets what beginners forget: an error says so.
func TestNobodyMadeTheMerchant(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*wechat.MerchantV2{"nil": nil, "zero": {}} {
		s := apiv2.New(m, appID)
		_, err := s.Query(t.Context(), "A1")
		require.ErrorContains(t, err, "NewMerchantV2", name)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		_, err = s.Place(t.Context(), apiv2.OrderRequest{TradeType: pay.TradeAPP, OutTradeNo: "A12345", Body: "茶", Total: 1, IP: "192.0.2.1", NotifyURL: "https://shop.example/v2"})
		require.ErrorContains(t, err, "NewMerchantV2")
		_, err = s.JSAPIParams("wx20")
		require.ErrorContains(t, err, "NewMerchantV2")
		_, err = s.APPParams("wx20")
		require.ErrorContains(t, err, "NewMerchantV2")
		_, err = s.NativeLink("tea")
		require.ErrorContains(t, err, "NewMerchantV2")
	}
}
