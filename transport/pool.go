package transport

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// poolSize is the default of WithPoolSize: net/http would keep 2, and a shop with 32 payments in flight would dial
// again for most of them.
const poolSize = 128

// httpClient builds the client all requests go through.
func (s *settings) httpClient() (*http.Client, error) {
	hc := &http.Client{CheckRedirect: stay}
	if s.theirs != nil {
		if s.owned != "" {
			return nil, fmt.Errorf("transport: %s cannot be combined with WithResty: set it on that client's own transport", s.owned)
		}
		hc.Transport, hc.Timeout = s.theirs.Transport, s.theirs.Timeout
	}
	if hc.Transport == nil {
		hc.Transport = s.roundTripper()
	}
	return hc, nil
}

// stay makes a redirect an answer, not an order: Go would send the signed body of a 307 to whatever host it names.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// roundTripper builds the connection pool.
func (s *settings) roundTripper() *http.Transport {
	size := cmp.Or(s.pool, poolSize)
	dialer := &net.Dialer{Timeout: cmp.Or(s.timeouts.Dial, 3*time.Second), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 s.quietProxy(),
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, Certificates: s.certificates, RootCAs: s.roots},
		TLSHandshakeTimeout:   cmp.Or(s.timeouts.TLSHandshake, 5*time.Second),
		ResponseHeaderTimeout: cmp.Or(s.timeouts.ResponseHeader, 30*time.Second),
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       cmp.Or(s.timeouts.Idle, time.Minute),
		MaxIdleConnsPerHost:   size,
		MaxIdleConns:          0, // the hosts are few; a total would let one starve another
	}
}

// quietProxy is the proxy choice with an error that does not quote the proxy's address, which may hold a password.
func (s *settings) quietProxy() func(*http.Request) (*url.URL, error) {
	choose := s.proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if err != nil {
			return nil, errors.New("the proxy setting is not a usable address (WithProxy, HTTPS_PROXY)")
		}
		return u, nil
	}
}

// loopback says whether a host name or address surely means this machine. Names are not looked up.
func loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
