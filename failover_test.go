package wechat_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
)

const (
	mainHost    = "api.mch.weixin.qq.com"
	standbyHost = "api2.mch.weixin.qq.com"
)

// Promise G13: with the main host dead in any way, practically every call succeeds
// by the standby, no number is ordered twice, the main host is tried again within a
// minute, and nothing ever travels over plain http.
func TestG13_TenThousandCallsWithTheMainHostDead(t *testing.T) {
	t.Parallel()
	dead := map[string]func(*http.Request) error{
		"DNS": func(*http.Request) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: mainHost, IsNotFound: true}}
		},
		"refused": func(*http.Request) error { return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED} },
		"TLS":     func(*http.Request) error { return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}} },
		"black hole with a dial timeout": func(*http.Request) error {
			<-time.After(3 * time.Second)
			return &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		},
		"black hole without": func(r *http.Request) error {
			<-r.Context().Done()
			return context.Cause(r.Context())
		},
		"reset in the middle": func(*http.Request) error { return errReset },
	}
	for name, die := range dead {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { mainIsDead(t, die) })
		})
	}
}

func mainIsDead(t *testing.T, die func(*http.Request) error) {
	calls := 10_000
	if raceEnabled {
		calls = 1000 // the detector is after something else, at twenty times the price
	}
	orders := map[string]int{}
	var probes []time.Time
	var alive atomic.Bool
	m := cheapMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme != "https" || r.URL.Host != mainHost && r.URL.Host != standbyHost {
			t.Errorf("a request to %s://%s", r.URL.Scheme, r.URL.Host)
		}
		if r.URL.Host == mainHost {
			probes = append(probes, time.Now())
			if !alive.Load() {
				return nil, die(r)
			}
		}
		orders[string(bodyOf(r))]++
		return proved(200, prepayBody), nil
	}))
	succeeded := 0
	for n := range calls {
		in := order{OutTradeNo: fmt.Sprint("A", n), Total: 1}
		if _, err := wechat.Call[prepay](t.Context(), m, opKeyed, in); err == nil {
			succeeded++
		}
		<-time.After(200 * time.Second / time.Duration(calls))
	}
	assert.GreaterOrEqual(t, succeeded, calls*999/1000)
	assert.LessOrEqual(t, len(orders), calls)
	for body, n := range orders {
		if n != 1 {
			t.Fatalf("%d orders for %s", n, body)
		}
	}
	for i := 1; i < len(probes); i++ {
		assert.LessOrEqual(t, probes[i].Sub(probes[i-1]), time.Minute, "the main host is tried again within a minute")
		assert.GreaterOrEqual(t, probes[i].Sub(probes[i-1]), 20*time.Second, "and not by every caller")
	}
	assert.GreaterOrEqual(t, len(probes), 3)

	alive.Store(true)
	<-time.After(time.Minute)
	before := len(probes)
	for n := range 10 {
		_, err := wechat.Call[prepay](t.Context(), m, opKeyed, order{OutTradeNo: fmt.Sprint("B", n)})
		require.NoError(t, err)
	}
	assert.Equal(t, before+10, len(probes), "back at the main host once it answers")
}

// A dead host costs one call its first try; a call never goes back to the host that
// has just failed it, and both being dead ends soon.
func TestBothHostsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hosts []string
		m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}))
		for range 2 {
			_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		}
		assert.Equal(t, []string{mainHost, standbyHost, mainHost, standbyHost}, hosts)
	})
}

// An attempt that got lost moves the next to the standby, but error answers do not.
func TestOnlySilenceChangesTheHost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func() (*http.Response, error)
		want   []string
	}{
		"lost": {fails(errReset), []string{mainHost, standbyHost, mainHost}},
		"503":  {says(func() *http.Response { return plain(503, "") }), []string{mainHost, mainHost, mainHost}},
		"429":  {says(func() *http.Response { return plain(429, "") }), []string{mainHost, mainHost, mainHost}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var hosts []string
				m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
					hosts = append(hosts, r.URL.Host)
					return tt.answer()
				}))
				_, err := wechat.Call[prepay](t.Context(), m, opRead, inputOf(opRead))
				require.Error(t, err)
				assert.Equal(t, tt.want, hosts)
			})
		})
	}
}

// A host that let a caller's own deadline pass counts as dead only if it had a second.
func TestImpatientCallersDoNotCondemnAHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last string
		m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			if last = r.URL.Host; last == standbyHost {
				return proved(200, prepayBody), nil
			}
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}))
		try := func(patience time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := wechat.Call[prepay](ctx, m, opWrite, someOrder)
			return err
		}
		require.ErrorIs(t, try(500*time.Millisecond), context.DeadlineExceeded)
		require.ErrorIs(t, try(2*time.Second), context.DeadlineExceeded)
		assert.Equal(t, mainHost, last)
		require.NoError(t, try(2*time.Second))
		assert.Equal(t, standbyHost, last)
	})
}

// With the clock put back, a host that was resting is not avoided for hours.
func TestAClockPutBackFreesTheMainHost(t *testing.T) {
	t.Parallel()
	at := time.Now()
	var hosts []string
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		if hosts = append(hosts, r.URL.Host); len(hosts) == 1 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}
		}
		res := plain(200, prepayBody)
		(&platform{id: publicID}).sign(res.Header, prepayBody, at)
		return res, nil
	}), wechat.WithClock(func() time.Time { return at }))
	for range 2 {
		_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
		require.NoError(t, err)
	}
	at = at.Add(-time.Hour)
	_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
	require.NoError(t, err)
	assert.Equal(t, []string{mainHost, standbyHost, standbyHost, mainHost}, hosts)
}

// When the rest of a dead host is over, one caller is lent to it as a probe and the
// others stay with the standby.
func TestAProbeIsOneCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var atMain atomic.Int32
		m := cheapMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == standbyHost {
				return proved(200, prepayBody), nil
			}
			atMain.Add(1)
			<-time.After(3 * time.Second)
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ETIMEDOUT}
		}))
		_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
		require.NoError(t, err)
		<-time.After(time.Minute)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.EqualValues(t, 2, atMain.Load(), "the first call, and one probe")
	})
}
