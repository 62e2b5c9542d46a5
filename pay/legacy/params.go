package legacy

import (
	"strconv"

	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// JSAPIParams is what a page hands to WeixinJSBridge.invoke("getBrandWCPayRequest").
// Every value is a string.
type JSAPIParams struct {
	AppID     string `json:"appId"`
	Timestamp string `json:"timeStamp"` // Unix seconds
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"` // SHA1
	PaySign   string `json:"paySign"`
}

// made refuses to sign for a merchant that nobody made.
func (s *Service) made(f *check.Fields) {
	f.Must(s.m.PartnerID() != "", "partnerId", "is empty: New was given no merchant of wechat.NewMerchantLegacy")
}

// ground is a fresh time and nonce.
func (s *Service) ground() (now, nonce string) {
	return strconv.FormatInt(s.m.Now().Unix(), 10), s.nonce()
}

// JSAPIParams signs an order for the page that pays it; make new ones for every
// attempt. Show payment only to clients of MicroMessenger 5.0 and later. The error
// is a *wechat.FieldError. pay.Service.PrepayJSAPI replaces it.
//
// JSAPI支付
func (s *Service) JSAPIParams(o Order) (*JSAPIParams, error) {
	pack, err := s.Package(o)
	if err != nil {
		return nil, err
	}
	now, nonce := s.ground()
	p := &JSAPIParams{AppID: s.m.AppID(), Timestamp: now, NonceStr: nonce, Package: pack, SignType: "SHA1"}
	p.PaySign = s.m.SignApp([]sign.Pair{{Name: "appId", Value: p.AppID}, {Name: "timeStamp", Value: now}, {Name: "nonceStr", Value: nonce}, {Name: "package", Value: pack}})
	return p, nil
}

// NativeLink is the content of a QR code that never expires: who scans it makes
// WeChat ask Scanned about the product. productID is 1 to 32 letters, digits, _
// and -. The error is a *wechat.FieldError. pay.Service.PrepayNative replaces it.
//
// 原生支付URL
func (s *Service) NativeLink(productID string) (string, error) {
	var f check.Fields
	s.made(&f)
	f.Number("productid", productID, 1, 32, "_-")
	if err := f.Err(); err != nil {
		return "", err
	}
	now, nonce := s.ground()
	signature := s.m.SignApp([]sign.Pair{{Name: "appid", Value: s.m.AppID()}, {Name: "noncestr", Value: nonce}, {Name: "productid", Value: productID}, {Name: "timestamp", Value: now}})
	return "weixin://wxpay/bizpayurl?sign=" + signature + "&appid=" + s.m.AppID() + "&productid=" + productID + "&timestamp=" + now + "&noncestr=" + nonce, nil
}

// APPParams is what a mobile app puts into PayReq of the WeChat SDK.
type APPParams struct {
	AppID     string `json:"appid"`
	PartnerID string `json:"partnerid"`
	PrepayID  string `json:"prepayid"`
	Package   string `json:"package"` // Sign=WXPay
	NonceStr  string `json:"noncestr"`
	Timestamp string `json:"timestamp"` // Unix seconds
	Sign      string `json:"sign"`
}

// APPParams signs the parameters of one payment; make new ones for every attempt.
// The error is a *wechat.FieldError. pay.Service.APPParams replaces it for its own
// orders.
//
// APP调起支付
func (s *Service) APPParams(prepayID string) (*APPParams, error) {
	var f check.Fields
	s.made(&f)
	f.ID("prepayid", prepayID, 64)
	if err := f.Err(); err != nil {
		return nil, err
	}
	now, nonce := s.ground()
	p := &APPParams{AppID: s.m.AppID(), PartnerID: s.m.PartnerID(), PrepayID: prepayID, Package: "Sign=WXPay", NonceStr: nonce, Timestamp: now}
	p.Sign = s.m.SignApp([]sign.Pair{{Name: "appid", Value: p.AppID}, {Name: "noncestr", Value: nonce}, {Name: "package", Value: p.Package},
		{Name: "partnerid", Value: p.PartnerID}, {Name: "prepayid", Value: prepayID}, {Name: "timestamp", Value: now}})
	return p, nil
}
