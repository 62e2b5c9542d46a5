package delivery_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

// shop is a mini program with a server, and the simulator it talks to.
type shop struct {
	*wechattest.App
	clock   *wechattest.VirtualClock
	orders  *delivery.Service
	handler *notify.Handler
	log     []string
	keys    map[string]int
}

// Do is the server.
func (s *shop) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(r.Method, r.URL.String(), r.Body))
	return w.Result(), nil
}

func (s *shop) note(key string, words ...string) error {
	s.keys[key]++
	s.log = append(s.log, strings.Join(words, " "))
	return nil
}

func newShop(t *testing.T, change ...func(*wechattest.AppConfig)) *shop {
	t.Helper()
	s := &shop{clock: wechattest.NewClock(time.Time{}), keys: map[string]int{}}
	cfg := wechattest.AppConfig{Kind: wechattest.MiniProgram, Name: "tea", Clock: s.clock, Sender: s,
		Push: wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: wechattest.PushSafe, JSON: true}}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	s.App, err = wechattest.NewApp(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	d, err := notify.Push(notify.PushConfig{AppID: s.AppID, Token: seal.NewKey(s.Push().Token), EncodingAESKey: seal.NewKey(s.Push().EncodingAESKey), Now: s.clock.Now})
	require.NoError(t, err)
	s.handler = notify.NewHandler(d)
	notify.On(s.handler, delivery.Settled, func(_ context.Context, e notify.Event[delivery.Settlement]) error {
		if !e.Data.Settled() {
			return s.note(e.Key, "shipped", e.Data.OutTradeNo, e.Data.ShippedAt.Format("01-02 15:04"), "money about", e.Data.EstimatedAt.Format("01-02 15:04"))
		}
		return s.note(e.Key, "settled", e.Data.OutTradeNo, e.Data.SettledAt.Format("01-02 15:04"), "confirmed", e.Data.ConfirmedAt.Format("01-02 15:04"), "by", strconv.Itoa(int(e.Data.Method)))
	})
	notify.On(s.handler, delivery.Overdue, func(_ context.Context, e notify.Event[delivery.Reminder]) error {
		return s.note(e.Key, "overdue", e.Data.OutTradeNo, e.Data.MchID, e.Data.PaidAt.Format("01-02 15:04"), e.Data.Message)
	})
	notify.On(s.handler, delivery.Connect, func(_ context.Context, e notify.Event[delivery.Message]) error {
		return s.note(e.Key, "connect", e.Data.Message)
	})
	notify.On(s.handler, delivery.Controlled, func(_ context.Context, e notify.Event[delivery.Message]) error {
		return s.note(e.Key, "controlled", e.Data.Message)
	})
	app, err := s.Client(wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	s.orders = delivery.New(app)
	return s
}

func (s *shop) ship(ctx context.Context, in delivery.Shipment) error {
	return delivery.Shipper{Orders: s.orders, Sleep: func(_ context.Context, d time.Duration) error { s.clock.Advance(d); return nil }}.Ship(ctx, in)
}

// paid is a payment of Lin, and its shipment by express.
func (s *shop) paid(t *testing.T, no string) (wechattest.PaidOrder, delivery.Shipment) {
	t.Helper()
	lin := wechattest.User{Name: "Lin"}
	o, err := s.AddPaid(wechattest.PaidOrder{MchID: "0000190001", OutTradeNo: no, OpenID: lin.OpenID(s.AppID), Total: 1999})
	require.NoError(t, err)
	return o, delivery.Shipment{Order: delivery.Number{TransactionID: o.TransactionID}, By: delivery.Express, At: s.clock.Now(), OpenID: o.OpenID,
		Parcels: []delivery.Parcel{{TrackingNo: "YT1", Company: delivery.CompanyYTO, ItemDesc: "Tea cup x2"}}}
}

func (s *shop) state(t *testing.T, o wechattest.PaidOrder) delivery.State {
	t.Helper()
	got, err := s.orders.Get(t.Context(), delivery.Number{TransactionID: o.TransactionID})
	require.NoError(t, err)
	return got.State
}

// days of a shop: everything in time, and what time does to an order.
func TestScenarioExpress(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name string
		push wechattest.AppPush
	}{
		{"JSON, encrypted", wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: wechattest.PushSafe, JSON: true}},
		{"XML, encrypted", wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: wechattest.PushSafe}},
		{"XML, both", wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: wechattest.PushCompatible}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, func(c *wechattest.AppConfig) { c.Push = mode.push })
			o, in := s.paid(t, "SO-0001")
			assert.Equal(t, delivery.Waiting, s.state(t, o))
			s.clock.Advance(time.Hour)
			in.At = s.clock.Now()
			require.NoError(t, s.ship(t.Context(), in))
			require.NoError(t, s.ship(t.Context(), in), "the same again is nothing new")
			assert.Equal(t, delivery.Shipped, s.state(t, o))

			s.clock.Advance(3 * 24 * time.Hour)
			require.ErrorIs(t, s.orders.Remind(t.Context(), in.Order, in.At.Add(-time.Minute)), delivery.ErrReceivedTime)
			require.NoError(t, s.orders.Remind(t.Context(), in.Order, s.clock.Now()))
			require.ErrorIs(t, s.orders.Remind(t.Context(), in.Order, s.clock.Now()), delivery.ErrReminded)

			s.clock.Advance(7*24*time.Hour - time.Second)
			assert.Equal(t, delivery.Shipped, s.state(t, o))
			s.clock.Advance(time.Second)
			assert.Equal(t, delivery.Confirmed, s.state(t, o))
			require.ErrorIs(t, s.orders.Remind(t.Context(), in.Order, s.clock.Now()), delivery.ErrNotShipped)
			s.clock.Advance(24 * time.Hour)
			assert.Equal(t, delivery.Settling, s.state(t, o))
			s.clock.Advance(time.Hour)
			assert.Equal(t, delivery.Finished, s.state(t, o))
			s.clock.Advance(30 * 24 * time.Hour)
			assert.Equal(t, []string{"shipped SO-0001 01-05 11:00 money about 01-16 12:00", "settled SO-0001 01-16 12:00 confirmed 01-15 11:00 by 1"}, s.log)
			assert.Len(t, s.keys, 2, "the two have keys of their own")
			require.ErrorIs(t, s.ship(t.Context(), func() delivery.Shipment { in.Parcels[0].TrackingNo = "YT2"; in.At = s.clock.Now(); return in }()), delivery.ErrState)
		})
	}
}

func TestScenarioOverdueAndConfirmedByTheBuyer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, in := s.paid(t, "SO-0001")
	require.ErrorIs(t, s.ConfirmReceipt(o.TransactionID, wechattest.User{Name: "Lin"}), wechattest.ErrNotShipped)
	s.clock.Advance(48*time.Hour - time.Second)
	assert.Empty(t, s.log)
	s.clock.Advance(48 * time.Hour)
	assert.Equal(t, []string{"overdue SO-0001 0000190001 01-05 10:00 订单支付后48小时内未发货，请尽快发货"}, s.log, "told once")
	in.At = s.clock.Now()
	require.NoError(t, s.ship(t.Context(), in))
	require.ErrorIs(t, s.ConfirmReceipt(o.TransactionID, wechattest.User{Name: "Wang"}), wechattest.ErrWrongUser)
	require.ErrorIs(t, s.ConfirmReceipt("1", wechattest.User{}), wechattest.ErrNoOrder)
	require.NoError(t, s.ConfirmReceipt(o.TransactionID, wechattest.User{Name: "Lin"}))
	assert.Equal(t, delivery.Confirmed, s.state(t, o))
	in.Parcels[0].TrackingNo, in.At = "YT2", in.At.Add(time.Minute)
	require.ErrorIs(t, s.ship(t.Context(), in), delivery.ErrState, "not after the buyer has confirmed")
	s.clock.Advance(25 * time.Hour)
	assert.Equal(t, "settled SO-0001 01-10 10:59 confirmed 01-09 09:59 by 2", s.log[2])

	s.AskToConnect("connect!")
	s.RestrictTrade("stop!")
	s.clock.Advance(0)
	assert.Equal(t, []string{"connect connect!", "controlled stop!"}, s.log[3:])
}

// Every way of losing something on the way, and still one shipment.
func TestScenarioShipSurvives(t *testing.T) {
	t.Parallel()
	upload, look := "/wxa/sec/order/upload_shipping_info", "/wxa/sec/order/get_order"
	for _, tt := range []struct {
		name   string
		faults []wechattest.Fault
	}{
		{"answer lost", []wechattest.Fault{{Kind: wechattest.LostReply, Path: upload}}},
		{"answer cut", []wechattest.Fault{{Kind: wechattest.CutBody, Path: upload}}},
		{"done, but the gateway breaks", []wechattest.Fault{{Kind: wechattest.HTML, Path: upload, After: true}}},
		{"not done, the gateway breaks", []wechattest.Fault{{Kind: wechattest.HTML, Path: upload}}},
		{"busy", []wechattest.Fault{{Kind: wechattest.Status, Code: "-1", Path: upload}}},
		{"busy in other words", []wechattest.Fault{{Kind: wechattest.Status, Code: "10060012", Path: upload}}},
		{"done, but busy is said", []wechattest.Fault{{Kind: wechattest.Status, Code: "10060019", Path: upload, After: true}}},
		{"answer lost, look lost", []wechattest.Fault{{Kind: wechattest.LostReply, Path: upload}, {Kind: wechattest.LostReply, Path: look, Times: 2}}},
		{"too fast", []wechattest.Fault{{Kind: wechattest.Status, Code: "44990", Path: upload, Times: 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o, in := s.paid(t, "SO-0001")
			for _, f := range tt.faults {
				s.Fault(f)
			}
			require.NoError(t, s.ship(t.Context(), in))
			in.At = in.At.Add(time.Hour) // another process, which stored nothing
			require.NoError(t, s.ship(t.Context(), in))
			got, err := s.ShippingOrder(o.TransactionID)
			require.NoError(t, err)
			assert.Equal(t, 1, got.Count, "the chance to ship anew is left")
			assert.Equal(t, []string{"YT1"}, got.Tracking)
			s.clock.Advance(0)
			assert.Len(t, s.log, 1)
		})
	}
}

func TestScenarioSplitAndAnew(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, in := s.paid(t, "SO-0001")
	in.Split = true
	require.NoError(t, s.ship(t.Context(), in))
	assert.Equal(t, delivery.Waiting, s.state(t, o), "more is to come")
	assert.Empty(t, s.log)
	rest := in
	rest.Last, rest.At, rest.Parcels = true, in.At.Add(time.Second), []delivery.Parcel{{TrackingNo: "YT2", Company: "YTO", ItemDesc: strings.Repeat("茶", 115)}}
	require.NoError(t, s.ship(t.Context(), rest))
	require.NoError(t, s.ship(t.Context(), rest))
	got, err := s.orders.Get(t.Context(), in.Order)
	require.NoError(t, err)
	assert.Equal(t, delivery.Shipped, got.State)
	assert.True(t, got.Shipping.Finished)
	assert.Len(t, got.Shipping.Parcels, 2)
	assert.True(t, strings.HasSuffix(got.Description, "茶..."))

	more := rest
	more.Last, more.At, more.Parcels = false, rest.At.Add(time.Second), []delivery.Parcel{{TrackingNo: "YT3", Company: "YTO", ItemDesc: "one more"}}
	err = s.ship(t.Context(), more)
	require.ErrorIs(t, err, delivery.ErrComplete)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))

	anew := in
	anew.Split, anew.At = false, rest.At
	require.ErrorIs(t, s.ship(t.Context(), anew), delivery.ErrParameter, "not later than the last one")
	anew.At = rest.At.Add(time.Millisecond)
	require.NoError(t, s.ship(t.Context(), anew))
	got, err = s.orders.Get(t.Context(), in.Order)
	require.NoError(t, err)
	assert.Equal(t, 2, got.Shipping.Count)
	assert.Len(t, got.Shipping.Parcels, 1)
	anew.Parcels, anew.At = []delivery.Parcel{{TrackingNo: "YT9", Company: "YTO", ItemDesc: "again"}}, anew.At.Add(time.Second)
	err = s.ship(t.Context(), anew)
	require.ErrorIs(t, err, delivery.ErrUsedUp)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}

func TestScenarioCombined(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	in := delivery.Combined{Order: delivery.Number{MchID: "0000190001", OutTradeNo: "CO-1"}, At: s.clock.Now()}
	for i, no := range []string{"CO-1-1", "CO-1-2"} {
		o, err := s.AddPaid(wechattest.PaidOrder{MchID: "000019000" + strconv.Itoa(i+2), OutTradeNo: no, OpenID: "o1", Total: 100, CombineMchID: "0000190001", CombineOutTradeNo: "CO-1"})
		require.NoError(t, err)
		in.OpenID = o.OpenID
		in.Parts = append(in.Parts, delivery.Part{Order: delivery.Number{MchID: o.MchID, OutTradeNo: no}, By: delivery.Virtual, Parcels: []delivery.Parcel{{ItemDesc: "code"}}})
	}
	s.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/wxa/sec/order/upload_combined_shipping_info"})
	ship := delivery.Shipper{Orders: s.orders, Sleep: func(context.Context, time.Duration) error { return nil }}
	require.NoError(t, ship.ShipCombined(t.Context(), in))
	require.NoError(t, ship.ShipCombined(t.Context(), in))
	s.clock.Advance(0)
	assert.Len(t, s.log, 2)
	in.Order.OutTradeNo, in.Parts[0].Parcels[0].ItemDesc, in.At = "CO-2", "other", in.At.Add(time.Second)
	require.ErrorIs(t, ship.ShipCombined(t.Context(), in), delivery.ErrNoOrder, "parts of another order")
	s.clock.Advance(2 * 24 * time.Hour)
	for o, err := range s.orders.All(t.Context(), delivery.ListRequest{}) {
		require.NoError(t, err)
		assert.Equal(t, delivery.Confirmed, o.State, "two days for what is not carried")
	}
}

func TestScenarioListAndSettings(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var all []string
	for i := range 7 {
		no := "SO-000" + strconv.Itoa(i)
		_, in := s.paid(t, no)
		if i%2 == 1 {
			require.NoError(t, s.ship(t.Context(), in))
		}
		all = append(all, no)
		s.clock.Advance(time.Minute)
	}
	walk := func(in delivery.ListRequest) (got []string) {
		for o, err := range s.orders.All(t.Context(), in) {
			require.NoError(t, err)
			got = append(got, o.OutTradeNo)
		}
		return got
	}
	start := s.clock.Now().Add(-7 * time.Minute)
	assert.Equal(t, all, walk(delivery.ListRequest{Size: 2}))
	assert.Equal(t, all, walk(delivery.ListRequest{}))
	assert.Equal(t, all[2:4], walk(delivery.ListRequest{From: start.Add(2 * time.Minute), To: start.Add(3 * time.Minute)}))
	assert.Equal(t, []string{all[1], all[3], all[5]}, walk(delivery.ListRequest{State: delivery.Shipped, Size: 1}))
	assert.Empty(t, walk(delivery.ListRequest{OpenID: "somebody"}))
	_, err := s.orders.List(t.Context(), delivery.ListRequest{Cursor: "elsewhere"})
	require.ErrorIs(t, err, delivery.ErrCursor)

	yes, err := s.orders.IsManaged(t.Context())
	require.NoError(t, err)
	assert.True(t, yes)
	s.SetTradeManaged(true, false)
	yes, err = s.orders.IsConfirmed(t.Context())
	require.NoError(t, err)
	assert.False(t, yes)
	require.NoError(t, s.orders.SetJumpPath(t.Context(), "pages/order"))
	assert.Equal(t, "pages/order", s.MsgJumpPath())
	companies, err := s.orders.Companies(t.Context())
	require.NoError(t, err)
	assert.Contains(t, companies, delivery.Company{Code: delivery.CompanyYTO, Name: "圆通速递"})
}

func TestScenarioPresale(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o, in := s.paid(t, "SO-0001")
	day := 24 * time.Hour
	require.ErrorIs(t, s.orders.Declare(t.Context(), delivery.Special{OrderID: "SO-0001", Type: delivery.Presale, Until: s.clock.Now().Add(14 * day)}), delivery.ErrSpecialDelay)
	require.ErrorIs(t, s.orders.Declare(t.Context(), delivery.Special{OrderID: "SO-0009", Type: delivery.Presale, Until: s.clock.Now().Add(20 * day)}), delivery.ErrSpecialNumber)
	require.ErrorIs(t, s.orders.Declare(t.Context(), delivery.Special{OrderID: "SO-0001", Type: 3}), delivery.ErrSpecialType)
	require.NoError(t, s.orders.Declare(t.Context(), delivery.Special{OrderID: o.TransactionID, Type: delivery.Presale, Until: s.clock.Now().Add(20 * day)}))
	s.clock.Advance(20*day - time.Second)
	assert.Empty(t, s.log, "nobody hurries")
	s.clock.Advance(time.Second)
	assert.Len(t, s.log, 1)
	in.At = s.clock.Now()
	require.NoError(t, s.ship(t.Context(), in))
	require.ErrorIs(t, s.orders.Declare(t.Context(), delivery.Special{OrderID: "SO-0001", Type: delivery.TestOrder}), delivery.ErrSpecialNumber)
}

// An order of the payment simulator is shipped, refunded, and gone.
func TestScenarioPaidOrdersAppear(t *testing.T) {
	t.Parallel()
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	account, err := sim.NewMerchant(wechattest.MerchantOptions{})
	require.NoError(t, err)
	s := newShop(t, func(c *wechattest.AppConfig) {
		c.Clock, c.Pay, c.AppID, c.ShippingDelay = clock, sim, account.AppID, time.Minute
	})
	s.clock = clock
	m, err := wechat.NewMerchant(account.Config(), account.Options()...)
	require.NoError(t, err)
	lin := wechattest.User{Name: "Lin"}
	prepay, err := pay.New(m, account.AppID).PrepayJSAPI(t.Context(), pay.JSAPIRequest{Description: "Tea", OutTradeNo: "SO-0001", NotifyURL: "http://127.0.0.1/notify",
		Amount: pay.Amount{Total: 1999}, Payer: pay.Payer{OpenID: lin.OpenID(account.AppID)}})
	require.NoError(t, err)
	number := delivery.Number{MchID: account.MchID, OutTradeNo: "SO-0001"}
	_, err = s.orders.Get(t.Context(), number)
	require.ErrorIs(t, err, delivery.ErrNoOrder)
	_, err = sim.Pay(prepay.PrepayID, lin)
	require.NoError(t, err)

	in := delivery.Shipment{Order: number, By: delivery.PickUp, At: clock.Now(), OpenID: "o-somebody", Parcels: []delivery.Parcel{{ItemDesc: "Tea"}}}
	start := clock.Now()
	err = s.ship(t.Context(), in)
	require.ErrorIs(t, err, delivery.ErrOpenID)
	assert.Equal(t, time.Minute, clock.Now().Sub(start), "Ship waits until the payment is known")
	in.OpenID = lin.OpenID(account.AppID)
	require.NoError(t, s.ship(t.Context(), in))
	got, err := s.orders.Get(t.Context(), number)
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(1999), got.Paid)
	require.ErrorIs(t, s.orders.Remind(t.Context(), number, clock.Now()), delivery.ErrNotExpress)
	clock.Advance(2 * 24 * time.Hour)
	got, err = s.orders.Get(t.Context(), number)
	require.NoError(t, err)
	assert.Equal(t, delivery.Confirmed, got.State)

	_, err = refund.New(m).Apply(t.Context(), refund.Request{OutTradeNo: "SO-0001", OutRefundNo: "R1", Amount: refund.Amount{Refund: 1999, Total: 1999}})
	require.NoError(t, err)
	clock.Advance(30 * 24 * time.Hour)
	got, err = s.orders.Get(t.Context(), number)
	require.NoError(t, err)
	assert.Equal(t, delivery.Refunded, got.State)
	in.At = clock.Now()
	in.Parcels[0].ItemDesc = "Tea again"
	require.ErrorIs(t, s.ship(t.Context(), in), delivery.ErrState)
	assert.Len(t, s.log, 1, "nothing is settled")
}
