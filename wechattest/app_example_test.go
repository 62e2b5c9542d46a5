package wechattest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/wxcommerce/wechat/menu"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

// An account with a menu: a user follows it, taps a button and reads the answer.
func ExampleNewApp() {
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewApp(wechattest.AppConfig{Clock: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = sim.Close() }()

	// The shop: a handler for what WeChat pushes, and a menu.
	push, err := notify.Push(notify.PushConfig{AppID: sim.AppID, Token: libseal.NewKey(sim.Push().Token), EncodingAESKey: libseal.NewKey(sim.Push().EncodingAESKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	var answers message.Router
	answers.Click("ORDERS", func(context.Context, message.Incoming) (message.Message, error) {
		return message.Text("You have no orders yet."), nil
	})
	h := notify.NewHandler(push)
	answers.Register(h)
	shop := httptest.NewServer(h)
	defer shop.Close()
	app, err := sim.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("menu made:", menu.New(app).Create(context.Background(), menu.Of(menu.Click("Orders", "ORDERS"))))

	// The world.
	set := sim.Push()
	set.URL, set.Mode = shop.URL, wechattest.PushSafe
	fmt.Println("push set:", sim.SetPush(set), sim.VerifyPush(context.Background()))
	li := wechattest.User{Name: "li"}
	sim.Follow(li)
	_, err = sim.Tap(li, wechattest.Touch{Path: []string{"Orders"}})
	fmt.Println("tapped:", err)
	clock.Advance(time.Second)
	for _, e := range sim.Chat(li) {
		fmt.Println(e.From, e.Type, e.Text)
	}
	// Output:
	// menu made: <nil>
	// push set: <nil> <nil>
	// tapped: <nil>
	// account text You have no orders yet.
}
