package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// Config is whose users log in.
type Config struct {
	// App is the official account, the website app or the mini program. Logging in
	// carries no access token, so its TokenSource may be nil, except for the session
	// and phone calls of Mini.
	App    *wechat.App
	Secret seal.Key // AppSecret of the same app

	// Pages is where browsers are sent to, https://open.weixin.qq.com if empty; a
	// simulator's address in tests. Mini has no use for it.
	Pages string
	// MaxAge is how old encrypted data may be, 10 minutes if zero. Only Mini uses it.
	MaxAge time.Duration
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Format prints the app id, whatever the verb; never the secret.
func (c Config) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.text()) }

// MarshalJSON gives the app id, never the secret.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.text()) }

func (c Config) text() string {
	if c.App == nil {
		return "login of no app"
	}
	return "login of " + c.App.String()
}

const openPages = "https://open.weixin.qq.com"

func (c Config) checked() (Config, error) {
	if c.App == nil {
		return c, errors.New("oauth: nil App")
	}
	if c.Secret.IsZero() {
		return c, fmt.Errorf("oauth: %w", wechat.Invalid("secret", "empty: the AppSecret of the app is needed"))
	}
	if strings.ContainsFunc(string(c.Secret.Bytes()), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c, fmt.Errorf("oauth: %w", wechat.Invalid("secret", "not visible ASCII: spaces or line ends around the AppSecret?"))
	}
	if c.MaxAge < 0 {
		return c, fmt.Errorf("oauth: %w", wechat.Invalid("max_age", "must not be negative"))
	}
	if c.MaxAge == 0 {
		c.MaxAge = 10 * time.Minute
	}
	if c.Pages == "" {
		c.Pages = openPages
	}
	if err := checkOrigin(c.Pages, false); err != nil {
		return c, fmt.Errorf("oauth: %w", wechat.Invalid("pages", err.Error()))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// checkOrigin accepts scheme and host, and plain http for loopback only unless any.
func checkOrigin(s string, anyHTTP bool) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("is not a URL (%d bytes)", len(s))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Scheme+"://"+u.Host != s:
		return errors.New("want scheme and host only, such as https://shop.example")
	case u.Scheme == "http" && !anyHTTP && !isLoopback(u.Hostname()):
		return errors.New("plain http is for loopback only: use https")
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Service logs users in whose browsers it sends to WeChat: on pages inside of WeChat
// (New) or, with a QR code, on a website (NewSite). It is immutable and safe for
// concurrent use.
type Service struct {
	cfg  Config
	site bool
}

// New is for pages that are opened inside of WeChat. App is a certified service
// account. New makes no network call.
func New(cfg Config) (*Service, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg}, nil
}

// NewSite is for websites, where the user scans a code. App is a website app of the
// open platform, with its own app id and secret. NewSite makes no network call.
func NewSite(cfg Config) (*Service, error) {
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	s.site = true
	return s, nil
}

// String names the app and nothing secret.
func (s *Service) String() string { return s.cfg.text() }

// Format is String whatever the verb.
func (s *Service) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
