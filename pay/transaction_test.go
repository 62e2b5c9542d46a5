package pay_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay"
)

var states = []pay.TradeState{pay.StateNotPay, pay.StateUserPaying, pay.StateClosed, pay.StatePayError, pay.StateSuccess, pay.StateRefund, pay.StateRevoked}

func TestTradeState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state          pay.TradeState
		terminal, paid bool
	}{
		{pay.StateSuccess, true, true}, {pay.StateRefund, true, true}, {pay.StateClosed, true, false}, {pay.StateRevoked, true, false},
		{pay.StatePayError, true, false}, {pay.StateNotPay, false, false}, {pay.StateUserPaying, false, false}, {"", false, false}, {"SHINY", false, false},
	} {
		assert.Equal(t, tt.terminal, tt.state.Terminal(), tt.state)
		assert.Equal(t, tt.paid, tt.state.Paid(), tt.state)
	}
}

// Invariant I7 and adverse input 40: whatever order reports arrive in, a state
// does not go back.
func TestAdverse40_StatesNeverGoBack(t *testing.T) {
	t.Parallel()
	assert.True(t, pay.StateSuccess.Supersedes(pay.StateNotPay))
	assert.True(t, pay.StateSuccess.Supersedes(""))
	assert.True(t, pay.StateSuccess.Supersedes(pay.StateClosed), "a payment that lands during the close wins")
	assert.True(t, pay.StateRefund.Supersedes(pay.StateSuccess))
	assert.True(t, pay.StateRefund.Supersedes(pay.StateNotPay), "the refund's query came before the payment's notice")
	assert.True(t, pay.StateRevoked.Supersedes(pay.StateSuccess))
	for _, older := range []pay.TradeState{pay.StateNotPay, pay.StateUserPaying, pay.StateClosed, pay.StatePayError, "", "SHINY"} {
		assert.False(t, older.Supersedes(pay.StateSuccess), older)
		assert.False(t, older.Supersedes(pay.StateRefund), older)
	}
	for _, a := range states {
		assert.False(t, a.Supersedes(a))
		for _, b := range states {
			assert.False(t, a.Supersedes(b) && b.Supersedes(a), "%s %s", a, b)
		}
	}
}

func TestAdverse44_MatchesNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, says(200, "{}"))
	other := func(s string) string { return s + "9" }
	tests := []struct {
		name    string
		partner bool
		change  func(tx *pay.Transaction)
		fields  []string
	}{
		{"ours", false, func(*pay.Transaction) {}, nil},
		{"ours, partner", true, func(*pay.Transaction) {}, nil},
		{"no currency", false, func(tx *pay.Transaction) { tx.Amount.Currency = "" }, nil},
		{"refunded since", false, func(tx *pay.Transaction) { tx.TradeState = pay.StateRefund }, nil},
		{"amount", false, func(tx *pay.Transaction) { tx.Amount.Total = 99 }, []string{"amount.total"}},
		{"no amount", false, func(tx *pay.Transaction) { tx.Amount = pay.TransactionAmount{} }, []string{"amount.total"}},
		{"negative amount", false, func(tx *pay.Transaction) { tx.Amount.Total = -100 }, []string{"amount.total"}},
		{"currency", false, func(tx *pay.Transaction) { tx.Amount.Currency = "JPY" }, []string{"amount.currency"}},
		{"merchant", false, func(tx *pay.Transaction) { tx.MchID = other(tx.MchID) }, []string{"mchid"}},
		{"app", false, func(tx *pay.Transaction) { tx.AppID = other(tx.AppID) }, []string{"appid"}},
		{"no app", false, func(tx *pay.Transaction) { tx.AppID = "" }, []string{"appid"}},
		{"code payment without app", false, func(tx *pay.Transaction) { tx.AppID, tx.TradeType = "", pay.TradeMicropay }, nil},
		{"code payment of another app", false, func(tx *pay.Transaction) { tx.AppID, tx.TradeType = "wxother", pay.TradeMicropay }, []string{"appid"}},
		{"number", false, func(tx *pay.Transaction) { tx.OutTradeNo = "another1" }, []string{"out_trade_no"}},
		{"partner's", false, func(tx *pay.Transaction) { tx.Party = partnerParty }, []string{"mchid", "sp_mchid", "sub_mchid", "appid", "sp_appid", "sub_appid"}},
		{"direct's", true, func(tx *pay.Transaction) { tx.Party = directParty }, []string{"mchid", "sp_mchid", "sub_mchid", "appid", "sp_appid"}},
		{"sub-merchant", true, func(tx *pay.Transaction) { tx.SubMchID = other(tx.SubMchID) }, []string{"sub_mchid"}},
		{"sub's app", true, func(tx *pay.Transaction) { tx.SubAppID = other(tx.SubAppID) }, []string{"sub_appid"}},
		{"sub's app left out", true, func(tx *pay.Transaction) { tx.SubAppID = "" }, nil},
		{"unpaid without amount", false, func(tx *pay.Transaction) { tx.TradeState, tx.Amount = pay.StateNotPay, pay.TransactionAmount{} }, nil},
		{"unpaid with another amount", false, func(tx *pay.Transaction) { tx.TradeState, tx.Amount.Total = pay.StateNotPay, 1 }, []string{"amount.total"}},
		{"two at once", false, func(tx *pay.Transaction) { tx.OutTradeNo, tx.Amount.Total = strings.Repeat("x", 999), 1 }, []string{"out_trade_no", "amount.total"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tx, want := paid(directParty, pay.User{OpenID: "oSecret"}), d.direct.Want(number, 100)
			if tt.partner {
				tx, want = paid(partnerParty, pay.User{SpOpenID: "oSecret"}), d.partner.Want(number, 100)
			}
			tt.change(tx)
			err := tx.Matches(want)
			if tt.fields == nil {
				require.NoError(t, err)
				return
			}
			var e *pay.MismatchError
			require.ErrorAs(t, err, &e)
			var fields []string
			for _, d := range e.Differences {
				fields = append(fields, d.Field)
				assert.Contains(t, err.Error(), d.Field)
			}
			assert.Equal(t, tt.fields, fields)
			assert.Less(t, len(err.Error()), 400)
			assert.NotContains(t, err.Error(), "oSecret")
		})
	}
	unpriced := paid(directParty, pay.User{})
	unpriced.Amount.Total = 0
	require.Error(t, unpriced.Matches(d.direct.Want(number, 0)), "an order of nothing is no order")
	assert.ErrorContains(t, paid(directParty, pay.User{}).Matches(d.direct.Want(number, 1)), "amount.total is 1.00 yuan, want 0.01 yuan")
}

// badDocuments are answers and payloads that could be read in two ways, or whose
// money cannot be read at all (adverse inputs 67 and 68).
var badDocuments = map[string]string{
	"67 duplicate state":       `{"trade_state":"NOTPAY","trade_state":"SUCCESS"}`,
	"67 duplicate amount":      `{"amount":{"total":1,"total":100}}`,
	"67 upper case":            `{"trade_state":"NOTPAY","TRADE_STATE":"SUCCESS"}`,
	"67 upper case alone":      `{"Trade_State":"SUCCESS"}`,
	"67 long s":                `{"trade_\u017ftate":"SUCCESS"}`,
	"67 escaped duplicate":     `{"mchid":"1","mch\u0069d":"2"}`,
	"67 nested case variant":   `{"amount":{"Total":100}}`,
	"67 owner's case variant":  `{"MCHID":"0000190001"}`,
	"68 array for object":      `{"amount":[]}`,
	"68 object for string":     `{"out_trade_no":{}}`,
	"68 string for number":     `{"amount":{"total":"100"}}`,
	"68 fraction":              `{"amount":{"total":100.5}}`,
	"68 whole with a fraction": `{"amount":{"total":100.0}}`,
	"68 exponent":              `{"amount":{"total":1e2}}`,
	"68 past int64":            `{"amount":{"total":9223372036854775808}}`,
	"68 bool for number":       `{"amount":{"total":true}}`,
	"68 number for string":     `{"out_trade_no":12345678}`,
	"68 null":                  `null`,
	"68 array":                 `[]`,
	"68 string":                `"SUCCESS"`,
	"69 trailing document":     `{"trade_state":"NOTPAY"}{"trade_state":"SUCCESS"}`,
	"69 byte order mark":       "\ufeff" + `{"trade_state":"SUCCESS"}`,
	"66 depth":                 `{"new":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`,
	"not a time":               `{"success_time":"yesterday"}`,
}

func TestAdverse67_68_TransactionIsReadStrictly(t *testing.T) {
	t.Parallel()
	for name, body := range badDocuments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, wire.Unmarshal([]byte(body), new(pay.Transaction)))
			tx, err := newDesk(t, says(200, body)).direct.Query(t.Context(), number)
			require.Error(t, err)
			assert.Nil(t, tx)
			assert.Equal(t, wechat.Done, wechat.OutcomeOf(err), "the query was answered, only not legibly")
			var call *wechat.CallError
			require.ErrorAs(t, err, &call)
			assert.Equal(t, body, string(call.Body), "the raw answer is kept")
		})
	}
}

func TestAdverse68_TransactionTolerates(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want pay.Transaction
	}{
		"nulls":          {`{"trade_state":"NOTPAY","payer":null,"amount":null,"promotion_detail":null,"success_time":null,"attach":null}`, pay.Transaction{TradeState: pay.StateNotPay}},
		"past 2^53":      {`{"amount":{"total":9007199254740993}}`, pay.Transaction{Amount: pay.TransactionAmount{Total: 9007199254740993}}},
		"new enum":       {`{"trade_state":"NEW","trade_type":"NEWER"}`, pay.Transaction{TradeState: "NEW", TradeType: "NEWER"}},
		"unknown shapes": {`{"extra":[{"a":1.5e300}],"more":{"sum":{"x":[]}}}`, pay.Transaction{}},
		"no time":        {`{"success_time":""}`, pay.Transaction{}},
		"empty":          {`{}`, pay.Transaction{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got pay.Transaction
			require.NoError(t, wire.Unmarshal([]byte(tt.body), &got))
			assert.Equal(t, tt.want, got)
			if got.TradeState.Paid() {
				t.Fatal("nothing here is paid")
			}
		})
	}
}

// A decoded transaction never panics, never becomes paid by accident, and reads
// back the same.
func FuzzTransaction(f *testing.F) {
	for _, e := range endpoints() {
		if strings.Contains(e.answer, "trade_state") {
			f.Add([]byte(e.answer))
		}
	}
	for _, body := range badDocuments {
		if len(body) < 1000 {
			f.Add([]byte(body))
		}
	}
	f.Add([]byte(`{"amount":{"total":-1},"trade_state":"SUCCESS","promotion_detail":[{},{"goods_detail":[{}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var tx pay.Transaction
		if wire.Unmarshal(body, &tx) != nil {
			return
		}
		if tx.TradeState.Paid() && !tx.TradeState.Terminal() {
			t.Fatal("paid but not terminal")
		}
		err := tx.Matches(pay.Want{Party: directParty, OutTradeNo: number, Total: 100})
		if err == nil && tx.TradeState.Paid() && (tx.Amount.Total != 100 || tx.MchID != mchID || tx.OutTradeNo != number) {
			t.Fatalf("%+v matches", tx)
		}
		out, err := json.Marshal(tx)
		if err != nil {
			return // a year past 9999
		}
		var again pay.Transaction
		if err := wire.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if !tx.SuccessTime.IsZero() && again.SuccessTime.Sub(tx.SuccessTime.Time).Abs() >= 1e9 {
			t.Fatalf("time %v became %v", tx.SuccessTime, again.SuccessTime)
		}
		tx.SuccessTime, again.SuccessTime = wechat.Time{}, wechat.Time{}
		if len(tx.PromotionDetail) == 0 {
			tx.PromotionDetail = nil
		}
		first, _ := json.Marshal(tx)
		second, _ := json.Marshal(again)
		if string(first) != string(second) {
			t.Fatalf("%s became %s", first, second)
		}
	})
}
