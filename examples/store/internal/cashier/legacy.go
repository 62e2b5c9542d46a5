package cashier

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/seal"
)

// Legacy is the generation of 2014. Nothing is placed beforehand: the page or the
// answer to a scan carries the order. Nothing can be closed either, so a closed
// order is watched until it has expired; and refunds have no notice.
type Legacy struct {
	merchant  *wechat.MerchantLegacy
	password  seal.Key
	notifyURL string
	orders    *legacy.Service
}

// NewLegacy sells for m. password is the Tenpay operator's, for refunds; notifyURL
// is where WeChat finds Cashier.Notices from outside, for scanned codes too.
func NewLegacy(m *wechat.MerchantLegacy, password seal.Key, notifyURL string) *Legacy {
	return &Legacy{merchant: m, password: password, notifyURL: notifyURL, orders: legacy.New(m)}
}

// expiryGrace is how long after its end a payment of an order may still show up.
const expiryGrace = 2 * time.Minute

// Name is 2014.
func (t *Legacy) Name() string { return "2014" }

// Seller is the Tenpay number and the app.
func (t *Legacy) Seller() shop.Seller {
	return shop.Seller{MchID: t.merchant.PartnerID(), AppID: t.merchant.AppID()}
}

// Now is the merchant's clock.
func (t *Legacy) Now() time.Time { return t.merchant.Now() }

// CloseIdleConnections closes what is not in use.
func (t *Legacy) CloseIdleConnections() { t.merchant.CloseIdleConnections() }

// Place calls nobody: a page needs no ticket, and a code names the order, about
// which WeChat asks when it is scanned.
func (t *Legacy) Place(_ context.Context, o shop.Order) (Ticket, error) {
	if o.Channel == shop.JSAPI {
		return Ticket{}, nil
	}
	link, err := t.orders.NativeLink(o.No)
	return Ticket{CodeURL: link}, err
}

// Spent is never so: Place is not refused.
func (t *Legacy) Spent(error) bool { return false }

// order is o as the package says it. The address has to be of IPv4.
func (t *Legacy) order(o shop.Order) legacy.Order {
	ip := o.IP
	if at, err := netip.ParseAddr(ip); err != nil || !at.Is4() {
		ip = shopAddress
	}
	return legacy.Order{OutTradeNo: o.No, Body: o.Description, Attach: o.Note, Total: o.Total, NotifyURL: t.notifyURL, IP: ip,
		Start: o.Created, Expire: o.Expires}
}

// Page signs the order itself with the paySignKey.
func (t *Legacy) Page(o shop.Order) (*PageParams, error) {
	p, err := t.orders.JSAPIParams(t.order(o))
	if err != nil {
		return nil, err
	}
	return &PageParams{AppID: p.AppID, TimeStamp: p.Timestamp, NonceStr: p.NonceStr, Package: p.Package, SignType: p.SignType, PaySign: p.PaySign}, nil
}

// Poster is a static native link.
func (t *Legacy) Poster(product string) (string, error) { return t.orders.NativeLink(product) }

// Ask queries. WeChat knows only orders that are paid.
func (t *Legacy) Ask(ctx context.Context, o shop.Order) (Answer, error) {
	x, err := t.orders.Query(ctx, o.No)
	switch {
	case errors.Is(err, legacy.ErrNoOrder):
		return Answer{}, nil
	case err != nil:
		return Answer{}, err
	case !x.Paid():
		return Answer{}, nil
	}
	return Answer{Standing: Paid, Payment: t.payment(*x)}, nil
}

// End only looks: the order ends by itself when it expires.
func (t *Legacy) End(ctx context.Context, o shop.Order) (Answer, error) {
	a, err := t.Ask(ctx, o)
	if err != nil || a.Standing != Open {
		return a, err
	}
	until := o.Expires.Add(expiryGrace)
	if t.Now().Before(until) {
		return Answer{Standing: Loose, Until: until}, nil
	}
	return Answer{Standing: Over}, nil
}

// payment is what the user paid, with what WeChat added to it.
func (t *Legacy) payment(x legacy.Transaction) shop.Payment {
	currency := map[string]string{"1": "CNY"}[x.FeeType]
	if currency == "" {
		currency = "fee_type " + x.FeeType
	}
	total, ok := x.Total.Add(x.Discount)
	if !ok {
		total = x.Total // which fits no order either
	}
	return shop.Payment{No: x.OutTradeNo, TransactionID: x.TransactionID, Seller: shop.Seller{MchID: x.Partner, AppID: t.merchant.AppID()},
		Total: total, Currency: currency, At: x.TimeEnd.Time}
}

// Refund asks Tenpay for a refund, with the client certificate.
func (t *Legacy) Refund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.orders.Refund(ctx, legacy.RefundRequest{TransactionID: o.TransactionID, OutRefundNo: r.No, Total: o.Total, Refund: r.Amount, Password: t.password})
	if err != nil {
		return shop.RefundReport{}, err
	}
	return t.report(o, x.OutTradeNo, x.TransactionID, legacy.RefundItem{OutRefundNo: x.OutRefundNo, RefundID: x.RefundID, Refund: x.Refund, Status: x.Status})
}

// AskRefund queries Tenpay.
func (t *Legacy) AskRefund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error) {
	x, err := t.orders.RefundQuery(ctx, legacy.RefundQuery{OutRefundNo: r.No})
	if errors.Is(err, legacy.ErrNoRefund) {
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
			return t.report(o, x.OutTradeNo, x.TransactionID, i)
		}
	}
	return shop.RefundReport{}, errOther
}

// report words a refund as today's generation does. Tenpay does not repeat the
// order's total.
func (t *Legacy) report(o shop.Order, no, transaction string, i legacy.RefundItem) (shop.RefundReport, error) {
	states := map[legacy.RefundState]shop.RefundState{legacy.RefundSuccess: shop.RefundSuccess, legacy.RefundFailed: shop.RefundClosed,
		legacy.RefundProcessing: shop.RefundProcessing, legacy.RefundManual: shop.RefundAbnormal}
	state, ok := states[i.Status.State()]
	if !ok {
		return shop.RefundReport{}, fmt.Errorf("%w: refund_status %s", errNoRefund, i.Status)
	}
	return shop.RefundReport{No: i.OutRefundNo, RefundID: i.RefundID, OrderNo: no, TransactionID: transaction,
		Amount: i.Refund, Total: o.Total, State: state, At: i.Time.Time}, nil
}

// Notices takes payments and scanned codes.
func (t *Legacy) Notices(c *Cashier, opts ...notify.Option) *notify.Handler {
	h := notify.NewHandler(notify.Legacy(t.merchant), opts...)
	notify.On(h, legacy.Paid, func(ctx context.Context, e notify.Event[legacy.Payment]) error {
		p := t.payment(e.Data.Transaction)
		p.Payer = e.Data.OpenID
		return c.paid(ctx, e.Key, p)
	})
	notify.Answer(h, legacy.Scanned, func(ctx context.Context, e notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
		o, err := c.scanned(ctx, e.Data.ProductID, e.Data.OpenID)
		if words := wordsFor(err); words != "" {
			return legacy.Refuse(words), nil
		}
		if err != nil {
			return legacy.NativeReply{}, err
		}
		return t.orders.Reply(t.order(o))
	})
	return h
}
