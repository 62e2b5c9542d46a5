package qrcode_test

import (
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
	"github.com/wxcommerce/wechat/wechattest"
)

// Codes of the simulated account, and their pictures.
func TestCodesOfTheSimulator(t *testing.T) {
	t.Parallel()
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewApp(wechattest.AppConfig{Clock: clock, Name: "tea"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	app, err := sim.Client()
	require.NoError(t, err)
	s, ctx := qrcode.NewService(app), t.Context()
	for _, scene := range []qrcode.Scene{qrcode.SceneID(7), qrcode.SceneText("order-0001")} {
		ticket, err := s.Temporary(ctx, scene, time.Hour)
		require.NoError(t, err)
		assert.Equal(t, time.Hour, ticket.Life())
		picture, err := s.Image(ctx, ticket.Ticket)
		require.NoError(t, err)
		img, err := png.Decode(picture)
		require.NoError(t, err)
		require.NoError(t, picture.Close())
		assert.Positive(t, img.Bounds().Dx())
		forever, err := s.Permanent(ctx, scene)
		require.NoError(t, err)
		assert.Zero(t, forever.Life())
		assert.NotEqual(t, ticket.URL, forever.URL)
	}
	_, err = s.Image(ctx, "nobody's")
	var api *wechat.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, 404, api.Status)
}
