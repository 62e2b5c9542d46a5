package web_test

import (
	"context"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

// picked is what wx.openAddress gives a page.
const picked = `{"errMsg":"openAddress:ok","userName":"林小明","telNumber":"13800000000","postalCode":"510000",
	"provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"440105"}`

// openAccount gives the town an account with its simulator; pushes reach the pages.
func (b *town) openAccount() *account.Account {
	b.t.Helper()
	var err error
	b.people, err = wechattest.NewApp(wechattest.AppConfig{Name: "山月小铺", AppID: b.account.AppID, Clock: b.clock, Sender: b,
		LoginDomains: []string{"shop.test"}, PageDomains: []string{"shop.test"},
		Push: wechattest.AppPush{URL: origin + account.PushPath, Mode: wechattest.PushSafe}})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, b.people.Close()) })
	app, err := b.people.Client(wechat.WithBackoff(wechat.NoRetry))
	require.NoError(b.t, err)
	push := b.people.Push()
	a, err := account.New(account.Config{App: app, Secret: seal.NewKey(b.people.Secret), Login: seal.NewKey(strings.Repeat("k", 32)), Trial: true,
		Push:     notify.PushConfig{AppID: app.ID(), Token: seal.NewKey(push.Token), EncodingAESKey: seal.NewKey(push.EncodingAESKey), Now: b.clock.Now},
		Template: b.people.AddTemplate(wechattest.Template{Title: "支付成功", Content: "{{character_string1.DATA}} {{thing2.DATA}} {{amount3.DATA}}"}),
		Origin:   origin, Store: b.store, Picture: web.Picture, Now: b.clock.Now})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, a.Close(context.WithoutCancel(b.t.Context()))) })
	return a
}

// login sends the browser to WeChat and back, and on to a path of the shop. It
// returns the address that the browser came back with.
func (v *visitor) login(u wechattest.User, path string) (callback string) {
	v.b.t.Helper()
	away := v.get("/enter?to=" + path)
	require.Equal(v.b.t, http.StatusFound, away.Code, away.body)
	callback, err := v.b.people.Authorize(u, away.to())
	require.NoError(v.b.t, err)
	back := v.get(callback)
	require.Equal(v.b.t, http.StatusSeeOther, back.Code, back.body)
	on := v.get(back.to())
	require.Equal(v.b.t, path, on.to())
	return callback
}
