package aftersale

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// Ship writes down how an order travels and tells WeChat. No error means that it is
// on disk: if WeChat could not be told, Heal tells it again, of the same parcel.
func (d *Desk) Ship(ctx context.Context, orderNo, company, tracking string) (shop.Shipment, error) {
	p, err := d.store.RequestShipment(ctx, orderNo, company, tracking)
	if err != nil {
		return shop.Shipment{}, err
	}
	crash.At(crash.AfterShipInsert)
	if p.State == shop.ShipRequested {
		if err := d.tell(ctx, p); err != nil {
			d.log.Warn("shipment", "no", p.OrderNo, "error", err)
		}
	}
	return d.store.ShipmentOf(ctx, orderNo)
}

// tell tells WeChat of p. Whatever comes of it, p stays as it is.
func (d *Desk) tell(ctx context.Context, p shop.Shipment) error {
	o, err := d.store.Order(ctx, p.OrderNo)
	if err != nil {
		return err
	}
	err = d.line.Ship(ctx, o, p)
	crash.At(crash.BeforeShipOutcome)
	if err != nil {
		return errors.Join(err, d.store.ShipmentProblem(ctx, p.OrderNo, problemOf(err)))
	}
	return d.store.ShipmentTold(ctx, p.OrderNo)
}

// problemOf words an error for the merchant page.
func problemOf(err error) string {
	var refused *wechat.APIError
	if errors.As(err, &refused) && wechat.OutcomeOf(err) == wechat.NotDone {
		return string(refused.Code) + " " + refused.Message
	}
	return "没有收到微信的明确答复，将先查询再补传 / no certain answer from WeChat: it will be asked first, then told again"
}

// sweepEvery is how often receipts and complaints are looked for, in case a notice was
// lost. The event about a receipt comes only when the money is paid out.
const sweepEvery = 10 * time.Minute

// Heal tells WeChat of shipments it may not know of, if they are due, and looks for
// receipts and complaints whose notice was lost; with all, whether due or not. It returns how many
// shipments it told of. Several processes may heal at once.
func (d *Desk) Heal(ctx context.Context, all bool) (told int, err error) {
	due, err := d.store.DueShipments(ctx, all)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, p := range due {
		mine, err := d.store.ClaimShipment(ctx, p)
		if mine {
			told++
			err = d.tell(ctx, p)
		}
		problems = append(problems, err)
	}
	if d.sweepNow(all) {
		problems = append(problems, d.sweep(ctx))
	}
	return told, errors.Join(problems...)
}

func (d *Desk) sweepNow(all bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if !all && now.Sub(d.swept) < sweepEvery {
		return false
	}
	d.swept = now
	return true
}

func (d *Desk) sweep(ctx context.Context) error {
	ids, err := d.line.Recent(ctx)
	problems := []error{err, d.askReceipts(ctx)}
	for _, id := range ids {
		problems = append(problems, d.look(ctx, "", id))
	}
	return errors.Join(problems...)
}

// askReceipts asks about parcels that are on their way.
func (d *Desk) askReceipts(ctx context.Context) error {
	all, err := d.store.Shipments(ctx)
	problems := []error{err}
	for _, p := range all {
		if p.State != shop.Shipped {
			continue
		}
		o, err := d.store.Order(ctx, p.OrderNo)
		there := false
		if err == nil {
			there, err = d.line.Received(ctx, o)
		}
		if there {
			err = d.received(ctx, shop.Receipt{OrderNo: o.No, TransactionID: o.TransactionID, Received: d.now()})
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Run heals every so often until ctx ends.
func (d *Desk) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := d.Heal(ctx, false); err != nil && ctx.Err() == nil {
				d.log.Warn("heal after sale", "error", err)
			}
		}
	}
}

// received applies what WeChat says about a shipment.
func (d *Desk) received(ctx context.Context, r shop.Receipt) error {
	result, err := d.store.Received(ctx, r)
	d.note("receipt", r.OrderNo, result, err)
	return err
}

func (d *Desk) note(what, no string, result shop.Result, err error) {
	switch {
	case err != nil:
		d.log.Warn("books", "what", what, "no", no, "error", err)
	case result == shop.Alarmed:
		d.log.Error("books do not match", "what", what, "no", no)
	default:
		d.log.Info("books", "what", what, "no", no, "result", result.String())
	}
}
