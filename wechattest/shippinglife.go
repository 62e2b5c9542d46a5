package wechattest

import "time"

// How long the steps of an order's life take. Those of settlement are the
// simulator's own; nothing is documented.
const (
	shipWithin     = 48 * time.Hour
	confirmExpress = 10 * 24 * time.Hour
	confirmOther   = 2 * 24 * time.Hour
	settleAfter    = 24 * time.Hour
	finishAfter    = time.Hour
)

// plan sets when the next step is due.
func (o *shipOrder) plan() {
	o.next = time.Time{}
	switch o.state {
	case shipWaiting:
		if o.next = o.PaidAt.Add(shipWithin); o.waitsTill.After(o.next) {
			o.next = o.waitsTill
		}
		if o.overdue {
			o.next = time.Time{}
		}
	case shipShipped:
		o.next = o.confirmsAt()
	case shipConfirmed:
		o.next = o.confirmed.Add(settleAfter)
	case shipSettling:
		o.next = o.confirmed.Add(settleAfter + finishAfter)
	}
}

// confirmsAt is when the receipt counts as confirmed although nobody did.
func (o *shipOrder) confirmsAt() time.Time {
	if o.by == 1 {
		return o.shipped.Add(confirmExpress)
	}
	return o.shipped.Add(confirmOther)
}

func (o *shipOrder) confirm(now time.Time, method int) {
	o.state, o.confirmed, o.method = shipConfirmed, now, method
	o.plan()
}

// nextShipping is when the next step of any order is due; a.mu is held.
func (a *App) nextShipping() (first time.Time, ok bool) {
	a.readPaid()
	for _, o := range a.shipping.orders {
		if !o.next.IsZero() && !a.closed && (!ok || o.next.Before(first)) {
			first, ok = o.next, true
		}
	}
	return first, ok
}

// runShipping takes the steps that are due; a.mu is held.
func (a *App) runShipping(now time.Time) {
	a.readPaid()
	for _, o := range a.shipping.orders {
		for !a.closed && !o.next.IsZero() && !o.next.After(now) {
			a.stepShipping(o)
		}
	}
}

// stepShipping takes one step of an order's life, at its time.
func (a *App) stepShipping(o *shipOrder) {
	at := o.next
	switch o.state {
	case shipWaiting:
		o.overdue = true
		a.tradeEvent("trade_manage_remind_shipping", append(o.names(), pushItem{"pay_time", o.PaidAt.Unix()}, pushItem{"msg", "订单支付后48小时内未发货，请尽快发货"})...)
	case shipShipped:
		o.confirm(at, 1)
	case shipConfirmed:
		o.state = shipSettling
	case shipSettling:
		o.state, o.settled = shipFinished, at
		a.tradeEvent("trade_manage_order_settlement", append(o.settlement(), pushItem{"confirm_receive_method", int64(o.method)},
			pushItem{"confirm_receive_time", o.confirmed.Unix()}, pushItem{"settlement_time", at.Unix()})...)
	}
	o.plan()
}

// names are the members that name an order in an event.
func (o *shipOrder) names() []pushItem {
	return []pushItem{{"transaction_id", o.TransactionID}, {"merchant_id", o.MchID}, {"sub_merchant_id", o.SubMchID}, {"merchant_trade_no", o.OutTradeNo}}
}

// settlement is what both events of a shipped order say.
func (o *shipOrder) settlement() []pushItem {
	return append(o.names(), pushItem{"pay_time", o.PaidAt.Unix()}, pushItem{"shipped_time", o.shipped.Unix()},
		pushItem{"estimated_settlement_time", o.confirmsAt().Add(settleAfter + finishAfter).Unix()})
}
