// Package apiv2 is what the XML generation of WeChat Pay does: orders of every
// kind, code payment, refunds, native mode 1, bills, red packets, transfers and
// profit sharing. WeChat still serves it, red packets only here; everything else
// has a successor that the comment of each method names. New shops use package pay.
//
//	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: "1900000109", Key: key, Digest: sign.HMACSHA256, Certificate: &cert})
//	if err != nil {
//		return err
//	}
//	orders := apiv2.New(m, "wx8888888888888888")
//	p, err := orders.Place(ctx, apiv2.OrderRequest{TradeType: pay.TradeNative, OutTradeNo: "20260101A1", Body: "tea",
//		Total: 100, IP: "203.0.113.9", NotifyURL: "https://shop.example/notify/v2", ProductID: "tea"})
//
// Answers are verified over every field, known or not, before one is read. Fields
// of answers that have no name here are in Fields.
package apiv2
