package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := web.New(web.Config{})
	assert.ErrorContains(t, err, "Password")
	b := newTown(t)
	_, err = web.New(web.Config{Store: b.store, Cashier: pagesOf(b).Cashier, Account: pagesOf(b).Account, Desk: pagesOf(b).Desk, Theirs: b.theirs, Password: secret, Origin: "shop.test"})
	assert.ErrorContains(t, err, "origin")
}

func pagesOf(b *town) web.Config { return b.pages.(*web.Server).Config }

func TestShelfHasAPictureForEveryProduct(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	home := v.get("/")
	pictures := regexp.MustCompile(`src="(/pictures/[^"]+)"`).FindAllStringSubmatch(home.body, -1)
	assert.GreaterOrEqual(t, len(pictures), 8)
	for _, p := range pictures {
		a := v.get(p[1])
		assert.Equal(t, http.StatusOK, a.Code, p[1])
		assert.Contains(t, a.Header().Get("Content-Type"), "image/svg+xml")
		assert.Contains(t, a.Header().Get("Cache-Control"), "immutable")
	}
	assert.Equal(t, http.StatusNotFound, v.get("/pictures/").Code, "no listings")
	assert.Equal(t, http.StatusNotFound, v.get("/templates/layout.html").Code)
	assert.Equal(t, http.StatusNotFound, v.get("/p/gold").Code)
	require.NoError(t, b.store.Put(t.Context(), shop.Product{Slug: "new", Name: "新", NameEN: "New", Price: 1}))
	assert.Contains(t, v.get("/").body, "已售罄")
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	assert.Contains(t, v.get("/").body, `lang="zh-CN"`)
	a := v.get("/lang?to=en&next=/p/tea")
	assert.Equal(t, "/p/tea", a.to())
	assert.Contains(t, v.get("/p/tea").body, "Longjing Spring Tea")
	v.get("/lang?to=xx")
	assert.Contains(t, v.get("/").body, "全部商品")
}

func TestJSAPIPageTurnsPaidByItself(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	no := v.order("tea", "JSAPI")
	page := v.get("/orders/" + no)
	assert.Contains(t, page.body, simulate+"/ui/bridge.js")
	before := v.get("/orders/" + no + "/state").body
	assert.Contains(t, before, `"state":"PENDING"`)
	params := v.do(http.MethodPost, "/orders/"+no+"/jsapi", nil, "X-CSRF-Token", v.csrf())
	require.Equal(t, http.StatusOK, params.Code)
	assert.Contains(t, params.body, `"signType":"RSA"`)
	_, err := b.sim.Pay(b.order(no).PrepayID, wechattest.User{})
	require.NoError(t, err)
	assert.Equal(t, before, v.get("/orders/"+no+"/state").body, "nothing changes before the notice")
	b.clock.Advance(0)
	assert.NotEqual(t, before, v.get("/orders/"+no+"/state").body)
	assert.Contains(t, v.get("/orders/"+no).body, "支付成功")
	assert.Contains(t, v.get("/orders").body, "已付款")
	again := v.do(http.MethodPost, "/orders/"+no+"/jsapi", nil, "X-CSRF-Token", v.csrf())
	assert.Equal(t, http.StatusConflict, again.Code)
}

func TestNativePageShowsACode(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	no := v.order("vase", "NATIVE")
	page := v.get("/orders/" + no)
	assert.Contains(t, strings.ToUpper(page.body), strings.ToUpper(url.QueryEscape(b.order(no).CodeURL)), "the link to the simulated phone carries the code")
	code := v.get("/orders/" + no + "/code.svg")
	assert.Equal(t, "image/svg+xml", code.Header().Get("Content-Type"))
	assert.Contains(t, code.body, "<svg")
	cancelled := v.do(http.MethodPost, "/orders/"+no+"/cancel", url.Values{"csrf": {v.csrf()}})
	assert.Equal(t, "/orders/"+no+"?m=cancelled", cancelled.to())
	assert.Contains(t, v.get("/orders/"+no).body, "订单已关闭")
	assert.Equal(t, http.StatusNotFound, v.get("/orders/"+no+"/code.svg").Code)
	twice := v.do(http.MethodPost, "/orders/"+no+"/cancel", url.Values{"csrf": {v.csrf()}})
	assert.Equal(t, "/orders/"+no+"?m=notopen", twice.to())
	twice = v.do(http.MethodPost, "/orders/"+no+"/native", url.Values{"csrf": {v.csrf()}})
	assert.Equal(t, "/orders/"+no+"?m=notopen", twice.to())
}

func TestWeChatOutOfReach(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	disarm := b.sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})
	form := v.cart("tea", "1", "NATIVE")
	a := v.do(http.MethodPost, "/orders", form)
	require.Contains(t, a.to(), "m=nocode")
	page := v.get(a.to())
	assert.Contains(t, page.body, "重新获取二维码")
	no := b.orders()[0].No
	a = v.do(http.MethodPost, "/orders/"+no+"/cancel", url.Values{"csrf": {v.csrf()}})
	assert.Contains(t, a.to(), "m=later")
	js := v.order("tea", "JSAPI")
	a = v.do(http.MethodPost, "/orders/"+js+"/jsapi", nil, "X-CSRF-Token", v.csrf())
	assert.Equal(t, http.StatusBadGateway, a.Code)
	m := b.merchant()
	a = m.do(http.MethodPost, "/merchant/heal", url.Values{"csrf": {m.csrf()}})
	assert.Contains(t, a.to(), "m=unhealed")
	disarm()
	a = v.do(http.MethodPost, "/orders/"+no+"/native", url.Values{"csrf": {v.csrf()}})
	assert.Equal(t, "/orders/"+no, a.to())
	assert.NotEmpty(t, b.order(no).CodeURL)
}

func TestMerchantRefundsAndReconciles(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	no := b.visitor().sold("tea")
	m := b.merchant()
	assert.Contains(t, m.get("/merchant").body, no)
	a := m.refund(no, "68.00")
	assert.Equal(t, "/merchant/orders/"+no+"?m=refunded", a.to())
	assert.Contains(t, m.get("/merchant/orders/"+no).body, "处理中")
	before := m.get("/merchant/orders/" + no + "/state").body
	b.clock.Advance(time.Minute)
	assert.NotEqual(t, before, m.get("/merchant/orders/"+no+"/state").body)
	ledger := m.get("/merchant/ledger").body
	assert.Contains(t, ledger, `id="difference">0 分`)
	assert.Contains(t, ledger, "-68.00")
	assert.Contains(t, ledger, "没有告警")

	b.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	m.refund(no, "100")
	b.clock.Advance(time.Minute)
	assert.Contains(t, m.get("/merchant/ledger").body, `id="difference">10000 分`, "a lost notice shows")
	a = m.do(http.MethodPost, "/merchant/heal", url.Values{"csrf": {m.csrf()}})
	assert.Equal(t, "/merchant/ledger?m=healed", a.to())
	assert.Contains(t, m.get(a.to()).body, `id="difference">0 分`)
	assert.Contains(t, m.get("/merchant/orders/"+no).body, "已全额退款")
	for _, path := range []string{"/merchant/orders/none", "/merchant/orders/none/state"} {
		assert.Equal(t, http.StatusNotFound, m.get(path).Code)
	}
	assert.Equal(t, http.StatusNotFound, m.refund("none", "1").Code)

	a = m.do(http.MethodPost, "/merchant/logout", url.Values{"csrf": {m.csrf()}})
	assert.Equal(t, "/", a.to())
	assert.Equal(t, http.StatusSeeOther, m.get("/merchant").Code)
}

func TestEveryPageRendersInEveryState(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	paid := v.sold("honey")
	late := v.order("honey", "NATIVE")
	require.NoError(t, b.store.CloseOrder(t.Context(), late))
	v.send(v.cart("honey", "2", "NATIVE"))
	_, err := b.sim.Pay(b.order(late).CodeURL, wechattest.User{Name: "phone"})
	require.NoError(t, err)
	b.clock.Advance(0)
	v.order("tea", "JSAPI")
	m := b.merchant()
	for _, reason := range []string{"SUCCESS", "CLOSED", "ABNORMAL"} {
		m.refund(paid, "0.01")
		refunds, err := b.store.Refunds(t.Context(), paid)
		require.NoError(t, err)
		require.NoError(t, b.sim.SettleRefund(b.account.MchID, refunds[len(refunds)-1].No, reason))
		b.clock.Advance(time.Minute)
	}
	for range 2 {
		for _, path := range []string{"/", "/orders", "/orders/" + late, "/orders/" + paid, "/p/honey", "/p/tea"} {
			assert.Equal(t, http.StatusOK, v.get(path).Code, path)
		}
		for _, o := range b.orders() {
			assert.Equal(t, http.StatusOK, m.get("/merchant/orders/"+o.No).Code)
		}
		assert.Equal(t, http.StatusOK, m.get("/merchant").Code)
		assert.Equal(t, http.StatusOK, m.get("/merchant/ledger").Code)
		v.get("/lang?to=en")
		m.get("/lang?to=en")
	}
	assert.Contains(t, v.get("/orders/"+late).body, "too late")
	assert.Equal(t, http.StatusNotFound, v.get("/nothing").Code)
}

func TestNoticesNeedASignatureAndNoSession(t *testing.T) {
	t.Parallel()
	v := newTown(t).guest()
	a := v.do(http.MethodPost, web.NoticePath, url.Values{"a": {"b"}})
	assert.GreaterOrEqual(t, a.Code, 400)
	assert.Empty(t, v.cookies)
	assert.Equal(t, http.StatusMethodNotAllowed, v.get(web.NoticePath).Code)
}

func TestLedgerThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newTown(t, func(c *web.Config) {
		c.Theirs = func(context.Context) ([]shop.Entry, error) { return nil, errors.New("secret cause") }
	})
	a := b.merchant().get("/merchant/ledger")
	assert.Equal(t, http.StatusInternalServerError, a.Code)
	assert.NotContains(t, a.body, "secret cause")
}

func TestClosedDatabaseIsAnError(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v, m := b.visitor(), b.merchant()
	no := v.order("tea", "NATIVE")
	form, csrf := v.cart("tea", "1", "NATIVE"), m.csrf()
	require.NoError(t, b.store.Close())
	for _, path := range []string{"/", "/p/tea", "/orders", "/orders/" + no, "/orders/" + no + "/state"} {
		assert.Equal(t, http.StatusInternalServerError, v.get(path).Code, path)
	}
	assert.Equal(t, http.StatusInternalServerError, v.do(http.MethodPost, "/orders", form).Code)
	for _, path := range []string{"/merchant", "/merchant/ledger", "/merchant/orders/" + no} {
		assert.Equal(t, http.StatusInternalServerError, m.get(path).Code, path)
	}
	assert.Equal(t, http.StatusInternalServerError, m.do(http.MethodPost, "/merchant/heal", url.Values{"csrf": {csrf}}).Code)
	assert.False(t, strings.Contains(v.get("/").body, "sql"), "causes are logged, not shown")
}
