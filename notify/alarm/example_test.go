package alarm_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/seal"
)

// An order of 2014 was not delivered in time.
func Example() {
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: appID, PaySignKey: seal.NewKey(appKey), PartnerID: partner, PartnerKey: seal.NewKey(partnerKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := notify.NewHandler(notify.Legacy(m))
	notify.On(h, alarm.Raised, func(_ context.Context, e notify.Event[alarm.Alarm]) error {
		if e.Data.Type == alarm.DeliveryLate {
			fmt.Println("deliver", e.Data.TransactionID(), "now:", e.Data.Description)
		}
		return nil
	})
	reply := h.Handle(context.Background(), notify.Request{Method: http.MethodPost, Body: []byte(late)})
	fmt.Println(string(reply.Body))
	// Output:
	// deliver 1900000109201405180000000001 now: 发货超时
	// success
}
