package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

func TestDo_SendsExactlyTheGivenRequest(t *testing.T) {
	t.Parallel()
	auth := http.Header{"Authorization": {"WECHATPAY2-SHA256-RSA2048 x"}, "User-Agent": {"shop/1"}}
	with := func(more http.Header) http.Header {
		h := auth.Clone()
		for k, v := range more {
			h[k] = v
		}
		return h
	}
	tests := []struct {
		name, method, target, host, body string
		header                           http.Header
	}{
		{name: "escaped path and raw query", method: "GET", target: "/v3/a%2Fb/%7C/%E4%B8%AD?x=*&y=%7C&z&q=a+b%20c&k=%e4", header: auth},
		{name: "JSON body", method: "POST", target: "/v3/pay", body: " {\"a\":\"<&>\"}\n", header: with(http.Header{"Content-Type": {"application/json"}})},
		{name: "XML body", method: "POST", target: "/pay/unifiedorder", body: "<xml/>", header: with(http.Header{"Content-Type": {"text/xml"}})},
		{name: "body without a content type", method: "POST", target: "/v3/pay", body: "{}", header: auth},
		{name: "post without a body", method: "POST", target: "/v3/close", header: auth},
		{name: "put", method: "PUT", target: "/v3/x", body: "{}", header: auth},
		{name: "patch", method: "PATCH", target: "/v3/x", body: "{}", header: auth},
		{name: "delete without a body", method: "DELETE", target: "/v3/x?a=1", header: auth},
		{name: "delete with a body", method: "DELETE", target: "/v3/x", body: "{}", header: auth},
		{name: "get with a body", method: "GET", target: "/v3/x", body: "{}", header: auth},
		{name: "another host", method: "GET", target: "/", host: "api.mch.weixin.qq.com", header: auth},
		{name: "several values and own accept", method: "GET", target: "/",
			header: with(http.Header{"X-Two": {"a", "b"}, "Accept": {"*/*"}, "Accept-Encoding": {"identity"}})},
		{name: "no header at all", method: "GET", target: "/", header: nil},
		{name: "braces are no path parameters", method: "GET", target: "/%7Bid%7D?f={id}", header: auth},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			var body []byte
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r
				body, _ = io.ReadAll(r.Body)
				w.WriteHeader(http.StatusAccepted)
				_, _ = io.WriteString(w, "{}")
			})
			req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.target, strings.NewReader(test.body))
			require.NoError(t, err)
			req.Header = test.header.Clone()
			if test.host != "" {
				req.Host = test.host
			}
			host := req.Host
			res, err := newClient(t).Do(req)
			require.NoError(t, err)
			answer, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())

			assert.Equal(t, http.StatusAccepted, res.StatusCode)
			assert.Equal(t, "{}", string(answer))
			assert.Same(t, req, res.Request)
			assert.Equal(t, test.method, got.Method)
			assert.Equal(t, test.target, got.RequestURI)
			assert.Equal(t, host, got.Host)
			assert.Equal(t, test.body, string(body))
			assert.Equal(t, int64(len(test.body)), got.ContentLength)
			assert.Empty(t, got.TransferEncoding)
			assert.Equal(t, test.header, req.Header, "the caller's headers")
			got.Header.Del("Content-Length")
			want := test.header.Clone()
			if want == nil {
				want = http.Header{"User-Agent": {"Go-http-client/1.1"}}
			}
			if want.Get("Accept-Encoding") == "" {
				want.Set("Accept-Encoding", "gzip")
			}
			assert.Equal(t, want, got.Header)
		})
	}
}

// stream is a body net/http knows nothing about.
type stream struct {
	io.Reader
	closed atomic.Bool
}

func (s *stream) Close() error { s.closed.Store(true); return nil }

func TestDo_StreamsABodyOfAnyKind(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	started := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first)
		close(started) // the sender waits for this with the rest: nothing has buffered the whole body
		n, _ := io.Copy(io.Discard, r.Body)
		assert.Equal(t, int64(size), n+1)
		assert.Equal(t, int64(size), r.ContentLength)
	})
	r, w := io.Pipe()
	go func() {
		_, _ = w.Write(make([]byte, size/2))
		<-started
		_, _ = w.Write(make([]byte, size/2))
		_ = w.Close()
	}()
	body := &stream{Reader: r}
	req := request(t, t.Context(), http.MethodPost, server.URL, "")
	req.Body, req.ContentLength = body, size
	res, err := newClient(t).Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusOK, res.StatusCode)
	assert.True(t, body.closed.Load())
}

func TestDo_RefusesWhatMustNotBeSent(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want string }{
		{"plain http to a name", "http://api.mch.weixin.qq.com/v3/pay?secret=1", "refusing plain http to \"api.mch.weixin.qq.com\""},
		{"plain http to an inner address", "http://10.0.0.1:8080/", "refusing plain http"},
		{"plain http to a look-alike", "http://localhost.evil.example/", "refusing plain http"},
		{"plain http to a look-alike address", "http://127.0.0.1.evil.example/", "refusing plain http"},
		{"no scheme", "//127.0.0.1/", "scheme https"},
		{"another scheme", "ftp://127.0.0.1/", "scheme https"},
		{"no host", "https:///v3", "no Host"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(test.url)
			require.NoError(t, err)
			body := &stream{Reader: strings.NewReader("{}")}
			res, err := newClient(t).Do((&http.Request{Method: "POST", URL: u, Body: body, ContentLength: 2}).WithContext(t.Context()))
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "secret")
			assert.Nil(t, res)
			assert.True(t, body.closed.Load(), "the body stays open")
		})
	}
	for name, req := range map[string]*http.Request{"nil request": nil, "nil URL": {Method: "GET"}} {
		res, err := newClient(t).Do(req)
		require.ErrorContains(t, err, "nil", name)
		assert.Nil(t, res)
	}
}

func TestDo_SpeaksPlainHTTPToLoopback(t *testing.T) {
	t.Parallel()
	c := restyOver(t, func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})
	for _, host := range []string{"localhost:80", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]"} {
		res, err := c.Do(request(t, t.Context(), "GET", "http://"+host+"/", ""))
		require.NoError(t, err, host)
		require.NoError(t, res.Body.Close())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// restyOver is a client whose connections are a function.
func restyOver(t *testing.T, f roundTrip) *transport.Client {
	t.Helper()
	return newClient(t, transport.WithResty(resty.NewWithClient(&http.Client{Transport: f})))
}

func TestDo_ErrorsKeepTheirCauseAndLoseTheirURL(t *testing.T) {
	t.Parallel()
	timeout := &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	causes := map[string]error{
		"dns":     &net.DNSError{Err: "no such host", Name: "api.mch.weixin.qq.com", IsNotFound: true},
		"dial":    &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"cancel":  context.Canceled,
		"timeout": timeout,
		"nested":  &url.Error{Op: "Get", URL: "https://h/?access_token=canary", Err: io.ErrUnexpectedEOF},
	}
	for name, cause := range causes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := restyOver(t, func(*http.Request) (*http.Response, error) { return nil, cause })
			_, err := c.Do(request(t, t.Context(), "POST", "https://user:canary@h.example/v3/canary?access_token=canary#canary", "canary"))
			require.Error(t, err)
			var inner *url.Error
			if !errors.As(cause, &inner) {
				require.ErrorIs(t, err, cause)
			} else {
				require.ErrorIs(t, err, inner.Err)
			}
			assert.NotContains(t, err.Error(), "canary")
			assert.True(t, strings.HasPrefix(err.Error(), `transport: POST "https://h.example": `), err.Error())
		})
	}
	var ne net.Error
	_, err := restyOver(t, func(*http.Request) (*http.Response, error) { return nil, timeout }).Do(request(t, t.Context(), "GET", "https://h/", ""))
	require.ErrorAs(t, err, &ne)
	assert.True(t, ne.Timeout())
}

func TestDo_ReportsAURLThatCannotTravel(t *testing.T) {
	t.Parallel()
	body := &stream{Reader: strings.NewReader("{}")}
	req := &http.Request{URL: &url.URL{Scheme: "https", Host: "h", Path: "/", RawQuery: "canary=\x7f"}, Body: body}
	_, err := newClient(t).Do(req.WithContext(t.Context()))
	require.ErrorContains(t, err, "invalid control character")
	assert.NotContains(t, err.Error(), "canary")
	assert.True(t, body.closed.Load())
}

func TestAdverse02_ARefusedConnectionIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = newClient(t).Do(request(t, t.Context(), "POST", "http://"+l.Addr().String()+"/?token=canary", "{}"))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	assert.Equal(t, "dial", op.Op)
	assert.NotContains(t, err.Error(), "canary")
}

func TestDo_IsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a Go server cannot read and answer at the same time
		_, _ = w.Write(body)
	})
	c := newClient(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 20 {
				want := strings.Repeat(string(rune('a'+i)), 1+j*100)
				res, err := c.Do(request(t, t.Context(), "POST", server.URL, want))
				if !assert.NoError(t, err) {
					return
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				assert.NoError(t, err)
				assert.True(t, want == string(got), "worker %d got another's answer", i)
			}
		})
	}
	wg.Wait()
}

func TestDo_KeepsNoCookies(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Values("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
	})
	for _, c := range []*transport.Client{newClient(t), newClient(t, transport.WithResty(resty.New()))} {
		for range 2 {
			res, err := c.Do(request(t, t.Context(), "GET", server.URL, ""))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.NotEmpty(t, res.Header.Get("Set-Cookie"))
		}
		c.CloseIdleConnections()
	}
}

func TestDo_PrintsNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	rc := resty.NewWithClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, io.ErrUnexpectedEOF
	})})
	rc.SetLogger(logTo{&log})
	_, err := newClient(t, transport.WithResty(rc)).Do(request(t, t.Context(), "GET", "https://h/", ""))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Empty(t, log.String())
}

type logTo struct{ io.Writer }

func (l logTo) Errorf(f string, _ ...any) { _, _ = io.WriteString(l, f) }
func (l logTo) Warnf(f string, _ ...any)  { _, _ = io.WriteString(l, f) }
func (l logTo) Debugf(f string, _ ...any) { _, _ = io.WriteString(l, f) }
