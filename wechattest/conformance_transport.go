package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// TestTransport checks that a carrier may be given to wechat.WithTransport. It talks to loopback servers of its own
// for well under ten seconds and reports each broken rule with t.Errorf. tr has to be usable with plain http there.
//
//   - The request arrives exactly as given: method, escaped path, raw query, Host, headers and their values, body,
//     Content-Length. Nothing is added; only Accept-Encoding and Connection, which concern the hop, are free.
//     The request value itself is not altered.
//   - It is sent once: no retry after an error status, a 401 challenge or a lost answer, no redirect, no cookies.
//   - Any status is an answer, not an error. Status, headers and body come back raw and unread, a gzip body either
//     unpacked or with its Content-Encoding, and a long body can be read while it is still being sent.
//   - A body cut short is a read error. The end of the context ends the call and the reading, with an error that
//     errors.Is recognises.
//   - It may be used by many goroutines at once.
func TestTransport(t testing.TB, tr interface {
	Do(*http.Request) (*http.Response, error)
}) {
	t.Helper()
	if tr == nil {
		t.Errorf("transport: it is nil")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // for a carrier that never comes back
	defer cancel()
	c := &carrierCheck{t: t, tr: tr}
	c.requests(ctx)
	c.statuses(ctx)
	c.redirects(ctx)
	c.lostAnswer(ctx)
	c.cookies(ctx)
	c.answers(ctx)
	c.streaming(ctx)
	c.cutBodies(ctx)
	c.cancelling(ctx)
	c.parallel(ctx)
}

// carrierPatience is how long a carrier may take for what ought to be immediate.
const carrierPatience = 3 * time.Second

// carrierCheck is one run of TestTransport.
type carrierCheck struct {
	t  testing.TB
	tr interface {
		Do(*http.Request) (*http.Response, error)
	}
}

// do sends req; an answer always has a body.
func (c *carrierCheck) do(req *http.Request) (*http.Response, error) {
	res, err := c.tr.Do(req)
	if err == nil && (res == nil || res.Body == nil) {
		return nil, errors.New("neither an answer with a body nor an error")
	}
	return res, err
}

// with runs f against a server for one rule.
func (c *carrierCheck) with(h http.HandlerFunc, f func(url string)) {
	server := httptest.NewServer(h)
	defer server.Close()
	defer server.CloseClientConnections() // a carrier that leaks a body must not block us
	f(server.URL)
}

// request builds a request that looks signed.
func (c *carrierCheck) request(ctx context.Context, method, url string, body []byte) *http.Request {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		c.t.Errorf("transport: %v", err)
		req = (&http.Request{}).WithContext(ctx)
	}
	req.Header = http.Header{"Authorization": {`WECHATPAY2-SHA256-RSA2048 mchid="0000000001"`}, "User-Agent": {"conformance/1"}}
	return req
}

// exchange sends req and reads the whole answer.
func (c *carrierCheck) exchange(rule string, req *http.Request) (*http.Response, []byte, bool) {
	c.t.Helper()
	res, err := c.do(req)
	if err != nil {
		c.t.Errorf("transport: %s: %s gave no answer: %v", rule, req.Method, err)
		return nil, nil, false
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Errorf("transport: %s: the answer's body cannot be read: %v", rule, err)
		return nil, nil, false
	}
	return res, body, true
}

// carried is a request as it arrived.
type carried struct {
	method, uri, host, body string
	length                  int64
	header                  http.Header
}

// carrierRequest is a request to send. What arrives must be the same.
type carrierRequest struct {
	method, target, host string
	body                 []byte
	header               http.Header
	stream               bool // the body is of a type net/http does not know
}

// requests checks that what arrives is what was given.
func (c *carrierCheck) requests(ctx context.Context) {
	c.t.Helper()
	odd := []byte(" {\"name\":\"\u4e2d<&>\",\"raw\":\"\xff\x00\"}\r\n")
	json := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Wechatpay-Serial": {"PUB_KEY_ID_0000"}, "X-Two": {"a", "b"}}
	for _, g := range []carrierRequest{
		{method: "POST", target: "/v3/a%2Fb/%7C/%E4%B8%AD?x=*&y=%7C&z&q=a+b%20c&k=%e4", body: odd, header: json},
		{method: "GET", target: "/v3/certificates"},
		{method: "POST", target: "/pay/unifiedorder", body: []byte("<xml></xml>")},
		{method: "POST", target: "/v3/pay/close", host: "api.mch.weixin.qq.com"},
		{method: "POST", target: "/v3/upload", body: bytes.Repeat([]byte("0123456789abcdef"), 1<<16), header: json, stream: true},
		{method: "PUT", target: "/v3/x", body: odd, header: json},
		{method: "PATCH", target: "/v3/x", body: odd, header: json},
		{method: "DELETE", target: "/v3/x?k=%7B%7D"},
	} {
		arrived := make(chan carried, 16)
		c.with(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			select {
			case arrived <- carried{r.Method, r.RequestURI, r.Host, string(body), r.ContentLength, r.Header}:
			default:
			}
		}, func(url string) { c.one(ctx, g, url, arrived) })
	}
}

// one sends a request and compares it with what arrived.
func (c *carrierCheck) one(ctx context.Context, g carrierRequest, url string, arrived <-chan carried) {
	c.t.Helper()
	req := c.request(ctx, g.method, url+g.target, g.body)
	if g.stream {
		req.Body, req.GetBody = io.NopCloser(io.MultiReader(bytes.NewReader(g.body))), nil
	}
	if g.host != "" {
		req.Host = g.host
	}
	for k, v := range g.header {
		req.Header[k] = slices.Clone(v)
	}
	want := carried{req.Method, g.target, req.Host, string(g.body), int64(len(g.body)), req.Header.Clone()}
	_, _, _ = c.exchange("exact request", req)
	if req.URL.String() != url+g.target || req.Method != want.method || req.Host != want.host || !sameCarriedHeader(req.Header, want.header) {
		c.t.Errorf("transport: exact request: the caller's *http.Request was altered")
	}
	c.compare(want, arrived)
}

// compare reports each difference between the request that was given and the one that came, without quoting values.
func (c *carrierCheck) compare(want carried, arrived <-chan carried) {
	c.t.Helper()
	if n := len(arrived); n != 1 {
		c.t.Errorf("transport: exact request: %s %s arrived %d times", want.method, want.uri, n)
		return
	}
	got := <-arrived
	for _, hop := range []string{"Accept-Encoding", "Connection", "Content-Length"} {
		got.header.Del(hop)
	}
	name := want.method + " " + want.uri
	if got.method != want.method || got.uri != want.uri || got.host != want.host {
		c.t.Errorf("transport: exact request: %s to %s became %s %s to %s", name, want.host, got.method, got.uri, got.host)
	}
	if got.body != want.body {
		c.t.Errorf("transport: exact request: %s: the body's %d bytes became %d others", name, len(want.body), len(got.body))
	}
	if got.length != want.length {
		c.t.Errorf("transport: exact request: %s: Content-Length is %d, not %d (-1 means chunked)", name, got.length, want.length)
	}
	if !sameCarriedHeader(got.header, want.header) {
		c.t.Errorf("transport: exact request: %s: the headers %v became %v", name, carriedNames(want.header), carriedNames(got.header))
	}
}

func sameCarriedHeader(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if !slices.Equal(v, b[k]) {
			return false
		}
	}
	return true
}

func carriedNames(h http.Header) []string {
	var names []string
	for k, v := range h {
		names = append(names, fmt.Sprintf("%s(%d)", k, len(v)))
	}
	slices.Sort(names)
	return names
}

// statuses checks that an error status is an answer and that nothing is sent twice.
func (c *carrierCheck) statuses(ctx context.Context) {
	c.t.Helper()
	for _, status := range []int{200, 202, 204, 400, 401, 403, 404, 407, 429, 500, 502, 503} {
		var hits atomic.Int32
		c.with(func(w http.ResponseWriter, _ *http.Request) {
			hits.Add(1)
			w.Header().Set("Retry-After", "0")
			w.Header().Set("WWW-Authenticate", `Basic realm="a"`)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"code":"X"}`)
		}, func(url string) {
			res, body, ok := c.exchange(fmt.Sprint("status ", status), c.request(ctx, "POST", url, []byte("{}")))
			if ok && res.StatusCode != status {
				c.t.Errorf("transport: status %d became %d", status, res.StatusCode)
			}
			if ok && status != 204 && string(body) != `{"code":"X"}` {
				c.t.Errorf("transport: status %d: its body cannot be read", status)
			}
			if n := hits.Load(); n != 1 {
				c.t.Errorf("transport: sent once: after status %d the request arrived %d times", status, n)
			}
		})
	}
}

// redirects checks that a redirect is handed back and nothing goes where it points.
func (c *carrierCheck) redirects(ctx context.Context) {
	c.t.Helper()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			var followed atomic.Int32
			c.with(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					followed.Add(1)
					return
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			}, func(url string) {
				res, _, ok := c.exchange("redirects", c.request(ctx, method, url+"/", []byte("{}")))
				if followed.Load() != 0 || ok && res.StatusCode != status {
					c.t.Errorf("transport: redirects: %s followed a %d; the signed request must not go elsewhere", method, status)
				}
			})
		}
	}
}

// lostAnswer checks that a write whose answer is lost is an error and is not repeated: it may have moved money.
func (c *carrierCheck) lostAnswer(ctx context.Context) {
	c.t.Helper()
	var hits atomic.Int32
	c.with(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hits.Add(1)
		c.hangUp(w, "")
	}, func(url string) {
		ctx, cancel := context.WithTimeout(ctx, 2*carrierPatience)
		defer cancel()
		res, err := c.do(c.request(ctx, "POST", url, []byte("{}")))
		if err == nil {
			_ = res.Body.Close()
			c.t.Errorf("transport: lost answer: no error")
		}
		if n := hits.Load(); n != 1 {
			c.t.Errorf("transport: sent once: a write whose answer was lost arrived %d times", n)
		}
	})
}

// hangUp answers with raw bytes and closes the connection.
func (*carrierCheck) hangUp(w http.ResponseWriter, raw string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func(c net.Conn) { _ = c.Close() }(conn)
	_, _ = io.WriteString(conn, raw)
}

// cookies checks that what one answer sets is not sent with the next request.
func (c *carrierCheck) cookies(ctx context.Context) {
	c.t.Helper()
	var sent atomic.Int32
	c.with(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			sent.Add(1)
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
	}, func(url string) {
		for range 2 {
			_, _, _ = c.exchange("cookies", c.request(ctx, "GET", url, nil))
		}
		if sent.Load() != 0 {
			c.t.Errorf("transport: cookies: a cookie of an earlier answer was sent")
		}
	})
}
