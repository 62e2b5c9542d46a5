package transport_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

func TestDo_SendsExactlyTheGivenRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	c, err := transport.New()
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v3/a%2Fb/%7C?x=*&y=%7C&z", strings.NewReader(" {\"a\":1}\n"))
	require.NoError(t, err)
	req.Host = "api.mch.weixin.qq.com"
	req.Header = http.Header{"Authorization": {"WECHATPAY2-SHA256-RSA2048 x"}, "User-Agent": {"shop/1"}, "X-Two": {"a", "b"}}
	before := req.Header.Clone()
	res, err := c.Do(req)
	require.NoError(t, err)
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	assert.Equal(t, http.StatusAccepted, res.StatusCode)
	assert.Equal(t, "{}", string(answer))
	assert.Same(t, req, res.Request)
	assert.Equal(t, http.MethodPost, got.Method)
	assert.Equal(t, "/v3/a%2Fb/%7C?x=*&y=%7C&z", got.RequestURI)
	assert.Equal(t, "api.mch.weixin.qq.com", got.Host)
	assert.Equal(t, " {\"a\":1}\n", string(body))
	assert.Equal(t, int64(9), got.ContentLength)
	want := before.Clone()
	want.Set("Content-Length", "9")
	want.Set("Accept-Encoding", "gzip")
	assert.Equal(t, want, got.Header)
	assert.Equal(t, before, req.Header)
}
