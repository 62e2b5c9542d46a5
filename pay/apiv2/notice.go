package apiv2

import (
	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// Paid is the notice that an order was paid; code payments have none. The business
// key is WeChat Pay's transaction id: fulfil in the same database transaction that
// stores Event.Key, and call Transaction.Matches before. WeChat still sends it for
// orders of Place; pay.Paid replaces it.
//
// 支付结果通知
var Paid = notify.Of[Transaction](notify.V2Paid).Keyed(func(t Transaction) string { return t.TransactionID })

// RefundNotice is what a refund notice says. Its encryption proves little: compare
// it with a refund of the shop's own, or query, before anything is booked.
type RefundNotice struct {
	TransactionID    string      `xml:"transaction_id"`
	OutTradeNo       string      `xml:"out_trade_no"`
	RefundID         string      `xml:"refund_id"` // WeChat Pay's number
	OutRefundNo      string      `xml:"out_refund_no"`
	Total            wechat.Fen  `xml:"total_fee"`
	SettlementTotal  wechat.Fen  `xml:"settlement_total_fee"`
	Refund           wechat.Fen  `xml:"refund_fee"`
	SettlementRefund wechat.Fen  `xml:"settlement_refund_fee"`
	CashRefund       wechat.Fen  `xml:"cash_refund_fee"`
	State            RefundState `xml:"refund_status"`
	SuccessTime      Time        `xml:"success_time"`
	Receiver         string      `xml:"refund_recv_accout"` // for people; WeChat spells it so
	Account          string      `xml:"refund_account"`
	Source           string      `xml:"refund_request_source"` // API or VENDOR_PLATFORM
	Fields           []sign.Pair `xml:"*"`
}

// Refunded is the notice that a refund has arrived, was closed or cannot arrive;
// see RefundState. The business key is WeChat Pay's refund id with the state.
// WeChat still sends it for refunds of Refund; refund.Refunded replaces it.
//
// 退款结果通知
var Refunded = notify.Of[RefundNotice](notify.V2Refund).Keyed(func(r RefundNotice) string {
	if r.RefundID == "" || r.State == "" {
		return ""
	}
	return r.RefundID + "/" + string(r.State)
})

// Scan is the question of native mode 1: a user has scanned the link of a product.
type Scan struct {
	AppID       string `xml:"appid"`
	OpenID      string `xml:"openid"`
	IsSubscribe string `xml:"is_subscribe"` // Y or N
	ProductID   string `xml:"product_id"`
}

// NativeReply answers a Scan; Order and Refuse make one.
type NativeReply struct {
	ResultCode string `xml:"result_code"`
	PrepayID   string `xml:"prepay_id"`
	ErrText    string `xml:"err_code_des"`
}

// Order answers with an order that Place has just made with the trade type NATIVE.
func Order(prepayID string) NativeReply {
	return NativeReply{ResultCode: "SUCCESS", PrepayID: prepayID}
}

// Refuse answers that there is nothing to buy; the user sees the text.
func Refuse(text string) NativeReply { return NativeReply{ResultCode: "FAIL", ErrText: text} }

// Scanned is the callback of native mode 1, answered within five seconds and signed
// afresh:
//
//	notify.Answer(h, apiv2.Scanned, func(ctx context.Context, e notify.Event[apiv2.Scan]) (apiv2.NativeReply, error) {
//		p, err := orders.Place(ctx, shop.OrderOf(e.Data.ProductID, e.Data.OpenID))
//		if err != nil {
//			return apiv2.NativeReply{}, err
//		}
//		return apiv2.Order(p.PrepayID), nil
//	})
//
// WeChat still calls it for links printed long ago; orders of mode 2 and of package
// pay need none.
//
// 扫码回调
var Scanned = notify.Asking[NativeReply](notify.Of[Scan](notify.V2Scanned))

// NativeLink is the content of a QR code that never expires (mode 1): who scans it
// makes WeChat Pay call Scanned with the product. Long ones can be made shorter by
// ShortURL. The error is a *wechat.FieldError.
//
// 模式一生成二维码
func (s *Service) NativeLink(productID string) (string, error) {
	var f check.Fields
	f.ID("product_id", productID, 32)
	now, nonce, err := s.ground("-")
	if f.Err() != nil || err != nil {
		return "", orFirst(f.Err(), err)
	}
	return s.nativeLink(productID, now, nonce), nil
}

func (s *Service) nativeLink(productID, now, nonce string) string {
	pairs := []sign.Pair{{Name: "appid", Value: s.appID}, {Name: "mch_id", Value: s.m.ID()}, {Name: "nonce_str", Value: nonce},
		{Name: "product_id", Value: productID}, {Name: "time_stamp", Value: now}}
	link := "weixin://wxpay/bizpayurl?sign=" + s.m.Sign(pairs)
	for _, p := range pairs {
		link += "&" + p.Name + "=" + wire.EscapeQuery(p.Value)
	}
	return link
}
