package pay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

// step is one scripted answer.
type step struct {
	status int
	body   string
	fault  wechattest.Fault
}

func state(s pay.TradeState) step {
	return step{status: 200, body: fmt.Sprintf(`{"appid":"wx0000a1","mchid":"0000190001","out_trade_no":"order1","trade_state":%q,"trade_state_desc":"x"}`, s)}
}

func refuses(status int, code wechat.Code) step {
	return step{status: status, body: refusal(string(code))}
}

func (s step) with(k wechattest.Kind) step { s.fault.Kind = k; return s }

var (
	closed   = step{status: 204}
	reversed = step{status: 200, body: `{"appid":"wx0000a1","mchid":"0000190001","out_trade_no":"order1"}`}
	unknown  = refuses(404, pay.ErrOrderNotExist)
	lost     = step{status: 200, fault: wechattest.Fault{Kind: wechattest.LostReply}}
	broken   = refuses(500, wechat.ErrSystem)
)

// follows answers queries and ends (close or reverse) from two scripts; the last
// line of each is repeated.
func follows(queries, ends []step) func(*desk) httpmock.Responder {
	return func(d *desk) httpmock.Responder {
		return func(r *http.Request) (*http.Response, error) {
			script := &queries
			if r.Method == http.MethodPost {
				script = &ends
			}
			if len(*script) == 0 {
				d.t.Errorf("unexpected %s %s", r.Method, r.URL)
				return nil, errors.New("not in the script")
			}
			s := (*script)[0]
			if len(*script) > 1 {
				*script = (*script)[1:]
			}
			return d.account.RawResponder(s.status, []byte(s.body), s.fault)(r)
		}
	}
}

// journey are the requests of a resolution: "10s query", "30m0s close".
func (d *desk) journey(start time.Time) []string {
	var all []string
	for _, s := range d.all() {
		what := "query"
		if i := strings.LastIndexByte(s.target, '/'); s.method == http.MethodPost {
			what = s.target[i+1:]
		}
		all = append(all, s.at.Sub(start).String()+" "+what)
	}
	return all
}

func TestResolve(t *testing.T) {
	t.Parallel()
	whole := []string{"10s query", "30s query", "1m0s query", "3m0s query", "5m0s query", "10m0s query", "30m0s query"}
	plus := func(more ...string) []string { return append(append([]string(nil), whole...), more...) }
	tests := []struct {
		name          string
		queries, ends []step
		want          wechat.Outcome
		state         pay.TradeState // of the last transaction, "" for none
		journey       []string
		err           error // beside ErrUnresolved
	}{
		{"paid at once", []step{state(pay.StateSuccess)}, nil, wechat.Done, pay.StateSuccess, whole[:1], nil},
		{"refunded since", []step{state(pay.StateRefund)}, nil, wechat.Done, pay.StateRefund, whole[:1], nil},
		{"paid after a while", []step{unknown, state(pay.StateNotPay), state(pay.StateUserPaying), state(pay.StateSuccess)}, nil, wechat.Done, pay.StateSuccess, whole[:4], nil},
		{"closed by somebody", []step{state(pay.StateNotPay), state(pay.StateClosed)}, nil, wechat.NotDone, pay.StateClosed, whole[:2], nil},
		{"failed", []step{state(pay.StatePayError)}, nil, wechat.NotDone, pay.StatePayError, whole[:1], nil},
		{"never paid", []step{state(pay.StateNotPay)}, []step{closed}, wechat.NotDone, pay.StateNotPay, plus("30m0s close", "30m0s query"), nil},
		{"never known: close first", []step{unknown}, []step{closed}, wechat.NotDone, "", plus("30m0s close", "30m0s query"), nil},
		{"never known, not even to close", []step{unknown}, []step{unknown}, wechat.NotDone, "", plus("30m0s close", "30m0s query"), nil},
		{"closed before", []step{state(pay.StateNotPay)}, []step{refuses(400, pay.ErrOrderClosed)}, wechat.NotDone, pay.StateNotPay, plus("30m0s close", "30m0s query"), nil},
		{"new states are not the end", []step{state("MELTING"), state(pay.StateSuccess)}, nil, wechat.Done, pay.StateSuccess, whole[:2], nil},
		{"trouble on the way", []step{broken, lost, state(pay.StateSuccess).with(wechattest.Unsigned), refuses(429, wechat.ErrRateLimited), state(pay.StateSuccess)}, nil, wechat.Done, pay.StateSuccess, whole[:5], nil},
		{"an unproved 404 is nothing", []step{unknown.with(wechattest.Unsigned)}, []step{unknown.with(wechattest.Unsigned)}, wechat.Unknown, "",
			plus("30m0s close", "30m0s query", "30m10s close", "30m10s query", "30m20s close", "30m20s query", "30m30s close", "30m30s query",
				"30m40s close", "30m40s query", "30m50s close", "30m50s query", "31m0s close", "31m0s query", "31m10s close", "31m10s query"), pay.ErrOrderNotExist},
		{"an unproved payment is nothing", []step{state(pay.StateNotPay), state(pay.StateSuccess).with(wechattest.WrongSignature), state(pay.StateNotPay)}, []step{closed}, wechat.NotDone, pay.StateNotPay, plus("30m0s close", "30m0s query"), nil},
		{"not allowed", []step{unknown, refuses(403, wechat.ErrNoAuth)}, nil, wechat.Unknown, "", whole[:2], wechat.ErrNoAuth},
		{"not ourselves", []step{state(pay.StateNotPay), refuses(401, wechat.ErrSign)}, nil, wechat.Unknown, pay.StateNotPay, whole[:2], wechat.ErrSign},
		{"not ourselves, unsigned", []step{refuses(401, wechat.ErrSign).with(wechattest.Unsigned)}, nil, wechat.Unknown, "", whole[:1], wechat.ErrSign},
		{"may not close", []step{state(pay.StateNotPay)}, []step{refuses(403, wechat.ErrNoAuth)}, wechat.Unknown, pay.StateNotPay, plus("30m0s close", "30m0s query"), wechat.ErrNoAuth},
		{"not ourselves at the close", []step{state(pay.StateNotPay)}, []step{refuses(401, wechat.ErrSign)}, wechat.Unknown, pay.StateNotPay, plus("30m0s close"), wechat.ErrSign},
		{"close lost, then clear", []step{state(pay.StateNotPay)}, []step{lost, broken, closed}, wechat.NotDone, pay.StateNotPay,
			plus("30m0s close", "30m0s query", "30m10s close", "30m10s query", "30m20s close", "30m20s query"), nil},
		{"close lost, the query tells", append(repeat(7, state(pay.StateNotPay)), state(pay.StateClosed)), []step{lost}, wechat.NotDone, pay.StateClosed, plus("30m0s close", "30m0s query"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, start := newDesk(t, follows(tt.queries, tt.ends)), time.Now()
				got, err := d.direct.Resolve(t.Context(), "order1")
				assert.Equal(t, tt.want, got.Outcome)
				assert.Equal(t, tt.journey, d.journey(start))
				if tt.state == "" {
					assert.Nil(t, got.Transaction)
				} else if assert.NotNil(t, got.Transaction) {
					assert.Equal(t, tt.state, got.Transaction.TradeState)
				}
				if tt.want != wechat.Unknown {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, pay.ErrUnresolved)
				require.ErrorIs(t, err, tt.err)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "what is certain about a query says nothing about the order")
			})
		})
	}
}

func repeat(n int, s step) []step {
	var all []step
	for range n {
		all = append(all, s)
	}
	return all
}

// A payment that lands while the order is being closed wins, whatever the close
// says.
func TestAdverse51_PaymentDuringCloseWins(t *testing.T) {
	t.Parallel()
	waiting := append(repeat(7, state(pay.StateNotPay)), state(pay.StateSuccess))
	for name, end := range map[string]step{
		"refused with 400": refuses(400, "ORDERPAID"),
		"refused with 403": refuses(403, pay.ErrTrade),
		"refused unsigned": refuses(403, pay.ErrTrade).with(wechattest.Unsigned),
		"lost":             lost,
		"500":              broken,
		"accepted":         closed,
		"accepted, forged": closed.with(wechattest.WrongSignature),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, follows(append([]step(nil), waiting...), []step{end}))
				got, err := d.direct.Resolve(t.Context(), "order1")
				require.NoError(t, err)
				assert.Equal(t, wechat.Done, got.Outcome)
				assert.Equal(t, pay.StateSuccess, got.Transaction.TradeState)
			})
		})
	}
}

func TestResolveCodepay(t *testing.T) {
	t.Parallel()
	whole := []string{"5s query", "10s query", "15s query", "20s query", "25s query", "30s query"}
	plus := func(more ...string) []string { return append(append([]string(nil), whole...), more...) }
	paying := repeat(6, state(pay.StateUserPaying))
	then := func(more ...step) []step { return append(append([]step(nil), paying...), more...) }
	tests := []struct {
		name          string
		queries, ends []step
		want          wechat.Outcome
		journey       []string
	}{
		{"paid", []step{state(pay.StateUserPaying), state(pay.StateSuccess)}, nil, wechat.Done, whole[:2]},
		{"failed", []step{state(pay.StatePayError)}, nil, wechat.NotDone, whole[:1]},
		{"reversed unpaid", then(state(pay.StateRevoked)), []step{reversed}, wechat.NotDone, plus("30s reverse", "30s query")},
		{"reversed and paid back", then(state(pay.StateRefund)), []step{reversed}, wechat.NotDone, plus("30s reverse", "30s query")},
		{"reversed, still shown as paid for a moment", then(state(pay.StateSuccess), state(pay.StateRevoked)), []step{reversed}, wechat.NotDone,
			plus("30s reverse", "30s query", "40s reverse", "40s query")},
		{"reversed, the query is lost", then(lost), []step{reversed}, wechat.NotDone, plus("30s reverse", "30s query")},
		{"reversal refused, for it is paid", then(state(pay.StateSuccess)), []step{refuses(400, wechat.ErrRequest)}, wechat.Done, plus("30s reverse", "30s query")},
		{"reversal lost, paid: it may be on its way back", then(state(pay.StateSuccess), state(pay.StateRevoked)), []step{lost, reversed}, wechat.NotDone,
			plus("30s reverse", "30s query", "40s reverse", "40s query")},
		{"still paying while reversing", then(state(pay.StateUserPaying), state(pay.StateRevoked)), []step{refuses(202, pay.ErrUserPaying), reversed}, wechat.NotDone,
			plus("30s reverse", "30s query", "40s reverse", "40s query")},
		{"never known: not before the code has died", []step{unknown}, []step{unknown}, wechat.NotDone,
			plus("30s reverse", "30s query", "40s reverse", "40s query", "50s reverse", "50s query", "1m0s reverse", "1m0s query",
				"1m10s reverse", "1m10s query", "1m20s reverse", "1m20s query", "1m30s reverse", "1m30s query", "1m40s reverse", "1m40s query")},
		{"reversal lost, then refused: the money may be on its way back", then(state(pay.StateSuccess)), []step{lost, refuses(400, wechat.ErrRequest)}, wechat.Unknown,
			plus("30s reverse", "30s query", "40s reverse", "40s query", "50s reverse", "50s query", "1m0s reverse", "1m0s query",
				"1m10s reverse", "1m10s query", "1m20s reverse", "1m20s query", "1m30s reverse", "1m30s query", "1m40s reverse", "1m40s query")},
		{"shown as paid for ever", then(state(pay.StateSuccess)), []step{reversed}, wechat.Unknown,
			plus("30s reverse", "30s query", "40s reverse", "40s query", "50s reverse", "50s query", "1m0s reverse", "1m0s query",
				"1m10s reverse", "1m10s query", "1m20s reverse", "1m20s query", "1m30s reverse", "1m30s query", "1m40s reverse", "1m40s query")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, start := newDesk(t, follows(tt.queries, tt.ends)), time.Now()
				got, err := d.direct.ResolveCodepay(t.Context(), "order1")
				assert.Equal(t, tt.want, got.Outcome)
				assert.Equal(t, tt.journey, d.journey(start))
				if tt.want == wechat.Unknown {
					require.ErrorIs(t, err, pay.ErrUnresolved)
					return
				}
				require.NoError(t, err)
			})
		})
	}
}

func TestResolverOnItsOwnSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, start := newDesk(t, follows([]step{state(pay.StateNotPay)}, []step{closed})), time.Now()
		got, err := pay.Resolver{Orders: d.partner, KeepOpen: true, Schedule: []time.Duration{0, 2 * time.Second}}.Resolve(t.Context(), "order1")
		require.ErrorIs(t, err, pay.ErrUnresolved)
		assert.Equal(t, wechat.Unknown, got.Outcome)
		assert.Equal(t, pay.StateNotPay, got.Transaction.TradeState)
		assert.Equal(t, []string{"0s query", "2s query"}, d.journey(start), "an open order stays open")
		assert.Contains(t, d.all()[0].target, "/v3/pay/partner/transactions/out-trade-no/order1?sp_mchid=")

		var naps []time.Duration
		nap := func(_ context.Context, d time.Duration) error { naps = append(naps, d); return nil }
		got, err = pay.Resolver{Orders: d.partner, Schedule: []time.Duration{time.Hour, 3 * time.Hour}, Sleep: nap}.Resolve(t.Context(), "order1")
		require.NoError(t, err)
		assert.Equal(t, wechat.NotDone, got.Outcome)
		assert.Equal(t, []time.Duration{time.Hour, 2 * time.Hour}, naps)
		assert.Equal(t, 2*time.Second, time.Since(start), "its own clock")

		n := len(d.all())
		got, err = pay.Resolver{Orders: d.partner, Schedule: []time.Duration{}}.Resolve(t.Context(), "order1")
		require.NoError(t, err)
		assert.Equal(t, wechat.NotDone, got.Outcome)
		assert.Len(t, d.all(), n+2, "close and look")
	})
}

func TestResolveStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, start := newDesk(t, follows([]step{state(pay.StateNotPay), broken}, []step{lost})), time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		got, err := d.direct.Resolve(ctx, "order1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, pay.ErrUnresolved)
		require.ErrorIs(t, err, wechat.ErrSystem, "and what went wrong before")
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.Equal(t, wechat.Unknown, got.Outcome)
		assert.Equal(t, pay.StateNotPay, got.Transaction.TradeState)
		assert.Equal(t, 40*time.Second, time.Since(start))

		ctx, shut := context.WithCancelCause(t.Context())
		gone := errors.New("shop closes")
		shut(gone)
		_, err = d.direct.Resolve(ctx, "order1")
		require.ErrorIs(t, err, context.Canceled)

		ctx, stop := context.WithTimeout(t.Context(), 30*time.Minute+15*time.Second)
		defer stop()
		got, err = d.direct.Resolve(ctx, "order1")
		require.ErrorIs(t, err, context.DeadlineExceeded, "also between two closes")
		assert.Equal(t, wechat.Unknown, got.Outcome)
	})
}

func TestResolveRefusesWhatItCannotAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, says(200, "{}"))
		_, err := d.direct.Resolve(t.Context(), "no/number")
		require.ErrorIs(t, err, pay.ErrUnresolved)
		invalid(t, err, "out_trade_no")
		assert.Empty(t, d.all())
	})
}

// A proved answer about another order proves nothing about ours.
func TestResolveIgnoresAnswersAboutOtherOrders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		other := state(pay.StateSuccess)
		other.body = strings.Replace(other.body, "order1", "order2", 1)
		d := newDesk(t, follows([]step{other}, []step{broken}))
		got, err := d.direct.Resolve(t.Context(), "order1")
		require.ErrorIs(t, err, pay.ErrUnresolved)
		assert.Equal(t, wechat.Unknown, got.Outcome)
		assert.Nil(t, got.Transaction)
	})
}

func TestResolveNeedsItsService(t *testing.T) {
	t.Parallel()
	_, err := pay.Resolver{}.Resolve(t.Context(), "order1")
	invalid(t, err, "Resolver.Orders")
}

func TestRefusedResolveSaysItsOperationOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, answers(refuses(http.StatusForbidden, wechat.ErrNoAuth)))
		_, err := d.direct.Resolve(t.Context(), "order1")
		require.ErrorIs(t, err, pay.ErrUnresolved)
		require.ErrorIs(t, err, wechat.ErrNoAuth)
		assert.Equal(t, 1, strings.Count(err.Error(), "/v3/pay"), err.Error())
	})
}

// Nobody's Service says so at the first call.
func TestServiceOfNobody(t *testing.T) {
	t.Parallel()
	s := pay.New(nil, appID)
	_, err := s.PrepayNative(t.Context(), native())
	require.ErrorContains(t, err, "not made by NewMerchant")
	_, err = s.JSAPIParams("wx1")
	require.ErrorContains(t, err, "not made by NewMerchant")
	_, err = s.Resolve(t.Context(), "order1")
	require.ErrorContains(t, err, "not made by NewMerchant")
}
