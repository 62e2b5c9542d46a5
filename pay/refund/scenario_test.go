package refund_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

const notifyURL = "http://127.0.0.1:1/notify"

// store is a shop with one paid order of 100 fen, order-0001, in the simulator.
type store struct {
	sim     *wechattest.Pay
	clock   *wechattest.VirtualClock
	mchID   string
	refunds *refund.Service
	handler *notify.Handler

	mu  sync.Mutex
	got []notify.Event[refund.Refund]
	by  []string
}

// Do carries a notice to the shop.
func (s *store) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func newStore(t *testing.T, partner bool) *store {
	t.Helper()
	s := &store{clock: wechattest.NewClock(time.Time{})}
	var err error
	s.sim, err = wechattest.NewPay(wechattest.Config{Clock: s.clock, Keys: wechattest.ReusedKeys(), Notify: s, RefundDelay: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.sim.Close()) })
	o := wechattest.MerchantOptions{Partner: partner}
	if partner {
		o.Subs = []wechattest.SubMerchant{{Name: "tea"}}
	}
	account, err := s.sim.NewMerchant(o)
	require.NoError(t, err)
	m, err := wechat.NewMerchant(account.Config(), append(account.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	if partner {
		m = m.For(wechat.Sub{MchID: account.Subs[0].MchID})
	}
	s.mchID, s.refunds = account.MchID, refund.New(m)
	s.handler = notify.NewHandler(notify.V3(m))
	note := func(kind string) func(context.Context, notify.Event[refund.Refund]) error {
		return func(_ context.Context, e notify.Event[refund.Refund]) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.got, s.by = append(s.got, e), append(s.by, kind)
			return nil
		}
	}
	notify.On(s.handler, pay.Paid, func(context.Context, notify.Event[pay.Transaction]) error { return nil })
	notify.On(s.handler, refund.Succeeded, note("succeeded"))
	notify.On(s.handler, refund.Abnormal, note("abnormal"))
	notify.On(s.handler, refund.Closed, note("closed"))
	n, err := pay.New(m, account.AppID).PrepayNative(t.Context(), pay.NativeRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}})
	require.NoError(t, err)
	_, err = s.sim.Pay(n.CodeURL, wechattest.User{Name: "lin"})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	return s
}

func give(no string, fen wechat.Fen) refund.Request {
	return refund.Request{OutTradeNo: "order-0001", OutRefundNo: no, NotifyURL: notifyURL, Amount: refund.Amount{Refund: fen, Total: 100}}
}

func (s *store) balance() (sum wechat.Fen) {
	for _, e := range s.sim.Ledger(s.mchID) {
		sum += e.Amount
	}
	return sum
}

// Every way a refund can end, direct and for a sub-merchant.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	for side, partner := range map[string]bool{"direct": false, "partner": true} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, partner)
			for _, no := range []string{"R-good", "R-bad", "R-gone"} {
				r, err := s.refunds.Apply(t.Context(), give(no, 30))
				require.NoError(t, err)
				assert.Equal(t, refund.StateProcessing, r.State)
				s.clock.Advance(time.Minute)
			}
			_, err := s.refunds.Apply(t.Context(), give("R-over", 11))
			require.Error(t, err, "more than is left")
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))

			require.NoError(t, s.sim.SettleRefund(s.mchID, "R-good", "SUCCESS"))
			require.NoError(t, s.sim.SettleRefund(s.mchID, "R-bad", "ABNORMAL"))
			require.NoError(t, s.sim.SettleRefund(s.mchID, "R-gone", "CLOSED"))
			s.clock.Advance(time.Second)
			assert.ElementsMatch(t, []string{"succeeded", "abnormal", "closed"}, s.by)
			keys := map[string]bool{}
			for i, e := range s.got {
				keys[e.Key] = true
				r, err := s.refunds.Query(t.Context(), e.Data.OutRefundNo)
				require.NoError(t, err)
				assert.Equal(t, r.State, e.Data.State)
				require.NoError(t, e.Data.Matches(give(e.Data.OutRefundNo, 30)))
				assert.Equal(t, s.mchID+"/"+e.Type+"/"+r.RefundID, e.Key)
				assert.Equal(t, e.Data.State == refund.StateSuccess, s.by[i] == "succeeded")
			}
			assert.Len(t, keys, 3)
			assert.Equal(t, wechat.Fen(70), s.balance())

			s.rescue(t)
		})
	}
}

// rescue sends the money of R-bad to the user's bank card.
func (s *store) rescue(t *testing.T) {
	t.Helper()
	bad, err := s.refunds.Query(t.Context(), "R-bad")
	require.NoError(t, err)
	r, err := s.refunds.ApplyAbnormal(t.Context(), refund.AbnormalRequest{RefundID: bad.RefundID, OutRefundNo: "R-bad", Type: refund.ToUserCard,
		BankType: refund.BankCMB, BankAccount: seal.Plain("6222020111122220000"), RealName: seal.Plain("张三")})
	require.NoError(t, err)
	assert.Equal(t, refund.StateProcessing, r.State)
	s.clock.Advance(2 * time.Hour)
	r, err = s.refunds.Query(t.Context(), "R-bad")
	require.NoError(t, err)
	assert.Equal(t, refund.StateSuccess, r.State)
	assert.Equal(t, refund.ChannelOtherBankcard, r.Channel)
	assert.Equal(t, wechat.Fen(40), s.balance())
	_, err = s.refunds.Apply(t.Context(), give("R-again", 30)) // what was closed may go back under a new number
	require.NoError(t, err)
}

// A refund whose answer is lost, or that never arrived, ends as one refund.
func TestResolveAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault wechattest.Fault
		err   error
	}{
		"done, the answer lost": {wechattest.Fault{Kind: wechattest.LostReply}, nil},
		"done, then a 500":      {wechattest.Fault{Kind: wechattest.Status, Status: 500, After: true}, wechat.ErrSystem},
		"done, then a 429":      {wechattest.Fault{Kind: wechattest.Status, Status: 429, After: true}, wechat.ErrRateLimited},
		"done, badly signed":    {wechattest.Fault{Kind: wechattest.WrongSignature}, nil},
		"never done, a 500":     {wechattest.Fault{Kind: wechattest.Status, Status: 500}, wechat.ErrSystem},
		"never done, a 429":     {wechattest.Fault{Kind: wechattest.Status, Status: 429}, wechat.ErrRateLimited},
		"never done, a gateway": {wechattest.Fault{Kind: wechattest.HTML}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, false)
			tt.fault.Method = http.MethodPost
			s.sim.Fault(tt.fault)
			_, err := s.refunds.Apply(t.Context(), give("R-1", 30))
			require.Error(t, err)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
			}
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			r, err := refund.Resolver{Refunds: s.refunds, Sleep: func(_ context.Context, d time.Duration) error { s.clock.Advance(d); return nil }}.Resolve(t.Context(), give("R-1", 30))
			require.NoError(t, err)
			assert.Equal(t, "R-1", r.OutRefundNo)
			require.NoError(t, s.sim.SettleRefund(s.mchID, "R-1", "SUCCESS"))
			assert.Equal(t, wechat.Fen(70), s.balance(), "refunded once")
		})
	}
}
