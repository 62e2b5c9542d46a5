package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/phone"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// office opens a page of the merchant, after a login if need be.
func (d *day) office(ctx context.Context, path string) (page, error) {
	p, err := d.merchant.get(ctx, path)
	if err == nil && p.path == "/merchant/login" {
		p, err = d.merchant.submit(ctx, p, "/merchant/login", url.Values{"password": {d.app.Password}, "next": {path}})
	}
	return p, err
}

// after does something on the customer's phone about an order that was paid.
func (d *day) after(ctx context.Context, no, act string, more url.Values) error {
	form := url.Values{"no": {no}, "act": {act}}
	for name, values := range more {
		form[name] = values
	}
	_, err := d.customer.do(ctx, "POST", d.app.WeChat+phone.Path, form)
	d.later(time.Second)
	return err
}

// shipped ships an order on its page at the merchant's.
func (d *day) shipped(ctx context.Context, no, tracking string) (page, error) {
	p, err := d.office(ctx, "/merchant/orders/"+no)
	if err != nil {
		return page{}, err
	}
	p, err = d.merchant.submit(ctx, p, "/merchant/orders/"+no+"/ship", url.Values{"company": {"YTO"}, "tracking": {tracking}})
	d.later(time.Second)
	return p, err
}

func (d *day) shipment(ctx context.Context, no string, want shop.ShipState) error {
	p, err := d.app.Store.ShipmentOf(ctx, no)
	if err == nil && p.State != want {
		err = fmt.Errorf("the shipment of %s is %s, not %s", no, p.State, want)
	}
	return err
}

func ship(ctx context.Context, d *day) (string, error) {
	no, err := d.buy(ctx, "teapot", time.Minute)
	if err != nil {
		return "", err
	}
	d.parcel = no
	p, err := d.shipped(ctx, no, "YT2026000000001")
	if err != nil {
		return "", err
	}
	if !p.says("YT2026000000001") {
		err = errors.New("the page does not show the parcel")
	}
	seen, lookErr := d.customer.get(ctx, "/orders/"+no)
	if lookErr == nil && !seen.says("YT2026000000001") {
		lookErr = errors.New("the customer does not see the parcel")
	}
	return "parcel on record first, then WeChat told of it; the customer sees company and number", errors.Join(err, lookErr, d.shipment(ctx, no, shop.Shipped))
}

func receive(ctx context.Context, d *day) (string, error) {
	if !d.app.Sim.Receipts() {
		return "nobody asked customers of 2014 whether the goods had come", nil
	}
	if err := d.after(ctx, d.parcel, "received", nil); err != nil {
		return "", err
	}
	if _, err := d.app.Desk.Heal(ctx, true); err != nil {
		return "", err
	}
	if err := d.shipment(ctx, d.parcel, shop.Received); err != nil {
		return "", err
	}
	d.later(26 * time.Hour)
	return "the customer confirmed on the phone; a look found it, and WeChat's event said a day later that it is settled", d.shipment(ctx, d.parcel, shop.Settled)
}

var complaintLink = regexp.MustCompile(`/merchant/complaints/(\d+)"`)

func complain(ctx context.Context, d *day) (string, error) {
	err := d.after(ctx, d.parcel, "complain", url.Values{"words": {"收到时壶嘴已经碎了"}, "refund": {"100.00"}, "picture": {"yes"}})
	if err != nil {
		return "", err
	}
	p, err := d.office(ctx, "/merchant/complaints")
	if err != nil {
		return "", err
	}
	m := complaintLink.FindStringSubmatch(p.body)
	if m == nil || !p.says("剩 23 小时") {
		return "", errors.New("the merchant's list does not show the complaint and its deadline")
	}
	d.complaint = m[1]
	one, err := d.office(ctx, "/merchant/complaints/"+d.complaint)
	if err != nil {
		return "", err
	}
	said := "the callback put it on the merchant's list with its deadline"
	if d.app.Desk.Replies() {
		said = "the notice put it on the merchant's list with its deadline and a picture"
		if _, err := d.merchant.get(ctx, "/merchant/complaints/"+d.complaint+"/pictures/0"); err != nil {
			return "", err
		}
	}
	if !one.says("壶嘴") {
		err = errors.New("the complaint's page does not say what is wrong")
	}
	return said, err
}

func answer(ctx context.Context, d *day) (string, error) {
	at := "/merchant/complaints/" + d.complaint
	p, err := d.office(ctx, at)
	if err != nil {
		return "", err
	}
	said := "complaints of 2014 take no words"
	if d.app.Desk.Replies() {
		said = "answered in words, once although the button was pressed twice"
		for range 2 {
			if p, err = d.merchant.submit(ctx, p, at+"/reply", url.Values{"words": {"非常抱歉，马上为您退款。"}}); err != nil {
				return "", err
			}
		}
	}
	if _, err = d.merchant.submit(ctx, p, at+"/refund", url.Values{"amount": {"100.00"}}); err != nil {
		return "", err
	}
	if _, err := d.arrive(ctx); err != nil {
		return "", err
	}
	answers := 0
	for _, s := range d.app.Sim.Grievance(d.parcel).Steps {
		if s.What == "MERCHANT_RESPONSE" {
			answers++
		}
	}
	if d.app.Desk.Replies() && answers != 1 {
		return "", fmt.Errorf("%d answers", answers)
	}
	return said + "; 100.00 yuan given back through the shop's own refund", d.given(ctx, d.parcel, 10000)
}

func complete(ctx context.Context, d *day) (string, error) {
	at := "/merchant/complaints/" + d.complaint
	p, err := d.office(ctx, at)
	if err != nil {
		return "", err
	}
	if _, err := d.merchant.submit(ctx, p, at+"/complete", url.Values{}); err != nil {
		return "", err
	}
	said := "the shop said that it is done"
	if !d.app.Desk.Replies() {
		said += ", and the customer is content"
		if err := d.after(ctx, d.parcel, string(phone.Content), nil); err != nil {
			return "", err
		}
	}
	d.later(time.Second)
	c, err := d.app.Store.ComplaintByID(ctx, d.complaint)
	if err == nil && c.Open() {
		err = fmt.Errorf("the complaint is %s", c.State)
	}
	return said, err
}

var alarmForm = regexp.MustCompile(`action="(/merchant/alarms/\d+)"`)

// hearAlarm leaves an order unshipped for too long.
func hearAlarm(ctx context.Context, d *day) (string, error) {
	if _, err := d.buy(ctx, "candle", 73*time.Hour); err != nil {
		return "", err
	}
	p, err := d.office(ctx, "/merchant/ledger")
	if err != nil {
		return "", err
	}
	m := alarmForm.FindStringSubmatch(p.body)
	if m == nil || !p.says("发货超时") {
		return "", errors.New("no alarm about the order that waits")
	}
	for m != nil {
		if p, err = d.merchant.submit(ctx, p, m[1], url.Values{}); err != nil {
			return "", err
		}
		m = alarmForm.FindStringSubmatch(p.body)
	}
	return "an order waited too long: WeChat's alarm stands on the merchant's page until somebody takes note", nil
}
