package cashier

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// scanned finds the order that a code stands for, or makes one of a product, and
// places it. WeChat waits five seconds for it.
func (c *Cashier) scanned(ctx context.Context, code, openID string) (shop.Order, error) {
	o, err := c.store.Order(ctx, code)
	if errors.Is(err, shop.ErrNotFound) {
		o, err = c.store.PlaceScanned(ctx, c.till.Seller(), openID, code, lastMinute)
	}
	if err != nil {
		return shop.Order{}, err
	}
	return c.placed(ctx, o, shop.Native)
}

// wordsFor tells whoever scanned a code why there is nothing to pay; "" if that is
// not theirs to know.
func wordsFor(err error) string {
	switch {
	case errors.Is(err, ErrNotPayable):
		return "订单已支付或已关闭"
	case errors.Is(err, shop.ErrSoldOut):
		return "商品已售罄"
	case errors.Is(err, shop.ErrNotFound):
		return "没有这件商品"
	}
	return ""
}
