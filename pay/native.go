package pay

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// NativeRequest is an order paid by scanning a QR code that the shop shows.
type NativeRequest struct {
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
	SceneInfo     SceneInfo   `json:"scene_info,omitzero"`
	SettleInfo    SettleInfo  `json:"settle_info,omitzero"`
	LimitPay      []LimitPay  `json:"limit_pay,omitempty"`
}

// Validate checks every rule that needs no network, clock or merchant. PrepayNative
// checks it too, and the rest. The error is a *wechat.FieldError.
func (r NativeRequest) Validate() error {
	var f check.Fields
	r.common().check(&f)
	r.Payer.Identity.check(&f)
	if r.SceneInfo != (SceneInfo{}) {
		r.SceneInfo.check(&f)
	}
	return f.Err()
}

func (r NativeRequest) common() common {
	return common{description: r.Description, outTradeNo: r.OutTradeNo, attach: r.Attach, notifyURL: r.NotifyURL, goodsTag: r.GoodsTag,
		expire: r.TimeExpire, amount: r.Amount, detail: r.Detail, settle: r.SettleInfo, limit: r.LimitPay}
}

type nativeOrder struct {
	wechat.Party
	NativeRequest
	seller
}

func (o nativeOrder) Validate() error {
	if err := o.NativeRequest.Validate(); err != nil {
		return err
	}
	var f check.Fields
	o.seller.check(&f, o.Party, o.common())
	return f.Err()
}

// Native is an accepted order that waits to be scanned.
type Native struct {
	CodeURL string `json:"code_url"` // show it as a QR code, see package qrcode; lives two hours
}

// Validate refuses an answer without the code.
func (n *Native) Validate() error { return answered("code_url", n.CodeURL) }

// PrepayNative places an order to be paid by scanning a QR code. The code works
// with the camera only, not by a long press on a picture. Repeating it is safe,
// see PrepayJSAPI.
//
// Native下单
func (s *Service) PrepayNative(ctx context.Context, in NativeRequest) (*Native, error) {
	return wechat.Call[Native](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/native").Keyed(), nativeOrder{s.m.Party(s.appID), in, s.seller()})
}
