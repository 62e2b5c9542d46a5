package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	host   = "https://api.weixin.qq.com"
	appID  = "wx8888888888888888"
	secret = "c4nary5ecret0123456789abcdef0123"
	openID = "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	// The official example of an answer.
	granted = `{"access_token":"OAUTH_TOKEN","expires_in":7200,"refresh_token":"REFRESH","openid":"` + openID + `","scope":"snsapi_userinfo","unionid":"uAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`
)

var began = time.Date(2026, 11, 23, 12, 0, 0, 0, wechat.Beijing)

// fixed is a TokenSource of one token.
type fixed struct{}

func (fixed) Token(context.Context) (wechat.Token, error) { return seal.NewKey("ACCOUNT_TOKEN"), nil }
func (fixed) Refuse(context.Context, wechat.Token) error  { return nil }

// newApp talks to rt, and has a token for the calls that carry one.
func newApp(t testing.TB, id string, rt http.RoundTripper) *wechat.App {
	t.Helper()
	app, err := wechat.NewApp(id, fixed{}, wechat.WithTransport(&http.Client{Transport: rt}), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	return app
}

func newConfig(t testing.TB, rt http.RoundTripper) oauth.Config {
	return oauth.Config{App: newApp(t, appID, rt), Secret: seal.NewKey(secret), Now: func() time.Time { return began }}
}

func newService(t testing.TB, rt http.RoundTripper) *oauth.Service {
	t.Helper()
	s, err := oauth.New(newConfig(t, rt))
	require.NoError(t, err)
	return s
}

func newMini(t testing.TB, rt http.RoundTripper) *oauth.Mini {
	t.Helper()
	m, err := oauth.NewMini(newConfig(t, rt))
	require.NoError(t, err)
	return m
}

// answers is a transport that takes one request, exactly, and answers it.
func answers(t testing.TB, method, path, query, body, answer string) *httpmock.MockTransport {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(method, host+path, func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, query, r.URL.RawQuery)
		var sent []byte
		if r.Body != nil {
			sent, _ = io.ReadAll(r.Body)
		}
		assert.Equal(t, body, string(sent))
		res := httpmock.NewStringResponse(200, answer)
		res.Header.Set("Content-Type", "text/plain") // as sns answers do
		return res, nil
	})
	return mock
}

// found prints v in every way and names the one that shows word.
func found(v any, word string) string {
	b, _ := json.Marshal(v)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	ways := map[string]string{"json": string(b), "slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		ways[verb] = fmt.Sprintf(verb, v)
	}
	for way, text := range ways {
		if strings.Contains(text, word) || strings.Contains(text, fmt.Sprintf("%x", word)) {
			return way
		}
	}
	return ""
}
