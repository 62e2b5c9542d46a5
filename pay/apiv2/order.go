package apiv2

import (
	"context"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// OrderRequest is an order of any kind but code payment, see MicropayRequest.
type OrderRequest struct {
	TradeType     pay.TradeType `xml:"trade_type"`       // required: JSAPI (mini programs too), NATIVE, APP or MWEB (H5)
	OutTradeNo    string        `xml:"out_trade_no"`     // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	Body          string        `xml:"body"`             // required, the user sees it; up to 127 characters
	Total         wechat.Fen    `xml:"total_fee"`        // required
	IP            string        `xml:"spbill_create_ip"` // required: the user's address, for NATIVE the server's
	NotifyURL     string        `xml:"notify_url"`       // required; no query, up to 256 characters
	OpenID        string        `xml:"openid"`           // JSAPI: who pays, under the app given to New
	SubOpenID     string        `xml:"sub_openid"`       // JSAPI of a partner: or under the sub-merchant's app
	ProductID     string        `xml:"product_id"`       // NATIVE: required, up to 32 characters
	SceneInfo     string        `xml:"scene_info"`       // MWEB: required JSON, such as {"h5_info":{"type":"Wap",…}}
	Attach        string        `xml:"attach"`           // comes back in query and notice; up to 127 characters
	Detail        string        `xml:"detail"`           // JSON, up to 6000 characters; goods coupons want Version 1.0
	Start         Time          `xml:"time_start"`
	Expire        Time          `xml:"time_expire"`
	FeeType       string        `xml:"fee_type"` // "" means CNY
	GoodsTag      string        `xml:"goods_tag"`
	LimitPay      string        `xml:"limit_pay"` // no_credit
	DeviceInfo    string        `xml:"device_info"`
	Receipt       string        `xml:"receipt"`        // Y shows the e-invoice entry
	ProfitSharing string        `xml:"profit_sharing"` // Y keeps the money for profit sharing
	Version       string        `xml:"version"`
}

// Validate checks every rule that needs no network. Place checks it too. The error
// is a *wechat.FieldError.
func (r OrderRequest) Validate() error {
	var f check.Fields
	f.OutTradeNo(r.OutTradeNo)
	f.Required("body", r.Body, 127)
	f.Positive("total_fee", r.Total)
	f.Must(r.IP != "", "spbill_create_ip", "is empty but required")
	f.Address("spbill_create_ip", r.IP)
	f.Must(r.NotifyURL != "", "notify_url", "is empty but required")
	f.NotifyURL("notify_url", r.NotifyURL, 256)
	f.Text("attach", r.Attach, 127)
	f.Text("detail", r.Detail, 6000)
	f.Text("scene_info", r.SceneInfo, 256)
	f.Text("goods_tag", r.GoodsTag, 32)
	f.Text("device_info", r.DeviceInfo, 32)
	f.Currency("fee_type", r.FeeType)
	f.OptionalID("product_id", r.ProductID, 32)
	f.OptionalID("openid", r.OpenID, 128)
	f.OptionalID("sub_openid", r.SubOpenID, 128)
	f.Must(r.Start.IsZero() || r.Expire.IsZero() || r.Expire.After(r.Start.Time), "time_expire", "is not after time_start")
	switch r.TradeType {
	case pay.TradeJSAPI:
		f.Must(r.OpenID+r.SubOpenID != "", "openid", "is empty but required for JSAPI: who pays")
	case pay.TradeNative:
		f.Must(r.ProductID != "", "product_id", "is empty but required for NATIVE")
	case pay.TradeMWeb:
		f.Must(r.SceneInfo != "", "scene_info", "is empty but required for MWEB")
	case pay.TradeAPP:
	default:
		f.Fail("trade_type", "want JSAPI, NATIVE, APP or MWEB; code payment has its own method")
	}
	return f.Err()
}

type order struct {
	wechat.PartyV2
	OrderRequest
}

func (o order) Validate() error {
	var f check.Fields
	f.ID("appid", o.AppID, 32)
	if err := f.Err(); err != nil {
		return err
	}
	return o.OrderRequest.Validate()
}

// Prepay is an accepted order that waits for its user; it lives two hours.
type Prepay struct {
	TradeType pay.TradeType `xml:"trade_type"`
	PrepayID  string        `xml:"prepay_id"` // give it to JSAPIParams or APPParams, or into a NativeReply
	CodeURL   string        `xml:"code_url"`  // NATIVE (mode 2): show it as a QR code, see package qrcode
	MWebURL   string        `xml:"mweb_url"`  // MWEB: send the browser there, five minutes long
}

// RedirectTo returns MWebURL with the page to come back to after the payment. That
// the user comes back proves nothing.
func (p Prepay) RedirectTo(page string) string {
	return p.MWebURL + "&redirect_url=" + wire.EscapeQuery(page)
}

// Place places an order of the kind TradeType says. Repeating the identical
// request is safe. WeChat still accepts it; package pay has its successors.
//
// 统一下单
func (s *Service) Place(ctx context.Context, in OrderRequest) (*Prepay, error) {
	return wechat.Call[Prepay](ctx, s.m, wechat.POST("/pay/unifiedorder").Keyed(), order{s.party(), in})
}

// byNumber names an order by our number, byID by WeChat Pay's.
type byNumber struct {
	wechat.PartyV2
	OutTradeNo string `xml:"out_trade_no"`
}

func (o byNumber) Validate() error {
	var f check.Fields
	f.OldOutTradeNo(o.OutTradeNo)
	return f.Err()
}

type byID struct {
	wechat.PartyV2
	TransactionID string `xml:"transaction_id"`
}

func (o byID) Validate() error {
	var f check.Fields
	f.ID("transaction_id", o.TransactionID, 32)
	return f.Err()
}

// Query finds an order by our number. pay.ErrOrderNotExist is no proof while the
// order may still be in acceptance. WeChat still accepts it; pay.Service.Query
// replaces it and finds these orders too.
//
// 查询订单
func (s *Service) Query(ctx context.Context, outTradeNo string) (*Transaction, error) {
	return s.query(ctx, byNumber{s.party(), outTradeNo})
}

// QueryByID is Query by WeChat Pay's number of a paid order.
//
// 查询订单
func (s *Service) QueryByID(ctx context.Context, transactionID string) (*Transaction, error) {
	return s.query(ctx, byID{s.party(), transactionID})
}

func (s *Service) query(ctx context.Context, in wechat.Validator) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.POST("/pay/orderquery").ReadOnly(), in)
}

// Close cancels an unpaid order; its number cannot be used again. Closing twice is
// fine. A payment that lands first wins: the error is then pay.ErrOrderPaid. Wait
// five minutes after placing the order. WeChat still accepts it; pay.Service.Close
// replaces it.
//
// 关闭订单
func (s *Service) Close(ctx context.Context, outTradeNo string) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/pay/closeorder").Keyed(), byNumber{s.party(), outTradeNo})
	if is(err, pay.ErrOrderClosed) {
		return nil
	}
	return err
}

// trim keeps what came from outside short enough for a log line.
func trim(s string) string { return strings.ToValidUTF8(s[:min(len(s), 64)], "") }
