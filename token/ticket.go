package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wxcommerce/wechat"
)

// Kind is what a ticket is for.
type Kind string

// The kinds of tickets.
const (
	JSAPI Kind = "jsapi"   // signing pages for wx.config
	Card  Kind = "wx_card" // coupons and cards
)

// TicketSource gives the ticket that pages are signed with. *Ticket is one.
type TicketSource interface {
	Ticket(ctx context.Context) (wechat.Token, error)
}

// TicketConfig is which ticket to keep, and where. The zero value is a jsapi ticket
// in memory.
type TicketConfig struct {
	Kind Kind // JSAPI if empty
	// Store is shared by all processes that serve the account: tickets have a quota of
	// the day too. It may be the Source's. Memory of this Ticket alone if nil.
	Store Store
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Ticket keeps one ticket of an account the way a Source keeps its token. It is safe
// for concurrent use and needs no closing.
type Ticket struct {
	cache
	app  *wechat.App
	kind Kind
}

// NewTicket keeps tickets of app, which must have a TokenSource. It makes no network call.
func NewTicket(app *wechat.App, cfg TicketConfig) (*Ticket, error) {
	if app == nil {
		return nil, errors.New("token: NewTicket: nil App")
	}
	switch cfg.Kind {
	case "":
		cfg.Kind = JSAPI
	case JSAPI, Card:
	default:
		return nil, fmt.Errorf("token: NewTicket: %w", wechat.Invalid("type", "want jsapi or wx_card"))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Store == nil {
		cfg.Store = newMemory(cfg.Now)
	}
	t := &Ticket{app: app, kind: cfg.Kind}
	t.what = string(cfg.Kind) + " ticket of app " + app.ID()
	t.key = "wechat:ticket:" + string(cfg.Kind) + ":" + app.ID()
	t.store, t.now, t.ask = cfg.Store, cfg.Now, t.fetch
	return t, nil
}

// Ticket returns a ticket that is good now, with the same promises as Source.Token.
func (t *Ticket) Ticket(ctx context.Context) (wechat.Token, error) {
	if t == nil || t.app == nil {
		return wechat.Token{}, errUnmade
	}
	return t.get(ctx)
}

// Refuse has bad replaced if it is still the ticket in use, as Source.Refuse does. No
// call of WeChat's refuses a ticket; it is for operators whose pages report invalid
// signatures.
func (t *Ticket) Refuse(ctx context.Context, bad wechat.Token) error { return t.refuse(ctx, bad) }

// String names the ticket and nothing secret.
func (t *Ticket) String() string { return t.what }

// Format is String whatever the verb.
func (t *Ticket) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.what) }

type ticketRequest struct {
	Kind Kind `query:"type"`
}

// fetch asks for the current ticket.
//
// 获取SDK临时票据
func (t *Ticket) fetch(ctx context.Context, _ bool) (*grant, error) {
	at := t.now()
	a, err := wechat.Call[answer](ctx, t.app, wechat.GET("/cgi-bin/ticket/getticket"), ticketRequest{t.kind})
	if err != nil {
		return nil, err
	}
	return read(a.Ticket, a.Life, at)
}
