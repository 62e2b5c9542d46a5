package web_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/examples/store/internal/web"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestPagesSayWhichGenerationRuns(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	m := b.merchant()
	assert.Contains(t, m.get("/merchant").body, `id="generation">微信支付 v3<`)
	assert.Contains(t, m.get("/merchant/ledger").body, `id="generation">微信支付 v3<`)
	assert.NotContains(t, m.get("/p/tea").body, `class="poster"`, "v3 has no code of a product")
	assert.Equal(t, http.StatusNotFound, m.get("/p/tea/code.svg").Code)
}

// town2014 is a town whose shop sells as in 2014.
func town2014(t *testing.T) *town {
	t.Helper()
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewLegacy(wechattest.LegacyConfig{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	m, err := wechat.NewMerchantLegacy(sim.Config(), sim.Options()...)
	require.NoError(t, err)
	store, err := shop.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), clock.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	c, err := cashier.New(cashier.Config{Store: store, Till: cashier.NewLegacy(m, seal.NewKey("111111"), origin+web.NoticePath)})
	require.NoError(t, err)
	return newTown(t, func(cfg *web.Config) { cfg.Store, cfg.Cashier = store, c })
}

func TestPosterOfAProduct(t *testing.T) {
	t.Parallel()
	v := town2014(t).visitor()
	page := v.get("/p/tea").body
	assert.Contains(t, page, `src="/p/tea/code.svg"`)
	assert.Contains(t, page, simulate+"/ui/phone?code=weixin%3a%2f%2fwxpay%2fbizpayurl%3fsign%3d")
	drawn := v.get("/p/tea/code.svg")
	assert.Equal(t, http.StatusOK, drawn.Code)
	assert.Equal(t, "image/svg+xml", drawn.Header().Get("Content-Type"))
	assert.Equal(t, http.StatusNotFound, v.get("/p/moon/code.svg").Code)
	no := v.order("tea", "NATIVE")
	assert.Contains(t, v.get("/orders/"+no).body, "/ui/phone?code=weixin%3a%2f%2fwxpay%2fbizpayurl", "the order has a code too")
}

// The address of the browser is the connection's, whatever headers say.
func TestOrderRemembersTheBrowsersAddress(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	v := b.visitor()
	a := v.do(http.MethodPost, "/orders", v.cart("tea", "1", "JSAPI"), "X-Forwarded-For", "203.0.113.66", "X-Real-Ip", "203.0.113.66")
	require.Equal(t, http.StatusSeeOther, a.Code)
	all := b.orders()
	require.Len(t, all, 1)
	assert.Equal(t, "192.0.2.1", all[0].IP)
}
