// Package legacy is payment as accounts approved before September 2014 have it:
// a signed package string instead of an order placed beforehand, pages and QR
// codes signed with the paySignKey, and refunds and bills at Tenpay (财付通). No
// account has been opened for it since; package pay, under a new merchant number,
// replaces it.
//
//	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: "wxf8b4f85f3a794e77", PaySignKey: paySignKey,
//		PartnerID: "1900000109", PartnerKey: partnerKey, Tokens: tokens, GBK: legacy.DecodeGBK})
//	if err != nil {
//		return err
//	}
//	orders := legacy.New(m)
//	p, err := orders.JSAPIParams(legacy.Order{OutTradeNo: "20140301000001", Body: "可乐1杯", Total: 300,
//		NotifyURL: "https://shop.example/notify/2014", IP: "203.0.113.9"})
//
// Whether WeChat still serves these endpoints is not documented; each comment
// names what replaces them. What the page hears proves nothing: Query, or wait for
// the notice Paid.
package legacy
