// Package demo plays a day of the shop without a browser: over real HTTP, with
// real keys, on a clock that is moved by hand.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// day is the shop, its WeChat and the people in front of it.
type day struct {
	dir       string
	pay       string // generation of WeChat Pay
	keys      wechattest.KeySource
	clock     *wechattest.VirtualClock
	app       *app.App
	customer  *browser
	merchant  *browser
	parcel    string // number of the order that is shipped and complained about
	complaint string // its id
	sold      string // number of the order that is going to be refunded
	inside    string // number of the order that was paid inside of WeChat
}

// step does something and says in a few words what came of it.
type step struct {
	name string
	do   func(context.Context, *day) (string, error)
}

var steps = []step{
	{"open", open},
	{"follow", follow},
	{"menu", tapMenu},
	{"keyword", writeWord},
	{"log in", logIn},
	{"address", pickAddress},
	{"pay in WeChat", payInWeChat},
	{"message", hearOfIt},
	{"cancelled payment", cancelPayment},
	{"lost reply", lostReply},
	{"notice twice", noticeTwice},
	{"signature probe", probe},
	{"pay by QR code", payByCode},
	{"scan a poster", scanPoster},
	{"refund in part", refundPart},
	{"refund in full", refundRest},
	{"ship", ship},
	{"receipt", receive},
	{"complaint", complain},
	{"answer and refund", answer},
	{"complete", complete},
	{"alarm", hearAlarm},
	{"lost notice", lostNotice},
	{"lost refund reply", lostRefundReply},
	{"restart", restart},
}

// Run plays the day in a folder of its own, with a generation of WeChat Pay, and
// writes a line for each step. The last line is the difference between the two
// ledgers; an error if it is not 0, or if any step does not end as it should. keys
// is where RSA keys come from; nil means fresh ones.
func Run(ctx context.Context, out io.Writer, generation string, keys wechattest.KeySource) error {
	return begin(generation, keys, func(d *day) error {
		for _, s := range steps {
			if err := d.play(ctx, out, s); err != nil {
				return err
			}
		}
		return d.balance(ctx, out)
	})
}

// begin gives f a day in a folder of its own, and cleans up after it.
func begin(generation string, keys wechattest.KeySource, f func(*day) error) (err error) {
	dir, err := os.MkdirTemp("", "store-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d := &day{dir: dir, pay: generation, keys: keys, clock: wechattest.NewClock(time.Time{})}
	err = f(d)
	if d.app != nil {
		err = errors.Join(err, d.app.Close())
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// play plays one step and writes its line.
func (d *day) play(ctx context.Context, out io.Writer, s step) error {
	said, err := s.do(ctx, d)
	if err == nil {
		_, err = fmt.Fprintf(out, "%-18s %s\n", s.name, said)
	}
	if err != nil {
		return fmt.Errorf("demo: %s: %w", s.name, err)
	}
	return nil
}

// balance writes the last line.
func (d *day) balance(ctx context.Context, out io.Writer) error {
	c, err := d.app.Compare(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-18s %d movements, shop %s yuan, WeChat %s yuan\n", "ledgers", len(c.Rows), c.OurTotal.Yuan(), c.TheirTotal.Yuan())
	fmt.Fprintf(out, "ledger difference: %d fen\n", c.Distance)
	if c.Distance != 0 {
		return errors.New("demo: the ledgers differ")
	}
	return nil
}

// start opens the books and the doors, at addr.
func (d *day) start(ctx context.Context, addr string) error {
	a, err := app.Start(ctx, app.Config{Addr: addr, Data: d.dir, Generation: d.pay, Clock: d.clock, Keys: d.keys})
	if err != nil {
		return err
	}
	d.app = a
	return nil
}

// expect is an error unless the order is in that state.
func (d *day) expect(ctx context.Context, no string, want shop.State) error {
	o, err := d.app.Store.Order(ctx, no)
	if err == nil && o.State != want {
		err = fmt.Errorf("order %s is %s, not %s", no, o.State, want)
	}
	return err
}

// later lets time pass: notices are delivered, refunds arrive.
func (d *day) later(t time.Duration) { d.clock.Advance(t) }

// heal lets the shop ask about what is due, or about everything that is open.
func (d *day) heal(ctx context.Context, all bool) (asked int, err error) {
	return d.app.Cashier.Heal(ctx, all)
}
