package pay

import "github.com/wxcommerce/wechat/notify"

// Paid is the notice that an order was paid, for direct merchants and partners.
// Notices of combined orders and of parking come under the same event type and
// are not of this kind. There is no notice for code payments, closed orders and
// failures. The business key is WeChat Pay's transaction id: fulfil in the same
// database transaction that stores Event.Key, and first compare the content with
// the order:
//
//	notify.On(h, pay.Paid, func(ctx context.Context, e notify.Event[pay.Transaction]) error {
//		order, err := shop.Order(ctx, e.Data.OutTradeNo)
//		if err != nil {
//			return err
//		}
//		if err := e.Data.Matches(orders.Want(order.No, order.Total)); err != nil {
//			return err // alarm: it is sent again, and nothing was fulfilled
//		}
//		return order.Fulfil(ctx, e.Key)
//	})
//
// 支付成功回调通知
var Paid = notify.Of[Transaction]("TRANSACTION.SUCCESS").Original("transaction").
	Without("combine_out_trade_no").Without("parking_info").
	Keyed(func(t Transaction) string { return t.TransactionID })
