package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// An endpoint this module does not know yet is one line and two structs away.
func Example() {
	merchantKeyPEM, publicKeyPEM := exampleFiles() // apiclient_key.pem and pub_key.pem
	key, err := wechat.LoadPrivateKey(merchantKeyPEM)
	if err != nil {
		fmt.Println(err)
		return
	}
	public, err := wechat.LoadPublicKey(publicKeyPEM)
	if err != nil {
		fmt.Println(err)
		return
	}
	ring, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_0114232134912410000000000000", public))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := wechat.NewMerchant(wechat.MerchantConfig{
		ID: "1900007291", Serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB", Key: key,
		APIv3Key: seal.NewKey("0123456789abcdef0123456789abcdef"), Platform: ring,
	}, wechat.WithTransport(exampleWeChatPay()))
	if err != nil {
		fmt.Println(err)
		return
	}

	type question struct {
		OutTradeNo string `json:"-" path:"out_trade_no"`
		wechat.Numbers
	}
	type answer struct {
		TradeState string `json:"trade_state"`
	}
	query := wechat.GET("/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}")
	out, err := wechat.Call[answer](context.Background(), m, query, question{"20260101001", m.Numbers()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.TradeState)

	_, err = wechat.Call[answer](context.Background(), m, query, question{"unknown", m.Numbers()})
	fmt.Println(err)
	fmt.Println(errors.Is(err, wechat.Code("ORDER_NOT_EXIST")), wechat.OutcomeOf(err))
	// Output:
	// SUCCESS
	// wechat: GET /v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}: 404 ORDER_NOT_EXIST: 订单不存在 [Request-ID 08D4EDB0A90610-0]
	// true not done
}

func ExampleParseYuan() {
	fen, err := wechat.ParseYuan("12.05")
	fmt.Println(int64(fen), fen.Yuan(), err)
	_, err = wechat.ParseYuan("0.105")
	fmt.Println(err)
	// Output:
	// 1205 12.05 <nil>
	// wechat: an amount of yuan finer than one fen
}

// exampleWeChatPay knows one paid order.
func exampleWeChatPay() wechat.Transport {
	return doFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v3/pay/transactions/out-trade-no/20260101001" {
			return proved(200, `{"trade_state":"SUCCESS"}`), nil
		}
		return proved(404, `{"code":"ORDER_NOT_EXIST","message":"订单不存在"}`), nil
	})
}
