package message_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

func ExampleText() {
	d, err := notify.Push(notify.PushConfig{AppID: "wx0000000000000001", Token: seal.NewKey("AAAAA")})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := notify.NewHandler(d)
	type asked struct {
		Content string `json:"Content"`
	}
	notify.Answer(h, notify.Asking[message.Message](notify.Of[asked]("message.text")),
		func(_ context.Context, e notify.Event[asked]) (message.Message, error) {
			return message.Text("You said " + e.Data.Content + "."), nil
		})
	h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error { return nil })

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/wechat?"+signed("AAAAA"), strings.NewReader(
		`<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1704100000</CreateTime><MsgType>text</MsgType><Content>tea</Content><MsgId>1</MsgId></xml>`)))
	_, reply, _ := strings.Cut(w.Body.String(), "<MsgType>")
	fmt.Println(w.Code, "<MsgType>"+reply)
	// Output: 200 <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[You said tea.]]></Content></xml>
}

// printer is a Sender for examples; in a shop it is message.New(app).
type printer struct{}

func (printer) Send(_ context.Context, openID string, m message.Message) error {
	fmt.Println("to", openID+":", m)
	return nil
}

// Who writes tea gets the product's card.
func Example() {
	push, err := notify.Push(notify.PushConfig{AppID: "wx0000000000000001", Token: seal.NewKey("AAAAA")})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := message.NewRouter(printer{}) // cards go out by customer service
	r.Exact("tea", func(context.Context, message.Incoming) (message.Message, error) {
		return message.MiniProgram(message.Page{Title: "Longjing, 250 g", AppID: "wx0000000000000002", Path: "pages/item?id=7", ThumbMediaID: "MEDIA"}), nil
	})
	r.Default(func(context.Context, message.Incoming) (message.Message, error) {
		return message.Text("Write tea to see today's tea."), nil
	})
	h := notify.NewHandler(push)
	r.Register(h)

	server := httptest.NewServer(h)
	defer server.Close()
	res, err := http.Post(server.URL+"?"+signed("AAAAA"), "text/xml", strings.NewReader(wrote("Tea")))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := io.ReadAll(res.Body)
	fmt.Println(string(answer), err, res.Body.Close())
	// Output:
	// to o1: miniprogrampage message
	// success <nil> <nil>
}
