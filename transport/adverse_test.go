package transport_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

// hijack answers with raw bytes and hands the connection to the test.
func hijack(t testing.TB, w http.ResponseWriter, raw string) *net.TCPConn {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if !assert.NoError(t, err) {
		return nil
	}
	_, err = io.WriteString(conn, raw)
	assert.NoError(t, err)
	return conn.(*net.TCPConn)
}

func TestAdverse05_ASilentServerEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var hits atomic.Int32
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := newClient(t).Do(request(t, ctx, "POST", server.URL, "{}"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualValues(t, 1, hits.Load(), "nothing is repeated")
}

func TestAdverse06_ATricklingBodyEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		select { // the next byte comes too late
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	res, err := newClient(t).Do(request(t, ctx, "POST", server.URL, "{}"))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, "{", string(body))
	require.NoError(t, res.Body.Close())
}

func TestAdverse07_AResetAfterTheHeadersIsAReadError(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
		<-seen
		_ = conn.SetLinger(0) // close with RST
		_ = conn.Close()
	})
	res, err := newClient(t).Do(request(t, t.Context(), "POST", server.URL, "{}"))
	close(seen)
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.Error(t, err)
	require.NoError(t, res.Body.Close())
}

func TestAdverse08_ABodyCutShortIsAReadError(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"shorter than its length":   "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":1}",
		"chunk without end":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"a\":1}",
		"chunks without last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n",
		"chunk size that is no number": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"7\r\n{\"a\":1}\r\nzz\r\n",
		"gzip without end": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + packed("{\"a\":1}")[:12],
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _ = hijack(t, w, raw).Close() })
			res, err := newClient(t).Do(request(t, t.Context(), "POST", server.URL, "{}"))
			require.NoError(t, err)
			_, err = io.ReadAll(res.Body)
			require.Error(t, err, "a body cut short must not look whole")
			require.NoError(t, res.Body.Close())
		})
	}
}

func packed(s string) string {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return buf.String()
}

func TestAdverse10_AGzipAnswerIsUnpackedAndABombIsNotSwallowed(t *testing.T) { // counts memory: not parallel
	bomb := packed(strings.Repeat("\x00", 8<<20))
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/bomb" {
			_, _ = io.WriteString(w, bomb)
			return
		}
		_, _ = io.WriteString(w, packed(`{"code":"OK"}`))
	})
	c := newClient(t)
	res, err := c.Do(request(t, t.Context(), "GET", server.URL, ""))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.JSONEq(t, `{"code":"OK"}`, string(body))
	assert.True(t, res.Uncompressed)
	assert.Empty(t, res.Header.Get("Content-Encoding"))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, err = c.Do(request(t, t.Context(), "GET", server.URL+"/bomb", ""))
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	runtime.ReadMemStats(&after)
	assert.EqualValues(t, 1<<20, n)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

func TestAdverse11_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(fmt.Sprint(status, method), func(t *testing.T) {
				t.Parallel()
				var elsewhere atomic.Int32
				other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/" {
						elsewhere.Add(1)
					}
					w.Header().Set("Location", other.URL+"/v3")
					if r.URL.RawQuery == "same" {
						w.Header().Set("Location", "/v3")
					}
					w.WriteHeader(status)
					_, _ = io.WriteString(w, "moved")
				})
				for _, query := range []string{"", "?same"} {
					c := newClient(t)
					res, err := c.Do(request(t, t.Context(), method, server.URL+"/"+query, "{}"))
					require.NoError(t, err)
					body, err := io.ReadAll(res.Body)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					assert.Equal(t, status, res.StatusCode)
					assert.Equal(t, "moved", string(body))
					assert.NotEmpty(t, res.Header.Get("Location"))
				}
				assert.Zero(t, elsewhere.Load(), "the signed body went elsewhere")
			})
		}
	}
}

func TestAdverse12_AnErrorPageIsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 404, 407, 429, 500, 502, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var hits atomic.Int32
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				hits.Add(1)
				w.Header().Set("Retry-After", "0")
				w.Header().Set("WWW-Authenticate", `Digest realm="a", nonce="b"`)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>no</html>")
			})
			res, err := newClient(t).Do(request(t, t.Context(), "POST", server.URL, "{}"))
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, status, res.StatusCode)
			assert.Equal(t, "<html>no</html>", string(body))
			assert.EqualValues(t, 1, hits.Load(), "nothing is repeated")
		})
	}
}

func TestAdverse19_CancelledBeforeWhileAndAfter(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	var hits atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	c := newClient(t)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(request(t, ctx, "POST", server.URL, "{}"))
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, hits.Load(), "cancelled before: nothing may leave")

	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err = c.Do(request(t, ctx, "POST", server.URL, "{}"))
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 1, hits.Load())

	ctx, cancel = context.WithCancel(t.Context())
	res, err := c.Do(request(t, ctx, "POST", server.URL+"/body", "{}"))
	require.NoError(t, err)
	<-arrived
	cancel()
	_, err = io.ReadAll(res.Body)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, res.Body.Close())
	assert.EqualValues(t, 2, hits.Load())
}

// ledger is a server that counts money movements and treats its connections badly.
func ledger(t *testing.T, leave func(effects *atomic.Int32, conn net.Conn)) (url string, effects *atomic.Int32) {
	t.Helper()
	effects = new(atomic.Int32)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		effects.Add(1)
		conn := hijack(t, w, "")
		leave(effects, conn)
		_ = conn.Close()
	})
	return server.URL, effects
}

const kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

func TestAdverse20_AStaleKeepAliveDoesNotDoubleAPost(t *testing.T) {
	t.Parallel()
	t.Run("closed after the second request was read", func(t *testing.T) {
		t.Parallel()
		url, effects := ledger(t, func(effects *atomic.Int32, conn net.Conn) {
			_, _ = io.WriteString(conn, kept)
			second := make([]byte, 4096)
			if n, _ := conn.Read(second); n > 0 {
				effects.Add(1) // the money moved, and then the connection dies without a word
			}
		})
		c := newClient(t)
		res, err := c.Do(request(t, t.Context(), "POST", url, "{}"))
		require.NoError(t, err)
		_, err = io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		_, err = c.Do(request(t, t.Context(), "POST", url, "{}"))
		require.Error(t, err, "whether it took effect is unknown; sending again would double it")
		assert.EqualValues(t, 2, effects.Load())
	})
	t.Run("closed while idle", func(t *testing.T) {
		t.Parallel()
		url, effects := ledger(t, func(_ *atomic.Int32, conn net.Conn) { _, _ = io.WriteString(conn, kept) })
		c := newClient(t)
		for i := range int32(200) {
			before := effects.Load()
			res, err := c.Do(request(t, t.Context(), "POST", url, "{}"))
			if err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				require.NoError(t, res.Body.Close())
			}
			assert.LessOrEqual(t, effects.Load()-before, int32(1), "post %d took effect twice", i)
		}
	})
}

func TestAdverse20_AFirstPostThatDiesIsNotRepeated(t *testing.T) {
	t.Parallel()
	url, effects := ledger(t, func(*atomic.Int32, net.Conn) {})
	for _, opts := range [][]transport.Option{nil, {transport.WithPoolSize(1)}} {
		before := effects.Load()
		_, err := newClient(t, opts...).Do(request(t, t.Context(), "POST", url, "{}"))
		require.ErrorIs(t, err, io.EOF)
		assert.EqualValues(t, 1, effects.Load()-before)
	}
}
