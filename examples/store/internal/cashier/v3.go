package cashier

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
)

// V3 is today's generation: JSON and RSA.
type V3 struct {
	merchant  *wechat.Merchant
	appID     string
	notifyURL string
	orders    *pay.Service
	refunds   *refund.Service
}

// NewV3 sells under appID, which is bound to the merchant number. notifyURL is
// where WeChat finds Cashier.Notices from outside.
func NewV3(m *wechat.Merchant, appID, notifyURL string) *V3 {
	return &V3{merchant: m, appID: appID, notifyURL: notifyURL, orders: pay.New(m, appID), refunds: refund.New(m)}
}

// Name is v3.
func (t *V3) Name() string { return "v3" }

// Seller is the merchant number and the app.
func (t *V3) Seller() shop.Seller { return shop.Seller{MchID: t.merchant.ID(), AppID: t.appID} }

// Now is the merchant's clock.
func (t *V3) Now() time.Time { return t.merchant.Now() }

// CloseIdleConnections closes what is not in use.
func (t *V3) CloseIdleConnections() { t.merchant.CloseIdleConnections() }

// Place places an order by the endpoint of its channel.
func (t *V3) Place(ctx context.Context, o shop.Order) (Ticket, error) {
	expire, amount := wechat.Time{Time: o.Expires}, pay.Amount{Total: o.Total}
	if o.Channel == shop.JSAPI {
		p, err := t.orders.PrepayJSAPI(ctx, pay.JSAPIRequest{Description: o.Description, OutTradeNo: o.No, Attach: o.Note, NotifyURL: t.notifyURL,
			TimeExpire: expire, Amount: amount, Payer: pay.Payer{OpenID: o.OpenID}})
		if err != nil {
			return Ticket{}, err
		}
		return Ticket{PrepayID: p.PrepayID}, nil
	}
	n, err := t.orders.PrepayNative(ctx, pay.NativeRequest{Description: o.Description, OutTradeNo: o.No, Attach: o.Note, NotifyURL: t.notifyURL,
		TimeExpire: expire, Amount: amount})
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{CodeURL: n.CodeURL}, nil
}

// Spent looks for the three ways of saying so.
func (t *V3) Spent(err error) bool {
	return errors.Is(err, pay.ErrOutTradeNoUsed) || errors.Is(err, pay.ErrOrderClosed) || pay.IsOrderPaid(err)
}

// Page signs with RSA.
func (t *V3) Page(o shop.Order) (*PageParams, error) {
	p, err := t.orders.JSAPIParams(o.PrepayID)
	if err != nil {
		return nil, err
	}
	page := PageParams(*p)
	return &page, nil
}

// Poster is empty: every code of this generation is made for one order.
func (t *V3) Poster(string) (string, error) { return "", nil }

// Ask queries.
func (t *V3) Ask(ctx context.Context, o shop.Order) (Answer, error) {
	x, err := t.orders.Query(ctx, o.No)
	if errors.Is(err, pay.ErrOrderNotExist) {
		return Answer{}, nil // never placed, or not yet: proves nothing
	}
	if err != nil {
		return Answer{}, err
	}
	return t.answer(o, x)
}

// End closes the order and takes down what became of it. It does not wait: without
// a certain answer it fails, and the next Heal tries again.
func (t *V3) End(ctx context.Context, o shop.Order) (Answer, error) {
	once := pay.Resolver{Orders: t.orders, Schedule: []time.Duration{0}, Sleep: doNotWait}
	r, err := once.Resolve(ctx, o.No)
	switch {
	case err != nil:
		return Answer{}, err
	case r.Outcome == wechat.NotDone:
		return Answer{Standing: Over}, nil
	}
	return t.answer(o, r.Transaction)
}

var errLater = errors.New("cashier: no certain answer yet, it is asked for again later")

func doNotWait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		return errLater
	}
	return ctx.Err()
}

func (t *V3) answer(o shop.Order, x *pay.Transaction) (Answer, error) {
	switch {
	case x.OutTradeNo != o.No:
		return Answer{}, errOther
	case x.TradeState.Paid():
		return Answer{Standing: Paid, Payment: t.payment(x)}, nil
	case x.TradeState.Terminal():
		return Answer{Standing: Over}, nil
	}
	return Answer{}, nil
}

func (t *V3) payment(x *pay.Transaction) shop.Payment {
	currency := x.Amount.Currency
	if currency == "" {
		currency = pay.CNY
	}
	return shop.Payment{No: x.OutTradeNo, TransactionID: x.TransactionID, Seller: shop.Seller{MchID: x.MchID, AppID: x.AppID}, Payer: x.Payer.OpenID,
		Total: x.Amount.Total, Currency: currency, At: x.SuccessTime.Time}
}

// Refund applies for a refund.
func (t *V3) Refund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.refunds.Apply(ctx, refund.Request{TransactionID: o.TransactionID, OutRefundNo: r.No, Reason: r.Reason, NotifyURL: t.notifyURL,
		Amount: refund.Amount{Refund: r.Amount, Total: o.Total}})
	if err != nil {
		return shop.RefundReport{}, err
	}
	return t.report(x), nil
}

// AskRefund queries.
func (t *V3) AskRefund(ctx context.Context, _ shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.refunds.Query(ctx, r.No)
	if errors.Is(err, wechat.ErrNotFound) {
		return shop.RefundReport{}, errNoRefund
	}
	if err != nil {
		return shop.RefundReport{}, err
	}
	return t.report(x), nil
}

func (t *V3) report(x *refund.Refund) shop.RefundReport {
	return shop.RefundReport{No: x.OutRefundNo, RefundID: x.RefundID, OrderNo: x.OutTradeNo, TransactionID: x.TransactionID,
		Amount: x.Amount.Refund, Total: x.Amount.Total, State: shop.RefundState(x.State), At: x.SuccessTime.Time}
}

// Notices takes payments and refunds.
func (t *V3) Notices(c *Cashier, opts ...notify.Option) *notify.Handler {
	h := notify.NewHandler(notify.V3(t.merchant), opts...)
	notify.On(h, pay.Paid, t.OnPaid(c))
	notify.On(h, refund.AnyState, t.OnRefund(c))
	return h
}

// OnPaid applies the notice of a payment. An alarm is on disk when it returns, so
// WeChat need not send that notice again.
func (t *V3) OnPaid(c *Cashier) func(context.Context, notify.Event[pay.Transaction]) error {
	return func(ctx context.Context, e notify.Event[pay.Transaction]) error {
		if !e.Data.TradeState.Paid() {
			return c.store.Raise(ctx, "notice/"+e.ID, "", "notice without a payment", "order "+e.Data.OutTradeNo+" is "+string(e.Data.TradeState))
		}
		return c.paid(ctx, e.Key, t.payment(&e.Data))
	}
}

// OnRefund applies the notice of a refund.
func (t *V3) OnRefund(c *Cashier) func(context.Context, notify.Event[refund.Refund]) error {
	return func(ctx context.Context, e notify.Event[refund.Refund]) error {
		return c.refunded(ctx, e.Key, t.report(&e.Data))
	}
}
