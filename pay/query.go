package pay

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

type queryRequest struct {
	wechat.Numbers
	OutTradeNo string `json:"-" path:"out_trade_no"`
}

func (r queryRequest) Validate() error {
	var f check.Fields
	f.OldOutTradeNo(r.OutTradeNo)
	return f.Err()
}

// Query asks for an order by the shop's own number, paid or not. ErrOrderNotExist
// says that WeChat Pay does not know it yet, which proves nothing about an order
// that was sent a moment ago; see Resolve. Combined orders are not found here.
//
// 商户订单号查询订单
func (s *Service) Query(ctx context.Context, outTradeNo string) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.GET("/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}"), queryRequest{s.m.Numbers(), outTradeNo})
}

type queryByIDRequest struct {
	wechat.Numbers
	TransactionID string `json:"-" path:"transaction_id"`
}

func (r queryByIDRequest) Validate() error {
	var f check.Fields
	f.ID("transaction_id", r.TransactionID, 32)
	return f.Err()
}

// QueryByID asks for a paid order by WeChat Pay's number.
//
// 微信支付订单号查询订单
func (s *Service) QueryByID(ctx context.Context, transactionID string) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.GET("/v3/pay[/partner]/transactions/id/{transaction_id}"), queryByIDRequest{s.m.Numbers(), transactionID})
}
