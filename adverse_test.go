package wechat_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/transport"
)

// The adverse inputs on the way to WeChat Pay, each against real sockets where that
// matters. What each of them does to every class of operation stands in
// TestG12_OutcomeMatrix.
//
//	 1 main name does not resolve   TestAdverse01_…   12 HTML error page             TestAdverse12_…
//	 2 main refuses                 TestAdverse02_…   13 empty, HTML, unsigned 200   TestAdverse13_…
//	 3 main's TLS is wrong          TestAdverse03_…   14 signed 204                  TestAdverse14_…
//	 4 main is a black hole         TestAdverse04_…   15 202                         TestAdverse15_…
//	 5 accepts, never answers       TestAdverse05_…   16 429, every Retry-After      TestAdverse16_…
//	 6 a byte now and then          TestAdverse06_…   17 500, then success           TestAdverse17_…
//	 7 reset after the headers      TestAdverse07_…   18 brown-out                   TestAdverse18_…
//	 8 body cut short               TestAdverse08_…   19 cancelled, whenever         TestAdverse19_…
//	 9 answer over the cap          TestAdverse09_…   20 stale connection            TestAdverse20_…
//	10 gzip bomb                    TestAdverse10_…   21 Wechatpay-* stripped        TestAdverse21_…
//	11 redirect                     TestAdverse11_…   37 key files                   TestAdverse37_…
//	                                                  64 amounts                     TestAdverse64_…

// handlerOf makes a server whose requests are counted and checked.
func handlerOf(t *testing.T, hits *atomic.Int32, h func(w http.ResponseWriter, r *http.Request, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		body := bodyOf(r)
		_, err := authorized(r, body)
		assert.NoError(t, err)
		h(w, r, body)
	}
}

func loopback(t *testing.T, h func(w http.ResponseWriter, r *http.Request, body []byte)) (base string, hits *atomic.Int32) {
	t.Helper()
	hits = new(atomic.Int32)
	s := httptest.NewServer(handlerOf(t, hits, h))
	t.Cleanup(s.Close)
	return s.URL, hits
}

func succeed(w http.ResponseWriter, _ *http.Request, _ []byte) { serve(w, 200, prepayBody) }

// call makes a call of every class and hands each result to check.
func call(t *testing.T, m *wechat.Merchant, check func(t *testing.T, op wechat.Op, err error)) {
	t.Helper()
	for _, op := range []wechat.Op{opRead, opWrite, opKeyed, opWary} {
		t.Run(op.String(), func(t *testing.T) {
			_, err := wechat.Call[prepay](t.Context(), m, op, inputOf(op))
			check(t, op, err)
		})
	}
}

func succeeds(t *testing.T, _ wechat.Op, err error) { require.NoError(t, err) }

// twoHosts is a client of https://main.test and https://standby.test, where dial says
// what happens on the way to the main host and the standby is a server of ours.
func twoHosts(t *testing.T, dial func(ctx context.Context) (net.Conn, error), opts ...wechat.Option) (*wechat.Merchant, *atomic.Int32) {
	t.Helper()
	hits := new(atomic.Int32)
	ca := newAuthority(t)
	standby := httptest.NewUnstartedServer(handlerOf(t, hits, func(w http.ResponseWriter, r *http.Request, body []byte) {
		assert.NotNil(t, r.TLS, "never plain http")
		succeed(w, r, body)
	}))
	standby.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "standby.test", time.Hour)}}
	standby.StartTLS()
	t.Cleanup(standby.Close)
	hc := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: ca.pool},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "main.test:") {
				return dial(ctx)
			}
			return new(net.Dialer).DialContext(ctx, network, standby.Listener.Addr().String())
		},
	}}
	t.Cleanup(hc.CloseIdleConnections)
	return newMerchant(t, hc, append(opts, wechat.WithBaseURL("https://main.test", "https://standby.test"))...), hits
}

func TestAdverse01_DNSFailureUsesTheStandby(t *testing.T) {
	t.Parallel()
	var tried atomic.Int32
	m, hits := twoHosts(t, func(context.Context) (net.Conn, error) {
		tried.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "main.test", IsNotFound: true}}
	})
	call(t, m, succeeds)
	assert.EqualValues(t, 4, hits.Load())
	assert.EqualValues(t, 1, tried.Load(), "a dead host is left alone for a while")
}

func TestAdverse02_ARefusedPortUsesTheStandby(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dead := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	base, hits := loopback(t, succeed)
	call(t, newMerchant(t, nil, wechat.WithBaseURL(dead, base)), succeeds)
	assert.EqualValues(t, 4, hits.Load())

	call(t, newMerchant(t, nil, wechat.WithBaseURL(dead), wechat.WithBackoff(wechat.NoRetry)), func(t *testing.T, _ wechat.Op, err error) {
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err), "without a standby nothing was sent")
	})
}

// authority signs certificates for the servers of these tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ca := &authority{key: key, pool: x509.NewCertPool()}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-24 * time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	ca.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	ca.pool.AddCert(ca.cert)
	return ca
}

func (ca *authority) issue(t *testing.T, name string, lasting time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(lasting)}, ca.cert, &key.PublicKey, ca.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestAdverse03_WrongTLSNeverSucceedsAndNeverDowngrades(t *testing.T) {
	t.Parallel()
	trusted, stranger := newAuthority(t), newAuthority(t)
	for name, cert := range map[string]tls.Certificate{
		"made by nobody known": stranger.issue(t, "localhost", time.Hour),
		"for another name":     trusted.issue(t, "example.com", time.Hour),
		"expired":              trusted.issue(t, "localhost", -time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad, badHits := tlsServer(t, cert)
			good, goodHits := tlsServer(t, trusted.issue(t, "localhost", time.Hour))
			carrier, err := transport.New(transport.WithRootCAs(trusted.pool), transport.WithProxy(nil))
			require.NoError(t, err)
			call(t, newMerchant(t, carrier, wechat.WithBaseURL(bad, good)), succeeds)
			assert.Zero(t, badHits.Load())
			assert.EqualValues(t, 4, goodHits.Load())
			call(t, newMerchant(t, carrier, wechat.WithBaseURL(bad), wechat.WithBackoff(wechat.NoRetry)), func(t *testing.T, _ wechat.Op, err error) {
				var c *tls.CertificateVerificationError
				require.ErrorAs(t, err, &c)
				assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			})
			assert.Zero(t, badHits.Load())
		})
	}
}

func tlsServer(t *testing.T, cert tls.Certificate) (base string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	s := httptest.NewUnstartedServer(handlerOf(t, hits, succeed))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	u, _ := url.Parse(s.URL)
	return "https://localhost:" + u.Port(), hits
}

func TestAdverse04_ABlackHoleIsLeftWithinTheDeadline(t *testing.T) {
	t.Parallel()
	holes := map[string]func(context.Context, string) (net.Conn, error){
		"with a dial timeout": func(ctx context.Context, _ string) (net.Conn, error) {
			select {
			case <-time.After(3 * time.Second):
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		"without": func(ctx context.Context, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"that connects and shakes no hand": nil,
	}
	for name, hole := range holes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				opts := []wechat.Option{wechat.WithBaseURL(mainBase, standbyBase)}
				if hole == nil { // TLS never gets anywhere, so no request was written either
					hole = func(context.Context, string) (net.Conn, error) { ours, _ := net.Pipe(); return ours, nil }
					opts = []wechat.Option{wechat.WithBaseURL("https://127.0.0.1:80", standbyBase)}
				}
				hc, hits := inside(t, succeed, hole)
				m := newMerchant(t, hc, opts...)
				began := time.Now()
				for _, op := range []wechat.Op{opWrite, opKeyed, opRead, opWary} {
					_, err := wechat.Call[prepay](t.Context(), m, op, inputOf(op))
					require.NoError(t, err, "a plain write too: no connection, so nothing was sent")
				}
				assert.EqualValues(t, 4, hits.Load())
				assert.LessOrEqual(t, time.Since(began), 10*time.Second, "only the first had to find out")
			})
		})
	}
}
