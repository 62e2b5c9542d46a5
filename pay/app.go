package pay

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// APPRequest is an order paid from a mobile app.
type APPRequest struct {
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
	SubsidyInfo   SubsidyInfo `json:"subsidy_info,omitzero"`
}

// Validate checks every rule that needs no network, clock or merchant. PrepayAPP
// checks it too, and the rest. The error is a *wechat.FieldError.
func (r APPRequest) Validate() error {
	var f check.Fields
	r.common().check(&f)
	r.Payer.Identity.check(&f)
	if r.SceneInfo != (SceneInfo{}) {
		r.SceneInfo.check(&f)
	}
	r.SubsidyInfo.check(&f)
	return f.Err()
}

func (r APPRequest) common() common {
	return common{description: r.Description, outTradeNo: r.OutTradeNo, attach: r.Attach, notifyURL: r.NotifyURL, goodsTag: r.GoodsTag,
		expire: r.TimeExpire, amount: r.Amount, detail: r.Detail, settle: r.SettleInfo, limit: r.LimitPay}
}

type appOrder struct {
	wechat.Party
	APPRequest
	seller
}

func (o appOrder) Validate() error {
	if err := o.APPRequest.Validate(); err != nil {
		return err
	}
	var f check.Fields
	o.seller.check(&f, o.Party, o.common())
	return f.Err()
}

// PrepayAPP places an order to be paid from a mobile app; hand the result to
// APPParams. Repeating it is safe, see PrepayJSAPI.
//
// APP下单
func (s *Service) PrepayAPP(ctx context.Context, in APPRequest) (*Prepay, error) {
	return wechat.Call[Prepay](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/app").Keyed(), appOrder{s.m.Party(s.appID), in, s.seller()})
}

// APPParams is what a mobile app puts into PayReq of the WeChat SDK. The names in
// JSON are those of the official list; the SDKs spell the members their own way:
//
//	JSON       iOS        Android, HarmonyOS
//	appid      -          appId        (iOS knows it from registerApp)
//	partnerid  partnerId  partnerId
//	prepayid   prepayId   prepayId
//	package    package    packageValue
//	noncestr   nonceStr   nonceStr
//	timestamp  timeStamp  timeStamp    (UInt32 on iOS, a string elsewhere)
//	sign       sign       sign
type APPParams struct {
	AppID     string `json:"appid"`
	PartnerID string `json:"partnerid"` // the merchant number; a partner's is its own
	PrepayID  string `json:"prepayid"`
	Package   string `json:"package"` // Sign=WXPay
	NonceStr  string `json:"noncestr"`
	Timestamp string `json:"timestamp"` // Unix seconds
	Sign      string `json:"sign"`
}

// APPParams signs the parameters of one payment; make new ones for every attempt.
// See InApp for a partner's order. The error is a *wechat.FieldError, or the
// signing key's own. The app's errCode 0 proves nothing: query, or wait for the
// notice.
//
// APP调起支付
func (s *Service) APPParams(prepayID string) (*APPParams, error) {
	g, err := s.ground(prepayID)
	if err != nil {
		return nil, err
	}
	return appParams(s.m, g)
}

func appParams(m *wechat.Merchant, g ground) (*APPParams, error) {
	signature, err := m.PaySign(g.app, g.time, g.nonce, g.prepayID)
	if err != nil {
		return nil, err
	}
	return &APPParams{AppID: g.app, PartnerID: m.ID(), PrepayID: g.prepayID, Package: "Sign=WXPay", NonceStr: g.nonce, Timestamp: g.time, Sign: signature}, nil
}
