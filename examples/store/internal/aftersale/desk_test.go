package aftersale_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/phone"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is a shop with one paid order, on a clock moved by hand.
type office struct {
	*app.App
	clock *wechattest.VirtualClock
	mini  *wechattest.App
	order shop.Order
}

func newOffice(t *testing.T, generation string) *office {
	t.Helper()
	b := &office{clock: wechattest.NewClock(time.Time{})}
	var err error
	b.mini, err = wechattest.NewApp(wechattest.AppConfig{Kind: wechattest.MiniProgram, Name: "elsewhere", Clock: b.clock})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.mini.Close()) })
	door := httptest.NewServer(b.mini)
	t.Cleanup(door.Close)
	b.App, err = app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Generation: generation, Clock: b.clock, Keys: wechattest.ReusedKeys(),
		Mini: app.MiniProgram{URL: door.URL, AppID: b.mini.AppID, Secret: b.mini.Secret, Push: b.mini.Push()}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.App.Close()) })
	_, ses, err := b.Store.Login(t.Context(), "", wechattest.User{Name: "小林"}.OpenID(b.Cashier.Seller().AppID))
	require.NoError(t, err)
	o, err := b.Store.Place(t.Context(), shop.Cart{Seller: b.Cashier.Seller(), Customer: ses.Customer, OpenID: ses.OpenID, Product: "teapot",
		Quantity: 1, Channel: shop.JSAPI, FormToken: "a-form-token-of-sixteen"})
	require.NoError(t, err)
	page, err := b.Cashier.JSAPI(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, b.Sim.Confirm(*page))
	b.clock.Advance(time.Second)
	b.order, err = b.Store.Order(t.Context(), o.No)
	require.NoError(t, err)
	require.Equal(t, shop.Paid, b.order.State)
	return b
}

// known makes the mini program know the order.
func (b *office) known(t *testing.T) {
	t.Helper()
	o := b.order
	_, err := b.mini.AddPaid(wechattest.PaidOrder{MchID: o.Seller.MchID, OutTradeNo: o.No, TransactionID: o.TransactionID, OpenID: o.Buyer(), Total: o.Total})
	require.NoError(t, err)
}

func (b *office) complain(t *testing.T) shop.Complaint {
	t.Helper()
	require.NoError(t, b.Sim.Complain(b.order.No, "壶嘴碎了", 10000, nil))
	b.clock.Advance(time.Second)
	all, err := b.Store.Complaints(t.Context(), b.order.No)
	require.NoError(t, err)
	require.Len(t, all, 1, "the notice arrived")
	return all[0]
}

func (b *office) answers() (n int) {
	for _, s := range b.Sim.Grievance(b.order.No).Steps {
		if s.What == "MERCHANT_RESPONSE" {
			n++
		}
	}
	return n
}

// The answer to the upload is lost: a look decides, and nothing is shipped anew.
func TestShipLooksBeforeItTellsAgain(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v3")
	b.known(t)
	b.mini.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/wxa/sec/order/upload_shipping_info"})
	p, err := b.Desk.Ship(t.Context(), b.order.No, "YTO", "YT1")
	require.NoError(t, err, "it is on disk")
	assert.Equal(t, shop.ShipRequested, p.State)
	assert.NotEmpty(t, p.Problem)
	told, err := b.Desk.Heal(t.Context(), true)
	require.NoError(t, err)
	assert.Equal(t, 1, told)
	p, err = b.Store.ShipmentOf(t.Context(), b.order.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Shipped, p.State)
	at, err := b.mini.ShippingOrder(b.order.TransactionID)
	require.NoError(t, err)
	assert.Equal(t, 1, at.Count)
	again, err := b.Desk.Ship(t.Context(), b.order.No, "YTO", "YT1")
	require.NoError(t, err)
	assert.Equal(t, p, again)
}

// For about a minute WeChat does not know a payment.
func TestShipWaitsUntilWeChatKnowsTheOrder(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v2")
	p, err := b.Desk.Ship(t.Context(), b.order.No, "YTO", "YT1")
	require.NoError(t, err)
	assert.Contains(t, p.Problem, "10060001")
	b.known(t)
	b.clock.Advance(10 * time.Second)
	_, err = b.Desk.Heal(t.Context(), false)
	require.NoError(t, err)
	p, err = b.Store.ShipmentOf(t.Context(), b.order.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Shipped, p.State)
	assert.Empty(t, p.Problem)
	require.NoError(t, b.mini.ConfirmReceipt(b.order.TransactionID, wechattest.User{}))
	_, err = b.Desk.Heal(t.Context(), true)
	require.NoError(t, err)
	p, err = b.Store.ShipmentOf(t.Context(), b.order.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Received, p.State)
}

// The answer to a reply is lost: the history decides, and nothing is said twice.
func TestReplyIsSaidOnce(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v3")
	c := b.complain(t)
	b.Sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: http.MethodPost, Path: "/v3/merchant-service/complaints-v2/"})
	require.NoError(t, b.Desk.Reply(t.Context(), c.ID, "马上处理"))
	require.NoError(t, b.Desk.Reply(t.Context(), c.ID, "马上处理"))
	assert.Equal(t, 1, b.answers())
	for _, words := range []string{"", strings.Repeat("长", 201)} {
		require.ErrorIs(t, b.Desk.Reply(t.Context(), c.ID, words), shop.ErrText)
	}
	require.ErrorIs(t, b.Desk.Reply(t.Context(), "2002", "你好"), shop.ErrNotFound)
	b.Sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})
	require.ErrorIs(t, b.Desk.Reply(t.Context(), c.ID, "还在吗"), aftersale.ErrUnsure)
	assert.Equal(t, 1, b.answers())
}

func TestComplaintFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v3")
	c := b.complain(t)
	require.ErrorIs(t, b.Desk.Complete(t.Context(), c.ID), aftersale.ErrNotNow, "nobody has answered")
	for range 2 { // two presses of one button
		_, err := b.Desk.Refund(t.Context(), c.ID, 10000, "a-refund-token-of-16")
		require.NoError(t, err)
	}
	_, err := b.Desk.Refund(t.Context(), c.ID, 16801, "another-refund-of-16")
	require.ErrorIs(t, err, shop.ErrOverRefund)
	refunds, err := b.Store.Refunds(t.Context(), b.order.No)
	require.NoError(t, err)
	assert.Len(t, refunds, 1)
	require.NoError(t, b.Desk.Complete(t.Context(), c.ID))
	require.NoError(t, b.Desk.Complete(t.Context(), c.ID), "done is done")
	c, err = b.Store.ComplaintByID(t.Context(), c.ID)
	require.NoError(t, err)
	assert.Equal(t, shop.ComplaintProcessed, c.State)
	require.NoError(t, b.Sim.Act(b.order.No, "say", "还没有到账"))
	b.clock.Advance(time.Second)
	c, err = b.Store.ComplaintByID(t.Context(), c.ID)
	require.NoError(t, err)
	assert.Equal(t, shop.ComplaintPending, c.State, "the customer goes on")
}

// Adverse inputs 39, 43 and 49 after the sale: notices that are lost, and copied.
func TestAdverse39And49_ComplaintNoticesThatGoWrong(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v3")
	b.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 15, Together: true})
	c := b.complain(t)
	assert.Len(t, c.Steps, 1)
	b.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose, Times: -1})
	require.NoError(t, b.Sim.Act(b.order.No, "say", "怎么还不回复"))
	b.clock.Advance(time.Hour)
	c, err := b.Store.ComplaintByID(t.Context(), c.ID)
	require.NoError(t, err)
	assert.Len(t, c.Steps, 1, "nothing was heard")
	_, err = b.Desk.Heal(t.Context(), false)
	require.NoError(t, err)
	c, err = b.Store.ComplaintByID(t.Context(), c.ID)
	require.NoError(t, err)
	assert.Len(t, c.Steps, 2, "a look found it")
}

// Adverse input 43: what cannot be stored is not acknowledged, and comes again.
func TestAdverse43_ComplaintThatCannotBeReadComesAgain(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "v3")
	disarm := b.Sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Method: http.MethodGet, Times: -1})
	require.NoError(t, b.Sim.Complain(b.order.No, "壶嘴碎了", 0, nil))
	b.clock.Advance(time.Second)
	all, err := b.Store.Complaints(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, all)
	disarm()
	b.clock.Advance(time.Minute)
	all, err = b.Store.Complaints(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, all, 1, "WeChat sent it again")
}

// Adverse inputs 46 to 48: what is no notice of ours moves nothing.
func TestAdverse46To48_ForeignAndBrokenRequests(t *testing.T) {
	t.Parallel()
	for _, generation := range app.Generations() {
		b := newOffice(t, generation)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for _, body := range []string{"", "{}", "null", "[]", `{"event_type":"COMPLAINT.CREATE","resource":null}`, "<xml></xml>", strings.Repeat("x", 2<<20)} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Origin+"/wechat/after", strings.NewReader(body))
			require.NoError(t, err)
			res, err := client.Do(r)
			if err != nil {
				assert.Greater(t, len(body), 1<<20, "only what is too long may be cut off: %v", err)
				continue
			}
			require.NoError(t, res.Body.Close())
			assert.GreaterOrEqual(t, res.StatusCode, 400, "%.40s", body)
		}
		res, err := client.PostForm(b.Origin+"/wechat/shipping", url.Values{"a": {"b"}})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.GreaterOrEqual(t, res.StatusCode, 400)
		alarms, err := b.Store.Alarms(t.Context())
		require.NoError(t, err)
		assert.Empty(t, alarms)
	}
}

// Complaints of 2014: the shop does something, the customer decides.
func TestComplaintOf2014(t *testing.T) {
	t.Parallel()
	b := newOffice(t, "2014")
	c := b.complain(t)
	require.ErrorIs(t, b.Desk.Reply(t.Context(), c.ID, "你好"), aftersale.ErrNotNow, "there are no words")
	for _, tt := range []struct {
		act  phone.Act
		want shop.ComplaintState
	}{{"discontent", shop.ComplaintPending}, {"content", shop.ComplaintProcessed}} {
		require.NoError(t, b.Desk.Complete(t.Context(), c.ID))
		got, err := b.Store.ComplaintByID(t.Context(), c.ID)
		require.NoError(t, err)
		assert.Equal(t, shop.ComplaintProcessing, got.State)
		b.clock.Advance(time.Minute)
		require.NoError(t, b.Sim.Act(b.order.No, tt.act, "还是坏的"))
		b.clock.Advance(time.Second)
		got, err = b.Store.ComplaintByID(t.Context(), c.ID)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got.State)
	}
}
