// Package cashier stands between the shop and WeChat Pay: it places orders and
// refunds, receives notices, and asks WeChat about whatever no notice came for.
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

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
)

// Config is what a Cashier needs; Log may be nil.
type Config struct {
	Store     *shop.Store
	Merchant  *wechat.Merchant
	AppID     string // bound to the merchant number
	NotifyURL string // where WeChat finds Cashier.Notices from outside
	Log       *slog.Logger
}

// Cashier is safe for concurrent use.
type Cashier struct {
	store     *shop.Store
	merchant  *wechat.Merchant
	appID     string
	notifyURL string
	orders    *pay.Service
	refunds   *refund.Service
	log       *slog.Logger
}

// New makes a Cashier. It calls nobody.
func New(c Config) (*Cashier, error) {
	if c.Store == nil || c.Merchant == nil || c.AppID == "" || c.NotifyURL == "" {
		return nil, errors.New("cashier: Store, Merchant, AppID and NotifyURL are all needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Cashier{store: c.Store, merchant: c.Merchant, appID: c.AppID, notifyURL: c.NotifyURL,
		orders: pay.New(c.Merchant, c.AppID), refunds: refund.New(c.Merchant), log: c.Log}, nil
}

// Seller is whom the cashier works for.
func (c *Cashier) Seller() shop.Seller {
	return shop.Seller{MchID: c.merchant.ID(), AppID: c.appID}
}

// lastMinute is how long before its end an order is no longer offered for
// payment: WeChat refuses orders that expire within a minute.
const lastMinute = time.Minute

func (c *Cashier) overdue(o shop.Order) bool {
	return !c.merchant.Now().Before(o.Expires)
}
