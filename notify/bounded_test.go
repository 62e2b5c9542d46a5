package notify_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

// endless is n bytes of nothing.
func endless(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// allocated is what f allocates in this process, by whomever.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// forged is a notice of this size by a stranger; declared says whether its
// Content-Length tells.
func forged(size int64, declared bool) *http.Request {
	r := httptest.NewRequest("POST", "/notify", endless(size))
	r.ContentLength = -1
	if declared {
		r.ContentLength = size
	}
	r.Header.Set("Wechatpay-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	r.Header.Set("Wechatpay-Nonce", "n")
	r.Header.Set("Wechatpay-Serial", keyID)
	r.Header.Set("Wechatpay-Signature", "c2lnbmF0dXJl")
	return r
}

// P10 and G5; not parallel, because it reads the counters of the whole process.
func TestForgedNoticesAllocateLittle(t *testing.T) {
	h, p := receiver(t, merchant(t, mchID, nil))
	h.ServeHTTP(httptest.NewRecorder(), forged(10, true))
	for _, size := range []int64{32 << 20, 1<<20 + 1, 1 << 20} {
		for _, declared := range []bool{true, false} {
			r, w := forged(size, declared), httptest.NewRecorder()
			got := allocated(func() { h.ServeHTTP(w, r) })
			t.Logf("%d bytes, declared %v: %d bytes allocated", size, declared, got)
			assert.LessOrEqual(t, got, uint64(2<<20))
			assert.NotEqual(t, 200, w.Code)
		}
	}
	small := forged(10, true)
	small.ContentLength = 1 << 20 // promises much, sends ten bytes
	assert.LessOrEqual(t, allocated(func() { h.ServeHTTP(httptest.NewRecorder(), small) }), uint64(64<<10))
	assert.Zero(t, p.calls())
}

// G5: 256 MiB without a signature over loopback; the figure includes the client.
func TestAdverse47_UnsignedUploadOf256MiB(t *testing.T) {
	h, p := receiver(t, merchant(t, mchID, nil))
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	for _, declared := range []bool{true, false} {
		got := allocated(func() {
			req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, endless(256<<20))
			require.NoError(t, err)
			if declared {
				req.ContentLength = 256 << 20
			}
			res, err := client.Do(req)
			if err == nil { // or the server has hung up already
				assert.Equal(t, 413, res.StatusCode)
				_ = res.Body.Close()
			}
		})
		t.Logf("declared %v: %d bytes allocated", declared, got)
		assert.LessOrEqual(t, got, uint64(8<<20))
		assert.ErrorIs(t, p.last(t).Err, notify.ErrTooLarge)
	}
	client.CloseIdleConnections()
}

// G5: many senders that never finish; NOTIFY_SLOW=5000 for the full figure.
func TestAdverse47_SlowSendersDoNotBlockOthers(t *testing.T) {
	count := 200
	if s := os.Getenv("NOTIFY_SLOW"); s != "" {
		var err error
		count, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	h, p := receiver(t, merchant(t, mchID, nil), notify.WithDeadline(time.Hour))
	server := httptest.NewServer(h)
	conns := make([]net.Conn, count)
	head := fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\nWechatpay-Serial: %s\r\n\r\n{", keyID)
	for i := range conns {
		var err error
		conns[i], err = net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = conns[i].Write(head)
		require.NoError(t, err)
	}
	start := time.Now()
	r := notice(t, paidSample)
	req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, bytes.NewReader(r.Body))
	require.NoError(t, err)
	req.Header = r.Header
	res, err := server.Client().Do(req)
	require.NoError(t, err)
	took := time.Since(start)
	require.NoError(t, res.Body.Close())
	t.Logf("%d slow connections, a valid notice was answered in %v", count, took)
	assert.Equal(t, 200, res.StatusCode)
	assert.Less(t, took, time.Second)
	assert.Equal(t, 1, p.calls())
	for _, c := range conns {
		require.NoError(t, c.Close())
	}
	server.CloseClientConnections()
	server.Close()
}

// BenchmarkForged is P10; raw is what io.ReadAll does with the same.
func BenchmarkForged(b *testing.B) {
	h, _ := receiver(b, merchant(b, mchID, nil))
	readAll := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			b.Error(err)
		}
		w.WriteHeader(401)
	})
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{{"raw", readAll}, {"notify", h}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			w := &nowhere{h: http.Header{}}
			for b.Loop() {
				bench.h.ServeHTTP(w, forged(32<<20, false))
			}
		})
	}
}

// BenchmarkHealthy is the healthy part of G7: 200 notices a second over loopback,
// with the 99th percentile of the time to the answer. The shop's own work is a
// random few milliseconds.
func BenchmarkHealthy(b *testing.B) {
	h := notify.NewHandler(notify.V3(merchant(b, mchID, nil)))
	notify.On(h, paid, func(ctx context.Context, _ notify.Event[transaction]) error {
		select {
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 100
	defer client.CloseIdleConnections()
	requests := make([]notify.Request, 200)
	for i := range requests {
		requests[i] = notice(b, fmt.Sprintf(`{"mchid":%q,"transaction_id":"%d"}`, mchID, i))
	}
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; b.Loop(); i++ {
		<-tick.C
		r := requests[i%len(requests)]
		wg.Go(func() {
			start := time.Now()
			req, err := http.NewRequestWithContext(b.Context(), "POST", server.URL, bytes.NewReader(r.Body))
			if err != nil {
				b.Error(err)
				return
			}
			req.Header = r.Header
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(start))
		})
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}
