package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/wechattest"
)

// receipt is the template of the messages about payments. A real shop takes one from
// WeChat's library and keeps its id.
var receipt = wechattest.Template{Title: "订单支付成功通知",
	Content: "订单编号 {{character_string1.DATA}}\n商品名称 {{thing2.DATA}}\n支付金额 {{amount3.DATA}}"}

// openAccount makes the simulated account that belongs to the merchant's app id, and
// the shop's side of it. What a shop has from the console comes from the simulator
// here: AppSecret, the push address with its token and key, the template.
func (a *App) openAccount(cfg Config) (err error) {
	base := []wechat.Option{wechat.WithBaseURL(a.WeChat), wechat.WithClock(cfg.Clock.Now)}
	a.People, err = wechattest.NewApp(wechattest.AppConfig{Name: "山月小铺", AppID: a.Cashier.Seller().AppID, Clock: cfg.Clock, BaseURL: a.WeChat,
		Push: wechattest.AppPush{URL: a.Origin + account.PushPath, Mode: wechattest.PushSafe}})
	if err != nil {
		return err
	}
	set := a.People.TokenConfig()
	tokens, err := token.New(set, base...)
	if err != nil {
		return err
	}
	app, err := wechat.NewApp(a.People.AppID, tokens, base...)
	if err != nil {
		return err
	}
	cookies, err := secret(cfg.Data, "login-key", func() string { return rand.Text() + rand.Text() })
	if err != nil {
		return err
	}
	push := a.People.Push()
	a.Account, err = account.New(account.Config{App: app, Secret: set.Secret, Login: seal.NewKey(cookies), Template: a.People.AddTemplate(receipt),
		Push: notify.PushConfig{AppID: a.People.AppID, Token: seal.NewKey(push.Token), EncodingAESKey: seal.NewKey(push.EncodingAESKey),
			Account: a.People.UserName, Now: cfg.Clock.Now},
		Origin: a.Origin, Pages: a.WeChat, Store: a.Store, Picture: web.Picture, Log: cfg.Log, Now: cfg.Clock.Now})
	return err
}

// setUp does over the wire what a shop does once: the console asks its push address to
// answer, and the menu is made.
func (a *App) setUp(ctx context.Context) error {
	if err := a.People.VerifyPush(ctx); err != nil {
		return err
	}
	return a.Account.Setup(ctx)
}

// closeAccount waits for what the account is still about to say.
func (a *App) closeAccount(ctx context.Context) error {
	var problems []error
	if a.Account != nil {
		problems = append(problems, a.Account.Close(ctx))
	}
	if a.People != nil {
		problems = append(problems, a.People.Close())
	}
	return errors.Join(problems...)
}

// secret is a text that is chosen by chance on the first run and kept in the data
// folder, readable for its owner only.
func secret(dir, name string, choose func() string) (string, error) {
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err == nil {
		if s := strings.TrimSpace(string(b)); s != "" {
			return s, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("store: %s: %w", name, err)
	}
	s := choose()
	if err := os.WriteFile(path, []byte(s+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store: %s: %w", name, err)
	}
	return s, nil
}
