package wechat_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
)

// Whoever overlooks the error of a constructor, or writes &wechat.App{}, gets an error
// at the first call and no panic.
func TestClientsThatNobodyMade(t *testing.T) {
	t.Parallel()
	var (
		app    *wechat.App
		v3     *wechat.Merchant
		v2     *wechat.MerchantV2
		legacy *wechat.MerchantLegacy
	)
	clients := []struct {
		name   string
		client wechat.Client
		want   string
	}{
		{"nothing", nil, "NewMerchant or NewApp"},
		{"nil App", app, "NewApp"},
		{"zero App", &wechat.App{}, "NewApp"},
		{"nil Merchant", v3, "NewMerchant"},
		{"zero Merchant", &wechat.Merchant{}, "NewMerchant"},
		{"nil MerchantV2", v2, "NewMerchantV2"},
		{"zero MerchantV2", &wechat.MerchantV2{}, "NewMerchantV2"},
		{"nil MerchantLegacy", legacy, "NewMerchantLegacy"},
		{"zero MerchantLegacy", &wechat.MerchantLegacy{}, "NewMerchantLegacy"},
	}
	file := wechat.File{Name: "a.png", Data: bytes.NewReader([]byte("x"))}
	calls := map[string]func(context.Context, wechat.Client) error{
		"Call": func(ctx context.Context, c wechat.Client) error {
			_, err := wechat.Call[wechat.None](ctx, c, opCreate, nil)
			return err
		},
		"Open": func(ctx context.Context, c wechat.Client) error {
			_, err := wechat.Open(ctx, c, opMenu, nil)
			return err
		},
		"Upload": func(ctx context.Context, c wechat.Client) error {
			_, err := wechat.Upload[wechat.None](ctx, c, opCreate, nil, file)
			return err
		},
		"Download": func(ctx context.Context, c wechat.Client) error {
			_, err := wechat.Download(ctx, c, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x")
			return err
		},
	}
	for _, tt := range clients {
		for name, call := range calls {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				t.Parallel()
				err := call(t.Context(), tt.client)
				require.ErrorContains(t, err, "is nil or was not made by "+tt.want)
				assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err), "nothing was sent")
			})
		}
	}
	for _, m := range []*wechat.Merchant{nil, {}} {
		sub := m.For(wechat.Sub{MchID: "1900000002"})
		assert.Empty(t, sub.ID()+sub.Serial()+sub.Sub().MchID+sub.Party("").MchID)
		assert.Equal(t, "merchant ", fmt.Sprintf("%v", sub))
		assert.False(t, sub.Now().IsZero())
		_, err := m.PaySign("a")
		require.ErrorContains(t, err, "not made by NewMerchant")
		_, err = m.Verify(t.Context(), nil, nil)
		require.ErrorContains(t, err, "not made by NewMerchant")
		_, err = m.Open(wechat.Resource{})
		require.ErrorContains(t, err, "not made by NewMerchant")
		m.OpenSecrets(new(struct{}))
		m.CloseIdleConnections()
	}
	assert.Empty(t, app.ID())
	assert.Equal(t, "app ", fmt.Sprint(app))
	app.CloseIdleConnections()
}
