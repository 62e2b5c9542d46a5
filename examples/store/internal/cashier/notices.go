package cashier

import (
	"context"
	"log/slog"

	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
)

// Notices receives WeChat's notices. There is no fallback: an event nobody
// thought of is answered with an error and sent again, rather than lost. An app
// that is not ours is not refused here but becomes an alarm in the books.
func (c *Cashier) Notices(opts ...notify.Option) *notify.Handler {
	opts = append([]notify.Option{notify.WithLogger(c.log), notify.WithObserver(beforeAck)}, opts...)
	h := notify.NewHandler(notify.V3(c.merchant), opts...)
	notify.On(h, pay.Paid, c.OnPaid)
	notify.On(h, refund.AnyState, c.OnRefund)
	return h
}

func beforeAck(_ context.Context, r notify.Record) {
	if r.Err == nil {
		crash.At(crash.BeforeAck)
	}
}

// OnPaid applies the notice of a payment. An alarm is on disk when it returns,
// so WeChat need not send that notice again.
func (c *Cashier) OnPaid(ctx context.Context, e notify.Event[pay.Transaction]) error {
	return c.paid(ctx, e.Key, &e.Data)
}

// paid applies a payment that a notice or a query reports.
func (c *Cashier) paid(ctx context.Context, key string, t *pay.Transaction) error {
	currency := t.Amount.Currency
	if currency == "" {
		currency = pay.CNY
	}
	result, err := c.store.Paid(ctx, shop.Payment{
		Key: key, No: t.OutTradeNo, TransactionID: t.TransactionID, Seller: shop.Seller{MchID: t.MchID, AppID: t.AppID},
		Total: t.Amount.Total, Currency: currency, At: t.SuccessTime.Time,
	})
	c.note("payment", t.OutTradeNo, result, err)
	return err
}

// OnRefund applies the notice of a refund.
func (c *Cashier) OnRefund(ctx context.Context, e notify.Event[refund.Refund]) error {
	return c.refunded(ctx, e.Key, &e.Data)
}

// refunded applies a refund's state that a notice or an answer reports.
func (c *Cashier) refunded(ctx context.Context, key string, r *refund.Refund) error {
	result, err := c.store.Refunded(ctx, shop.RefundReport{
		Key: key, No: r.OutRefundNo, RefundID: r.RefundID, OrderNo: r.OutTradeNo, TransactionID: r.TransactionID,
		Amount: r.Amount.Refund, Total: r.Amount.Total, State: shop.RefundState(r.State), At: r.SuccessTime.Time,
	})
	c.note("refund", r.OutRefundNo, result, err)
	return err
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
