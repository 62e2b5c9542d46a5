package complaint

import "github.com/wxcommerce/wechat"

// Service handles the complaints about one merchant. It is immutable and safe for
// concurrent use.
type Service struct{ m *wechat.Merchant }

// New makes a Service. A partner's own merchant sees the complaints about all of
// its sub-merchants, one that comes from Merchant.For those about that
// sub-merchant.
func New(m *wechat.Merchant) *Service { return &Service{m} }
