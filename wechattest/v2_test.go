package wechattest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// shopV2 is a shop of the XML generation with its receiver.
type shopV2 struct {
	p       *wechattest.Pay
	clock   *wechattest.VirtualClock
	a       *wechattest.Account
	m       *wechat.MerchantV2
	orders  *apiv2.Service
	server  *httptest.Server
	mu      sync.Mutex
	paid    []apiv2.Transaction
	refunds []apiv2.RefundNotice
	scanned func(context.Context, apiv2.Scan) (apiv2.NativeReply, error)
	fails   error
}

func newShopV2(t *testing.T, d sign.Digest, partner bool, change ...func(*wechattest.Config)) *shopV2 {
	t.Helper()
	s := &shopV2{}
	s.p, s.clock = newPay(t, change...)
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.receive(w, r) }))
	t.Cleanup(s.server.Close)
	o := wechattest.MerchantOptions{Digest: d, NativeURL: s.server.URL + "/native", RefundNotifyURL: s.server.URL + "/notify", Partner: partner}
	if partner {
		o.Subs = []wechattest.SubMerchant{{}}
	}
	s.a = newAccount(t, s.p, o)
	m, err := wechat.NewMerchantV2(s.a.ConfigV2(), append(s.a.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	if s.m = m; partner {
		s.m = m.For(wechat.Sub{MchID: s.a.Subs[0].MchID})
	}
	s.orders = apiv2.New(s.m, s.a.AppID)
	s.orders.Sleep = func(_ context.Context, d time.Duration) error { s.clock.Advance(d); return nil }
	return s
}

func (s *shopV2) receive(w http.ResponseWriter, r *http.Request) {
	h := notify.NewHandler(notify.V2(s.m))
	notify.On(h, apiv2.Paid, func(_ context.Context, e notify.Event[apiv2.Transaction]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paid = append(s.paid, e.Data)
		return s.fails
	})
	notify.On(h, apiv2.Refunded, func(_ context.Context, e notify.Event[apiv2.RefundNotice]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refunds = append(s.refunds, e.Data)
		return nil
	})
	notify.Answer(h, apiv2.Scanned, func(ctx context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
		s.mu.Lock()
		scanned := s.scanned
		s.mu.Unlock()
		return scanned(ctx, e.Data)
	})
	h.ServeHTTP(w, r)
}

func (s *shopV2) request(no string, kind pay.TradeType) apiv2.OrderRequest {
	return apiv2.OrderRequest{TradeType: kind, OutTradeNo: no, Body: "茶 & ]]> <红>", Total: 100, IP: "192.0.2.1", NotifyURL: s.server.URL + "/notify",
		ProductID: "tea", SceneInfo: "{}", OpenID: wechattest.User{Name: "li"}.OpenID(s.a.AppID), Attach: "备注"}
}

// The library and the simulator, whose signatures and XML have nothing in common,
// do business: order, page, payment, notice, query, refund, notice, bill.
func TestV2WithTheLibrary(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		for _, partner := range []bool{false, true} {
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				s := newShopV2(t, d, partner)
				s.sell(t)
				s.giveBack(t)
				s.settleBooks(t)
			})
		}
	}
}

func (s *shopV2) sell(t *testing.T) {
	t.Helper()
	ctx, li := t.Context(), wechattest.User{Name: "li"}
	p, err := s.orders.Place(ctx, s.request("A00001", pay.TradeJSAPI))
	require.NoError(t, err)
	again, err := s.orders.Place(ctx, s.request("A00001", pay.TradeJSAPI))
	require.NoError(t, err)
	assert.NotEqual(t, p.PrepayID, again.PrepayID)
	unpaid, err := s.orders.Query(ctx, "A00001")
	require.NoError(t, err)
	assert.Equal(t, pay.StateNotPay, unpaid.TradeState)
	params, err := s.orders.JSAPIParams(p.PrepayID)
	require.NoError(t, err)
	page := wechattest.PageParams{AppID: params.AppID, TimeStamp: params.Timestamp, NonceStr: params.NonceStr, Package: params.Package, SignType: params.SignType, PaySign: params.PaySign}
	_, err = s.p.CheckJSAPI(page, li)
	require.NoError(t, err)
	page.PaySign = strings.ToLower(page.PaySign)
	_, err = s.p.CheckJSAPI(page, li)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	_, err = s.p.Pay(p.PrepayID, li)
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	require.Len(t, s.paid, 1)
	require.NoError(t, s.paid[0].Matches(s.orders.Want("A00001", 100)))
	assert.Equal(t, "备注", s.paid[0].Attach)
	found, err := s.orders.QueryByID(ctx, s.paid[0].TransactionID)
	require.NoError(t, err)
	assert.True(t, found.Paid())
	require.NoError(t, found.Matches(s.orders.Want("A00001", 100)))
	require.ErrorIs(t, s.orders.Close(ctx, "A00001"), pay.ErrOrderPaid)
	_, err = s.orders.Place(ctx, s.request("A00001", pay.TradeJSAPI))
	require.ErrorIs(t, err, pay.ErrOrderPaid)
	assert.Zero(t, s.p.Pending())
}

func (s *shopV2) giveBack(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	in := apiv2.RefundRequest{OutTradeNo: "A00001", OutRefundNo: "R1", Total: 100, Refund: 30}
	r, err := s.orders.Refund(ctx, in)
	require.NoError(t, err)
	again, err := s.orders.Refund(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, r.RefundID, again.RefundID)
	in.Refund = 31
	_, err = s.orders.Refund(ctx, in)
	require.ErrorIs(t, err, wechat.ErrRequest)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	s.clock.Advance(time.Minute)
	require.Len(t, s.refunds, 1)
	assert.Equal(t, apiv2.RefundSuccess, s.refunds[0].State)
	assert.Equal(t, wechat.Fen(30), s.refunds[0].Refund)
	assert.False(t, s.refunds[0].SuccessTime.IsZero())
	_, err = s.orders.Refund(ctx, apiv2.RefundRequest{TransactionID: s.paid[0].TransactionID, OutRefundNo: "R2", Total: 100, Refund: 20})
	require.NoError(t, err)
	all, err := s.orders.RefundQuery(ctx, apiv2.RefundQuery{OutTradeNo: "A00001"})
	require.NoError(t, err)
	items, err := all.Items()
	require.NoError(t, err)
	require.Len(t, items, 2)
	assert.Equal(t, []apiv2.RefundState{apiv2.RefundSuccess, apiv2.RefundProcessing}, []apiv2.RefundState{items[0].State, items[1].State})
	_, err = s.orders.RefundQuery(ctx, apiv2.RefundQuery{OutRefundNo: "R9"})
	require.ErrorIs(t, err, apiv2.ErrRefundNotExist)
	require.NoError(t, s.p.SettleRefund(s.a.MchID, "R2", "ABNORMAL"))
	s.clock.Advance(time.Minute)
	require.Len(t, s.refunds, 2)
	assert.Equal(t, apiv2.RefundChange, s.refunds[1].State)
}

func (s *shopV2) settleBooks(t *testing.T) {
	t.Helper()
	ctx, today := t.Context(), s.clock.Now()
	_, err := s.orders.TradeBill(ctx, apiv2.BillRequest{Day: today})
	require.ErrorIs(t, err, apiv2.ErrNoTradeBill)
	s.clock.Advance(48 * time.Hour)
	for _, packed := range []bool{false, true} {
		file, err := s.orders.TradeBill(ctx, apiv2.BillRequest{Day: today, GZIP: packed})
		require.NoError(t, err)
		var text io.Reader = file
		if packed {
			text, err = gzip.NewReader(file)
			require.NoError(t, err)
		}
		var sold, back wechat.Fen
		for row, err := range bill.Trades(text) {
			require.NoError(t, err)
			sold, back = sold+row.OrderAmount, back+row.Refunded
		}
		require.NoError(t, file.Close())
		assert.Equal(t, []wechat.Fen{100, 50}, []wechat.Fen{sold, back})
	}
	_, err = s.orders.TradeBill(ctx, apiv2.BillRequest{Day: today.AddDate(0, 0, -1)})
	require.ErrorIs(t, err, apiv2.ErrNoTradeBill)
}

func TestV2Native(t *testing.T) {
	t.Parallel()
	ctx, li := t.Context(), wechattest.User{Name: "li"}
	s := newShopV2(t, sign.HMACSHA256, false, func(c *wechattest.Config) { c.NoticeTimeout = 300 * time.Millisecond })
	link, err := s.orders.NativeLink("88888")
	require.NoError(t, err)
	short, err := s.orders.ShortURL(ctx, link)
	require.NoError(t, err)
	assert.Less(t, len(short), len(link))
	s.orders.EscapeLongURL = true
	again, err := s.orders.ShortURL(ctx, link)
	require.NoError(t, err)
	assert.Equal(t, short, again, "both readings of the document are understood")
	n := 0
	s.scanned = func(ctx context.Context, scan apiv2.Scan) (apiv2.NativeReply, error) {
		assert.Equal(t, li.OpenID(s.a.AppID), scan.OpenID)
		assert.Equal(t, "88888", scan.ProductID)
		n++
		p, err := s.orders.Place(ctx, s.request("N0000"+string(rune('0'+n)), pay.TradeNative))
		if err != nil {
			return apiv2.NativeReply{}, err
		}
		return apiv2.Order(p.PrepayID), nil
	}
	for _, code := range []string{link, short} {
		order, err := s.p.Scan(ctx, code, li)
		require.NoError(t, err)
		assert.Equal(t, wechat.Fen(100), order.Total)
		_, err = s.p.Pay(order.PrepayID, li)
		require.NoError(t, err)
	}
	s.clock.Advance(time.Second)
	assert.Len(t, s.paid, 2)

	mode2, err := s.orders.Place(ctx, s.request("N00009", pay.TradeNative))
	require.NoError(t, err)
	_, err = s.p.Pay(mode2.CodeURL, li)
	require.NoError(t, err)

	for name, reply := range map[string]func(context.Context, apiv2.Scan) (apiv2.NativeReply, error){
		"卖完了": func(context.Context, apiv2.Scan) (apiv2.NativeReply, error) { return apiv2.Refuse("卖完了"), nil },
		"500": func(context.Context, apiv2.Scan) (apiv2.NativeReply, error) {
			return apiv2.NativeReply{}, errors.New("down")
		},
		"no such order": func(context.Context, apiv2.Scan) (apiv2.NativeReply, error) { return apiv2.Order("wx1"), nil },
		"no answer": func(ctx context.Context, _ apiv2.Scan) (apiv2.NativeReply, error) {
			<-ctx.Done() // longer than WeChat Pay waits
			return apiv2.NativeReply{}, ctx.Err()
		},
	} {
		s.mu.Lock()
		s.scanned = reply // an earlier one may still be waiting
		s.mu.Unlock()
		_, err = s.p.Scan(ctx, link, li)
		require.ErrorIs(t, err, wechattest.ErrScan)
		assert.Contains(t, err.Error(), name)
	}
	for _, bad := range []string{"", "weixin://wxpay/s/none", strings.Replace(link, "88888", "88889", 1), strings.Replace(link, "mch_id", "mch", 1), "weixin://wxpay/bizpayurl?%zz"} {
		_, err = s.p.Scan(ctx, bad, li)
		require.ErrorIs(t, err, wechattest.ErrScan)
	}
	_, err = s.orders.ShortURL(ctx, "https://example.com")
	require.ErrorIs(t, err, wechat.ErrParam)
	_, err = wechat.Call[wechat.None](ctx, s.m, wechat.POST("/pay/orderquery").ReadOnly(),
		wechat.PartyV2{AppID: s.a.AppID, MchID: s.a.MchID, SubAppID: "wx8888888888888888"})
	require.ErrorContains(t, err, "sub_appid", "a sub-merchant's app without a sub-merchant")
}

func TestV2Micropay(t *testing.T) {
	t.Parallel()
	ctx, li := t.Context(), wechattest.User{Name: "li"}
	s := newShopV2(t, sign.MD5, false)
	charge := func(no string, careful bool) (string, *apiv2.Transaction, error) {
		newCode := s.p.NewAuthCode
		if careful {
			newCode = s.p.NewCarefulAuthCode
		}
		code, err := newCode(li)
		require.NoError(t, err)
		tr, err := s.orders.Micropay(ctx, apiv2.MicropayRequest{OutTradeNo: no, Body: "茶", Total: 100, IP: "192.0.2.1", AuthCode: code})
		return code, tr, err
	}
	code, err := s.p.NewAuthCode(li)
	require.NoError(t, err)
	who, err := s.orders.AuthCodeToOpenID(ctx, code)
	require.NoError(t, err)
	assert.Equal(t, li.OpenID(s.a.AppID), who.OpenID)
	_, tr, err := charge("M00001", false)
	require.NoError(t, err)
	require.NoError(t, tr.Matches(s.orders.Want("M00001", 100)))
	assert.True(t, tr.Paid())
	_, _, err = charge("M00001", false)
	require.ErrorIs(t, err, pay.ErrOrderPaid)
	again, err := s.orders.Reverse(ctx, "M00001")
	require.NoError(t, err)
	assert.False(t, again)

	code, _, err = charge("M00002", true)
	require.ErrorIs(t, err, pay.ErrUserPaying)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	_, err = s.p.Pay(code, li)
	require.NoError(t, err)
	got, err := s.orders.ResolveMicropay(ctx, "M00002")
	require.NoError(t, err)
	assert.Equal(t, wechat.Done, got.Outcome)

	_, _, err = charge("M00003", true)
	require.ErrorIs(t, err, pay.ErrUserPaying)
	got, err = s.orders.ResolveMicropay(ctx, "M00003")
	require.NoError(t, err)
	assert.Equal(t, wechat.NotDone, got.Outcome)
	o, err := s.a.Order("M00003")
	require.NoError(t, err)
	assert.Equal(t, "REVOKED", o.State)

	code, err = s.p.NewAuthCode(li)
	require.NoError(t, err)
	s.clock.Advance(2 * time.Minute)
	_, err = s.orders.AuthCodeToOpenID(ctx, code)
	require.ErrorIs(t, err, apiv2.ErrAuthCodeExpired)
	_, err = s.orders.Micropay(ctx, apiv2.MicropayRequest{OutTradeNo: "M00004", Body: "茶", Total: 100, IP: "192.0.2.1", AuthCode: code})
	require.ErrorIs(t, err, apiv2.ErrAuthCodeExpired)
	_, err = s.orders.Micropay(ctx, apiv2.MicropayRequest{OutTradeNo: "M00004", Body: "茶", Total: 100, IP: "192.0.2.1", AuthCode: "134567890123456789"})
	require.ErrorIs(t, err, apiv2.ErrAuthCode)
	_, err = s.orders.AuthCodeToOpenID(ctx, "134567890123456789")
	require.ErrorIs(t, err, apiv2.ErrAuthCode)
	_, err = s.orders.Reverse(ctx, "M00009")
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
	_, err = s.orders.Place(ctx, s.request("A00009", pay.TradeAPP))
	require.NoError(t, err)
	_, err = s.orders.Reverse(ctx, "A00009")
	require.ErrorIs(t, err, pay.ErrTrade)
	s.clock.Advance(8 * 24 * time.Hour)
	_, err = s.orders.Reverse(ctx, "M00002")
	require.ErrorIs(t, err, apiv2.ErrReverseExpired)
}

func TestV2OtherKinds(t *testing.T) {
	t.Parallel()
	ctx, li := t.Context(), wechattest.User{Name: "li"}
	s := newShopV2(t, sign.MD5, false)
	h5, err := s.orders.Place(ctx, s.request("H00001", pay.TradeMWeb))
	require.NoError(t, err)
	_, err = s.p.Pay(h5.RedirectTo("https://shop.example/"), li)
	require.NoError(t, err)
	app, err := s.orders.Place(ctx, s.request("P00001", pay.TradeAPP))
	require.NoError(t, err)
	params, err := s.orders.APPParams(app.PrepayID)
	require.NoError(t, err)
	phone := wechattest.AppParams{AppID: params.AppID, PartnerID: params.PartnerID, PrepayID: params.PrepayID, Package: params.Package,
		NonceStr: params.NonceStr, TimeStamp: params.Timestamp, Sign: params.Sign}
	_, err = s.p.CheckApp(phone, li)
	require.NoError(t, err)
	phone.NonceStr = "x"
	_, err = s.p.CheckApp(phone, li)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	require.NoError(t, s.orders.Close(ctx, "P00001"))
	require.NoError(t, s.orders.Close(ctx, "P00001"), "closing twice is fine")
	_, err = s.orders.Place(ctx, s.request("P00001", pay.TradeAPP))
	require.ErrorIs(t, err, pay.ErrOrderClosed)
	changed := s.request("P00002", pay.TradeAPP)
	_, err = s.orders.Place(ctx, changed)
	require.NoError(t, err)
	changed.Total = 99
	_, err = s.orders.Place(ctx, changed)
	require.ErrorIs(t, err, pay.ErrOutTradeNoUsed)
	foreign := s.request("P00003", pay.TradeJSAPI)
	foreign.OpenID = li.OpenID("wx0000other")
	_, err = s.orders.Place(ctx, foreign)
	require.ErrorIs(t, err, wechat.ErrParam)
	soon := s.request("P00004", pay.TradeAPP)
	soon.Expire = apiv2.Time{Time: s.clock.Now()}
	_, err = s.orders.Place(ctx, soon)
	require.ErrorIs(t, err, wechat.ErrParam)
	_, err = s.orders.Query(ctx, "none")
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
	_, err = s.orders.Refund(ctx, apiv2.RefundRequest{OutTradeNo: "P00002", OutRefundNo: "R1", Total: 100, Refund: 1})
	require.ErrorIs(t, err, wechat.ErrRequest)
	_, err = s.orders.Refund(ctx, apiv2.RefundRequest{OutTradeNo: "none", OutRefundNo: "R1", Total: 100, Refund: 1})
	require.ErrorIs(t, err, pay.ErrOrderNotExist)
}

// A notice that is not acknowledged in XML comes again on the official schedule.
func TestV2NoticesComeAgain(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.MD5, false)
	s.fails = errors.New("the books are locked")
	p, err := s.orders.Place(t.Context(), s.request("A00001", pay.TradeNative))
	require.NoError(t, err)
	s.p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature})
	_, err = s.p.Pay(p.CodeURL, wechattest.User{Name: "li"})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	assert.Empty(t, s.paid, "a wrong signature reaches nobody")
	s.clock.Advance(15 * time.Second)
	assert.Len(t, s.paid, 1)
	s.fails = nil
	s.clock.Advance(15 * time.Second)
	assert.Len(t, s.paid, 2)
	assert.Zero(t, s.p.Pending())
	all := s.p.Deliveries()
	require.Len(t, all, 3)
	assert.Equal(t, []int{401, 500, 200}, []int{all[0].Status, all[1].Status, all[2].Status})
}

func TestV2Faults(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newShopV2(t, sign.MD5, false)
	for kind, want := range map[wechattest.Kind]error{wechattest.WrongSignature: sign.ErrMismatch, wechattest.Unsigned: sign.ErrNoSign} {
		s.p.Fault(wechattest.Fault{Kind: kind})
		_, err := s.orders.Place(ctx, s.request("A00001", pay.TradeNative))
		require.ErrorIs(t, err, want)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	}
	for _, f := range []wechattest.Fault{{Kind: wechattest.LostReply}, {Kind: wechattest.CutBody}, {Kind: wechattest.HTML}, {Kind: wechattest.Status, Status: 500}} {
		s.p.Fault(f)
		_, err := s.orders.Place(ctx, s.request("A00001", pay.TradeNative))
		require.Error(t, err)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	}
	_, err := s.orders.Place(ctx, s.request("A00001", pay.TradeNative))
	require.NoError(t, err)
	assert.Len(t, s.a.Orders(), 1)
}

// What is not a proved request gets return_code FAIL, as in life.
func TestV2RefusesStrangers(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.MD5, false)
	ask := func(method, body string) string {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/pay/orderquery", strings.NewReader(body))
		require.NoError(t, err)
		res, err := s.p.Transport().Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.NotContains(t, string(text), "<sign>")
		return string(text)
	}
	field := func(name, value string) string { return "<" + name + ">" + value + "</" + name + ">" }
	mine := field("mch_id", s.a.MchID)
	for _, body := range []string{"", "x", "<xml>", "<xml></xml>", "<root>" + mine + "</root>", "<!DOCTYPE x><xml>" + mine + "</xml>", "<xml>" + mine + mine + "</xml>",
		"<xml><a>" + mine + "</a></xml>", "<xml>" + field("mch_id", "1") + "</xml>", "<xml>" + mine + "</xml>", "<xml>" + mine + field("sign", "x") + "</xml>",
		"<xml>" + mine + field("sign_type", "SHA1") + "</xml>", `<xml a="1">` + mine + "</xml>"} {
		assert.Contains(t, ask("POST", body), "FAIL", "%q", body)
	}
	assert.Contains(t, ask("GET", ""), "post")

	for name, change := range map[string]func(*wechat.MerchantV2) *apiv2.Service{
		"appid": func(m *wechat.MerchantV2) *apiv2.Service { return apiv2.New(m, "wx0000other") },
		"sub": func(m *wechat.MerchantV2) *apiv2.Service {
			return apiv2.New(m.For(wechat.Sub{MchID: "00007"}), s.a.AppID)
		},
	} {
		_, err := change(s.m).Query(t.Context(), "A1")
		require.ErrorContains(t, err, name)
	}
}

func TestV2Journal(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), wechattest.NewClock(time.Time{})
	open := func() *wechattest.Pay {
		p, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: clock, Keys: wechattest.ReusedKeys()})
		require.NoError(t, err)
		return p
	}
	p := open()
	a := newAccount(t, p, wechattest.MerchantOptions{Digest: sign.HMACSHA256})
	service := func(a *wechattest.Account) *apiv2.Service {
		m, err := wechat.NewMerchantV2(a.ConfigV2(), a.Options()...)
		require.NoError(t, err)
		return apiv2.New(m, a.AppID)
	}
	made, err := service(a).Place(t.Context(), apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "A00001", Body: "茶", Total: 1, IP: "192.0.2.1",
		NotifyURL: "https://shop.example/v2", ProductID: "1"})
	require.NoError(t, err)
	link, err := service(a).NativeLink("1")
	require.NoError(t, err)
	short, err := service(a).ShortURL(t.Context(), link)
	require.NoError(t, err)
	require.NoError(t, p.Close())

	p = open()
	defer func() { assert.NoError(t, p.Close()) }()
	b, err := p.Account(a.MchID)
	require.NoError(t, err)
	assert.Equal(t, a.APIv2Key, b.APIv2Key)
	assert.Equal(t, sign.HMACSHA256, b.Digest)
	o, err := p.Order(made.PrepayID)
	require.NoError(t, err)
	assert.Equal(t, made.CodeURL, o.CodeURL)
	_, err = p.Scan(t.Context(), short, wechattest.User{})
	require.ErrorContains(t, err, "NativeURL", "the short link is still known")
	found, err := service(b).Query(t.Context(), "A00001")
	require.NoError(t, err)
	assert.Equal(t, pay.StateNotPay, found.TradeState)
	assert.False(t, bytes.Contains([]byte(b.String()), []byte(b.APIv2Key)))
}
