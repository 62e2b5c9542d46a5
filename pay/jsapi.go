package pay

import (
	"context"
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// JSAPIRequest is an order paid inside WeChat: on a page of an official account
// or in a mini program.
type JSAPIRequest struct {
	Description   string      `json:"description"`              // required, the user sees it; up to 127 characters
	OutTradeNo    string      `json:"out_trade_no"`             // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	TimeExpire    wechat.Time `json:"time_expire,omitzero"`     // last moment to pay, at least a minute ahead; 7 days if zero, 15 at most
	Attach        string      `json:"attach,omitempty"`         // comes back in query and notice; up to 128 characters
	NotifyURL     string      `json:"notify_url"`               // required; https (WeChat Pay tolerates http in places), no query, up to 255 characters
	GoodsTag      string      `json:"goods_tag,omitempty"`      // for coupons; up to 32 characters
	SupportFapiao bool        `json:"support_fapiao,omitempty"` // show the e-invoice entry
	Amount        Amount      `json:"amount"`
	Payer         Payer       `json:"payer"`
	Detail        Detail      `json:"detail,omitzero"`
	SceneInfo     SceneInfo   `json:"scene_info,omitzero"`
	SettleInfo    SettleInfo  `json:"settle_info,omitzero"`
	LimitPay      []LimitPay  `json:"limit_pay,omitempty"`
	SubsidyInfo   SubsidyInfo `json:"subsidy_info,omitzero"`
}

// Validate checks every rule that needs no network, clock or merchant. PrepayJSAPI
// checks it too, and the rest. The error is a *wechat.FieldError.
func (r JSAPIRequest) Validate() error {
	var f check.Fields
	r.common().check(&f)
	f.OptionalID("payer.openid", r.Payer.OpenID, maxOpenID)
	f.OptionalID("payer.sp_openid", r.Payer.SpOpenID, maxOpenID)
	f.OptionalID("payer.sub_openid", r.Payer.SubOpenID, maxOpenID)
	r.Payer.Identity.check(&f)
	if r.SceneInfo != (SceneInfo{}) {
		r.SceneInfo.check(&f)
	}
	r.SubsidyInfo.check(&f)
	return f.Err()
}

func (r JSAPIRequest) common() common {
	return common{description: r.Description, outTradeNo: r.OutTradeNo, attach: r.Attach, notifyURL: r.NotifyURL, goodsTag: r.GoodsTag,
		expire: r.TimeExpire, amount: r.Amount, detail: r.Detail, settle: r.SettleInfo, limit: r.LimitPay}
}

type jsapiOrder struct {
	wechat.Party
	JSAPIRequest
	seller
}

func (o jsapiOrder) Validate() error {
	if err := o.JSAPIRequest.Validate(); err != nil {
		return err
	}
	var f check.Fields
	o.seller.check(&f, o.Party, o.common())
	o.Payer.fits(&f, o.partner, o.SubAppID)
	return f.Err()
}

// fits says which openid belongs into the order.
func (p Payer) fits(f *check.Fields, partner bool, subApp string) {
	if !partner {
		f.Must(p.SpOpenID == "", "payer.sp_openid", "belongs to a partner's order: a direct merchant sets OpenID; a partner calls through Merchant.For")
		f.Must(p.SubOpenID == "", "payer.sub_openid", "belongs to a partner's order: a direct merchant sets OpenID; a partner calls through Merchant.For")
		f.Must(p.OpenID != "", "payer.openid", "is empty but required: who pays, under the app given to New")
		return
	}
	f.Must(p.OpenID == "", "payer.openid", "belongs to a direct merchant's order: a partner sets SpOpenID (under its own app) or SubOpenID (under the sub-merchant's app)")
	f.Must(p.SpOpenID != "" || p.SubOpenID != "", "payer.sp_openid", "is empty, and sub_openid too: set the one that is under the app the page runs in")
	f.Must(p.SpOpenID == "" || p.SubOpenID == "", "payer.sub_openid", "is set together with sp_openid: keep the one that is under the app the page runs in")
	f.Must(p.SubOpenID == "" || subApp != "", "payer.sub_openid", "needs the sub-merchant's app: set wechat.Sub.AppID")
}

// Prepay is an accepted order that waits for its payer.
type Prepay struct {
	PrepayID string `json:"prepay_id"` // lives two hours; placing the same order again renews it
}

// Validate refuses an answer without the id.
func (p *Prepay) Validate() error { return answered("prepay_id", p.PrepayID) }

// answered refuses an answer that lacks what the order was placed for.
func answered(field, value string) error {
	if value == "" {
		return wechat.Invalid(field, "is missing in a signed answer: place the identical order again")
	}
	return nil
}

// PrepayJSAPI places an order to be paid on a page inside WeChat, or in a mini
// program: the endpoint is the same, with the mini program's app id and openid.
// Hand the result to JSAPIParams or MiniProgramParams. After an Unknown outcome
// place the identical order again: the same number cannot make two orders, and
// with other content it is refused with ErrOutTradeNoUsed. TimeExpire must be at
// least a minute ahead; WeChat Pay cuts it to 15 days and takes 7 without it.
//
// JSAPI/小程序下单
func (s *Service) PrepayJSAPI(ctx context.Context, in JSAPIRequest) (*Prepay, error) {
	return wechat.Call[Prepay](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/jsapi").Keyed(), jsapiOrder{s.m.Party(s.appID), in, s.seller()})
}

// JSAPIParams is what a page gives to WeixinJSBridge.invoke('getBrandWCPayRequest').
// wx.chooseWXPay takes the same values, with the time under the name timestamp.
// What the page is told about success proves nothing: query, or wait for the notice.
type JSAPIParams struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"` // Unix seconds, a string also in JavaScript
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"` // prepay_id=…
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// JSAPIParams signs the parameters of one payment page; make new ones for every
// page. See InApp for the app of a partner's page. The error is a
// *wechat.FieldError, or the signing key's own.
//
// JSAPI调起支付
func (s *Service) JSAPIParams(prepayID string) (*JSAPIParams, error) {
	g, err := s.ground(prepayID)
	if err != nil {
		return nil, err
	}
	return jsapiParams(s.m, g)
}

// MiniProgramParams is what a mini program gives to wx.requestPayment.
type MiniProgramParams struct {
	TimeStamp string `json:"timeStamp"` // Unix seconds, a string also in JavaScript
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"` // prepay_id=…
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// MiniProgramParams is JSAPIParams for a mini program, which knows its own app id.
//
// 小程序调起支付
func (s *Service) MiniProgramParams(prepayID string) (*MiniProgramParams, error) {
	p, err := s.JSAPIParams(prepayID)
	if err != nil {
		return nil, err
	}
	return &MiniProgramParams{p.TimeStamp, p.NonceStr, p.Package, p.SignType, p.PaySign}, nil
}

// ground is what page parameters are made of.
type ground struct{ app, time, nonce, prepayID string }

func (s *Service) ground(prepayID string) (ground, error) {
	var f check.Fields
	f.ID("prepay_id", prepayID, 64)
	app, err := s.pageApp()
	if err == nil {
		err = f.Err()
	}
	return ground{app, strconv.FormatInt(s.m.Now().Unix(), 10), wechat.Nonce(), prepayID}, err
}

func jsapiParams(m *wechat.Merchant, g ground) (*JSAPIParams, error) {
	pkg := "prepay_id=" + g.prepayID
	signature, err := m.PaySign(g.app, g.time, g.nonce, pkg)
	if err != nil {
		return nil, err
	}
	return &JSAPIParams{AppID: g.app, TimeStamp: g.time, NonceStr: g.nonce, Package: pkg, SignType: "RSA", PaySign: signature}, nil
}
