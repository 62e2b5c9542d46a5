package apiv2_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestResolver(t *testing.T) {
	t.Parallel()
	const html = "<html>502</html>"
	closed := signed(sign.MD5, fields{})
	forbidden := document("xml", fields{"return_code": "FAIL", "return_msg": "签名错误"})
	tests := []struct {
		name    string
		queries []string // the last one repeats
		closes  []string
		open    bool
		outcome wechat.Outcome
		calls   string // q and c in order
		err     error
	}{
		{"paid at once", []string{state("SUCCESS")}, nil, false, wechat.Done, "q", nil},
		{"paid and partly refunded", []string{state("REFUND")}, nil, false, wechat.Done, "q", nil},
		{"paid after a while", []string{state("NOTPAY"), html, state("SUCCESS")}, nil, false, wechat.Done, "qqq", nil},
		{"closed before", []string{state("CLOSED")}, nil, false, wechat.NotDone, "q", nil},
		{"never paid", []string{state("NOTPAY")}, []string{closed}, false, wechat.NotDone, "qqqqqqqcq", nil},
		{"only looked at", []string{state("NOTPAY")}, nil, true, wechat.Unknown, "qqqqqqq", apiv2.ErrUnresolved},
		{"paid during the close", []string{state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("SUCCESS")},
			[]string{refusal("ORDERPAID")}, false, wechat.Done, "qqqqqqqcq", nil},
		{"paid, and the query is late", []string{state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), state("NOTPAY"), html, state("NOTPAY"), state("SUCCESS")},
			[]string{refusal("ORDERPAID")}, false, wechat.Done, "qqqqqqqcqcqcq", nil},
		{"closed, and the query breaks", []string{state("NOTPAY"), html}, []string{closed}, false, wechat.NotDone, "qqqqqqqcq", nil},
		{"unknown to WeChat Pay", []string{refusal("ORDERNOTEXIST")}, []string{refusal("ORDERNOTEXIST")}, false, wechat.NotDone, "qqqqqqqcq", nil},
		{"unknown to the close alone", []string{state("NOTPAY")}, []string{refusal("ORDERNOTEXIST"), closed}, false, wechat.NotDone, "qqqqqqqcqcq", nil},
		{"unknown, says an unproved answer", []string{unsigned(fields{"result_code": "FAIL", "err_code": "ORDERNOTEXIST"})},
			[]string{unsigned(fields{"result_code": "FAIL", "err_code": "ORDERNOTEXIST"})}, false, wechat.Unknown, "qqqqqqq" + strings.Repeat("cq", 8), apiv2.ErrUnresolved},
		{"trouble with the close", []string{state("USERPAYING")}, []string{refusal("SYSTEMERROR"), html, closed}, false, wechat.NotDone, "qqqqqqqcqcqcq", nil},
		{"no answer at all", []string{html}, []string{html}, false, wechat.Unknown, "qqqqqqq" + strings.Repeat("cq", 8), apiv2.ErrUnresolved},
		{"another key", []string{forbidden}, []string{forbidden}, false, wechat.Unknown, "qqqqqqq" + strings.Repeat("cq", 8), apiv2.ErrUnresolved},
		{"another order", []string{signed(sign.MD5, fields{"out_trade_no": "A2", "trade_state": "SUCCESS"})}, []string{closed}, false, wechat.NotDone, "qqqqqqqcq", nil},
		{"unproved payment", []string{unsigned(fields{"out_trade_no": "A1", "trade_state": "SUCCESS"})}, []string{html}, false, wechat.Unknown,
			"qqqqqqq" + strings.Repeat("cq", 8), apiv2.ErrUnresolved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls, q, c := "", 0, 0
			k := newDesk(t, sign.MD5, func(_ int, url string) string {
				if strings.HasSuffix(url, "orderquery") {
					calls += "q"
					q++
					return tt.queries[min(q, len(tt.queries))-1]
				}
				assert.Equal(t, "/pay/closeorder", url)
				calls += "c"
				c++
				return tt.closes[min(c, len(tt.closes))-1]
			})
			var waited time.Duration
			k.direct.Sleep = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			got, err := apiv2.Resolver{Orders: k.direct, KeepOpen: tt.open}.Resolve(t.Context(), "A1")
			assert.Equal(t, tt.calls, calls)
			assert.Equal(t, tt.outcome, got.Outcome)
			if tt.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.err)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				assert.NotContains(t, err.Error(), "\n")
			}
			if strings.Contains(calls, "c") {
				assert.GreaterOrEqual(t, waited, 30*time.Minute, "nothing is closed before the official time")
			}
			for _, sent := range k.sent {
				assert.Equal(t, "A1", sent["out_trade_no"], "the number never changes")
			}
		})
	}
}

func TestResolverStops(t *testing.T) {
	t.Parallel()
	_, err := apiv2.Resolver{}.Resolve(t.Context(), "A1")
	require.ErrorContains(t, err, "Resolver.Orders")
	k := newDesk(t, sign.MD5, always(state("NOTPAY")))
	var field *wechat.FieldError
	_, err = k.direct.Resolve(t.Context(), "")
	require.ErrorAs(t, err, &field)
	assert.Empty(t, k.sent)

	gone, n := errors.New("the shop closes"), 0
	k.answer = always("<html>")
	k.direct.Sleep = func(context.Context, time.Duration) error {
		if n++; n == 2 {
			return gone
		}
		return nil
	}
	got, err := apiv2.Resolver{Orders: k.direct, Schedule: []time.Duration{0}}.Resolve(t.Context(), "A1")
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, apiv2.ErrUnresolved)
	assert.Equal(t, wechat.Unknown, got.Outcome)
	assert.Nil(t, got.Transaction)
}

// TestResolveOnTheSimulator loses the answer to the order, the notice, and both.
func TestResolveOnTheSimulator(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	got, err := b.orders.Resolve(t.Context(), "A00001")
	require.NoError(t, err)
	assert.Equal(t, wechat.Done, got.Outcome)
	require.NoError(t, got.Transaction.Matches(b.orders.Want("A00001", 100)))
	assert.Equal(t, 10*time.Second, b.slept)

	in := apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "A00002", Body: "tea", Total: 100, IP: "192.0.2.1", NotifyURL: "http://127.0.0.1:9/n", ProductID: "tea"}
	b.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/pay/unifiedorder"})
	_, err = b.orders.Place(t.Context(), in)
	require.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	got, err = b.orders.Resolve(t.Context(), "A00002")
	require.NoError(t, err)
	assert.Equal(t, wechat.NotDone, got.Outcome, "closed after half an hour without a payment")
	left, err := b.orders.Query(t.Context(), "A00002")
	require.NoError(t, err)
	assert.Equal(t, pay.StateClosed, left.TradeState)
	_, err = b.orders.Place(t.Context(), in)
	require.ErrorIs(t, err, pay.ErrOrderClosed)

	got, err = b.orders.Resolve(t.Context(), "A00003")
	require.NoError(t, err)
	assert.Equal(t, wechat.NotDone, got.Outcome, "never placed")
	assert.Nil(t, got.Transaction)
}
