package cashier

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
)

// Till is one generation of WeChat Pay at the counter. All that differs between
// the generations is behind it; V3, V2 and Legacy are the three there are.
type Till interface {
	// Name is v3, v2 or 2014.
	Name() string
	// Seller is who takes the money.
	Seller() shop.Seller
	// Now is the merchant's clock.
	Now() time.Time
	// Place makes WeChat know an order. Doing so again is safe.
	Place(ctx context.Context, o shop.Order) (Ticket, error)
	// Spent tells whether Place was refused because the order is paid or closed.
	Spent(err error) bool
	// Page signs what the page of a placed order hands to WeChat.
	Page(o shop.Order) (*PageParams, error)
	// Poster is the text of a code that sells one piece to whoever scans it, for ever;
	// empty if the generation has none.
	Poster(product string) (string, error)
	// Ask asks WeChat about an order.
	Ask(ctx context.Context, o shop.Order) (Answer, error)
	// End ends an unpaid order as well as the generation can. A payment that lands
	// first wins.
	End(ctx context.Context, o shop.Order) (Answer, error)
	// Refund asks for r, a refund of o, always under the same number.
	Refund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error)
	// AskRefund asks how far r is. The error is errNoRefund if r has to be asked for again.
	AskRefund(ctx context.Context, o shop.Order, r shop.Refund) (shop.RefundReport, error)
	// Notices receives what WeChat has to say, and tells c.
	Notices(c *Cashier, opts ...notify.Option) *notify.Handler
	// CloseIdleConnections closes what is not in use.
	CloseIdleConnections()
}

// Ticket is by what a placed order can be paid.
type Ticket struct {
	PrepayID string // for pages
	CodeURL  string // for phones that scan
}

// PageParams is what a page hands to WeixinJSBridge.invoke('getBrandWCPayRequest').
// All generations spell it the same and sign it differently.
type PageParams struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// Standing is where WeChat says an order stands.
type Standing int

// The standings. Open is also an order WeChat does not know: it proves nothing.
const (
	Open  Standing = iota
	Paid           // see Answer.Payment
	Over           // it cannot be paid any more
	Loose          // nobody can close it at WeChat: it may still be paid until Answer.Until
)

// Answer is what WeChat says about an order.
type Answer struct {
	Standing Standing
	Payment  shop.Payment
	Until    time.Time
}

var (
	errNoRefund = errors.New("cashier: WeChat has no such refund, or has not decided: it has to be asked for again")
	errOther    = errors.New("cashier: asked for one order, was told of another")
)

// shopAddress is sent where there is no browser, or where its address does not fit.
const shopAddress = "127.0.0.1"
