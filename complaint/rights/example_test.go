package rights_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint/rights"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// A user complains; the keys are those of the official example.
func Example() {
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: appID, PaySignKey: seal.NewKey(appKey), PartnerID: partner, PartnerKey: seal.NewKey(partnerKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := notify.NewHandler(notify.Legacy(m))
	notify.On(h, rights.Requested, func(_ context.Context, e notify.Event[rights.Request]) error {
		fmt.Println(e.Data.FeedbackID, e.Data.Reason, "→", e.Data.Solution, e.Data.Remark, len(e.Data.Pictures))
		return nil
	})
	reply := h.Handle(context.Background(), notify.Request{Method: http.MethodPost, Body: []byte(complains)})
	fmt.Println(string(reply.Body))
	// Output:
	// 7197417460812502768 质量问题 → 换货 *** 1
	// success
}
