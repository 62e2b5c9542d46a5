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
)

func state(s string) string {
	return signed(sign.MD5, fields{"out_trade_no": "A1", "trade_state": s, "total_fee": "100"})
}

func refusal(code string) string {
	return signed(sign.MD5, fields{"result_code": "FAIL", "err_code": code})
}

func TestResolveMicropay(t *testing.T) {
	t.Parallel()
	const html = "<html>502</html>"
	tests := []struct {
		name     string
		queries  []string // the last one repeats
		reverses []string
		outcome  wechat.Outcome
		calls    string // q and r in order
		err      error
	}{
		{"paid at once", []string{state("SUCCESS")}, nil, wechat.Done, "q", nil},
		{"paid and partly refunded", []string{state("REFUND")}, nil, wechat.Done, "q", nil},
		{"paid after the password", []string{state("USERPAYING"), html, state("SUCCESS")}, nil, wechat.Done, "qqq", nil},
		{"failed", []string{state("PAYERROR")}, nil, wechat.NotDone, "q", nil},
		{"reversed before", []string{state("REVOKED")}, nil, wechat.NotDone, "q", nil},
		{"never paid", []string{state("NOTPAY")}, []string{signed(sign.MD5, fields{"recall": "N"})}, wechat.NotDone, "qqqqqqr", nil},
		{"unknown to WeChat Pay", []string{refusal("ORDERNOTEXIST")}, []string{signed(sign.MD5, fields{"recall": "N"})}, wechat.NotDone, "qqqqqqr", nil},
		{"recalled", []string{state("USERPAYING")}, []string{signed(sign.MD5, fields{"recall": "Y"}), html, refusal("SYSTEMERROR"), refusal("USERPAYING"), signed(sign.MD5, fields{"recall": "N"})},
			wechat.NotDone, "qqqqqqrrrrr", nil},
		{"recalled for ever", []string{state("USERPAYING")}, []string{signed(sign.MD5, fields{"recall": "Y"})}, wechat.Unknown, "qqqqqqrrrrrrrr", apiv2.ErrUnresolved},
		{"no answer at all", []string{html}, []string{html}, wechat.Unknown, "qqqqqqrrrrrrrr", apiv2.ErrUnresolved},
		{"too late", []string{state("USERPAYING")}, []string{refusal("REVERSE_EXPIRE")}, wechat.Unknown, "qqqqqqr", apiv2.ErrReverseExpired},
		{"another order", []string{signed(sign.MD5, fields{"out_trade_no": "A2", "trade_state": "SUCCESS"})},
			[]string{signed(sign.MD5, fields{"recall": "N"})}, wechat.NotDone, "qqqqqqr", nil},
		{"unproved payment", []string{unsigned(fields{"out_trade_no": "A1", "trade_state": "SUCCESS"})}, []string{html}, wechat.Unknown, "qqqqqqrrrrrrrr", apiv2.ErrUnresolved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls, q, r := "", 0, 0
			k := newDesk(t, sign.MD5, func(_ int, url string) string {
				if strings.HasSuffix(url, "orderquery") {
					calls += "q"
					q++
					return tt.queries[min(q, len(tt.queries))-1]
				}
				calls += "r"
				r++
				return tt.reverses[min(r, len(tt.reverses))-1]
			})
			var waited time.Duration
			k.direct.Sleep = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			got, err := k.direct.ResolveMicropay(t.Context(), "A1")
			assert.Equal(t, tt.calls, calls)
			assert.Equal(t, tt.outcome, got.Outcome)
			if tt.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.err)
				require.ErrorIs(t, err, apiv2.ErrUnresolved)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			}
			if strings.Contains(calls, "r") {
				assert.GreaterOrEqual(t, waited, 30*time.Second, "nothing is reversed before the official time")
			}
		})
	}
}

func TestResolveMicropayStops(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(state("USERPAYING")))
	gone := errors.New("the till was switched off")
	k.direct.Sleep = func(context.Context, time.Duration) error { return gone }
	_, err := k.direct.ResolveMicropay(t.Context(), "A1")
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, apiv2.ErrUnresolved)
	n := 0
	k.direct.Sleep = func(context.Context, time.Duration) error {
		if n++; n > 7 {
			return gone
		}
		return nil
	}
	k.answer = always("<html>")
	_, err = k.direct.ResolveMicropay(t.Context(), "A1")
	require.ErrorIs(t, err, gone)
	n = -100
	_, err = k.direct.ResolveMicropay(t.Context(), "")
	var field *wechat.FieldError
	require.ErrorAs(t, err, &field)

	own := apiv2.New(k.m, appID) // with a real timer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = own.ResolveMicropay(ctx, "A1")
	require.ErrorIs(t, err, context.Canceled)
}

func TestMicropayUnknown(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]wechat.Outcome{"USERPAYING": wechat.Unknown, "SYSTEMERROR": wechat.Unknown, "BANKERROR": wechat.Unknown,
		"NOTENOUGH": wechat.NotDone, "AUTHCODEEXPIRE": wechat.NotDone, "ORDERPAID": wechat.NotDone} {
		k := newDesk(t, sign.MD5, always(refusal(code)))
		_, err := k.direct.Micropay(t.Context(), apiv2.MicropayRequest{OutTradeNo: "A12345", Body: "茶", Total: 100, IP: "192.0.2.1", AuthCode: "134567890123456789"})
		assert.Equal(t, want, wechat.OutcomeOf(err), code)
		assert.Len(t, k.sent, 1, "a payment code works once")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(refusal("ORDERCLOSED")))
	require.NoError(t, k.direct.Close(t.Context(), "A1"))
	k.answer = always(refusal("ORDERPAID"))
	require.ErrorIs(t, k.direct.Close(t.Context(), "A1"), pay.ErrOrderPaid)
	k.answer = always(unsigned(fields{"result_code": "FAIL", "err_code": "ORDERCLOSED"}))
	require.Error(t, k.direct.Close(t.Context(), "A1"), "an unproved answer closes nothing")
}
