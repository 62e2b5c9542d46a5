package wechattest

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// shipLookup names an order everywhere but in uploads.
type shipLookup struct {
	TransactionID string `json:"transaction_id"`
	MchID         string `json:"merchant_id"`
	SubMchID      string `json:"sub_merchant_id"`
	OutTradeNo    string `json:"merchant_trade_no"`
}

// lookUp finds an order; a.mu is held.
func (a *App) lookUp(k shipLookup, now time.Time) (*shipOrder, *errcode) {
	if k.TransactionID == "" && (k.MchID == "" || k.OutTradeNo == "") {
		return nil, wrong(10060014, "transaction_id or merchant_id and merchant_trade_no are missing")
	}
	a.readPaid()
	for _, o := range a.shipping.orders {
		same := o.TransactionID == k.TransactionID
		if k.TransactionID == "" {
			same = o.MchID == k.MchID && o.OutTradeNo == k.OutTradeNo && (k.SubMchID == "" || k.SubMchID == o.SubMchID)
		}
		if same && !now.Before(o.known) {
			return o, nil
		}
	}
	return nil, wrong(10060001, "the payment order does not exist")
}

// shipAnswer is an order in the words of get_order.
type shipAnswer struct {
	shipLookup
	Description string `json:"description"`
	Paid        int64  `json:"paid_amount"`
	OpenID      string `json:"openid"`
	Created     int64  `json:"trade_create_time"`
	PaidAt      int64  `json:"pay_time"`
	State       int    `json:"order_state"`
	InComplaint bool   `json:"in_complaint"`
	Shipping    any    `json:"shipping"`
}

type shipDetail struct {
	Mode     int            `json:"delivery_mode"`
	By       int            `json:"logistics_type"`
	Finished bool           `json:"finish_shipping"`
	Desc     string         `json:"goods_desc"`
	Count    int            `json:"finish_shipping_count"`
	Parcels  []shipRecorded `json:"shipping_list"`
}

type shipRecorded struct {
	TrackingNo string      `json:"tracking_no"`
	Company    string      `json:"express_company"`
	ItemDesc   string      `json:"goods_desc"`
	At         int64       `json:"upload_time"`
	Contact    shipContact `json:"contact"`
}

func (o *shipOrder) answer() shipAnswer {
	out := shipAnswer{shipLookup: shipLookup{o.TransactionID, o.MchID, o.SubMchID, o.OutTradeNo}, Paid: int64(o.Total), OpenID: o.OpenID,
		Created: o.created.Unix(), PaidAt: o.PaidAt.Unix(), State: o.state, Shipping: struct{}{}}
	if len(o.parcels) == 0 {
		return out
	}
	d := shipDetail{Mode: o.mode, By: o.by, Finished: o.finished, Count: o.count}
	var all []string
	for _, p := range o.parcels {
		d.Parcels = append(d.Parcels, shipRecorded{p.TrackingNo, p.Company, p.ItemDesc, p.at.Unix(), p.Contact})
		all = append(all, p.ItemDesc)
	}
	out.Shipping, out.Description = d, strings.Join(all, ";")
	if utf8.RuneCountInString(out.Description) > 120 {
		out.Description = string([]rune(out.Description)[:120]) + "..."
	}
	return out
}

// getShipOrder answers 查询订单发货状态.
func (a *App) getShipOrder(c *appCall) (any, *errcode) {
	var b shipLookup
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	o, e := a.lookUp(b, c.now)
	if e != nil {
		return nil, e
	}
	return struct {
		Code  int        `json:"errcode"`
		Text  string     `json:"errmsg"`
		Order shipAnswer `json:"order"`
	}{0, "ok", o.answer()}, nil
}

const shipCursor = "ship-"

// listShipOrders answers 查询订单列表.
func (a *App) listShipOrders(c *appCall) (any, *errcode) {
	var b struct {
		Paid struct {
			From int64  `json:"begin_time"`
			To   *int64 `json:"end_time"`
		} `json:"pay_time_range"`
		State  int    `json:"order_state"`
		OpenID string `json:"openid"`
		Cursor string `json:"last_index"`
		Size   int    `json:"page_size"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.Size == 0 {
		b.Size = 100
	}
	from, err := strconv.Atoi(strings.TrimPrefix(b.Cursor, shipCursor))
	switch {
	case b.Size < 0 || b.State < 0 || b.State > shipSettling:
		return nil, wrong(10060014, "page_size or order_state is invalid")
	case b.Cursor != "" && (err != nil || from < 0 || from > len(a.shipping.orders) || !strings.HasPrefix(b.Cursor, shipCursor)):
		return nil, wrong(10060011, "last_index is invalid")
	}
	a.readPaid()
	out := struct {
		Code   int          `json:"errcode"`
		Cursor string       `json:"last_index"`
		More   bool         `json:"has_more"`
		Orders []shipAnswer `json:"order_list"`
	}{Orders: []shipAnswer{}}
	for i := from; i < len(a.shipping.orders); i++ {
		o := a.shipping.orders[i]
		paid := o.PaidAt.Unix()
		if c.now.Before(o.known) || b.State != 0 && b.State != o.state || b.OpenID != "" && b.OpenID != o.OpenID || paid < b.Paid.From || b.Paid.To != nil && paid > *b.Paid.To {
			continue
		}
		if len(out.Orders) == b.Size {
			out.More = true
			break
		}
		out.Orders, out.Cursor = append(out.Orders, o.answer()), shipCursor+strconv.Itoa(i+1)
	}
	return out, nil
}

// askToConfirm answers 确认收货提醒.
func (a *App) askToConfirm(c *appCall) (any, *errcode) {
	var b struct {
		shipLookup
		Received int64 `json:"received_time"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	o, e := a.lookUp(b.shipLookup, c.now)
	switch {
	case e != nil:
		return nil, e
	case o.state != shipShipped:
		return nil, wrong(10060028, "the order is not shipped")
	case o.by != 1:
		return nil, wrong(10060032, "the order is not sent by express")
	case o.asked:
		return nil, wrong(10060030, "the buyer was reminded already")
	case b.Received < o.shipped.Unix() || b.Received > c.now.Unix():
		return nil, wrong(10060029, "received_time is before the shipping or in the future")
	}
	o.asked = true
	return nil, nil
}

// setJumpPath answers 消息跳转路径设置.
func (a *App) setJumpPath(c *appCall) (any, *errcode) {
	var b struct {
		Path string `json:"path"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.Path == "" {
		return nil, wrong(10060014, "path is empty")
	}
	a.shipping.path = b.Path
	return nil, nil
}

// ownApp reads a body that names the app.
func (a *App) ownApp(c *appCall) *errcode {
	var b struct {
		AppID string `json:"appid"`
	}
	if e := c.decode(&b); e != nil {
		return e
	}
	switch b.AppID {
	case "":
		return wrong(40097, "appid is missing")
	case a.AppID:
		return nil
	}
	return wrong(40013, "invalid appid")
}

// isTradeManaged answers 查询小程序是否已开通发货信息管理服务.
func (a *App) isTradeManaged(c *appCall) (any, *errcode) {
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		Yes  bool   `json:"is_trade_managed"`
	}{0, "ok", !a.shipping.unmanaged}, a.ownApp(c)
}

// isTradeConfirmed answers 查询小程序是否已完成交易结算管理确认.
func (a *App) isTradeConfirmed(c *appCall) (any, *errcode) {
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		Yes  bool   `json:"completed"`
	}{0, "ok", !a.shipping.unconfirmed}, a.ownApp(c)
}

// declareSpecial answers 特殊发货报备.
func (a *App) declareSpecial(c *appCall) (any, *errcode) {
	var b struct {
		OrderID string `json:"order_id"`
		Type    int    `json:"type"`
		Until   int64  `json:"delay_to"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.Type != 1 && b.Type != 2 {
		return nil, wrong(268546000, "type is invalid")
	}
	a.readPaid()
	for _, o := range a.shipping.orders {
		if o.TransactionID != b.OrderID && o.OutTradeNo != b.OrderID || o.state != shipWaiting || c.now.Before(o.known) {
			continue
		}
		until := time.Unix(b.Until, 0)
		if (b.Type == 1 || b.Until != 0) && (until.Before(o.PaidAt.AddDate(0, 0, 15)) || until.After(o.PaidAt.AddDate(0, 0, 330))) {
			return nil, wrong(268546001, "delay_to is not 15 to 330 days after the payment")
		}
		if o.waitsTill = until; b.Until == 0 {
			o.waitsTill = o.PaidAt.AddDate(0, 0, 330)
		}
		o.plan()
		return nil, nil
	}
	return nil, wrong(268546002, "no such order waits to be shipped")
}

// deliveryList answers 获取运力id列表, with a few of them.
func (a *App) deliveryList(c *appCall) (any, *errcode) {
	var b struct{}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	type company struct {
		ID   string `json:"delivery_id"`
		Name string `json:"delivery_name"`
	}
	all := []company{{"SF", "顺丰速运"}, {"ZTO", "中通快递"}, {"YTO", "圆通速递"}, {"YD", "韵达快递"}, {"STO", "申通快递"}, {"JTSD", "极兔速递"},
		{"JD", "京东快递"}, {"EMS", "邮政EMS"}, {"YZPY", "邮政快递包裹"}, {"DBL", "德邦快递"}}
	return struct {
		Code  int       `json:"errcode"`
		Count int       `json:"count"`
		All   []company `json:"delivery_list"`
	}{0, len(all), all}, nil
}
