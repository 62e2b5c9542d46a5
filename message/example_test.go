package message_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// signed is the query of a push in plain mode.
func signed(token string) string {
	parts := []string{token, "1704100000", "123"}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return "timestamp=1704100000&nonce=123&signature=" + hex.EncodeToString(sum[:])
}

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
