package app

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

// modern is the simulator of APIv3 and APIv2, which know the same orders.
type modern struct {
	*wechattest.Pay
	account *wechattest.Account
	speak   speaker
	mini    *wechattest.App // nil if it is elsewhere
	program MiniProgram
}

// speaker is what differs between the two.
type speaker struct {
	open          func(m *modern, noticeURL string, opts []wechat.Option) (cashier.Till, error)
	place, refund string
}

var tillV3 = speaker{place: "/v3/pay/transactions/", refund: "/v3/refund/",
	open: func(m *modern, noticeURL string, opts []wechat.Option) (cashier.Till, error) {
		c, err := wechat.NewMerchant(m.account.Config(), opts...)
		if err != nil {
			return nil, err
		}
		return cashier.NewV3(c, m.account.AppID, noticeURL), nil
	}}

var tillV2 = speaker{place: "/pay/unifiedorder", refund: "/secapi/pay/refund",
	open: func(m *modern, noticeURL string, opts []wechat.Option) (cashier.Till, error) {
		if err := m.account.SetNativeURL(noticeURL); err != nil {
			return nil, err
		}
		c, err := wechat.NewMerchantV2(m.account.ConfigV2(), opts...)
		if err != nil {
			return nil, err
		}
		return cashier.NewV2(c, m.account.AppID, noticeURL), nil
	}}

// openModern opens the journal; its one merchant gets fresh keys on the first run.
func openModern(cfg Config, a *App, s speaker) (m *modern, err error) {
	sim, err := wechattest.NewPay(wechattest.Config{Dir: filepath.Join(cfg.Data, "wechat"), Clock: cfg.Clock, BaseURL: a.WeChat, Keys: cfg.Keys})
	if err != nil {
		return nil, err
	}
	m = &modern{Pay: sim, speak: s}
	if all := sim.Accounts(); len(all) > 0 {
		m.account = all[0]
	} else {
		m.account, err = sim.NewMerchant(wechattest.MerchantOptions{Name: "山月小铺", Digest: sign.HMACSHA256})
	}
	if err == nil {
		err = m.openMini(cfg, a)
	}
	if err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	return m, nil
}

// Close closes the books of both.
func (m *modern) Close() error {
	if m.mini == nil {
		return m.Pay.Close()
	}
	return errors.Join(m.mini.Close(), m.Pay.Close())
}

func (m *modern) till(noticeURL string, opts ...wechat.Option) (cashier.Till, error) {
	return m.speak.open(m, noticeURL, opts)
}

func (m *modern) Handler(shop string) http.Handler { return ui.New(m.Pay, shop) }

func (m *modern) Ledger() []wechattest.Entry { return m.Pay.Ledger(m.account.MchID) }

func (m *modern) Orders() int { return len(m.account.Orders()) }

func (m *modern) Paid(no string) bool {
	o, err := m.account.Order(no)
	return err == nil && !o.PaidAt.IsZero()
}

func (m *modern) Confirm(page cashier.PageParams) error {
	if _, err := m.CheckJSAPI(wechattest.PageParams(page), wechattest.User{}); err != nil {
		return err
	}
	_, err := m.Pay.Pay(strings.TrimPrefix(page.Package, "prepay_id="), wechattest.User{})
	return err
}

func (m *modern) Paths() (place, refund string) { return m.speak.place, m.speak.refund }
