package qrcode_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
)

// answering is a Service that is answered with this, and what it asked.
func answering(t *testing.T, status int, kind, body string) (*qrcode.Service, *counter) {
	t.Helper()
	c, mock := &counter{}, httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		if _, err := c.respond(r); err != nil {
			return nil, err
		}
		res := httpmock.NewStringResponse(status, body)
		res.Header.Set("Content-Type", kind)
		return res, nil
	})
	app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	return qrcode.NewService(app), c
}

func TestPictures(t *testing.T) {
	t.Parallel()
	no := false
	for _, tt := range []struct {
		name, asks string
		call       func(s svc) (*wechat.Stream, error)
	}{
		{"unlimited", `POST https://api.weixin.qq.com/wxa/getwxacodeunlimit?access_token=TOKEN {"scene":"o=1001&x","page":"pages/order/detail","check_path":false,"env_version":"release","width":430,"line_color":{"r":1,"g":0,"b":255},"is_hyaline":true}`,
			func(s svc) (*wechat.Stream, error) {
				return s.Unlimited(t.Context(), qrcode.Unlimited{Scene: "o=1001&x", Page: "pages/order/detail", CheckPath: &no, Version: qrcode.Release,
					Look: qrcode.Look{Width: 430, LineColor: &qrcode.RGB{R: 1, B: 255}, Transparent: true}})
			}},
		{"limited", `POST https://api.weixin.qq.com/wxa/getwxacode?access_token=TOKEN {"path":"pages/a?x=1","auto_color":true}`,
			func(s svc) (*wechat.Stream, error) {
				return s.Limited(t.Context(), qrcode.Limited{Path: "pages/a?x=1", Look: qrcode.Look{AutoColor: true}})
			}},
		{"square", `POST https://api.weixin.qq.com/cgi-bin/wxaapp/createwxaqrcode?access_token=TOKEN {"path":"pages/a?x=1","width":1280}`,
			func(s svc) (*wechat.Stream, error) {
				return s.Square(t.Context(), qrcode.Square{Path: "pages/a?x=1", Width: 1280})
			}},
		{"ticket", `GET https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2B%2FA%3D%3D`,
			func(s svc) (*wechat.Stream, error) { return s.Image(t.Context(), "gQH+/A==") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, c := answering(t, 200, "image/jpeg", "\xff\xd8picture")
			p, err := tt.call(s)
			require.NoError(t, err)
			b, err := io.ReadAll(p)
			require.NoError(t, err)
			require.NoError(t, p.Close())
			assert.Equal(t, "\xff\xd8picture image/jpeg", string(b)+" "+p.ContentType)
			assert.Equal(t, []string{tt.asks}, c.asked)

			// A refusal says so in JSON, whatever it calls itself.
			for _, kind := range []string{"application/json; charset=UTF-8", "text/plain", "image/jpeg"} {
				s, _ = answering(t, 200, kind, `{"errcode":41030,"errmsg":"invalid page rid: 1-2"}`)
				_, err = tt.call(s)
				require.ErrorIs(t, err, qrcode.ErrNoPage, kind)
			}
			s, _ = answering(t, 404, "text/html", "<html>")
			_, err = tt.call(s)
			var api *wechat.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, 404, api.Status)
			assert.NotContains(t, err.Error(), "gQH")
		})
	}
}

func TestImageNeedsNoToken(t *testing.T) {
	t.Parallel()
	c, mock := &counter{answer: "\xff\xd8"}, httpmock.NewMockTransport()
	mock.RegisterNoResponder(c.respond)
	app, err := wechat.NewApp("wx1234567890abcdef", nil, wechat.WithTransport(&http.Client{Transport: mock}))
	require.NoError(t, err)
	p, err := qrcode.NewService(app).Image(t.Context(), "T")
	require.NoError(t, err)
	require.NoError(t, p.Close())
}

func TestTicket(t *testing.T) {
	t.Parallel()
	ticket := qrcode.Ticket{Ticket: "gQH+/A==", Seconds: 3600, URL: "http://weixin.qq.com/q/EXAMPLE"}
	assert.Equal(t, "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2B%2FA%3D%3D", ticket.ImageURL())
	assert.Equal(t, time.Hour, ticket.Life())
	c, err := ticket.Code(qrcode.WithLevel(qrcode.L))
	require.NoError(t, err)
	assert.Equal(t, 25, c.Modules())
}
