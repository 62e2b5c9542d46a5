// Package refund gives money back through WeChat Pay. One Service serves direct
// merchants and, through wechat.Merchant.For, partners.
//
//	refunds := refund.New(merchant)
//	in := refund.Request{
//		OutTradeNo:  order.No,
//		OutRefundNo: r.No, // stored, with the whole request, before this call
//		NotifyURL:   "https://shop.example/notify/1900000001",
//		Amount:      refund.Amount{Refund: r.Fen, Total: order.Total},
//	}
//	got, err := refunds.Apply(ctx, in)
//	if wechat.OutcomeOf(err) == wechat.Unknown {
//		got, err = refunds.Resolve(ctx, in)
//	}
//
// The number is the only thing that keeps a refund from happening twice. It never
// changes, whatever happens on the way: every refusal of Apply leaves the outcome
// Unknown, and Resolve ends that by Query and by the identical request.
//
// # Adverse inputs
//
// What this package has to survive, and the tests that show it. Where only a part
// of the matter is decided here, the root package, sign and notify hold the rest.
//
//	13  200 without proof                   TestG14_EndpointsRejectUnprovedAnswers
//	15  202                                 TestAdverse15_AcceptedIsRepeated
//	16  429 leaves a refund Unknown         TestAdverse16_TooManyRequests
//	17  500, then success                   TestAdverse17_TroubleThenSuccessIsOneRefund
//	18  503 without end                     TestAdverse18_BrownOutEndsSoon
//	31  text too long to encrypt            TestAdverse31_SecretsTravelEncrypted
//	40  refund before payment, old states   TestAdverse40_StatesNeverGoBack
//	44  other amount, number                TestAdverse44_MatchesNamesWhatDiffers
//	67  duplicate and case-variant keys     TestAdverse67_68_RefundIsReadStrictly
//	68  other JSON types, large numbers     TestAdverse67_68_RefundIsReadStrictly
package refund
