package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-resty/resty/v2"
)

// Client sends single HTTP requests through resty. It fits wechat.Transport. The zero value is not usable: make one
// with [New]. A Client is safe for concurrent use; share one between all merchants, so that they share its connections.
type Client struct {
	resty *resty.Client
	http  *http.Client
}

// New makes a Client from options, without them one with the defaults named at [Timeouts] and [WithPoolSize]. It opens
// no connection and starts no goroutine. Its errors name the option at fault and never hold key material.
func New(opts ...Option) (*Client, error) {
	var s settings
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&s); err != nil {
			return nil, err
		}
	}
	hc, err := s.httpClient()
	if err != nil {
		return nil, err
	}
	// resty.NewWithClient fills in a missing Transport of the http.Client it gets and its setters write through to it,
	// so it only ever sees hc, which belongs to us.
	rc := resty.NewWithClient(hc)
	rc.SetLogger(silent{})
	rc.SetDoNotParseResponse(true)
	rc.SetPreRequestHook(restore)
	return &Client{resty: rc, http: hc}, nil
}

// Do sends req once and returns the answer with its Body unread; the caller closes it. Whatever the status is,
// redirects included, err is nil as long as an answer arrived.
//
// What travels is req itself: its method, escaped path, raw query, Host, headers, body and ContentLength. As with
// net/http, a request without Accept-Encoding asks for gzip and its answer is unpacked, a stale idle connection is
// replaced before anything of a write was sent on it, and the request's Body is always closed. req is not altered.
//
// The end of req's context ends the call, the reading of the answer's Body included. errors.Is and errors.As find
// causes such as context.Canceled, *net.OpError, *net.DNSError and *tls.CertificateVerificationError in an error; its
// text names the scheme and host, never the path or query, which may hold personal data or tokens.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := acceptable(req); err != nil {
		closeBody(req)
		return nil, err
	}
	g := &given{Context: req.Context(), req: req}
	answer, err := c.resty.R().SetContext(g).Execute(req.Method, req.URL.String())
	if err != nil {
		if !g.handed { // resty gave up before net/http took over the body
			closeBody(req)
		}
		return nil, redact(req, err)
	}
	res := answer.RawResponse
	res.Request = req
	return res, nil
}

// CloseIdleConnections closes the connections no request is using right now. The Client stays usable.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// given travels through resty as the context of a request and remembers the request that has to go out. Being a
// context of our own type it costs one allocation, and it never reaches net/http: restore puts the real one back.
type given struct {
	context.Context
	req    *http.Request
	handed bool
}

// restore runs in resty's last step before its http.Client, after resty has set a User-Agent, guessed an Accept and a
// Content-Type, buffered the body and rebuilt the URL. It puts the given request in place of all that, which makes
// "send exactly this" true by construction rather than by a list of resty's habits.
func restore(_ *resty.Client, raw *http.Request) error {
	g, ok := raw.Context().(*given)
	if !ok {
		return errors.New("transport: resty lost the request it was given")
	}
	*raw = *g.req
	g.handed = true
	return nil
}

// acceptable refuses what must not or cannot be sent.
func acceptable(req *http.Request) error {
	if req == nil || req.URL == nil {
		return errors.New("transport: the request or its URL is nil")
	}
	switch req.URL.Scheme {
	case "https":
		return nil
	case "http":
		if loopback(req.URL.Hostname()) {
			return nil
		}
		return fmt.Errorf("transport: refusing plain http to %q: signed requests leave this machine only over https", req.URL.Host)
	}
	return fmt.Errorf("transport: the URL needs the scheme https, not %q", req.URL.Scheme)
}

func closeBody(req *http.Request) {
	if req != nil && req.Body != nil {
		_ = req.Body.Close()
	}
}

// silent keeps resty from writing to standard error: what it would say may hold URLs.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
