package certs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func ExampleNew() {
	// A stand-in for WeChat Pay that lists one certificate, since 1 January 2026.
	weChatPay := exampleServer()

	set, err := certs.New(certs.Config{
		MchID:    "1900007291",
		Serial:   "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
		Key:      exampleKey(), // wechat.LoadPrivateKey reads apiclient_key.pem
		APIv3Key: seal.NewKey("0123456789abcdef0123456789abcdef"),
	}, wechat.WithTransport(weChatPay), wechat.WithClock(exampleClock))
	if err != nil {
		fmt.Println(err)
		return
	}

	// Nothing was asked yet. The first answer signed with an unknown certificate
	// would fetch the list; Preferred does so now.
	id, key, err := set.Preferred(context.Background())
	fmt.Println(id, key.Size()*8, err)

	// A merchant on its way to public key mode believes both.
	ring, err := sign.NewRing(sign.PublicKey("PUB_KEY_ID_0114232134912410000000000000", key))
	fmt.Println(sign.Join(ring, set) != nil, err)
	// Output:
	// 5100000000000000000000000000000000000001 2048 <nil>
	// true <nil>
}

func exampleClock() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) }
