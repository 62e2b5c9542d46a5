package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/wechattest"
)

// The tests of adverse input 72: each is named by what it denies.

func TestAdverse72_DeniesPriceTampering(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	form := v.cart("lamp", "1", "NATIVE")
	for _, name := range []string{"price", "total", "amount", "unit_price", "data-unit", "Total"} {
		form.Set(name, "1")
	}
	no := v.send(form)
	assert.Equal(t, wechat.Fen(32800), b.order(no).Total)
	there, err := b.account.Order(no)
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(32800), there.Total, "WeChat is asked for the price in the shop's books")
}

func TestAdverse72_DeniesQuantityTampering(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	for _, q := range []string{"", "0", "-1", "+1", "1.5", "1e1", "0x2", "21", "1,2", "99999999999999999999", "NaN"} {
		a := v.do(http.MethodPost, "/orders", v.cart("tea", q, "NATIVE"))
		assert.Equal(t, "/p/tea?m=quantity", a.to(), q)
	}
	form := v.cart("tea", "2", "NATIVE")
	form["quantity"] = []string{"2", "-1"} // only the first counts
	assert.Equal(t, int64(2), b.order(v.send(form)).Quantity)
	assert.Len(t, b.orders(), 1)
}

func TestAdverse72_DeniesCurrencyAndStateTampering(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	form := v.cart("tea", "1", "NATIVE")
	for name, value := range map[string]string{"currency": "JPY", "state": "PAID", "customer": "1", "openid": "oOther", "mchid": "1", "no": "x"} {
		form.Set(name, value)
	}
	o := b.order(v.send(form))
	assert.Equal(t, shop.Pending, o.State)
	assert.Equal(t, b.account.MchID, o.Seller.MchID)
	assert.NotEqual(t, "oOther", o.OpenID)
	form = v.cart("tea", "1", "CASH")
	assert.Equal(t, http.StatusBadRequest, v.do(http.MethodPost, "/orders", form).Code)
}

// posts are all forms of the shop; no stands for an order of the visitor.
func posts(no string) []string {
	return []string{"/orders", "/orders/" + no + "/jsapi", "/orders/" + no + "/native", "/orders/" + no + "/cancel",
		"/merchant/login", "/merchant/logout", "/merchant/orders/" + no + "/refund", "/merchant/heal"}
}

func TestAdverse72_DeniesFormsWithoutCSRFToken(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	m := b.merchant()
	no := m.sold("tea")
	for _, path := range posts(no) {
		form := m.cart("tea", "1", "NATIVE")
		form.Del("csrf")
		form.Set("amount", "1")
		form.Set("password", secret)
		for _, token := range []string{"", " ", "0", "csrf"} {
			assert.Equal(t, http.StatusForbidden, m.do(http.MethodPost, path, form, "X-CSRF-Token", token).Code, path)
		}
		stranger := b.visitor() // without any session
		assert.Equal(t, http.StatusForbidden, stranger.do(http.MethodPost, path, form).Code, path)
	}
	assert.Len(t, b.orders(), 1)
	assert.Zero(t, b.order(no).Refunding)
}

func TestAdverse72_DeniesFormsWithTheCSRFTokenOfAnotherSession(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	m, attacker := b.merchant(), b.visitor()
	no := m.sold("tea")
	for _, path := range posts(no) {
		form := m.cart("tea", "1", "NATIVE")
		form.Set("csrf", attacker.csrf())
		form.Set("amount", "1")
		assert.Equal(t, http.StatusForbidden, m.do(http.MethodPost, path, form).Code, path)
	}
	assert.Len(t, b.orders(), 1)
}

func TestAdverse72_DeniesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		a := v.do(http.MethodPost, "/orders", v.cart("tea", "1", "NATIVE"), name, value)
		assert.Equal(t, http.StatusForbidden, a.Code, name)
	}
	assert.Empty(t, b.orders())
}

func TestAdverse72_DeniesOtherPeoplesOrders(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	owner, thief := b.visitor(), b.visitor()
	no := owner.order("tea", "NATIVE")
	csrf := thief.csrf()
	for _, path := range []string{"", "/state", "/code.svg"} {
		assert.Equal(t, http.StatusOK, owner.get("/orders/"+no+path).Code)
		for _, v := range []*visitor{thief, b.visitor()} {
			a := v.get("/orders/" + no + path)
			assert.Equal(t, http.StatusNotFound, a.Code, path)
			assert.NotContains(t, a.body, "小明")
		}
	}
	for _, path := range []string{"/jsapi", "/native", "/cancel"} {
		a := thief.do(http.MethodPost, "/orders/"+no+path, url.Values{"csrf": {csrf}})
		assert.Equal(t, http.StatusNotFound, a.Code, path)
	}
	assert.NotContains(t, thief.get("/orders").body, no)
	assert.Equal(t, shop.Pending, b.order(no).State)
}

func TestAdverse72_DeniesMerchantPagesToCustomers(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	no := v.sold("tea")
	csrf := v.csrf()
	for _, path := range []string{"/merchant", "/merchant/ledger", "/merchant/orders/" + no, "/merchant/orders/" + no + "/state"} {
		a := v.get(path)
		assert.Equal(t, "/merchant/login?next="+url.QueryEscape(path), a.to())
	}
	for _, path := range []string{"/merchant/heal", "/merchant/orders/" + no + "/refund"} {
		a := v.do(http.MethodPost, path, url.Values{"csrf": {csrf}, "amount": {"1"}, "form": {"a-form-token-made-up"}})
		assert.Equal(t, http.StatusForbidden, a.Code)
	}
	for _, password := range []string{"", "x", secret + " ", strings.ToUpper(secret)} {
		a := v.do(http.MethodPost, "/merchant/login", url.Values{"csrf": {csrf}, "password": {password}})
		assert.Contains(t, a.to(), "m=password")
	}
	assert.Zero(t, b.order(no).Refunding)
}

func TestAdverse72_DeniesTheSecondClick(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	form := v.cart("tea", "1", "JSAPI")
	var group sync.WaitGroup
	for range 8 {
		w := &visitor{b, map[string]string{"session": v.cookies["session"]}}
		group.Go(func() { w.do(http.MethodPost, "/orders", form) })
	}
	group.Wait()
	assert.Len(t, b.orders(), 1)

	m := b.merchant()
	no := v.sold("tea")
	page := m.get("/merchant/orders/" + no)
	refund := url.Values{"csrf": {page.hidden("csrf")}, "form": {page.hidden("form")}, "amount": {"1.00"}}
	for range 3 {
		m.do(http.MethodPost, "/merchant/orders/"+no+"/refund", refund)
	}
	refunds, err := b.store.Refunds(t.Context(), no)
	require.NoError(t, err)
	assert.Len(t, refunds, 1, "nor is a refund doubled")
}

func TestAdverse72_DeniesPaymentByThePagesOwnWord(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	no := v.order("tea", "JSAPI")
	csrf := v.csrf()
	v.get("/orders/" + no + "?err_msg=get_brand_wcpay_request:ok&paid=1&state=PAID")
	for _, path := range []string{"/orders/" + no, "/orders/" + no + "/paid", "/orders/" + no + "/state"} {
		a := v.do(http.MethodPost, path, url.Values{"csrf": {csrf}, "err_msg": {"get_brand_wcpay_request:ok"}})
		assert.GreaterOrEqual(t, a.Code, 400)
	}
	assert.Equal(t, shop.Pending, b.order(no).State)
}

func TestAdverse72_DeniesOverRefund(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	no := b.visitor().sold("tea") // 168.00
	m := b.merchant()
	for amount, notice := range map[string]string{"168.01": "over", "0": "over", "-1": "over", "1e2": "amount", "0.001": "amount",
		"": "amount", "99999999999999999999": "amount", "90000000000000000": "over", "１": "amount"} {
		assert.Contains(t, m.refund(no, amount).to(), "m="+notice, amount)
	}
	assert.Contains(t, m.refund(no, "168").to(), "m=refunded")
	assert.Contains(t, m.refund(no, "0.01").to(), "m=over")
	unpaid := b.visitor().order("tea", "NATIVE")
	assert.Contains(t, m.refund(unpaid, "1").to(), "m=notpaid")
}

func TestAdverse72_DeniesTheFiftyFirstPartialRefund(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	no := b.visitor().sold("tea")
	m := b.merchant()
	for range shop.MaxRefunds {
		require.Contains(t, m.refund(no, "0.01").to(), "m=refunded")
	}
	assert.Contains(t, m.refund(no, "0.01").to(), "m=many")
	assert.Equal(t, wechat.Fen(50), b.order(no).Refunded+b.order(no).Refunding)
}

func TestAdverse72_DeniesOversellToFiftyBuyersOfOneItem(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	require.NoError(t, b.store.Put(t.Context(), shop.Product{Slug: "last", Name: "孤品", NameEN: "Last", Price: 100, Stock: 1}))
	var sold, refused atomic.Int64
	buyers := make([]*visitor, 50)
	forms := make([]url.Values, 50)
	for i := range buyers {
		buyers[i] = b.visitor()
		forms[i] = buyers[i].cart("last", "1", "NATIVE")
	}
	var group sync.WaitGroup
	for i, v := range buyers {
		group.Go(func() {
			switch to := v.do(http.MethodPost, "/orders", forms[i]).to(); {
			case strings.HasPrefix(to, "/orders/"):
				sold.Add(1)
			case to == "/p/last?m=soldout":
				refused.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(1), sold.Load())
	assert.Equal(t, int64(49), refused.Load())
	assert.Len(t, b.account.Orders(), 1)
}

const evil = `"><script>alert(1)</script>`

func TestAdverse72_DeniesXSSInProductNicknameAndAttach(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	require.NoError(t, b.store.Put(t.Context(), shop.Product{Slug: "evil", Name: evil, NameEN: evil, About: evil, AboutEN: evil, Price: 100, Stock: 9}))
	v, m := b.visitor(), b.merchant()
	form := v.cart("evil", "1", "NATIVE")
	form.Set("nickname", evil)
	form.Set("note", evil)
	no := v.send(form)
	_, err := b.sim.Pay(b.order(no).CodeURL, wechattest.User{Name: evil})
	require.NoError(t, err)
	b.clock.Advance(0)
	page := m.get("/merchant/orders/" + no)
	m.do(http.MethodPost, "/merchant/orders/"+no+"/refund", url.Values{"csrf": {page.hidden("csrf")}, "form": {page.hidden("form")}, "amount": {"1"}, "reason": {evil}})
	seen := []answer{v.get("/"), v.get("/p/evil"), v.get("/orders"), v.get("/orders/" + no), m.get("/merchant"),
		m.get("/merchant/orders/" + no), m.get("/merchant/ledger"), v.get("/orders/" + url.PathEscape(evil)), v.get("/?m=" + url.QueryEscape(evil))}
	for i, a := range seen {
		assert.NotContains(t, a.body, "<script>", "page %d", i)
	}
	assert.Contains(t, seen[3].body, "&lt;script&gt;", "shown as text")
	assert.Contains(t, seen[5].body, "&lt;script&gt;")
}

func TestAdverse72_DeniesScriptsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v, m := b.visitor(), b.merchant()
	no := v.sold("tea")
	unpaid := v.order("tea", "JSAPI")
	for _, a := range []answer{v.get("/"), v.get("/p/tea"), v.get("/orders/" + no), v.get("/orders/" + unpaid), v.get("/none"), m.get("/merchant"),
		m.get("/merchant/orders/" + no), m.get("/merchant/ledger"), v.get("/merchant/login")} {
		h := a.Header()
		csp := h.Get("Content-Security-Policy")
		assert.Contains(t, csp, "default-src 'none'; script-src 'self' "+simulate+";")
		assert.Contains(t, csp, "frame-ancestors 'none'")
		assert.NotContains(t, csp, "unsafe")
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		assert.Equal(t, "DENY", h.Get("X-Frame-Options"))
		assert.Equal(t, "no-store", h.Get("Cache-Control"))
		for _, tag := range regexp.MustCompile(`<script[^>]*>`).FindAllString(a.body, -1) {
			assert.Contains(t, tag, "src=")
		}
		assert.NotRegexp(t, `<[^>]+\s(on\w+|style)=`, a.body)
	}
}

var tricks = []string{"//evil.example", `/\evil.example`, `\\evil.example`, "%2f%2fevil.example", "/%2f/evil.example", "/%5cevil.example",
	"javascript:alert(1)", "https://evil.example", "http:evil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "data:text/html,x",
	"//user@evil.example/", "evil.example", "///evil.example", "http://shop.test@evil.example"}

func TestAdverse72_DeniesReturnURLTricks(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	for _, trick := range tricks {
		v := b.visitor()
		for _, next := range []string{trick, url.QueryEscape(trick)} {
			assertLocal(t, v.get("/lang?to=en&next="+url.QueryEscape(next)).to(), trick)
			page := v.get("/merchant/login?next=" + url.QueryEscape(next))
			assertLocal(t, page.hidden("next"), trick)
			a := v.do(http.MethodPost, "/merchant/login", url.Values{"csrf": {page.hidden("csrf")}, "password": {secret}, "next": {next}})
			assertLocal(t, a.to(), trick)
		}
	}
	v := b.visitor()
	assert.Equal(t, "/merchant/ledger?a=b", v.get("/lang?next="+url.QueryEscape("/merchant/ledger?a=b")).to(), "our own paths work")
}

// assertLocal holds a browser to what it would do with a Location.
func assertLocal(t *testing.T, to, trick string) {
	t.Helper()
	cleaned := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(to)
	assert.True(t, strings.HasPrefix(cleaned, "/") && !strings.HasPrefix(cleaned, "//"), "%q led to %q", trick, to)
	u, err := url.Parse(cleaned)
	require.NoError(t, err)
	assert.Empty(t, u.Host)
	assert.Empty(t, u.Scheme)
	assert.False(t, strings.HasPrefix(u.Path, "//"), "%q led to %q", trick, to)
}

func TestAdverse72_DeniesScriptsAndOtherSitesTheCookie(t *testing.T) {
	t.Parallel()
	cookie := newTown(t).guest().get("/").Result().Cookies()[0]
	assert.True(t, cookie.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	assert.Equal(t, "/", cookie.Path)
	assert.Empty(t, cookie.Domain)

	b := newTown(t, func(c *web.Config) { c.Origin = "https://shop.test" })
	a := b.guest().get("https://shop.test/")
	cookie = a.Result().Cookies()[0]
	assert.True(t, cookie.Secure)
	assert.Equal(t, "__Host-session", cookie.Name)
	assert.Contains(t, a.Header().Get("Strict-Transport-Security"), "max-age")
}

func TestAdverse72_DeniesSessionFixation(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	v.cookies["session"] = "PLANTEDPLANTEDPLANTED"
	v.get("/")
	assert.NotEqual(t, "PLANTEDPLANTEDPLANTED", v.cookies["session"], "a token we did not make is not taken over")

	attacker := b.visitor() // gets a session and plants it in the merchant's browser
	attacker.get("/")
	planted := attacker.cookies["session"]
	page := attacker.get("/merchant/login")
	victim := &visitor{b, map[string]string{"session": planted}}
	victim.do(http.MethodPost, "/merchant/login", url.Values{"csrf": {page.hidden("csrf")}, "password": {secret}})
	assert.NotEqual(t, planted, victim.cookies["session"])
	assert.Equal(t, http.StatusOK, victim.get("/merchant").Code)
	assert.Equal(t, http.StatusSeeOther, attacker.get("/merchant").Code, "the planted session gained nothing")
}

func TestAdverse72_DeniesForgedHostAndForwardedHeaders(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	for _, host := range []string{"evil.example", "shop.test:99", "shop.test.evil.example", ""} {
		a := v.get("/", "Host", host)
		assert.Equal(t, http.StatusMisdirectedRequest, a.Code, host)
	}
	forged := []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example", "X-Original-URL", "/merchant", "X-Forwarded-For", "127.0.0.1"}
	a := v.do(http.MethodPost, "/orders", v.cart("tea", "1", "NATIVE"), forged...)
	require.Equal(t, http.StatusSeeOther, a.Code)
	no := strings.TrimPrefix(a.to(), "/orders/")
	assert.NotContains(t, v.get("/orders/"+no, forged...).body, "evil.example")
	_, err := b.sim.Pay(b.order(no).CodeURL, wechattest.User{Name: "phone"})
	require.NoError(t, err)
	b.clock.Advance(0)
	assert.Equal(t, shop.Paid, b.order(no).State, "the notice went to our address")
	assert.Equal(t, http.StatusSeeOther, v.get("/merchant", forged...).Code)
}

func TestAdverse72_DeniesHugeForms(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	form := v.cart("tea", "1", "NATIVE")
	form.Set("note", strings.Repeat("a", 1<<20))
	assert.Equal(t, http.StatusBadRequest, v.do(http.MethodPost, "/orders", form).Code)
	for field, value := range map[string]string{"nickname": strings.Repeat("名", 33), "note": "🎁"} {
		form := v.cart("tea", "1", "NATIVE")
		form.Set(field, value)
		assert.Equal(t, "/p/tea?m=text", v.do(http.MethodPost, "/orders", form).to(), field)
	}
	form = v.cart("tea", "1", "NATIVE")
	form.Set("form", fmt.Sprint(1))
	assert.Equal(t, http.StatusBadRequest, v.do(http.MethodPost, "/orders", form).Code)
	form = v.cart("tea", "1", "NATIVE")
	form.Set("product", "gold")
	assert.Equal(t, http.StatusNotFound, v.do(http.MethodPost, "/orders", form).Code)
	form = v.cart("honey", "4", "NATIVE")
	assert.Equal(t, "/p/honey?m=soldout", v.do(http.MethodPost, "/orders", form).to())
}
