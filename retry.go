package wechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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

// DefaultBackoff allows three attempts in all and waits up to half a second, then
// up to a second, with jitter. A Retry-After header, in seconds or as a date, is
// obeyed: it makes the wait longer, and one over ten seconds ends the call.
func DefaultBackoff(n int, res *http.Response, err error) time.Duration {
	if n < 1 || n >= maxAttempts {
		return 0
	}
	wait := firstWait << (n - 1)
	wait = wait/2 + rand.N(wait/2+1)
	if res == nil {
		return wait
	}
	asked := retryAfter(res)
	if asked > maxRetryAfter {
		return 0
	}
	return max(wait, asked)
}

// NoRetry is a Backoff that never tries again.
func NoRetry(int, *http.Response, error) time.Duration { return 0 }

// retryAfter is the wait that res asks for; zero or less when it asks for none or
// in no way that makes sense.
func retryAfter(res *http.Response) time.Duration {
	s := strings.TrimSpace(res.Header.Get("Retry-After"))
	if s != "" && allDigits(s) {
		if len(s) > 9 {
			s = s[:9] // some thirty years are as good as more
		}
		n, _ := strconv.ParseInt(s, 10, 64) // cannot fail on nine digits
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

// pick returns the base to use now: the first that is not known to be down, other
// than silent, the one that has just failed this very call (-1 for none). A base
// whose rest is over is lent to one caller as a probe.
func (h *hosts) pick(now time.Time, silent int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, until := range h.probe {
		rests := now.Before(until) && until.Sub(now) <= probeEvery // or the clock was put back
		if i == silent || rests {
			continue
		}
		if !until.IsZero() {
			h.probe[i] = now.Add(probeEvery)
		}
		return i
	}
	return (silent + 1) % len(h.bases)
}

func (h *hosts) failed(i int, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i >= 0 && len(h.bases) > 1 {
		h.probe[i] = now.Add(probeEvery)
	}
}

func (h *hosts) answered(i int, success bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i >= 0 {
		h.probe[i] = time.Time{}
	}
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

// neverSent reports whether err itself proves that no byte of the request left: the
// name did not resolve, nobody listened, the proxy gave no way, or the server's
// certificate was refused.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	return errors.As(err, &dns) || errors.As(err, &cert) || errors.As(err, &record) ||
		errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}

// sleep waits, or returns why ctx ended first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// withoutURL takes the address u out of a transport's error: it holds numbers and,
// on the account side, the access token. The cause stays reachable.
func withoutURL(err error, u *url.URL) error {
	for {
		var wrapped *url.Error
		if !errors.As(err, &wrapped) {
			break
		}
		err = wrapped.Err
	}
	text, path := err.Error(), u.EscapedPath()
	if len(path) > 1 && strings.Contains(text, path) || u.RawQuery != "" && strings.Contains(text, u.RawQuery) {
		return quiet{err}
	}
	return err
}

// quiet hides the text of an error that quotes the address.
type quiet struct{ error }

func (quiet) Error() string {
	return "the transport failed; its words quote the address and are left out"
}

func (q quiet) Unwrap() error { return q.error }

// Format keeps every verb to the text of Error.
func (q quiet) Format(s fmt.State, verb rune) { formatText(s, verb, q.Error()) }
