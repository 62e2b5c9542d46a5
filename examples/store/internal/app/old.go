package app

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

// old is the simulator of 2014.
type old struct{ *wechattest.Legacy }

func openOld(cfg Config, a *App) (*old, error) {
	l, err := wechattest.NewLegacy(wechattest.LegacyConfig{Dir: filepath.Join(cfg.Data, "wechat"), Clock: cfg.Clock, BaseURL: a.WeChat,
		NativeURL: a.Origin + web.NoticePath, RefundDelay: 5 * time.Second,
		RightsURL: a.Origin + web.AfterPath, AlarmURL: a.Origin + web.AfterPath})
	if err != nil {
		return nil, err
	}
	return &old{l}, nil
}

// till has an operator whose password any text will do for: the simulator knows none.
func (s *old) till(noticeURL string, opts ...wechat.Option) (cashier.Till, error) {
	m, err := wechat.NewMerchantLegacy(s.Config(), opts...)
	if err != nil {
		return nil, err
	}
	return cashier.NewLegacy(m, seal.NewKey("111111"), noticeURL), nil
}

func (s *old) line(opts ...wechat.Option) (aftersale.Line, error) {
	m, err := wechat.NewMerchantLegacy(s.Config(), opts...)
	if err != nil {
		return nil, err
	}
	return aftersale.NewOld(m), nil
}

// connect has nothing to say: the addresses of 2014 are typed into a form.
func (s *old) connect(context.Context, string, ...wechat.Option) error { return nil }

func (s *old) Handler(shop string) http.Handler { return ui.NewLegacy(s.Legacy, shop) }

func (s *old) Orders() int { return len(s.Legacy.Orders()) }

func (s *old) Paid(no string) bool {
	o, err := s.Order(no)
	return err == nil && !o.PaidAt.IsZero()
}

func (s *old) Confirm(page cashier.PageParams) error {
	o, err := s.OpenPage(wechattest.LegacyPage{AppID: page.AppID, Timestamp: page.TimeStamp, NonceStr: page.NonceStr, Package: page.Package,
		SignType: page.SignType, PaySign: page.PaySign})
	if err == nil {
		_, err = s.Pay(o.OutTradeNo, wechattest.User{Name: "page"})
	}
	return err
}

func (s *old) Paths() (place, refund string) { return "", "/refundapi/gateway/refund.xml" }
