package cashier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/pay"
)

// AskOrder asks WeChat about an unpaid order and believes the answer. An order
// whose time is over is closed on the way.
func (c *Cashier) AskOrder(ctx context.Context, o shop.Order) error {
	if c.overdue(o) {
		return c.end(ctx, o)
	}
	t, err := c.orders.Query(ctx, o.No)
	if errors.Is(err, pay.ErrOrderNotExist) {
		return nil // never placed, or not yet: proves nothing, and it is early
	}
	if err != nil {
		return err
	}
	return c.take(ctx, o, t)
}

// end closes an order at WeChat and takes down what became of it; a payment that
// lands first wins. It does not wait: without a certain answer the order stays
// open, and the next Heal tries again.
func (c *Cashier) end(ctx context.Context, o shop.Order) error {
	once := pay.Resolver{Orders: c.orders, Schedule: []time.Duration{0}, Sleep: doNotWait}
	resolution, err := once.Resolve(ctx, o.No)
	switch {
	case err != nil:
		return err
	case resolution.Outcome == wechat.NotDone:
		return c.store.CloseOrder(ctx, o.No)
	}
	return c.take(ctx, o, resolution.Transaction)
}

var errLater = errors.New("cashier: no certain answer yet, it is asked for again later")

func doNotWait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		return errLater
	}
	return ctx.Err()
}

// take believes what WeChat answered about o.
func (c *Cashier) take(ctx context.Context, o shop.Order, t *pay.Transaction) error {
	switch {
	case t.OutTradeNo != o.No:
		return fmt.Errorf("cashier: asked for order %s, was told of another", o.No)
	case t.TradeState.Paid():
		return c.paid(ctx, "", t)
	case t.TradeState.Terminal():
		return c.store.CloseOrder(ctx, o.No)
	}
	return nil
}

// Heal asks WeChat about every unpaid order and unfinished refund that is due on
// the official schedule, or about all of them. It returns how many it asked for.
// Several processes may heal at once.
func (c *Cashier) Heal(ctx context.Context, all bool) (asked int, err error) {
	orders, err := c.store.DueOrders(ctx, all)
	if err != nil {
		return 0, err
	}
	refunds, err := c.store.DueRefunds(ctx, all)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, o := range orders {
		mine, err := c.store.ClaimOrder(ctx, o)
		if mine {
			asked++
			err = c.AskOrder(ctx, o)
		}
		problems = append(problems, err)
	}
	for _, r := range refunds {
		mine, err := c.store.ClaimRefund(ctx, r)
		if mine {
			asked++
			err = c.AskRefund(ctx, r)
		}
		problems = append(problems, err)
	}
	return asked, errors.Join(problems...)
}

// Run heals every so often until ctx ends.
func (c *Cashier) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := c.Heal(ctx, false); err != nil && ctx.Err() == nil {
				c.log.Warn("heal", "error", err)
			}
		}
	}
}
