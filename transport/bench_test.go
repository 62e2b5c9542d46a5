package transport_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/wxcommerce/wechat/transport"
)

// BenchmarkDo is the carrier's part of a payment over loopback. Its floor is the bare net/http client with the same
// pool, so the ratio and the allocations that resty adds can be read from one run:
//
//	go test -run '^$' -bench Do ./transport
func BenchmarkDo(b *testing.B) {
	carriers := []struct {
		name string
		make func() (func(*http.Request) (*http.Response, error), func())
	}{
		{"floor=net/http", func() (func(*http.Request) (*http.Response, error), func()) {
			pool := http.DefaultTransport.(*http.Transport).Clone()
			pool.MaxIdleConnsPerHost, pool.MaxIdleConns = 128, 0
			hc := &http.Client{Transport: pool}
			return hc.Do, hc.CloseIdleConnections
		}},
		{"transport", func() (func(*http.Request) (*http.Response, error), func()) {
			c, err := transport.New()
			if err != nil {
				b.Fatal(err)
			}
			return c.Do, c.CloseIdleConnections
		}},
	}
	for _, flight := range []int{1, 32} {
		for _, carrier := range carriers {
			b.Run(fmt.Sprintf("flight=%d/%s", flight, carrier.name), func(b *testing.B) {
				var warm sync.WaitGroup
				warm.Add(flight)
				server, dials := countingServer(b, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if r.URL.Path == "/warm" {
						warm.Done()
						warm.Wait() // all of them in flight at once
					}
					_, _ = io.WriteString(w, `{"prepay_id":"wx201410272009395522657a690389285100"}`)
				}, nil)
				do, done := carrier.make()
				defer done()
				var wg sync.WaitGroup
				for range flight {
					wg.Go(func() { post(b, do, server.URL+"/warm") })
				}
				wg.Wait()
				before := dials.Load()
				benchmark(b, do, server.URL+"/v3/pay/transactions/jsapi", flight)
				b.ReportMetric(float64(dials.Load()-before)*1000/float64(b.N), "dials/1000")
			})
		}
	}
}

func benchmark(b *testing.B, do func(*http.Request) (*http.Response, error), url string, flight int) {
	body := strings.Repeat(`{"description":"x"}`, 20)
	once := func() {
		req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			b.Error(err)
			return
		}
		req.Header.Set("User-Agent", "shop/1")
		res, err := do(req)
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	b.ReportAllocs()
	if flight == 1 {
		for b.Loop() {
			once()
		}
		return
	}
	b.SetParallelism(max(1, flight/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			once()
		}
	})
}
