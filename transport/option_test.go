package transport_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

func TestNew_RefusesBadOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		opt        transport.Option
	}{
		{"negative dial", "Dial is negative", transport.WithTimeouts(transport.Timeouts{Dial: -1})},
		{"negative TLS", "TLSHandshake is negative", transport.WithTimeouts(transport.Timeouts{TLSHandshake: -1})},
		{"negative header", "ResponseHeader is negative", transport.WithTimeouts(transport.Timeouts{ResponseHeader: -1})},
		{"negative idle", "Idle is negative", transport.WithTimeouts(transport.Timeouts{Idle: -1})},
		{"no pool", "WithPoolSize", transport.WithPoolSize(0)},
		{"empty certificate", "WithClientCertificate", transport.WithClientCertificate(tls.Certificate{})},
		{"certificate without key", "WithClientCertificate", transport.WithClientCertificate(tls.Certificate{Certificate: [][]byte{{1}}})},
		{"nil authorities", "WithRootCAs", transport.WithRootCAs(nil)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := transport.New(test.opt)
			require.ErrorContains(t, err, test.want)
			assert.Nil(t, c)
		})
	}
	_, err := transport.New(nil, transport.WithPoolSize(1))
	require.NoError(t, err, "a nil option is no option")
}

func TestWithTimeouts_EndsASilentServer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	c := newClient(t, transport.WithTimeouts(transport.Timeouts{ResponseHeader: 20 * time.Millisecond}))
	_, err := c.Do(request(t, t.Context(), "POST", server.URL, "{}"))
	var ne net.Error
	require.ErrorAs(t, err, &ne)
	assert.True(t, ne.Timeout())
}

func TestWithTimeouts_EndsASilentHandshake(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody answers
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	c := newClient(t, transport.WithTimeouts(transport.Timeouts{TLSHandshake: 20 * time.Millisecond}))
	_, err = c.Do(request(t, t.Context(), "POST", "https://"+l.Addr().String(), "{}"))
	require.ErrorContains(t, err, "TLS handshake timeout")
}

func TestWithClientCertificate_IsPresented(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.Config.ErrorLog = quiet
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.issue(t, leaf{})},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool}
	server.StartTLS()
	t.Cleanup(server.Close)

	c := newClient(t, transport.WithRootCAs(ca.pool), transport.WithClientCertificate(ca.issue(t, leaf{name: "0000000001"})))
	res, err := c.Do(request(t, t.Context(), "POST", server.URL, "<xml/>"))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "0000000001", string(body))

	_, err = newClient(t, transport.WithRootCAs(ca.pool)).Do(request(t, t.Context(), "POST", server.URL, "<xml/>"))
	require.Error(t, err, "without a certificate")
}

func TestWithProxy_IsAsked(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	proxied := ""
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { proxied = r.RequestURI; w.WriteHeader(418) })
	to, err := url.Parse(proxy.URL)
	require.NoError(t, err)

	c := newClient(t, transport.WithProxy(http.ProxyURL(to)))
	res, err := c.Do(request(t, t.Context(), "GET", server.URL+"/a%2Fb", ""))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 418, res.StatusCode)
	assert.Equal(t, server.URL+"/a%2Fb", proxied)

	res, err = newClient(t, transport.WithProxy(nil)).Do(request(t, t.Context(), "GET", server.URL, ""))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 204, res.StatusCode)
}

func TestWithProxy_ErrorsDoNotQuoteItsPassword(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport.WithProxy(func(*http.Request) (*url.URL, error) {
		return nil, errors.New(`parse "http://user:canary@[bad": missing ']' in host`)
	}))
	_, err := c.Do(request(t, t.Context(), "GET", "https://127.0.0.1:1/", ""))
	require.ErrorContains(t, err, "proxy setting")
	assert.NotContains(t, err.Error(), "canary")
}
