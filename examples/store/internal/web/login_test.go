package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

var (
	lin = wechattest.User{Name: "小林"}
	wei = wechattest.User{Name: "阿伟"}
)

// begin sends a browser to WeChat and gives the address that it comes back with.
func (v *visitor) begin(u wechattest.User, path string) (callback string) {
	v.b.t.Helper()
	away := v.get(path)
	require.Equal(v.b.t, http.StatusFound, away.Code)
	callback, err := v.b.people.Authorize(u, away.to())
	require.NoError(v.b.t, err)
	return callback
}

// inside tells whether the shop takes the browser for somebody.
func (v *visitor) inside() bool {
	v.b.t.Helper()
	return v.get("/me").Code == http.StatusOK
}

func TestLoginBindsTheSessionToTheOpenID(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	assert.Contains(t, v.get("/p/tea").body, "微信登录后购买")
	before := v.cookies["session"]
	no := v.order("tea", "NATIVE")
	assert.Empty(t, b.order(no).OpenID)
	v.login(lin, "/p/tea")
	assert.NotEqual(t, before, v.cookies["session"], "a fresh token")
	_, err := b.store.Session(t.Context(), before)
	require.ErrorIs(t, err, shop.ErrNotFound, "the token from before the login is dead")
	ses, err := b.store.Session(t.Context(), v.cookies["session"])
	require.NoError(t, err)
	assert.Equal(t, lin.OpenID(b.people.AppID), ses.OpenID)
	assert.Equal(t, http.StatusOK, v.get("/orders/"+no).Code, "what a guest ordered stays theirs")

	again := b.guest()
	again.login(lin, "/orders")
	assert.Contains(t, again.get("/orders").body, no, "the same person in another browser")
	again.do(http.MethodPost, "/me/leave", url.Values{"csrf": {again.get("/p/tea").hidden("csrf")}})
	assert.False(t, again.inside())
	assert.True(t, v.inside())
}

func TestLoginAsksForTheNameOnlyWhereItIsWanted(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	v.login(lin, "/me")
	assert.Contains(t, v.get("/me").body, "微信用户")
	away := v.get("/me/profile")
	assert.Contains(t, away.to(), "scope=snsapi_userinfo")
	refused, err := b.people.Refuse(lin, away.to())
	require.NoError(t, err)
	a := v.get(refused)
	assert.Equal(t, http.StatusForbidden, a.Code)
	assert.Contains(t, a.body, "您没有同意授权")
	assert.True(t, v.inside(), "a refusal costs nothing")
	v.get(v.begin(lin, "/me/profile"))
	assert.Contains(t, v.get("/me").body, "小林")
	assert.Contains(t, v.get("/p/tea").body, `value="小林"`)
}

func TestWeChatBrowsersAreLoggedInQuietly(t *testing.T) {
	t.Parallel()
	v := newTown(t).guest()
	a := v.get("/p/tea", "User-Agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50")
	assert.Equal(t, "/enter?to=%2Fp%2Ftea", a.to())
	assert.Equal(t, http.StatusOK, v.get("/p/tea", "User-Agent", "Mozilla/5.0").Code)
}

func TestOrdersInWeChatNeedALoginAndAnAddress(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	assert.Equal(t, "/p/tea?m=login", v.do(http.MethodPost, "/orders", v.cart("tea", "1", "JSAPI")).to())
	assert.Empty(t, b.orders())
	v.login(lin, "/p/tea")
	no := v.order("tea", "JSAPI")
	csrf := v.get("/p/tea").hidden("csrf")
	a := v.do(http.MethodPost, "/orders/"+no+"/jsapi", url.Values{}, "X-CSRF-Token", csrf)
	assert.Equal(t, http.StatusConflict, a.Code)
	assert.JSONEq(t, `{"problem":"address"}`, a.body)

	keep := func(order, body string) int {
		return v.do(http.MethodPost, "/me/address?order="+order, nil, "X-CSRF-Token", csrf, "Body", body).Code
	}
	for name, bad := range map[string]string{"nothing": "", "cancelled": `{"errMsg":"openAddress:cancel"}`, "no phone": strings.Replace(picked, "13800000000", "", 1),
		"no JSON": "<xml>", "a list": "[]", "not from the control": `{"x":1}`} {
		assert.Equal(t, http.StatusBadRequest, keep(no, bad), name)
	}
	assert.Equal(t, http.StatusConflict, keep("20260101AAAAAAAAAAAAAAAAAAAA", picked), "no such order")
	require.Equal(t, http.StatusOK, keep(no, picked))
	page := v.get("/orders/" + no).body
	assert.Contains(t, page, "广东省广州市海珠区新港中路397号")
	assert.Equal(t, http.StatusOK, v.do(http.MethodPost, "/orders/"+no+"/jsapi", url.Values{}, "X-CSRF-Token", csrf).Code)
	assert.Contains(t, b.merchant().get("/merchant/orders/"+no).body, "林小明")

	other := b.visitor() // an order of somebody else keeps its address
	other.do(http.MethodPost, "/me/address?order="+no, nil, "X-CSRF-Token", other.csrf(), "Body", strings.Replace(picked, "林小明", "别人", 1))
	assert.Contains(t, b.order(no).Address, "林小明")
}

func TestPagesOfOtherSitesAreNotSigned(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	csrf := v.csrf()
	sign := func(page string) answer {
		return v.do(http.MethodPost, "/me/sign", url.Values{"url": {page}, "csrf": {csrf}})
	}
	a := sign(origin + "/orders/1?m=x")
	require.Equal(t, http.StatusOK, a.Code)
	assert.Contains(t, a.body, "openAddress")
	for _, page := range []string{"", "https://evil.example/", "http://shop.test.evil.example/", "javascript:1"} {
		assert.Equal(t, http.StatusBadRequest, sign(page).Code, page)
	}
	b.people.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})
	b.clock.Advance(3 * time.Hour)
	assert.Equal(t, http.StatusBadGateway, sign(origin+"/me").Code)
}

func TestAdverse72_DeniesLoginStateAbsent(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	for _, spoil := range []func(url.Values){func(q url.Values) { q.Del("state") }, func(q url.Values) { q.Set("state", "x") }, func(q url.Values) { q.Add("state", q.Get("state")) }} {
		v := b.guest()
		u, err := url.Parse(v.begin(lin, account.EnterPath))
		require.NoError(t, err)
		q := u.Query()
		spoil(q)
		u.RawQuery = q.Encode()
		assert.GreaterOrEqual(t, v.get(u.String()).Code, 400)
		assert.False(t, v.inside())
	}
}

func TestAdverse72_DeniesLoginStateReused(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	callback := v.begin(lin, account.EnterPath)
	held := map[string]string{}
	for k, c := range v.cookies {
		held[k] = c
	}
	assert.Equal(t, http.StatusSeeOther, v.get(callback).Code)
	thief := b.guest() // has the cookies of the beginning and the address of the end
	thief.cookies = held
	assert.GreaterOrEqual(t, thief.get(callback).Code, 400)
	assert.False(t, thief.inside())
	assert.True(t, v.inside())
}

func TestAdverse72_DeniesLoginStateOfAnotherSession(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	attacker, victim := b.guest(), b.guest()
	callback := attacker.begin(wei, account.EnterPath)
	victim.get(account.EnterPath)
	a := victim.get(callback)
	assert.GreaterOrEqual(t, a.Code, 400)
	assert.Contains(t, a.body, "没有登录")
	assert.False(t, victim.inside(), "nobody logs another browser in as themselves")
}

func TestAdverse72_DeniesLoginStateExpired(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	callback := v.begin(lin, account.EnterPath)
	b.clock.Advance(11 * time.Minute)
	a := v.get(callback)
	assert.GreaterOrEqual(t, a.Code, 400)
	assert.Contains(t, a.body, "重新登录")
	assert.False(t, v.inside())
}

func TestAdverse72_DeniesLoginCodeReusedAndExpired(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	used, err := url.Parse(b.guest().login(lin, "/"))
	require.NoError(t, err)
	v := b.guest()
	mine, err := url.Parse(v.begin(wei, account.EnterPath))
	require.NoError(t, err)
	q := mine.Query()
	q.Set("code", used.Query().Get("code"))
	mine.RawQuery = q.Encode()
	assert.GreaterOrEqual(t, v.get(mine.String()).Code, 400)
	assert.False(t, v.inside())

	late := b.guest()
	callback := late.begin(lin, account.EnterPath)
	b.clock.Advance(6 * time.Minute) // the state is good for ten, the code for five
	assert.GreaterOrEqual(t, late.get(callback).Code, 400)
	assert.False(t, late.inside())
}

func TestAdverse72_DeniesLoginReturnElsewhere(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	for _, trick := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "\t//evil.example", "/..//evil.example", "javascript:alert(1)"} {
		v := b.guest()
		v.get(v.begin(lin, "/enter?"+url.Values{"to": {trick}}.Encode()))
		assertLocal(t, v.get("/enter?"+url.Values{"to": {trick}}.Encode()).to(), trick)
		w := b.guest()
		back := w.get(w.begin(lin, "/wechat/login?"+url.Values{"return": {trick}}.Encode()))
		assertLocal(t, back.to(), trick)
	}
	a := b.guest().get(account.EnterPath, "Host", "evil.example", "X-Forwarded-Host", "evil.example")
	assert.Equal(t, http.StatusMisdirectedRequest, a.Code)
}

func TestAdverse72_DeniesSnapshotsALogin(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	b.people.SetProfile(lin, wechattest.Profile{Snapshot: true})
	v := b.guest()
	a := v.get(v.begin(lin, "/me/profile")) // WeChat only shows snapshots where it would ask
	assert.GreaterOrEqual(t, a.Code, 400)
	assert.Contains(t, a.body, "网页快照")
	assert.False(t, v.inside())
}

func TestAdverse72_DeniesASessionOfSomebodyElse(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.guest()
	v.login(lin, "/")
	other := b.guest()
	other.login(wei, "/")
	v.cookies["session"] = other.cookies["session"] // planted
	a := v.get(account.EnterPath)
	assert.Contains(t, a.to(), "/wechat/login?return=", "the two cookies name different people: log in anew")
}
