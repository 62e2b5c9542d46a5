package wechattest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answers checks that status, headers and body come back as they were sent, packed or not.
func (c *carrierCheck) answers(ctx context.Context) {
	c.t.Helper()
	plain := "\ufeff {\"a\":\"\xff\u4e2d\"}\r\n\x00 " + strings.Repeat("0123456789abcdef", 1<<14)
	for _, packed := range []bool{false, true} {
		c.with(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Wechatpay-Nonce"] = []string{"a", "b"}
			w.Header().Set("Content-Type", "application/json; charset=gbk")
			if !packed || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				_, _ = io.WriteString(w, plain)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, plain)
			_ = z.Close()
		}, func(url string) {
			res, body, ok := c.exchange("answer", c.request(ctx, "GET", url, nil))
			if !ok {
				return
			}
			if res.Header.Get("Content-Encoding") == "gzip" {
				body = c.unpacked(body)
			}
			if string(body) != plain {
				c.t.Errorf("transport: answer: the body (gzip: %v) is neither raw nor consistently unpacked", packed)
			}
			if !slices.Equal(res.Header.Values("Wechatpay-Nonce"), []string{"a", "b"}) || res.Header.Get("Content-Type") != "application/json; charset=gbk" {
				c.t.Errorf("transport: answer: its headers were altered")
			}
		})
	}
}

func (*carrierCheck) unpacked(body []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(z)
	return plain
}

// streaming checks that the body is handed on while it arrives, so that a bill of any size needs little memory.
func (c *carrierCheck) streaming(ctx context.Context) {
	c.t.Helper()
	read := make(chan struct{})
	var late atomic.Bool
	c.with(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-read:
		case <-time.After(carrierPatience):
			late.Store(true)
		}
		_, _ = io.WriteString(w, "second")
	}, func(url string) {
		ctx, cancel := context.WithTimeout(ctx, 2*carrierPatience)
		defer cancel()
		res, err := c.do(c.request(ctx, "GET", url, nil))
		if err != nil {
			c.t.Errorf("transport: streaming: %v", err)
			return
		}
		defer func() { _ = res.Body.Close() }()
		first := make([]byte, len("first"))
		_, err = io.ReadFull(res.Body, first)
		close(read)
		rest, _ := io.ReadAll(res.Body)
		if err != nil || string(first) != "first" || string(rest) != "second" || late.Load() {
			c.t.Errorf("transport: streaming: the body was read before it was handed over")
		}
	})
}

// cutBodies checks that half an answer cannot pass for a whole one.
func (c *carrierCheck) cutBodies(ctx context.Context) {
	c.t.Helper()
	for name, raw := range map[string]string{
		"a short body":        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":1}",
		"an unfinished chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n",
	} {
		c.with(func(w http.ResponseWriter, _ *http.Request) { c.hangUp(w, raw) }, func(url string) {
			res, err := c.do(c.request(ctx, "POST", url, []byte("{}")))
			if err != nil {
				return // said so even earlier
			}
			defer func() { _ = res.Body.Close() }()
			if _, err = io.ReadAll(res.Body); err == nil {
				c.t.Errorf("transport: cut answer: %s was read without an error", name)
			}
		})
	}
}

// cancelling checks the context before, during and after the wait for an answer.
func (c *carrierCheck) cancelling(ctx context.Context) {
	c.t.Helper()
	for _, phase := range []string{"before sending", "while waiting", "while reading"} {
		arrived, release := make(chan struct{}, 16), make(chan struct{})
		c.with(func(w http.ResponseWriter, r *http.Request) {
			if phase == "while reading" {
				_, _ = io.WriteString(w, "{")
				_ = http.NewResponseController(w).Flush()
			}
			arrived <- struct{}{}
			<-release
		}, func(url string) {
			defer close(release)
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if phase == "before sending" {
				cancel()
			}
			done := make(chan error, 1)
			go func() { done <- c.readAll(c.request(ctx, "GET", url, nil)) }()
			if phase != "before sending" {
				c.await(arrived)
				cancel()
			}
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					c.t.Errorf("transport: context: cancelled %s, errors.Is(err, context.Canceled) is false", phase)
				}
			case <-time.After(carrierPatience):
				c.t.Errorf("transport: context: cancelled %s, and the call goes on", phase)
			}
			if phase == "before sending" && len(arrived) > 0 {
				c.t.Errorf("transport: context: a request was sent although its context had ended")
			}
		})
	}
}

// await waits for a signal, within limits.
func (*carrierCheck) await(signal <-chan struct{}) {
	select {
	case <-signal:
	case <-time.After(carrierPatience):
	}
}

// readAll sends req and gives the error of sending or reading.
func (c *carrierCheck) readAll(req *http.Request) error {
	res, err := c.do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// parallel checks that concurrent calls do not mix.
func (c *carrierCheck) parallel(ctx context.Context) {
	c.t.Helper()
	var mixed atomic.Int32
	c.with(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s", r.RequestURI, body)
	}, func(url string) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for j := range 10 {
					target, body := fmt.Sprintf("/%d?j=%d", i, j), strings.Repeat("x", i*100+j)
					res, err := c.do(c.request(ctx, "POST", url+target, []byte(body)))
					if err != nil {
						mixed.Add(1)
						continue
					}
					got, _ := io.ReadAll(res.Body)
					_ = res.Body.Close()
					if string(got) != target+" "+body {
						mixed.Add(1)
					}
				}
			})
		}
		wg.Wait()
	})
	if n := mixed.Load(); n > 0 {
		c.t.Errorf("transport: parallel use: %d of 160 answers were lost or belong to another request", n)
	}
}
