package refund

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

type queryRequest struct {
	wechat.SubNumber
	OutRefundNo string `json:"-" path:"out_refund_no"`
}

func (r queryRequest) Validate() error {
	var f check.Fields
	f.OutRefundNo(r.OutRefundNo)
	return f.Err()
}

// Query asks for a refund by the shop's own number. wechat.ErrNotFound says that
// it was not accepted, or not yet: apply again with the same number.
//
// 查询单笔退款（按商户退款单号）
func (s *Service) Query(ctx context.Context, outRefundNo string) (*Refund, error) {
	return wechat.Call[Refund](ctx, s.m, wechat.GET("/v3/refund/domestic/refunds/{out_refund_no}"), queryRequest{s.m.SubNumber(), outRefundNo})
}
