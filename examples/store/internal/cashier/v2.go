package cashier

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
)

// V2 is the XML generation.
type V2 struct {
	merchant  *wechat.MerchantV2
	appID     string
	notifyURL string
	orders    *apiv2.Service
}

// NewV2 sells under appID, which is bound to the merchant number. notifyURL is
// where WeChat finds Cashier.Notices from outside; the merchant platform has it as
// the address for scanned codes too.
func NewV2(m *wechat.MerchantV2, appID, notifyURL string) *V2 {
	return &V2{merchant: m, appID: appID, notifyURL: notifyURL, orders: apiv2.New(m, appID)}
}

// Name is v2.
func (t *V2) Name() string { return "v2" }

// Seller is the merchant number and the app.
func (t *V2) Seller() shop.Seller { return shop.Seller{MchID: t.merchant.ID(), AppID: t.appID} }

// Now is the merchant's clock.
func (t *V2) Now() time.Time { return t.merchant.Now() }

// CloseIdleConnections closes what is not in use.
func (t *V2) CloseIdleConnections() { t.merchant.CloseIdleConnections() }

// Place places an order of either kind; a scanned code gets both tickets.
func (t *V2) Place(ctx context.Context, o shop.Order) (Ticket, error) {
	in := apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: o.No, Body: o.Description, Attach: o.Note, Total: o.Total, IP: o.IP,
		NotifyURL: t.notifyURL, ProductID: o.Product, Expire: apiv2.Time{Time: o.Expires}}
	if o.Channel == shop.JSAPI {
		in.TradeType, in.OpenID = pay.TradeJSAPI, o.OpenID
	}
	if in.IP == "" {
		in.IP = shopAddress
	}
	p, err := t.orders.Place(ctx, in)
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{PrepayID: p.PrepayID, CodeURL: p.CodeURL}, nil
}

// Spent looks for the three ways of saying so.
func (t *V2) Spent(err error) bool {
	return errors.Is(err, pay.ErrOutTradeNoUsed) || errors.Is(err, pay.ErrOrderClosed) || errors.Is(err, pay.ErrOrderPaid)
}

// Page signs with the key of APIv2.
func (t *V2) Page(o shop.Order) (*PageParams, error) {
	p, err := t.orders.JSAPIParams(o.PrepayID)
	if err != nil {
		return nil, err
	}
	return &PageParams{AppID: p.AppID, TimeStamp: p.Timestamp, NonceStr: p.NonceStr, Package: p.Package, SignType: p.SignType, PaySign: p.PaySign}, nil
}

// Poster is a link of native mode 1.
func (t *V2) Poster(product string) (string, error) { return t.orders.NativeLink(product) }

// Ask queries.
func (t *V2) Ask(ctx context.Context, o shop.Order) (Answer, error) {
	x, err := t.orders.Query(ctx, o.No)
	if errors.Is(err, pay.ErrOrderNotExist) {
		return Answer{}, nil // never placed, or not yet: proves nothing
	}
	if err != nil {
		return Answer{}, err
	}
	return t.answer(o, x)
}

// End closes the order and looks once more. An order that neither knows was never
// placed; its time is over, so it cannot be on its way either.
func (t *V2) End(ctx context.Context, o shop.Order) (Answer, error) {
	closed := t.orders.Close(ctx, o.No)
	x, asked := t.orders.Query(ctx, o.No)
	if asked == nil {
		if a, err := t.answer(o, x); err != nil || a.Standing != Open {
			return a, err
		}
	}
	if closed == nil || errors.Is(closed, pay.ErrOrderNotExist) && errors.Is(asked, pay.ErrOrderNotExist) {
		return Answer{Standing: Over}, nil
	}
	return Answer{}, errors.Join(errLater, closed, asked)
}

func (t *V2) answer(o shop.Order, x *apiv2.Transaction) (Answer, error) {
	switch {
	case x.OutTradeNo != o.No:
		return Answer{}, errOther
	case x.Paid():
		return Answer{Standing: Paid, Payment: t.payment(x)}, nil
	case x.TradeState.Terminal():
		return Answer{Standing: Over}, nil
	}
	return Answer{}, nil
}

func (t *V2) payment(x *apiv2.Transaction) shop.Payment {
	currency := x.FeeType
	if currency == "" {
		currency = pay.CNY
	}
	return shop.Payment{No: x.OutTradeNo, TransactionID: x.TransactionID, Seller: shop.Seller{MchID: x.MchID, AppID: x.AppID}, Payer: x.OpenID,
		Total: x.Total, Currency: currency, At: x.TimeEnd.Time}
}

// Refund asks for a refund, with the client certificate.
func (t *V2) Refund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.orders.Refund(ctx, apiv2.RefundRequest{TransactionID: o.TransactionID, OutRefundNo: r.No, Reason: r.Reason, NotifyURL: t.notifyURL,
		Total: o.Total, Refund: r.Amount})
	if err != nil {
		return shop.RefundReport{}, err
	}
	return shop.RefundReport{No: x.OutRefundNo, RefundID: x.RefundID, OrderNo: x.OutTradeNo, TransactionID: x.TransactionID,
		Amount: x.Refund, Total: x.Total, State: shop.RefundProcessing}, nil // accepted is all this answer says
}

// AskRefund queries.
func (t *V2) AskRefund(ctx context.Context, _ shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.orders.RefundQuery(ctx, apiv2.RefundQuery{OutRefundNo: r.No})
	if errors.Is(err, apiv2.ErrRefundNotExist) {
		return shop.RefundReport{}, errNoRefund
	}
	if err != nil {
		return shop.RefundReport{}, err
	}
	items, err := x.Items()
	if err != nil {
		return shop.RefundReport{}, err
	}
	for _, i := range items {
		if i.OutRefundNo == r.No {
			return shop.RefundReport{No: i.OutRefundNo, RefundID: i.RefundID, OrderNo: x.OutTradeNo, TransactionID: x.TransactionID,
				Amount: i.Refund, Total: x.Total, State: stateV2(i.State), At: i.SuccessTime.Time}, nil
		}
	}
	return shop.RefundReport{}, errOther
}

// stateV2 words a state as the younger generation does.
func stateV2(s apiv2.RefundState) shop.RefundState {
	switch s {
	case apiv2.RefundClosed:
		return shop.RefundClosed
	case apiv2.RefundChange:
		return shop.RefundAbnormal
	}
	return shop.RefundState(s)
}

// Notices takes payments, refunds and scanned codes.
func (t *V2) Notices(c *Cashier, opts ...notify.Option) *notify.Handler {
	h := notify.NewHandler(notify.V2(t.merchant), opts...)
	notify.On(h, apiv2.Paid, func(ctx context.Context, e notify.Event[apiv2.Transaction]) error {
		return c.paid(ctx, e.Key, t.payment(&e.Data))
	})
	notify.On(h, apiv2.Refunded, func(ctx context.Context, e notify.Event[apiv2.RefundNotice]) error {
		x := e.Data
		return c.refundHint(ctx, shop.RefundReport{No: x.OutRefundNo, RefundID: x.RefundID, OrderNo: x.OutTradeNo, TransactionID: x.TransactionID,
			Amount: x.Refund, Total: x.Total, State: stateV2(x.State), At: x.SuccessTime.Time})
	})
	notify.Answer(h, apiv2.Scanned, func(ctx context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
		o, err := c.scanned(ctx, e.Data.ProductID, e.Data.OpenID)
		if words := wordsFor(err); words != "" {
			return apiv2.Refuse(words), nil
		}
		return apiv2.Order(o.PrepayID), err
	})
	return h
}
