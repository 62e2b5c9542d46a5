package trial_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// report is what a shop's life came to.
type report struct {
	Orders, Payments, Refunds int // orders in the shop; entries in its ledger
	Theirs                    int // entries in WeChat's ledger
	Difference                wechat.Fen
	State                     shop.State
	Refunded                  wechat.Fen
	Alarms                    int
}

const (
	button       = "one-press-of-the-order-button"
	refundButton = "one-press-of-the-refund-button"
	refundAmount = 100
)

// addrEnv is the address of the shop, the same in every life: WeChat knows where
// notices go, and refuses a used number with another notify_url.
const addrEnv = "STORE_TRIAL_ADDR"

// live is one customer's purchase with a refund in part, begun or taken up again:
// every step looks first how far an earlier life came, as people and healers do.
// Both servers talk real HTTP, and both books are on disk under dir.
func live(ctx context.Context, dir, addr string) (r report, err error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	a, err := app.Start(ctx, app.Config{Addr: addr, Data: dir, Heal: 100 * time.Millisecond})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	o, err := order(ctx, a)
	if err != nil {
		return r, err
	}
	user := wechattest.User{ID: o.OpenID}
	crash.At(crash.AfterOrderInsert)
	if err := purchase(ctx, a, o, user); err != nil {
		return r, err
	}
	if err := until(ctx, func() (bool, error) {
		o, err = a.Store.Order(ctx, o.No)
		return o.State == shop.Paid, err
	}, a); err != nil {
		return r, fmt.Errorf("waiting for the payment: %w", err)
	}
	refund, err := a.Cashier.Refund(ctx, o.No, refundAmount, "kill -9", refundButton)
	if err != nil {
		return r, err
	}
	if err := until(ctx, func() (bool, error) {
		refund, err = a.Store.RefundOf(ctx, refund.No)
		return refund.State == shop.RefundSuccess, err
	}, a); err != nil {
		return r, fmt.Errorf("waiting for the refund: %w", err)
	}
	return count(ctx, a)
}

// order is the one of an earlier life, or a new one.
func order(ctx context.Context, a *app.App) (shop.Order, error) {
	if orders, err := a.Store.Orders(ctx, 0, 1); err != nil || len(orders) > 0 {
		return first(orders), err
	}
	products, err := a.Store.Products(ctx)
	if err != nil {
		return shop.Order{}, err
	}
	_, customer, err := a.Store.NewSession(ctx)
	if err != nil {
		return shop.Order{}, err
	}
	return a.Store.Place(ctx, shop.Cart{Seller: a.Cashier.Seller(), Customer: customer.Customer, OpenID: customer.OpenID,
		Product: first(products).Slug, Quantity: 2, Nickname: "Lin", Channel: shop.JSAPI, FormToken: button})
}

func first[T any](all []T) (zero T) {
	if len(all) == 0 {
		return zero
	}
	return all[0]
}

// purchase asks for page parameters and pays, unless that was done in an earlier life.
func purchase(ctx context.Context, a *app.App, o shop.Order, user wechattest.User) error {
	params, err := a.Cashier.JSAPI(ctx, o)
	if errors.Is(err, cashier.ErrNotPayable) {
		return nil // paid in an earlier life
	}
	if err != nil {
		return err
	}
	_, err = a.Sim.Pay(params.Package[len("prepay_id="):], user)
	if errors.Is(err, wechattest.ErrNotOpen) {
		return nil // WeChat knows it is paid; the shop will hear of it
	}
	return err
}

// until asks WeChat about everything open, again and again, until done says so.
func until(ctx context.Context, done func() (bool, error), a *app.App) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if _, err := a.Cashier.Heal(ctx, true); err != nil && ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func count(ctx context.Context, a *app.App) (r report, err error) {
	orders, err := a.Store.Orders(ctx, 0, 1000)
	if err != nil {
		return r, err
	}
	ours, err := a.Store.Ledger(ctx)
	if err != nil {
		return r, err
	}
	both, err := a.Compare(ctx)
	if err != nil {
		return r, err
	}
	alarms, err := a.Store.Alarms(ctx)
	if err != nil {
		return r, err
	}
	r = report{Orders: len(orders), Theirs: len(a.Sim.Ledger(a.Account.MchID)), Difference: both.Distance, Alarms: len(alarms)}
	for _, e := range ours {
		if e.Kind == shop.KindPayment {
			r.Payments++
		} else {
			r.Refunds++
		}
	}
	if len(orders) > 0 {
		r.State, r.Refunded = orders[0].State, orders[0].Refunded
	}
	return r, nil
}

// child runs live in a process of its own.
func child(t *testing.T, dir, addr, point string) (report, error) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+dir, addrEnv+"="+addr, crash.Env+"="+point)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return report{}, err
	}
	var r report
	return r, json.Unmarshal(out, &r)
}

// freeAddr is an address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestAdverse70_KilledAtEveryPointAndStartedAgain(t *testing.T) {
	t.Parallel()
	for _, point := range crash.Points() {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			addr := freeAddr(t)
			_, err := child(t, dir, addr, point)
			var died *exec.ExitError
			require.ErrorAs(t, err, &died, "the shop has to die at %s", point)
			status, ok := died.Sys().(syscall.WaitStatus)
			require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "killed, not ended: %v", died)

			r, err := child(t, dir, addr, "")
			require.NoError(t, err)
			assert.Equal(t, report{Orders: 1, Payments: 1, Refunds: 1, Theirs: 2, State: shop.Paid, Refunded: refundAmount}, r)
		})
	}
}
