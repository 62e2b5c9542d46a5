package oauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
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
	"github.com/wxcommerce/wechat/seal"
)

const origin = "https://shop.example"

var home = &url.URL{Scheme: "https", Host: "shop.example"}

var cookieKey = strings.Repeat("cookie key ", 4)

// shop is one process of a shop, and the WeChat that it asks.
type shop struct {
	t     *testing.T
	wx    *httpmock.MockTransport
	login *oauth.Login
	root  http.Handler
	now   *clock
	mu    sync.Mutex
	fails []*oauth.Failure
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// newShop answers every code with answer.
func newShop(t *testing.T, answer string, change ...func(*oauth.LoginConfig)) *shop {
	t.Helper()
	s := &shop{t: t, wx: httpmock.NewMockTransport(), now: &clock{at: began}}
	s.wx.RegisterResponder("GET", host+"/sns/oauth2/access_token", func(*http.Request) (*http.Response, error) {
		return httpmock.NewStringResponse(200, answer), nil
	})
	service, err := oauth.New(oauth.Config{App: newApp(t, appID, s.wx), Secret: seal.NewKey(secret), Now: s.now.Now})
	require.NoError(t, err)
	cfg := oauth.LoginConfig{Service: service, Origin: origin, Secret: seal.NewKey(cookieKey), Fail: func(w http.ResponseWriter, _ *http.Request, f *oauth.Failure) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fails = append(s.fails, f)
		f.Page(w)
	}}
	for _, f := range change {
		f(&cfg)
	}
	s.login, err = oauth.NewLogin(cfg)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle(s.login.Path(), s.login)
	mux.Handle("/profile", s.login.Consented().Require(http.HandlerFunc(s.hello)))
	mux.Handle("/", s.login.Require(http.HandlerFunc(s.hello)))
	s.root = mux
	return s
}

func (s *shop) hello(w http.ResponseWriter, r *http.Request) {
	v, ok := s.login.Visitor(r)
	if ok {
		_, _ = w.Write([]byte("hello " + v.OpenID + " at " + r.URL.RequestURI()))
	}
}

// failed is the last Failure.
func (s *shop) failed() *oauth.Failure {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(s.t, s.fails)
	return s.fails[len(s.fails)-1]
}

func (s *shop) exchanges() int { return s.wx.GetTotalCallCount() }

// browser is a visitor's, with cookies kept as browsers keep them.
type browser struct {
	jar  http.CookieJar
	head http.Header
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{jar: jar, head: http.Header{}}
}

func (b *browser) get(s *shop, target string) *http.Response { return b.do(s, http.MethodGet, target) }

func (b *browser) do(s *shop, method, target string) *http.Response {
	r := httptest.NewRequest(method, origin, nil)
	at, err := url.ParseRequestURI(target)
	require.NoError(s.t, err)
	r.URL, r.RequestURI = at, target
	for k, v := range b.head {
		r.Header[k] = v
	}
	for _, c := range b.jar.Cookies(home) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.root.ServeHTTP(w, r)
	res := w.Result()
	b.jar.SetCookies(home, res.Cookies())
	return res
}

// sent is where a browser is sent to at WeChat, read.
func sent(t testing.TB, res *http.Response) url.Values {
	t.Helper()
	require.Equal(t, http.StatusFound, res.StatusCode)
	to, err := res.Location()
	require.NoError(t, err)
	assert.Equal(t, "open.weixin.qq.com", to.Host)
	assert.Equal(t, "wechat_redirect", to.Fragment)
	return to.Query()
}

// callback is the way back with a code.
func callback(q url.Values, code string) string {
	return "/wechat/login?code=" + code + "&state=" + q.Get("state")
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	res := b.get(s, "/orders?page=2&q=%E8%8C%B6")
	q := sent(t, res)
	assert.Equal(t, []string{"https://shop.example/wechat/login", "snsapi_base", appID}, []string{q.Get("redirect_uri"), q.Get("scope"), q.Get("appid")})
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Regexp(t, `^[a-zA-Z0-9]{20,128}$`, q.Get("state"))

	back := b.get(s, callback(q, "CODE_1"))
	require.Equal(t, http.StatusSeeOther, back.StatusCode)
	assert.Equal(t, "/orders?page=2&q=%E8%8C%B6", back.Header.Get("Location"))
	assert.Equal(t, []string{"no-store", "no-referrer"}, []string{back.Header.Get("Cache-Control"), back.Header.Get("Referrer-Policy")})
	assert.Equal(t, 1, s.exchanges())

	page := b.get(s, back.Header.Get("Location"))
	assert.Equal(t, "hello "+openID+" at /orders?page=2&q=%E8%8C%B6", body(t, page))
	assert.Empty(t, page.Cookies())
	assert.Empty(t, s.fails)

	s.now.add(12*time.Hour - time.Second)
	assert.Equal(t, 200, b.get(s, "/").StatusCode)
	s.now.add(time.Second)
	sent(t, b.get(s, "/"))
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	b.get(s, callback(sent(t, b.get(s, "/")), "CODE_1"))
	require.Equal(t, 200, b.get(s, "/").StatusCode)
	w := httptest.NewRecorder()
	s.login.Logout(w)
	b.jar.SetCookies(home, w.Result().Cookies())
	sent(t, b.get(s, "/"))
}

// Consent is asked for where it is wanted and was not given yet.
func TestConsent(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, strings.Replace(granted, "snsapi_userinfo", "snsapi_base", 1)), newBrowser(t)
	b.get(s, callback(sent(t, b.get(s, "/")), "CODE_1"))
	require.Equal(t, 200, b.get(s, "/").StatusCode)
	q := sent(t, b.get(s, "/profile"))
	assert.Equal(t, "snsapi_userinfo", q.Get("scope"))

	s2, b2 := newShop(t, granted), newBrowser(t)
	q = sent(t, b2.get(s2, "/profile"))
	assert.Equal(t, "snsapi_userinfo", q.Get("scope"))
	b2.get(s2, callback(q, "CODE_1"))
	assert.Equal(t, 200, b2.get(s2, "/profile").StatusCode)
	assert.Equal(t, 200, b2.get(s2, "/").StatusCode)
}

func TestSiteLogin(t *testing.T) {
	t.Parallel()
	s := newShop(t, strings.Replace(granted, "snsapi_userinfo", "snsapi_login", 1), func(c *oauth.LoginConfig) {
		site, err := oauth.NewSite(newConfig(t, httpmock.NewMockTransport()))
		require.NoError(t, err)
		c.Service = site
	})
	assert.Same(t, s.login, s.login.Consented())
	res := newBrowser(t).get(s, "/wechat/login?return=/cart")
	assert.Equal(t, "snsapi_login", sent(t, res).Get("scope"))
	assert.Contains(t, res.Header.Get("Location"), "https://open.weixin.qq.com/connect/qrconnect?")
}

// Two logins of one browser do not disturb each other, and abandoned ones are tidied up.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted), newBrowser(t)
	one, two := sent(t, b.get(s, "/one")), sent(t, b.get(s, "/two"))
	assert.Equal(t, "/one", b.get(s, callback(one, "A")).Header.Get("Location"))
	assert.Equal(t, "/two", b.get(s, callback(two, "B")).Header.Get("Location"))

	b = newBrowser(t)
	for range 50 {
		sent(t, b.get(s, "/"))
		assert.LessOrEqual(t, len(b.jar.Cookies(home)), 5)
	}
	last := sent(t, b.get(s, "/last"))
	assert.Equal(t, "/last", b.get(s, callback(last, "C")).Header.Get("Location"))
}

// What cannot be sent to WeChat and back is told so.
func TestRequireScriptsAndForms(t *testing.T) {
	t.Parallel()
	s := newShop(t, granted)
	tests := []struct {
		name, method string
		head         http.Header
	}{
		{"form", http.MethodPost, nil},
		{"head", http.MethodHead, nil},
		{"fetch", http.MethodGet, http.Header{"Sec-Fetch-Mode": {"cors"}}},
		{"old script", http.MethodGet, http.Header{"X-Requested-With": {"XMLHttpRequest"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBrowser(t)
			b.head = tt.head
			res := b.do(s, tt.method, "/orders")
			assert.Equal(t, http.StatusUnauthorized, res.StatusCode)
			assert.Empty(t, res.Cookies())
			require.ErrorIs(t, s.failed(), oauth.ErrLoginNeeded)
		})
	}
	b := newBrowser(t)
	b.head = http.Header{"Sec-Fetch-Mode": {"navigate"}}
	sent(t, b.get(s, "/orders"))
	res := b.do(s, http.MethodPost, "/wechat/login")
	assert.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	assert.Equal(t, "GET", res.Header.Get("Allow"))
}

// Every failure is a clear page with a way out, and logs nobody in.
func TestFailures(t *testing.T) {
	t.Parallel()
	refusal := func(code string) string { return `{"errcode":` + code + `,"errmsg":"no, rid: 1"}` }
	tests := []struct {
		name, answer, query string
		status              int
		want                error
		says                string
	}{
		{"the user refuses", granted, "", 403, oauth.ErrRefused, "did not agree"},
		{"an empty code", granted, "&code=", 403, oauth.ErrRefused, "did not agree"},
		{"a snapshot", strings.Replace(granted, "{", `{"is_snapshotuser":1,`, 1), "&code=C", 403, oauth.ErrSnapshot, "full page"},
		{"a risky user", refusal("40226"), "&code=C", 403, oauth.ErrRisky, "does not let"},
		{"a frozen user", refusal("50002"), "&code=C", 403, oauth.ErrFrozen, "does not let"},
		{"a code that is none", granted, "&code=%00", 400, nil, "begin again"},
		{"a wrong secret", refusal("40125"), "&code=C", 502, oauth.ErrSecret, "later"},
		{"nothing from WeChat", `{}`, "&code=C", 502, nil, "later"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newShop(t, tt.answer), newBrowser(t)
			q := sent(t, b.get(s, `/orders?a="><script>`))
			res := b.get(s, "/wechat/login?state="+q.Get("state")+tt.query)
			assert.Equal(t, tt.status, res.StatusCode)
			page := body(t, res)
			assert.Contains(t, page, tt.says)
			assert.Contains(t, page, `href="/wechat/login?return=%2Forders`)
			assert.NotContains(t, page, "<script>")
			assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
			if tt.want != nil {
				require.ErrorIs(t, s.failed(), tt.want)
			}
			assert.Contains(t, s.failed().Error(), "oauth: login: ")
			sent(t, b.get(s, "/orders")) // still nobody
		})
	}
}

func TestDone(t *testing.T) {
	t.Parallel()
	var got *oauth.Grant
	var fail error
	s := newShop(t, granted, func(c *oauth.LoginConfig) {
		c.Done = func(w http.ResponseWriter, r *http.Request, g *oauth.Grant) error {
			got = g
			w.Header().Set("X-Own", r.URL.Path)
			return fail
		}
	})
	b := newBrowser(t)
	res := b.get(s, callback(sent(t, b.get(s, "/")), "CODE_1"))
	assert.Equal(t, "/wechat/login", res.Header.Get("X-Own"))
	assert.Equal(t, "OAUTH_TOKEN", got.Token.Reveal())

	fail = errors.New("books are closed")
	b = newBrowser(t)
	res = b.get(s, callback(sent(t, b.get(s, "/")), "CODE_2"))
	assert.Equal(t, http.StatusInternalServerError, res.StatusCode)
	require.ErrorIs(t, s.failed(), fail)
	sent(t, b.get(s, "/"))
}

// store is a Once of several processes, which can be down.
type store struct {
	mu   sync.Mutex
	keys map[string]bool
	err  error
}

func (s *store) Swap(_ context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || len(old) != 0 || len(new) == 0 || ttl <= 0 || !strings.HasPrefix(key, "wechat:login:"+appID+":") {
		return false, s.err
	}
	first := !s.keys[key]
	s.keys[key] = true
	return first, nil
}

// A login may begin in one process and end in another.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	one, two, b := newShop(t, granted), newShop(t, granted), newBrowser(t)
	res := b.get(two, callback(sent(t, b.get(one, "/orders")), "CODE_1"))
	assert.Equal(t, "/orders", res.Header.Get("Location"))
	assert.Equal(t, 200, b.get(one, "/orders").StatusCode)
}

// A store that is down lets nobody in.
func TestOnceIsDown(t *testing.T) {
	t.Parallel()
	down := &store{err: errors.New("connection refused")}
	s, b := newShop(t, granted, func(c *oauth.LoginConfig) { c.Once = down }), newBrowser(t)
	res := b.get(s, callback(sent(t, b.get(s, "/orders")), "CODE_1"))
	assert.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.ErrorIs(t, s.failed(), down.err)
	assert.Zero(t, s.exchanges())
}

// Cookies of before a new Secret are read as long as the old one is known.
func TestSecretIsReplaced(t *testing.T) {
	t.Parallel()
	fresh := seal.NewKey(strings.Repeat("another key ", 4))
	old := newShop(t, granted)
	young := newShop(t, granted, func(c *oauth.LoginConfig) { c.Secret, c.Retired = fresh, []seal.Key{c.Secret} })
	last := newShop(t, granted, func(c *oauth.LoginConfig) { c.Secret = fresh })
	b := newBrowser(t)
	q := sent(t, b.get(old, "/a"))
	require.Equal(t, http.StatusSeeOther, b.get(young, callback(q, "C")).StatusCode)
	assert.Equal(t, 200, b.get(last, "/a").StatusCode)
	sent(t, b.get(old, "/a"))
}

func TestNewLoginRefuses(t *testing.T) {
	t.Parallel()
	service := newService(t, httpmock.NewMockTransport())
	good := oauth.LoginConfig{Service: service, Origin: origin, Secret: seal.NewKey(cookieKey)}
	tests := []struct {
		name   string
		change func(*oauth.LoginConfig)
		says   string
	}{
		{"no service", func(c *oauth.LoginConfig) { c.Service = nil }, "nil Service"},
		{"no origin", func(c *oauth.LoginConfig) { c.Origin = "" }, "origin"},
		{"plain http", func(c *oauth.LoginConfig) { c.Origin = "http://shop.example" }, "loopback"},
		{"origin with a path", func(c *oauth.LoginConfig) { c.Origin = origin + "/x" }, "scheme and host"},
		{"origin with a user", func(c *oauth.LoginConfig) { c.Origin = "https://u@shop.example" }, "scheme and host"},
		{"no secret", func(c *oauth.LoginConfig) { c.Secret = seal.Key{} }, "32 random bytes"},
		{"short secret", func(c *oauth.LoginConfig) { c.Secret = seal.NewKey("hunter2hunter2") }, "32 random bytes"},
		{"short retired secret", func(c *oauth.LoginConfig) { c.Retired = []seal.Key{seal.NewKey("x")} }, "32 random bytes"},
		{"path of all", func(c *oauth.LoginConfig) { c.Path = "/" }, "path"},
		{"path with dots", func(c *oauth.LoginConfig) { c.Path = "/a/../b" }, "path"},
		{"path with a query", func(c *oauth.LoginConfig) { c.Path = "/a?b" }, "path"},
		{"relative path", func(c *oauth.LoginConfig) { c.Path = "login" }, "path"},
		{"home elsewhere", func(c *oauth.LoginConfig) { c.Home = "//evil.example" }, "home"},
		{"another scope", func(c *oauth.LoginConfig) { c.Scope = "snsapi_all" }, "scope"},
		{"no life", func(c *oauth.LoginConfig) { c.Life = time.Second }, "Life"},
		{"long wait", func(c *oauth.LoginConfig) { c.Wait = 2 * time.Hour }, "Wait"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tt.change(&cfg)
			_, err := oauth.NewLogin(cfg)
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	plain := good
	plain.Origin, plain.PlainHTTP = "http://shop.example", true
	_, err := oauth.NewLogin(plain)
	require.NoError(t, err)
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

func TestRequireLetsTheLoginAnswerAtItsOwnPath(t *testing.T) {
	t.Parallel()
	s := newShop(t, `{}`)
	w := httptest.NewRecorder()
	s.login.Require(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", origin+s.login.Path()+"?code=C&state=S", nil))
	assert.Equal(t, http.StatusBadRequest, w.Code, "a failed login ends; sent to WeChat again it would go round for ever")
	assert.Empty(t, w.Header().Get("Location"))
}
