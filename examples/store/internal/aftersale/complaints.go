package aftersale

import (
	"context"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// MaxWords is how long an answer to a complaint may be, in characters.
const MaxWords = 200

// look reads a complaint anew and takes it down. A notice says hardly more than that
// something happened.
func (d *Desk) look(ctx context.Context, key, id string) error {
	c, err := d.line.Read(ctx, id)
	if errors.Is(err, errLocal) {
		return nil
	}
	if errors.Is(err, wechat.ErrNotFound) {
		return d.store.Raise(ctx, "complaint/"+id, "", "complaint not found", "WeChat reported complaint "+id+", and knows no such complaint")
	}
	if err != nil {
		return err
	}
	result, err := d.store.SaveComplaint(ctx, key, c)
	d.note("complaint", id, result, err)
	return err
}

// fresh is a complaint as WeChat has it now.
func (d *Desk) fresh(ctx context.Context, id string) (shop.Complaint, error) {
	if _, err := d.store.ComplaintByID(ctx, id); err != nil { // not ours, whatever WeChat says
		return shop.Complaint{}, err
	}
	if err := d.look(ctx, "", id); err != nil {
		return shop.Complaint{}, errors.Join(ErrUnsure, err)
	}
	return d.store.ComplaintByID(ctx, id)
}

// Reply answers a complaint in words. The same words twice in a row are one answer:
// so a second press of the button, or a try after nobody knew, says nothing twice.
func (d *Desk) Reply(ctx context.Context, id, words string) error {
	if n := utf8.RuneCountInString(words); n < 1 || n > MaxWords {
		return shop.ErrText
	}
	return d.act(ctx, id, func(c shop.Complaint) bool { return lastWords(c) == words },
		func(c shop.Complaint) error { return d.line.Reply(ctx, id, words) })
}

// lastWords are what the shop answered to the customer's last word.
func lastWords(c shop.Complaint) string {
	for _, s := range slices.Backward(c.Steps) {
		switch {
		case s.What == string(complaint.MerchantResponded):
			return s.Words
		case s.By == ByCustomer:
			return ""
		}
	}
	return ""
}

// Refund gives money back for a complaint through the shop's own refunds, after
// agreeing to it where the customer asked for one.
func (d *Desk) Refund(ctx context.Context, id string, amount wechat.Fen, formToken string) (shop.Refund, error) {
	c, err := d.fresh(ctx, id)
	if err != nil {
		return shop.Refund{}, err
	}
	if c.RefundAsked > 0 && c.Open() {
		err := d.act(ctx, id, approved, func(shop.Complaint) error { return d.line.Approve(ctx, id) })
		if err != nil && !errors.Is(err, ErrNotNow) {
			return shop.Refund{}, err
		}
	}
	r, err := d.cashier.Refund(ctx, c.OrderNo, amount, "投诉退款", formToken)
	if err != nil {
		return shop.Refund{}, err
	}
	return r, d.again(ctx, id)
}

func approved(c shop.Complaint) bool {
	return slices.ContainsFunc(c.Steps, func(s shop.Step) bool { return s.What == string(complaint.MerchantApproved) })
}

// Complete says that the shop is done with a complaint.
func (d *Desk) Complete(ctx context.Context, id string) error {
	return d.act(ctx, id, func(c shop.Complaint) bool { return !c.Open() }, func(c shop.Complaint) error {
		if err := d.line.Complete(ctx, c); err != nil || d.line.Replies() {
			return err
		}
		_, err := d.store.AddStep(ctx, "", id, c.OpenID, handled(d.now()), shop.ComplaintProcessing)
		return err
	})
}

// act does something about a complaint unless it is done. Where nobody knows whether
// it was done, the complaint itself decides.
func (d *Desk) act(ctx context.Context, id string, done func(shop.Complaint) bool, do func(shop.Complaint) error) error {
	c, err := d.fresh(ctx, id)
	if err != nil || done(c) {
		return err
	}
	cause := do(c)
	switch {
	case cause == nil:
		return d.again(ctx, id)
	case errors.Is(cause, ErrNotNow):
		return cause
	case errors.Is(cause, complaint.ErrNotAllowed):
		return errors.Join(ErrNotNow, cause)
	}
	if c, err = d.fresh(ctx, id); err == nil && done(c) {
		return nil
	}
	d.log.Warn("complaint", "id", id, "error", cause)
	if wechat.OutcomeOf(cause) == wechat.NotDone {
		return errors.Join(ErrNotNow, cause)
	}
	return errors.Join(ErrUnsure, cause, err)
}

// again looks after something was done. If that fails, a notice or Heal makes up for it.
func (d *Desk) again(ctx context.Context, id string) error {
	if err := d.look(ctx, "", id); err != nil {
		d.log.Warn("complaint", "id", id, "error", err)
	}
	return nil
}

// Picture opens one of the pictures of a complaint; the caller closes it. The error
// is shop.ErrNotFound if there is none at that place, or nobody may look at it here.
func (d *Desk) Picture(ctx context.Context, id string, at int) (io.ReadCloser, error) {
	c, err := d.store.ComplaintByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if at < 0 || at >= len(c.Pictures) {
		return nil, shop.ErrNotFound
	}
	p, err := d.line.Picture(ctx, c.Pictures[at])
	if errors.Is(err, errLocal) {
		return nil, shop.ErrNotFound
	}
	return p, err
}
