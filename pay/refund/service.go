package refund

import "github.com/wxcommerce/wechat"

// Service refunds orders of one merchant. It is immutable and safe for concurrent
// use.
type Service struct{ m *wechat.Merchant }

// New makes a Service. For a partner's orders m comes from Merchant.For; the paths
// stay the same, and the sub-merchant's number is added.
func New(m *wechat.Merchant) *Service { return &Service{m} }
