package wechattest_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// authorize is a login address as the documents have it.
func authorize(a *wechattest.App, scope string) string {
	return "https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + a.AppID + "&redirect_uri=" +
		url.QueryEscape("http://127.0.0.1:8080/back?x=1") + "&response_type=code&scope=" + scope + "&state=s1#wechat_redirect"
}

func codeOf(t testing.TB, callback string) string {
	t.Helper()
	u, err := url.Parse(callback)
	require.NoError(t, err)
	require.Equal(t, "s1", u.Query().Get("state"))
	return u.Query().Get("code")
}

func exchange(t testing.TB, a *wechattest.App, code string) map[string]any {
	t.Helper()
	return ask(t, a, "GET", "/sns/oauth2/access_token?appid="+a.AppID+"&secret="+a.Secret+"&code="+code+"&grant_type=authorization_code", "")
}

func TestLoginWithConsent(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t, func(c *wechattest.AppConfig) { c.Union = "group" })
	callback, err := a.Authorize(li, authorize(a, "snsapi_userinfo"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(callback, "http://127.0.0.1:8080/back?x=1&code="))
	code := codeOf(t, callback)
	m := exchange(t, a, code)
	require.Equal(t, "0", errcode(m), m)
	openID := li.OpenID(a.AppID)
	assert.Equal(t, openID, m["openid"])
	assert.Equal(t, li.UnionID("group"), m["unionid"])
	assert.Equal(t, "snsapi_userinfo", m["scope"])
	assert.Equal(t, "40163", errcode(exchange(t, a, code)), "a code is good once")

	access, refresh := m["access_token"].(string), m["refresh_token"].(string)
	profile := func(access string) map[string]any {
		return ask(t, a, "GET", "/sns/userinfo?access_token="+access+"&openid="+openID+"&lang=zh_CN", "")
	}
	a.SetProfile(li, wechattest.Profile{Nickname: "李 <b>"})
	got := profile(access)
	assert.Equal(t, "李 <b>", got["nickname"])
	assert.Contains(t, got["headimgurl"], "/mmopen/"+openID)
	assert.Equal(t, "0", errcode(ask(t, a, "GET", "/sns/auth?access_token="+access+"&openid="+openID, "")))
	assert.Equal(t, "40003", errcode(ask(t, a, "GET", "/sns/auth?access_token="+access+"&openid=x", "")))
	assert.Equal(t, "40001", errcode(ask(t, a, "GET", "/sns/auth?access_token=x&openid="+openID, "")))
	assert.Equal(t, "41001", errcode(ask(t, a, "GET", "/sns/auth?openid="+openID, "")))

	again := func() map[string]any {
		return ask(t, a, "GET", "/sns/oauth2/refresh_token?appid="+a.AppID+"&grant_type=refresh_token&refresh_token="+refresh, "")
	}
	clock.Advance(time.Hour)
	assert.Equal(t, access, again()["access_token"], "one that is still good is prolonged")
	clock.Advance(2 * time.Hour)
	assert.Equal(t, "42001", errcode(profile(access)))
	newer := again()["access_token"].(string)
	assert.NotEqual(t, access, newer)
	assert.Equal(t, "0", errcode(profile(newer)))
	clock.Advance(30 * 24 * time.Hour)
	assert.Equal(t, "42002", errcode(again()))
	a.RevokeLogins(li)
	assert.Equal(t, "42007", errcode(again()))
	assert.Equal(t, "42007", errcode(profile(newer)))
}

func TestLoginCodes(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	silent := func() string {
		callback, err := a.Refuse(li, authorize(a, "snsapi_base"))
		require.NoError(t, err)
		return codeOf(t, callback)
	}
	m := exchange(t, a, silent())
	assert.NotContains(t, m, "unionid")
	assert.Equal(t, "48001", errcode(ask(t, a, "GET", "/sns/userinfo?access_token="+m["access_token"].(string)+"&openid="+m["openid"].(string), "")))
	old := silent()
	clock.Advance(5 * time.Minute)
	assert.Equal(t, "42003", errcode(exchange(t, a, old)))
	assert.Equal(t, "40029", errcode(exchange(t, a, "x")))
	assert.Equal(t, "41008", errcode(exchange(t, a, "")))
	for query, want := range map[string]string{
		"secret=x&code=x&grant_type=authorization_code":                         "41002",
		"appid=wx1&secret=x&code=x&grant_type=authorization_code":               "40013",
		"appid=" + a.AppID + "&code=x&grant_type=authorization_code":            "41004",
		"appid=" + a.AppID + "&secret=x&code=x&grant_type=authorization_code":   "40125",
		"appid=" + a.AppID + "&secret=" + a.Secret + "&code=x&grant_type=other": "40002",
	} {
		assert.Equal(t, want, errcode(ask(t, a, "GET", "/sns/oauth2/access_token?"+query, "")), query)
	}
	for query, want := range map[string]string{"grant_type=refresh_token": "41003", "grant_type=x&refresh_token=x": "40002", "grant_type=refresh_token&refresh_token=x": "40030"} {
		assert.Equal(t, want, errcode(ask(t, a, "GET", "/sns/oauth2/refresh_token?appid="+a.AppID+"&"+query, "")), query)
	}

	callback, err := a.Refuse(li, authorize(a, "snsapi_userinfo"))
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:8080/back?x=1&state=s1", callback, "who refuses brings no code")

	a.SetProfile(li, wechattest.Profile{Snapshot: true})
	callback, err = a.Authorize(li, authorize(a, "snsapi_userinfo"))
	require.NoError(t, err)
	m = exchange(t, a, codeOf(t, callback))
	assert.Equal(t, "1", m["is_snapshotuser"].(interface{ String() string }).String())
	assert.NotEqual(t, li.OpenID(a.AppID), m["openid"])
	assert.Equal(t, "48001", errcode(ask(t, a, "GET", "/sns/userinfo?access_token="+m["access_token"].(string)+"&openid="+m["openid"].(string), "")))
}

func TestLoginAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	good := authorize(a, "snsapi_base")
	_, err := a.Authorize(li, good)
	require.NoError(t, err)
	b, _ := newApp(t, func(c *wechattest.AppConfig) { c.LoginDomains = []string{"shop.example"} })
	tests := []struct{ name, address string }{
		{"no fragment", strings.TrimSuffix(good, "#wechat_redirect")},
		{"another path", strings.Replace(good, "oauth2/authorize", "qrconnect", 1)},
		{"sorted another way", strings.Replace(good, "&response_type=code", "", 1) + "&response_type=code"},
		{"another app", strings.Replace(good, a.AppID, "wx0000000000000000", 1)},
		{"not encoded", strings.Replace(good, "http%3A%2F%2F", "http://", 1)},
		{"no address", strings.Replace(good, "http%3A%2F%2F", "", 1)},
		{"a script", strings.Replace(good, "http%3A%2F%2F", "javascript%3A", 1)},
		{"another domain", strings.Replace(good, "127.0.0.1", "evil.example", 1)},
		{"a scope of websites", strings.Replace(good, "snsapi_base", "snsapi_login", 1)},
		{"state with signs", strings.Replace(good, "state=s1", "state=a-b", 1)},
		{"long state", strings.Replace(good, "state=s1", "state="+strings.Repeat("a", 129), 1)},
		{"state is escaped", strings.Replace(good, "state=s1", "state=%41", 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := a.Authorize(li, tt.address)
			require.ErrorIs(t, err, wechattest.ErrLogin)
		})
	}
	_, err = b.Authorize(li, authorize(b, "snsapi_base"))
	require.ErrorIs(t, err, wechattest.ErrLogin, "127.0.0.1 is not among the domains")
	_, err = a.Authorize(li, strings.Replace(good, "&state=s1#", "&state=s1&forcePopup=true&connect_redirect=1#", 1))
	require.NoError(t, err)
}

func TestWebsiteLogin(t *testing.T) {
	t.Parallel()
	site, _ := newApp(t, func(c *wechattest.AppConfig) { c.Kind, c.Union = wechattest.Website, "group" })
	address := strings.Replace(authorize(site, "snsapi_login"), "oauth2/authorize", "qrconnect", 1)
	callback, err := site.Authorize(li, address)
	require.NoError(t, err)
	m := exchange(t, site, codeOf(t, callback))
	assert.Equal(t, li.UnionID("group"), m["unionid"])
	assert.Equal(t, "li", ask(t, site, "GET", "/sns/userinfo?access_token="+m["access_token"].(string)+"&openid="+m["openid"].(string), "")["nickname"])
	assert.Equal(t, "48001", errcode(call(t, site, "GET", "/cgi-bin/menu/get", "")), "websites have no menu")
	_, err = site.SayText(li, "hi")
	require.ErrorIs(t, err, wechattest.ErrNoSuchThing)
}

// A browser goes the whole way: who are you, do you consent, back to the shop.
func TestLoginPages(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	weChat := httptest.NewServer(a)
	defer weChat.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := weChat.Client()
	browser.Jar = jar
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	do := func(method, target string, form url.Values, headers ...string) (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := browser.Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		body := &strings.Builder{}
		_, err = io.Copy(body, res.Body)
		require.NoError(t, err)
		return res, body.String()
	}
	address := func(scope string) string {
		return strings.Replace(authorize(a, scope), "https://open.weixin.qq.com", weChat.URL, 1)
	}
	_, page := do("GET", address("snsapi_userinfo"), nil)
	assert.Contains(t, page, `name="name"`, "nobody is known yet")
	res, _ := do("POST", address("snsapi_userinfo"), url.Values{"name": {"<i>li</i>"}}, "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, 403, res.StatusCode)
	res, _ = do("POST", address("snsapi_userinfo"), url.Values{"name": {"<i>li</i>"}}, "Origin", "http://evil.example")
	assert.Equal(t, 403, res.StatusCode)
	res, page = do("POST", address("snsapi_userinfo"), url.Values{"name": {"<i>li</i>"}})
	assert.Contains(t, page, "&lt;i&gt;li&lt;/i&gt;")
	assert.Contains(t, page, "corner shop")
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")

	user := wechattest.User{Name: "<i>li</i>"}
	res, _ = do("POST", address("snsapi_userinfo"), url.Values{"act": {"allow"}})
	require.Equal(t, 302, res.StatusCode)
	assert.Equal(t, user.OpenID(a.AppID), exchange(t, a, codeOf(t, res.Header.Get("Location")))["openid"])
	res, _ = do("POST", address("snsapi_userinfo"), url.Values{"act": {"refuse"}})
	assert.Equal(t, "http://127.0.0.1:8080/back?x=1&state=s1", res.Header.Get("Location"))
	res, _ = do("GET", address("snsapi_base"), nil)
	require.Equal(t, 302, res.StatusCode, "silent")
	assert.Equal(t, user.OpenID(a.AppID), exchange(t, a, codeOf(t, res.Header.Get("Location")))["openid"])
	_, page = do("GET", strings.Replace(address("snsapi_base"), "127.0.0.1%3A8080", "evil.example", 1), nil)
	assert.Contains(t, page, "redirect_uri")

	res, _ = do("GET", weChat.URL+"/mmopen/"+user.OpenID(a.AppID)+"/132", nil)
	assert.Equal(t, "image/png", res.Header.Get("Content-Type"))

	r, err := http.NewRequestWithContext(t.Context(), "GET", address("snsapi_base"), nil)
	require.NoError(t, err)
	r.AddCookie(a.Cookie(li))
	browser.Jar = nil
	res, err = browser.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, li.OpenID(a.AppID), exchange(t, a, codeOf(t, res.Header.Get("Location")))["openid"])
}
