package pay

import (
	"context"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// H5Request is an order paid from a page in a phone's own browser.
type H5Request struct {
	Description   string      `json:"description"`              // required, the user sees it; up to 127 characters
	OutTradeNo    string      `json:"out_trade_no"`             // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	TimeExpire    wechat.Time `json:"time_expire,omitzero"`     // last moment to pay, at least a minute ahead; 7 days if zero, 15 at most
	Attach        string      `json:"attach,omitempty"`         // comes back in query and notice; up to 128 characters
	NotifyURL     string      `json:"notify_url"`               // required; https (WeChat Pay tolerates http in places), no query, up to 255 characters
	GoodsTag      string      `json:"goods_tag,omitempty"`      // for coupons; up to 32 characters
	SupportFapiao bool        `json:"support_fapiao,omitempty"` // show the e-invoice entry
	Amount        Amount      `json:"amount"`
	Payer         Buyer       `json:"payer,omitzero"`
	Detail        Detail      `json:"detail,omitzero"`
	SceneInfo     H5SceneInfo `json:"scene_info"`
	SettleInfo    SettleInfo  `json:"settle_info,omitzero"`
	LimitPay      []LimitPay  `json:"limit_pay,omitempty"`
}

// H5SceneInfo says from where the user pays; H5 orders must have it.
type H5SceneInfo struct {
	PayerClientIP string    `json:"payer_client_ip"` // required: the user's address as the shop sees it, IPv4 or IPv6
	DeviceID      string    `json:"device_id,omitempty"`
	StoreInfo     StoreInfo `json:"store_info,omitzero"`
	H5Info        H5Info    `json:"h5_info"`
}

// H5Info describes the page.
type H5Info struct {
	Type        H5Type `json:"type"`                   // required
	AppName     string `json:"app_name,omitempty"`     // up to 64 characters
	AppURL      string `json:"app_url,omitempty"`      // up to 128 characters
	BundleID    string `json:"bundle_id,omitempty"`    // iOS, up to 128 characters
	PackageName string `json:"package_name,omitempty"` // Android, up to 128 characters
}

// H5Type is where the page runs. New ones pass through.
type H5Type string

// The types known today.
const (
	H5IOS     H5Type = "iOS"
	H5Android H5Type = "Android"
	H5Wap     H5Type = "Wap" // an ordinary page
)

// Validate checks every rule that needs no network, clock or merchant. PrepayH5
// checks it too, and the rest. The error is a *wechat.FieldError.
func (r H5Request) Validate() error {
	var f check.Fields
	r.common().check(&f)
	r.Payer.Identity.check(&f)
	s, h := r.SceneInfo, r.SceneInfo.H5Info
	f.Must(s.PayerClientIP != "", "scene_info.payer_client_ip", "is empty but required for H5: the user's address as the shop sees it")
	checkScene(&f, s.PayerClientIP, s.DeviceID, s.StoreInfo)
	f.Must(h.Type != "", "scene_info.h5_info.type", "is empty but required: H5Wap for an ordinary page")
	f.OptionalID("scene_info.h5_info.type", string(h.Type), 32)
	f.Text("scene_info.h5_info.app_name", h.AppName, 64)
	f.Text("scene_info.h5_info.app_url", h.AppURL, 128)
	f.Text("scene_info.h5_info.bundle_id", h.BundleID, 128)
	f.Text("scene_info.h5_info.package_name", h.PackageName, 128)
	return f.Err()
}

func (r H5Request) common() common {
	return common{description: r.Description, outTradeNo: r.OutTradeNo, attach: r.Attach, notifyURL: r.NotifyURL, goodsTag: r.GoodsTag,
		expire: r.TimeExpire, amount: r.Amount, detail: r.Detail, settle: r.SettleInfo, limit: r.LimitPay}
}

type h5Order struct {
	wechat.Party
	H5Request
	seller
}

func (o h5Order) Validate() error {
	if err := o.H5Request.Validate(); err != nil {
		return err
	}
	var f check.Fields
	o.seller.check(&f, o.Party, o.common())
	return f.Err()
}

// H5 is an accepted order that waits for the browser.
type H5 struct {
	URL string `json:"h5_url"` // lives five minutes; placing the same order again renews it
}

// Validate refuses an answer without the address.
func (h *H5) Validate() error { return answered("h5_url", h.URL) }

// RedirectTo is the address to send the browser to, so that it comes back to back
// afterwards. It comes back in any case, also about five seconds after it left:
// show a page that asks whether the payment is done, and query. back has to be on
// the domain registered for H5 payment.
func (h H5) RedirectTo(back string) string {
	join := "&"
	if !strings.Contains(h.URL, "?") {
		join = "?"
	}
	return h.URL + join + "redirect_url=" + wire.EscapeQuery(back)
}

// PrepayH5 places an order to be paid from a phone's browser outside WeChat; send
// the browser to the result's URL. Repeating it is safe, see PrepayJSAPI.
//
// H5下单
func (s *Service) PrepayH5(ctx context.Context, in H5Request) (*H5, error) {
	return wechat.Call[H5](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/h5").Keyed(), h5Order{s.m.Party(s.appID), in, s.seller()})
}
