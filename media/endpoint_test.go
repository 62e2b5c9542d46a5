package media_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/media"
)

const (
	ok    = `{"errcode":0,"errmsg":"ok","new":1}`
	query = "?access_token=TOKEN"
)

func none(err error) (any, error) { return nil, err }

// pointer is what p points to, and nil in place of a nil pointer.
func pointer[T any](p *T, err error) (any, error) {
	if p == nil {
		return nil, err
	}
	return *p, err
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	type s = *media.Service
	article := media.Article{Title: "茶", Author: "A", Digest: "D", Content: "<p>x</p>", ContentSourceURL: "https://shop.example/", ThumbMediaID: "M", ThumbURL: "https://t.example/", ShowCoverPic: 1, URL: "https://mp.weixin.qq.com/s/x"}
	const articles = `{"news_item":[{"title":"茶","author":"A","digest":"D","content":"<p>x</p>","content_source_url":"https://shop.example/","thumb_media_id":"M","thumb_url":"https://t.example/","show_cover_pic":1,"url":"https://mp.weixin.qq.com/s/x","new":1}]}`
	for _, e := range []endpoint{
		{"video", func(ctx context.Context, m s) (any, error) { return m.Video(ctx, "M&1") },
			"GET /cgi-bin/media/get" + query + "&media_id=M%261", `{"video_url":"http://v.example/1","new":1}`, "http://v.example/1", media.ErrMediaID},
		{"material video", func(ctx context.Context, m s) (any, error) { return pointer(m.MaterialVideo(ctx, "M1")) },
			"POST /cgi-bin/material/get_material" + query + ` {"media_id":"M1"}`, `{"title":"T","description":"D","down_url":"http://v.example/1","new":1}`,
			media.Film{Title: "T", Description: "D", DownURL: "http://v.example/1"}, media.ErrMediaID},
		{"material news", func(ctx context.Context, m s) (any, error) {
			a, err := m.MaterialNews(ctx, "M1")
			if err != nil {
				return nil, err
			}
			return a, nil
		}, "POST /cgi-bin/material/get_material" + query + ` {"media_id":"M1"}`, articles, []media.Article{article}, media.ErrMediaID},
		{"mass video", func(ctx context.Context, m s) (any, error) {
			return pointer(m.MassVideo(ctx, "M1", "茶🍵", "a & b"))
		},
			"POST /cgi-bin/media/uploadvideo" + query + ` {"media_id":"M1","title":"茶🍵","description":"a & b"}`, `{"type":"video","media_id":"M2","created_at":1398848981,"new":1}`,
			media.Temporary{Kind: media.Video, MediaID: "M2", CreatedAt: time.Unix(1398848981, 0).In(wechat.Beijing)}, media.ErrMediaID},
		{"delete", func(ctx context.Context, m s) (any, error) { return none(m.Delete(ctx, "M1")) },
			"POST /cgi-bin/material/del_material" + query + ` {"media_id":"M1"}`, ok, nil, media.ErrInUse},
		{"count", func(ctx context.Context, m s) (any, error) { return pointer(m.Count(ctx)) },
			"GET /cgi-bin/material/get_materialcount" + query, `{"voice_count":1,"video_count":2,"image_count":3,"news_count":4,"new":5}`, media.Counts{Voice: 1, Video: 2, Image: 3, News: 4}, wechat.ErrUnauthorized},
		{"list", func(ctx context.Context, m s) (any, error) { return pointer(m.List(ctx, "hologram", 40, 20)) },
			"POST /cgi-bin/material/batchget_material" + query + ` {"type":"hologram","offset":40,"count":20}`,
			`{"total_count":42,"item_count":2,"item":[{"media_id":"M1","name":"a.jpg","update_time":1704100000,"url":"http://i.example/1","new":1},{"media_id":"M2","content":` + articles + `,"update_time":1704100001}]}`,
			media.Page{Total: 42, Count: 2, Items: []media.Item{{MediaID: "M1", Name: "a.jpg", UpdateTime: 1704100000, URL: "http://i.example/1"},
				{MediaID: "M2", UpdateTime: 1704100001, Content: media.Articles{Items: []media.Article{article}}}}}, media.ErrKind},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.test(t)
		})
	}
}

// An answer without what it was called for is an error.
func TestAnswersThatLackTheirThing(t *testing.T) {
	t.Parallel()
	m, _ := newService(t, `{"errcode":0}`)
	_, err := m.Video(t.Context(), "M1")
	require.ErrorContains(t, err, "video_url")
	assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
	_, err = m.MaterialVideo(t.Context(), "M1")
	require.ErrorContains(t, err, "down_url")
	_, err = m.MassVideo(t.Context(), "M1", "T", "")
	require.ErrorContains(t, err, "media_id")
	for name, up := range uploads() {
		_, err = up.call(t.Context(), m, jpg(10))
		require.ErrorContains(t, err, up.lacks, name)
		assert.Equal(t, wechat.Done, wechat.OutcomeOf(err), name)
	}
}

func TestAllWalksTheMaterial(t *testing.T) {
	t.Parallel()
	m, c := newService(t, `{"total_count":3,"item_count":2,"item":[{"media_id":"M1"},{"media_id":"M2"}]}`)
	var ids []string
	for item, err := range m.All(t.Context(), media.Image) {
		require.NoError(t, err)
		ids = append(ids, item.MediaID)
	}
	assert.Equal(t, []string{"M1", "M2", "M1", "M2"}, ids, "until the total is reached")
	assert.Equal(t, []string{
		`POST https://api.weixin.qq.com/cgi-bin/material/batchget_material?access_token=TOKEN {"type":"image","offset":0,"count":20}`,
		`POST https://api.weixin.qq.com/cgi-bin/material/batchget_material?access_token=TOKEN {"type":"image","offset":2,"count":20}`,
	}, c.asked)
	m, _ = newService(t, `{"errcode":40004,"errmsg":"x"}`)
	n := 0
	for _, err := range m.All(t.Context(), media.Voice) {
		n++
		require.ErrorIs(t, err, media.ErrKind)
	}
	assert.Equal(t, 1, n)
}
