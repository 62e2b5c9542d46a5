package media_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/media"
)

func ExampleService_Upload() {
	weChat := httpmock.NewMockTransport() // a stand-in; leave WithTransport out to reach the real one
	weChat.RegisterResponder("POST", "https://api.weixin.qq.com/cgi-bin/media/upload",
		httpmock.NewStringResponder(200, `{"type":"image","media_id":"MEDIA_ID","created_at":1704100000}`))

	app, err := wechat.NewApp("wx8888888888888888", purse{}, wechat.WithTransport(&http.Client{Transport: weChat}))
	if err != nil {
		fmt.Println(err)
		return
	}
	files := media.New(app)
	up, err := files.Upload(context.Background(), media.Image, wechat.File{Name: "tea.jpg", Data: strings.NewReader("…")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(up.MediaID, "until", up.Expires().Format("2006-01-02 15:04"))
	_, err = files.Upload(context.Background(), media.Video, wechat.File{Name: "tea.avi", Data: strings.NewReader("…")})
	fmt.Println(err)
	// Output:
	// MEDIA_ID until 2024-01-04 17:06
	// wechat: POST /cgi-bin/media/upload: filename: has to end in .mp4 for a video
}
