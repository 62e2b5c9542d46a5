package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/wechattest"
)

// MiniProgram is the mini program through which WeChat hears of shipments, if it is
// served elsewhere.
type MiniProgram struct {
	URL           string
	AppID, Secret string
	Push          wechattest.AppPush
}

// openMini makes the mini program in which the orders count as paid, at an address of
// its own. It knows the payments of the simulated WeChat Pay by itself; what was
// shipped it forgets when the program ends, so remind tells it again.
func (m *modern) openMini(cfg Config, a *App) error {
	if cfg.Mini.URL != "" {
		m.program = cfg.Mini
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(hostOf(a.Origin), "0"))
	if err != nil {
		return fmt.Errorf("store: mini program: %w", err)
	}
	at := "http://" + l.Addr().String()
	mini, err := wechattest.NewApp(wechattest.AppConfig{Kind: wechattest.MiniProgram, Name: "山月小铺", AppID: m.account.AppID, Clock: cfg.Clock,
		BaseURL: at, Pay: m.Pay, Push: wechattest.AppPush{URL: a.Origin + web.ShippingPath, Mode: wechattest.PushSafe, JSON: true}})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	m.mini, m.program = mini, MiniProgram{URL: at, AppID: mini.AppID, Secret: mini.Secret, Push: mini.Push()}
	a.serve(l, mini)
	return nil
}

func (m *modern) line(opts ...wechat.Option) (aftersale.Line, error) {
	merchant, err := wechat.NewMerchant(m.account.Config(), opts...)
	if err != nil {
		return nil, err
	}
	p := m.program
	now := merchant.Now
	mine := append(append([]wechat.Option(nil), opts...), wechat.WithBaseURL(p.URL))
	tokens, err := token.New(token.Config{AppID: p.AppID, Secret: seal.NewKey(p.Secret), Now: now}, mine...)
	if err != nil {
		return nil, err
	}
	app, err := wechat.NewApp(p.AppID, tokens, mine...)
	if err != nil {
		return nil, err
	}
	return aftersale.NewToday(merchant, app, notify.PushConfig{AppID: p.AppID, Token: seal.NewKey(p.Push.Token),
		EncodingAESKey: seal.NewKey(p.Push.EncodingAESKey), Now: now}), nil
}

// connect names the address where complaints go.
func (m *modern) connect(ctx context.Context, url string, opts ...wechat.Option) error {
	merchant, err := wechat.NewMerchant(m.account.Config(), opts...)
	if err != nil {
		return err
	}
	defer merchant.CloseIdleConnections()
	s := complaint.New(merchant)
	now, err := s.Notification(ctx)
	switch {
	case errors.Is(err, wechat.ErrNotFound):
		_, err = s.CreateNotification(ctx, url)
	case err == nil && now.URL != url:
		_, err = s.UpdateNotification(ctx, url)
	}
	return err
}

// hostOf is the host of an origin, without its port.
func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// connect tells WeChat what it has to know before the first sale.
func (a *App) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := a.Sim.connect(ctx, a.Origin+web.AfterPath, a.options...); err != nil {
		return err
	}
	return a.remind(ctx)
}

// remind ships again, in the mini program's memory, what the shop's books say was
// shipped before it was started anew.
func (a *App) remind(ctx context.Context) error {
	known, err := a.Store.Shipments(ctx)
	if err != nil {
		return err
	}
	for _, p := range known {
		o, err := a.Store.Order(ctx, p.OrderNo)
		if err != nil {
			return err
		}
		if p.State == shop.Shipped && o.Refunded < o.Total {
			if err := a.line.Ship(ctx, o, p); err != nil {
				return fmt.Errorf("store: mini program: %w", err)
			}
		}
	}
	return nil
}
