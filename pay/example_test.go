package pay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

// simulated is a merchant of the simulator, in place of keys from the merchant
// platform.
func simulated(o wechattest.MerchantOptions, notices wechat.Transport) (*wechattest.Pay, *wechattest.VirtualClock, *wechattest.Account, *wechat.Merchant) {
	clock := wechattest.NewClock(time.Time{}) // it shows 2026-01-05 10:00 in Beijing
	sim := must(wechattest.NewPay(wechattest.Config{Clock: clock, Keys: wechattest.ReusedKeys(), Notify: notices}))
	account := must(sim.NewMerchant(o))
	return sim, clock, account, must(wechat.NewMerchant(account.Config(), account.Options()...))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An order paid on a page inside WeChat. The page hands the parameters to
// WeixinJSBridge; whether it was paid the shop asks WeChat Pay.
func ExampleService_PrepayJSAPI() {
	sim, _, account, merchant := simulated(wechattest.MerchantOptions{}, nil)
	defer sim.Close()
	ctx, user := context.Background(), wechattest.User{Name: "Lin"}

	orders := pay.New(merchant, account.AppID)
	prepay, err := orders.PrepayJSAPI(ctx, pay.JSAPIRequest{
		Description: "Tea, 50 g",
		OutTradeNo:  "T20260105-0001",
		NotifyURL:   "http://127.0.0.1/notify",
		Amount:      pay.Amount{Total: 4990},
		Payer:       pay.Payer{OpenID: user.OpenID(account.AppID)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := orders.JSAPIParams(prepay.PrepayID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.TimeStamp, page.SignType, strings.HasPrefix(page.Package, "prepay_id=wx2026"))

	must(sim.CheckJSAPI(wechattest.PageParams(*page), user)) // what the WeChat client does
	must(sim.Pay(page.Package, user))

	order := must(orders.Query(ctx, "T20260105-0001"))
	if err := order.Matches(orders.Want("T20260105-0001", 4990)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.TradeState, order.Amount.Total.Yuan(), "yuan")
	// Output:
	// 1767578400 RSA true
	// SUCCESS 49.90 yuan
}

// A partner sells for a merchant it serves: the same calls on a merchant made by
// For. The page runs in the sub-merchant's mini program.
func ExampleService_InApp() {
	sim, _, account, merchant := simulated(wechattest.MerchantOptions{Partner: true, Subs: []wechattest.SubMerchant{{Name: "tea house"}}}, nil)
	defer sim.Close()
	ctx, user, tea := context.Background(), wechattest.User{Name: "Lin"}, account.Subs[0]

	orders := pay.New(merchant.For(wechat.Sub{MchID: tea.MchID, AppID: tea.AppIDs[0]}), account.AppID)
	inSub := must(orders.PrepayJSAPI(ctx, pay.JSAPIRequest{Description: "Tea", OutTradeNo: "T-0001", NotifyURL: "http://127.0.0.1/notify",
		Amount: pay.Amount{Total: 100}, Payer: pay.Payer{SubOpenID: user.OpenID(tea.AppIDs[0])}}))
	params := must(orders.JSAPIParams(inSub.PrepayID))
	fmt.Println("the sub-merchant's app:", params.AppID == tea.AppIDs[0])

	inOwn := must(orders.PrepayJSAPI(ctx, pay.JSAPIRequest{Description: "Tea", OutTradeNo: "T-0002", NotifyURL: "http://127.0.0.1/notify",
		Amount: pay.Amount{Total: 100}, Payer: pay.Payer{SpOpenID: user.OpenID(account.AppID)}}))
	params = must(orders.InApp(account.AppID).JSAPIParams(inOwn.PrepayID))
	fmt.Println("the partner's own app:", params.AppID == account.AppID)
	// Output:
	// the sub-merchant's app: true
	// the partner's own app: true
}

// An order paid from a phone's browser: send it to the answer's address.
func ExampleH5_RedirectTo() {
	h5 := pay.H5{URL: "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016&package=14"}
	fmt.Println(h5.RedirectTo("https://shop.example/paid?order=1"))
	// Output: https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016&package=14&redirect_url=https%3A%2F%2Fshop.example%2Fpaid%3Forder%3D1
}

// A notice is genuine before the function sees it; whether it is about the shop's
// own order, at the shop's own price, the function decides.
func ExampleTransaction_Matches() {
	door := &doorbell{}
	sim, clock, account, merchant := simulated(wechattest.MerchantOptions{}, door)
	defer sim.Close()
	orders := pay.New(merchant, account.AppID)
	books := map[string]wechat.Fen{"T-0001": 4990, "T-0002": 4990}

	h := notify.NewHandler(notify.V3(merchant))
	notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
		err := e.Data.Matches(orders.Want(e.Data.OutTradeNo, books[e.Data.OutTradeNo]))
		if err == nil {
			fmt.Println("fulfil", e.Data.OutTradeNo)
			return nil
		}
		var mismatch *pay.MismatchError
		if errors.As(err, &mismatch) {
			fmt.Println("alarm:", mismatch.Differences[0].Field, "is", mismatch.Differences[0].Got)
		}
		return err
	})
	door.handler = h

	for _, o := range []struct {
		no    string
		total wechat.Fen
	}{{"T-0001", 4990}, {"T-0002", 1}} { // somebody got the second one cheaper
		code := must(orders.PrepayNative(context.Background(), pay.NativeRequest{Description: "Tea", OutTradeNo: o.no, NotifyURL: "http://127.0.0.1/notify", Amount: pay.Amount{Total: o.total}}))
		must(sim.Pay(code.CodeURL, wechattest.User{Name: "Lin"}))
		clock.Advance(0)
	}
	// Output:
	// fulfil T-0001
	// alarm: amount.total is 0.01 yuan
}

// doorbell carries the simulator's notices to a handler without a socket.
type doorbell struct{ handler *notify.Handler }

func (d *doorbell) Do(r *http.Request) (*http.Response, error) {
	req, err := notify.ReadRequest(r, 1<<20)
	if err != nil {
		return nil, err
	}
	reply := d.handler.Handle(r.Context(), req)
	return &http.Response{StatusCode: reply.Status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// Nobody knows whether the user paid: the resolver asks until it is certain. Here
// time is the simulator's, so that half an hour passes at once.
func ExampleResolver() {
	sim, clock, account, merchant := simulated(wechattest.MerchantOptions{}, nil)
	defer sim.Close()
	orders := pay.New(merchant, account.AppID)
	must(orders.PrepayNative(context.Background(), pay.NativeRequest{Description: "Tea", OutTradeNo: "T-0001", NotifyURL: "http://127.0.0.1/notify", Amount: pay.Amount{Total: 100}}))

	r := pay.Resolver{Orders: orders, Sleep: func(_ context.Context, d time.Duration) error { clock.Advance(d); return nil }}
	got, err := r.Resolve(context.Background(), "T-0001")
	fmt.Println(got.Outcome, got.Transaction.TradeState, clock.Now().Format(time.TimeOnly), err)
	// Output: not done CLOSED 10:30:00 <nil>
}

// A request that cannot be right is refused before anything is sent, and the error
// says what to do.
func ExampleJSAPIRequest_Validate() {
	r := pay.JSAPIRequest{Description: "Hot tea 🍵", OutTradeNo: "T20260105-0001", NotifyURL: "https://shop.example/notify", Amount: pay.Amount{Total: 4990}}
	fmt.Println(r.Validate())
	// Output: description: character 9 of 9 takes four bytes in UTF-8 (an emoji, or a rare ideograph), which WeChat Pay refuses: leave it out
}
