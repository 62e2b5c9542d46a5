package legacy

import (
	"github.com/wxcommerce/wechat/notify"
)

// Payment is what the notice of a payment says.
type Payment struct {
	Transaction
	NotifyID   string `xml:"notify_id"`
	BuyerAlias string `xml:"buyer_alias"`
	OpenID     string `xml:"OpenId"`      // who paid
	Subscribed Flag   `xml:"IsSubscribe"` // follows the account
}

// Paid is the notice that an order was paid. The business key is the transaction
// id: fulfil in the same database transaction that stores Event.Key, and call
// Transaction.Matches before. It is sent again, some eight times, until success is
// answered, and may never come: Query after a while. pay.Paid replaces it.
//
// 支付结果通知
var Paid = notify.Of[Payment](notify.LegacyPaid).Keyed(func(p Payment) string { return p.TransactionID })

// Scan is the question of a static native code: a user has scanned the link of a
// product.
type Scan struct {
	OpenID     string `xml:"OpenId"`
	Subscribed Flag   `xml:"IsSubscribe"` // follows the account
	ProductID  string `xml:"ProductId"`
}

// NativeReply answers a Scan; Service.Reply and Refuse make one.
type NativeReply struct {
	Package   string `xml:"Package" zero:"true"`
	RetCode   int    `xml:"RetCode" zero:"true"`   // 0 is fine
	RetErrMsg string `xml:"RetErrMsg" zero:"true"` // the user sees it
}

// Reply answers with an order. The error is a *wechat.FieldError.
func (s *Service) Reply(o Order) (NativeReply, error) {
	pack, err := s.Package(o)
	if err != nil {
		return NativeReply{}, err
	}
	return NativeReply{Package: pack, RetErrMsg: "ok"}, nil
}

// Refuse answers that there is nothing to buy; the user sees the text.
func Refuse(text string) NativeReply { return NativeReply{RetCode: 1, RetErrMsg: text} }

// Scanned is the callback of a static native code, answered within five seconds and
// signed afresh. The same user may scan repeatedly; the payment comes as Paid.
//
//	notify.Answer(h, legacy.Scanned, func(ctx context.Context, e notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
//		o, err := shop.OrderOf(ctx, e.Data.ProductID, e.Data.OpenID)
//		if errors.Is(err, shop.ErrSoldOut) {
//			return legacy.Refuse("商品已下架"), nil
//		}
//		if err != nil {
//			return legacy.NativeReply{}, err
//		}
//		return orders.Reply(o)
//	})
//
// pay.Service.PrepayNative, which needs no callback, replaces it.
//
// Native原生支付回调
var Scanned = notify.Asking[NativeReply](notify.Of[Scan](notify.LegacyScanned))
