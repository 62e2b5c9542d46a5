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
// # Identities
//
// Merchant numbers begin 0000, app ids wx0000, public key ids PUB_KEY_ID_0000, so
// that nobody takes them for real ones; clients refuse them for hosts that are not
// loopback and the simulator refuses requests that were meant for WeChat's hosts.
// The keys are real but protect nothing: a journal holds them in clear.
package wechattest
