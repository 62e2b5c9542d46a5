package cashier_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// breaking is a log that panics when something is noted about the books, as long
// as it is armed: after the effect, before the answer.
type breaking struct {
	slog.Handler
	armed *atomic.Bool
}

func (b breaking) Enabled(context.Context, slog.Level) bool { return true }

func (b breaking) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "books" && b.armed.CompareAndSwap(true, false) {
		panic("the log is on fire")
	}
	return nil
}

// A function that panics is answered with a failure, the shop lives on, and the
// notice that comes again finds the order fulfilled once.
func TestAdverse41_PanicIsAFailureAndComesAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var armed atomic.Bool
	c, err := cashier.New(cashier.Config{Store: b.store, Till: cashier.NewV3(b.merchant(), b.account.AppID, notifyURL),
		Log: slog.New(breaking{slog.DiscardHandler, &armed})})
	require.NoError(t, err)
	b.cashier, b.bell.handler = c, c.Notices()
	o := b.place(shop.JSAPI, "tea", 1)
	_, err = b.cashier.JSAPI(t.Context(), o)
	require.NoError(t, err)
	armed.Store(true)
	_, err = b.sim.Pay(b.order(o.No).PrepayID, wechattest.User{})
	require.NoError(t, err)
	b.clock.Advance(0)
	assert.Equal(t, []int{500}, b.bell.heard)
	b.clock.Advance(time.Minute)
	assert.Equal(t, []int{500, 200}, b.bell.heard)
	assert.Equal(t, shop.Paid, b.order(o.No).State)
	assert.Equal(t, wechat.Fen(16800), b.balanced())
}
