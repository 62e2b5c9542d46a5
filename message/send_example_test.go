package message_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

// exampleService talks to a stand-in; leave WithTransport out to reach the real
// one, and take the token from package token.
func exampleService(answers string) *message.Service {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(http.StatusOK, answers))
	app, err := wechat.NewApp("wx8888888888888888", oneToken{}, wechat.WithTransport(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
	}
	return message.New(app)
}

func ExampleService_Send() {
	s := exampleService(`{"errcode":45015,"errmsg":"response out of time limit or subscription is canceled"}`)

	shop := message.OrderPage{AppID: "wx0000000000000001", Path: "pages/order", ThumbMediaID: "MEDIA"}
	err := s.Send(context.Background(), "oAAAAAAAAAAAAAAAAAAAAAAAAAAA", shop.Card("Your order", "SO-0001"))
	switch {
	case errors.Is(err, message.ErrWindowClosed):
		fmt.Println("send a template message instead")
	case err != nil:
		fmt.Println(err)
	}
	// Output: send a template message instead
}

func ExampleService_SendTemplate() {
	s := exampleService(`{"errcode":0,"errmsg":"ok","msgid":200228332}`)

	in := message.Template{
		To:          "oAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		TemplateID:  "TPL",
		URL:         "https://shop.example.com/o/1",
		Values:      message.Values{"character_string1": "SO-0001", "amount2": "19.99元", "thing3": "Longjing tea, 250 g"},
		ClientMsgID: "SO-0001-paid", // repeating it is safe for ten minutes
	}
	if err := in.Values.Check(); err != nil {
		fmt.Println(err)
		return
	}
	sent, err := s.SendTemplate(context.Background(), in)
	fmt.Println(sent.MsgID, err)
	// Output: 200228332 <nil>
}

func ExampleService_AddDraft() {
	s := exampleService(`{"errcode":0,"errmsg":"ok","media_id":"DRAFT","product_key":"KEY","msg_id":34182}`)
	ctx := context.Background()

	card, err := s.ProductCard(ctx, message.ProductCardRequest{ProductID: "1000000000", Post: message.Pictured, Card: message.BarCard})
	if err != nil {
		fmt.Println(err)
		return
	}
	draft, err := s.AddDraft(ctx, message.Post{
		Type: message.Pictured, Title: "New tea", Content: "Fresh today",
		Gallery: message.NewGallery("PERMANENT_PICTURE"), Product: message.SellBelow(card.Key),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent, err := s.SendToTag(ctx, 2, message.Mass{Message: message.MPNews(draft), ClientMsgID: "tea-2024-01-01"})
	fmt.Println(draft, sent.MsgID, err)
	// Output: DRAFT 34182 <nil>
}
