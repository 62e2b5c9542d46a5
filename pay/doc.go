// Package pay takes money through WeChat Pay: it places orders of every kind,
// follows them to their end, and signs what the WeChat client needs to pay them.
// One Service serves direct merchants and, through wechat.Merchant.For, partners.
//
//	orders := pay.New(merchant, "wxd678efh567hg6787")
//	p, err := orders.PrepayJSAPI(ctx, pay.JSAPIRequest{
//		Description: "Tea, 100 g",
//		OutTradeNo:  order.No, // stored before this call
//		NotifyURL:   "https://shop.example/notify/1900000001",
//		Amount:      pay.Amount{Total: order.Total},
//		Payer:       pay.Payer{OpenID: openid},
//	})
//	if err != nil {
//		return err
//	}
//	page, err := orders.JSAPIParams(p.PrepayID)
//
// An order is paid when WeChat Pay says so, by the notice Paid or by Query, and
// Transaction.Matches finds that it is the shop's own; what page or app report
// proves nothing. wechat.OutcomeOf tells what a failed call means: after NotDone
// nothing happened, after Unknown keep the number and repeat the identical order
// or call Resolve.
//
// # Adverse inputs
//
// What this package has to survive, and the tests that show it. Where only a part
// of the matter is decided here, the root package, sign and notify hold the rest.
//
//	13  200 without proof                   TestG14_EndpointsRejectUnprovedAnswers
//	15  202                                 TestAdverse15_AcceptedIsRepeated
//	16  429 and every Retry-After           TestAdverse16_TooManyRequests
//	17  500, then success                   TestAdverse17_TroubleThenSuccessIsOneOrder
//	18  503 without end                     TestAdverse18_BrownOutEndsSoon
//	40  older state after newer             TestAdverse40_StatesNeverGoBack
//	44  other amount, currency, merchant    TestAdverse44_MatchesNamesWhatDiffers, TestAdverse44_NoticeOfAnotherPriceFulfilsNothing
//	51  payment lands during close          TestAdverse51_PaymentDuringCloseWins
//	66  depth                               TestAdverse67_68_TransactionIsReadStrictly
//	67  duplicate and case-variant keys     TestAdverse67_68_TransactionIsReadStrictly
//	68  other JSON types, large numbers     TestAdverse67_68_TransactionIsReadStrictly, TestAdverse68_TransactionTolerates
//	69  second document, byte order mark    TestAdverse67_68_TransactionIsReadStrictly
package pay
