// Command keyword answers a word with a product card: the program of the README,
// for a real account. It reads the account from the environment.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

func main() {
	tokens, err := token.New(token.Config{AppID: os.Getenv("APPID"), Secret: seal.NewKey(os.Getenv("SECRET"))})
	app, err2 := wechat.NewApp(os.Getenv("APPID"), tokens)
	push, err3 := notify.Push(notify.PushConfig{AppID: os.Getenv("APPID"), Token: seal.NewKey(os.Getenv("TOKEN")), EncodingAESKey: seal.NewKey(os.Getenv("AESKEY"))})
	if err != nil || err2 != nil || err3 != nil {
		log.Fatal(err, err2, err3)
	}
	h, r := notify.NewHandler(push, notify.WithObserver(func(_ context.Context, r notify.Record) { log.Println(r.Type, r.Status, r.Err) })), message.NewRouter(message.New(app))
	r.Exact("tea", func(context.Context, message.Incoming) (message.Message, error) {
		return message.MiniProgram(message.Page{Title: "Longjing, 250 g", AppID: os.Getenv("MINI"), Path: "pages/tea?id=7", ThumbMediaID: os.Getenv("PICTURE")}), nil
	})
	r.Register(h)
	log.Fatal(http.ListenAndServe(":8080", h))
}
