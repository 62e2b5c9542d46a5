package wechattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// newApp is a simulated account on a virtual clock.
func newApp(t testing.TB, change ...func(*wechattest.AppConfig)) (*wechattest.App, *wechattest.VirtualClock) {
	t.Helper()
	clock := wechattest.NewClock(time.Time{})
	cfg := wechattest.AppConfig{Clock: clock, Name: "corner shop"}
	for _, c := range change {
		c(&cfg)
	}
	a, err := wechattest.NewApp(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	return a, clock
}

// ask makes a call without any of the library's code: the answer's members.
func ask(t testing.TB, a *wechattest.App, method, target, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+target, strings.NewReader(body))
	require.NoError(t, err)
	return decoded(t, a, r)
}

// decoded sends a request: the members of its JSON answer.
func decoded(t testing.TB, a *wechattest.App, r *http.Request) map[string]any {
	t.Helper()
	res, err := a.Transport().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	var m map[string]any
	d := json.NewDecoder(res.Body)
	d.UseNumber()
	require.NoError(t, d.Decode(&m))
	return m
}

// code is the errcode of an answer, 0 if it has none.
func errcode(m map[string]any) string {
	if c, ok := m["errcode"]; ok {
		return fmt.Sprint(c)
	}
	return "0"
}

func credentials(a *wechattest.App) string {
	return "grant_type=client_credential&appid=" + a.AppID + "&secret=" + a.Secret
}

// stable fetches a stable token.
func stable(t testing.TB, a *wechattest.App, force bool) map[string]any {
	t.Helper()
	return ask(t, a, "POST", "/cgi-bin/stable_token", fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":%t}`, a.AppID, a.Secret, force))
}

// accepted tells whether a token is good for calls: "0" if so.
func accepted(t testing.TB, a *wechattest.App, token string) string {
	t.Helper()
	return errcode(ask(t, a, "GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token="+token, ""))
}

func TestClassicTokenEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	first := ask(t, a, "GET", "/cgi-bin/token?"+credentials(a), "")
	assert.EqualValues(t, "7200", first["expires_in"])
	second := ask(t, a, "GET", "/cgi-bin/token?"+credentials(a), "")
	one, two := first["access_token"].(string), second["access_token"].(string)
	assert.NotEqual(t, one, two)
	assert.Equal(t, "0", accepted(t, a, one), "both are good for five minutes")
	clock.Advance(5 * time.Minute)
	assert.Equal(t, "40001", accepted(t, a, one))
	assert.Equal(t, "0", accepted(t, a, two))
	clock.Advance(2 * time.Hour)
	assert.Equal(t, "42001", accepted(t, a, two))
}

func TestStableTokenStays(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	one := stable(t, a, false)["access_token"].(string)
	classic := ask(t, a, "GET", "/cgi-bin/token?"+credentials(a), "")["access_token"].(string)
	clock.Advance(114 * time.Minute)
	again := stable(t, a, false)
	assert.Equal(t, one, again["access_token"])
	assert.EqualValues(t, "360", again["expires_in"], "what is left")
	clock.Advance(time.Minute)
	next := stable(t, a, false)
	two := next["access_token"].(string)
	assert.NotEqual(t, one, two, "renewed five minutes before the end")
	assert.EqualValues(t, "7200", next["expires_in"])
	assert.Equal(t, "0", accepted(t, a, one), "both are good until the end")
	assert.Equal(t, "0", accepted(t, a, classic), "the two kinds do not touch each other")
	clock.Advance(5 * time.Minute)
	assert.Equal(t, "42001", accepted(t, a, one))
	assert.Equal(t, "0", accepted(t, a, two))
}

func TestForcedRefreshIsRare(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	old := stable(t, a, true)["access_token"].(string)
	for n := range 20 {
		fresh := stable(t, a, true)
		require.Equal(t, "0", errcode(fresh), n)
		assert.Equal(t, "40001", accepted(t, a, old), "the old one dies at once")
		old = fresh["access_token"].(string)
		clock.Advance(29 * time.Second)
		assert.Equal(t, "45011", errcode(stable(t, a, true)))
		clock.Advance(time.Second)
	}
	assert.Equal(t, "45009", errcode(stable(t, a, true)))
	assert.Equal(t, "0", accepted(t, a, old))
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	b, _ := newApp(t, func(c *wechattest.AppConfig) { c.AllowIPs = []string{"203.0.113.9"} })
	tests := []struct {
		name, method, target, body, want string
		app                              *wechattest.App
	}{
		{"appid missing", "GET", "/cgi-bin/token?grant_type=client_credential&secret=x", "", "41002", a},
		{"another appid", "GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=x", "", "40013", a},
		{"grant type", "GET", "/cgi-bin/token?grant_type=x&appid=" + a.AppID + "&secret=x", "", "40002", a},
		{"secret missing", "GET", "/cgi-bin/token?grant_type=client_credential&appid=" + a.AppID, "", "41004", a},
		{"another secret", "GET", "/cgi-bin/token?grant_type=client_credential&appid=" + a.AppID + "&secret=x", "", "40125", a},
		{"address", "GET", "/cgi-bin/token?" + credentials(b), "", "40164", b},
		{"method", "POST", "/cgi-bin/token?" + credentials(a), "", "43001", a},
		{"other method", "GET", "/cgi-bin/stable_token", "", "43002", a},
		{"appid before grant type", "POST", "/cgi-bin/stable_token", `{"appid":"wx1"}`, "40013", a},
		{"no body", "POST", "/cgi-bin/stable_token", " ", "44002", a},
		{"no JSON", "POST", "/cgi-bin/stable_token", "{", "47001", a},
		{"no such path", "GET", "/cgi-bin/nothing", "", "40066", a},
		{"token missing", "GET", "/cgi-bin/ticket/getticket?type=jsapi", "", "41001", a},
		{"token malformed", "GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token=a%20b", "", "40014", a},
		{"token invented", "GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token=" + strings.Repeat("a", 120), "", "40001", a},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := ask(t, tt.app, tt.method, tt.target, tt.body)
			assert.Equal(t, tt.want, errcode(m))
			assert.Regexp(t, ` rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`, m["errmsg"])
		})
	}
}

func TestAppsPrintNoSecret(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	text, err := json.Marshal(map[string]any{"app": a, "push": a.Push()})
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a.Push()) + string(text)
	for _, secret := range []string{a.Secret, a.Push().Token, a.Push().EncodingAESKey} {
		assert.NotContains(t, all, secret)
	}
	assert.Contains(t, all, a.AppID)
}
