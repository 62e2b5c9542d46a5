package refund_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/seal"
)

func invalid(t *testing.T, err error, field string) *wechat.FieldError {
	t.Helper()
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, field, f.Field)
	assert.NotEmpty(t, f.Problem)
	return f
}

func TestRequestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *refund.Request)
		field  string
		says   string
	}{
		{"fine", func(*refund.Request) {}, "", ""},
		{"in full", func(r *refund.Request) { r.Amount = refund.Amount{Refund: 100, Total: 100} }, "", ""},
		{"by our number", func(r *refund.Request) { r.TransactionID, r.OutTradeNo = "", "a1" }, "", ""},
		{"no order", func(r *refund.Request) { r.TransactionID = "" }, "transaction_id", "out_trade_no too"},
		{"two orders", func(r *refund.Request) { r.OutTradeNo = "order1" }, "transaction_id", "together with out_trade_no"},
		{"long id", func(r *refund.Request) { r.TransactionID = strings.Repeat("4", 33) }, "transaction_id", "limit is 32"},
		{"bad order number", func(r *refund.Request) { r.TransactionID, r.OutTradeNo = "", "a/b" }, "out_trade_no", "byte 2 of 3"},
		{"no number", func(r *refund.Request) { r.OutRefundNo = "" }, "out_refund_no", "required"},
		{"64", func(r *refund.Request) { r.OutRefundNo = strings.Repeat("@", 64) }, "", ""},
		{"65", func(r *refund.Request) { r.OutRefundNo = strings.Repeat("@", 65) }, "out_refund_no", "want 1 to 64"},
		{"a slash", func(r *refund.Request) { r.OutRefundNo = "r/1" }, "out_refund_no", "byte 2 of 3"},
		{"80 characters", func(r *refund.Request) { r.Reason = strings.Repeat("茶", 80) }, "", ""},
		{"81 characters", func(r *refund.Request) { r.Reason = strings.Repeat("茶", 81) }, "reason", "has 81 characters, the limit is 80"},
		{"emoji", func(r *refund.Request) { r.Reason = "🙏" }, "reason", "four bytes"},
		{"notify_url", func(r *refund.Request) { r.NotifyURL = "https://shop.example/?x=1" }, "notify_url", "query"},
		{"256", func(r *refund.Request) { r.NotifyURL = "https://shop.example/" + strings.Repeat("n", 235) }, "", ""},
		{"257", func(r *refund.Request) { r.NotifyURL = "https://shop.example/" + strings.Repeat("n", 236) }, "notify_url", "limit is 256"},
		{"nothing", func(r *refund.Request) { r.Amount.Refund = 0 }, "amount.refund", "at least 1 fen"},
		{"no total", func(r *refund.Request) { r.Amount.Total = 0 }, "amount.total", "at least 1 fen"},
		{"too much", func(r *refund.Request) { r.Amount = refund.Amount{Refund: 101, Total: 100} }, "amount.refund", "more than amount.total"},
		{"accounts over", func(r *refund.Request) { r.Amount.From[1].Amount = 11 }, "amount.from[1].amount", "more than amount.refund"},
		{"accounts overflow", func(r *refund.Request) { r.Amount.From[1].Amount = 1<<63 - 1 }, "amount.from[1].amount", "more than amount.refund"},
		{"accounts under", func(r *refund.Request) { r.Amount.From[1].Amount = 9 }, "amount.from", "less than amount.refund"},
		{"account twice", func(r *refund.Request) { r.Amount.From[1].Account = refund.Available }, "amount.from[1].account", "twice"},
		{"no account", func(r *refund.Request) { r.Amount.From[0].Account = "" }, "amount.from[0].account", "required"},
		{"goods without id", func(r *refund.Request) { r.GoodsDetail[0].MerchantGoodsID = "" }, "goods_detail[0].merchant_goods_id", "required"},
		{"goods without number", func(r *refund.Request) { r.GoodsDetail[0].RefundQuantity = 0 }, "goods_detail[0].refund_quantity", "at least 1"},
		{"negative goods", func(r *refund.Request) { r.GoodsDetail[0].RefundAmount = -1 }, "goods_detail[0].refund_amount", "negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request()
			tt.change(&r)
			if tt.field == "" {
				require.NoError(t, r.Validate())
				return
			}
			assert.Contains(t, invalid(t, r.Validate(), tt.field).Problem, tt.says)
			d := newDesk(t, says(broken), says(broken))
			_, err := d.direct.Apply(t.Context(), r)
			invalid(t, err, tt.field)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, d.all(), "nothing is sent")
		})
	}
}

// An accepted refund never exceeds the order, whatever the accounts are.
func TestRequestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := refund.Request{TransactionID: "4200001", OutRefundNo: rapid.String().Draw(t, "number"), Reason: rapid.String().Draw(t, "reason")}
		fen := rapid.OneOf(rapid.Int64Range(-2, 5), rapid.Int64())
		r.Amount = refund.Amount{Refund: wechat.Fen(fen.Draw(t, "refund")), Total: wechat.Fen(fen.Draw(t, "total"))}
		for range rapid.IntRange(0, 3).Draw(t, "accounts") {
			r.Amount.From = append(r.Amount.From, refund.From{Account: refund.FundsAccount(rapid.SampledFrom([]string{"AVAILABLE", "UNAVAILABLE", "NEW"}).Draw(t, "account")), Amount: wechat.Fen(fen.Draw(t, "from"))})
		}
		if r.Validate() != nil {
			return
		}
		if r.Amount.Refund < 1 || r.Amount.Refund > r.Amount.Total || len(r.OutRefundNo) == 0 || len(r.OutRefundNo) > 64 {
			t.Fatalf("accepted %+v", r)
		}
		left := r.Amount.Refund
		for _, f := range r.Amount.From {
			if f.Amount < 1 || f.Amount > left {
				t.Fatalf("accepted %+v", r)
			}
			left -= f.Amount
		}
		if len(r.Amount.From) > 0 && left != 0 {
			t.Fatalf("accepted %+v", r)
		}
	})
}

func TestAbnormalRequestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *refund.AbnormalRequest)
		field  string
	}{
		{"fine", func(*refund.AbnormalRequest) {}, ""},
		{"to the merchant", func(r *refund.AbnormalRequest) {
			*r = refund.AbnormalRequest{RefundID: "5", OutRefundNo: "1", Type: refund.ToMerchantCard}
		}, ""},
		{"no id", func(r *refund.AbnormalRequest) { r.RefundID = "" }, "refund_id"},
		{"no number", func(r *refund.AbnormalRequest) { r.OutRefundNo = "" }, "out_refund_no"},
		{"no type", func(r *refund.AbnormalRequest) { r.Type = "" }, "type"},
		{"no bank", func(r *refund.AbnormalRequest) { r.BankType = "" }, "bank_type"},
		{"long bank", func(r *refund.AbnormalRequest) { r.BankType = strings.Repeat("B", 17) }, "bank_type"},
		{"no account", func(r *refund.AbnormalRequest) { r.BankAccount = seal.Secret{} }, "bank_account"},
		{"no name", func(r *refund.AbnormalRequest) { r.RealName = seal.Secret{} }, "real_name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := abnormal()
			tt.change(&r)
			if tt.field == "" {
				require.NoError(t, r.Validate())
				return
			}
			invalid(t, r.Validate(), tt.field)
			d := newDesk(t, says(broken), says(broken))
			_, err := d.direct.ApplyAbnormal(t.Context(), r)
			invalid(t, err, tt.field)
			assert.Empty(t, d.all())
		})
	}
}

func TestQueryRefusesEmptyNumbers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(broken), says(broken))
	_, err := d.direct.Query(t.Context(), "")
	invalid(t, err, "out_refund_no")
	assert.Empty(t, d.all())
}

func TestAdverse31_SecretsTravelEncrypted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil, says(step{status: 200, body: answer}))
	in := abnormal()
	_, err := d.direct.ApplyAbnormal(t.Context(), in)
	require.NoError(t, err)
	for _, secret := range []string{"6222020111122220000", "张三", "***"} {
		assert.NotContains(t, d.only().body, secret)
	}
	name, err := in.RealName.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "张三", name, "the caller's value is untouched")

	in.RealName = seal.Plain(strings.Repeat("长", 72)) // 216 bytes
	_, err = d.direct.ApplyAbnormal(t.Context(), in)
	require.ErrorIs(t, err, seal.ErrTooLong)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.NotContains(t, err.Error(), "长")
	assert.Len(t, d.all(), 1)
}

func TestAdverse40_StatesNeverGoBack(t *testing.T) {
	t.Parallel()
	all := []refund.State{refund.StateProcessing, refund.StateAbnormal, refund.StateSuccess, refund.StateClosed, "", "NEW"}
	for i, a := range all {
		for j, b := range all {
			assert.False(t, a.Supersedes(b) && b.Supersedes(a))
			if i < 4 && j < i {
				assert.Equal(t, b != refund.StateSuccess || a != refund.StateClosed, a.Supersedes(b), "%s after %s", a, b)
			}
		}
		assert.Equal(t, a == refund.StateSuccess || a == refund.StateClosed, a.Terminal(), a)
		assert.False(t, a.Supersedes(refund.StateSuccess))
	}
	assert.True(t, refund.StateProcessing.Supersedes(""))
}

func TestAdverse44_MatchesNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *refund.Refund, in *refund.Request)
		fields []string
	}{
		{"ours", func(*refund.Refund, *refund.Request) {}, nil},
		{"by our number", func(_ *refund.Refund, in *refund.Request) { in.TransactionID, in.OutTradeNo = "", "order1" }, nil},
		{"a notice has no currency", func(r *refund.Refund, _ *refund.Request) { r.Amount.Currency = "" }, nil},
		{"number", func(r *refund.Refund, _ *refund.Request) { r.OutRefundNo = "R2" }, []string{"out_refund_no"}},
		{"transaction", func(r *refund.Refund, _ *refund.Request) { r.TransactionID = "4" }, []string{"transaction_id"}},
		{"order", func(_ *refund.Refund, in *refund.Request) { in.TransactionID, in.OutTradeNo = "", "order2" }, []string{"out_trade_no"}},
		{"amounts", func(r *refund.Refund, _ *refund.Request) { r.Amount.Refund, r.Amount.Total = 1, 1 }, []string{"amount.refund", "amount.total"}},
		{"currency", func(r *refund.Refund, _ *refund.Request) { r.Amount.Currency = "JPY" }, []string{"amount.currency"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, in := want(), request()
			tt.change(&r, &in)
			err := r.Matches(in)
			if tt.fields == nil {
				require.NoError(t, err)
				return
			}
			var e *pay.MismatchError
			require.ErrorAs(t, err, &e)
			var fields []string
			for _, d := range e.Differences {
				fields = append(fields, d.Field)
			}
			assert.Equal(t, tt.fields, fields)
		})
	}
}

func TestRefundReadsItsStateUnderBothNames(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]refund.State{
		`{"status":"SUCCESS"}`:                           refund.StateSuccess,
		`{"refund_status":"ABNORMAL"}`:                   refund.StateAbnormal,
		`{"refund_status":"CLOSED","status":"CLOSED"}`:   refund.StateClosed,
		`{"refund_status":"PROCESSING","status":null}`:   refund.StateProcessing,
		`{"refund_status":"","status":"NEW"}`:            "NEW",
		`{}`:                                             "",
		`{"user_received_account":"支付用户零钱","status":""}`: "",
	} {
		var r refund.Refund
		require.NoError(t, wire.Unmarshal([]byte(body), &r), body)
		assert.Equal(t, want, r.State, body)
	}
	kept := refund.Refund{State: refund.StateSuccess}
	require.NoError(t, json.Unmarshal([]byte("null"), &kept))
	assert.Equal(t, refund.StateSuccess, kept.State, "null changes nothing")
	require.NoError(t, json.Unmarshal([]byte("{}"), &kept))
	assert.Empty(t, kept.State, "an answer without a state does not inherit one")

	out, err := json.Marshal(want())
	require.NoError(t, err)
	var again refund.Refund
	require.NoError(t, json.Unmarshal(out, &again))
	same(t, want(), again)
}

func TestAdverse67_68_RefundIsReadStrictly(t *testing.T) {
	t.Parallel()
	for name, body := range badDocuments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, wire.Unmarshal([]byte(body), new(refund.Refund)))
			r, err := newDesk(t, says(step{status: 200, body: body}), nil).direct.Query(t.Context(), number)
			require.Error(t, err)
			assert.Nil(t, r)
			assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
		})
	}
}

var badDocuments = map[string]string{
	"67 duplicate state":        `{"status":"PROCESSING","status":"SUCCESS"}`,
	"67 duplicate notice state": `{"refund_status":"CLOSED","refund_status":"SUCCESS"}`,
	"67 two states":             `{"status":"CLOSED","refund_status":"SUCCESS"}`,
	"67 upper case":             `{"STATUS":"SUCCESS"}`,
	"67 upper case, notice":     `{"Refund_Status":"SUCCESS"}`,
	"67 long s":                 `{"\u017ftatus":"SUCCESS"}`,
	"67 amount":                 `{"amount":{"refund":1,"Refund":100}}`,
	"68 string for number":      `{"amount":{"refund":"100"}}`,
	"68 exponent":               `{"amount":{"refund":1e2}}`,
	"68 past int64":             `{"amount":{"refund":9223372036854775808}}`,
	"68 array for object":       `{"amount":[]}`,
	"68 object for string":      `{"status":{}}`,
	"68 array":                  `[]`,
	"69 trailing document":      `{"status":"SUCCESS"}{}`,
}

func FuzzRefund(f *testing.F) {
	f.Add([]byte(answer))
	for _, body := range badDocuments {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"refund_status":"SUCCESS","amount":{"total":1,"refund":1,"payer_total":1,"payer_refund":1},"mchid":"1"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r refund.Refund
		if wire.Unmarshal(body, &r) != nil {
			return
		}
		if r.Matches(request()) == nil && (r.Amount.Refund != 60 || r.OutRefundNo != number) {
			t.Fatalf("%+v matches", r)
		}
		out, err := json.Marshal(r)
		if err != nil {
			return // a year past 9999
		}
		var again refund.Refund
		if err := wire.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if again.State != r.State || again.Amount.Refund != r.Amount.Refund {
			t.Fatalf("%s changed", out)
		}
	})
}
