package pay_test

import (
	"context"
	"encoding/json"
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
	"github.com/wxcommerce/wechat/wechattest"
)

const notifyURL = "http://127.0.0.1:1/notify"

var lin = wechattest.User{Name: "lin"}

// store is a shop whose WeChat Pay is the simulator; notices reach it without a
// socket.
type store struct {
	t       *testing.T
	sim     *wechattest.Pay
	clock   *wechattest.VirtualClock
	account *wechattest.Account
	m       *wechat.Merchant
	orders  *pay.Service
	refunds *refund.Service
	handler *notify.Handler

	mu       sync.Mutex
	payments []pay.Transaction
	keys     []string
	returned []refund.Refund
}

// Do carries a notice to the shop.
func (s *store) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// newStore opens a shop. A partner's works for its one sub-merchant.
func newStore(t *testing.T, partner, subApp bool, opts ...wechat.Option) *store {
	t.Helper()
	s := &store{t: t, clock: wechattest.NewClock(time.Time{})}
	var err error
	s.sim, err = wechattest.NewPay(wechattest.Config{Clock: s.clock, Keys: wechattest.ReusedKeys(), Notify: s})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.sim.Close()) })
	o := wechattest.MerchantOptions{Partner: partner}
	if partner {
		o.Subs = []wechattest.SubMerchant{{Name: "tea"}}
	}
	s.account, err = s.sim.NewMerchant(o)
	require.NoError(t, err)
	s.m, err = wechat.NewMerchant(s.account.Config(), append(s.account.Options(), opts...)...)
	require.NoError(t, err)
	if partner {
		sub := wechat.Sub{MchID: s.account.Subs[0].MchID}
		if subApp {
			sub.AppID = s.account.Subs[0].AppIDs[0]
		}
		s.m = s.m.For(sub)
	}
	s.orders, s.refunds = pay.New(s.m, s.account.AppID), refund.New(s.m)
	s.handler = notify.NewHandler(notify.V3(s.m))
	notify.On(s.handler, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := e.Data.Matches(s.orders.Want("order-0001", 100)); err != nil {
			return err
		}
		s.payments, s.keys = append(s.payments, e.Data), append(s.keys, e.Key)
		return nil
	})
	notify.On(s.handler, refund.AnyState, func(_ context.Context, e notify.Event[refund.Refund]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.returned = append(s.returned, e.Data)
		return nil
	})
	return s
}

// payer is the openid to order for, and the app the page runs in.
func (s *store) payer() (pay.Payer, string) {
	sub := s.m.Sub()
	switch {
	case !s.m.IsPartner():
		return pay.Payer{OpenID: lin.OpenID(s.account.AppID)}, s.account.AppID
	case sub.AppID != "":
		return pay.Payer{SubOpenID: lin.OpenID(sub.AppID)}, sub.AppID
	}
	return pay.Payer{SpOpenID: lin.OpenID(s.account.AppID)}, s.account.AppID
}

// kinds place the order order-0001 of 100 fen and return what opens it, after the
// WeChat client has looked at what it was handed.
var kinds = map[string]struct {
	trade pay.TradeType
	place func(s *store) string
}{
	"JSAPI": {pay.TradeJSAPI, func(s *store) string {
		payer, _ := s.payer()
		p, err := s.orders.PrepayJSAPI(s.t.Context(), pay.JSAPIRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}, Payer: payer})
		require.NoError(s.t, err)
		page, err := s.orders.JSAPIParams(p.PrepayID)
		require.NoError(s.t, err)
		_, err = s.sim.CheckJSAPI(wechattest.PageParams(*page), lin)
		require.NoError(s.t, err)
		return p.PrepayID
	}},
	"mini program": {pay.TradeJSAPI, func(s *store) string {
		payer, app := s.payer()
		p, err := s.orders.PrepayJSAPI(s.t.Context(), pay.JSAPIRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}, Payer: payer})
		require.NoError(s.t, err)
		page, err := s.orders.MiniProgramParams(p.PrepayID)
		require.NoError(s.t, err)
		_, err = s.sim.CheckMiniProgram(app, wechattest.PageParams{TimeStamp: page.TimeStamp, NonceStr: page.NonceStr, Package: page.Package, SignType: page.SignType, PaySign: page.PaySign}, lin)
		require.NoError(s.t, err)
		return p.PrepayID
	}},
	"APP": {pay.TradeAPP, func(s *store) string {
		p, err := s.orders.PrepayAPP(s.t.Context(), pay.APPRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}})
		require.NoError(s.t, err)
		params, err := s.orders.APPParams(p.PrepayID)
		require.NoError(s.t, err)
		text, err := json.Marshal(params)
		require.NoError(s.t, err)
		var handed wechattest.AppParams
		require.NoError(s.t, json.Unmarshal(text, &handed))
		_, err = s.sim.CheckApp(handed, lin)
		require.NoError(s.t, err)
		return p.PrepayID
	}},
	"Native": {pay.TradeNative, func(s *store) string {
		n, err := s.orders.PrepayNative(s.t.Context(), pay.NativeRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}})
		require.NoError(s.t, err)
		return n.CodeURL
	}},
	"H5": {pay.TradeMWeb, func(s *store) string {
		h, err := s.orders.PrepayH5(s.t.Context(), pay.H5Request{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 100},
			SceneInfo: pay.H5SceneInfo{PayerClientIP: "2001:db8::1", H5Info: pay.H5Info{Type: pay.H5Wap}}})
		require.NoError(s.t, err)
		return h.RedirectTo("https://shop.example/paid?no=1")
	}},
}

// The whole way of every kind, direct and for a sub-merchant with and without an
// app: prepay, pay, query, notice, refund, its notice.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		for side, open := range map[string][2]bool{"direct": {}, "partner": {true, false}, "partner with the sub's app": {true, true}} {
			t.Run(name+"/"+side, func(t *testing.T) {
				t.Parallel()
				s := newStore(t, open[0], open[1])
				ref := kind.place(s)
				before, err := s.orders.Query(t.Context(), "order-0001")
				require.NoError(t, err)
				assert.Equal(t, pay.StateNotPay, before.TradeState)
				require.NoError(t, before.Matches(s.orders.Want("order-0001", 100)))

				paid, err := s.sim.Pay(ref, lin)
				require.NoError(t, err)
				s.clock.Advance(time.Second)
				after, err := s.orders.Query(t.Context(), "order-0001")
				require.NoError(t, err)
				byID, err := s.orders.QueryByID(t.Context(), paid.TransactionID)
				require.NoError(t, err)
				assert.Equal(t, after, byID)
				assert.Equal(t, kind.trade, after.TradeType)
				assert.True(t, after.TradeState.Paid())
				require.NoError(t, after.Matches(s.orders.Want("order-0001", 100)))
				require.Len(t, s.payments, 1)
				assert.Equal(t, *after, s.payments[0], "query and notice are one type and say the same")
				assert.Equal(t, []string{s.account.MchID + "/TRANSACTION.SUCCESS/" + paid.TransactionID}, s.keys)
				assert.True(t, pay.IsOrderPaid(s.orders.Close(t.Context(), "order-0001")))

				s.giveBack(t)
			})
		}
	}
}

// giveBack refunds 30 of the 100 fen.
func (s *store) giveBack(t *testing.T) {
	t.Helper()
	in := refund.Request{OutTradeNo: "order-0001", OutRefundNo: "R-1", Reason: "一杯", NotifyURL: notifyURL, Amount: refund.Amount{Refund: 30, Total: 100}}
	r, err := s.refunds.Apply(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, refund.StateProcessing, r.State)
	require.NoError(t, r.Matches(in))
	s.clock.Advance(time.Minute)
	r, err = s.refunds.Query(t.Context(), "R-1")
	require.NoError(t, err)
	assert.Equal(t, refund.StateSuccess, r.State)
	require.Len(t, s.returned, 1)
	assert.Equal(t, refund.StateSuccess, s.returned[0].State)
	require.NoError(t, s.returned[0].Matches(in))
	assert.Equal(t, r.RefundID, s.returned[0].RefundID)

	tx, err := s.orders.Query(t.Context(), "order-0001")
	require.NoError(t, err)
	assert.Equal(t, pay.StateRefund, tx.TradeState)
	assert.True(t, tx.TradeState.Supersedes(pay.StateSuccess))
	var sum wechat.Fen
	for _, e := range s.sim.Ledger(s.account.MchID) {
		sum += e.Amount
	}
	assert.Equal(t, wechat.Fen(70), sum)
}

func TestAdverse44_NoticeOfAnotherPriceFulfilsNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t, false, false)
	n, err := s.orders.PrepayNative(t.Context(), pay.NativeRequest{Description: "茶", OutTradeNo: "order-0001", NotifyURL: notifyURL, Amount: pay.Amount{Total: 1}})
	require.NoError(t, err)
	_, err = s.sim.Pay(n.CodeURL, lin)
	require.NoError(t, err)
	s.clock.Advance(25 * time.Hour)
	assert.Empty(t, s.payments)
	for _, d := range s.sim.Deliveries() {
		assert.False(t, d.Accepted)
	}
	assert.Len(t, s.sim.Deliveries(), 16)
}

func TestAdverse17_LostReplyIsOneOrder(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, false, false, wechat.WithBackoff(func(n int, _ *http.Response, _ error) time.Duration { return time.Duration(3-n) * time.Microsecond }))
			s.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: "POST"})
			ref := kind.place(s)
			assert.Len(t, s.account.Orders(), 1)
			_, err := s.sim.Pay(ref, lin)
			require.NoError(t, err)
			assert.Len(t, s.sim.Ledger(s.account.MchID), 1)
		})
	}
}

// A code payment that asks for the password, resolved in every way it can end.
func TestCodepayAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	for _, partner := range []bool{false, true} {
		for name, tt := range map[string]struct {
			act   func(s *store, code string) error // while it waits
			want  wechat.Outcome
			state pay.TradeState
		}{
			"paid":     {func(s *store, code string) error { _, err := s.sim.Pay(code, lin); return err }, wechat.Done, pay.StateSuccess},
			"refused":  {func(s *store, code string) error { _, err := s.sim.Cancel(code); return err }, wechat.NotDone, pay.StatePayError},
			"reversed": {func(*store, string) error { return nil }, wechat.NotDone, pay.StateRevoked},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newStore(t, partner, false)
				code, err := s.sim.NewCarefulAuthCode(lin)
				require.NoError(t, err)
				in := codepay()
				in.OutTradeNo, in.Payer.AuthCode = "order-0001", code
				_, err = s.orders.Codepay(t.Context(), in)
				require.ErrorIs(t, err, pay.ErrUserPaying)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				acted := false
				got, err := pay.Resolver{Orders: s.orders, Codepay: true, Sleep: func(_ context.Context, d time.Duration) error {
					s.clock.Advance(d)
					if !acted {
						acted = true
						return tt.act(s, code)
					}
					return nil
				}}.Resolve(t.Context(), "order-0001")
				require.NoError(t, err)
				assert.Equal(t, tt.want, got.Outcome)
				assert.Equal(t, tt.state, got.Transaction.TradeState)
			})
		}
		t.Run("at once, then reversed", func(t *testing.T) {
			t.Parallel()
			s := newStore(t, partner, false)
			code, err := s.sim.NewAuthCode(lin)
			require.NoError(t, err)
			in := codepay()
			in.OutTradeNo, in.Payer.AuthCode = "order-0001", code
			tx, err := s.orders.Codepay(t.Context(), in)
			require.NoError(t, err)
			assert.Equal(t, pay.TradeMicropay, tx.TradeType)
			require.NoError(t, tx.Matches(s.orders.Want("order-0001", 100)))
			require.NoError(t, s.orders.Reverse(t.Context(), "order-0001"))
			require.NoError(t, s.orders.Reverse(t.Context(), "order-0001"))
			var sum wechat.Fen
			for _, e := range s.sim.Ledger(s.account.MchID) {
				sum += e.Amount
			}
			assert.Zero(t, sum)
		})
	}
}

// An unpaid order is closed at the end of the schedule; one that is paid while it
// is being closed is Done.
func TestResolveAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, false, false)
			ref := kind.place(s)
			advance := func(_ context.Context, d time.Duration) error { s.clock.Advance(d); return nil }
			got, err := pay.Resolver{Orders: s.orders, Sleep: advance}.Resolve(t.Context(), "order-0001")
			require.NoError(t, err)
			assert.Equal(t, wechat.NotDone, got.Outcome)
			assert.Equal(t, pay.StateClosed, got.Transaction.TradeState)
			_, err = s.sim.Pay(ref, lin)
			require.Error(t, err, "nobody can pay it any more")
			require.NoError(t, s.orders.Close(t.Context(), "order-0001"), "closing twice is fine")
		})
	}
	t.Run("paid between query and close", func(t *testing.T) {
		t.Parallel()
		s := newStore(t, false, false)
		ref := kinds["Native"].place(s)
		s.sim.Fault(wechattest.Fault{Kind: wechattest.Slow, Delay: time.Nanosecond, Match: func(r *http.Request) bool {
			if r.Method == http.MethodPost {
				_, err := s.sim.Pay(ref, lin)
				assert.NoError(t, err)
			}
			return false
		}})
		got, err := pay.Resolver{Orders: s.orders, Schedule: []time.Duration{}}.Resolve(t.Context(), "order-0001")
		require.NoError(t, err)
		assert.Equal(t, wechat.Done, got.Outcome)
	})
}
