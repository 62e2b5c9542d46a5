package pay_test

import (
	"net/http"
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

// answers gives the answers in turn; the last one is repeated.
func answers(all ...step) func(*desk) httpmock.Responder {
	return func(d *desk) httpmock.Responder {
		return func(r *http.Request) (*http.Response, error) {
			s := all[0]
			if len(all) > 1 {
				all = all[1:]
			}
			return d.account.RawResponder(s.status, []byte(s.body), s.fault)(r)
		}
	}
}

// adverse calls every method that writes, with the default backoff, and tells how
// many requests it took. Reads and Keyed writes may repeat; a code payment may not.
func adverse(t *testing.T, e endpoint, script ...step) (sent []sent, err error) {
	t.Helper()
	d := newDesk(t, answers(script...), wechat.WithBackoff(wechat.DefaultBackoff))
	_, err = e.on(d)
	all := d.all()
	for _, r := range all[1:] {
		assert.Equal(t, all[0].body, r.body, "repeated unchanged")
		assert.Equal(t, all[0].target, r.target)
	}
	return all, err
}

func once(e endpoint) bool { return e.name == "Codepay/direct" || e.name == "Codepay/partner" }

func (e endpoint) good() step { return step{status: e.status, body: e.answer} }

func inTime(t *testing.T, f func(t *testing.T, e endpoint)) {
	t.Helper()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, e) })
		})
	}
}

func TestAdverse15_AcceptedIsRepeated(t *testing.T) {
	t.Parallel()
	inTime(t, func(t *testing.T, e endpoint) {
		sent, err := adverse(t, e, refuses(202, pay.ErrUserPaying), e.good())
		if once(e) {
			require.ErrorIs(t, err, pay.ErrUserPaying)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "ResolveCodepay ends it")
			assert.Len(t, sent, 1)
			return
		}
		require.NoError(t, err)
		assert.Len(t, sent, 2)
	})
}

func TestAdverse16_TooManyRequests(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{"absent": "", "huge": "86400", "negative": "-1", "date": "Fri, 31 Dec 2099 23:59:59 GMT", "nonsense": "soon"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTime(t, func(t *testing.T, e endpoint) {
				slow := refuses(429, wechat.ErrRateLimited)
				slow.fault = wechattest.Fault{Kind: wechattest.Status, Status: 429, Code: "FREQUENCY_LIMITED", Header: http.Header{"Retry-After": {after}}}
				start := time.Now()
				sent, err := adverse(t, e, slow, e.good())
				assert.Less(t, time.Since(start), 15*time.Second, name)
				if once(e) || name == "huge" || name == "date" { // waiting a day is the caller's decision
					require.ErrorIs(t, err, wechat.ErrRateLimited)
					assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
					assert.Len(t, sent, 1)
					return
				}
				require.NoError(t, err)
				assert.Len(t, sent, 2)
			})
		})
	}
}

func TestAdverse17_TroubleThenSuccessIsOneOrder(t *testing.T) {
	t.Parallel()
	inTime(t, func(t *testing.T, e endpoint) {
		sent, err := adverse(t, e, broken, lost, e.good())
		if once(e) {
			require.ErrorIs(t, err, wechat.ErrSystem)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			assert.Len(t, sent, 1)
			return
		}
		require.NoError(t, err)
		assert.Len(t, sent, 3)
	})
}

func TestAdverse18_BrownOutEndsSoon(t *testing.T) {
	t.Parallel()
	inTime(t, func(t *testing.T, e endpoint) {
		sent, err := adverse(t, e, refuses(503, wechat.ErrSystem))
		require.ErrorIs(t, err, wechat.ErrSystem)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		if once(e) {
			assert.Len(t, sent, 1)
			return
		}
		assert.Len(t, sent, 3)
	})
}

func TestCloseTwiceIsFine(t *testing.T) {
	t.Parallel()
	require.NoError(t, newDesk(t, says(400, refusal("ORDER_CLOSED"))).direct.Close(t.Context(), number))
	require.NoError(t, newDesk(t, says(400, refusal("ORDERCLOSED"))).partner.Close(t.Context(), number))
	err := newDesk(t, suffers(400, refusal("ORDER_CLOSED"), wechattest.Fault{Kind: wechattest.Unsigned})).direct.Close(t.Context(), number)
	require.ErrorIs(t, err, pay.ErrOrderClosed, "an unproved refusal closes nothing")
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
}

func TestIsOrderPaid(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer step
		id     string
		want   bool
	}{
		"by its code":        {refuses(400, "ORDERPAID"), "", true},
		"by its number":      {refuses(403, pay.ErrTrade), "08F8-268449538", true},
		"by the other":       {refuses(400, wechat.ErrRequest), "08F8-268498689", true},
		"something else":     {refuses(400, wechat.ErrRequest), "08F8-268435461", false},
		"by code, unsigned":  {refuses(400, "ORDERPAID").with(wechattest.Unsigned), "", false},
		"never answered":     {lost, "", false},
		"closed, no problem": {closed, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newDesk(t, func(d *desk) httpmock.Responder {
				return func(r *http.Request) (*http.Response, error) {
					res, err := answers(tt.answer)(d)(r)
					if res != nil && tt.id != "" {
						res.Header.Set("Request-ID", tt.id)
					}
					return res, err
				}
			}).direct.Close(t.Context(), number)
			assert.Equal(t, tt.want, pay.IsOrderPaid(err))
		})
	}
	assert.False(t, pay.IsOrderPaid(nil))
}

// Every code is compared as WeChat Pay spells it and without its underscores.
func TestCodesHaveSynonyms(t *testing.T) {
	t.Parallel()
	for code, other := range map[wechat.Code]string{
		pay.ErrOrderNotExist: "ORDERNOTEXIST", pay.ErrOrderClosed: "ORDERCLOSED", pay.ErrOutTradeNoUsed: "OUT_TRADE_NO_USED",
		pay.ErrUserPaying: "USER_PAYING", pay.ErrNotEnough: "NOTENOUGH", pay.ErrRuleLimit: "RULELIMIT", pay.ErrAccount: "ACCOUNTERROR",
		pay.ErrBank: "BANKERROR", pay.ErrTrade: "TRADE_ERROR", pay.ErrMchNotExists: "MCH_NOT_EXISTS", pay.ErrAppIDMchID: "APPID_MCHID_NOT_MATCH",
		pay.ErrOpenIDMismatch: "OPENID_MISMATCH", pay.ErrBadTransaction: "INVALID_TRANSACTIONID",
	} {
		_, err := newDesk(t, says(400, refusal(other))).direct.Query(t.Context(), number)
		require.ErrorIs(t, err, code)
		assert.NotErrorIs(t, err, wechat.ErrParam)
	}
}
