// Package wechat is what every package of this module has in common: the clients
// that sign, send, prove and read, the words errors are told in, and money and time
// as WeChat writes them. A shop makes one Merchant and hands it to the packages of
// the interfaces it uses, such as pay, pay/refund and notify:
//
//	key, err := wechat.LoadPrivateKey(apiclientKeyPEM)
//	public, err := wechat.LoadPublicKey(pubKeyPEM)
//	ring, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_0114232134912410000000000000", public))
//	m, err := wechat.NewMerchant(wechat.MerchantConfig{
//		ID: "1900000001", Serial: serial, Key: key, APIv3Key: seal.NewKey(apiV3Key), Platform: ring,
//	})
//	report, err := m.Check(ctx) // which of number, serial, keys and clock is wrong
//	prepay, err := pay.New(m, appID).PrepayJSAPI(ctx, order)
//	if wechat.OutcomeOf(err) == wechat.Unknown {
//		// nobody knows whether it happened: keep the number and query
//	}
//
// # One call
//
// Every call goes through one loop. Each attempt is signed anew over the same bytes;
// an answer counts only once its signature is proved; what it proves decides the
// Outcome. Reads, and writes that carry the merchant's own number, are tried up to
// three times within one deadline, and where a host does not answer the standby host
// is asked. A write whose bytes may have left is never repeated unless repeating is
// safe.
//
//	what happened                                             Outcome
//	not encoded, sealed, signed or sent; verified 4xx         NotDone
//	no answer or a cut one, 5xx, 202, unverified 4xx on a     Unknown
//	write, any refusal of a refund or transfer, a 2xx that
//	is not proved
//	verified 2xx, readable or not                             Done
//
// Clients are immutable and safe for concurrent use, make no network call in their
// constructors, start no goroutine and keep no global state. No error, log line or
// printed value holds a key, a token, personal data or a whole answer.
package wechat
