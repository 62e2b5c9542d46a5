package pay

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Close cancels an unpaid order; its number cannot be used again. Closing twice is
// fine, also where WeChat Pay calls it ErrOrderClosed. A payment that lands first
// wins: Close then fails, see IsOrderPaid, and the money has to be refunded or the
// order fulfilled. A code payment is ended by Reverse instead.
//
// 关闭订单
func (s *Service) Close(ctx context.Context, outTradeNo string) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}/close").Keyed(), queryRequest{s.m.Numbers(), outTradeNo})
	if check.Refusal(err) != nil && errors.Is(err, ErrOrderClosed) {
		return nil
	}
	return err
}
