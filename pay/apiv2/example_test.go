package apiv2_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// weChatPay answers one order as WeChat Pay does.
func weChatPay() wechat.Transport {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("POST", "https://api.mch.weixin.qq.com/pay/unifiedorder", httpmock.NewStringResponder(200,
		signed(sign.HMACSHA256, fields{"trade_type": "NATIVE", "prepay_id": "wx20", "code_url": "weixin://wxpay/bizpayurl?pr=NwY5Mz9"})))
	return &http.Client{Transport: mock}
}

// An order is placed, and its code shown as a QR code.
func ExampleService_Place() {
	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: mchID, Key: seal.NewKey(key), Digest: sign.HMACSHA256}, wechat.WithTransport(weChatPay()))
	if err != nil {
		panic(err)
	}
	p, err := apiv2.New(m, appID).Place(context.Background(), apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "20260101A1", Body: "一杯茶",
		Total: 100, IP: "203.0.113.9", NotifyURL: "https://shop.example/notify/v2", ProductID: "tea"})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.CodeURL)
	// Output: weixin://wxpay/bizpayurl?pr=NwY5Mz9
}

// A genuine notice reaches the shop, which compares it with its own order.
func ExamplePaid() {
	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: mchID, Key: seal.NewKey(key)})
	if err != nil {
		panic(err)
	}
	orders := apiv2.New(m, appID)
	h := notify.NewHandler(notify.V2(m))
	notify.On(h, apiv2.Paid, func(_ context.Context, e notify.Event[apiv2.Transaction]) error {
		if err := e.Data.Matches(orders.Want("A1", 100)); err != nil {
			return err
		}
		fmt.Println("paid", e.Key)
		return nil
	})
	body := signed(sign.MD5, fields{"out_trade_no": "A1", "transaction_id": "4200", "total_fee": "100"})
	r := h.Handle(context.Background(), notify.Request{Method: "POST", Body: []byte(body)})
	fmt.Println(r.Status, string(r.Body))
	// Output:
	// paid 10000100/V2.PAID/4200
	// 200 <xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>
}
