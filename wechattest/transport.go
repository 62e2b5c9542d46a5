package wechattest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/wxcommerce/wechat"
)

// Transport carries requests to the simulator without a socket. It honours the
// request's context and refuses requests addressed to WeChat's own hosts.
func (p *Pay) Transport() wechat.Transport { return socketless{p} }

type socketless struct{ p *Pay }

// ErrCut is what a caller without a socket sees when a fault cuts the connection.
var ErrCut = errors.New("wechattest: connection cut")

// Do answers one request.
func (t socketless) Do(r *http.Request) (*http.Response, error) {
	if r.URL == nil {
		return nil, errors.New("wechattest: request without a URL")
	}
	if err := r.Context().Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	if realHost(r.URL.Host) || realHost(r.Host) {
		closeBody(r)
		return nil, fmt.Errorf("wechattest: request for %s: simulated merchants must not talk to WeChat's hosts; point the client at %s with WithBaseURL", r.URL.Host, t.p.base)
	}
	in, no := receive(r, r.URL.RequestURI())
	closeBody(r)
	a := t.p.answer(r.Context(), in, no)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return a.response(r)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // nothing to be done about it
	}
}

// receive reads a request as a server sees it. target is what stood on the
// request line.
func receive(r *http.Request, target string) (*inbound, *refusal) {
	if i := strings.Index(target, "://"); i > 0 && i < 8 { // absolute form
		target = r.URL.RequestURI()
	}
	target = strings.TrimSuffix(target, "?") // a bare ? is not signed
	in := &inbound{method: r.Method, target: target, host: r.Host, header: r.Header}
	if in.method == "" {
		in.method = http.MethodGet
	}
	if _, given := in.header["User-Agent"]; !given && r.RequestURI == "" {
		in.header = in.header.Clone()
		if in.header == nil {
			in.header = http.Header{}
		}
		in.header.Set("User-Agent", "Go-http-client/1.1") // as net/http would on a socket
	}
	in.path, in.query, _ = strings.Cut(target, "?")
	if in.host == "" && r.URL != nil {
		in.host = r.URL.Host
	}
	if r.Body != nil {
		b, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
		if err != nil {
			return in, refuse(400, "INVALID_REQUEST", numParam, "the request body ended early")
		}
		if len(b) > maxRequest {
			return in, refuse(413, "INVALID_REQUEST", numParam, "the request body is over %d bytes", maxRequest)
		}
		in.body = b
	}
	in.signed = in.body
	return in, nil
}

// answer is what goes back, after signing and after faults.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    int  // send only so many bytes of body and break off; -1 sends all
	lost   bool // send nothing at all
}

// writeTo sends it over a socket.
func (a *answer) writeTo(w http.ResponseWriter) {
	if a.lost {
		panic(http.ErrAbortHandler) // the documented way to cut a connection
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.cut >= 0 {
		_, _ = w.Write(a.body[:a.cut])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(a.body) // the client may be gone
}

// response makes the same without a socket.
func (a *answer) response(r *http.Request) (*http.Response, error) {
	if a.lost {
		return nil, ErrCut
	}
	res := &http.Response{StatusCode: a.status, Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header, ContentLength: int64(len(a.body)), Request: r}
	var body io.Reader = bytes.NewReader(a.body)
	if a.cut >= 0 {
		body = io.MultiReader(bytes.NewReader(a.body[:a.cut]), broken{})
	}
	res.Body = io.NopCloser(body)
	return res, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// newLoopbackClient reaches this machine only.
func newLoopbackClient() *http.Client {
	d := &net.Dialer{Timeout: 3 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().Unmap().IsLoopback() {
			return errors.New("wechattest: notices go to loopback addresses only; give Config.Notify a client of your own")
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8, DialContext: d.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
