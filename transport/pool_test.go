package transport_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/transport"
)

// countingServer counts the connections it is dialled. While gate is held, answers wait.
func countingServer(t testing.TB, h http.HandlerFunc, config *tls.Config) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var dials atomic.Int32
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = quiet
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	if config != nil {
		server.TLS = config
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server, &dials
}

// post sends one request and reads its answer.
func post(t testing.TB, do func(*http.Request) (*http.Response, error), url string) {
	res, err := do(request(t, t.Context(), "POST", url, "{}"))
	if !assert.NoError(t, err) {
		return
	}
	_, err = io.Copy(io.Discard, res.Body)
	assert.NoError(t, err)
	assert.NoError(t, res.Body.Close())
}

// TestPool_NoDialsWhenWarm measures the promise of 0 dials per 1,000 requests at 32 in flight, without any option.
func TestPool_NoDialsWhenWarm(t *testing.T) {
	t.Parallel()
	const flight = 32
	for _, config := range []*tls.Config{nil, {MinVersion: tls.VersionTLS12}} {
		var opts []transport.Option
		if config != nil {
			ca := newAuthority(t)
			config.Certificates = []tls.Certificate{ca.issue(t, leaf{})}
			opts = append(opts, transport.WithRootCAs(ca.pool))
		}
		var warm sync.WaitGroup
		warm.Add(flight)
		server, dials := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/warm" {
				warm.Done()
				warm.Wait() // all of them in flight at once
			}
			_, _ = io.WriteString(w, "{}")
		}, config)
		c := newClient(t, opts...)
		var wg sync.WaitGroup
		for range flight {
			wg.Go(func() { post(t, c.Do, server.URL+"/warm") })
		}
		wg.Wait()
		require.EqualValues(t, flight, dials.Load())
		// A request that begins before the connection of the one before it is back
		// in the pool dials, so a busy machine needs some rounds until all are warm.
		made := int64(-1)
		for round := 0; made != 0 && round < 10; round++ {
			before := int64(dials.Load())
			var left atomic.Int32
			left.Store(1000)
			for range flight {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						post(t, c.Do, server.URL)
					}
				})
			}
			wg.Wait()
			made = int64(dials.Load()) - before
		}
		assert.Zero(t, made, "dials for 1,000 requests")
		c.CloseIdleConnections()
	}
}

// The two tests below count goroutines, so they do not run in parallel with others.

func TestLeak_ConstructionStartsNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		_, err := transport.New()
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before) // goroutines of earlier tests may still be ending
}

func TestLeak_FiftyClientsLeaveNothing(t *testing.T) {
	existing := goleak.IgnoreCurrent()
	ca := newAuthority(t)
	server, _ := countingServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") },
		&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.issue(t, leaf{})}})
	for range 50 {
		c, err := transport.New(transport.WithRootCAs(ca.pool))
		require.NoError(t, err)
		for range 3 {
			post(t, c.Do, server.URL)
		}
		c.CloseIdleConnections()
	}
	server.Close()
	require.NoError(t, goleak.Find(existing))
}
