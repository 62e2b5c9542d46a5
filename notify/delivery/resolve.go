package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Shipper ships, and finds out what became of it where WeChat does not tell. Its
// fields are set once; then it is safe for concurrent use.
type Shipper struct {
	Orders   *Service        // required
	Schedule []time.Duration // when to try or look, counted from the call; nil means ShippingSchedule

	// Sleep waits for d or until ctx ends, whose error it then returns; nil means
	// a timer. Shops with a virtual clock replace it; an error of its own ends the
	// attempt too.
	Sleep func(ctx context.Context, d time.Duration) error
}

// ShippingSchedule tries at once and six times more within three minutes, because an
// order that was paid a moment ago may be unknown for about one.
func ShippingSchedule() []time.Duration {
	return []time.Duration{0, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute}
}

// Ship sees to it that a shipment is recorded, which may take minutes; see Shipper.
func (s *Service) Ship(ctx context.Context, in Shipment) error {
	return Shipper{Orders: s}.Ship(ctx, in)
}

// ShipCombined is Ship for a combined order.
func (s *Service) ShipCombined(ctx context.Context, in Combined) error {
	return Shipper{Orders: s}.ShipCombined(ctx, in)
}

// Ship looks, with Get, and uploads in unless all of it is recorded. No error means
// that WeChat has recorded it. An answer that tells nothing makes it look again before
// anything else: what is found there is done; only where WeChat says that it has not
// recorded the shipment, the identical request goes out again. While an order is
// unknown or WeChat is busy it waits.
//
// A refusal is returned as it is, with the outcome NotDone; if an earlier try may have
// been recorded, only after a look that shows nothing. Every other error wraps
// ErrUnresolved and the last cause, and is Unknown: ship the same again later. A look
// that is refused ends it at once, because others would be refused too.
func (s Shipper) Ship(ctx context.Context, in Shipment) error {
	upload := func() error { return s.Orders.Upload(ctx, in) }
	return s.ship(ctx, in.Validate(), upload, in.part())
}

// ShipCombined is Ship for a combined order, whose parts are looked at one by one.
func (s Shipper) ShipCombined(ctx context.Context, in Combined) error {
	upload := func() error { return s.Orders.UploadCombined(ctx, in) }
	return s.ship(ctx, in.Validate(), upload, in.Parts...)
}

func (s Shipper) ship(ctx context.Context, invalid error, upload func() error, parts ...Part) error {
	switch {
	case s.Orders == nil:
		return wechat.Invalid("Orders", "is nil: give the Shipper its Service")
	case invalid != nil:
		return upload() // which refuses it in the words of a call, and sends nothing
	}
	schedule := s.Schedule
	if schedule == nil {
		schedule = ShippingSchedule()
	}
	var last error
	look, doubt := true, false // doubt: an upload of ours may have been recorded
	before := time.Duration(0)
	for _, at := range schedule {
		if at > before {
			if err := check.Wait(ctx, s.Sleep, at-before); err != nil {
				return check.Unresolved(ErrUnresolved, errors.Join(err, last))
			}
			before = at
		}
		if look {
			found, err := s.recorded(ctx, parts)
			if found {
				return nil
			}
			if last = err; hopeless(err) {
				break
			}
			if err != nil {
				continue // still nobody knows
			}
		}
		err := upload()
		unclear := unsaid(err)
		doubt = doubt || unclear
		last, look = err, doubt
		switch {
		case err == nil, errors.Is(err, ErrUnchanged):
			return nil
		case errors.Is(err, ErrNoOrder), errors.Is(err, ErrQuota): // later
		case unclear:
		case errors.Is(err, ErrComplete), doubt:
			return s.refused(ctx, err, parts)
		default:
			return err
		}
	}
	if !look && last != nil {
		return last
	}
	return check.Unresolved(ErrUnresolved, last)
}

// hopeless reports whether a look was refused for a reason that stays, or could not
// even be asked for.
func hopeless(err error) bool {
	var field *wechat.FieldError
	if errors.As(err, &field) {
		return true
	}
	var api *wechat.APIError
	return errors.As(err, &api) && wechat.OutcomeOf(err) == wechat.NotDone && !unsaid(err) && !errors.Is(err, ErrQuota) && !errors.Is(err, wechat.ErrTooFrequent)
}

// unsaid reports whether err tells nothing about what became of an upload.
func unsaid(err error) bool {
	return wechat.OutcomeOf(err) == wechat.Unknown || errors.Is(err, ErrBusy) || errors.Is(err, ErrBusyToo)
}

// refused ends with a refusal that came although, or because, the shipment may be
// recorded: a look decides.
func (s Shipper) refused(ctx context.Context, refusal error, parts []Part) error {
	found, err := s.recorded(ctx, parts)
	switch {
	case found:
		return nil
	case err != nil:
		return check.Unresolved(ErrUnresolved, errors.Join(refusal, err))
	}
	return refusal
}

// recorded looks whether WeChat has recorded all parts. An order it does not know
// has nothing recorded.
func (s Shipper) recorded(ctx context.Context, parts []Part) (bool, error) {
	for _, p := range parts {
		o, err := s.Orders.Get(ctx, p.Order)
		if errors.Is(err, ErrNoOrder) {
			return false, nil
		}
		if err != nil || !o.Records(p) {
			return false, err
		}
	}
	return true, nil
}
