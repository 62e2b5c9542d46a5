package jssdk

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// TicketSource gives the ticket to sign with. The *token.Ticket of token.NewTicket is
// one.
type TicketSource interface {
	Ticket(ctx context.Context) (wechat.Token, error)
}

// Config is whose pages are signed.
type Config struct {
	AppID   string       // of the service account
	Tickets TicketSource // of kind token.JSAPI
	// Hosts are the hosts of the shop's own pages, with a port unless it is the usual
	// one, such as shop.example; a sub-domain is another host. A page's address comes
	// from a browser: for other hosts nothing is signed. All of them, up to five, must
	// be set as safe domains in the console.
	Hosts []string
	// Cards gives tickets of kind token.Card, for Card alone; nil otherwise.
	Cards TicketSource
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Signer signs pages. It is immutable and safe for concurrent use.
type Signer struct{ cfg Config }

// New checks cfg, names what is wrong, and makes no network call.
func New(cfg Config) (*Signer, error) {
	if cfg.Tickets == nil {
		return nil, errors.New("jssdk: nil Tickets")
	}
	var f check.Fields
	f.ID("appid", cfg.AppID, 32)
	f.Hosts("hosts", cfg.Hosts)
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("jssdk: %w", err)
	}
	cfg.Hosts = slices.Clone(cfg.Hosts)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Signer{cfg}, nil
}

// String names the app and nothing secret.
func (s *Signer) String() string { return "page signer of app " + s.cfg.AppID }

// Format is String whatever the verb.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// PageConfig is what a page gives to wx.config.
type PageConfig struct {
	Debug       bool     `json:"debug,omitempty"` // the client shows what it does
	AppID       string   `json:"appId"`
	Timestamp   int64    `json:"timestamp"` // Unix seconds
	NonceStr    string   `json:"nonceStr"`  // with a capital S here, noncestr where it is signed
	Signature   string   `json:"signature"`
	JSAPIList   []string `json:"jsApiList"`
	OpenTagList []string `json:"openTagList,omitempty"`
}

// Config signs the page at pageURL, its whole address as the browser has it, for the
// calls named in apis. What follows # is cut off; nothing else is changed, for the
// client signs byte for byte. A page of another host is a *wechat.FieldError.
func (s *Signer) Config(ctx context.Context, pageURL string, apis ...string) (*PageConfig, error) {
	var f check.Fields
	page := f.PageURL("url", pageURL, s.cfg.Hosts)
	for _, name := range apis {
		f.Number("jsApiList", name, 1, 64, "_:.")
	}
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("jssdk: %w", err)
	}
	ticket, err := ticketOf(ctx, s.cfg.Tickets)
	if err != nil {
		return nil, err
	}
	nonce, at := wechat.Nonce(), s.cfg.Now()
	return &PageConfig{AppID: s.cfg.AppID, Timestamp: at.Unix(), NonceStr: nonce, Signature: Signature(ticket, nonce, at, page), JSAPIList: append([]string{}, apis...)}, nil
}

func ticketOf(ctx context.Context, src TicketSource) (wechat.Token, error) {
	ticket, err := src.Ticket(ctx)
	if err != nil {
		return wechat.Token{}, fmt.Errorf("jssdk: no ticket: %w", err)
	}
	if ticket.IsZero() {
		return wechat.Token{}, errors.New("jssdk: the TicketSource gave an empty ticket")
	}
	return ticket, nil
}

// Signature is the signature of wx.config: lower-case hex SHA-1 over the four values
// by name, raw. pageURL must hold no fragment. Config is what checks it.
func Signature(ticket wechat.Token, nonce string, at time.Time, pageURL string) string {
	return sha1Of("jsapi_ticket=" + string(ticket.Bytes()) + "&noncestr=" + nonce + "&timestamp=" + strconv.FormatInt(at.Unix(), 10) + "&url=" + pageURL)
}

func sha1Of(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
