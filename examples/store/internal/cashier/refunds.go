package cashier

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// Refund writes a refund down and asks WeChat for it. No error means that it is
// on disk: if WeChat could not be asked, Heal asks again with the same number.
func (c *Cashier) Refund(ctx context.Context, orderNo string, amount wechat.Fen, reason, formToken string) (shop.Refund, error) {
	r, err := c.store.RequestRefund(ctx, orderNo, amount, reason, formToken)
	if err != nil {
		return shop.Refund{}, err
	}
	crash.At(crash.AfterRefundInsert)
	if r.State == shop.RefundRequested {
		if err := c.sendRefund(ctx, r); err != nil {
			c.log.Warn("refund", "no", r.No, "error", err)
		}
	}
	return c.store.RefundOf(ctx, r.No)
}

// sendRefund asks WeChat for r. Whatever comes of it, r keeps its number.
func (c *Cashier) sendRefund(ctx context.Context, r shop.Refund) error {
	o, err := c.store.Order(ctx, r.OrderNo)
	if err != nil {
		return err
	}
	report, err := c.till.Refund(ctx, o, r)
	crash.At(crash.BeforeRefundOutcome)
	if err != nil {
		return errors.Join(err, c.store.RefundProblem(ctx, r.No, problemOf(err)))
	}
	return c.refunded(ctx, "", report)
}

// problemOf words an error for the merchant page.
func problemOf(err error) string {
	var refused *wechat.APIError
	if errors.As(err, &refused) {
		return string(refused.Code) + " " + refused.Message
	}
	return "没有收到微信的答复，将用同一退款单号重试 / no answer from WeChat, will be tried again under the same number"
}

// AskRefund asks WeChat how far r is, and asks for it again if WeChat does not know it.
func (c *Cashier) AskRefund(ctx context.Context, r shop.Refund) error {
	o, err := c.store.Order(ctx, r.OrderNo)
	if err != nil {
		return err
	}
	report, err := c.till.AskRefund(ctx, o, r)
	if errors.Is(err, errNoRefund) {
		return c.sendRefund(ctx, r)
	}
	if err != nil {
		return err
	}
	return c.refunded(ctx, "", report)
}
