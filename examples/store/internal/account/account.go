// Package account is the shop's official account: it logs customers in, signs the
// pages on which they pick an address, makes the menu, answers in the chat, and says
// there when an order is paid.
//
// Nothing of it can harm an order: the chat and its messages come after the books,
// and a message that cannot be sent is not sent.
package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/jssdk"
	"github.com/wxcommerce/wechat/menu"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

// Config is what an Account needs. Log and Now may be nil.
type Config struct {
	App    *wechat.App // with a token source
	Secret seal.Key    // AppSecret
	// Push is how the console says that messages and events are pushed: safe mode.
	Push notify.PushConfig
	// Template is the id of the template for paid orders, with the keywords
	// character_string1 (number), thing2 (goods) and amount3. Nobody is told if empty.
	Template string
	// Login seals the cookies of logins: 32 random bytes or more.
	Login seal.Key

	Origin  string // of the shop
	Pages   string // where logins happen; open.weixin.qq.com if empty
	Trial   bool   // Origin is a made-up one of tests
	Store   *shop.Store
	Picture func(product string) string // path of a product's picture
	Log     *slog.Logger
	Now     func() time.Time
}

// Account is safe for concurrent use.
type Account struct {
	cfg    Config
	web    *oauth.Service
	signer *jssdk.Signer
	menus  *menu.Service
	say    *message.Service
	router *message.Router
	pushes *notify.Handler
}

// PushPath is where WeChat pushes messages and events.
const PushPath = "/wechat/push"

// EnterPath logs a customer in and goes on to the path in the query item to.
const EnterPath = "/enter"

// TeaKey is the key of the menu's button for the tea of the day.
const TeaKey = "TEA"

// New makes an Account. It calls nobody.
func New(cfg Config) (*Account, error) {
	if cfg.App == nil || cfg.Store == nil || cfg.Picture == nil {
		return nil, errors.New("account: App, Store and Picture are all needed")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	origin, err := url.Parse(cfg.Origin)
	if err != nil || origin.Host == "" {
		return nil, fmt.Errorf("account: %q is no origin", cfg.Origin)
	}
	a := &Account{cfg: cfg, menus: menu.New(cfg.App), say: message.New(cfg.App)}
	if a.web, err = oauth.New(oauth.Config{App: cfg.App, Secret: cfg.Secret, Pages: cfg.Pages, Now: cfg.Now}); err != nil {
		return nil, err
	}
	ticket, err := token.NewTicket(cfg.App, token.TicketConfig{Now: cfg.Now})
	if err != nil {
		return nil, err
	}
	if a.signer, err = jssdk.New(jssdk.Config{AppID: cfg.App.ID(), Tickets: ticket, Hosts: []string{origin.Host}, Now: cfg.Now}); err != nil {
		return nil, err
	}
	push, err := notify.Push(cfg.Push)
	if err != nil {
		return nil, err
	}
	a.pushes = notify.NewHandler(push, notify.WithLogger(cfg.Log))
	a.router = a.answers()
	a.router.Register(a.pushes)
	return a, nil
}

// Pushes receives what WeChat pushes; mount it at PushPath.
func (a *Account) Pushes() *notify.Handler { return a.pushes }

// Setup makes the menu.
func (a *Account) Setup(ctx context.Context) error {
	return a.menus.Create(ctx, menu.Of(
		menu.View("逛店", a.enter("/")),
		menu.Click("今日好茶", TeaKey),
		menu.Group("我的",
			menu.View("我的订单", a.enter("/orders")),
			menu.View("我的资料", a.enter("/me")))))
}

// enter is the address of a page, by way of the login.
func (a *Account) enter(path string) string {
	if path == "/" {
		return a.cfg.Origin + EnterPath
	}
	return a.cfg.Origin + EnterPath + "?" + url.Values{"to": {path}}.Encode()
}

// Login makes the login of the shop's pages. entered takes a customer in, whose
// nickname is only known if they agreed to show it.
func (a *Account) Login(entered func(w http.ResponseWriter, r *http.Request, openID, nickname string) error,
	failed func(http.ResponseWriter, *http.Request, *oauth.Failure)) (*oauth.Login, error) {
	return oauth.NewLogin(oauth.LoginConfig{Service: a.web, Origin: a.cfg.Origin, PlainHTTP: a.cfg.Trial, Secret: a.cfg.Login, Fail: failed,
		Done: func(w http.ResponseWriter, r *http.Request, g *oauth.Grant) error {
			nickname := ""
			if g.Has(oauth.UserInfo) {
				u, err := a.web.User(r.Context(), g.Token, g.OpenID, oauth.Simplified)
				if err != nil {
					return err
				}
				nickname = u.Nickname
			}
			return entered(w, r, g.OpenID, nickname)
		}})
}

// AddressPage signs the page at an address for picking a shipping address.
func (a *Account) AddressPage(ctx context.Context, pageURL string) (*jssdk.Page, error) {
	return a.signer.Page(ctx, jssdk.PageRequest{URL: pageURL, Address: true})
}

// Close waits for answers that are still on their way into the chat.
func (a *Account) Close(ctx context.Context) error {
	err := a.router.Late().Wait(ctx)
	a.cfg.App.CloseIdleConnections()
	return err
}
