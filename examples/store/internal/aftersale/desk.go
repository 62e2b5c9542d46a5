// Package aftersale is what the shop does once an order is paid: it tells WeChat that
// the goods are on their way, hears that they have come, answers those who complain,
// and keeps the alarms that WeChat raises.
//
// It keeps the rules of package cashier: what is to be told is on disk first, a notice
// takes effect once and is then acknowledged, and where nobody knows the outcome of a
// call, what WeChat has on record decides.
package aftersale

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// Line is the way to WeChat that one generation has. Today and Old are the two there are.
type Line interface {
	// Ship tells WeChat how an order travels. Doing so again with the same shipment is safe.
	Ship(ctx context.Context, o shop.Order, p shop.Shipment) error
	// Received asks WeChat whether the customer has the goods.
	Received(ctx context.Context, o shop.Order) (bool, error)
	// Replies tells whether the shop can answer a complaint in words.
	Replies() bool
	// Read reads a complaint anew. The error is errLocal if only the shop's books know it.
	Read(ctx context.Context, id string) (shop.Complaint, error)
	// Reply says something to who complains.
	Reply(ctx context.Context, id, words string) error
	// Approve agrees to the refund that was asked for; it moves no money.
	Approve(ctx context.Context, id string) error
	// Complete says that the shop is done.
	Complete(ctx context.Context, c shop.Complaint) error
	// Picture opens a picture of a complaint by its address.
	Picture(ctx context.Context, address string) (io.ReadCloser, error)
	// Recent are the ids of the latest complaints, for those whose notice was lost.
	Recent(ctx context.Context) ([]string, error)
	// Notices receives complaints and alarms, and tells d.
	Notices(d *Desk) http.Handler
	// Push receives what becomes of shipments; nil if nobody says so.
	Push(d *Desk) http.Handler
	// CloseIdleConnections closes what is not in use.
	CloseIdleConnections()
}

// Config is what a Desk needs; Now and Log may be nil.
type Config struct {
	Store   *shop.Store
	Cashier *cashier.Cashier
	Line    Line
	Now     func() time.Time
	Log     *slog.Logger
}

// Desk is safe for concurrent use.
type Desk struct {
	store   *shop.Store
	cashier *cashier.Cashier
	line    Line
	now     func() time.Time
	log     *slog.Logger

	mu    sync.Mutex // guards swept
	swept time.Time
}

// New makes a Desk. It calls nobody.
func New(c Config) (*Desk, error) {
	if c.Store == nil || c.Cashier == nil || c.Line == nil {
		return nil, errors.New("aftersale: Store, Cashier and Line are all needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{store: c.Store, cashier: c.Cashier, line: c.Line, now: c.Now, log: c.Log}, nil
}

// What can be wrong with what the merchant wants.
var (
	// ErrNotNow is an action that is not possible as the complaint stands.
	ErrNotNow = errors.New("aftersale: not possible for this complaint now")
	// ErrUnsure is a call nobody knows the outcome of: look again before trying again.
	ErrUnsure = errors.New("aftersale: WeChat gave no certain answer")

	errLocal = errors.New("aftersale: only the shop's own books know this")
)

// Now is the desk's clock.
func (d *Desk) Now() time.Time { return d.now() }

// Replies tells whether complaints can be answered in words.
func (d *Desk) Replies() bool { return d.line.Replies() }

// Notices receives complaints and alarms.
func (d *Desk) Notices() http.Handler { return d.line.Notices(d) }

// Push receives what becomes of shipments; nil if nobody says so.
func (d *Desk) Push() http.Handler { return d.line.Push(d) }

// CloseIdleConnections closes what is not in use.
func (d *Desk) CloseIdleConnections() { d.line.CloseIdleConnections() }
