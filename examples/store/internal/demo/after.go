package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// refund asks for a refund on the merchant's page of an order.
func (d *day) refund(ctx context.Context, no, yuan string) (page, error) {
	p, err := d.merchant.get(ctx, "/merchant/orders/"+no)
	if err != nil {
		return page{}, err
	}
	if p.path == "/merchant/login" {
		p, err = d.merchant.submit(ctx, p, "/merchant/login", url.Values{"password": {d.app.Password}, "next": {"/merchant/orders/" + no}})
		if err != nil {
			return page{}, err
		}
	}
	return d.merchant.submit(ctx, p, "/merchant/orders/"+no+"/refund", url.Values{"amount": {yuan}, "reason": {"协商退款"}})
}

// given is how much of an order has gone back.
func (d *day) given(ctx context.Context, no string, want wechat.Fen) error {
	o, err := d.app.Store.Order(ctx, no)
	if err == nil && (o.Refunded != want || o.Refunding != 0) {
		err = fmt.Errorf("%d fen refunded and %d under way, want %d and 0", o.Refunded, o.Refunding, want)
	}
	return err
}

// arrive lets a refund reach the customer, and the shop hear of it: by notice, or
// by asking on the schedule in the generation that has none.
func (d *day) arrive(ctx context.Context) (how string, err error) {
	d.later(time.Minute)
	asked, err := d.heal(ctx, false)
	if asked > 0 {
		return "a query on the schedule", err
	}
	return "the notice", err
}

func refundPart(ctx context.Context, d *day) (string, error) {
	p, err := d.refund(ctx, d.sold, "28.00")
	if err != nil {
		return "", err
	}
	if !p.says("处理中") {
		return "", errors.New("the page does not show the refund")
	}
	how, err := d.arrive(ctx)
	return "28.00 of 128.00 yuan accepted, and arrived by " + how, errors.Join(err, d.given(ctx, d.sold, 2800))
}

func refundRest(ctx context.Context, d *day) (string, error) {
	over, err := d.refund(ctx, d.sold, "100.01")
	if err != nil {
		return "", err
	}
	if err := d.given(ctx, d.sold, 2800); err != nil || !over.says("累计不超过实付金额") {
		return "", errors.Join(errors.New("a refund of more than was paid was not refused"), err)
	}
	if _, err := d.refund(ctx, d.sold, "100.00"); err != nil {
		return "", err
	}
	if _, err := d.arrive(ctx); err != nil {
		return "", err
	}
	return "one fen too much refused, the other 100.00 yuan given back", d.given(ctx, d.sold, 12800)
}

func lostNotice(ctx context.Context, d *day) (string, error) {
	d.app.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})
	no, err := d.buy(ctx, "lamp", 10*time.Second)
	if err != nil {
		return "", err
	}
	if err := d.expect(ctx, no, shop.Pending); err != nil {
		return "", err
	}
	asked, err := d.heal(ctx, false)
	return fmt.Sprintf("no notice ever came; %d query on the official schedule found the payment", asked), errors.Join(err, d.expect(ctx, no, shop.Paid))
}

func lostRefundReply(ctx context.Context, d *day) (string, error) {
	no, err := d.buy(ctx, "teapot", 0)
	if err != nil {
		return "", err
	}
	_, path := d.app.Sim.Paths()
	disarm := d.app.Sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: path, Times: -1})
	if _, err := d.refund(ctx, no, "68.00"); err != nil {
		return "", err
	}
	disarm()
	if _, err := d.heal(ctx, true); err != nil {
		return "", err
	}
	if _, err := d.arrive(ctx); err != nil {
		return "", err
	}
	refunds, err := d.app.Store.Refunds(ctx, no)
	if err == nil && len(refunds) != 1 {
		err = fmt.Errorf("%d refunds", len(refunds))
	}
	return "nobody knew whether WeChat had it; asked again under the same out_refund_no: refunded once", errors.Join(err, d.given(ctx, no, 6800))
}

// restart closes both servers with a payment whose notice is still due, and
// opens both books again.
func restart(ctx context.Context, d *day) (string, error) {
	d.app.Sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDrop})
	no, err := d.buy(ctx, "bookmark", 0)
	if err != nil {
		return "", err
	}
	before, err := d.app.Compare(ctx)
	if err != nil {
		return "", err
	}
	addr := strings.TrimPrefix(d.app.Origin, "http://")
	old := d.app
	d.app = nil
	if err := errors.Join(old.Close(), d.start(ctx, addr)); err != nil {
		return "", err
	}
	after, err := d.app.Compare(ctx)
	if err != nil {
		return "", err
	}
	if after.OurTotal != before.OurTotal || after.TheirTotal != before.TheirTotal || len(after.Rows) != len(before.Rows) {
		return "", errors.New("the ledgers are not what they were")
	}
	d.later(time.Minute)
	return "both journals opened again, same keys, same books; the notice that was still due arrived", d.expect(ctx, no, shop.Paid)
}
