package ui_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/jssdk"
	"github.com/wxcommerce/wechat/menu"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

// lobby is an account with the users' side of it.
type lobby struct {
	t       *testing.T
	app     *wechattest.App
	client  *wechat.App
	handler http.Handler
	cookie  *http.Cookie
}

func newLobby(t *testing.T, shops ...string) *lobby {
	t.Helper()
	l := &lobby{t: t}
	var err error
	l.app, err = wechattest.NewApp(wechattest.AppConfig{Name: "山月", Clock: wechattest.NewClock(time.Time{})})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.app.Close()) })
	l.client, err = l.app.Client()
	require.NoError(t, err)
	l.handler = ui.WithAccount(l.app, "山月", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), shops...)
	return l
}

func (l *lobby) do(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	l.t.Helper()
	r := httptest.NewRequestWithContext(l.t.Context(), method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if l.cookie != nil {
		r.AddCookie(l.cookie)
	}
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		l.cookie = c
	}
	return w
}

func (l *lobby) act(act string, fields url.Values) *httptest.ResponseRecorder {
	l.t.Helper()
	if fields == nil {
		fields = url.Values{}
	}
	fields.Set("act", act)
	return l.do(http.MethodPost, "/ui/chat", fields)
}

func TestChatIsWhereUsersFollowTapAndWrite(t *testing.T) {
	t.Parallel()
	l := newLobby(t, shop)
	require.NoError(t, menu.New(l.client).Create(t.Context(), menu.Of(menu.View("逛店", shop+"/enter?a=1&b=2"), menu.Group("我的", menu.Click("问候", "HI")))))
	assert.Contains(t, l.do(http.MethodGet, "/ui/chat", nil).Body.String(), "这是谁的手机")
	assert.Equal(t, http.StatusSeeOther, l.act("follow", nil).Code, "nobody yet")
	l.do(http.MethodPost, "/ui/chat", url.Values{"name": {"<b>林"}})
	lin := wechattest.User{Name: "<b>林"}
	page := l.do(http.MethodGet, "/ui/chat", nil)
	assert.Contains(t, page.Body.String(), "关注")
	assert.NotContains(t, page.Body.String(), "<b>林")
	assert.Contains(t, page.Header().Get("Content-Security-Policy"), "form-action 'self' "+shop+";")

	assert.Contains(t, l.act("say", url.Values{"text": {"hi"}}).Body.String(), "does not follow", "only followers write")
	l.act("follow", nil)
	assert.True(t, l.app.Follows(lin))
	assert.Contains(t, l.do(http.MethodGet, "/ui/chat?say=20260101", nil).Body.String(), `value="20260101"`)
	l.act("say", url.Values{"text": {" <i>茶 "}})
	l.act("say", url.Values{"text": {" "}})
	require.Len(t, l.app.Chat(lin), 1)
	assert.Contains(t, l.do(http.MethodGet, "/ui/chat", nil).Body.String(), "&lt;i&gt;茶")

	w := l.act("tap", url.Values{"button": {"逛店"}})
	assert.Equal(t, shop+"/enter?a=1&b=2", w.Header().Get("Location"))
	w = l.act("tap", url.Values{"button": {"我的", "问候"}})
	assert.Equal(t, "/ui/chat", w.Header().Get("Location"))
	assert.Contains(t, l.act("tap", url.Values{"button": {"没有"}}).Body.String(), "no such thing")
	assert.Contains(t, l.act("choose", url.Values{"choice": {"1"}}).Body.String(), "no such thing")
	assert.Contains(t, l.act("dance", nil).Body.String(), "nothing was asked for")
	l.act("unfollow", nil)
	assert.False(t, l.app.Follows(lin))
	assert.Equal(t, http.StatusForbidden, l.do(http.MethodPost, "/ui/chat", url.Values{"act": {"follow"}}, "Sec-Fetch-Site", "cross-site").Code)
}

func TestAccountAnswersItsOwnPathsOnly(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	assert.Contains(t, l.do(http.MethodGet, "/cgi-bin/menu/get", nil).Body.String(), "errcode")
	assert.Equal(t, http.StatusOK, l.do(http.MethodGet, "/connect/oauth2/authorize", nil).Code)
	assert.Equal(t, http.StatusNoContent, l.do(http.MethodGet, "/favicon.ico", nil).Code)
	for _, path := range []string{"/v3/certificates", "/ui/phone", "/ui/jweixin.js", "/cgi-bin/mchdown_real_new.cgi", "/cgi-bin/mmpayweb-bin/checkmweb"} {
		assert.Equal(t, http.StatusTeapot, l.do(http.MethodGet, path, nil).Code, path)
	}
}

var answerOf = regexp.MustCompile(`data-answer="([^"]*)"`)

func TestAddressSheetGivesThePageWhatTheUserPicks(t *testing.T) {
	t.Parallel()
	l := newLobby(t, shop)
	ticket, err := token.NewTicket(l.client, token.TicketConfig{Now: l.app.Now})
	require.NoError(t, err)
	signer, err := jssdk.New(jssdk.Config{AppID: l.app.AppID, Tickets: ticket, Hosts: []string{"127.0.0.1:8080"}, Now: l.app.Now})
	require.NoError(t, err)
	cfg, err := signer.Config(t.Context(), shop+"/cart?a=1", "openAddress")
	require.NoError(t, err)
	ask := url.Values{"page": {shop + "/cart?a=1"}, "appId": {cfg.AppID}, "timestamp": {strconv.FormatInt(cfg.Timestamp, 10)}, "nonceStr": {cfg.NonceStr}, "signature": {cfg.Signature}, "apis": {"openAddress"}}
	open := func() string { return l.do(http.MethodGet, "/ui/address?"+ask.Encode(), nil).Body.String() }
	decide := func(act string, more url.Values) string {
		form := url.Values{"act": {act}}
		for k, v := range ask {
			form[k] = v
		}
		for k, v := range more {
			form[k] = v
		}
		m := answerOf.FindStringSubmatch(l.do(http.MethodPost, "/ui/address", form).Body.String())
		require.NotNil(t, m)
		return html.UnescapeString(m[1])
	}
	assert.Contains(t, open(), "nobody&#39;s phone")
	l.cookie = l.app.Cookie(wechattest.User{Name: "林"})
	assert.Contains(t, open(), "新增地址")
	assert.JSONEq(t, `{"errMsg":"openAddress:cancel"}`, decide("cancel", nil))
	assert.Empty(t, decide("add", url.Values{"name": {"林"}}), "half an address is none")
	home := url.Values{"name": {"林小明"}, "phone": {"13800000000"}, "province": {"广东省"}, "city": {"广州市"}, "detail": {"新港中路397号"}}
	assert.Contains(t, decide("add", home), `"userName":"林小明"`)
	assert.Contains(t, open(), "新港中路397号")
	assert.Contains(t, decide("1", nil), `"telNumber":"13800000000"`)
	assert.Empty(t, decide("7", nil))
	assert.Empty(t, decide("x", nil))

	ask.Set("signature", "0")
	assert.Contains(t, open(), "invalid signature")
	assert.Contains(t, decide("1", nil), "openAddress:fail")
	ask.Set("page", "https://evil.example/")
	w := l.do(http.MethodGet, "/ui/address?"+ask.Encode(), nil)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
}
