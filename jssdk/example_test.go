package jssdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat/jssdk"
	"github.com/wxcommerce/wechat/pay"
)

func ExampleSigner_Page() {
	signer, err := jssdk.New(jssdk.Config{
		AppID:   "wx8888888888888888",
		Tickets: tickets{text: "TICKET"}, // token.NewTicket(app, token.TicketConfig{}) in a shop
		Hosts:   []string{"shop.example"},
		Now:     func() time.Time { return time.Unix(1414587457, 0) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	params := &pay.JSAPIParams{AppID: "wx8888888888888888", TimeStamp: "1414587457", NonceStr: "N", Package: "prepay_id=wx1", SignType: "RSA"}
	params.PaySign = "c2lnbmVk" // orders.JSAPIParams(prepayID) makes all of it
	toPay := jssdk.Pay(*params)
	page, err := signer.Page(context.Background(), jssdk.PageRequest{
		URL: "https://shop.example/cart?id=3#pay", // location.href, sent by the page
		Pay: &toPay, Address: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Config.JSAPIList, len(page.Config.Signature))
	b, err := json.Marshal(page.Pay)
	fmt.Println(string(b), err)

	_, err = signer.Config(context.Background(), "https://evil.example/")
	fmt.Println(err)
	// Output:
	// [chooseWXPay openAddress] 40
	// {"appId":"wx8888888888888888","timeStamp":"1414587457","timestamp":"1414587457","nonceStr":"N","package":"prepay_id=wx1","signType":"RSA","paySign":"c2lnbmVk"} <nil>
	// jssdk: url: has a host (12 bytes) that is not one of the 1 allowed ones
}
