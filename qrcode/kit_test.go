package qrcode_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
	"github.com/wxcommerce/wechat/seal"
)

// purse is a TokenSource with one token.
type purse struct{}

func (purse) Token(context.Context) (wechat.Token, error) { return seal.NewKey("TOKEN"), nil }
func (purse) Refuse(context.Context, wechat.Token) error  { return nil }

// counter answers every request with answer and notes what was asked.
type counter struct {
	answer string
	asked  []string // method, address and body
}

func (c *counter) respond(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + r.URL.String()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		line += " " + string(body)
	}
	c.asked = append(c.asked, line)
	res := httpmock.NewStringResponse(200, c.answer)
	res.Header.Set("Content-Type", "text/plain")
	return res, nil
}

func service(t testing.TB, answer string) (*qrcode.Service, *counter) {
	app, c := newApp(t, wechat.NoRetry, answer)
	return qrcode.NewService(app), c
}

// thrice tries again at once, and then once more.
func thrice(n int, _ *http.Response, _ error) time.Duration {
	if n == 3 {
		return 0
	}
	return time.Nanosecond
}

func newApp(t testing.TB, retries wechat.Backoff, answer string) (*wechat.App, *counter) {
	t.Helper()
	c, mock := &counter{answer: answer}, httpmock.NewMockTransport()
	mock.RegisterNoResponder(c.respond)
	app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(retries))
	require.NoError(t, err)
	return app, c
}

// endpoint is one call: what it sends, and what it makes of an answer.
type endpoint struct {
	name    string
	call    func(ctx context.Context, s *qrcode.Service) (any, error)
	asks    string // method, path, query and body
	answer  string
	want    any
	refused wechat.Code
}

func (e endpoint) test(t *testing.T) {
	t.Helper()
	s, c := service(t, e.answer)
	got, err := e.call(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, e.want, got)
	method, rest, _ := strings.Cut(e.asks, " ")
	assert.Equal(t, []string{method + " https://api.weixin.qq.com" + rest}, c.asked)

	s, _ = service(t, `{"errcode":`+string(e.refused)+`,"errmsg":"no rid: 1-2-3"}`)
	got, err = e.call(t.Context(), s)
	require.ErrorIs(t, err, e.refused)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.Zero(t, got)
	var api *wechat.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "1-2-3", api.RequestID)
	assert.NotContains(t, err.Error(), "TOKEN")
}
