package sign_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/sign"
)

// A request is signed just before it is sent.
func ExampleIdentity_Authorize() {
	key, err := rsa.GenerateKey(rand.Reader, 2048) // in a shop: apiclient_key.pem
	if err != nil {
		panic(err)
	}
	me := sign.Identity{MchID: "1900000001", Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", Key: key}
	if err := me.Validate(); err != nil {
		panic(err)
	}
	r, err := http.NewRequest("GET", "https://api.mch.weixin.qq.com/v3/certificates", nil)
	if err != nil {
		panic(err)
	}
	if err := me.Authorize(r, nil, time.Now(), rand.Text()); err != nil {
		panic(err)
	}
	line, _, _ := strings.Cut(r.Header.Get("Authorization"), ",")
	fmt.Println(line)
	// Output: WECHATPAY2-SHA256-RSA2048 mchid="1900000001"
}

// An answer is believed only after Verify; a changed body is not.
func ExampleVerifier_Verify() {
	platform, err := rsa.GenerateKey(rand.Reader, 2048) // plays WeChat Pay
	if err != nil {
		panic(err)
	}
	now := time.Unix(1700000000, 0)
	body := []byte(`{"prepay_id":"wx26112221580621e9b071c00d9e093b0000"}`)
	sum := sha256.Sum256([]byte("1700000000\nc5ac7061\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, platform, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	header := http.Header{
		"Wechatpay-Timestamp": {"1700000000"},
		"Wechatpay-Nonce":     {"c5ac7061"},
		"Wechatpay-Serial":    {"PUB_KEY_ID_0114232134912410000000000000"},
		"Wechatpay-Signature": {base64.StdEncoding.EncodeToString(signature)},
	}

	ring, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_0114232134912410000000000000", &platform.PublicKey))
	if err != nil {
		panic(err)
	}
	v := sign.NewVerifier(ring, func() time.Time { return now })
	proof, err := v.Verify(context.Background(), header, body)
	fmt.Println(proof.OK(), err)
	_, err = v.Verify(context.Background(), header, []byte(`{"prepay_id":"mine"}`))
	fmt.Println(errors.Is(err, sign.ErrMismatch))
	// Output:
	// true <nil>
	// true
}
