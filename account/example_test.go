package account_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/account"
)

func ExampleService_Quota() {
	weChat := httpmock.NewMockTransport() // a stand-in; leave WithTransport out to reach the real one
	weChat.RegisterResponder("POST", "https://api.weixin.qq.com/cgi-bin/openapi/quota/get",
		httpmock.NewStringResponder(200, `{"errcode":0,"quota":{"daily_limit":500000,"used":499500,"remain":500}}`))

	app, err := wechat.NewApp("wx8888888888888888", purse{}, wechat.WithTransport(&http.Client{Transport: weChat}))
	if err != nil {
		fmt.Println(err)
		return
	}
	left, err := account.New(app).Quota(context.Background(), "/cgi-bin/message/custom/send")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(left.Daily.Remain, "of", left.Daily.Limit)
	// Output: 500 of 500000
}
