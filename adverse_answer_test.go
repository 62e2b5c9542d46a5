package wechat_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

// hangs is a handler that does something and then waits for the test's end.
func hangs(t *testing.T, first func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request, []byte) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		first(w)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
}

// uncertain expects what follows from a request that left and got no proved answer.
func uncertain(t *testing.T, base string, hits *atomic.Int32, cause error, opts ...wechat.Option) {
	t.Helper()
	m := newMerchant(t, nil, append(opts, wechat.WithBaseURL(base))...)
	_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
	require.Error(t, err)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.Contains(t, err.Error(), "outcome unknown")
	if cause != nil {
		require.ErrorIs(t, err, cause)
	}
	assert.EqualValues(t, 1, hits.Load(), "a plain write is not repeated once it may have left")
}

func TestAdverse05_ASilentServerIsUnknownAtTheDeadline(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, hangs(t, func(http.ResponseWriter) {}))
	uncertain(t, base, hits, context.DeadlineExceeded, wechat.WithTimeout(100*time.Millisecond))

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := wechat.Call[prepay](ctx, newMerchant(t, nil, wechat.WithBaseURL(base)), opKeyed, someOrder)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.EqualValues(t, 2, hits.Load())
}

func TestAdverse06_ATricklingBodyIsUnknown(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, hangs(t, func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		weChatPay.sign(w.Header(), "{", time.Now())
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
	}))
	uncertain(t, base, hits, context.DeadlineExceeded, wechat.WithTimeout(100*time.Millisecond))
}

// raw answers with these bytes and breaks the connection off.
func raw(t *testing.T, text string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_, err = io.WriteString(conn, text)
		assert.NoError(t, err)
		_ = conn.Close()
	}
}

// head is the signature and status of a good answer as it would travel.
func head() string {
	h := http.Header{}
	weChatPay.sign(h, prepayBody, time.Now())
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&b)
	return b.String()
}

func TestAdverse07_AResetAfterTheHeadersIsUnknown(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, raw(t, head()+"Content-Length: 1000\r\n\r\n"))
	uncertain(t, base, hits, nil)
}

func TestAdverse08_ABodyCutShortIsNotParsed(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]string{ // the signed bytes are all there, and yet not all that was announced
		"short":         "Content-Length: 2000\r\n\r\n" + prepayBody,
		"no last chunk": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(prepayBody), prepayBody),
		"bad chunk":     fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n", len(prepayBody), prepayBody),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, hits := loopback(t, raw(t, head()+rest))
			uncertain(t, base, hits, nil)
		})
	}
}

func TestAdverse09_AnAnswerOverTheCapIsAnErrorAndDropsTheConnection(t *testing.T) {
	t.Parallel()
	var connections sync.Map
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		serve(w, 200, strings.Repeat("x", 1<<20))
	}))
	t.Cleanup(s.Close)
	m := newMerchant(t, nil, wechat.WithBaseURL(s.URL), wechat.WithMaxResponse(1000))
	for range 2 {
		_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
		require.ErrorIs(t, err, wechat.ErrTooLong)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	}
	n := 0
	connections.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, 2, n, "the rest is not read to save the connection")
}

func TestAdverse10_AGzipBombStopsAtTheCap(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 256 {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
		_ = z.Close()
	})
	uncertain(t, base, hits, wechat.ErrTooLong, wechat.WithMaxResponse(10_000))
}

func TestAdverse11_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere, stolen := loopback(t, succeed)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, carrier := range map[string]wechat.Transport{"default": nil, "http.Client": &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}} {
			t.Run(fmt.Sprint(status, name), func(t *testing.T) {
				t.Parallel()
				base, hits := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
					w.Header().Set("Location", elsewhere+"/v3/pay/transactions/jsapi")
					w.WriteHeader(status)
				})
				_, err := wechat.Call[prepay](t.Context(), newMerchant(t, carrier, wechat.WithBaseURL(base)), opKeyed, someOrder)
				api(status, false)(t, err)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				assert.EqualValues(t, 1, hits.Load())
			})
		}
	}
	t.Cleanup(func() { assert.Zero(t, stolen.Load(), "a signed body went to another host") })
}

func TestAdverse12_AnHTMLErrorPageIsUnverified(t *testing.T) {
	t.Parallel()
	base, _ := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(502)
		_, _ = io.WriteString(w, "<html><h1>Bad Gateway</h1></html>")
	})
	call(t, newMerchant(t, nil, wechat.WithBaseURL(base), wechat.WithBackoff(wechat.NoRetry)), func(t *testing.T, _ wechat.Op, err error) {
		api(502, false)(t, err)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		var e *wechat.CallError
		require.ErrorAs(t, err, &e)
		assert.Contains(t, string(e.Body), "Bad Gateway", "the raw page is kept")
		assert.NotContains(t, err.Error(), "Bad Gateway", "and not printed")
	})
}

func TestAdverse13_A200WithoutProofIsAnError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"empty": "", "HTML": "<html>Welcome to our Wi-Fi</html>", "unsigned": prepayBody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, hits := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, body) })
			uncertain(t, base, hits, sign.ErrUnsigned)
		})
	}
}

func TestAdverse14_ASigned204IsSuccess(t *testing.T) {
	t.Parallel()
	base, _ := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { serve(w, 204, "") })
	_, err := wechat.Call[wechat.None](t.Context(), newMerchant(t, nil, wechat.WithBaseURL(base)), opKeyed, someOrder)
	require.NoError(t, err)
}
