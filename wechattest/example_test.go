package wechattest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

// A shop is tried end to end in a few milliseconds: its order is paid, the notice
// fails at first and comes again fifteen seconds later.
func Example() {
	clock := wechattest.NewClock(time.Time{})
	pay, err := wechattest.NewPay(wechattest.Config{Clock: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pay.Close()
	account, err := pay.NewMerchant(wechattest.MerchantOptions{Name: "corner shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	tries := 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer shop.Close()

	m, err := wechat.NewMerchant(account.Config(), account.Options()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	order := map[string]any{"appid": account.AppID, "mchid": account.MchID, "description": "tea", "out_trade_no": "tea-000001",
		"notify_url": shop.URL + "/notify", "amount": map[string]int{"total": 100}}
	native, err := wechat.Call[struct {
		CodeURL string `json:"code_url"`
	}](context.Background(), m, wechat.POST("/v3/pay/transactions/native").Keyed(), order)
	if err != nil {
		fmt.Println(err)
		return
	}
	paid, err := pay.Pay(native.CodeURL, wechattest.User{Name: "li"})
	if err != nil {
		fmt.Println(err)
		return
	}
	clock.Advance(time.Minute)
	fmt.Println(paid.OutTradeNo, paid.State, paid.Total.Yuan(), "yuan")
	for _, d := range pay.Deliveries() {
		fmt.Println(d.EventType, d.At.Format(time.TimeOnly), d.Status, d.Accepted)
	}
	fmt.Println("balance", wechattest.Balance(pay.Ledger(account.MchID)).Yuan())
	// Output:
	// tea-000001 SUCCESS 1.00 yuan
	// TRANSACTION.SUCCESS 10:00:00 500 false
	// TRANSACTION.SUCCESS 10:00:15 200 true
	// balance 1.00
}
