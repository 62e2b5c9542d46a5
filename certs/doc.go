// Package certs keeps the platform certificates of WeChat Pay (微信支付平台证书)
// up to date: a sign.KeySet that downloads the list when it meets a certificate it
// does not know, and otherwise does nothing. Merchants whose account shows a WeChat
// Pay public key do not need it, except while they move from one to the other:
//
//	set, err := certs.New(certs.Config{MchID: "1900000001", Serial: serial, Key: key, APIv3Key: apiV3Key})
//	if err != nil {
//		return err
//	}
//	m, err := wechat.NewMerchant(wechat.MerchantConfig{
//		ID: "1900000001", Serial: serial, Key: key, APIv3Key: apiV3Key,
//		Platform: set, // or sign.Join(ring, set) with a public key in the ring
//	})
//
// No timer runs and nothing has to be stopped. A set asks WeChat Pay at most once a
// minute, however many unknown certificates it is shown and whether or not the
// answer was any good.
package certs
