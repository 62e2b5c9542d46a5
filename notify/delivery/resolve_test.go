package delivery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
)

const (
	waiting = `{"errcode":0,"order":{"order_state":1,"shipping":{}}}`
	there   = `{"errcode":0,"order":` + order + `}`
)

// journey says what was asked for, in order.
func (d *desk) journey() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for _, s := range d.sent {
		if strings.Contains(s, "get_order?") {
			all = append(all, "look")
		} else {
			all = append(all, "upload")
		}
	}
	return strings.Join(all, " ")
}

func TestShip(t *testing.T) {
	t.Parallel()
	other := strings.Replace(there, "SF0000000000001", "SF0000000000009", 1)
	for _, tt := range []struct {
		name    string
		script  []string
		journey string
		took    time.Duration
		outcome wechat.Outcome
		is      error
	}{
		{"recorded at once", []string{waiting, ok}, "look upload", 0, wechat.Done, nil},
		{"recorded before, by a process that was killed", []string{there}, "look", 0, wechat.Done, nil},
		{"another one was recorded before", []string{other, ok}, "look upload", 0, wechat.Done, nil},
		{"no look, no upload", []string{cut, cut, there}, "look look look", 10 * time.Second, wechat.Done, nil},
		{"the answer is lost, but it is there", []string{waiting, cut, there}, "look upload look", 3 * time.Second, wechat.Done, nil},
		{"the answer is no answer, but it is there", []string{waiting, "<html>", there}, "look upload look", 3 * time.Second, wechat.Done, nil},
		{"lost, and it is not there", []string{waiting, cut, waiting, ok}, "look upload look upload", 3 * time.Second, wechat.Done, nil},
		{"lost, another one is there", []string{waiting, cut, other, ok}, "look upload look upload", 3 * time.Second, wechat.Done, nil},
		{"lost twice, then there", []string{waiting, cut, waiting, cut, there}, "look upload look upload look", 10 * time.Second, wechat.Done, nil},
		{"lost, the look is lost, no second upload before a look", []string{waiting, cut, cut, cut, there}, "look upload look look look", 30 * time.Second, wechat.Done, nil},
		{"lost, not there, then it has come", []string{waiting, cut, waiting, refuses(delivery.ErrUnchanged)}, "look upload look upload", 3 * time.Second, wechat.Done, nil},
		{"lost, the order is unknown, then known", []string{waiting, cut, refuses(delivery.ErrNoOrder), ok}, "look upload look upload", 3 * time.Second, wechat.Done, nil},
		{"busy, not there", []string{waiting, refuses(delivery.ErrBusy), waiting, ok}, "look upload look upload", 3 * time.Second, wechat.Done, nil},
		{"busy, but there", []string{waiting, refuses(wechat.ErrBusy), there}, "look upload look", 3 * time.Second, wechat.Done, nil},
		{"busy to look at", []string{refuses(delivery.ErrBusyToo), refuses(delivery.ErrQuota), waiting, ok}, "look look look upload", 10 * time.Second, wechat.Done, nil},
		{"paid a moment ago", []string{refuses(delivery.ErrNoOrder), refuses(delivery.ErrNoOrder), refuses(delivery.ErrQuota), ok}, "look upload upload upload", 10 * time.Second, wechat.Done, nil},
		{"all of it is recorded", []string{waiting, refuses(delivery.ErrUnchanged)}, "look upload", 0, wechat.Done, nil},
		{"complete, and it is this", []string{waiting, refuses(delivery.ErrComplete), there}, "look upload look", 0, wechat.Done, nil},
		{"complete, with another", []string{waiting, refuses(delivery.ErrComplete), other}, "look upload look", 0, wechat.NotDone, delivery.ErrComplete},
		{"complete, and the look is lost", []string{waiting, refuses(delivery.ErrComplete), cut}, "look upload look", 0, wechat.Unknown, delivery.ErrComplete},
		{"refused", []string{waiting, refuses(delivery.ErrUsedUp)}, "look upload", 0, wechat.NotDone, delivery.ErrUsedUp},
		{"lost, then refused, and not there", []string{waiting, cut, waiting, refuses(delivery.ErrState), waiting}, "look upload look upload look", 3 * time.Second, wechat.NotDone, delivery.ErrState},
		{"lost, then refused, but there", []string{waiting, cut, waiting, refuses(delivery.ErrUsedUp), there}, "look upload look upload look", 3 * time.Second, wechat.Done, nil},
		{"never known", []string{refuses(delivery.ErrNoOrder)}, "look upload upload upload upload upload upload upload", 3 * time.Minute, wechat.NotDone, delivery.ErrNoOrder},
		{"never clear", []string{waiting, cut}, "look upload look look look look look look", 3 * time.Minute, wechat.Unknown, delivery.ErrUnresolved},
		{"may not look", []string{refuses(wechat.ErrUnauthorized)}, "look", 0, wechat.Unknown, wechat.ErrUnauthorized},
		{"may no longer look", []string{waiting, cut, refuses(wechat.ErrUnauthorized)}, "look upload look", 3 * time.Second, wechat.Unknown, wechat.ErrUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, start := newDesk(t, tt.script...), time.Now()
				err := d.orders.Ship(t.Context(), express())
				assert.Equal(t, tt.journey, d.journey())
				assert.Equal(t, tt.took, time.Since(start))
				assert.Equal(t, tt.outcome, wechat.OutcomeOf(err), "%v", err)
				require.ErrorIs(t, err, tt.is)
				assert.Equal(t, tt.outcome == wechat.Unknown, errors.Is(err, delivery.ErrUnresolved))
				var first string
				for i, s := range d.sent {
					if strings.Contains(s, "upload") {
						if first == "" {
							first = d.bodies[i]
						}
						assert.Equal(t, first, d.bodies[i], "repeated unchanged")
					}
				}
			})
		})
	}
}

func TestShipStops(t *testing.T) {
	t.Parallel()
	d := newDesk(t, waiting, cut)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.orders.Ship(ctx, express())
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "another process may have done it")
	assert.Empty(t, d.sent)

	stop := errors.New("closing time")
	s := delivery.Shipper{Orders: d.orders, Sleep: func(_ context.Context, wait time.Duration) error {
		assert.Equal(t, 3*time.Second, wait)
		return stop
	}}
	err = s.Ship(t.Context(), express())
	require.ErrorIs(t, err, stop)
	require.ErrorIs(t, err, delivery.ErrUnresolved)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.Equal(t, "look upload", d.journey())

	err = d.orders.Ship(t.Context(), delivery.Shipment{})
	var field *wechat.FieldError
	require.ErrorAs(t, err, &field)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}

func TestShipCombined(t *testing.T) {
	t.Parallel()
	part := func(tracking, company, desc string, by string) string {
		return `{"errcode":0,"order":{"order_state":2,"shipping":{"delivery_mode":1,"logistics_type":` + by + `,"finish_shipping":true,"shipping_list":[{"tracking_no":"` + tracking + `","express_company":"` + company + `","goods_desc":"` + desc + `"}]}}}`
	}
	scarf, code := part("ZT0000000000003", "ZTO", "Scarf x1", "1"), part("", "", "Gift code x1", "3")
	for _, tt := range []struct {
		name    string
		script  []string
		journey string
	}{
		{"recorded", []string{waiting, ok}, "look upload"},
		{"lost, but both are there", []string{waiting, cut, scarf, code}, "look upload look look"},
		{"lost, one is missing", []string{waiting, cut, scarf, waiting, ok}, "look upload look look upload"},
		{"lost, the first is missing", []string{waiting, cut, waiting, ok}, "look upload look upload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, tt.script...)
				require.NoError(t, d.orders.ShipCombined(t.Context(), combined()))
				assert.Equal(t, tt.journey, d.journey())
			})
		})
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	one := func() *delivery.Order { o := wantOrder(); return &o }
	in := express()
	part := func(change func(*delivery.Part)) delivery.Part {
		p := delivery.Part{Order: in.Order, By: in.By, Parcels: append([]delivery.Parcel(nil), in.Parcels...)}
		change(&p)
		return p
	}
	assert.True(t, one().Records(part(func(*delivery.Part) {})))
	for name, change := range map[string]func(*delivery.Part){
		"another way":         func(p *delivery.Part) { p.By = delivery.PickUp },
		"another mode":        func(p *delivery.Part) { p.Split = true },
		"another number":      func(p *delivery.Part) { p.Parcels[0].TrackingNo = "1" },
		"another company":     func(p *delivery.Part) { p.Parcels[0].Company = "YTO" },
		"another description": func(p *delivery.Part) { p.Parcels[0].ItemDesc = "x" },
		"one parcel more":     func(p *delivery.Part) { p.Parcels = append(p.Parcels, delivery.Parcel{ItemDesc: "x"}) },
	} {
		assert.False(t, one().Records(part(change)), name)
	}
	o := one()
	o.Shipping.Mode, o.Shipping.Finished = delivery.Split, false
	assert.True(t, o.Records(part(func(p *delivery.Part) { p.Split = true })), "more may follow")
	assert.False(t, o.Records(part(func(p *delivery.Part) { p.Split, p.Last = true, true })), "not complete")
	o.Shipping.Finished = true
	assert.True(t, o.Records(part(func(p *delivery.Part) { p.Split, p.Last = true, true })))
	assert.False(t, (&delivery.Order{}).Records(part(func(*delivery.Part) {})))
}

// An App that nobody made will not be made by waiting.
func TestShipWithoutAnAppEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := delivery.Shipper{Orders: delivery.New(nil), Sleep: func(context.Context, time.Duration) error {
		t.Error("waited")
		return nil
	}}
	require.ErrorContains(t, s.Ship(t.Context(), express()), "not made by NewApp")
}
