package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient makes a client whose connections are gone when the test ends.
func newClient(t testing.TB, opts ...transport.Option) *transport.Client {
	t.Helper()
	c, err := transport.New(opts...)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// serve starts a plain loopback server for one test.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// request builds a request with the headers a signed call has.
func request(t testing.TB, ctx context.Context, method, url, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	require.NoError(t, err)
	req.Header.Set("Authorization", "WECHATPAY2-SHA256-RSA2048 mchid=\"0000\"")
	req.Header.Set("User-Agent", "shop/1")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}
