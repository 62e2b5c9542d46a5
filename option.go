package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"time"
)

// Transport carries a request. Its contract is short: send exactly this request,
// once, follow no redirect, and hand back the answer with its body unread.
// *http.Client fits, and so does everything wechattest.TestTransport approves.
type Transport interface {
	Do(*http.Request) (*http.Response, error)
}

// Option changes how a client works. Options are checked by the constructor
// that receives them.
type Option func(*client) error

// WithTransport replaces the default carrier. An *http.Client is copied and its
// redirects switched off, because Go would send a signed body elsewhere; the
// caller's value is not touched.
func WithTransport(t Transport) Option {
	return func(c *client) error {
		switch t := t.(type) {
		case nil:
			return errors.New("WithTransport: nil transport")
		case *http.Client:
			if t == nil {
				return errors.New("WithTransport: nil *http.Client")
			}
			own := *t
			own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			own.Jar = nil
			c.carrier = &own
		default:
			c.carrier = t
		}
		return nil
	}
}

// WithBaseURL names the main host and up to one standby, such as
// "https://api.mch.weixin.qq.com". Plain http is accepted for loopback only.
func WithBaseURL(main string, standby ...string) Option {
	return func(c *client) error {
		if len(standby) > 1 {
			return errors.New("WithBaseURL: at most one standby host")
		}
		urls := append([]string{main}, standby...)
		for _, u := range urls {
			if err := checkBase(u); err != nil {
				return fmt.Errorf("WithBaseURL: %w", err)
			}
		}
		c.hosts = newHosts(urls)
		return nil
	}
}

// WithBackoff replaces the decision how long to wait before another attempt.
// The loop asks it only where repeating is safe.
func WithBackoff(b Backoff) Option {
	return func(c *client) error {
		if b == nil {
			return errors.New("WithBackoff: nil Backoff")
		}
		c.backoff = b
		return nil
	}
}

// WithClock replaces the clock used for signing, verifying and host health.
func WithClock(now func() time.Time) Option {
	return func(c *client) error {
		if now == nil {
			return errors.New("WithClock: nil clock")
		}
		c.now = now
		return nil
	}
}

// WithTimeout bounds one attempt, 10 s by default. A call without a deadline of
// its own ends within three times that, waits included.
func WithTimeout(attempt time.Duration) Option {
	return func(c *client) error {
		if attempt <= 0 {
			return fmt.Errorf("WithTimeout: %v is not positive", attempt)
		}
		c.timeout = attempt
		return nil
	}
}

// WithMaxResponse bounds an answer held in memory, 4 MiB by default. A longer
// one is an error, never cut. Downloads are streamed and not bound by it.
func WithMaxResponse(bytes int64) Option {
	return func(c *client) error {
		if bytes < 1 {
			return fmt.Errorf("WithMaxResponse: %d is not positive", bytes)
		}
		c.maxBody = min(bytes, 1<<40)
		return nil
	}
}

// WithUserAgent puts product in front of the library's own User-Agent.
func WithUserAgent(product string) Option {
	return func(c *client) error {
		if product == "" || oneLine(product, 200) != product {
			return errors.New("WithUserAgent: empty, over 200 characters, or with control characters")
		}
		c.agent = product + " " + userAgent
		return nil
	}
}

// WithObserver calls f after every attempt, in the calling goroutine. It may be
// given several times.
func WithObserver(f func(context.Context, Event)) Option {
	return func(c *client) error {
		if f == nil {
			return errors.New("WithObserver: nil function")
		}
		c.observers = append(c.observers, f)
		return nil
	}
}

// WithLogger reports every attempt to l: failures at Warn, the rest at Debug.
// No body, key, token or path value is ever logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *client) error {
		if l == nil {
			return errors.New("WithLogger: nil logger")
		}
		c.observers = append(c.observers, logTo(l))
		return nil
	}
}

var userAgent = "wxcommerce-wechat/0 (" + runtime.GOOS + ") " + runtime.Version()

func checkBase(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("not a URL: want scheme and host only, such as https://api.mch.weixin.qq.com")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return errors.New("want scheme and host only, such as https://api.mch.weixin.qq.com")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("%q: plain http is for loopback only; use https", u.Host)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("scheme %q: want https", u.Scheme)
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
