package wechattest

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// shipKey is an order_key.
type shipKey struct {
	Type          int    `json:"order_number_type"`
	TransactionID string `json:"transaction_id"`
	MchID         string `json:"mchid"`
	OutTradeNo    string `json:"out_trade_no"`
}

type shipContact struct {
	Consignor string `json:"consignor_contact,omitempty"`
	Receiver  string `json:"receiver_contact,omitempty"`
}

// shipParcel is a parcel as it is uploaded.
type shipParcel struct {
	TrackingNo string      `json:"tracking_no"`
	Company    string      `json:"express_company"`
	ItemDesc   string      `json:"item_desc"`
	Contact    shipContact `json:"contact"`

	at time.Time
}

// shipUpload is what an upload says of one order.
type shipUpload struct {
	Key     shipKey      `json:"order_key"`
	By      int          `json:"logistics_type"`
	Mode    int          `json:"delivery_mode"`
	Last    *bool        `json:"is_all_delivered"`
	Parcels []shipParcel `json:"shipping_list"`
}

// shipCommon is what an upload says once.
type shipCommon struct {
	UploadTime string `json:"upload_time"`
	Payer      struct {
		OpenID string `json:"openid"`
	} `json:"payer"`

	at time.Time
}

func (b *shipCommon) check() *errcode {
	var err error
	if b.at, err = time.Parse(time.RFC3339, b.UploadTime); err != nil {
		return wrong(268485216, "upload_time is not RFC 3339")
	}
	if b.Payer.OpenID == "" {
		return wrong(10060014, "payer.openid is empty")
	}
	return nil
}

// uploadShipping answers 发货信息录入.
func (a *App) uploadShipping(c *appCall) (any, *errcode) {
	var b struct {
		shipUpload
		shipCommon
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if e := b.shipCommon.check(); e != nil {
		return nil, e
	}
	o, e := a.shippable(c, &b.shipUpload, &b.shipCommon)
	if e != nil {
		return nil, e
	}
	a.ship(o, &b.shipUpload, &b.shipCommon, c.now)
	return nil, nil
}

// uploadCombined answers 发货信息合单录入: all parts or none.
func (a *App) uploadCombined(c *appCall) (any, *errcode) {
	var b struct {
		Key   shipKey      `json:"order_key"`
		Parts []shipUpload `json:"sub_orders"`
		shipCommon
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if e := b.shipCommon.check(); e != nil {
		return nil, e
	}
	if e := b.Key.check(); e != nil {
		return nil, e
	}
	if len(b.Parts) == 0 {
		return nil, wrong(10060014, "sub_orders is empty")
	}
	var orders []*shipOrder
	for i := range b.Parts {
		part := &b.Parts[i]
		if part.Key.Type != b.Key.Type {
			return nil, wrong(268485253, "the number types of order and part differ")
		}
		o, e := a.shippable(c, part, &b.shipCommon)
		switch {
		case e != nil:
			return nil, e
		case slices.Contains(orders, o):
			return nil, wrong(10060013, "a part is there twice")
		case !a.combines(o, b.Key):
			return nil, wrong(10060001, "the payment order does not exist")
		}
		orders = append(orders, o)
	}
	for i, o := range orders {
		a.ship(o, &b.Parts[i], &b.shipCommon, c.now)
	}
	return nil, nil
}

// combines reports whether o is a part of the combined order named by k. A
// transaction id names a combined order by any of its parts.
func (a *App) combines(o *shipOrder, k shipKey) bool {
	if o.CombineOutTradeNo == "" {
		return false
	}
	if k.Type == 1 {
		return o.CombineMchID == k.MchID && o.CombineOutTradeNo == k.OutTradeNo
	}
	other := a.shipping.transaction(k.TransactionID)
	return other != nil && other.CombineMchID == o.CombineMchID && other.CombineOutTradeNo == o.CombineOutTradeNo
}

func (k shipKey) check() *errcode {
	switch {
	case k.Type != 1 && k.Type != 2:
		return wrong(268485194, "order_number_type is invalid")
	case k.Type == 2 && k.TransactionID == "":
		return wrong(268485195, "transaction_id is empty")
	case k.Type == 1 && k.MchID == "":
		return wrong(268485196, "mchid is empty")
	case k.Type == 1 && k.OutTradeNo == "":
		return wrong(268485197, "out_trade_no is empty")
	}
	return nil
}

// check looks at what an upload says of an order, without the order.
func (u *shipUpload) check() *errcode {
	switch {
	case u.By < 1 || u.By > 4:
		return wrong(10060005, "logistics_type is invalid")
	case u.Mode != 1 && u.Mode != 2:
		return wrong(268485224, "delivery_mode is invalid")
	case u.Mode == 2 && u.By != 1:
		return wrong(10060006, "only express may be split")
	case u.Mode == 2 && u.Last == nil:
		return wrong(10060007, "is_all_delivered is missing")
	case u.Mode == 1 && len(u.Parcels) != 1:
		return wrong(268485228, "a unified delivery has exactly one item")
	case len(u.Parcels) == 0:
		return wrong(10060014, "shipping_list is empty")
	case len(u.Parcels) > 15:
		return wrong(10060024, "shipping_list is too long")
	}
	for _, p := range u.Parcels {
		if e := p.check(u.By); e != nil {
			return e
		}
	}
	return nil
}

func (p *shipParcel) check(by int) *errcode {
	switch {
	case by == 1 && p.TrackingNo == "":
		return wrong(268485226, "tracking_no is empty")
	case by == 1 && p.Company == "":
		return wrong(268485227, "express_company is empty")
	case len(p.Company) > 128:
		return wrong(10060025, "express_company is too long")
	case len(p.TrackingNo) > 128:
		return wrong(10060026, "tracking_no is too long")
	case p.ItemDesc == "":
		return wrong(10060008, "item_desc is missing")
	case utf8.RuneCountInString(p.ItemDesc) > 120:
		return wrong(10060009, "item_desc is too long")
	case p.Company == "SF" && !shownEnd(p.Contact.Consignor) && !shownEnd(p.Contact.Receiver):
		return wrong(10060014, "contact: SF wants a masked phone with its last four digits")
	}
	return nil
}

// shownEnd reports whether a masked phone shows its last four digits.
func shownEnd(phone string) bool {
	bare := strings.ReplaceAll(phone, "-", "")
	return len(bare) > 4 && len(phone) <= 1024 && strings.Trim(bare[len(bare)-4:], "0123456789") == "" && strings.Contains(bare, "*")
}

// shippable is the order of an upload, if it may be shipped this way; a.mu is held.
func (a *App) shippable(c *appCall, u *shipUpload, b *shipCommon) (*shipOrder, *errcode) {
	if e := u.Key.check(); e != nil {
		return nil, e
	}
	if e := u.check(); e != nil {
		return nil, e
	}
	o := a.keyed(u.Key, c.now)
	switch {
	case o == nil:
		return nil, wrong(10060001, "the payment order does not exist")
	case o.OpenID != b.Payer.OpenID:
		return nil, wrong(10060031, "the order is not of this openid")
	case o.state != shipWaiting && o.state != shipShipped:
		return nil, wrong(10060004, "the order cannot be shipped any more")
	case o.unchanged(u):
		return nil, wrong(10060023, "nothing has changed")
	case !o.uploaded.IsZero() && !b.at.After(o.uploaded):
		return nil, wrong(10060014, "upload_time is not after the last one")
	case o.count >= 2:
		return nil, wrong(10060003, "the one chance to ship anew is used")
	case o.finished && u.Mode == 2 && o.mode == 2 && !*u.Last:
		return nil, wrong(10060002, "shipping is complete")
	}
	return o, nil
}

// keyed finds the order of an upload. Of a partner's orders mchid is the
// sub-merchant's number.
func (a *App) keyed(k shipKey, now time.Time) *shipOrder {
	a.readPaid()
	for _, o := range a.shipping.orders {
		mchID := o.MchID
		if o.SubMchID != "" {
			mchID = o.SubMchID
		}
		same := k.Type == 2 && o.TransactionID == k.TransactionID || k.Type == 1 && mchID == k.MchID && o.OutTradeNo == k.OutTradeNo
		if same && !now.Before(o.known) {
			return o
		}
	}
	return nil
}

// unchanged reports whether all that u says is recorded.
func (o *shipOrder) unchanged(u *shipUpload) bool {
	if o.mode != u.Mode || o.by != u.By || u.Mode == 2 && *u.Last && !o.finished {
		return false
	}
	for _, p := range u.Parcels {
		if !slices.ContainsFunc(o.parcels, func(old shipParcel) bool { old.at = p.at; return old == p }) {
			return false
		}
	}
	return true
}

// ship records an upload that was checked.
func (a *App) ship(o *shipOrder, u *shipUpload, b *shipCommon, now time.Time) {
	if o.finished || o.mode != u.Mode {
		if o.parcels = nil; o.mode != 0 && !o.finished {
			o.count++ // another mode is another shipment, too
		}
	}
	for _, p := range u.Parcels {
		p.at = b.at
		o.parcels = append(slices.DeleteFunc(o.parcels, func(old shipParcel) bool { return p.TrackingNo != "" && old.TrackingNo == p.TrackingNo }), p)
	}
	o.mode, o.by, o.uploaded = u.Mode, u.By, b.at
	if o.finished = u.Mode == 1 || *u.Last; o.finished {
		o.count++
	}
	if o.finished || o.state == shipShipped {
		first := o.state == shipWaiting
		if o.state = shipShipped; first || o.finished {
			o.shipped = now
		}
		o.plan()
	}
	if o.finished {
		a.tradeEvent("trade_manage_order_settlement", o.settlement()...)
	}
}
