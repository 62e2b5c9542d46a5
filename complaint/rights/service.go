package rights

import (
	"context"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Service answers the complaints about one account. It is immutable and safe for
// concurrent use.
type Service struct{ a *wechat.App }

// New makes a Service; a is the App of the merchant, as MerchantLegacy.App gives
// it, or any App with the same app id.
func New(a *wechat.App) *Service { return &Service{a} }

type handled struct {
	OpenID     string `json:"-" query:"openid"`
	FeedbackID string `json:"-" query:"feedbackid"`
}

func (h handled) Validate() error {
	var f check.Fields
	f.ID("openid", h.OpenID, 128)
	f.ID("feedbackid", h.FeedbackID, 32)
	f.Must(strings.Trim(h.FeedbackID, "0123456789") == "", "feedbackid", "holds something else than digits (%d bytes)", len(h.FeedbackID))
	return f.Err()
}

// Handled says that the shop has done what it can about a complaint. The user is
// then asked, and Confirmed or Rejected follows. Both ids are those of the Request.
// Repeating it is safe. Whether WeChat still serves this call is not documented.
//
// 标记客户的投诉处理状态
func (s *Service) Handled(ctx context.Context, openID, feedbackID string) error {
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.GET("/payfeedback/update"), handled{openID, feedbackID})
	return err
}

// Entry is the link of a menu button that lets users of the account complain.
func (s *Service) Entry() string {
	return "https://mp.weixin.qq.com/payfb/payfeedbackindex?appid=" + url.QueryEscape(s.a.ID()) + "#wechat_webview_type=1&wechat_redirect"
}
