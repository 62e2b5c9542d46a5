package cashier

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// AskOrder asks WeChat about an unpaid order and believes the answer. An order
// whose time is over is closed on the way.
func (c *Cashier) AskOrder(ctx context.Context, o shop.Order) error {
	if c.overdue(o) {
		return c.end(ctx, o)
	}
	a, err := c.till.Ask(ctx, o)
	if err != nil {
		return err
	}
	return c.believe(ctx, o, a)
}

// end ends an order at WeChat and takes down what became of it; a payment that
// lands first wins. Without a certain answer the order stays open, and the next
// Heal tries again.
func (c *Cashier) end(ctx context.Context, o shop.Order) error {
	a, err := c.till.End(ctx, o)
	if err != nil {
		return err
	}
	return c.believe(ctx, o, a)
}

func (c *Cashier) believe(ctx context.Context, o shop.Order, a Answer) error {
	switch a.Standing {
	case Paid:
		return c.paid(ctx, "", a.Payment)
	case Over:
		return c.store.CloseOrder(ctx, o.No)
	case Loose:
		return c.store.CloseWatched(ctx, o.No, a.Until)
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
