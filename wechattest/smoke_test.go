package wechattest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestCheckLikesTheSimulator(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]wechattest.Mode{"public key": wechattest.PublicKey, "certificates": wechattest.Certificates, "both": wechattest.Both} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newPay(t)
			a := newAccount(t, p, wechattest.MerchantOptions{Mode: mode})
			m, err := wechat.NewMerchant(a.Config(), a.Options()...)
			require.NoError(t, err)
			r, err := m.Check(t.Context())
			require.NoError(t, err)
			assert.True(t, r.OK(), "%s", r)
		})
	}
}

func TestOneSale(t *testing.T) {
	t.Parallel()
	p, clock := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{})
	m, err := wechat.NewMerchant(a.Config(), a.Options()...)
	require.NoError(t, err)
	got := 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got++
		w.WriteHeader(204)
	}))
	defer shop.Close()
	user := wechattest.User{Name: "li"}
	type amount struct {
		Total int `json:"total"`
	}
	type payer struct {
		OpenID string `json:"openid"`
	}
	in := struct {
		wechat.Party
		Description string `json:"description"`
		OutTradeNo  string `json:"out_trade_no"`
		NotifyURL   string `json:"notify_url"`
		Amount      amount `json:"amount"`
		Payer       payer  `json:"payer"`
	}{m.Party(a.AppID), "tea", "tea-000001", shop.URL + "/notify", amount{100}, payer{user.OpenID(a.AppID)}}
	type out struct {
		PrepayID string `json:"prepay_id"`
	}
	res, err := wechat.Call[out](t.Context(), m, wechat.POST("/v3/pay[/partner]/transactions/jsapi").Keyed(), in)
	require.NoError(t, err)
	o, err := p.Pay(res.PrepayID, user)
	require.NoError(t, err)
	assert.Equal(t, "SUCCESS", o.State)
	clock.Advance(0)
	assert.Equal(t, 1, got)
	assert.Len(t, p.Deliveries(), 1)
	assert.Zero(t, p.Pending())
	clock.Advance(25 * time.Hour)
	assert.Equal(t, 1, got)
	assert.Equal(t, wechat.Fen(100), wechattest.Balance(p.Ledger(a.MchID)))
}
