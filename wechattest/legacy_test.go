package wechattest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/pay/legacy"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

// shop2014 is a shop of 2014 on the library, and its simulator.
type shop2014 struct {
	*wechattest.Legacy
	clock  *wechattest.VirtualClock
	orders *legacy.Service
	paid   []notify.Event[legacy.Payment]
	refuse error // what the shop's handlers answer, nil for success
	soldOut,
	silent bool
}

func (s *shop2014) Do(r *http.Request) (*http.Response, error) {
	if s.silent {
		return nil, errors.New("down")
	}
	h := notify.NewHandler(notify.Legacy(s.merchant(), "shop"))
	notify.On(h, legacy.Paid, func(_ context.Context, e notify.Event[legacy.Payment]) error {
		s.paid = append(s.paid, e)
		return s.refuse
	})
	notify.Answer(h, legacy.Scanned, func(_ context.Context, e notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
		if s.soldOut {
			return legacy.Refuse("商品已下架"), s.refuse
		}
		o := cola()
		o.OutTradeNo = "N-" + e.Data.ProductID
		return s.orders.Reply(o)
	})
	w := httptest.NewRecorder()
	in := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
	h.ServeHTTP(w, in)
	return w.Result(), nil
}

func (s *shop2014) merchant(opts ...wechat.Option) *wechat.MerchantLegacy {
	m, err := wechat.NewMerchantLegacy(s.Config(), append(s.Options(), opts...)...)
	if err != nil {
		panic(err)
	}
	return m
}

func cola() legacy.Order {
	return legacy.Order{OutTradeNo: "A1", Body: "可乐 & 1杯", Attach: "茶=1&2", Total: 1299, NotifyURL: "http://127.0.0.1/notify?shop=7", IP: "203.0.113.9"}
}

func newShop2014(t *testing.T) *shop2014 {
	t.Helper()
	s := &shop2014{clock: wechattest.NewClock(time.Time{})}
	var err error
	s.Legacy, err = wechattest.NewLegacy(wechattest.LegacyConfig{Clock: s.clock, Notify: s, NativeURL: "http://127.0.0.1/native"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	s.orders = legacy.New(s.merchant(wechat.WithBackoff(wechat.NoRetry)))
	return s
}

func (s *shop2014) page(t *testing.T, o legacy.Order) wechattest.LegacyPage {
	t.Helper()
	p, err := s.orders.JSAPIParams(o)
	require.NoError(t, err)
	return wechattest.LegacyPage(*p)
}

func TestLegacyPageToBill(t *testing.T) {
	t.Parallel()
	for _, charset := range []legacy.Charset{legacy.UTF8, legacy.GBK} {
		t.Run(string(charset), func(t *testing.T) {
			t.Parallel()
			s, ctx := newShop2014(t), t.Context()
			o := cola()
			o.Charset = charset
			_, err := s.orders.Query(ctx, "A1")
			require.ErrorIs(t, err, legacy.ErrNoOrder)
			opened, err := s.OpenPage(s.page(t, o))
			require.NoError(t, err)
			assert.Equal(t, wechat.Fen(1299), opened.Total)
			paid, err := s.Pay("A1", wechattest.User{Name: "wang"})
			require.NoError(t, err)
			_, err = s.Pay("A1", wechattest.User{})
			require.ErrorIs(t, err, wechattest.ErrNotOpen)
			s.clock.Advance(0)
			require.Len(t, s.paid, 1)
			e := s.paid[0]
			require.NoError(t, e.Data.Matches("A1", 1299))
			assert.Equal(t, "茶=1&2", e.Data.Attach)
			assert.Equal(t, paid.OpenID, e.Data.OpenID)
			assert.Equal(t, paid.TransactionID, e.Data.TransactionID)
			assert.Len(t, paid.TransactionID, 28)

			got, err := s.orders.Query(ctx, "A1")
			require.NoError(t, err)
			assert.True(t, got.Paid())
			assert.Equal(t, "茶=1&2", got.Attach)
			same, err := s.orders.QueryByID(ctx, paid.TransactionID)
			require.NoError(t, err)
			assert.Equal(t, "A1", same.OutTradeNo)

			give := legacy.RefundRequest{OutTradeNo: "A1", OutRefundNo: "R1", Total: 1299, Refund: 299, Password: libseal.NewKey("111111")}
			_, err = s.orders.RefundQuery(ctx, legacy.RefundQuery{OutTradeNo: "A1"})
			require.ErrorIs(t, err, legacy.ErrNoRefund)
			r, err := s.orders.Refund(ctx, give)
			require.NoError(t, err)
			assert.Equal(t, legacy.RefundSuccess, r.Status.State())
			again, err := s.orders.Refund(ctx, give)
			require.NoError(t, err)
			assert.Equal(t, r.RefundID, again.RefundID, "the same number is the same refund")
			give.TransactionID, give.OutRefundNo, give.Refund = paid.TransactionID, "R2", 1001
			_, err = s.orders.Refund(ctx, give)
			require.ErrorContains(t, err, "退款金额超限")
			give.OutRefundNo, give.Refund = "R1", 1
			_, err = s.orders.Refund(ctx, give)
			require.ErrorContains(t, err, "退款单号已使用")
			give.Total, give.OutRefundNo = 1300, "R3"
			_, err = s.orders.Refund(ctx, give)
			require.ErrorContains(t, err, "金额错误")
			give.TransactionID, give.OutTradeNo = "", "A2"
			_, err = s.orders.Refund(ctx, give)
			require.ErrorIs(t, err, legacy.ErrNoOrder)
			for _, q := range []legacy.RefundQuery{{RefundID: r.RefundID}, {OutRefundNo: "R1"}, {TransactionID: paid.TransactionID}, {OutTradeNo: "A1"}} {
				found, err := s.orders.RefundQuery(ctx, q)
				require.NoError(t, err)
				items, err := found.Items()
				require.NoError(t, err)
				require.Len(t, items, 1)
				assert.Equal(t, wechat.Fen(299), items[0].Refund)
			}

			ask := legacy.BillRequest{Day: paid.PaidAt}
			_, err = s.orders.Bill(ctx, ask)
			require.ErrorIs(t, err, legacy.ErrBillNotYet)
			s.clock.Advance(24 * time.Hour)
			for kind, want := range map[legacy.BillKind][2]wechat.Fen{legacy.BillAll: {1299, 299}, legacy.BillPayments: {1299, 0}, legacy.BillRefunds: {0, 299}} {
				ask.Kind = kind
				file, err := s.orders.Bill(ctx, ask)
				require.NoError(t, err)
				var sum [2]wechat.Fen
				for row, err := range bill.Tenpay(file) {
					require.NoError(t, err)
					assert.Equal(t, "A1", row.OutTradeNo)
					sum[0], sum[1] = sum[0]+row.Amount, sum[1]+row.Refunded
				}
				require.NoError(t, file.Close())
				assert.Equal(t, want, sum)
			}
		})
	}
}

func TestLegacyApp(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	id, err := s.orders.Prepay(t.Context(), cola(), "wang")
	require.NoError(t, err)
	p, err := s.orders.APPParams(id)
	require.NoError(t, err)
	o, err := s.OpenApp(wechattest.LegacyApp(*p))
	require.NoError(t, err)
	assert.Equal(t, "A1", o.OutTradeNo)
	p.Sign = strings.Repeat("0", 40)
	_, err = s.OpenApp(wechattest.LegacyApp(*p))
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	other := cola()
	other.Total++
	_, err = s.orders.Prepay(t.Context(), other, "wang")
	require.ErrorContains(t, err, "taken by another order")
}

func TestLegacyScan(t *testing.T) {
	t.Parallel()
	s, wang := newShop2014(t), wechattest.User{Name: "wang"}
	link, err := s.orders.NativeLink("SKU-1")
	require.NoError(t, err)
	o, err := s.Scan(t.Context(), link, wang)
	require.NoError(t, err)
	assert.Equal(t, "N-SKU-1", o.OutTradeNo)
	_, err = s.Pay(o.OutTradeNo, wang)
	require.NoError(t, err)
	s.clock.Advance(0)
	require.Len(t, s.paid, 1)
	assert.Equal(t, "N-SKU-1", s.paid[0].Data.OutTradeNo)

	for name, code := range map[string]string{"another product": strings.Replace(link, "SKU-1", "SKU-2", 1), "not a code": "https://shop.example"} {
		_, err = s.Scan(t.Context(), code, wang)
		require.ErrorIs(t, err, wechattest.ErrScan, name)
	}
	s.soldOut = true
	_, err = s.Scan(t.Context(), link, wang)
	require.ErrorContains(t, err, "商品已下架")
	s.refuse = errors.New("no")
	_, err = s.Scan(t.Context(), link, wang)
	require.ErrorContains(t, err, "answered 500")
	s.silent = true
	_, err = s.Scan(t.Context(), link, wang)
	require.ErrorContains(t, err, "no answer")
}

func TestLegacyNoticesAreSentAgain(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	s.refuse = errors.New("the database is away")
	_, err := s.OpenPage(s.page(t, cola()))
	require.NoError(t, err)
	_, err = s.Pay("A1", wechattest.User{})
	require.NoError(t, err)
	s.clock.Advance(8 * time.Second)
	require.Len(t, s.paid, 2)
	assert.Equal(t, s.paid[0].Key, s.paid[1].Key)
	s.silent = true
	s.clock.Advance(10 * time.Second)
	s.silent, s.refuse = false, nil
	s.clock.Advance(time.Hour)
	tries := s.Deliveries()
	require.Len(t, tries, 4)
	assert.Equal(t, []int{500, 500, 0, 200}, []int{tries[0].Status, tries[1].Status, tries[2].Status, tries[3].Status})
	assert.True(t, tries[3].Accepted)
}

func TestLegacyRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newShop2014(t)
	good := s.page(t, cola())
	for name, change := range map[string]func(*wechattest.LegacyPage){
		"paySign":       func(p *wechattest.LegacyPage) { p.PaySign = strings.ToUpper(p.PaySign) },
		"sign type":     func(p *wechattest.LegacyPage) { p.SignType = "MD5" },
		"app":           func(p *wechattest.LegacyPage) { p.AppID = "wx1" },
		"encoded again": func(p *wechattest.LegacyPage) { p.Package = strings.Replace(p.Package, "%3A", "%3a", 1) },
		"another time":  func(p *wechattest.LegacyPage) { p.Timestamp += "0" },
		"another order": func(p *wechattest.LegacyPage) {
			p.Package = strings.Replace(p.Package, "total_fee=1299", "total_fee=1", 1)
		},
		"no nonce at all":  func(p *wechattest.LegacyPage) { p.NonceStr = "" },
		"nothing whatever": func(p *wechattest.LegacyPage) { *p = wechattest.LegacyPage{} },
	} {
		p := good
		change(&p)
		_, err := s.OpenPage(p)
		assert.ErrorIs(t, err, wechattest.ErrBadParams, name)
	}
	late := cola()
	late.OutTradeNo, late.Expire = "A9", s.clock.Now().Add(-time.Minute)
	_, err := s.OpenPage(s.page(t, late))
	require.ErrorContains(t, err, "expired")
	_, err = s.Order("A1")
	require.ErrorIs(t, err, wechattest.ErrNoOrder)
	_, err = s.Pay("A1", wechattest.User{})
	require.ErrorIs(t, err, wechattest.ErrNoOrder)

	post := func(target, body string) string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", target, strings.NewReader(body)))
		b, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		return fmt.Sprint(w.Code, " ", string(b))
	}
	assert.Contains(t, post("/pay/orderquery?access_token=x", "{}"), "40001")
	assert.Contains(t, post("/pay/orderquery?access_token=x", "no"), "47001")
	tok, err := s.Config().Tokens.Token(t.Context())
	require.NoError(t, err)
	at := "/pay/orderquery?access_token=" + url.QueryEscape(string(tok.Bytes()))
	assert.Contains(t, post(at, `{"appid":"wx1"}`), "49001")
	assert.Contains(t, post(at, `{"appid":"`+s.AppID+`"}`), "49004")
	assert.Contains(t, post("/refundapi/gateway/refund.xml", "partner=1"), "签名错误")
	assert.Contains(t, post("/cgi-bin/mchdown_real_new.cgi", "spid=1"), "sign error")
	assert.Equal(t, "400 ", post("/gateway/x", "%zz"))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/gateway/x", nil))
	assert.Equal(t, 405, w.Code)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://mch.tenpay.com/", nil)
	require.NoError(t, err)
	_, err = s.Transport().Do(r)
	require.ErrorContains(t, err, "must not talk")
	require.Error(t, s.Config().Tokens.Refuse(t.Context(), tok))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", s.Legacy, s.Legacy, s.Legacy), s.PartnerKey)
	_, err = wechattest.NewLegacy(wechattest.LegacyConfig{BaseURL: "https://shop.example"})
	require.Error(t, err)
}
