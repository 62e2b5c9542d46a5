package aftersale

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint/rights"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/notify/delivery"
)

// Old is the line of 2014: the delivery notice, callbacks of users who complain, and
// alarms. Nobody can be asked what became of a complaint, so the shop keeps its history.
type Old struct {
	merchant  *wechat.MerchantLegacy
	notices   *delivery.Legacy
	feedbacks *rights.Service
}

// NewOld is the line of m.
func NewOld(m *wechat.MerchantLegacy) *Old {
	return &Old{merchant: m, notices: delivery.NewLegacy(m), feedbacks: rights.New(m.App())}
}

// CloseIdleConnections closes what is not in use.
func (t *Old) CloseIdleConnections() { t.merchant.CloseIdleConnections() }

// Ship sends the delivery notice. The same notice twice says the same.
func (t *Old) Ship(ctx context.Context, o shop.Order, p shop.Shipment) error {
	return t.notices.Notify(ctx, delivery.LegacyNotice{OpenID: o.Buyer(), TransactionID: o.TransactionID, OutTradeNo: o.No, At: p.At})
}

// Received is not known to anybody.
func (t *Old) Received(context.Context, shop.Order) (bool, error) { return false, nil }

// Replies is not so: the shop talks to the customer in the chat or by phone.
func (t *Old) Replies() bool { return false }

// Read fails: nobody else keeps complaints.
func (t *Old) Read(context.Context, string) (shop.Complaint, error) {
	return shop.Complaint{}, errLocal
}

// Reply fails.
func (t *Old) Reply(context.Context, string, string) error { return ErrNotNow }

// Approve is nothing here.
func (t *Old) Approve(context.Context, string) error { return nil }

// Complete tells WeChat, which asks the customer.
func (t *Old) Complete(ctx context.Context, c shop.Complaint) error {
	return t.feedbacks.Handled(ctx, c.OpenID, c.ID)
}

// Picture fails: the addresses are a stranger's, and the shop follows none.
func (t *Old) Picture(context.Context, string) (io.ReadCloser, error) { return nil, errLocal }

// Recent is empty.
func (t *Old) Recent(context.Context) ([]string, error) { return nil, nil }

// Push is nil.
func (t *Old) Push(*Desk) http.Handler { return nil }

// Notices takes what users say who complain, and alarms. Only app, user and time of a
// complaint are signed, so transaction and openid have to fit an order of the shop.
func (t *Old) Notices(d *Desk) http.Handler {
	h := notify.NewHandler(notify.Legacy(t.merchant), notify.WithLogger(d.log))
	notify.On(h, rights.Requested, func(ctx context.Context, e notify.Event[rights.Request]) error {
		return t.requested(ctx, d, e)
	})
	notify.On(h, rights.Confirmed, func(ctx context.Context, e notify.Event[rights.Reply]) error {
		return t.decided(ctx, d, e, "USER_CONFIRM", shop.ComplaintProcessed)
	})
	notify.On(h, rights.Rejected, func(ctx context.Context, e notify.Event[rights.Reply]) error {
		return t.decided(ctx, d, e, "USER_REJECT", shop.ComplaintPending)
	})
	notify.On(h, alarm.Raised, func(ctx context.Context, e notify.Event[alarm.Alarm]) error {
		a := e.Data
		return d.store.Raise(ctx, e.Key, a.TransactionID(), string(a.Type)+" "+a.Description, a.Content)
	})
	return h
}

func (t *Old) requested(ctx context.Context, d *Desk, e notify.Event[rights.Request]) error {
	r := e.Data
	c := shop.Complaint{ID: r.FeedbackID, TransactionID: r.TransactionID, OpenID: r.OpenID, State: shop.ComplaintPending, Detail: cut(r.Reason),
		Problem: cut(r.Solution), UserWaits: true, Created: e.Created.Time}
	for _, p := range r.Pictures {
		c.Pictures = append(c.Pictures, cut(p))
	}
	c.Steps = []shop.Step{{By: ByCustomer, What: "USER_REQUEST", Words: c.Detail, At: c.Created}}
	result, err := d.store.SaveComplaint(ctx, e.Key, c)
	d.note("complaint", c.ID, result, err)
	return err
}

func (t *Old) decided(ctx context.Context, d *Desk, e notify.Event[rights.Reply], what string, to shop.ComplaintState) error {
	step := shop.Step{By: ByCustomer, What: what, Words: cut(e.Data.Reason), At: e.Created.Time}
	result, err := d.store.AddStep(ctx, e.Key, e.Data.FeedbackID, e.Data.OpenID, step, to)
	if errors.Is(err, shop.ErrNotFound) {
		return d.store.Raise(ctx, "complaint/"+e.Data.FeedbackID, "", "unknown complaint", what+" of complaint "+cut(e.Data.FeedbackID))
	}
	d.note("complaint", e.Data.FeedbackID, result, err)
	return err
}

// cut bounds a stranger's text.
func cut(text string) string {
	const most = 500
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// handled is the step that the shop itself takes in 2014.
func handled(now time.Time) shop.Step {
	return shop.Step{By: "商家", What: "MERCHANT_HANDLED", At: now}
}
