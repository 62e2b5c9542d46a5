package cashier

import (
	"context"
	"errors"
	"log/slog"

	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
)

// Notices receives WeChat's notices. There is no fallback: an event nobody
// thought of is answered with an error and sent again, rather than lost. An app
// that is not ours is not refused here but becomes an alarm in the books.
func (c *Cashier) Notices(opts ...notify.Option) *notify.Handler {
	return c.till.Notices(c, append([]notify.Option{notify.WithLogger(c.log), notify.WithObserver(beforeAck)}, opts...)...)
}

func beforeAck(_ context.Context, r notify.Record) {
	if r.Err == nil {
		crash.At(crash.BeforeAck)
	}
}

// paid applies a payment that a notice or a query reports. An alarm is on disk when
// it returns, so WeChat need not report it again.
func (c *Cashier) paid(ctx context.Context, key string, p shop.Payment) error {
	p.Key = key
	result, err := c.store.Paid(ctx, p)
	c.note("payment", p.No, result, err)
	return err
}

// refunded applies a refund's state that a notice or an answer reports.
func (c *Cashier) refunded(ctx context.Context, key string, r shop.RefundReport) error {
	r.Key = key
	result, err := c.store.Refunded(ctx, r)
	c.note("refund", r.No, result, err)
	return err
}

// refundHint takes a report that proves little for a reason to ask WeChat. One
// about a refund that is not ours becomes an alarm.
func (c *Cashier) refundHint(ctx context.Context, report shop.RefundReport) error {
	r, err := c.store.RefundOf(ctx, report.No)
	if errors.Is(err, shop.ErrNotFound) {
		return c.refunded(ctx, "", report)
	}
	if err != nil {
		return err
	}
	return c.AskRefund(ctx, r)
}

func (c *Cashier) note(what, no string, result shop.Result, err error) {
	switch {
	case err != nil:
		c.log.Warn("books", "what", what, "no", no, "error", err)
	case result == shop.Alarmed:
		c.log.Error("books do not match", "what", what, "no", no)
	default:
		c.log.Info("books", slog.String("what", what), slog.String("no", no), slog.String("result", result.String()))
	}
}
