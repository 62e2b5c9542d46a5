package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
)

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	page := newService(t, httpmock.NewMockTransport())
	site, err := oauth.NewSite(newConfig(t, httpmock.NewMockTransport()))
	require.NoError(t, err)
	const (
		to   = "https://shop.example/wechat/login?a=1&b=中 文"
		back = "https%3A%2F%2Fshop.example%2Fwechat%2Flogin"
	)
	tests := []struct {
		name string
		s    *oauth.Service
		in   oauth.Authorization
		want string // "" for refused
		says string
	}{
		{"silent", page, oauth.Authorization{RedirectURI: "https://shop.example/wechat/login", State: "s1"},
			"https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + appID + "&redirect_uri=" + back + "&response_type=code&scope=snsapi_base&state=s1#wechat_redirect", ""},
		{"all of it in order", page, oauth.Authorization{RedirectURI: "https://shop.example/wechat/login", Scope: oauth.UserInfo, State: "s1", ForcePopup: true, Once: true},
			"https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + appID + "&redirect_uri=" + back + "&response_type=code&scope=snsapi_userinfo&state=s1&forcePopup=true&connect_redirect=1#wechat_redirect", ""},
		{"no state", page, oauth.Authorization{RedirectURI: "http://shop.example"},
			"https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + appID + "&redirect_uri=http%3A%2F%2Fshop.example&response_type=code&scope=snsapi_base#wechat_redirect", ""},
		{"a query, escaped once", page, oauth.Authorization{RedirectURI: "https://shop.example/x?a=1&b=%E4%B8%AD+"},
			"https://open.weixin.qq.com/connect/oauth2/authorize?appid=" + appID + "&redirect_uri=https%3A%2F%2Fshop.example%2Fx%3Fa%3D1%26b%3D%25E4%25B8%25AD%2B&response_type=code&scope=snsapi_base#wechat_redirect", ""},
		{"site", site, oauth.Authorization{RedirectURI: "https://shop.example/wechat/login", State: strings.Repeat("a", 128), Lang: "en"},
			"https://open.weixin.qq.com/connect/qrconnect?appid=" + appID + "&redirect_uri=" + back + "&response_type=code&scope=snsapi_login&state=" + strings.Repeat("a", 128) + "&lang=en#wechat_redirect", ""},
		{"no address", page, oauth.Authorization{}, "", "redirect_uri"},
		{"not escaped", page, oauth.Authorization{RedirectURI: to}, "", "redirect_uri"},
		{"a path", page, oauth.Authorization{RedirectURI: "/wechat/login"}, "", "whole address"},
		{"another scheme", page, oauth.Authorization{RedirectURI: "javascript:alert(1)"}, "", "whole address"},
		{"a fragment", page, oauth.Authorization{RedirectURI: "https://shop.example/#x"}, "", "fragment"},
		{"not a URL", page, oauth.Authorization{RedirectURI: "https://shop.example/%zz"}, "", "not a URL"},
		{"state too long", page, oauth.Authorization{RedirectURI: "https://shop.example", State: strings.Repeat("a", 129)}, "", "state"},
		{"state with a dash", page, oauth.Authorization{RedirectURI: "https://shop.example", State: "a-b"}, "", "state"},
		{"scope of sites", page, oauth.Authorization{RedirectURI: "https://shop.example", Scope: oauth.SiteLogin}, "", "scope"},
		{"popup for the silent scope", page, oauth.Authorization{RedirectURI: "https://shop.example", ForcePopup: true}, "", "forcePopup"},
		{"popup for a site", site, oauth.Authorization{RedirectURI: "https://shop.example", ForcePopup: true}, "", "forcePopup"},
		{"language of a page", page, oauth.Authorization{RedirectURI: "https://shop.example", Lang: "en"}, "", "lang"},
		{"another language", site, oauth.Authorization{RedirectURI: "https://shop.example", Lang: "fr"}, "", "lang"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.s.AuthorizeURL(tt.in)
			assert.Equal(t, tt.want, got)
			if tt.want != "" {
				require.NoError(t, err)
				return
			}
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			assert.Contains(t, err.Error(), tt.says)
		})
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	const query = "appid=" + appID + "&secret=" + secret + "&code=CODE_1&grant_type=authorization_code"
	tests := []struct {
		name, answer string
		want         func(g *oauth.Grant)
	}{
		{"the official example", granted, func(*oauth.Grant) {}},
		{"fields and scopes nobody knows", `{"access_token":"OAUTH_TOKEN","expires_in":7200,"refresh_token":"REFRESH","openid":"` + openID + `","scope":"snsapi_base, snsapi_new,","new":{"a":[1]}}`,
			func(g *oauth.Grant) { g.Scopes, g.UnionID = []oauth.Scope{oauth.Base, "snsapi_new"}, "" }},
		{"a snapshot", `{"access_token":"OAUTH_TOKEN","expires_in":"60","refresh_token":null,"openid":"` + openID + `","scope":"","is_snapshotuser":1}`,
			func(g *oauth.Grant) {
				g.Scopes, g.UnionID, g.Snapshot, g.Expires, g.Refresh = nil, "", true, began.Add(time.Minute), oauth.RefreshToken{}
			}},
		{"a life that makes no sense", `{"access_token":"OAUTH_TOKEN","expires_in":{"a":1},"openid":"` + openID + `"}`,
			func(g *oauth.Grant) {
				g.Scopes, g.UnionID, g.Expires, g.Refresh = nil, "", began, oauth.RefreshToken{}
			}},
		{"a life without end", `{"access_token":"OAUTH_TOKEN","expires_in":99999999999,"openid":"` + openID + `"}`,
			func(g *oauth.Grant) {
				g.Scopes, g.UnionID, g.Expires, g.Refresh = nil, "", began.Add(24*time.Hour), oauth.RefreshToken{}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := oauth.Grant{OpenID: openID, UnionID: "uAAAAAAAAAAAAAAAAAAAAAAAAAAA", Scopes: []oauth.Scope{oauth.UserInfo}, Token: oauth.NewToken("OAUTH_TOKEN"),
				Refresh: oauth.NewRefreshToken("REFRESH"), Expires: began.Add(2 * time.Hour)}
			tt.want(&want)
			got, err := newService(t, answers(t, "GET", "/sns/oauth2/access_token", query, "", tt.answer)).Exchange(t.Context(), "CODE_1")
			require.NoError(t, err)
			assert.Equal(t, want.Token.Reveal(), got.Token.Reveal())
			assert.True(t, got.Token.Equal(want.Token))
			assert.Equal(t, want.Refresh.Reveal(), got.Refresh.Reveal())
			got.Token, got.Refresh, want.Token, want.Refresh = oauth.Token{}, oauth.RefreshToken{}, oauth.Token{}, oauth.RefreshToken{}
			assert.Equal(t, want, *got)
			assert.False(t, got.Has(oauth.SiteLogin))
		})
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(t, "GET", "/sns/oauth2/refresh_token", "appid="+appID+"&grant_type=refresh_token&refresh_token=OLD%2B1", "",
		`{"access_token":"NEW","expires_in":7200,"refresh_token":"NEWER","openid":"`+openID+`","scope":"snsapi_base,snsapi_userinfo","x":1}`))
	g, err := s.Refresh(t.Context(), oauth.NewRefreshToken("OLD+1"))
	require.NoError(t, err)
	assert.Equal(t, "NEW", g.Token.Reveal())
	assert.Equal(t, "NEWER", g.Refresh.Reveal())
	assert.True(t, g.Has(oauth.Base) && g.Has(oauth.UserInfo))
}

func TestUser(t *testing.T) {
	t.Parallel()
	const answer = `{"openid":"` + openID + `","nickname":"小明 <b>","sex":1,"province":"","city":"","country":"","headimgurl":"https://thirdwx.qlogo.cn/x/0","privilege":["chinaunicom","new"],"unionid":"u1","language":"zh_CN"}`
	s := newService(t, answers(t, "GET", "/sns/userinfo", "access_token=T%2F1&openid="+openID+"&lang=zh_TW", "", answer))
	u, err := s.User(t.Context(), oauth.NewToken("T/1"), openID, oauth.Traditional)
	require.NoError(t, err)
	assert.Equal(t, &oauth.User{OpenID: openID, UnionID: "u1", Nickname: "小明 <b>", Sex: 1, HeadImgURL: "https://thirdwx.qlogo.cn/x/0", Privilege: []string{"chinaunicom", "new"}}, u)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(t, "GET", "/sns/auth", "access_token=T&openid="+openID, "", `{"errcode":0,"errmsg":"ok"}`))
	require.NoError(t, s.Check(t.Context(), oauth.NewToken("T"), openID))
}

// calls are all calls of the package, each with words that must not show.
func calls(t testing.TB, rt http.RoundTripper) map[string]func(context.Context) error {
	s, m := newService(t, rt), newMini(t, rt)
	key := oauth.NewSessionKey("o0q0otL8aEzpcZL/FT9WsQ==")
	return map[string]func(context.Context) error{
		"Exchange": func(ctx context.Context) error { _, err := s.Exchange(ctx, "C4NARY_CODE"); return err },
		"Refresh": func(ctx context.Context) error {
			_, err := s.Refresh(ctx, oauth.NewRefreshToken("C4NARY_REFRESH"))
			return err
		},
		"User": func(ctx context.Context) error {
			_, err := s.User(ctx, oauth.NewToken("C4NARY_TOKEN"), openID, "")
			return err
		},
		"Check":        func(ctx context.Context) error { return s.Check(ctx, oauth.NewToken("C4NARY_TOKEN"), openID) },
		"Login":        func(ctx context.Context) error { _, err := m.Login(ctx, "C4NARY_CODE"); return err },
		"CheckSession": func(ctx context.Context) error { return m.CheckSession(ctx, openID, key) },
		"ResetSession": func(ctx context.Context) error { _, err := m.ResetSession(ctx, openID, key); return err },
		"PhoneNumber":  func(ctx context.Context) error { _, err := m.PhoneNumber(ctx, "C4NARY_CODE"); return err },
	}
}

// Every call: a refusal is its code and no result, and nothing that was sent shows.
func TestErrors(t *testing.T) {
	t.Parallel()
	refusal := func(code string) http.RoundTripper {
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
			q := r.URL.Query()
			said := q.Get("code") + q.Get("js_code") + q.Get("refresh_token")
			if r.Method == http.MethodPost {
				said += "C4NARY_CODE"
			}
			return httpmock.NewStringResponse(200, `{"errcode":`+code+`,"errmsg":"no, `+said+` `+r.URL.RawQuery+`, rid: 5-6-7"}`), nil
		})
		return mock
	}
	for _, code := range []wechat.Code{oauth.ErrCodeInvalid, oauth.ErrCodeUsed, oauth.ErrCodeExpired, oauth.ErrOpenID, oauth.ErrRefreshInvalid, oauth.ErrRefreshExpired,
		oauth.ErrRevoked, oauth.ErrRisky, oauth.ErrFrozen, oauth.ErrAppID, oauth.ErrSecret, oauth.ErrSessionSignature, wechat.ErrUnauthorized, wechat.ErrTooFrequent, "99999"} {
		for name, do := range calls(t, refusal(string(code))) {
			t.Run(string(code)+" "+name, func(t *testing.T) {
				t.Parallel()
				err := do(t.Context())
				require.ErrorIs(t, err, code)
				for inner := err; inner != nil; inner = errors.Unwrap(inner) {
					for _, word := range []string{"C4NARY", secret, "FT9WsQ"} {
						assert.Empty(t, found(inner, word), word)
					}
				}
				var call *wechat.CallError
				require.ErrorAs(t, err, &call)
				assert.Empty(t, call.Body, "it might hold a token")
			})
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	for _, code := range []wechat.Code{"40029", "40163", "42003", "40030", "42002", "42007"} {
		assert.True(t, oauth.Restart(fmt.Errorf("x: %w", code)), code)
	}
	for _, err := range []error{nil, wechat.Code("40125"), wechat.Code("-1"), wechat.Code("48001"), errors.New("x")} {
		assert.False(t, oauth.Restart(err), "%v", err)
	}
}

// Answers that log nobody in are errors, and what they hold stays hidden.
func TestUselessAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{}`, `{"openid":"` + openID + `"}`, `{"access_token":"C4NARY_X","session_key":"C4NARY_X"}`, `{"openid":"` + openID + `","access_token":12345678987654321,"session_key":12345678987654321}`,
		`{"openid":"` + openID + `","access_token":["C4NARY_X"],"session_key":["C4NARY_X"]}`, `{"phone_info":{}}`, `{"access_token":"C4NARY_X","Access_Token":"C4NARY_X"}`, `[]`, `null`, ``, `C4NARY_X`, `<html>`} {
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(httpmock.NewStringResponder(200, answer))
		for name, do := range calls(t, mock) {
			if name == "Check" || name == "CheckSession" || name == "User" && strings.Contains(answer, openID) {
				continue // these need nothing, or no more than that, of an answer
			}
			t.Run(name+answer, func(t *testing.T) {
				t.Parallel()
				err := do(t.Context())
				require.Error(t, err)
				assert.Empty(t, found(err, "C4NARY"))
				assert.Empty(t, found(err, "12345678987654321"))
			})
		}
	}
}

// chatty fails with the whole address in its words, as carriers do.
type chatty struct{}

func (chatty) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("proxy says no to " + r.URL.String() + " C4NARY_CODE")
}

func TestCarriersAddressesStayOut(t *testing.T) {
	t.Parallel()
	for name, do := range calls(t, chatty{}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := do(t.Context())
			require.Error(t, err)
			for _, word := range []string{"C4NARY_TOKEN", "C4NARY_REFRESH", secret} {
				assert.Empty(t, found(err, word), word)
			}
		})
	}
}

// Nothing leaves for requests that cannot be right.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	s, m := newService(t, mock), newMini(t, mock)
	tok, key := oauth.NewToken("T"), oauth.NewSessionKey("K")
	long := strings.Repeat("a", 513)
	tests := []struct {
		name, field string
		err         error
	}{
		{"no code", "code", second(s.Exchange(t.Context(), ""))},
		{"long code", "code", second(s.Exchange(t.Context(), long))},
		{"code with a line end", "code", second(s.Exchange(t.Context(), "a\n"))},
		{"no refresh token", "refresh_token", second(s.Refresh(t.Context(), oauth.RefreshToken{}))},
		{"no token", "access_token", second(s.User(t.Context(), oauth.Token{}, openID, ""))},
		{"no openid", "openid", second(s.User(t.Context(), tok, "", ""))},
		{"another language", "lang", second(s.User(t.Context(), tok, openID, "fr"))},
		{"nothing to check", "access_token", s.Check(t.Context(), oauth.Token{}, openID)},
		{"no js_code", "js_code", second(m.Login(t.Context(), ""))},
		{"nobody's session", "openid", m.CheckSession(t.Context(), "", key)},
		{"nobody's session to reset", "openid", second(m.ResetSession(t.Context(), "", key))},
		{"no phone code", "code", second(m.PhoneNumber(t.Context(), ""))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var field *wechat.FieldError
			require.ErrorAs(t, tt.err, &field)
			assert.Equal(t, tt.field, field.Field)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(tt.err))
		})
	}
	assert.Zero(t, mock.GetTotalCallCount())
}

func second[T any](_ T, err error) error { return err }

func TestConstructorsRefuse(t *testing.T) {
	t.Parallel()
	app := newApp(t, appID, httpmock.NewMockTransport())
	key := seal.NewKey(secret)
	tests := []struct {
		name string
		cfg  oauth.Config
		says string
	}{
		{"nothing", oauth.Config{}, "nil App"},
		{"no secret", oauth.Config{App: app}, "secret: empty"},
		{"a line end in the secret", oauth.Config{App: app, Secret: seal.NewKey(secret + "\n")}, "line ends"},
		{"pages of plain http", oauth.Config{App: app, Secret: key, Pages: "http://open.weixin.qq.com"}, "loopback"},
		{"pages with a path", oauth.Config{App: app, Secret: key, Pages: "https://open.weixin.qq.com/"}, "scheme and host"},
		{"no URL", oauth.Config{App: app, Secret: key, Pages: "https://%"}, "not a URL"},
		{"negative age", oauth.Config{App: app, Secret: key, MaxAge: -1}, "max_age"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := oauth.New(tt.cfg)
			require.ErrorContains(t, err, tt.says)
			_, err = oauth.NewSite(tt.cfg)
			require.ErrorContains(t, err, tt.says)
			_, err = oauth.NewMini(tt.cfg)
			require.ErrorContains(t, err, tt.says)
			assert.Empty(t, found(err, secret))
			assert.Empty(t, found(tt.cfg, secret))
		})
	}
	for _, pages := range []string{"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://a.example"} {
		s, err := oauth.New(oauth.Config{App: app, Secret: key, Pages: pages})
		require.NoError(t, err)
		to, err := s.AuthorizeURL(oauth.Authorization{RedirectURI: "https://shop.example"})
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(to, pages+"/connect/"), to)
	}
}

// Part of promise G15: nothing prints a secret of a user or of the app.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	const word = "C4NARY0123456789"
	tok, ref, key := oauth.NewToken(word), oauth.NewRefreshToken(word), oauth.NewSessionKey(word)
	grant := oauth.Grant{OpenID: openID, Token: tok, Refresh: ref}
	phone := oauth.Phone{Number: word, Pure: word}
	cfg := oauth.Config{App: newApp(t, appID, chatty{}), Secret: seal.NewKey(word)}
	s, err := oauth.New(cfg)
	require.NoError(t, err)
	m, err := oauth.NewMini(cfg)
	require.NoError(t, err)
	login := oauth.LoginConfig{Service: s, Origin: "https://shop.example", Secret: seal.NewKey(word + word)}
	l, err := oauth.NewLogin(login)
	require.NoError(t, err)
	for _, v := range []any{tok, ref, key, &tok, grant, &grant, []oauth.Token{tok}, map[string]oauth.SessionKey{"k": key}, struct{ hidden oauth.Token }{tok}, oauth.Session{Key: key},
		phone, &phone, struct{ P oauth.Phone }{phone}, cfg, &cfg, s, m, login, l, l.Consented()} {
		assert.Empty(t, found(v, word), "%T", v)
	}
	for _, v := range []any{tok, ref, key} {
		assert.Equal(t, "***", fmt.Sprint(v))
		b, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, `"***"`, string(b))
	}
	assert.Equal(t, []bool{false, true}, []bool{tok.IsZero(), oauth.Token{}.IsZero()})
	assert.Equal(t, word, key.Reveal())
	var back oauth.Token
	//lint:ignore SA9005 that there is no way back is what is tested
	require.Error(t, json.Unmarshal([]byte(`"***"`), &back), "stars must not become a token")
}

func TestGrantIsSaved(t *testing.T) {
	t.Parallel()
	g := &oauth.Grant{OpenID: openID, UnionID: "u1", Scopes: []oauth.Scope{oauth.Base}, Token: oauth.NewToken("T&1"), Refresh: oauth.NewRefreshToken("R"), Expires: time.Unix(1770000000, 0), Snapshot: true}
	b, err := g.Save()
	require.NoError(t, err)
	const form = `{"v":1,"openid":"` + openID + `","unionid":"u1","scopes":["snsapi_base"],"token":"T\u00261","refresh":"R","expires":1770000000,"snapshot":true}`
	assert.Equal(t, form, string(b), "what is stored must stay readable")
	got, err := oauth.LoadGrant([]byte(form))
	require.NoError(t, err)
	assert.Equal(t, "T&1", got.Token.Reveal())
	assert.Equal(t, "R", got.Refresh.Reveal())
	assert.Equal(t, []any{g.OpenID, g.UnionID, g.Scopes, g.Expires, true}, []any{got.OpenID, got.UnionID, got.Scopes, got.Expires, got.Snapshot})

	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"v":1}`, `{"v":0,"openid":"o"}`, `{"v":2,"openid":"o","token":"C4NARY"}`, `{"v":1,"openid":"o","token":{"C4NARY":1}}`, `{"v":1,"openid":"o"}x`, `"***"`} {
		_, err := oauth.LoadGrant([]byte(bad))
		require.Error(t, err, bad)
		assert.NotContains(t, err.Error(), "C4NARY")
	}
}
