package alarm

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Service names the address where the notices about a partner's merchants go. It is
// immutable and safe for concurrent use.
type Service struct{ m *wechat.Merchant }

// New makes a Service for a partner; other merchants get wechat.ErrNoAuth.
func New(m *wechat.Merchant) *Service { return &Service{m} }

// Notification is where the notices go.
type Notification struct {
	URL string `json:"notify_url"`
}

type notificationRequest struct {
	URL string `json:"notify_url"`
}

func (r notificationRequest) Validate() error {
	var f check.Fields
	f.Must(r.URL != "", "notify_url", "is empty but required")
	f.NotifyURL("notify_url", r.URL, 256)
	return f.Err()
}

// Create names the address: https, without a query, up to 256 characters. Without
// one there are no notices.
//
// 创建商户违规通知回调地址API
func (s *Service) Create(ctx context.Context, url string) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.POST("/v3/merchant-risk-manage/violation-notifications"), notificationRequest{url})
}

// Get is the address; wechat.ErrNotFound if there is none.
//
// 查询商户违规通知回调地址API
func (s *Service) Get(ctx context.Context) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.GET("/v3/merchant-risk-manage/violation-notifications"), nil)
}

// Update names another address.
//
// 修改商户违规通知回调地址API
func (s *Service) Update(ctx context.Context, url string) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.PUT("/v3/merchant-risk-manage/violation-notifications").Keyed(), notificationRequest{url})
}

// Delete ends the notices.
//
// 删除商户违规通知回调地址API
func (s *Service) Delete(ctx context.Context) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.DELETE("/v3/merchant-risk-manage/violation-notifications"), nil)
	return err
}
