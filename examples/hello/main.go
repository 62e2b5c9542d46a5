// Command hello places an order with a simulated WeChat Pay over HTTP, pays it as
// a user would, and receives the signed notice.
package main

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/wechattest"
)

func main() {
	sim := must(wechattest.NewPay(wechattest.Config{}))
	server := httptest.NewServer(sim)
	account := must(sim.NewMerchant(wechattest.MerchantOptions{Name: "corner shop"}))
	m := must(wechat.NewMerchant(account.Config(), wechat.WithBaseURL(server.URL)))

	paid := make(chan string)
	h := notify.NewHandler(notify.V3(m))
	notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
		paid <- fmt.Sprint(e.Data.OutTradeNo, " paid, ", e.Data.Amount.Total.Yuan(), " yuan")
		return nil
	})
	shop := httptest.NewServer(h)

	order := pay.NativeRequest{Description: "Tea, 50 g", OutTradeNo: "T20261123-0001", NotifyURL: shop.URL, Amount: pay.Amount{Total: 4990}}
	code := must(pay.New(m, account.AppID).PrepayNative(context.Background(), order))
	must(sim.Pay(code.CodeURL, wechattest.User{Name: "Lin"}))
	fmt.Println(<-paid)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
