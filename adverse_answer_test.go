package wechat_test

import (
	"bytes"
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
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

// uncertain expects what follows from a request that left and got no proved answer.
func uncertain(t *testing.T, m *wechat.Merchant, hits *atomic.Int32, cause error) {
	t.Helper()
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
	synctest.Test(t, func(t *testing.T) {
		hc, hits := inside(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }, nil)
		m := newMerchant(t, hc, wechat.WithBaseURL(mainBase))
		began := time.Now()
		uncertain(t, m, hits, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(began), "one attempt's time")

		began = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := wechat.Call[prepay](ctx, m, opKeyed, someOrder)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.Equal(t, time.Second, time.Since(began), "the caller's deadline")

		began = time.Now()
		_, err = wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.LessOrEqual(t, time.Since(began), 30*time.Second, "all attempts' time")
	})
}

func TestAdverse06_ATricklingBodyIsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hc, hits := inside(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(prepayBody)))
			weChatPay.sign(w.Header(), prepayBody, time.Now())
			for i := range prepayBody {
				_, _ = io.WriteString(w, prepayBody[i:i+1])
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}, nil)
		uncertain(t, newMerchant(t, hc, wechat.WithBaseURL(mainBase)), hits, context.DeadlineExceeded)
	})
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
	uncertain(t, newMerchant(t, nil, wechat.WithBaseURL(base)), hits, nil)
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
			uncertain(t, newMerchant(t, nil, wechat.WithBaseURL(base)), hits, nil)
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
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 64<<20))
	require.NoError(t, z.Close())
	base, hits := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	uncertain(t, newMerchant(t, nil, wechat.WithBaseURL(base), wechat.WithMaxResponse(10_000)), hits, wechat.ErrTooLong)
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
			uncertain(t, newMerchant(t, nil, wechat.WithBaseURL(base)), hits, sign.ErrUnsigned)
		})
	}
}

func TestAdverse14_ASigned204IsSuccess(t *testing.T) {
	t.Parallel()
	base, _ := loopback(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { serve(w, 204, "") })
	_, err := wechat.Call[wechat.None](t.Context(), newMerchant(t, nil, wechat.WithBaseURL(base)), opKeyed, someOrder)
	require.NoError(t, err)
}
