package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/oauth"
)

const visitCookie = "__Host-wechat-" + appID

// denied checks that a callback was refused for want, asked WeChat nothing and logged
// nobody in.
func denied(t *testing.T, s *shop, b *browser, res *http.Response, want error) {
	t.Helper()
	assert.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.ErrorIs(t, s.failed(), want)
	for _, c := range res.Cookies() {
		assert.NotEqual(t, visitCookie, c.Name)
	}
	for _, c := range b.jar.Cookies(home) {
		assert.NotEqual(t, visitCookie, c.Name)
	}
}

func TestAdverse72_StateAbsent(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"code=C", "code=C&state=", "code=C&state=short", "code=C&state=%s&state=%s", "code=C&code=D&state=%s", "code=C&state=%s%%00",
		"code=C&state=../../../../../../../../..", "code=C&state=%s&bad=%%zz", "code=C;state=%s", "state=" + strings.Repeat("A", 5000)} {
		t.Run(query[:min(len(query), 40)], func(t *testing.T) {
			t.Parallel()
			s, b := newShop(t, granted), newBrowser(t)
			state := sent(t, b.get(s, "/orders")).Get("state")
			query := strings.ReplaceAll(strings.ReplaceAll(query, "%s", state), "%%", "%")
			denied(t, s, b, b.get(s, "/wechat/login?"+query), oauth.ErrNoState)
			assert.Zero(t, s.exchanges())
		})
	}
}

func TestAdverse72_StateReused(t *testing.T) {
	t.Parallel()
	// Whoever has the cookie as well, as somebody with a copy of both would: the first
	// answer never reaches that browser.
	s, b := newShop(t, granted), newBrowser(t)
	q := sent(t, b.get(s, "/orders"))
	copied := newBrowser(t)
	copied.jar.SetCookies(home, stored(b))
	require.Equal(t, http.StatusSeeOther, b.get(s, callback(q, "A")).StatusCode)
	denied(t, s, copied, copied.get(s, callback(q, "B")), oauth.ErrStateUsed)
	assert.Equal(t, 1, s.exchanges())

	// The browser itself, which may come back twice: nothing happens but that it goes on.
	again := newBrowser(t)
	again.jar.SetCookies(home, append(stored(b), stored(copied)...))
	res := again.get(s, callback(q, "A"))
	assert.Equal(t, http.StatusSeeOther, res.StatusCode)
	assert.Equal(t, "/orders", res.Header.Get("Location"))
	assert.Empty(t, res.Cookies())
	assert.Equal(t, 1, s.exchanges())

	// After a refusal too the state is used up.
	b = newBrowser(t)
	q = sent(t, b.get(s, "/orders"))
	copied = newBrowser(t)
	copied.jar.SetCookies(home, stored(b))
	assert.Equal(t, http.StatusForbidden, b.get(s, "/wechat/login?state="+q.Get("state")).StatusCode)
	denied(t, s, copied, copied.get(s, callback(q, "B")), oauth.ErrStateUsed)

	// A thousand at once: one gets through.
	b = newBrowser(t)
	q = sent(t, b.get(s, "/orders"))
	s.wx.ZeroCallCounters()
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			copied := newBrowser(t)
			copied.jar.SetCookies(home, stored(b))
			copied.get(s, callback(q, "A"))
		})
	}
	wg.Wait()
	assert.Equal(t, 1, s.exchanges())
}

// stored are a browser's cookies, to be planted in another.
func stored(b *browser) (all []*http.Cookie) {
	for _, c := range b.jar.Cookies(home) {
		all = append(all, &http.Cookie{Name: c.Name, Value: c.Value, Path: "/", Secure: true})
	}
	return all
}

// With a Once that both share a state is good a single time; with the memory of each
// it is the code that WeChat takes a single time only.
func TestAdverse72_StateReusedInTwoProcesses(t *testing.T) {
	t.Parallel()
	shared := &store{keys: map[string]bool{}}
	share := func(c *oauth.LoginConfig) { c.Once = shared }
	one, two, b := newShop(t, granted, share), newShop(t, granted, share), newBrowser(t)
	q := sent(t, b.get(one, "/orders"))
	copied := newBrowser(t)
	copied.jar.SetCookies(home, stored(b))
	require.Equal(t, http.StatusSeeOther, b.get(one, callback(q, "A")).StatusCode)
	denied(t, two, copied, copied.get(two, callback(q, "A")), oauth.ErrStateUsed)
	assert.Zero(t, two.exchanges())

	one, two, b = newShop(t, granted), newShop(t, `{"errcode":40163,"errmsg":"code been used"}`), newBrowser(t)
	q = sent(t, b.get(one, "/orders"))
	copied = newBrowser(t)
	copied.jar.SetCookies(home, stored(b))
	require.Equal(t, http.StatusSeeOther, b.get(one, callback(q, "A")).StatusCode)
	denied(t, two, copied, copied.get(two, callback(q, "A")), oauth.ErrCodeUsed)
}

func TestAdverse72_StateOfAnotherSession(t *testing.T) {
	t.Parallel()
	s, attacker := newShop(t, granted), newBrowser(t)
	q := sent(t, attacker.get(s, "/orders"))
	foreign := callback(q, "ATTACKERS_CODE")

	victim := newBrowser(t) // that has no login under way
	denied(t, s, victim, victim.get(s, foreign), oauth.ErrOtherBrowser)

	victim = newBrowser(t) // that has one
	own := sent(t, victim.get(s, "/"))
	denied(t, s, victim, victim.get(s, foreign), oauth.ErrOtherBrowser)

	// Own cookie under the name that the foreign state asks for.
	cookie := stored(victim)[0]
	cookie.Name = strings.Replace(cookie.Name, own.Get("state")[:8], q.Get("state")[:8], 1)
	victim.jar.SetCookies(home, []*http.Cookie{cookie})
	denied(t, s, victim, victim.get(s, foreign), oauth.ErrOtherBrowser)

	// A cookie made under another secret, and one that is none.
	for _, value := range []string{stored(other(t))[0].Value, "", "AAAA", strings.Repeat("A", 4000)} {
		cookie.Value = value
		victim = newBrowser(t)
		victim.jar.SetCookies(home, []*http.Cookie{cookie})
		denied(t, s, victim, victim.get(s, foreign), oauth.ErrOtherBrowser)
	}
	assert.Zero(t, s.exchanges())
}

// other is a browser that logs in at the same shop under another app id.
func other(t *testing.T) *browser {
	s := newShop(t, granted, func(c *oauth.LoginConfig) {
		cfg := newConfig(t, httpmock.NewMockTransport())
		cfg.App = newApp(t, "wx7777777777777777", httpmock.NewMockTransport())
		service, err := oauth.New(cfg)
		require.NoError(t, err)
		c.Service = service
	})
	b := newBrowser(t)
	sent(t, b.get(s, "/"))
	return b
}

func TestAdverse72_StateExpired(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	q := sent(t, b.get(s, "/orders"))
	s.now.add(10*time.Minute - time.Second)
	require.Equal(t, http.StatusSeeOther, b.get(s, callback(q, "A")).StatusCode)

	b = newBrowser(t)
	q = sent(t, b.get(s, "/orders"))
	s.now.add(10 * time.Minute)
	denied(t, s, b, b.get(s, callback(q, "A")), oauth.ErrStateExpired)
	assert.Equal(t, "/wechat/login?return=%2Forders", s.failed().Again)
	assert.Equal(t, 1, s.exchanges())
}

func TestAdverse72_CodeReused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"40029", "40163", "42003"} {
		s, b := newShop(t, `{"errcode":`+code+`,"errmsg":"invalid code, rid: 1-2-3"}`), newBrowser(t)
		res := b.get(s, callback(sent(t, b.get(s, "/orders")), "USED"))
		denied(t, s, b, res, s.failed())
		assert.True(t, oauth.Restart(s.failed()), code)
		page := body(t, res)
		assert.Contains(t, page, "begin again")
		assert.NotContains(t, page, "rid")
		assert.Equal(t, 1, s.exchanges(), "not asked again")
	}
}

func TestAdverse72_ReturnAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, back, want string }{
		{"a path", "/orders", "/orders"},
		{"a path with a query", "/orders?x=1&to=https://a.example//b", "/orders?x=1&to=https://a.example//b"},
		{"escaped", "/%E8%8C%B6", "/%E8%8C%B6"},
		{"not escaped", "/茶 <\"", "/%E8%8C%B6%20%3C%22"},
		{"a fragment", "/orders#//evil.example", "/orders"},
		{"nothing", "", "/home"},
		{"another host", "//evil.example", "/home"},
		{"three slashes", "///evil.example", "/home"},
		{"slash and backslash", `/\evil.example`, "/home"},
		{"backslashes", `\\evil.example`, "/home"},
		{"backslash later", `/a\..\\evil.example`, "/home"},
		{"escaped slashes", "%2f%2fevil.example", "/home"},
		{"escaped second slash", "/%2fevil.example", "/home"},
		{"escaped backslash", "/%5cevil.example", "/home"},
		{"escaped twice", "/%252fevil.example", "/home"},
		{"escaped five times", "/%25252525252fevil.example", "/home"},
		{"dots and slashes", "/a/..//evil.example", "/home"},
		{"whole address", "https://evil.example/", "/home"},
		{"own address, whole", origin + "/orders", "/home"},
		{"javascript", "javascript:alert(1)", "/home"},
		{"data", "data:text/html,x", "/home"},
		{"a tab", "/\t/evil.example", "/home"},
		{"an escaped tab", "/%09/evil.example", "/home"},
		{"a line end", "/a\r\nSet-Cookie: x=1", "/home"},
		{"an escaped line end", "/a%0d%0aSet-Cookie:%20x=1", "/home"},
		{"a NUL", "/\x00", "/home"},
		{"a space first", " //evil.example", "/home"},
		{"a bad escape", "/%zz", "/home"},
		{"a user name", "@evil.example", "/home"},
		{"too long", "/" + strings.Repeat("a", 1024), "/home"},
		{"too long once escaped", "/" + strings.Repeat("茶", 200), "/home"},
		{"the login itself", "/wechat/login", "/home"},
		{"the login itself, hidden", "/wechat/./login?code=1", "/home"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newShop(t, granted, func(c *oauth.LoginConfig) { c.Home = "/home" }), newBrowser(t)
			q := sent(t, b.get(s, "/wechat/login?return="+url.QueryEscape(tt.back)))
			res := b.get(s, callback(q, "A"))
			require.Equal(t, http.StatusSeeOther, res.StatusCode)
			assert.Equal(t, tt.want, res.Header.Get("Location"))
		})
	}
	// The longest of all still fits a cookie.
	s, b := newShop(t, granted), newBrowser(t)
	long := "/?" + strings.Repeat("&", 1022)
	res := b.get(s, "/wechat/login?return="+url.QueryEscape(long))
	assert.Less(t, len(res.Header.Get("Set-Cookie")), 4096)
	assert.Equal(t, long, b.get(s, callback(sent(t, res), "A")).Header.Get("Location"))

	// A page's own address goes the same way.
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL, r.RequestURI = &url.URL{Path: "//evil.example/x"}, "//evil.example/x"
	w := httptest.NewRecorder()
	s.login.Require(http.NotFoundHandler()).ServeHTTP(w, r)
	b = newBrowser(t)
	b.jar.SetCookies(home, w.Result().Cookies())
	assert.Equal(t, "/", b.get(s, callback(sent(t, w.Result()), "A")).Header.Get("Location"))
}

func TestAdverse72_CookieFlags(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	first := b.get(s, "/orders")
	second := b.get(s, callback(sent(t, first), "A"))
	all := append(first.Cookies(), second.Cookies()...)
	require.Len(t, all, 3, "a login under way, its end, and a visitor")
	for _, c := range all {
		assert.True(t, c.HttpOnly && c.Secure, c.Name)
		assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
		assert.Equal(t, "/", c.Path)
		assert.Empty(t, c.Domain)
		assert.True(t, strings.HasPrefix(c.Name, "__Host-wechat-"), c.Name)
		assert.NotContains(t, c.Value, openID)
	}
	assert.Equal(t, []int{600, -1, 12 * 3600}, []int{all[0].MaxAge, all[1].MaxAge, all[2].MaxAge})

	// Without https neither Secure nor the prefix would work.
	s = newShop(t, granted, func(c *oauth.LoginConfig) { c.Origin = "http://127.0.0.1:8080" })
	c := newBrowser(t).get(s, "/orders").Cookies()[0]
	assert.False(t, c.Secure || strings.HasPrefix(c.Name, "__"))
	assert.True(t, c.HttpOnly)
}

// A cookie that somebody planted before the login is worth nothing after it, and is
// never taken over.
func TestAdverse72_CookieFixation(t *testing.T) {
	t.Parallel()
	s, attacker := newShop(t, strings.Replace(granted, openID, "oATTACKER", 1)), newBrowser(t)
	attacker.get(s, callback(sent(t, attacker.get(s, "/")), "A"))
	planted := stored(attacker)
	require.Len(t, planted, 1)

	s, victim := newShop(t, granted), newBrowser(t)
	victim.jar.SetCookies(home, planted)
	victim.get(s, callback(sent(t, victim.get(s, "/wechat/login?return=/orders")), "B"))
	assert.Equal(t, "hello "+openID+" at /orders", body(t, victim.get(s, "/orders")))
	assert.Equal(t, "hello oATTACKER at /", body(t, attacker.get(s, "/")), "still only themselves")

	// A value of one's own making, a login under way shown as a visitor, and another
	// shop's visitor log nobody in.
	flow := newBrowser(t)
	sent(t, flow.get(s, "/"))
	for _, value := range []string{"1", "", stored(flow)[0].Value, planted[0].Value[:len(planted[0].Value)-2] + "AA"} {
		b := newBrowser(t)
		b.jar.SetCookies(home, []*http.Cookie{{Name: visitCookie, Value: value, Path: "/", Secure: true}})
		sent(t, b.get(s, "/"))
	}
}

func TestAdverse72_ForgedHost(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	b.head = http.Header{"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Port": {"81"},
		"Forwarded": {"host=evil.example;proto=http"}, "X-Original-Url": {"//evil.example/"}, "X-Rewrite-Url": {"//evil.example/"}, "Referer": {"https://evil.example/"}}
	r := httptest.NewRequest(http.MethodGet, "http://evil.example/orders", nil)
	for k, v := range b.head {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	s.root.ServeHTTP(w, r)
	for _, res := range []*http.Response{w.Result(), b.get(s, "/orders"), b.get(s, "/wechat/login")} {
		assert.Equal(t, origin+"/wechat/login", sent(t, res).Get("redirect_uri"))
		assert.NotContains(t, res.Header.Get("Location"), "evil")
		assert.True(t, res.Cookies()[0].Secure)
		assert.Empty(t, res.Cookies()[0].Domain)
	}
	res := b.get(s, callback(sent(t, b.get(s, "/orders")), "A"))
	assert.Equal(t, "/orders", res.Header.Get("Location"))
}

// FuzzCallback comes back with any query and any cookie: nobody is logged in by it,
// and what is answered stays on this host.
func FuzzCallback(f *testing.F) {
	f.Add("code=C&state=AAAAAAAAAAAAAAAAAAAAAAAAAA", "__Host-wechat-flow-AAAAAAAA", "AAAA")
	f.Add("return=//evil.example", "x", "y")
	f.Add("return=%2f%2fevil", visitCookie, "AAAA")
	f.Add("state=%zz", "", "")
	f.Add("code=1&code=2&state=A&state=B", "__Host-wechat-flow-", "")
	f.Fuzz(func(t *testing.T, query, name, value string) {
		s := newShop(t, granted)
		r := httptest.NewRequest(http.MethodGet, origin+"/wechat/login", nil)
		r.URL.RawQuery = query
		r.Header["Cookie"] = []string{name + "=" + value}
		w := httptest.NewRecorder()
		s.login.ServeHTTP(w, r)
		res := w.Result()
		if s.exchanges() != 0 {
			t.Fatal("asked WeChat about a login that never began")
		}
		for _, c := range res.Cookies() {
			if strings.Contains(c.Name, appID) {
				t.Fatal("logged in")
			}
		}
		to := res.Header.Get("Location")
		if to != "" && !strings.HasPrefix(to, "https://open.weixin.qq.com/connect/oauth2/authorize?appid="+appID+"&redirect_uri=https%3A%2F%2Fshop.example%2Fwechat%2Flogin&") {
			t.Fatalf("sent to %q", to)
		}
		if to == "" && res.StatusCode != http.StatusBadRequest {
			t.Fatal(res.StatusCode)
		}
	})
}

// FuzzReturn is where a browser goes after a login, whatever it asked for: never to
// another host, as browsers read it.
func FuzzReturn(f *testing.F) {
	for _, s := range []string{"/orders?a=b", "//evil.example", `/\evil.example`, "/%2fevil", "/a/../b", "https://evil.example", "/\t/x", "/a#b", "/%25%32%66x"} {
		f.Add(s)
	}
	base, _ := url.Parse(origin + "/wechat/login")
	f.Fuzz(func(t *testing.T, back string) {
		s, b := newShop(t, granted), newBrowser(t)
		res := b.get(s, callback(sent(t, b.get(s, "/wechat/login?return="+url.QueryEscape(back))), "A"))
		to := res.Header.Get("Location")
		at, err := base.Parse(to)
		if err != nil || at.Host != base.Host || at.Scheme != base.Scheme || at.User != nil || !strings.HasPrefix(to, "/") || len(to) > 1 && strings.ContainsRune(`/\`, rune(to[1])) {
			t.Fatalf("%q leads to %q", back, to)
		}
		if strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q leads to %q, which is no header", back, to)
		}
	})
}
