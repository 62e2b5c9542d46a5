// Package sign answers one question: who sent it? It signs what a merchant sends
// to WeChat Pay APIv3 and checks what WeChat Pay sends back. It needs nothing but
// the standard library and can be used without the rest of the module:
//
//	me := sign.Identity{MchID: "1900000001", Serial: serial, Key: privateKey}
//	if err := me.Authorize(req, body, time.Now(), rand.Text()); err != nil {
//		return err
//	}
//	ring, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_0114232134912410000000000000", platformKey))
//	if err != nil {
//		return err
//	}
//	proof, err := sign.NewVerifier(ring, time.Now).Verify(ctx, res.Header, resBody)
//
// AppIdentity and AppVerifier do the same for calls of api.weixin.qq.com that may be
// signed (服务端API签名).
//
// Nothing here opens a connection, reads a file or starts a goroutine. Time and
// nonce are always passed in, so published vectors can be replayed.
//
// # Adverse inputs
//
// Each kind of bad input has a number and a test with that number in its name:
//
//	22  header missing, empty, doubled        TestAdverse22_HeadersMissingEmptyDoubled
//	23  body rewritten, lines moved           TestAdverse23_BodyRewritten, TestAdverse23_LinesCannotBeMoved
//	24  other spellings of base64             TestAdverse24_Base64Spelling
//	25  signature probe                       TestAdverse25_Probe
//	26  key and serial do not belong together TestAdverse26_KeyAndSerialMismatch
//	27  flood of unknown serials              TestAdverse27_UnknownSerialFlood
//	28  unfit keys and certificates           TestAdverse28_NewRing_RefusesUnfitKeys, _Ring_CertificateValidity, _Verify_UnfitKeys
//	29  time malformed or outside the window  TestAdverse29_Window, TestAdverse29_MalformedTime
package sign
