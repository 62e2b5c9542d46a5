package token_test

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

func ExampleNew() {
	weChat := newWeixin() // a stand-in; leave WithTransport out to reach the real one

	src, err := token.New(token.Config{
		AppID:  "wx8888888888888888",
		Secret: seal.NewKey("AppSecret"), // from the environment, never from the code
	}, wechat.WithTransport(weChat))
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := wechat.NewApp("wx8888888888888888", src, wechat.WithTransport(weChat))
	if err != nil {
		fmt.Println(err)
		return
	}

	// Calls take the token they need by themselves, and it stays hidden in print.
	_, err = wechat.Call[wechat.None](context.Background(), app, wechat.GET("/cgi-bin/menu/get"), nil)
	fmt.Println("called:", err)
	k, err := src.Token(context.Background())
	fmt.Println(k, k.Len() > 0, err, weChat.fetches.Load(), "fetch")
	// Output:
	// called: <nil>
	// *** true <nil> 1 fetch
}

func ExampleNewTicket() {
	weChat := newWeixin()
	src, err := token.New(token.Config{AppID: "wx8888888888888888", Secret: seal.NewKey("AppSecret")}, wechat.WithTransport(weChat))
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := wechat.NewApp("wx8888888888888888", src, wechat.WithTransport(weChat))
	if err != nil {
		fmt.Println(err)
		return
	}
	ticket, err := token.NewTicket(app, token.TicketConfig{Kind: token.JSAPI})
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := ticket.Ticket(context.Background())
	fmt.Println(ticket, k, k.Len() > 0, err)
	// Output:
	// jsapi ticket of app wx8888888888888888 *** true <nil>
}
