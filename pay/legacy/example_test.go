package legacy_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/seal"
)

// A page of 2014 pays an order that nobody placed before.
func ExampleService_JSAPIParams() {
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{
		AppID: "wxf8b4f85f3a794e77", PaySignKey: seal.NewKey(strings.Repeat("k", 128)), // in a shop: from its secrets
		PartnerID: "1900000109", PartnerKey: seal.NewKey("8934e7d15453e97507ef794cf7b0519d"), GBK: legacy.DecodeGBK,
	}, wechat.WithClock(func() time.Time { return time.Unix(1399514976, 0) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := legacy.New(m).JSAPIParams(legacy.Order{OutTradeNo: "20140301000001", Body: "可乐1杯", Total: 300,
		NotifyURL: "https://shop.example/notify/2014", IP: "203.0.113.9"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.AppID, p.Timestamp, p.SignType, len(p.PaySign))
	fmt.Println(p.Package)
	// Output:
	// wxf8b4f85f3a794e77 1399514976 SHA1 40
	// bank_type=WX&body=%E5%8F%AF%E4%B9%901%E6%9D%AF&fee_type=1&input_charset=UTF-8&notify_url=https%3A%2F%2Fshop.example%2Fnotify%2F2014&out_trade_no=20140301000001&partner=1900000109&spbill_create_ip=203.0.113.9&total_fee=300&sign=394C322F97E43F92954D99B4B6C4FA74
}
