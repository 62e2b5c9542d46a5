package account_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/account"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/user"
	"github.com/wxcommerce/wechat/wechattest"
)

// A quota that is used up, seen, traced by the error's id, and given back.
func TestQuotaOfTheSimulator(t *testing.T) {
	t.Parallel()
	sim, err := wechattest.NewApp(wechattest.AppConfig{Name: "tea"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	const path = "/cgi-bin/tags/get"
	sim.Limit(path, 2)
	app, err := sim.Client()
	require.NoError(t, err)
	desk, users, ctx := account.New(app), user.New(app), t.Context()
	for range 2 {
		_, err = users.Tags(ctx)
		require.NoError(t, err)
	}
	_, err = users.Tags(ctx)
	require.ErrorIs(t, err, wechat.ErrDailyQuota)
	left, err := desk.Quota(ctx, path)
	require.NoError(t, err)
	assert.Equal(t, int64(2), left.Daily.Limit)
	assert.Zero(t, left.Daily.Remain)

	_, err = users.Tags(ctx)
	var api *wechat.APIError
	require.True(t, errors.As(err, &api))
	trace, err := desk.Trace(ctx, api.RequestID)
	require.NoError(t, err)
	assert.Contains(t, trace.URL.Reveal(), path)
	assert.Contains(t, trace.Answer.Reveal(), "45009")

	for _, reset := range []func() error{
		func() error { return desk.Reset(ctx, path) },
		func() error { return desk.ResetAll(ctx) },
		func() error { return desk.ResetBySecret(ctx, seal.NewKey(sim.Secret)) },
	} {
		require.NoError(t, reset())
		for range 2 {
			_, err = users.Tags(ctx)
			require.NoError(t, err)
		}
		_, err = users.Tags(ctx)
		require.ErrorIs(t, err, wechat.ErrDailyQuota)
	}
	ips, err := desk.Servers(ctx)
	require.NoError(t, err)
	assert.NotEmpty(t, ips.List)
}
