package cashier

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/pay"
)

// ErrNotPayable means that the order is paid, closed or about to end.
var ErrNotPayable = errors.New("cashier: the order cannot be paid any more")

// JSAPI gives the parameters a page inside WeChat hands to WeixinJSBridge. The
// order is placed at WeChat first, if it is not there yet.
func (c *Cashier) JSAPI(ctx context.Context, o shop.Order) (*pay.JSAPIParams, error) {
	if err := c.payable(o, shop.JSAPI); err != nil {
		return nil, err
	}
	if o.PrepayID == "" { // it lives two hours, longer than our orders wait
		var err error
		if o.PrepayID, err = c.placeJSAPI(ctx, o); err != nil {
			return nil, c.refusedToPlace(ctx, o, err)
		}
	}
	return c.orders.JSAPIParams(o.PrepayID)
}

func (c *Cashier) placeJSAPI(ctx context.Context, o shop.Order) (string, error) {
	crash.At(crash.BeforeAPICall)
	prepay, err := c.orders.PrepayJSAPI(ctx, pay.JSAPIRequest{
		Description: o.Description, OutTradeNo: o.No, Attach: o.Note, NotifyURL: c.notifyURL,
		TimeExpire: wechat.Time{Time: o.Expires},
		Amount:     pay.Amount{Total: o.Total}, Payer: pay.Payer{OpenID: o.OpenID},
	})
	crash.At(crash.AfterAPICall)
	if err != nil {
		return "", err
	}
	return prepay.PrepayID, c.store.Prepaid(ctx, o.No, prepay.PrepayID, "")
}

// Native gives the text of the QR code by which the order can be paid.
func (c *Cashier) Native(ctx context.Context, o shop.Order) (codeURL string, err error) {
	if err := c.payable(o, shop.Native); err != nil {
		return "", err
	}
	if o.CodeURL != "" {
		return o.CodeURL, nil
	}
	crash.At(crash.BeforeAPICall)
	native, err := c.orders.PrepayNative(ctx, pay.NativeRequest{
		Description: o.Description, OutTradeNo: o.No, Attach: o.Note, NotifyURL: c.notifyURL,
		TimeExpire: wechat.Time{Time: o.Expires}, Amount: pay.Amount{Total: o.Total},
	})
	crash.At(crash.AfterAPICall)
	if err != nil {
		return "", c.refusedToPlace(ctx, o, err)
	}
	return native.CodeURL, c.store.Prepaid(ctx, o.No, "", native.CodeURL)
}

func (c *Cashier) payable(o shop.Order, by shop.Channel) error {
	if o.State != shop.Pending || o.Channel != by || o.Expires.Sub(c.merchant.Now()) < lastMinute {
		return ErrNotPayable
	}
	return nil
}

// refusedToPlace looks the order up when WeChat says that its number is spent:
// it was paid or closed while we were not looking.
func (c *Cashier) refusedToPlace(ctx context.Context, o shop.Order, err error) error {
	if errors.Is(err, pay.ErrOutTradeNoUsed) || errors.Is(err, pay.ErrOrderClosed) || pay.IsOrderPaid(err) {
		return errors.Join(ErrNotPayable, c.AskOrder(ctx, o))
	}
	return err
}

// Cancel ends an unpaid order at the customer's wish: at WeChat first, then here.
// If the customer was quicker with paying, the order is paid instead.
func (c *Cashier) Cancel(ctx context.Context, o shop.Order) error {
	if o.State != shop.Pending {
		return ErrNotPayable
	}
	return c.end(ctx, o)
}
