// Package app puts the shop and the WeChat simulator together: two HTTP servers
// on loopback that know each other by address only, each with its own books.
//
// In a real shop nothing of the simulator is left: the merchant's number and
// keys come from the merchant platform, and the bridge from WeChat itself.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/phone"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

// Config says where the shop runs. Only Addr and Data are needed.
type Config struct {
	Addr       string               // of the shop, on loopback; port 0 takes a free one
	Data       string               // folder of both books, made if it is missing
	Generation string               // one of Generations; v3 if empty. Each has a folder of its own in Data, v3 Data itself
	Clock      wechattest.Clock     // of everything; the wall clock if nil
	Keys       wechattest.KeySource // fresh RSA keys if nil
	Heal       time.Duration        // how often to look for due queries; 0 leaves that to the caller
	Log        *slog.Logger         // nothing is logged if nil
	Mini       MiniProgram          // that hears of shipments; one of its own if zero
	Check      bool                 // serve what the go-live check wants to count
}

// App is a running shop with its WeChat.
type App struct {
	Origin   string // of the shop, such as http://127.0.0.1:8080
	WeChat   string // of the simulator
	Password string // of the merchant page
	Store    *shop.Store
	Cashier  *cashier.Cashier
	Desk     *aftersale.Desk
	Sim      Simulator
	Account  *account.Account
	People   *wechattest.App // the account's users, as the shop's owner would see them if allowed to

	till    cashier.Till
	line    aftersale.Line
	options []wechat.Option
	servers []*http.Server
	work    sync.WaitGroup
	stop    context.CancelFunc
}

// Start opens or makes the books under cfg.Data and serves until Close.
func Start(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Clock == nil {
		cfg.Clock = wechattest.RealClock()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	begin, err := generation(&cfg)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("store: -data: %w", err)
	}
	shopSide, wechatSide, err := listen(cfg.Addr)
	if err != nil {
		return nil, err
	}
	a := &App{Origin: "http://" + shopSide.Addr().String(), WeChat: "http://" + wechatSide.Addr().String()}
	pages, err := a.open(ctx, cfg, begin)
	if err != nil {
		return nil, errors.Join(err, shopSide.Close(), wechatSide.Close(), a.Close())
	}
	a.serve(shopSide, pages)
	a.serve(wechatSide, phone.Handler(a.Sim, ui.WithAccount(a.People, "山月小铺", a.Sim.Handler(a.Origin), a.Origin)))
	if err := a.connect(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	healing, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if err := a.setUp(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if cfg.Heal > 0 {
		a.work.Go(func() { a.Account.Run(healing, time.Second) })
		a.work.Go(func() { a.Cashier.Run(healing, cfg.Heal) })
		a.work.Go(func() { a.Desk.Run(healing, cfg.Heal) })
	}
	return a, nil
}

// open opens both books and makes what works on them.
func (a *App) open(ctx context.Context, cfg Config, begin beginning) (pages http.Handler, err error) {
	sim, err := begin.simulate(cfg, a)
	if err != nil {
		return nil, err
	}
	a.Sim = sim
	if a.Store, err = shop.Open(ctx, filepath.Join(cfg.Data, "shop.db"), cfg.Clock.Now); err != nil {
		return nil, err
	}
	a.options = []wechat.Option{wechat.WithBaseURL(a.WeChat), wechat.WithClock(cfg.Clock.Now)}
	if a.till, err = a.Sim.till(a.Origin+web.NoticePath, a.options...); err != nil {
		return nil, err
	}
	if a.line, err = a.Sim.line(a.options...); err != nil {
		return nil, err
	}
	if a.Cashier, err = cashier.New(cashier.Config{Store: a.Store, Till: a.till, Log: cfg.Log}); err != nil {
		return nil, err
	}
	if a.Desk, err = aftersale.New(aftersale.Config{Store: a.Store, Cashier: a.Cashier, Line: a.line, Now: cfg.Clock.Now, Log: cfg.Log}); err != nil {
		return nil, err
	}
	if a.Password, err = password(cfg.Data); err != nil {
		return nil, err
	}
	if err = a.openAccount(cfg); err != nil {
		return nil, err
	}
	return web.New(web.Config{Store: a.Store, Cashier: a.Cashier, Account: a.Account, Desk: a.Desk, Check: cfg.Check, Origin: a.Origin, WeChat: a.WeChat,
		Password: a.Password, Theirs: a.Theirs, Log: cfg.Log})
}

// listen takes two addresses on loopback: the simulator gets the next port if it
// is free, so that it stays where it was after a restart.
func listen(addr string) (shopSide, wechatSide net.Listener, err error) {
	if shopSide, err = net.Listen("tcp", addr); err != nil {
		return nil, nil, fmt.Errorf("store: -addr: %w", err)
	}
	at, ok := shopSide.Addr().(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return nil, nil, errors.Join(errors.New("store: -addr must be a loopback address such as 127.0.0.1:8080: this shop takes no real money"), shopSide.Close())
	}
	next := net.TCPAddr{IP: at.IP, Port: at.Port + 1}
	if wechatSide, err = net.ListenTCP("tcp", &next); err == nil {
		return shopSide, wechatSide, nil
	}
	next.Port = 0
	if wechatSide, err = net.ListenTCP("tcp", &next); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("store: simulator: %w", err), shopSide.Close())
	}
	return shopSide, wechatSide, nil
}

func (a *App) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	a.servers = append(a.servers, s)
	a.work.Go(func() { _ = s.Serve(l) }) // ends with ErrServerClosed at Close
}

// Close lets what is under way finish, closes both books and returns when
// nothing of the shop is left running.
func (a *App) Close() error {
	if a.stop != nil {
		a.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var problems []error
	for _, s := range a.servers {
		problems = append(problems, s.Shutdown(ctx))
	}
	a.work.Wait()
	problems = append(problems, a.closeAccount(ctx))
	return errors.Join(append(problems, a.closeBooks())...)
}

func (a *App) closeBooks() error {
	var problems []error
	if a.Sim != nil {
		problems = append(problems, a.Sim.Close())
	}
	if a.till != nil {
		a.till.CloseIdleConnections()
	}
	if a.line != nil {
		a.line.CloseIdleConnections()
	}
	if a.Store != nil {
		problems = append(problems, a.Store.Close())
	}
	return errors.Join(problems...)
}
