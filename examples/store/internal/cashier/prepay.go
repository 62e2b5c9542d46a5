package cashier

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// ErrNotPayable means that the order is paid, closed or about to end.
var ErrNotPayable = errors.New("cashier: the order cannot be paid any more")

// JSAPI gives the parameters a page inside WeChat hands to WeixinJSBridge. The
// order is placed at WeChat first, if it is not there yet.
func (c *Cashier) JSAPI(ctx context.Context, o shop.Order) (*PageParams, error) {
	o, err := c.placed(ctx, o, shop.JSAPI)
	if err != nil {
		return nil, err
	}
	return c.till.Page(o)
}

// Native gives the text of the QR code by which the order can be paid.
func (c *Cashier) Native(ctx context.Context, o shop.Order) (codeURL string, err error) {
	o, err = c.placed(ctx, o, shop.Native)
	return o.CodeURL, err
}

// placed is the order with its ticket. A ticket lives two hours, longer than our
// orders wait.
func (c *Cashier) placed(ctx context.Context, o shop.Order, by shop.Channel) (shop.Order, error) {
	if o.State != shop.Pending || o.Channel != by || o.Expires.Sub(c.till.Now()) < lastMinute {
		return shop.Order{}, ErrNotPayable
	}
	if o.PrepayID+o.CodeURL != "" {
		return o, nil
	}
	crash.At(crash.BeforeAPICall)
	ticket, err := c.till.Place(ctx, o)
	crash.At(crash.AfterAPICall)
	if c.till.Spent(err) { // it was paid or closed while we were not looking
		return shop.Order{}, errors.Join(ErrNotPayable, c.AskOrder(ctx, o))
	}
	if err != nil {
		return shop.Order{}, err
	}
	if ticket == (Ticket{}) { // the page itself carries the order
		return o, nil
	}
	o.PrepayID, o.CodeURL = ticket.PrepayID, ticket.CodeURL
	return o, c.store.Prepaid(ctx, o.No, o.PrepayID, o.CodeURL)
}

// Cancel ends an unpaid order at the customer's wish: at WeChat first, then here.
// If the customer was quicker with paying, the order is paid instead.
func (c *Cashier) Cancel(ctx context.Context, o shop.Order) error {
	if o.State != shop.Pending {
		return ErrNotPayable
	}
	return c.end(ctx, o)
}
