package wechat_test

import (
	"context"
	"errors"
	"io"
	"net"
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
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour) // it is not the deadline that bounds the wait
				defer cancel()
				began := time.Now()
				_, err := wechat.Call[prepay](ctx, m, opKeyed, someOrder)
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
		for range 3 * callers {
			_, _ = wechat.Call[prepay](t.Context(), half, opKeyed, someOrder)
		}
		assert.LessOrEqual(t, attempts.Load()-before, int32(3*callers*11/10+50))
		t.Logf("%d callers, %d attempts at half the answers failing", 3*callers, attempts.Load()-before)
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
		base, hits := loopback(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) {
			cancel()
			<-r.Context().Done()
		})
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
