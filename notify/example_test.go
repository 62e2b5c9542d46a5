package notify_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// exampleMerchant is a merchant of the official tests, on the day of the example.
func exampleMerchant() (*wechat.Merchant, error) {
	pem, err := os.ReadFile("testdata/k3_certificate.pem")
	if err != nil {
		return nil, err
	}
	cert, err := wechat.LoadCertificate(pem)
	if err != nil {
		return nil, err
	}
	then := func() time.Time { return time.Unix(1700000000, 0) }
	ring, err := sign.NewRing(sign.Certificate(cert))
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return wechat.NewMerchant(wechat.MerchantConfig{ID: "1230000109", Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", Key: key,
		APIv3Key: seal.NewKey("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"), Platform: ring.WithClock(then)}, wechat.WithClock(then))
}

func Example() {
	m, err := exampleMerchant()
	if err != nil {
		fmt.Println(err)
		return
	}
	type Transaction struct {
		OutTradeNo    string `json:"out_trade_no"`
		TransactionID string `json:"transaction_id"`
		Amount        struct {
			Total wechat.Fen `json:"total"`
		} `json:"amount"`
	}
	paid := notify.Of[Transaction]("TRANSACTION.SUCCESS").Without("combine_out_trade_no").
		Keyed(func(t Transaction) string { return t.TransactionID })

	h := notify.NewHandler(notify.V3(m))
	done := map[string]bool{} // in a shop: a table, written in one transaction with the order
	notify.On(h, paid, func(_ context.Context, e notify.Event[Transaction]) error {
		if !done[e.Key] {
			done[e.Key] = true
			fmt.Println(e.Data.OutTradeNo, "paid", e.Data.Amount.Total.Yuan())
		}
		return nil
	})

	body, err := os.ReadFile("testdata/s11_body.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	request := notify.Request{Method: http.MethodPost, Body: body, Header: http.Header{
		"Wechatpay-Timestamp": {"1700000000"},
		"Wechatpay-Nonce":     {"EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz"},
		"Wechatpay-Serial":    {"440024045C4A427599D09BB4E3DE0279F2E813FD"},
		"Wechatpay-Signature": {s11Signature},
	}}
	for range 2 { // WeChat Pay may send it again
		reply := h.Handle(context.Background(), request)
		fmt.Println(reply.Status, string(reply.Body))
	}
	// Output:
	// 1217752501201407033233368018 paid 1.00
	// 200 {"code":"SUCCESS","message":"OK"}
	// 200 {"code":"SUCCESS","message":"OK"}
}

func ExampleRouter() {
	handlers := map[string]*notify.Handler{} // by merchant number, made at start or when needed
	mux := http.NewServeMux()
	mux.Handle("POST /notify/{merchant}", notify.Router(func(_ context.Context, merchant string) (*notify.Handler, error) {
		return handlers[merchant], nil // nil: there is no such merchant
	}))
}
