package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Option changes how [New] builds a Client.
type Option func(*settings) error

// Timeouts bounds the steps of one request. A zero field keeps its default; a negative one is an error. There is no
// limit for the whole exchange here: that is the deadline of the request's context, so that a bill of any size can
// be streamed.
type Timeouts struct {
	Dial           time.Duration // connecting, name lookup included; default 3 s
	TLSHandshake   time.Duration // default 5 s
	ResponseHeader time.Duration // from the last byte of the request to the first of the answer; default 30 s
	Idle           time.Duration // how long an unused connection is kept; default 60 s
}

// WithTimeouts replaces the default [Timeouts] field by field.
func WithTimeouts(t Timeouts) Option {
	return func(s *settings) error {
		for name, d := range map[string]time.Duration{"Dial": t.Dial, "TLSHandshake": t.TLSHandshake,
			"ResponseHeader": t.ResponseHeader, "Idle": t.Idle} {
			if d < 0 {
				return fmt.Errorf("transport: WithTimeouts: %s is negative: %v", name, d)
			}
		}
		s.timeouts = t
		return s.own("WithTimeouts")
	}
}

// WithPoolSize sets how many idle connections are kept for each host, 128 by default. Set it to at least the number
// of requests you have in flight at a time: each one beyond it opens a new connection. The number of connections in
// use is not limited.
func WithPoolSize(n int) Option {
	return func(s *settings) error {
		if n < 1 {
			return fmt.Errorf("transport: WithPoolSize: %d is not a positive number of connections", n)
		}
		s.pool = n
		return s.own("WithPoolSize")
	}
}

// WithClientCertificate presents a certificate to servers that ask for one, as the v2 interfaces for refunds and red
// packets do (apiclient_cert). Load it with tls.LoadX509KeyPair or from the P12 file.
func WithClientCertificate(c tls.Certificate) Option {
	return func(s *settings) error {
		if len(c.Certificate) == 0 || c.PrivateKey == nil {
			return errors.New("transport: WithClientCertificate: the certificate or its private key is missing")
		}
		s.certificates = append(s.certificates, c)
		return s.own("WithClientCertificate")
	}
}

// WithRootCAs trusts the given authorities instead of the system's. Use it for a test server or a company proxy.
func WithRootCAs(pool *x509.CertPool) Option {
	return func(s *settings) error {
		if pool == nil {
			return errors.New("transport: WithRootCAs: the pool is nil")
		}
		s.roots = pool.Clone()
		return s.own("WithRootCAs")
	}
}

// WithProxy chooses the proxy of each request, as http.Transport.Proxy does. Without this option HTTPS_PROXY and
// NO_PROXY of the environment count; nil means no proxy at all.
func WithProxy(proxy func(*http.Request) (*url.URL, error)) Option {
	return func(s *settings) error {
		if proxy == nil {
			proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
		}
		s.proxy = proxy
		return s.own("WithProxy")
	}
}

// settings collects the options.
type settings struct {
	timeouts     Timeouts
	pool         int
	certificates []tls.Certificate
	roots        *x509.CertPool
	proxy        func(*http.Request) (*url.URL, error)

	theirs *http.Client // below the caller's resty client, already found harmless
	owned  string       // the first option that shapes a connection pool of our own
}

// own notes that an option needs our own connection pool, which a caller's resty client does not have.
func (s *settings) own(option string) error {
	if s.owned == "" {
		s.owned = option
	}
	return nil
}
