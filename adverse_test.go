package wechat_test

import (
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	holes := map[string]func(context.Context) (net.Conn, error){
		"with a dial timeout": func(context.Context) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		},
		"without": func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}
	for name, hole := range holes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, hits := twoHosts(t, hole, wechat.WithTimeout(200*time.Millisecond))
			call(t, m, succeeds) // a plain write too: no connection, so nothing was sent
			assert.EqualValues(t, 4, hits.Load())
		})
	}
}

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

func TestAdverse15_202RepeatsTheSameParameters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		carrier := doFunc(func(r *http.Request) (*http.Response, error) {
			if bodies = append(bodies, string(bodyOf(r))); len(bodies) < 3 {
				return proved(202, `{"code":"USERPAYING"}`), nil
			}
			return proved(200, prepayBody), nil
		})
		_, err := wechat.Call[prepay](t.Context(), newMerchant(t, carrier), opKeyed, someOrder)
		require.NoError(t, err)
		require.Len(t, bodies, 3)
		assert.Equal(t, bodies[0], bodies[1])
		assert.Equal(t, bodies[0], bodies[2])

		accepting := doFunc(func(*http.Request) (*http.Response, error) { return proved(202, prepayBody), nil })
		_, err = wechat.Call[prepay](t.Context(), newMerchant(t, accepting), opWrite.Accepts(202), someOrder)
		require.NoError(t, err)
	})
}

func TestAdverse16_RetryAfterIsBounded(t *testing.T) {
	t.Parallel()
	date := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name, after, date string
		attempts          int
		least, most       time.Duration
	}{
		{"absent", "", "", 3, 700 * time.Millisecond, 2 * time.Second},
		{"two seconds", "2", "", 3, 4 * time.Second, 4 * time.Second},
		{"zero", "0", "", 3, 0, 2 * time.Second},
		{"negative", "-5", "", 3, 0, 2 * time.Second},
		{"text", "soon", "", 3, 0, 2 * time.Second},
		{"fraction", "1.5", "", 3, 0, 2 * time.Second},
		{"an hour", "3600", "", 1, 0, 0},
		{"huge", "99999999999999999999999", "", 1, 0, 0},
		{"dated", date.Add(3 * time.Second).Format(http.TimeFormat), date.Format(http.TimeFormat), 3, 6 * time.Second, 6 * time.Second},
		{"dated, long past", date.Add(-time.Hour).Format(http.TimeFormat), date.Format(http.TimeFormat), 3, 0, 2 * time.Second},
		{"dated, far off", date.Add(time.Hour).Format(http.TimeFormat), date.Format(http.TimeFormat), 1, 0, 0},
		{"dated by nobody's clock", date.Add(time.Hour).Format(http.TimeFormat), "", 3, 0, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
					attempts++
					res := proved(429, `{"code":"FREQUENCY_LIMITED"}`)
					for name, value := range map[string]string{"Retry-After": tt.after, "Date": tt.date} {
						if value != "" {
							res.Header.Set(name, value)
						}
					}
					return res, nil
				}))
				began := time.Now()
				_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
				require.ErrorIs(t, err, wechat.ErrRateLimited)
				assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
				assert.Equal(t, tt.attempts, attempts)
				assert.GreaterOrEqual(t, time.Since(began), tt.least)
				assert.LessOrEqual(t, time.Since(began), tt.most)

				attempts = 0
				_, err = wechat.Call[prepay](t.Context(), m, opWary, someOrder)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "a refund may have been accepted all the same")
				assert.Equal(t, 1, attempts, "and must be queried, not repeated")
			})
		})
	}
}

func TestAdverse17_500ThenSuccessIsOneOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		orders := map[string]int{}
		tries := 0
		m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			tries++
			orders[string(bodyOf(r))]++ // WeChat Pay's key is the number in the body
			if tries == 1 {
				return proved(500, `{"code":"SYSTEM_ERROR"}`), nil
			}
			return proved(200, prepayBody), nil
		}))
		_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
		require.NoError(t, err)
		assert.Equal(t, 2, tries)
		assert.Len(t, orders, 1)
	})
}

func TestAdverse18_ABrownOutIsNotAmplified(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 1000
		var attempts, failed atomic.Int32
		m := cheapMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
			attempts.Add(1)
			return plain(503, ""), nil
		}))
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if _, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder); err != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, callers, failed.Load())
		assert.LessOrEqual(t, attempts.Load(), int32(callers*11/10), "amplification of at most 1.1")
		t.Logf("%d callers, %d attempts", callers, attempts.Load())

		// With half the answers failing, repeats go on but stay within what successes earn.
		before := attempts.Load()
		half := cheapMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
			if attempts.Add(1)%2 == 0 {
				return plain(503, ""), nil
			}
			return proved(200, prepayBody), nil
		}))
		for range 10 * callers {
			_, _ = wechat.Call[prepay](t.Context(), half, opKeyed, someOrder)
		}
		assert.LessOrEqual(t, attempts.Load()-before, int32(10*callers*11/10))
		t.Logf("%d callers, %d attempts at half the answers failing", 10*callers, attempts.Load()-before)
	})
}

func TestAdverse19_CancelledBeforeWhileAndAfterWriting(t *testing.T) {
	t.Parallel()
	t.Run("before the connection", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		m, hits := twoHosts(t, func(ctx context.Context) (net.Conn, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		_, err := wechat.Call[prepay](ctx, m, opKeyed, someOrder)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		assert.Zero(t, hits.Load())
	})
	t.Run("while writing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				_, _ = conn.Read(make([]byte, 100)) // some bytes have left
				cancel()
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
		}()
		t.Cleanup(func() { _ = l.Close() })
		big := someOrder
		big.Description = strings.Repeat("茶", 8<<20)
		_, err = wechat.Call[prepay](ctx, newMerchant(t, nil, wechat.WithBaseURL("http://"+l.Addr().String())), opKeyed, big)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	})
	t.Run("after writing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		base, hits := loopback(t, hangs(t, func(http.ResponseWriter) { cancel() }))
		_, err := wechat.Call[prepay](ctx, newMerchant(t, nil, wechat.WithBaseURL(base)), opKeyed, someOrder)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.EqualValues(t, 1, hits.Load())
	})
	t.Run("while waiting to try again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
				time.AfterFunc(10*time.Millisecond, cancel)
				return plain(503, ""), nil
			}))
			_, err := wechat.Call[prepay](ctx, m, opKeyed, someOrder)
			require.ErrorIs(t, err, context.Canceled)
			api(503, false)(t, err)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		})
	})
	t.Run("too late to try again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { return plain(503, ""), nil }))
			began := time.Now()
			_, err := wechat.Call[prepay](ctx, m, opKeyed, someOrder)
			api(503, false)(t, err)
			assert.Zero(t, time.Since(began), "the caller's time is not used up waiting")
		})
	})
}

func TestAdverse20_AStaleConnectionHasNoDoubleEffect(t *testing.T) {
	t.Parallel()
	effects := map[string]int{}
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := authorized(r, bodyOf(r))
		assert.NoError(t, err)
		mu.Lock()
		effects[c.nonce]++
		mu.Unlock()
		serve(w, 200, prepayBody)
	}))
	t.Cleanup(s.Close)
	m := newMerchant(t, nil, wechat.WithBaseURL(s.URL))
	outcomes := map[wechat.Outcome]int{}
	for range 50 {
		_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
		outcomes[wechat.OutcomeOf(err)]++
		s.CloseClientConnections() // the next call finds its connection dead, or dying
	}
	mu.Lock()
	defer mu.Unlock()
	for nonce, n := range effects {
		assert.Equal(t, 1, n, "request %s was carried out twice", nonce)
	}
	assert.LessOrEqual(t, len(effects), 50)
	assert.GreaterOrEqual(t, len(effects), outcomes[wechat.Done])
	assert.LessOrEqual(t, len(effects), outcomes[wechat.Done]+outcomes[wechat.Unknown], "what was carried out is never called not done")
}

func TestAdverse21_AProxyThatStripsHeadersIsNamed(t *testing.T) {
	t.Parallel()
	base, hits := loopback(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		stripped := httptest.NewRecorder()
		succeed(stripped, r, body)
		for name := range stripped.Header() {
			if !strings.HasPrefix(name, "Wechatpay-") {
				w.Header()[name] = stripped.Header()[name]
			}
		}
		_, _ = w.Write(stripped.Body.Bytes())
	})
	m := newMerchant(t, nil, wechat.WithBaseURL(base))
	_, err := wechat.Call[prepay](t.Context(), m, opWrite, someOrder)
	require.ErrorIs(t, err, sign.ErrUnsigned)
	assert.Contains(t, err.Error(), "proxy")
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.EqualValues(t, 1, hits.Load())
}

// A refusal after an attempt whose end nobody knows does not undo what may have
// happened; after one that never left it is final.
func TestARefusalAfterAnUncertainAttemptIsUncertain(t *testing.T) {
	t.Parallel()
	refuse := says(func() *http.Response { return proved(403, `{"code":"OUT_TRADE_NO_USED"}`) })
	tests := []struct {
		name    string
		op      wechat.Op
		answers []func() (*http.Response, error)
		want    wechat.Outcome
	}{
		{"lost, then refused", opKeyed, []func() (*http.Response, error){fails(errReset), refuse}, wechat.Unknown},
		{"500, then refused", opKeyed, []func() (*http.Response, error){says(func() *http.Response { return proved(500, `{}`) }), refuse}, wechat.Unknown},
		{"lost, then no connection", opKeyed, []func() (*http.Response, error){fails(errReset), fails(&net.OpError{Op: "dial", Err: errors.New("refused")})}, wechat.Unknown},
		{"rate limited, then refused", opKeyed, []func() (*http.Response, error){says(func() *http.Response { return proved(429, `{}`) }), refuse}, wechat.NotDone},
		{"no connection, then refused", opKeyed, []func() (*http.Response, error){fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), refuse}, wechat.NotDone},
		{"no connection, then refused, plain write", opWrite, []func() (*http.Response, error){fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), refuse}, wechat.NotDone},
		{"a read leaves nothing behind", opRead, []func() (*http.Response, error){fails(errReset), refuse}, wechat.NotDone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
					answer := tt.answers[min(n, len(tt.answers)-1)]
					n++
					return answer()
				}))
				_, err := wechat.Call[prepay](t.Context(), m, tt.op, inputOf(tt.op))
				assert.Equal(t, tt.want, wechat.OutcomeOf(err), "%v", err)
			})
		})
	}
}
