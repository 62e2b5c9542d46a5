package aftersale

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/notify/delivery"
)

// Today is the line of shops that sell by APIv3 or APIv2: complaints come by APIv3
// whichever it is, shipments go through the mini program.
type Today struct {
	merchant   *wechat.Merchant
	complaints *complaint.Service
	mini       *wechat.App
	shipments  delivery.Shipper
	push       notify.PushConfig
}

// NewToday is the line of m. mini is the app the orders are paid in, and push what
// proves its messages.
func NewToday(m *wechat.Merchant, mini *wechat.App, push notify.PushConfig) *Today {
	return &Today{merchant: m, complaints: complaint.New(m), mini: mini, push: push,
		shipments: delivery.Shipper{Orders: delivery.New(mini), Schedule: []time.Duration{0}}} // one try; Heal makes the others
}

// CloseIdleConnections closes what is not in use.
func (t *Today) CloseIdleConnections() {
	t.merchant.CloseIdleConnections()
	t.mini.CloseIdleConnections()
}

// Ship uploads the shipment, unless a look shows that it is there.
func (t *Today) Ship(ctx context.Context, o shop.Order, p shop.Shipment) error {
	return t.shipments.Ship(ctx, delivery.Shipment{
		Order: delivery.Number{MchID: o.Seller.MchID, OutTradeNo: o.No}, By: delivery.Express, At: p.At, OpenID: o.Buyer(),
		Parcels: []delivery.Parcel{{TrackingNo: p.TrackingNo, Company: p.Company, ItemDesc: o.Description}},
	})
}

// Received looks at the order's state. Who confirmed, and when, comes with the event.
func (t *Today) Received(ctx context.Context, o shop.Order) (bool, error) {
	x, err := t.shipments.Orders.Get(ctx, delivery.Number{MchID: o.Seller.MchID, OutTradeNo: o.No})
	if err != nil {
		return false, err
	}
	return x.State == delivery.Confirmed || x.State == delivery.Settling || x.State == delivery.Finished, nil
}

// Replies is so.
func (t *Today) Replies() bool { return true }

// ByCustomer is who complains, in Step.By, in WeChat's words.
const ByCustomer = "投诉人"

// Read reads the complaint and its history. The history comes second: it may be longer
// than the complaint says, and a notice about the rest follows.
func (t *Today) Read(ctx context.Context, id string) (shop.Complaint, error) {
	c, err := t.complaints.Get(ctx, id)
	if err != nil {
		return shop.Complaint{}, err
	}
	out := shop.Complaint{ID: c.ID, OpenID: c.PayerOpenID, State: shop.ComplaintState(c.State), Detail: c.Detail, Problem: c.Problem,
		RefundAsked: c.RefundAsked, UserWaits: c.UserWaits, Created: c.Time.Time}
	if len(c.Orders) > 0 {
		out.OrderNo, out.TransactionID = c.Orders[0].OutTradeNo, c.Orders[0].TransactionID
	}
	for _, m := range c.Media {
		out.Pictures = append(out.Pictures, m.URLs...)
	}
	for e, err := range t.complaints.AllHistory(ctx, id) {
		if err != nil {
			return shop.Complaint{}, err
		}
		out.Steps = append(out.Steps, shop.Step{By: e.Operator, What: string(e.Type), Words: e.Details, At: e.Time.Time, Pictures: e.Images})
	}
	sortSteps(out.Steps)
	return out, nil
}

// on is a complaint for an action: what it says now decides whether that is possible.
func (t *Today) on(ctx context.Context, id string, do func(*complaint.Complaint) error) error {
	c, err := t.complaints.Get(ctx, id)
	if err != nil {
		return err
	}
	return do(c)
}

// Reply replies.
func (t *Today) Reply(ctx context.Context, id, words string) error {
	return t.on(ctx, id, func(c *complaint.Complaint) error {
		return t.complaints.Reply(ctx, c, complaint.Answer{Content: words})
	})
}

// Approve agrees to a refund today.
func (t *Today) Approve(ctx context.Context, id string) error {
	return t.on(ctx, id, func(c *complaint.Complaint) error { return t.complaints.Approve(ctx, c, complaint.Approval{}) })
}

// Complete completes.
func (t *Today) Complete(ctx context.Context, in shop.Complaint) error {
	return t.on(ctx, in.ID, func(c *complaint.Complaint) error { return t.complaints.Complete(ctx, c) })
}

// Picture streams a picture; addresses that are not WeChat's own are refused.
func (t *Today) Picture(ctx context.Context, address string) (io.ReadCloser, error) {
	return t.complaints.ImageAt(ctx, address)
}

// Recent walks the complaints of the last days.
func (t *Today) Recent(ctx context.Context) (ids []string, err error) {
	now := t.merchant.Now()
	for c, err := range t.complaints.All(ctx, complaint.ListRequest{Begin: now.Add(-shop.FinishWithin), End: now}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// Notices takes complaints, and violations if this merchant's partner forwards them.
func (t *Today) Notices(d *Desk) http.Handler {
	h := notify.NewHandler(notify.V3(t.merchant), notify.WithLogger(d.log))
	notify.On(h, complaint.Moved, func(ctx context.Context, e notify.Event[complaint.Notice]) error {
		return d.look(ctx, e.Key, e.Data.ComplaintID)
	})
	notify.On(h, alarm.Violated, func(ctx context.Context, e notify.Event[alarm.Violation]) error {
		v := e.Data
		return d.store.Raise(ctx, e.Key, "", "商户违规 / violation "+v.Plan, v.SubMchID+" "+v.RiskDescription+" "+v.Description)
	})
	return h
}

// Push takes what becomes of shipments. Whatever else users of the mini program do or
// write is not for this desk.
func (t *Today) Push(d *Desk) http.Handler {
	dialect, err := notify.Push(t.push)
	if err != nil {
		d.log.Error("push", "error", err)
		return http.NotFoundHandler()
	}
	h := notify.NewHandler(dialect, notify.WithLogger(d.log))
	notify.On(h, delivery.Settled, func(ctx context.Context, e notify.Event[delivery.Settlement]) error {
		s := e.Data
		return d.received(ctx, shop.Receipt{Key: e.Key, OrderNo: s.OutTradeNo, TransactionID: s.TransactionID, Received: s.ConfirmedAt.Time,
			ByTime: s.Method == delivery.ByTime, Settled: s.SettledAt.Time})
	})
	notify.On(h, delivery.Overdue, func(ctx context.Context, e notify.Event[delivery.Reminder]) error {
		return d.store.Raise(ctx, e.Key, e.Data.TransactionID, "发货超时 / shipping is overdue", e.Data.Message)
	})
	for _, k := range []notify.Kind[delivery.Message]{delivery.Connect, delivery.Controlled} {
		notify.On(h, k, func(ctx context.Context, e notify.Event[delivery.Message]) error {
			return d.store.Raise(ctx, e.Key, "", "微信提醒 / WeChat says", e.Data.Message)
		})
	}
	h.Fallback(nothing)
	return h
}

// nothing acknowledges what is not for this desk.
func nothing(context.Context, notify.Event[json.RawMessage]) error { return nil }

// sortSteps puts the oldest first; steps of one second keep their order.
func sortSteps(steps []shop.Step) {
	if n := len(steps); n > 1 && steps[0].At.After(steps[n-1].At) {
		slices.Reverse(steps)
	}
	slices.SortStableFunc(steps, func(a, b shop.Step) int { return a.At.Compare(b.At) })
}
