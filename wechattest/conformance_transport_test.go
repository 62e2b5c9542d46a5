package wechattest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
	"github.com/wxcommerce/wechat/wechattest"
)

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestTransport_PassesGoodCarriers(t *testing.T) {
	t.Parallel()
	t.Run("transport.New", func(t *testing.T) {
		t.Parallel()
		c, err := transport.New()
		require.NoError(t, err)
		t.Cleanup(c.CloseIdleConnections)
		wechattest.TestTransport(t, c)
	})
	t.Run("http.Client without redirects", func(t *testing.T) {
		t.Parallel()
		pool := &http.Transport{}
		t.Cleanup(pool.CloseIdleConnections)
		wechattest.TestTransport(t, &http.Client{Transport: pool, CheckRedirect: stay})
	})
	t.Run("raw gzip", func(t *testing.T) {
		t.Parallel()
		pool := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
		wechattest.TestTransport(t, &http.Client{CheckRedirect: stay, Transport: rewriting{pool, func(r *http.Request) {
			r.Header.Set("Accept-Encoding", "gzip")
		}}})
	})
}

// rewriting is a RoundTripper that changes a copy of each request first.
type rewriting struct {
	next   http.RoundTripper
	change func(*http.Request)
}

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	r.change(req)
	return r.next.RoundTrip(req)
}

// bad is a carrier made of a function around a good client.
type bad func(hc *http.Client, r *http.Request) (*http.Response, error)

type carrier struct {
	hc *http.Client
	do bad
}

func (c carrier) Do(r *http.Request) (*http.Response, error) { return c.do(c.hc, r) }

// changed sends a changed copy of the request.
func changed(change func(*http.Request)) bad {
	return func(hc *http.Client, r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		change(r)
		return hc.Do(r)
	}
}

// after changes the answer.
func after(change func(*http.Response)) bad {
	return func(hc *http.Client, r *http.Request) (*http.Response, error) {
		res, err := hc.Do(r)
		if err == nil {
			change(res)
		}
		return res, err
	}
}

// again repeats a call twice while repeat says so, as HTTP libraries with retries do.
func again(repeat func(*http.Response, error) bool) bad {
	return func(hc *http.Client, r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		for n := 0; ; n++ {
			r.Body = io.NopCloser(bytes.NewReader(body))
			res, err := hc.Do(r)
			if n == 2 || r.Context().Err() != nil || !repeat(res, err) {
				return res, err
			}
			if res != nil {
				_ = res.Body.Close()
			}
		}
	}
}

// through uses the good client's connections with other rules.
func through(rules http.Client) bad {
	return func(hc *http.Client, r *http.Request) (*http.Response, error) {
		client := rules
		client.Transport = hc.Transport
		return client.Do(r)
	}
}

func trim(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	body = bytes.TrimSpace(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func swallow(res *http.Response) {
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
}

func refuseErrors(hc *http.Client, r *http.Request) (*http.Response, error) {
	res, err := hc.Do(r)
	if err == nil && res.StatusCode >= 400 {
		_ = res.Body.Close()
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	return res, err
}

func hideErrors(hc *http.Client, r *http.Request) (*http.Response, error) {
	res, err := hc.Do(r)
	if err != nil {
		return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody}, nil
	}
	return res, nil
}

func forgetEncoding(hc *http.Client, r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Encoding", "gzip") // net/http then leaves the unpacking to us
	res, err := hc.Do(r)
	if err == nil {
		res.Header.Del("Content-Encoding")
	}
	return res, err
}

func alterGiven(hc *http.Client, r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Trace", "1")
	return hc.Do(r)
}

func guessAccept(r *http.Request) {
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
}

func joinValues(r *http.Request) {
	for k, v := range r.Header {
		r.Header[k] = []string{strings.Join(v, ", ")}
	}
}

func TestTransport_NamesWhatABadCarrierDoes(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	tests := []struct {
		name, want string
		do         bad
	}{
		{"adds a query parameter", "became GET /v3/certificates?lang=zh", changed(func(r *http.Request) { r.URL.RawQuery += "lang=zh" })},
		{"sorts the query", "exact request: POST /v3/a", changed(func(r *http.Request) { r.URL.RawQuery = r.URL.Query().Encode() })},
		{"cleans the path", "became POST /v3/a/b/", changed(func(r *http.Request) { r.URL.RawPath = "" })},
		{"sets an auth token", "the headers", changed(func(r *http.Request) { r.Header.Set("Authorization", "Bearer canary") })},
		{"adds a header", "X-Trace(1)", changed(func(r *http.Request) { r.Header.Set("X-Trace", "canary") })},
		{"guesses an Accept", "Accept(1)", changed(guessAccept)},
		{"joins header values", "X-Two(1)", changed(joinValues)},
		{"has its own agent", "the headers", changed(func(r *http.Request) { r.Header.Set("User-Agent", "bad/1") })},
		{"loses the host", "to api.mch.weixin.qq.com became", changed(func(r *http.Request) { r.Host = "" })},
		{"changes the method", "became GET", changed(func(r *http.Request) { r.Method = "GET" })},
		{"drops the body", "bytes became 0 others", changed(func(r *http.Request) { r.Body, r.GetBody, r.ContentLength = nil, nil, 0 })},
		{"trims the body", "the body's", changed(trim)},
		{"chunks the body", "Content-Length is -1", changed(func(r *http.Request) { r.ContentLength = -1 })},
		{"alters the caller's request", "was altered", alterGiven},
		{"retries lost answers", "a write whose answer was lost arrived 3 times", again(func(_ *http.Response, err error) bool { return err != nil })},
		{"retries statuses", "after status 503 the request arrived 3 times", again(func(res *http.Response, err error) bool { return err == nil && res.StatusCode >= 429 })},
		{"answers a challenge", "after status 401", again(func(res *http.Response, err error) bool { return err == nil && res.StatusCode == 401 })},
		{"follows redirects", "POST followed a 307", through(http.Client{})},
		{"keeps cookies", "a cookie of an earlier answer", through(http.Client{CheckRedirect: stay, Jar: jar})},
		{"takes a status for an error", "status 404: POST gave no answer", refuseErrors},
		{"hides errors", "lost answer: no error", hideErrors},
		{"gives nothing", "neither an answer", func(*http.Client, *http.Request) (*http.Response, error) { return nil, nil }},
		{"changes the status", "status 202 became 200", after(func(res *http.Response) { res.StatusCode = 200 })},
		{"reads the body first", "read before it was handed over", after(swallow)},
		{"hands over a read body", "status 500: its body cannot be read", after(func(res *http.Response) { _, _ = io.Copy(io.Discard, res.Body) })},
		{"hands over a closed body", "the answer's body cannot be read", after(func(res *http.Response) { _ = res.Body.Close() })},
		{"mends a cut body", "an unfinished chunk was read", after(swallow)},
		{"alters the answer's headers", "its headers were altered", after(func(res *http.Response) { res.Header.Set("Content-Type", "text/plain") })},
		{"forgets the encoding", "(gzip: true)", forgetEncoding},
		{"drops the context", "cancelled while waiting, and the call goes on", func(hc *http.Client, r *http.Request) (*http.Response, error) {
			return hc.Do(r.WithContext(context.WithoutCancel(r.Context())))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pool := &http.Transport{}
			t.Cleanup(pool.CloseIdleConnections)
			var r recorder
			wechattest.TestTransport(&r, carrier{&http.Client{Transport: pool, CheckRedirect: stay}, test.do})
			assert.Contains(t, r.String(), test.want)
			assert.NotContains(t, r.String(), "canary")
		})
	}
}

func TestTransport_NamesMixedAnswers(t *testing.T) {
	t.Parallel()
	pool := &http.Transport{}
	t.Cleanup(pool.CloseIdleConnections)
	var last sync.Map // a carrier with one slot for all its answers
	var r recorder
	wechattest.TestTransport(&r, carrier{&http.Client{Transport: pool, CheckRedirect: stay}, after(func(res *http.Response) {
		if strings.Contains(res.Request.URL.RawQuery, "j=") {
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if old, ok := last.Swap("slot", body); ok {
				body, _ = old.([]byte)
			}
			res.Body = io.NopCloser(bytes.NewReader(body))
		}
	})})
	assert.Contains(t, r.String(), "belong to another request")
}

func TestTransport_NamesAMissingCarrier(t *testing.T) {
	t.Parallel()
	var r recorder
	wechattest.TestTransport(&r, nil)
	assert.Contains(t, r.String(), "it is nil")
}

// recorder is a testing.TB that only remembers what was reported.
type recorder struct {
	testing.TB
	mu    sync.Mutex
	lines []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}
