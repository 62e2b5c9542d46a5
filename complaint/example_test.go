package complaint_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A user of the simulator complains, and the shop replies and is done.
func Example() {
	sim := must(wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys()}))
	defer sim.Close()
	account := must(sim.NewMerchant(wechattest.MerchantOptions{}))
	merchant := must(wechat.NewMerchant(account.Config(), account.Options()...))
	ctx, complaints := context.Background(), complaint.New(merchant)
	code := must(pay.New(merchant, account.AppID).PrepayNative(ctx, pay.NativeRequest{Description: "Cup", OutTradeNo: "T-0001",
		NotifyURL: "http://127.0.0.1/notify", Amount: pay.Amount{Total: 4990}}))
	must(sim.Pay(code.CodeURL, wechattest.User{Name: "Lin"}))
	must(sim.Complain(code.CodeURL, wechattest.User{Name: "Lin"}, wechattest.Grievance{Detail: "The cup is broken", Phone: "13800001111"}))

	today := complaint.ListRequest{Begin: merchant.Now(), End: merchant.Now()}
	for c, err := range complaints.All(ctx, today) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.State, c.Orders[0].OutTradeNo, c.Detail, c.PayerPhone, must(c.PayerPhone.Reveal()))
		if err := complaints.Reply(ctx, &c, complaint.Answer{Content: "Another cup is on its way"}); err != nil {
			fmt.Println(err)
			return
		}
	}
	for c := range complaints.All(ctx, today) {
		fmt.Println(c.State, complaints.Complete(ctx, &c))
	}
	for c := range complaints.All(ctx, today) {
		fmt.Println(c.State, complaints.Complete(ctx, &c))
	}
	// Output:
	// PENDING T-0001 The cup is broken *** 13800001111
	// PROCESSING <nil>
	// PROCESSED wechat: POST /v3/merchant-service/complaints-v2/{complaint_id}/complete: complaint: not possible now: cannot complete: the complaint is PROCESSED
}

// What a shop may do depends on where the complaint stands.
func ExampleComplaint_Allows() {
	c := complaint.Complaint{ID: "200201820200101080076610000", State: complaint.StatePending, ProblemType: complaint.ProblemRefund}
	for _, a := range []complaint.Action{complaint.Reply, complaint.Reject} {
		next, _ := c.State.Next(a)
		fmt.Println(a, "→", next, c.Allows(a))
	}
	fmt.Println(c.Allows(complaint.Complete))
	// Output:
	// reply → PROCESSING <nil>
	// reject the refund → PROCESSED <nil>
	// complaint: not possible now: cannot complete: the complaint is PENDING
}
