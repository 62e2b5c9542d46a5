// Package wechattest is WeChat Pay APIv3 in memory: a simulator that checks real
// RSA signatures with its own few lines of cryptography, keeps orders, payments
// and refunds, signs what it answers, sends encrypted notices on the official
// schedule, and misbehaves on request. It serves HTTP, and it is a
// wechat.Transport that needs no socket:
//
//	pay, err := wechattest.NewPay(wechattest.Config{})
//	if err != nil {
//		return err
//	}
//	defer pay.Close()
//	account, err := pay.NewMerchant(wechattest.MerchantOptions{Name: "corner shop"})
//	if err != nil {
//		return err
//	}
//	m, err := wechat.NewMerchant(account.Config(), account.Options()...)
//
// Orders made with m are paid by (*Pay).Pay, money is added up by (*Pay).Ledger,
// and with NewClock a day of notices passes in one Advance.
//
// # What is checked
//
// Every item of the Authorization header, the clock (five minutes), the serial
// number, the signature, the merchant number in header and body, every field's
// presence, type, length and characters, unknown fields, changed parameters under
// a used number, and the official state rules. A nonce that was used before is
// refused, which is stricter than WeChat Pay is known to be: a program that passes
// here never sends the same signed request twice. Config.AllowReplay lifts it.
//
// # What there is
//
// Direct and partner paths of: orders (JSAPI and mini program, APP, Native, H5),
// query by either number, close, codepay and reverse; refunds, their query and the
// abnormal refund; the certificate list, the self test, the picture upload;
// complaints with their pictures and notices, and notices of violations. There
// are no coupons: a user pays the whole price. Fault and FaultNotice make answers
// and notices go wrong, and Responder gives httpmock an answer of your own, signed.
//
// # Accounts
//
// NewApp is the account side, one App for each official account, mini program or
// website: tokens and tickets that really end, users who follow, write, tap the
// menu, scan codes, log in or refuse to, and keep an address book; the pushes of all
// that in every mode, sealed or not, XML or JSON, with passive replies read into the
// user's chat; customer service within its windows, template, subscription and mass
// messages, tags, media, quotas. The JS-SDK's checks are methods: CheckConfig,
// ChooseWXPay, OpenAddress. An App forgets everything when it is closed.
//
//	sim, err := wechattest.NewApp(wechattest.AppConfig{Pay: pay})
//	if err != nil {
//		return err
//	}
//	defer sim.Close()
//	app, err := sim.Client() // a *wechat.App with tokens of its own
//
// # What is not official
//
// Of accounts: a push that is not answered with status 200 in time comes again five
// seconds later, three times; pushes are never suspended; a refreshed login token
// that is still good stays the same; the answer to a used client_msg_id is that of
// the first; user ids of another account's are unknown rather than of another app;
// menu changes show at once; a mass message takes five seconds. Short links, schemes,
// mini-program codes and agents have no calls here. Drafts can be added and published,
// which is done at once, and not be read, changed or listed; products are those of
// AddProduct.
//
// Where WeChat Pay publishes no figure the simulator has one of its own: a codepay
// user is asked for the password above 1000 yuan and has a minute to type it; page
// parameters may be two hours old; the callback of the self test has the event type
// SECURITY.ECHO; a complaint without a reply is urged after a day and helped by the
// platform after three, one that goes on is PENDING again, and a withdrawal or a
// confirmation sends no notice. Amounts leave the ledger when a refund has succeeded.
//
// # Identities
//
// Merchant numbers begin 0000, app ids wx0000, public key ids PUB_KEY_ID_0000, so
// that nobody takes them for real ones; clients refuse them for hosts that are not
// loopback and the simulator refuses requests that were meant for WeChat's hosts.
// The keys are real but protect nothing: a journal holds them in clear.
package wechattest
