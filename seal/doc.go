// Package seal answers one question: who may read it? It holds the keys and the
// personal data that WeChat Pay APIv3 encrypts, and prints them as ***. It needs
// nothing but the standard library:
//
//	type Payer struct {
//		Name seal.Secret `json:"name,omitzero"`
//	}
//	p := Payer{Name: seal.Plain("张三")}
//	sealed, err := seal.Copy(p, platformKey) // p itself stays as it is
//	if err != nil {
//		return err
//	}
//	body, err := json.Marshal(sealed) // {"name":"<base64 of RSA-OAEP>"}
//
// Bodies of api.weixin.qq.com that may be encrypted (服务端API加密) are Envelopes.
//
// Callbacks and platform certificates are opened with an AEAD made once from the
// APIv3 key. OpenData opens what a mini program's page got encrypted, and a Box seals
// what a shop hands out and wants back, such as the content of a cookie.
//
// # Adverse inputs
//
// Each kind of bad input has a number and a test with that number in its name:
//
//	30  AEAD: nonce, key, ciphertext  TestAdverse30_NonceSizes, _KeyLengths, _Ciphertext
//	31  OAEP: too long, unfit keys    TestAdverse31_TooLong, _UnfitKeys, _CallersValueUntouched
package seal
