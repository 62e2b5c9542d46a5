package media_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/media"
	"github.com/wxcommerce/wechat/wechattest"
)

// Files go to the simulator and come back whole, or are gone when their time is over.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewApp(wechattest.AppConfig{Clock: clock, Name: "tea"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	app, err := sim.Client()
	require.NoError(t, err)
	files, ctx := media.New(app), t.Context()
	picture := append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("tea\r\n--x"), 40000)...)
	given := func(name string) wechat.File {
		return wechat.File{Name: name, Data: bytes.NewReader(picture)}
	}
	whole := func(s *wechat.Stream, err error) {
		t.Helper()
		require.NoError(t, err)
		b, err := io.ReadAll(s)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		assert.True(t, bytes.Equal(picture, b), "%d bytes came back as %d", len(picture), len(b))
	}

	up, err := files.Upload(ctx, media.Image, given("a.jpg"))
	require.NoError(t, err)
	assert.Equal(t, clock.Now().Add(72*time.Hour).Unix(), up.Expires().Unix())
	s, err := files.Open(ctx, up.MediaID)
	whole(s, err)
	clock.Advance(73 * time.Hour)
	_, err = files.Open(ctx, up.MediaID)
	require.ErrorIs(t, err, media.ErrMediaID)

	url, err := files.UploadPicture(ctx, given("a.jpg"))
	require.NoError(t, err)
	assert.NotEmpty(t, url)
	kept, err := files.Add(ctx, media.Image, given("a.jpg"))
	require.NoError(t, err)
	s, err = files.OpenMaterial(ctx, kept.MediaID)
	whole(s, err)
	film, err := files.AddVideo(ctx, "茶🍵<1>", "绿 & 红", wechat.File{Name: "a.mp4", Data: bytes.NewReader(append([]byte("\x00\x00\x00\x18ftypmp42"), picture...))})
	require.NoError(t, err)
	about, err := files.MaterialVideo(ctx, film.MediaID)
	require.NoError(t, err)
	assert.Equal(t, "茶🍵<1> 绿 & 红", about.Title+" "+about.Description)
	n, err := files.Count(ctx)
	require.NoError(t, err)
	assert.Equal(t, media.Counts{Video: 1, Image: 1}, *n)
	clip, err := files.Upload(ctx, media.Video, wechat.File{Name: "a.mp4", Data: bytes.NewReader(append([]byte("\x00\x00\x00\x18ftypmp42"), picture...))})
	require.NoError(t, err)
	for5000, err := files.MassVideo(ctx, clip.MediaID, "茶", "")
	require.NoError(t, err)
	assert.NotEqual(t, clip.MediaID, for5000.MediaID)
	for item, err := range files.All(ctx, media.Image) {
		require.NoError(t, err)
		assert.Equal(t, kept.MediaID, item.MediaID)
	}
	require.NoError(t, files.Delete(ctx, kept.MediaID))
	_, err = files.OpenMaterial(ctx, kept.MediaID)
	require.ErrorIs(t, err, media.ErrMediaID)
}
