package account_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	lin = wechattest.User{Name: "小林"}
	wei = wechattest.User{Name: "阿伟"}
)

const origin = "http://127.0.0.1:8080"

// desk is the shop's account with the people it talks to, on a hand-moved clock.
type desk struct {
	t     *testing.T
	clock *wechattest.VirtualClock
	sim   *wechattest.App
	store *shop.Store
	a     *account.Account
}

// Do brings pushes to the account.
func (d *desk) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.a.Pushes().ServeHTTP(w, r)
	return w.Result(), nil
}

func newDesk(t *testing.T, edit ...func(*account.Config)) *desk {
	t.Helper()
	d := &desk{t: t, clock: wechattest.NewClock(time.Time{})}
	var err error
	d.sim, err = wechattest.NewApp(wechattest.AppConfig{Name: "山月小铺", Clock: d.clock, Sender: d,
		Push: wechattest.AppPush{URL: origin + account.PushPath, Mode: wechattest.PushSafe}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.sim.Close()) })
	d.store, err = shop.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), d.clock.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.store.Close()) })
	app, err := d.sim.Client(wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	push := d.sim.Push()
	cfg := account.Config{App: app, Secret: seal.NewKey(d.sim.Secret), Login: seal.NewKey(strings.Repeat("k", 32)), Origin: origin,
		Push:     notify.PushConfig{AppID: app.ID(), Token: seal.NewKey(push.Token), EncodingAESKey: seal.NewKey(push.EncodingAESKey), Now: d.clock.Now},
		Template: d.sim.AddTemplate(wechattest.Template{Title: "支付成功", Content: "{{character_string1.DATA}} {{thing2.DATA}} {{amount3.DATA}}"}),
		Store:    d.store, Picture: func(p string) string { return "/pictures/" + p + ".svg" }, Now: d.clock.Now}
	for _, f := range edit {
		f(&cfg)
	}
	d.a, err = account.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.a.Close(context.WithoutCancel(t.Context()))) })
	require.NoError(t, d.sim.VerifyPush(t.Context()))
	require.NoError(t, d.a.Setup(t.Context()))
	return d
}

// last is what the account said last to somebody.
func (d *desk) last(u wechattest.User) wechattest.ChatEntry {
	d.t.Helper()
	d.clock.Advance(0)
	all := d.sim.Chat(u)
	require.NotEmpty(d.t, all)
	require.Equal(d.t, wechattest.FromAccount, all[len(all)-1].From)
	return all[len(all)-1]
}

func (d *desk) says(u wechattest.User, text string) wechattest.ChatEntry {
	d.t.Helper()
	_, err := d.sim.SayText(u, text)
	require.NoError(d.t, err)
	return d.last(u)
}

func (d *desk) order(u wechattest.User) shop.Order {
	d.t.Helper()
	_, ses, err := d.store.Login(d.t.Context(), "", u.OpenID(d.sim.AppID))
	require.NoError(d.t, err)
	o, err := d.store.Place(d.t.Context(), shop.Cart{Seller: shop.Seller{MchID: "1", AppID: d.sim.AppID}, Customer: ses.Customer, OpenID: ses.OpenID,
		Product: "tea", Quantity: 1, Channel: shop.JSAPI, FormToken: rand.Text()})
	require.NoError(d.t, err)
	return o
}

func (d *desk) paid(u wechattest.User) shop.Order {
	d.t.Helper()
	o := d.order(u)
	_, err := d.store.Paid(d.t.Context(), shop.Payment{Key: o.No, No: o.No, Seller: o.Seller, TransactionID: "T" + o.No, Total: o.Total, Currency: "CNY", At: d.clock.Now()})
	require.NoError(d.t, err)
	return o
}

func (d *desk) tell(want int) {
	d.t.Helper()
	sent, err := d.a.Tell(d.t.Context())
	require.NoError(d.t, err)
	assert.Equal(d.t, want, sent)
}
