package wechattest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	wxseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// Merchant.Check names the setting that is wrong.
func TestCheckFindsTheWrongSetting(t *testing.T) {
	t.Parallel()
	p, clock := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{Mode: wechattest.Both})
	other := newAccount(t, p, wechattest.MerchantOptions{})
	ring := func(id string, k sign.Key) func(*wechat.MerchantConfig) {
		return func(c *wechat.MerchantConfig) {
			r, err := sign.NewRing(k)
			require.NoError(t, err, id)
			c.Platform = r.WithClock(clock.Now)
		}
	}
	tests := []struct {
		name   string
		change func(*wechat.MerchantConfig)
		skew   time.Duration
		bad    func(wechat.Report) wechat.Finding
	}{
		{"number", func(c *wechat.MerchantConfig) { c.ID = "0000999999" }, 0, func(r wechat.Report) wechat.Finding { return r.Number }},
		{"serial", func(c *wechat.MerchantConfig) { c.Serial = "ABCDEF" }, 0, func(r wechat.Report) wechat.Finding { return r.Serial }},
		{"private key", func(c *wechat.MerchantConfig) { c.Key = other.PrivateKey }, 0, func(r wechat.Report) wechat.Finding { return r.PrivateKey }},
		{"platform key", ring("a", sign.PublicKey(a.PlatformKeyID, other.PlatformKey)), 0, func(r wechat.Report) wechat.Finding { return r.PlatformKey }},
		{"platform key id", ring("b", sign.PublicKey(other.PlatformKeyID, a.PlatformKey)), 0, func(r wechat.Report) wechat.Finding { return r.PlatformKey }},
		{"APIv3 key", func(c *wechat.MerchantConfig) { c.APIv3Key = wxseal.NewKey(other.APIv3Key) }, 0, func(r wechat.Report) wechat.Finding { return r.APIv3Key }},
		{"clock", func(*wechat.MerchantConfig) {}, time.Hour, func(r wechat.Report) wechat.Finding { return r.Clock }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := a.Config()
			tt.change(&cfg)
			m, err := wechat.NewMerchant(cfg, append(a.Options(), wechat.WithClock(func() time.Time { return clock.Now().Add(tt.skew) }))...)
			require.NoError(t, err)
			r, err := m.Check(t.Context())
			require.NoError(t, err)
			assert.Equal(t, wechat.Bad, tt.bad(r), "%s", r)
			assert.False(t, r.OK())
		})
	}
}
