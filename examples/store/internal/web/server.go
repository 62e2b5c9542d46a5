// Package web is the shop's pages: the shelf, orders and checkout for customers,
// orders, refunds and the ledger for the merchant.
//
// Prices and states come from the shop's books only. Every form carries a secret
// of its browser's session. What a page's script learns from WeChat is used to
// look again at the books, never as a proof of payment.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/oauth"
)

// Config is what the pages need; Log may be nil.
type Config struct {
	Store    *shop.Store
	Cashier  *cashier.Cashier
	Account  *account.Account
	Origin   string // of this shop, such as http://127.0.0.1:8080; never taken from a request
	WeChat   string // origin that serves the bridge script, the pay sheet and the phone
	Password string // of the merchant
	// Theirs is WeChat's ledger. A real shop reads it from the daily bill.
	Theirs func(context.Context) ([]shop.Entry, error)
	Log    *slog.Logger
	// Desk is for the time after the sale.
	Desk *aftersale.Desk
	// Check serves CountPath.
	Check bool
}

// Server is the shop as an http.Handler.
type Server struct {
	Config
	host   string
	secure bool
	pages  pages
	door   *oauth.Login
	root   http.Handler
}

// NoticePath is where WeChat delivers its notices.
const NoticePath = "/wechat/notify"

// Where WeChat delivers complaints and alarms, and what becomes of shipments.
const (
	AfterPath    = "/wechat/after"
	ShippingPath = "/wechat/shipping"
)

// CountPath is where the go-live check counts, with ?out_trade_no=….
const CountPath = "/test/fulfilled"

// maxForm bounds a form; ours are far smaller.
const maxForm = 64 << 10

// New makes the pages.
func New(c Config) (*Server, error) {
	if c.Store == nil || c.Cashier == nil || c.Account == nil || c.Desk == nil || c.Theirs == nil || len(c.Password) < 8 {
		return nil, errors.New("web: Store, Cashier, Account, Desk, Theirs and a Password of at least 8 characters are all needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	u, err := url.Parse(c.Origin)
	if err != nil || u.Host == "" || u.Path != "" {
		return nil, fmt.Errorf("web: %q is no origin", c.Origin)
	}
	s := &Server{Config: c, host: u.Host, secure: u.Scheme == "https"}
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	if s.door, err = c.Account.Login(s.entered, s.loginFailed); err != nil {
		return nil, err
	}
	s.root = s.guard(s.routes())
	return s, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(NoticePath, s.Cashier.Notices())
	mux.Handle(account.PushPath, s.Account.Pushes())
	mux.Handle(s.door.Path(), s.door)
	mux.Handle("GET "+account.EnterPath, s.door.Require(http.HandlerFunc(s.enter)))
	mux.Handle("GET /me/profile", s.door.Consented().Require(http.HandlerFunc(s.profiled)))
	s.afterSale(mux)
	mux.Handle("GET /static/", static())
	mux.Handle("GET /pictures/", static())

	mux.HandleFunc("GET /{$}", s.quietly(s.home))
	mux.HandleFunc("GET /p/{slug}", s.quietly(s.product))
	mux.HandleFunc("GET /p/{slug}/code.svg", s.poster)
	mux.HandleFunc("GET /lang", s.language)
	mux.HandleFunc("POST /orders", s.form(s.place))
	mux.HandleFunc("GET /orders", s.quietly(s.orders))
	mux.HandleFunc("GET /orders/{no}", s.mine(s.order))
	mux.HandleFunc("GET /orders/{no}/state", s.mine(s.state))
	mux.HandleFunc("GET /orders/{no}/code.svg", s.mine(s.code))
	mux.HandleFunc("POST /orders/{no}/jsapi", s.form(s.mine(s.jsapi)))
	mux.HandleFunc("POST /orders/{no}/native", s.form(s.mine(s.native)))
	mux.HandleFunc("POST /orders/{no}/cancel", s.form(s.mine(s.cancel)))

	mux.HandleFunc("POST /orders/{no}/talk", s.form(s.customer(s.mine(s.talk))))
	mux.HandleFunc("GET /me", s.customer(s.me))
	mux.HandleFunc("POST /me/sign", s.form(s.customer(s.signPage)))
	mux.HandleFunc("POST /me/address", s.form(s.customer(s.keepAddress)))
	mux.HandleFunc("POST /me/leave", s.form(s.leave))

	mux.HandleFunc("GET /merchant/login", s.loginPage)
	mux.HandleFunc("POST /merchant/login", s.form(s.login))
	mux.HandleFunc("POST /merchant/logout", s.form(s.logout))
	mux.HandleFunc("GET /merchant", s.merchant(s.sales))
	mux.HandleFunc("GET /merchant/orders/{no}", s.merchant(s.sale))
	mux.HandleFunc("GET /merchant/orders/{no}/state", s.merchant(s.saleState))
	mux.HandleFunc("POST /merchant/orders/{no}/refund", s.form(s.merchant(s.refund)))
	mux.HandleFunc("GET /merchant/ledger", s.merchant(s.ledger))
	mux.HandleFunc("POST /merchant/heal", s.form(s.merchant(s.heal)))
	mux.HandleFunc("/", s.notFound)
	return mux
}

// ServeHTTP serves the shop.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.root.ServeHTTP(w, r) }

// guard is what every request passes first: the Host must be ours, whatever
// proxies and X-Forwarded headers claim, and forms of other sites stay outside.
func (s *Server) guard(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(s.forbidden))
	inner := foreign.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.headers(w.Header())
		if r.Host != s.host {
			http.Error(w, "This shop answers at "+s.Origin+"/", http.StatusMisdirectedRequest)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/wechat/") {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		inner.ServeHTTP(w, r)
	})
}

func (s *Server) headers(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' "+s.WeChat+"; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; frame-src "+s.WeChat+"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
