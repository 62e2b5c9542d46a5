package wechattest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

// AppKind is what an App is to WeChat.
type AppKind int

// The kinds of apps. The zero AppKind is a certified service account (服务号).
const (
	OfficialAccount AppKind = iota
	MiniProgram
	Website // a site that lets people log in by scanning
)

// AppConfig says how an App works. Its zero value is good: a service account in
// memory, on the wall clock, for requests through Transport, without a server to
// push messages to.
type AppConfig struct {
	Kind  AppKind
	Name  string // shown to users
	AppID string // begins wx0000; one is made from Name if empty
	// Union names the open-platform account the app is bound to. Apps with the same
	// Union know a user by the same unionid; without one users have none.
	Union string
	// Clock is RealClock if nil.
	Clock Clock
	// BaseURL is where this App is served, scheme and host only. Empty means
	// http://127.0.0.1.
	BaseURL string
	// Pay opens the payments of the app's pages; see (*App).ChooseWXPay.
	Pay *Pay
	// Push is the server that gets messages and events; see (*App).SetPush.
	Push AppPush
	// Sender carries the pushes. Nil means a plain client that reaches loopback
	// addresses only and follows no redirect.
	Sender wechat.Transport
	// PushTimeout is how long the answer to a push may take; 5 s if zero.
	PushTimeout time.Duration
	// ShippingDelay is how long a payment is unknown to the shipping management of a
	// mini program: not at all if zero. WeChat takes about a minute.
	ShippingDelay time.Duration
	// AllowIPs are the only addresses that may fetch tokens; all may if empty.
	AllowIPs []string
	// LoginDomains are the hosts logins may return to, PageDomains those whose pages
	// may use the JS-SDK; a port counts. Any loopback host may if they are empty.
	LoginDomains, PageDomains []string
	// Seed decides every Fault that has a Chance.
	Seed uint64
}

// App is the account side of WeChat for one official account, mini program or
// website, together with the people who use it. It is kept in memory, safe for
// concurrent use and an http.Handler; with RealClock it runs one goroutine until
// Close.
type App struct {
	AppID    string
	Secret   string // AppSecret, a fresh one for every App
	UserName string // gh_…, the account's own name in messages

	cfg      AppConfig
	clock    Clock
	base     string
	sender   wechat.Transport
	stop     func()
	moved    chan struct{}
	routes   map[string][]*appRoute
	patterns []*appRoute

	mu        sync.Mutex // guards what follows; never held while waiting
	closed    bool
	faults    faultDesk
	tokens    tokenDesk
	pushes    pushDesk
	people    peopleDesk
	media     mediaDesk
	logins    loginDesk
	menus     menuDesk
	tags      tagDesk
	codes     codeDesk
	articles  map[string]*ChatArticle  // by article_id
	drafts    map[string][]ChatArticle // by media_id
	shelf     shelf
	agents    []string
	templates templateDesk
	masses    massDesk
	quotas    quotaDesk
	shipping  shippingDesk
}

// NewApp starts a simulator of one app.
func NewApp(cfg AppConfig) (*App, error) {
	if cfg.AppID == "" {
		cfg.AppID = appIDOf(cfg.Name)
	}
	a := &App{AppID: cfg.AppID, Secret: randomText(32), UserName: "gh_0000" + strings.TrimPrefix(appIDOf(cfg.AppID), "wx0000"),
		cfg: cfg, clock: cfg.Clock, base: cfg.BaseURL, sender: cfg.Sender, moved: make(chan struct{}, 1), routes: map[string][]*appRoute{}}
	a.defaults()
	if err := a.check(); err != nil {
		return nil, err
	}
	if err := a.SetPush(cfg.Push); err != nil {
		return nil, err
	}
	a.tokens.start()
	a.faults.lock, a.faults.dice = &a.mu, rand.New(rand.NewPCG(cfg.Seed, 0x0000))
	for _, add := range appTables() {
		add(a)
	}
	a.stop = a.clock.follow(a)
	return a, nil
}

// appTables are the endpoints, by subject.
func appTables() []func(*App) {
	return []func(*App){
		(*App).routeTokens, (*App).routeMedia, (*App).routeLogin, (*App).routeSNS, (*App).routeMini,
		(*App).routeMenu, (*App).routeTags, (*App).routeUsers, (*App).routeCodes,
		(*App).routeCustom, (*App).routeTemplates, (*App).routeSubscribe, (*App).routeDrafts, (*App).routeMass, (*App).routeQuota,
		(*App).routeShipping,
	}
}

func (a *App) defaults() {
	if a.clock == nil {
		a.clock = RealClock()
	}
	if a.base == "" {
		a.base = "http://127.0.0.1"
	}
	if a.sender == nil {
		a.sender = newLoopbackClient()
	}
	if a.cfg.PushTimeout <= 0 {
		a.cfg.PushTimeout = 5 * time.Second
	}
	a.cfg.AllowIPs, a.cfg.LoginDomains, a.cfg.PageDomains = slices.Clone(a.cfg.AllowIPs), slices.Clone(a.cfg.LoginDomains), slices.Clone(a.cfg.PageDomains)
}

func (a *App) check() error {
	switch {
	case !simulatedApp.MatchString(a.AppID):
		return fmt.Errorf("wechattest: app id %q: simulated app ids begin wx0000 and go on with digits and lower-case letters", a.AppID)
	case a.cfg.Kind < OfficialAccount || a.cfg.Kind > Website:
		return fmt.Errorf("wechattest: kind %d is none of OfficialAccount, MiniProgram, Website", a.cfg.Kind)
	}
	return checkBase(a.base)
}

// Close ends the pushes. Requests that still arrive get 500. Closing twice is fine.
func (a *App) Close() error {
	a.stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if c, ok := a.sender.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
	return nil
}

// Now is the simulator's time.
func (a *App) Now() time.Time { return a.clock.Now() }

// Format prints the app id, whatever the verb; never a secret.
func (a *App) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "simulated app "+a.AppID) }

// MarshalJSON writes what Format prints.
func (a *App) MarshalJSON() ([]byte, error) { return mustJSON("simulated app " + a.AppID), nil }

// TokenConfig is what token.New needs, together with Options:
// token.New(app.TokenConfig(), app.Options()...).
func (a *App) TokenConfig() token.Config {
	return token.Config{AppID: a.AppID, Secret: seal.NewKey(a.Secret), Now: a.clock.Now}
}

// Options point a client at this simulator, without sockets and on its clock.
// Options that are given after them win.
func (a *App) Options() []wechat.Option {
	return []wechat.Option{wechat.WithTransport(a.Transport()), wechat.WithBaseURL(a.base), wechat.WithClock(a.clock.Now)}
}

// Client is a client of this app with a token source of its own.
func (a *App) Client(opts ...wechat.Option) (*wechat.App, error) {
	all := append(a.Options(), opts...)
	src, err := token.New(a.TokenConfig(), all...)
	if err != nil {
		return nil, err
	}
	return wechat.NewApp(a.AppID, src, all...)
}

// Transport carries requests to the simulator without a socket. It refuses
// requests addressed to WeChat's own hosts.
func (a *App) Transport() wechat.Transport { return appTransport{a} }

type appTransport struct{ a *App }

func (t appTransport) Do(r *http.Request) (*http.Response, error) {
	if r.URL == nil {
		return nil, errors.New("wechattest: request without a URL")
	}
	defer closeBody(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if realHost(r.URL.Host) || realHost(r.Host) {
		return nil, fmt.Errorf("wechattest: request for %s: simulated apps must not talk to WeChat's hosts; point the client at %s with WithBaseURL", r.URL.Host, t.a.base)
	}
	res := t.a.answer(r, r.URL.RequestURI())
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return res.response(r)
}

// ServeHTTP answers like api.weixin.qq.com, open.weixin.qq.com and mp.weixin.qq.com.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.answer(r, r.RequestURI).writeTo(w)
}
