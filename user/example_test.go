package user_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/user"
)

func ExampleService_Followers() {
	weChat := httpmock.NewMockTransport() // a stand-in; leave WithTransport out to reach the real one
	weChat.RegisterResponder("GET", "https://api.weixin.qq.com/cgi-bin/user/get",
		httpmock.NewStringResponder(200, `{"total":2,"count":2,"data":{"openid":["oA","oB"]},"next_openid":""}`))

	app, err := wechat.NewApp("wx8888888888888888", purse{}, wechat.WithTransport(&http.Client{Transport: weChat}))
	if err != nil {
		fmt.Println(err)
		return
	}
	users := user.New(app)
	for openID, err := range users.Followers(context.Background()) {
		fmt.Println(openID, err)
	}
	err = users.Tag(context.Background(), 134) // nobody: found before anything is sent
	fmt.Println(err)
	// Output:
	// oA <nil>
	// oB <nil>
	// wechat: POST /cgi-bin/tags/members/batchtagging: openid_list: has 0 entries, want 1 to 50
}
