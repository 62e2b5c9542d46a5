package wechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Backoff decides how long to wait after attempt n (1 for the first) that ended
// with res, whose body is already read, or with err. Zero or less means stop.
// The loop asks only where repeating is safe: reads, and writes marked Keyed.
type Backoff func(n int, res *http.Response, err error) time.Duration

// Bounds of DefaultBackoff.
const (
	maxAttempts   = 3
	firstWait     = 500 * time.Millisecond
	maxRetryAfter = 10 * time.Second
)

// DefaultBackoff allows three attempts in all and waits about half a second,
// then a second, with jitter. A Retry-After header, in seconds or as a date, is
// obeyed up to ten seconds.
func DefaultBackoff(n int, res *http.Response, err error) time.Duration {
	if n >= maxAttempts {
		return 0
	}
	wait := firstWait << (n - 1)
	wait = wait/2 + rand.N(wait/2+1)
	if res != nil {
		wait = max(wait, min(retryAfter(res), maxRetryAfter))
	}
	return wait
}

// NoRetry is a Backoff that never tries again.
func NoRetry(int, *http.Response, error) time.Duration { return 0 }

func retryAfter(res *http.Response) time.Duration {
	s := strings.TrimSpace(res.Header.Get("Retry-After"))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0 // without the sender's own clock a date says nothing
	}
	return at.Sub(sent)
}

// hosts remembers, for all For copies of a client, which base URL failed to
// connect and how many retries may still be spent. It is safe for concurrent use.
type hosts struct {
	mu     sync.Mutex
	bases  []string
	probe  []time.Time // while in the future, the base is taken to be down
	budget float64
}

const (
	probeEvery   = 30 * time.Second // a dead main host is tried again this often
	budgetCap    = 50               // retries that may be spent before successes earn more
	budgetEarned = 0.1
)

func newHosts(bases []string) *hosts {
	h := &hosts{probe: make([]time.Time, len(bases)), budget: budgetCap}
	for _, b := range bases {
		h.bases = append(h.bases, strings.TrimRight(b, "/"))
	}
	return h
}

// pick returns the base to use now: the first that is not known to be down.
// A base whose rest is over is lent to one caller as a probe.
func (h *hosts) pick(now time.Time) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, until := range h.probe {
		if until.IsZero() {
			return i
		}
		if !now.Before(until) {
			h.probe[i] = now.Add(probeEvery)
			return i
		}
	}
	return 0
}

func (h *hosts) failed(i int, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bases) > 1 {
		h.probe[i] = now.Add(probeEvery)
	}
}

func (h *hosts) answered(i int, success bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probe[i] = time.Time{}
	if success {
		h.budget = min(budgetCap, h.budget+budgetEarned)
	}
}

// spend takes one retry from the budget, or refuses: when everything fails,
// retries must not multiply the load.
func (h *hosts) spend() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.budget < 1 {
		return false
	}
	h.budget--
	return true
}

// neverSent reports whether err proves that no byte of the request left: the
// name did not resolve, nobody listened, or the TLS handshake failed.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &op) && op.Op == "dial", errors.As(err, &dns), errors.As(err, &cert), errors.As(err, &record),
		errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return true
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded // waiting would only use up the caller's time
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// withoutURL drops the URL from a transport error: it holds numbers and, on the
// account side, the access token.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
