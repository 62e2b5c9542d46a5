// Package cashier stands between the shop and WeChat Pay: it places orders and
// refunds, receives notices, and asks WeChat about whatever no notice came for. It
// does so in any of three generations of WeChat Pay; see Till.
//
// Three rules carry it. A number is on the shop's disk before WeChat hears of
// it. What WeChat says is believed only with its signature, and applied in one
// transaction with the shop's own books. When nobody knows whether a call
// worked, the same call is made again under the same number.
package cashier

import (
	"errors"
	"log/slog"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// Config is what a Cashier needs; Log may be nil.
type Config struct {
	Store *shop.Store
	Till  Till
	Log   *slog.Logger
}

// Cashier is safe for concurrent use.
type Cashier struct {
	store *shop.Store
	till  Till
	log   *slog.Logger
}

// New makes a Cashier. It calls nobody.
func New(c Config) (*Cashier, error) {
	if c.Store == nil || c.Till == nil {
		return nil, errors.New("cashier: Store and Till are both needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Cashier{store: c.Store, till: c.Till, log: c.Log}, nil
}

// Seller is whom the cashier works for.
func (c *Cashier) Seller() shop.Seller { return c.till.Seller() }

// Generation is the name of the till's generation: v3, v2 or 2014.
func (c *Cashier) Generation() string { return c.till.Name() }

// Poster is the text of a code that sells one piece of a product to whoever scans
// it; empty if the generation has none.
func (c *Cashier) Poster(product string) (string, error) { return c.till.Poster(product) }

// lastMinute is how long before its end an order is no longer offered for
// payment: WeChat refuses orders that expire within a minute.
const lastMinute = time.Minute

func (c *Cashier) overdue(o shop.Order) bool {
	return !c.till.Now().Before(o.Expires)
}
