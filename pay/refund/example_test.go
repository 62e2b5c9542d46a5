package refund_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// paidOrder is a merchant of the simulator with one paid order.
func paidOrder(no string, total wechat.Fen) (*wechattest.Pay, *wechattest.VirtualClock, *wechat.Merchant) {
	clock := wechattest.NewClock(time.Time{})
	sim := must(wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys()}))
	account := must(sim.NewMerchant(wechattest.MerchantOptions{}))
	merchant := must(wechat.NewMerchant(account.Config(), append(account.Options(), wechat.WithBackoff(wechat.NoRetry))...))
	code := must(pay.New(merchant, account.AppID).PrepayNative(context.Background(), pay.NativeRequest{Description: "Tea", OutTradeNo: no,
		NotifyURL: "http://127.0.0.1/notify", Amount: pay.Amount{Total: total}}))
	must(sim.Pay(code.CodeURL, wechattest.User{Name: "Lin"}))
	return sim, clock, merchant
}

// Part of an order goes back. Accepted is not arrived: that a notice tells, or a
// query.
func ExampleService_Apply() {
	sim, clock, merchant := paidOrder("T-0001", 4990)
	defer sim.Close()
	ctx, refunds := context.Background(), refund.New(merchant)

	r, err := refunds.Apply(ctx, refund.Request{
		OutTradeNo:  "T-0001",
		OutRefundNo: "R-0001", // stored before this call
		Reason:      "one cup broken",
		Amount:      refund.Amount{Refund: 1990, Total: 4990},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.State, r.Amount.Refund.Yuan())

	clock.Advance(time.Minute)
	r = must(refunds.Query(ctx, "R-0001"))
	fmt.Println(r.State, r.UserReceivedAccount != "")
	// Output:
	// PROCESSING 19.90
	// SUCCESS true
}

// The answer was lost. The same request under the same number ends as one refund.
func ExampleResolver() {
	sim, clock, merchant := paidOrder("T-0001", 4990)
	defer sim.Close()
	ctx, refunds := context.Background(), refund.New(merchant)
	sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: http.MethodPost})

	in := refund.Request{OutTradeNo: "T-0001", OutRefundNo: "R-0001", Amount: refund.Amount{Refund: 1990, Total: 4990}}
	r, err := refunds.Apply(ctx, in)
	fmt.Println(wechat.OutcomeOf(err))
	if wechat.OutcomeOf(err) == wechat.Unknown {
		ask := refund.Resolver{Refunds: refunds, Sleep: func(_ context.Context, d time.Duration) error { clock.Advance(d); return nil }}
		r, err = ask.Resolve(ctx, in)
	}
	fmt.Println(wechat.OutcomeOf(err), r.OutRefundNo, r.Amount.Refund.Yuan())
	// Output:
	// unknown
	// done R-0001 19.90
}
