package qrcode_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
)

func ExampleNew() {
	code, err := qrcode.New("weixin://wxpay/bizpayurl?pr=p4lpSuKzz", qrcode.WithSize(300), qrcode.WithLevel(qrcode.Q))
	if err != nil {
		fmt.Println(err)
		return
	}
	var picture bytes.Buffer
	if err := code.PNG(&picture); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code.Modules(), "modules,", code.Image().Bounds().Dx(), "pixels")
	// Output: 33 modules, 300 pixels
}

func ExampleCode_Terminal() {
	code, err := qrcode.New("HELLO", qrcode.WithMargin(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := code.Terminal(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// █▀▀▀▀▀▀▀███▀▀▀█▀▀▀▀▀▀▀█
	// █ █▀▀▀█ █▀█▀▄▀█ █▀▀▀█ █
	// █ █   █ █ ▀▀  █ █   █ █
	// █ ▀▀▀▀▀ █ ▄▀█ █ ▀▀▀▀▀ █
	// █▀█▀▀▀▀▀█▄██▄ █▀▀▀▀▀███
	// █▀▀██ ▀▀ ▄▄█▀▄▀█▄▀ ▄▄ █
	// ███▄▄▀▀▀▀█▄▀▀█▀█▄ █▀███
	// █▀▀▀▀▀▀▀█▄█▄▄ ▄ ▀█▄▀▄ █
	// █ █▀▀▀█ █ ▄ ▄ ▄▄▀█▄▀█▄█
	// █ █   █ █ ██▀▄▀█▄▀█ ███
	// █ ▀▀▀▀▀ █▀█ ▀█▀█▄ █ █▄█
	// ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
}

func ExamplePage() {
	// A sticker of 25 mm for a printer of 300 dots per inch.
	code, err := qrcode.Page("https://shop.example/tea/1?from=sticker", qrcode.WithPrint(25, 300))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code.Modules(), "modules,", code.Image().Bounds().Dx(), "pixels")
	_, err = qrcode.Page("http://shop.example/tea/1")
	fmt.Println(err)
	// Output:
	// 33 modules, 295 pixels
	// qrcode: Page: address: must be a whole address that begins with https:// (25 bytes)
}

func ExampleService_Temporary() {
	weChat := httpmock.NewMockTransport() // a stand-in; leave WithTransport out to reach the real one
	weChat.RegisterResponder("POST", "https://api.weixin.qq.com/cgi-bin/qrcode/create",
		httpmock.NewStringResponder(200, `{"ticket":"gQH+EXAMPLE==","expire_seconds":86400,"url":"http://weixin.qq.com/q/EXAMPLE"}`))

	app, err := wechat.NewApp("wx8888888888888888", purse{}, wechat.WithTransport(&http.Client{Transport: weChat}))
	if err != nil {
		fmt.Println(err)
		return
	}
	ticket, err := qrcode.NewService(app).Temporary(context.Background(), qrcode.SceneText("order-0001"), 24*time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := ticket.Code(qrcode.WithSize(300)) // drawn here, in the shop's own look
	fmt.Println(code.Modules(), "modules,", err)
	fmt.Println(ticket.ImageURL(), "for", ticket.Life())
	// Output:
	// 29 modules, <nil>
	// https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2BEXAMPLE%3D%3D for 24h0m0s
}
