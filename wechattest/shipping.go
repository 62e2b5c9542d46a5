package wechattest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
)

// States of an order in shipping management, as order_state counts them.
const (
	shipWaiting   = 1
	shipShipped   = 2
	shipConfirmed = 3
	shipFinished  = 4
	shipRefunded  = 5
	shipSettling  = 6
)

// shippingDesk is 小程序发货信息管理服务 of a mini program; App.mu guards it.
type shippingDesk struct {
	orders        []*shipOrder // oldest payment known first
	seen          int          // records of the attached Pay that were looked at
	path          string       // of the page behind the message
	unmanaged     bool
	unconfirmed   bool
	transactionNo int
}

// shipOrder is one payment, and how its goods travel.
type shipOrder struct {
	PaidOrder
	created   time.Time
	known     time.Time // before it nothing is said about the order
	state     int
	mode, by  int
	finished  bool
	count     int // of finished shipments
	parcels   []shipParcel
	uploaded  time.Time // upload_time of the last upload
	shipped   time.Time
	confirmed time.Time
	method    int // who confirmed: 1 time, 2 the buyer
	settled   time.Time
	waitsTill time.Time // declared special
	overdue   bool      // the shop was told
	asked     bool      // the buyer was asked to confirm
	next      time.Time // of what the life of the order has in store; zero for nothing
}

// PaidOrder is a payment in a mini program, as shipping management knows it.
type PaidOrder struct {
	MchID         string
	SubMchID      string // of a partner's order
	OutTradeNo    string
	TransactionID string // made if empty
	// CombineMchID and CombineOutTradeNo name the combined order it is a part of.
	CombineMchID      string
	CombineOutTradeNo string
	OpenID            string // of who paid, under the mini program's app id
	Total             wechat.Fen
	PaidAt            time.Time // now if zero
}

// ShippingOrder is a PaidOrder and what became of it.
type ShippingOrder struct {
	PaidOrder
	State       int // order_state
	Finished    bool
	Count       int // finish_shipping_count
	Tracking    []string
	ShippedAt   time.Time
	ConfirmedAt time.Time
	SettledAt   time.Time
	Asked       bool // the buyer was reminded to confirm
}

// ErrNotShipped is an order whose receipt cannot be confirmed.
var ErrNotShipped = errors.New("wechattest: the order is not on its way")

func (a *App) routeShipping() {
	add := func(name string, serve appEndpoint) { a.route("POST", "/wxa/sec/order/"+name, serve).only(MiniProgram) }
	add("upload_shipping_info", (*App).uploadShipping)
	add("upload_combined_shipping_info", (*App).uploadCombined)
	add("get_order", (*App).getShipOrder)
	add("get_order_list", (*App).listShipOrders)
	add("notify_confirm_receive", (*App).askToConfirm)
	add("set_msg_jump_path", (*App).setJumpPath)
	add("is_trade_managed", (*App).isTradeManaged)
	add("is_trade_management_confirmation_completed", (*App).isTradeConfirmed)
	add("opspecialorder", (*App).declareSpecial)
	a.route("POST", "/cgi-bin/express/delivery/open_msg/get_delivery_list", (*App).deliveryList).only(MiniProgram)
}

// AddPaid makes a payment known to shipping management, as those of AppConfig.Pay
// are by themselves.
func (a *App) AddPaid(o PaidOrder) (PaidOrder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o.MchID == "" || o.OutTradeNo == "" || o.OpenID == "" || o.Total < 1 {
		return o, errors.New("wechattest: a paid order has a MchID, an OutTradeNo, an OpenID and a Total")
	}
	if o.PaidAt.IsZero() {
		o.PaidAt = a.clock.Now()
	}
	if o.TransactionID == "" {
		a.shipping.transactionNo++
		o.TransactionID = fmt.Sprintf("42990000%s%012d", o.PaidAt.In(beijing).Format("20060102"), a.shipping.transactionNo)
	}
	if a.shipping.transaction(o.TransactionID) != nil {
		return o, errors.New("wechattest: there is a payment with this TransactionID already")
	}
	a.addPaid(o, o.PaidAt)
	a.wake()
	return o, nil
}

func (a *App) addPaid(o PaidOrder, created time.Time) {
	one := &shipOrder{PaidOrder: o, created: created, known: o.PaidAt.Add(a.cfg.ShippingDelay), state: shipWaiting}
	one.plan()
	a.shipping.orders = append(a.shipping.orders, one)
}

// readPaid takes over what was paid, and refunded, in the attached Pay; a.mu is held.
func (a *App) readPaid() {
	p := a.cfg.Pay
	if p == nil || a.cfg.Kind != MiniProgram {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.seq == a.shipping.seen {
		return
	}
	a.shipping.seen = p.state.seq
	for _, key := range p.state.orderList {
		o := p.state.orders[key]
		if o.Paid.IsZero() || o.AppID != a.AppID && o.SubAppID != a.AppID {
			continue
		}
		one := a.shipping.transaction(o.TransactionID)
		if one == nil {
			paid := PaidOrder{MchID: o.MchID, SubMchID: o.SubMchID, OutTradeNo: o.OutTradeNo, TransactionID: o.TransactionID, OpenID: o.OpenID,
				Total: wechat.Fen(o.Total), PaidAt: o.Paid}
			if o.SubAppID == a.AppID {
				paid.OpenID = o.SubOpenID
			}
			a.addPaid(paid, o.Created)
			one = a.shipping.transaction(o.TransactionID)
		}
		if o.Refunded >= o.Total || o.State == stateRevoked {
			one.state, one.next = shipRefunded, time.Time{}
		}
	}
}

func (d *shippingDesk) transaction(id string) *shipOrder {
	i := slices.IndexFunc(d.orders, func(o *shipOrder) bool { return o.TransactionID == id })
	if i < 0 {
		return nil
	}
	return d.orders[i]
}

// ShippingOrder tells about an order by its transaction id. It fails with ErrNoOrder.
func (a *App) ShippingOrder(transactionID string) (ShippingOrder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.readPaid()
	o := a.shipping.transaction(transactionID)
	if o == nil {
		return ShippingOrder{}, ErrNoOrder
	}
	out := ShippingOrder{PaidOrder: o.PaidOrder, State: o.state, Finished: o.finished, Count: o.count, ShippedAt: o.shipped,
		ConfirmedAt: o.confirmed, SettledAt: o.settled, Asked: o.asked}
	for _, p := range o.parcels {
		out.Tracking = append(out.Tracking, p.TrackingNo)
	}
	return out, nil
}

// ConfirmReceipt is the buyer who says that the goods have come. It fails with
// ErrNoOrder, ErrWrongUser or ErrNotShipped.
func (a *App) ConfirmReceipt(transactionID string, by User) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.readPaid()
	o := a.shipping.transaction(transactionID)
	switch {
	case o == nil:
		return ErrNoOrder
	case !by.isZero() && by.OpenID(a.AppID) != o.OpenID:
		return ErrWrongUser
	case o.state != shipShipped:
		return ErrNotShipped
	}
	o.confirm(a.clock.Now(), 2)
	a.wake()
	return nil
}

// SetTradeManaged says whether shipping management is switched on, and whether the
// administrator has confirmed how trades are settled. Both are true at first.
func (a *App) SetTradeManaged(managed, confirmed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shipping.unmanaged, a.shipping.unconfirmed = !managed, !confirmed
}

// MsgJumpPath is the page the shop has set for the shipping message.
func (a *App) MsgJumpPath() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shipping.path
}

// AskToConnect pushes the event that asks the shop to upload shipments by program.
func (a *App) AskToConnect(message string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tradeEvent("trade_manage_remind_access_api", pushItem{"msg", message})
}

// RestrictTrade pushes the event that payments are restricted.
func (a *App) RestrictTrade(message string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tradeEvent("wxa_trade_controlled", pushItem{"msg", message})
}

// tradeEvent pushes an event that comes from no user; a.mu is held.
func (a *App) tradeEvent(event string, items ...pushItem) {
	a.pushEvent(openIDMark(a.AppID)+"platform00000", event, items...)
}
