package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// Config is whose token a Source keeps, and where.
type Config struct {
	AppID  string
	Secret seal.Key // AppSecret

	// Store is shared by all processes that serve the account. The default is memory
	// of this Source alone, which is fine for one process; with stable tokens several
	// processes get along without, but each fetches for itself.
	Store Store
	// Classic uses /cgi-bin/token instead of stable tokens. Each fetch then makes the
	// token before invalid within minutes, so all processes must share one Store.
	// Classic and stable tokens are two things to WeChat and never share a key.
	Classic bool
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Format prints the AppID, whatever the verb; never the secret.
func (c Config) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "token source of app "+c.AppID) }

// MarshalJSON gives the AppID, never the secret.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal("token source of app " + c.AppID) }

var _ wechat.TokenSource = (*Source)(nil)

// Source is a wechat.TokenSource. It is safe for concurrent use, needs no closing and
// keeps no goroutine while nothing is being fetched. Make one an account and share it.
type Source struct {
	cache
	app *wechat.App
	cfg Config
}

var errUnmade = errors.New("token: the Source or Ticket is nil or was not made by New or NewTicket")

// New checks cfg and opts, names what is wrong, and makes no network call. The options
// are those of wechat.NewApp; transport, hosts, timeout and observers matter here, the
// Backoff does not: a failed fetch is not repeated at once, and the pauses grow to 30 s.
func New(cfg Config, opts ...wechat.Option) (*Source, error) {
	if cfg.Secret.IsZero() {
		return nil, fmt.Errorf("token: %w", wechat.Invalid("secret", "empty: the AppSecret is needed to fetch tokens"))
	}
	if err := checkToken(string(cfg.Secret.Bytes())); err != nil {
		return nil, fmt.Errorf("token: %w", wechat.Invalid("secret", "not printable ASCII: spaces or line ends around the AppSecret?"))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Store == nil {
		cfg.Store = newMemory(cfg.Now)
	}
	// Fetching stands on the same loop as all else, but retries are decided here.
	app, err := wechat.NewApp(cfg.AppID, nil, append(slices.Clip(opts), wechat.WithClock(cfg.Now), wechat.WithBackoff(wechat.NoRetry))...)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	s := &Source{app: app, cfg: cfg}
	s.what = "access token of app " + cfg.AppID
	s.store, s.now, s.secret = cfg.Store, cfg.Now, cfg.Secret
	s.key, s.ask, s.forces = "wechat:token:stable:"+cfg.AppID, s.stable, true
	if cfg.Classic {
		s.key, s.ask, s.forces = "wechat:token:classic:"+cfg.AppID, s.classic, false
	}
	return s, nil
}

// Token returns a token that is good now. A cached one costs no waiting and no
// allocation. Without one it is fetched, once for all callers, and each stops waiting
// when its own ctx ends; the fetch goes on for the others. While fetching fails, the
// last error comes back at once until the next attempt is due.
func (s *Source) Token(ctx context.Context) (wechat.Token, error) {
	if s == nil || s.app == nil {
		return wechat.Token{}, errUnmade
	}
	return s.get(ctx)
}

// Refuse is told that WeChat refused bad. If that is still the token in use it is
// replaced, once for all who tell, and Refuse waits for the new one; nil means that
// Token now gives another. WeChat's current token is asked for first. Only if that is
// bad again, and the limits of Renew allow, a new one is forced; otherwise the error
// wraps ErrInsists.
func (s *Source) Refuse(ctx context.Context, bad wechat.Token) error { return s.refuse(ctx, bad) }

// Renew replaces a good token by a new one at once, for all processes: for a token
// that leaked. The one before is dead from then on, and calls under way with it are
// refused once. WeChat allows this every 30 s and 20 times a day; sooner the error
// wraps ErrTooSoon, and nothing was asked.
func (s *Source) Renew(ctx context.Context) error { return s.renew(ctx) }

// String names the account and nothing secret.
func (s *Source) String() string { return "token source of app " + s.cfg.AppID }

// Format is String whatever the verb.
func (s *Source) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

type stableRequest struct {
	GrantType string `json:"grant_type"`
	AppID     string `json:"appid"`
	Secret    string `json:"secret"`
	Force     bool   `json:"force_refresh"`
}

// stable asks for the current token, or with force for a new one.
//
// 获取稳定版接口调用凭据
func (s *Source) stable(ctx context.Context, force bool) (*grant, error) {
	at := s.now()
	a, err := wechat.Call[answer](ctx, s.app, wechat.POST("/cgi-bin/stable_token").NoToken(),
		stableRequest{"client_credential", s.cfg.AppID, string(s.cfg.Secret.Bytes()), force})
	if err != nil {
		return nil, err
	}
	return read(a.Token, a.Life, at)
}

type classicRequest struct {
	GrantType string `query:"grant_type"`
	AppID     string `query:"appid"`
	Secret    string `query:"secret"`
}

// classic asks for a new token, which every call of it makes.
//
// 获取接口调用凭据
func (s *Source) classic(ctx context.Context, _ bool) (*grant, error) {
	at := s.now()
	a, err := wechat.Call[answer](ctx, s.app, wechat.GET("/cgi-bin/token").NoToken(),
		classicRequest{"client_credential", s.cfg.AppID, string(s.cfg.Secret.Bytes())})
	if err != nil {
		return nil, err
	}
	return read(a.Token, a.Life, at)
}
