package apiv2

import (
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// JSAPIParams is what a page hands to WeixinJSBridge or wx.chooseWXPay, and a mini
// program to wx.requestPayment. Every value is a string.
type JSAPIParams struct {
	AppID     string `json:"appId"`
	Timestamp string `json:"timeStamp"` // Unix seconds
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"` // prepay_id=…
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// pageApp is the app that page parameters are signed for: the sub-merchant's where
// a partner's order names one.
func (s *Service) pageApp() string {
	if sub := s.m.Sub().AppID; sub != "" {
		return sub
	}
	return s.appID
}

func (s *Service) ground(prepayID string) (now, nonce string, err error) {
	var f check.Fields
	f.Must(s.m.ID() != "", "mch_id", "is empty: New was given no merchant of wechat.NewMerchantV2")
	f.ID("appid", s.pageApp(), 32)
	f.ID("prepay_id", prepayID, 64)
	if f.Err() != nil {
		return "", "", f.Err()
	}
	return strconv.FormatInt(s.m.Now().Unix(), 10), wechat.Nonce(), nil
}

// JSAPIParams signs the parameters of one payment; make new ones for every attempt.
// The error is a *wechat.FieldError. What the page hears proves nothing: query, or
// wait for the notice. pay.Service.JSAPIParams replaces it for its own orders.
//
// JSAPI调起支付
func (s *Service) JSAPIParams(prepayID string) (*JSAPIParams, error) {
	now, nonce, err := s.ground(prepayID)
	if err != nil {
		return nil, err
	}
	p := &JSAPIParams{AppID: s.pageApp(), Timestamp: now, NonceStr: nonce, Package: "prepay_id=" + prepayID, SignType: s.m.Digest().String()}
	p.PaySign = s.m.Sign([]sign.Pair{{Name: "appId", Value: p.AppID}, {Name: "nonceStr", Value: p.NonceStr}, {Name: "package", Value: p.Package},
		{Name: "signType", Value: p.SignType}, {Name: "timeStamp", Value: p.Timestamp}})
	return p, nil
}

// APPParams is what a mobile app puts into PayReq of the WeChat SDK.
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
// pay.Service.APPParams replaces it for its own orders.
//
// APP调起支付
func (s *Service) APPParams(prepayID string) (*APPParams, error) {
	now, nonce, err := s.ground(prepayID)
	if err != nil {
		return nil, err
	}
	p := &APPParams{AppID: s.pageApp(), PartnerID: s.m.ID(), PrepayID: prepayID, Package: "Sign=WXPay", NonceStr: nonce, Timestamp: now}
	p.Sign = s.m.Sign([]sign.Pair{{Name: "appid", Value: p.AppID}, {Name: "noncestr", Value: p.NonceStr}, {Name: "package", Value: p.Package},
		{Name: "partnerid", Value: p.PartnerID}, {Name: "prepayid", Value: p.PrepayID}, {Name: "timestamp", Value: p.Timestamp}})
	return p, nil
}
