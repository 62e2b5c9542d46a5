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
// Nothing here opens a connection, reads a file or starts a goroutine. Time and
// nonce are always passed in, so published vectors can be replayed.
package sign
