package wechattest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/account"
	"github.com/wxcommerce/wechat/media"
	"github.com/wxcommerce/wechat/menu"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/oauth"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/user"
	"github.com/wxcommerce/wechat/wechattest"
)

// handlerTransport carries pushes to a handler without a socket.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func client(t testing.TB, a *wechattest.App) *wechat.App {
	t.Helper()
	c, err := a.Client(wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	return c
}

func TestTokensWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	src, err := token.New(a.TokenConfig(), a.Options()...)
	require.NoError(t, err)
	app, err := wechat.NewApp(a.AppID, src, append(a.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	ticket, err := token.NewTicket(app, token.TicketConfig{Kind: token.JSAPI, Now: a.Now})
	require.NoError(t, err)
	first, err := src.Token(t.Context())
	require.NoError(t, err)
	_, err = ticket.Ticket(t.Context())
	require.NoError(t, err)

	// Somebody else forces a refresh: the library notices at the next call, and the
	// call succeeds all the same.
	stable(t, a, true)
	_, err = account.New(app).Callers(t.Context())
	require.NoError(t, err)
	second, err := src.Token(t.Context())
	require.NoError(t, err)
	assert.False(t, first.Equal(second))
	clock.Advance(24 * time.Hour)
	_, err = account.New(app).Callers(t.Context())
	require.NoError(t, err)
}

func TestMenusAndUsersWithTheLibrary(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var tapped []string
	a, clock, _ := newChat(t)
	d, err := notify.Push(notify.PushConfig{AppID: a.AppID, Token: libseal.NewKey(a.Push().Token), EncodingAESKey: libseal.NewKey(a.Push().EncodingAESKey), Account: a.UserName, Now: a.Now, Window: time.Minute})
	require.NoError(t, err)
	h := notify.NewHandler(d)
	note := func(key string) error {
		mu.Lock()
		defer mu.Unlock()
		tapped = append(tapped, key)
		return nil
	}
	notify.On(h, menu.Clicked, func(_ context.Context, e notify.Event[menu.Tap]) error { return note(e.Data.Key) })
	notify.On(h, menu.ScannedWaiting, func(_ context.Context, e notify.Event[menu.Scan]) error { return note(e.Data.Code.Result) })
	notify.On(h, menu.Located, func(_ context.Context, e notify.Event[menu.Place]) error { return note(e.Data.At.Label) })
	notify.On(h, menu.Photographed, func(_ context.Context, e notify.Event[menu.Pictures]) error {
		for _, p := range e.Data.Sent.List {
			_ = note(p.MD5[:4]) // never fails
		}
		return nil
	})
	b, err := wechattest.NewApp(wechattest.AppConfig{AppID: a.AppID, Clock: clock, Sender: handlerTransport{h}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	require.Equal(t, a.UserName, b.UserName)
	set := a.Push()
	set.Mode = wechattest.PushSafe
	require.NoError(t, b.SetPush(set))
	require.NoError(t, b.VerifyPush(t.Context()))

	app, ctx := client(t, b), t.Context()
	menus, users := menu.New(app), user.New(app)
	b.Follow(li)
	require.NoError(t, menus.Create(ctx, menu.Of(menu.Click("今日", "TODAY"), menu.Group("店", menu.ScanWait("扫", "SCAN"), menu.Location("哪", "LOC"), menu.Photo("拍", "PIC"), menu.View("商城", "https://shop.example.com/?a=1&b=2")))))
	_, err = b.Tap(li, wechattest.Touch{Path: []string{"今日"}})
	require.NoError(t, err)
	clock.Advance(time.Second)
	_, err = b.Tap(li, wechattest.Touch{Path: []string{"店", "扫"}, Scan: "https://a.example"})
	require.NoError(t, err)
	_, err = b.Tap(li, wechattest.Touch{Path: []string{"店", "哪"}, Place: wechattest.Place{Latitude: "23.1", Longitude: "113.3", Label: "广州"}})
	require.NoError(t, err)
	_, err = b.Tap(li, wechattest.Touch{Path: []string{"店", "拍"}, Pictures: [][]byte{[]byte("a"), []byte("b")}})
	require.NoError(t, err)
	clock.Advance(time.Second)
	assert.Equal(t, []string{"TODAY", "https://a.example", "广州", "0cc1", "92eb"}, tapped)
	opened, err := b.Tap(li, wechattest.Touch{Path: []string{"店", "商城"}})
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example.com/?a=1&b=2", opened.URL, "no HTML escapes on the way")

	vip, err := users.CreateTag(ctx, "VIP")
	require.NoError(t, err)
	require.NoError(t, users.Tag(ctx, vip.ID, li.OpenID(b.AppID)))
	id, err := menus.AddConditional(ctx, menu.Conditional{Menu: menu.Of(menu.View("VIP", "https://vip.example.com/")), Rule: menu.ForTag(vip.ID)})
	require.NoError(t, err)
	assert.Len(t, b.Menu(li), 1)
	all, err := menus.Get(ctx)
	require.NoError(t, err)
	require.Len(t, all.Conditional, 1)
	assert.Equal(t, id, all.Conditional[0].ID)
	require.NoError(t, menus.DeleteConditional(ctx, id))
	require.ErrorIs(t, menus.DeleteConditional(ctx, id), wechat.Code("65301"))
	current, err := menus.Current(ctx)
	require.NoError(t, err)
	assert.NotNil(t, current)

	var ids []string
	for id, err := range users.Followers(ctx) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	assert.Equal(t, []string{li.OpenID(b.AppID)}, ids)
	require.NoError(t, users.Remark(ctx, ids[0], "老客户"))
	p, err := users.Get(ctx, ids[0])
	require.NoError(t, err)
	assert.Equal(t, "老客户", p.Remark)
	require.NoError(t, users.Block(ctx, ids...))
	for id, err := range users.Blocked(ctx) {
		require.NoError(t, err)
		assert.Equal(t, ids[0], id)
	}
	_, err = users.Get(ctx, "nobody")
	require.ErrorIs(t, err, user.ErrOpenID)
}

func TestConversationWithTheLibrary(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]wechattest.PushMode{"plain": wechattest.PushPlain, "compatible": wechattest.PushCompatible, "safe": wechattest.PushSafe} {
		for _, asJSON := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " JSON"}[asJSON], func(t *testing.T) {
				t.Parallel()
				later := &server{}
				a, clock := newApp(t, mini, func(c *wechattest.AppConfig) { c.Sender = later })
				require.NoError(t, a.SetPush(wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: mode, JSON: asJSON}))
				cfg := notify.PushConfig{AppID: a.AppID, Token: libseal.NewKey(a.Push().Token), Account: a.UserName, Now: a.Now}
				if mode != wechattest.PushPlain {
					cfg.EncodingAESKey = libseal.NewKey(a.Push().EncodingAESKey)
				}
				d, err := notify.Push(cfg)
				require.NoError(t, err)
				h := notify.NewHandler(d)
				var r message.Router
				r.Exact("茶", func(context.Context, message.Incoming) (message.Message, error) {
					return message.News(message.Story{Title: "龙井 ]]> <b>", URL: "https://shop.example/tea?a=1&b=2"}), nil
				})
				r.Default(func(_ context.Context, in message.Incoming) (message.Message, error) {
					return message.Text("写 茶"), nil
				})
				r.Register(h)
				later.reply = func(in *http.Request, body string) string {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest(in.Method, in.URL.String(), bytes.NewReader([]byte(body))))
					return w.Body.String()
				}
				_, err = a.SayText(li, "茶")
				require.NoError(t, err)
				clock.Advance(time.Second)
				_, err = a.SayText(li, "?")
				require.NoError(t, err)
				clock.Advance(time.Second)
				chat := a.Chat(li)
				require.Len(t, chat, 4, "%+v", a.Pushes())
				assert.Equal(t, []wechattest.ChatArticle{{Title: "龙井 ]]> <b>", URL: "https://shop.example/tea?a=1&b=2"}}, chat[1].Articles)
				assert.Equal(t, "写 茶", chat[3].Text)
			})
		}
	}
}

func TestMediaAndQuotasWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	app, ctx := client(t, a), t.Context()
	files := media.New(app)
	up, err := files.Upload(ctx, media.Image, wechat.File{Name: "a.png", Data: bytes.NewReader([]byte("\x89PNG\r\n\x1a\nrest"))})
	require.NoError(t, err)
	s, err := files.Open(ctx, up.MediaID)
	require.NoError(t, err)
	b, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, "\x89PNG\r\n\x1a\nrest", string(b))
	_, err = files.Open(ctx, "x")
	require.ErrorIs(t, err, wechat.Code("40007"))
	_, err = files.Add(ctx, media.Image, wechat.File{Name: "a.png", Data: bytes.NewReader([]byte("x"))})
	require.NoError(t, err)
	n := 0
	for it, err := range files.All(ctx, media.Image) {
		require.NoError(t, err)
		assert.Equal(t, "a.png", it.Name)
		n++
	}
	assert.Equal(t, 1, n)

	a.Limit("/cgi-bin/menu/get", 1)
	_, err = menu.New(app).Get(ctx)
	require.ErrorIs(t, err, wechat.Code("46003"))
	_, err = menu.New(app).Get(ctx)
	require.ErrorIs(t, err, wechat.ErrDailyQuota)
	accounts := account.New(app)
	q, err := accounts.Quota(ctx, "/cgi-bin/menu/get")
	require.NoError(t, err)
	assert.EqualValues(t, 0, q.Daily.Remain)
	var api *wechat.APIError
	_, err = menu.New(app).Get(ctx)
	require.ErrorAs(t, err, &api)
	trace, err := accounts.Trace(ctx, api.RequestID)
	require.NoError(t, err)
	assert.NotEmpty(t, trace.ClientIP)
	require.NoError(t, accounts.ResetBySecret(ctx, libseal.NewKey(a.Secret)))
	_, err = menu.New(app).Get(ctx)
	require.ErrorIs(t, err, wechat.Code("46003"))
}

// A browser logs in to a shop that uses oauth.Login, and says no the second time.
func TestLoginWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, err := wechattest.NewApp(wechattest.AppConfig{Name: "corner shop", Union: "group"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	weChat := httptest.NewServer(a)
	defer weChat.Close()
	app, err := wechat.NewApp(a.AppID, nil, a.Options()...)
	require.NoError(t, err)
	web, err := oauth.New(oauth.Config{App: app, Secret: libseal.NewKey(a.Secret), Pages: weChat.URL})
	require.NoError(t, err)
	var shop http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shop.ServeHTTP(w, r) }))
	defer front.Close()
	login, err := oauth.NewLogin(oauth.LoginConfig{Service: web, Origin: front.URL, Secret: libseal.NewKey("0123456789abcdef0123456789abcdef"),
		Done: func(_ http.ResponseWriter, r *http.Request, g *oauth.Grant) error {
			u, err := web.User(r.Context(), g.Token, g.OpenID, oauth.Simplified)
			if err == nil {
				assert.Equal(t, "li", u.Nickname)
			}
			return err
		}})
	require.NoError(t, err)
	login = login.Consented()
	mux := http.NewServeMux()
	mux.Handle(login.Path(), login)
	mux.Handle("/orders", login.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, _ := login.Visitor(r)
		_, _ = io.WriteString(w, "orders of "+v.OpenID+" "+v.UnionID)
	})))
	shop = mux

	open := func(act string) (*http.Response, string) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		browser := &http.Client{Jar: jar}
		defer browser.CloseIdleConnections()
		get := func(method, target string, body io.Reader) *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), method, target, body)
			require.NoError(t, err)
			if r.URL.Path == "/connect/oauth2/authorize" || body == nil {
				r.AddCookie(a.Cookie(li))
			}
			if body != nil {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			res, err := browser.Do(r)
			require.NoError(t, err)
			return res
		}
		res := get("GET", front.URL+"/orders", nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "/connect/oauth2/authorize", res.Request.URL.Path, "the consent page")
		res = get("POST", res.Request.URL.String(), bytes.NewReader([]byte("act="+act)))
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res, string(text)
	}
	res, text := open("allow")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "orders of "+li.OpenID(a.AppID)+" "+li.UnionID("group"), text)
	res, text = open("refuse")
	assert.NotContains(t, text, "orders of")
	assert.GreaterOrEqual(t, res.StatusCode, 400)
}

func TestMiniProgramWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t, mini)
	app, ctx := client(t, a), t.Context()
	m, err := oauth.NewMini(oauth.Config{App: app, Secret: libseal.NewKey(a.Secret), Now: a.Now})
	require.NoError(t, err)
	code := a.WxLogin(li)
	s, err := m.Login(ctx, code)
	require.NoError(t, err)
	assert.Equal(t, li.OpenID(a.AppID), s.OpenID)
	_, err = m.Login(ctx, code)
	require.Error(t, err)
	assert.True(t, oauth.Restart(err), "%v", err)
	require.NoError(t, m.CheckSession(ctx, s.OpenID, s.Key))
	data, err := a.OpenData(li)
	require.NoError(t, err)
	require.NoError(t, s.Key.Verify(data.RawData, data.Signature))
	p, err := oauth.Open[oauth.Profile](m, s.Key, oauth.EncryptedData{Data: data.EncryptedData, IV: data.IV})
	require.NoError(t, err)
	assert.Equal(t, "li", p.Nickname)
	clock.Advance(time.Hour)
	_, err = oauth.Open[oauth.Profile](m, s.Key, oauth.EncryptedData{Data: data.EncryptedData, IV: data.IV})
	require.ErrorIs(t, err, oauth.ErrStale)
	next, err := m.ResetSession(ctx, s.OpenID, s.Key)
	require.NoError(t, err)
	require.Error(t, m.CheckSession(ctx, s.OpenID, s.Key))
	require.NoError(t, m.CheckSession(ctx, next.OpenID, next.Key))
	a.SetProfile(li, wechattest.Profile{Phone: "13800000000"})
	phone, err := m.PhoneNumber(ctx, a.PhoneCode(li))
	require.NoError(t, err)
	assert.Equal(t, "13800000000", phone.Pure)
}
