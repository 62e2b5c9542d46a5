package complaint

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Notification is where the notices of complaints go. A partner gets those about
// all of its sub-merchants at one address.
type Notification struct {
	MchID string `json:"mchid"`
	URL   string `json:"url"`
}

type notificationRequest struct {
	URL string `json:"url"`
}

func (r notificationRequest) Validate() error {
	var f check.Fields
	f.Must(r.URL != "", "url", "is empty but required")
	f.NotifyURL("url", r.URL, 255)
	return f.Err()
}

// CreateNotification names the address where notices go: https, without a query, up
// to 255 characters. There can be one; change it with UpdateNotification.
//
// 创建投诉通知回调API
func (s *Service) CreateNotification(ctx context.Context, url string) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.POST("/v3/merchant-service/complaint-notifications"), notificationRequest{url})
}

// Notification is the address where notices go; wechat.ErrNotFound if there is none.
//
// 查询投诉通知回调API
func (s *Service) Notification(ctx context.Context) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.GET("/v3/merchant-service/complaint-notifications"), nil)
}

// UpdateNotification names another address.
//
// 更新投诉通知回调API
func (s *Service) UpdateNotification(ctx context.Context, url string) (*Notification, error) {
	return wechat.Call[Notification](ctx, s.m, wechat.PUT("/v3/merchant-service/complaint-notifications").Keyed(), notificationRequest{url})
}

// DeleteNotification ends the notices.
//
// 删除投诉通知回调API
func (s *Service) DeleteNotification(ctx context.Context) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.DELETE("/v3/merchant-service/complaint-notifications"), nil)
	return err
}
