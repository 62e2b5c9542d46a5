package message_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

func tea() message.Post {
	return message.Post{Type: message.Pictured, Title: "New tea", Content: "Fresh today", Gallery: message.NewGallery("PERM_1"), Product: message.SellBelow("PRODUCT_KEY")}
}

const teaBody = `{"article_type":"newspic","title":"New tea","content":"Fresh today","image_info":{"image_list":[{"image_media_id":"PERM_1"}]},"product_info":{"footer_product_info":{"product_key":"PRODUCT_KEY"}}}`

func essay() message.Post {
	return message.Post{Title: "On tea", Author: "Lu Yu", Digest: "Three scrolls", Content: "<p>茶</p>", SourceURL: "https://shop.example.com/?a=1&b=2", ThumbMediaID: "PERM_2",
		OpenComment: true, FansOnly: true, CropWide: "0.1945_0_1_0.5236", CropSquare: "0_0_1.000000_1",
		Cover: &message.Cover{Crops: []message.Crop{{Ratio: "1_1", X1: "0.166454", Y1: "0", X2: "0.833545", Y2: "1"}}}}
}

const (
	essayBody = `{"title":"On tea","author":"Lu Yu","digest":"Three scrolls","content":"<p>茶</p>","content_source_url":"https://shop.example.com/?a=1&b=2","thumb_media_id":"PERM_2",` +
		`"need_open_comment":1,"only_fans_can_comment":1,"pic_crop_235_1":"0.1945_0_1_0.5236","pic_crop_1_1":"0_0_1.000000_1",` +
		`"cover_info":{"crop_percent_list":[{"ratio":"1_1","x1":"0.166454","y1":"0","x2":"0.833545","y2":"1"}]}}`
	kept = `{"news_item":[{"article_type":"newspic","title":"New tea","content":"Fresh today","need_open_comment":0,"only_fans_can_comment":1,` +
		`"image_info":{"image_list":[{"image_media_id":"PERM_1"}]},"product_info":{"footer_product_info":{"product_key":"PRODUCT_KEY"}},` +
		`"url":"https://mp.weixin.qq.com/s/1","thumb_url":"https://mmbiz.qpic.cn/1","is_deleted":true,"show_cover_pic":1}]}`
)

func keptTea() message.Saved {
	p := tea()
	p.FansOnly = true
	return message.Saved{Post: p, URL: "https://mp.weixin.qq.com/s/1", ThumbURL: "https://mmbiz.qpic.cn/1", Deleted: true}
}

func TestDraftEndpoints(t *testing.T) {
	t.Parallel()
	run(t, []exchange{
		{"add", func(ctx context.Context, s *message.Service) (any, error) { return s.AddDraft(ctx, tea(), essay()) },
			`POST /cgi-bin/draft/add?access_token=T {"articles":[` + teaBody + `,` + essayBody + `]}`, `{"media_id":"DRAFT_1","item":[]}`, "DRAFT_1", message.ErrProduct},
		{"get", func(ctx context.Context, s *message.Service) (any, error) { return s.Draft(ctx, "DRAFT_1") },
			`POST /cgi-bin/draft/get?access_token=T {"media_id":"DRAFT_1"}`, kept, []message.Saved{keptTea()}, message.ErrMediaID},
		{"update", only(func(ctx context.Context, s *message.Service) error { return s.UpdateDraft(ctx, "DRAFT_1", 0, tea()) }),
			`POST /cgi-bin/draft/update?access_token=T {"media_id":"DRAFT_1","index":0,"articles":` + teaBody + `}`, ok, nil, message.ErrIndex},
		{"delete", only(func(ctx context.Context, s *message.Service) error { return s.DeleteDraft(ctx, "DRAFT_1") }),
			`POST /cgi-bin/draft/delete?access_token=T {"media_id":"DRAFT_1"}`, ok, nil, message.ErrMediaID},
		{"count", func(ctx context.Context, s *message.Service) (any, error) { return s.CountDrafts(ctx) },
			`GET /cgi-bin/draft/count?access_token=T`, `{"total_count":15}`, 15, wechat.ErrUnauthorized},
		{"list", func(ctx context.Context, s *message.Service) (any, error) {
			return s.ListDrafts(ctx, message.ListRequest{Offset: 3, Count: 5, NoContent: true})
		}, `POST /cgi-bin/draft/batchget?access_token=T {"offset":3,"count":5,"no_content":1}`,
			`{"total_count":4,"item_count":1,"item":[{"media_id":"D4","content":{"news_item":[]},"update_time":1700000000,"new":0}]}`,
			&message.DraftPage{Total: 4, Items: []message.SavedDraft{{MediaID: "D4", Updated: message.Moment{Time: time.Unix(1700000000, 0)}, Content: message.Posts{Items: []message.Saved{}}}}}, wechat.ErrUnauthorized},
		{"has a draft box", func(ctx context.Context, s *message.Service) (any, error) { return s.HasDraftBox(ctx) },
			`POST /cgi-bin/draft/switch?access_token=T&checkonly=1`, `{"errcode":0,"errmsg":"ok","is_open":1}`, true, wechat.ErrUnauthorized},
		{"open the draft box", func(ctx context.Context, s *message.Service) (any, error) { return s.OpenDraftBox(ctx) },
			`POST /cgi-bin/draft/switch?access_token=T`, `{"errcode":0,"is_open":0}`, false, wechat.ErrUnauthorized},
		{"publish", func(ctx context.Context, s *message.Service) (any, error) { return s.Publish(ctx, "DRAFT_1") },
			`POST /cgi-bin/freepublish/submit?access_token=T {"media_id":"DRAFT_1"}`, `{"errcode":0,"errmsg":"ok","publish_id":"100000001","msg_data_id":"2247483647"}`,
			&message.Publication{JobID: "100000001", MsgDataID: 2247483647}, message.ErrDraftUnfit},
		{"status", func(ctx context.Context, s *message.Service) (any, error) { return s.PublishStatus(ctx, "100000001") },
			`POST /cgi-bin/freepublish/get?access_token=T {"publish_id":"100000001"}`,
			`{"publish_id":100000001,"publish_status":0,"article_id":"A1","article_detail":{"count":1,"item":[{"idx":1,"article_url":"https://mp.weixin.qq.com/s/1"}]},"fail_idx":[]}`,
			done(), wechat.ErrUnauthorized},
		{"failed", func(ctx context.Context, s *message.Service) (any, error) { return s.PublishStatus(ctx, "1") },
			`POST /cgi-bin/freepublish/get?access_token=T {"publish_id":"1"}`, `{"publish_id":"1","publish_status":2,"fail_idx":[1,2]}`,
			&message.PublishStatus{JobID: "1", State: message.PublishCopied, Failed: []int{1, 2}}, wechat.ErrUnauthorized},
		{"delete published", only(func(ctx context.Context, s *message.Service) error { return s.DeletePublished(ctx, "A1", 1) }),
			`POST /cgi-bin/freepublish/delete?access_token=T {"article_id":"A1","index":1}`, ok, nil, message.ErrArticleID},
		{"delete all published", only(func(ctx context.Context, s *message.Service) error { return s.DeletePublished(ctx, "A1", 0) }),
			`POST /cgi-bin/freepublish/delete?access_token=T {"article_id":"A1"}`, ok, nil, message.ErrArticleID},
		{"published", func(ctx context.Context, s *message.Service) (any, error) { return s.Published(ctx, "A1") },
			`POST /cgi-bin/freepublish/getarticle?access_token=T {"article_id":"A1"}`, kept, []message.Saved{keptTea()}, message.ErrArticleID},
		{"list published", func(ctx context.Context, s *message.Service) (any, error) {
			return s.ListPublished(ctx, message.ListRequest{})
		}, `POST /cgi-bin/freepublish/batchget?access_token=T {"offset":0,"count":20,"no_content":0}`,
			`{"total_count":1,"item":[{"article_id":"A1","content":` + kept + `,"update_time":"1700000000"}]}`,
			&message.ArticlePage{Total: 1, Items: []message.SavedArticle{{ArticleID: "A1", Updated: message.Moment{Time: time.Unix(1700000000, 0)}, Content: message.Posts{Items: []message.Saved{keptTea()}}}}}, wechat.ErrUnauthorized},
		{"product card", func(ctx context.Context, s *message.Service) (any, error) {
			return s.ProductCard(ctx, message.ProductCardRequest{ProductID: "1000000000", Post: message.Written, Card: message.BigCard})
		}, `POST /channels/ec/service/product/getcardinfo?access_token=T {"product_id":"1000000000","article_type":"news","card_type":0}`,
			`{"errcode":0,"errmsg":"ok","product_key":"K","DOM":"<mp-common-product></mp-common-product>"}`,
			&message.ProductCard{Key: "K", DOM: "<mp-common-product></mp-common-product>"}, message.ErrProductID},
	})
}

func done() *message.PublishStatus {
	s := &message.PublishStatus{JobID: "100000001", State: message.PublishDone, ArticleID: "A1", Failed: []int{}}
	s.Detail.Count, s.Detail.Items = 1, []message.PublishedPage{{Index: 1, URL: "https://mp.weixin.qq.com/s/1"}}
	return s
}

// A 200 without the one thing that was asked for is no success.
func TestAnswersThatLackTheirID(t *testing.T) {
	t.Parallel()
	for field, call := range map[string]func(ctx context.Context, s *message.Service) error{
		"media_id":    func(ctx context.Context, s *message.Service) error { _, err := s.AddDraft(ctx, tea()); return err },
		"publish_id":  func(ctx context.Context, s *message.Service) error { _, err := s.Publish(ctx, "M"); return err },
		"template_id": func(ctx context.Context, s *message.Service) error { _, err := s.AddTemplate(ctx, "TM1"); return err },
		"priTmplId": func(ctx context.Context, s *message.Service) error {
			_, err := s.AddNotice(ctx, message.NoticeChoice{Title: 1, Keywords: []message.ID{1, 2}})
			return err
		},
	} {
		err := call(t.Context(), newPost(t, ok).s)
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, field)
		assert.Equal(t, field, f.Field)
		assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
	}
}

func TestListsWalkPages(t *testing.T) {
	t.Parallel()
	p := newPost(t, `{"total_count":3,"item":[{"media_id":"D1"},{"media_id":"D2"}]}`, `{"total_count":3,"item":[{"media_id":"D3"}]}`)
	var got []string
	for d, err := range p.s.Drafts(t.Context(), false) {
		require.NoError(t, err)
		got = append(got, d.MediaID)
	}
	assert.Equal(t, []string{"D1", "D2", "D3"}, got)
	assert.Equal(t, []string{`POST /cgi-bin/draft/batchget?access_token=T {"offset":0,"count":20,"no_content":1}`, `POST /cgi-bin/draft/batchget?access_token=T {"offset":2,"count":20,"no_content":1}`}, p.sent)

	p, got = newPost(t, `{"total_count":2,"item":[{"article_id":"A1"}]}`, `{"errcode":45009,"errmsg":"quota"}`), nil
	for a, err := range p.s.AllPublished(t.Context(), true) {
		if err != nil {
			require.ErrorIs(t, err, wechat.ErrDailyQuota)
			continue
		}
		got = append(got, a.ArticleID)
	}
	assert.Equal(t, []string{"A1"}, got)
	assert.Equal(t, `POST /cgi-bin/freepublish/batchget?access_token=T {"offset":1,"count":20,"no_content":0}`, p.sent[1])
	for _, err := range newPost(t, `{"errcode":48001}`).s.Drafts(t.Context(), true) {
		require.ErrorIs(t, err, wechat.ErrUnauthorized)
	}
}

func TestDraftRefusals(t *testing.T) {
	t.Parallel()
	add := func(base func() message.Post, change func(*message.Post)) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error {
			p := base()
			change(&p)
			_, err := s.AddDraft(ctx, tea(), p)
			return err
		}
	}
	card := func(r message.ProductCardRequest) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error { _, err := s.ProductCard(ctx, r); return err }
	}
	list := func(r message.ListRequest) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error { _, err := s.ListDrafts(ctx, r); return err }
	}
	const long = "s3cret"
	refusals(t, map[string]func(context.Context, *message.Service) error{
		"articles": func(ctx context.Context, s *message.Service) error { _, err := s.AddDraft(ctx); return err },
		"articles: 9": func(ctx context.Context, s *message.Service) error {
			_, err := s.AddDraft(ctx, make([]message.Post, 9)...)
			return err
		},
		"media_id: get": func(ctx context.Context, s *message.Service) error { _, err := s.Draft(ctx, ""); return err },
		"media_id":      func(ctx context.Context, s *message.Service) error { return s.UpdateDraft(ctx, "", 0, tea()) },
		"index":         func(ctx context.Context, s *message.Service) error { return s.UpdateDraft(ctx, "M", 8, tea()) },
		"articles.title": func(ctx context.Context, s *message.Service) error {
			return s.UpdateDraft(ctx, "M", 0, message.Post{})
		},
		"articles[1].title":              add(tea, func(p *message.Post) { p.Title = "" }),
		"articles[1].title: long":        add(tea, func(p *message.Post) { p.Title = strings.Repeat("茶", 65) }),
		"articles[1].author":             add(tea, func(p *message.Post) { p.Author = strings.Repeat(long, 3) }),
		"articles[1].digest":             add(tea, func(p *message.Post) { p.Digest = strings.Repeat(long, 22) }),
		"articles[1].content":            add(tea, func(p *message.Post) { p.Content = "" }),
		"articles[1].content: long":      add(tea, func(p *message.Post) { p.Content = strings.Repeat("茶", 20000) }),
		"articles[1].content_source_url": add(tea, func(p *message.Post) { p.SourceURL = "https://x/" + strings.Repeat(long, 200) }),
		"articles[1].thumb_media_id":     add(essay, func(p *message.Post) { p.ThumbMediaID = "" }),
		"articles[1].image_info":         add(tea, func(p *message.Post) { p.Gallery = nil }),
		"articles[1].image_info: 21": add(tea, func(p *message.Post) {
			p.Gallery = message.NewGallery(strings.Split(strings.Repeat("a,", 20)+"a", ",")...)
		}),
		"articles[1].image_info[0]":      add(tea, func(p *message.Post) { p.Gallery = message.NewGallery("") }),
		"articles[1].pic_crop_235_1":     add(essay, func(p *message.Post) { p.CropWide = "0_0_1" }),
		"articles[1].pic_crop_1_1":       add(essay, func(p *message.Post) { p.CropSquare = "0_0_1_1.1" }),
		"articles[1].pic_crop_1_1: 7":    add(essay, func(p *message.Post) { p.CropSquare = "0_0_1_0.1234567" }),
		"articles[1].pic_crop_1_1: .":    add(essay, func(p *message.Post) { p.CropSquare = "0_0_1_0." }),
		"articles[1].pic_crop_1_1: sign": add(essay, func(p *message.Post) { p.CropSquare = "-0_0_1_1" }),
		"articles[1].cover_info[0]":      add(tea, func(p *message.Post) { p.Cover = &message.Cover{Crops: make([]message.Crop, 1)} }),
		"offset":                         list(message.ListRequest{Offset: -1}),
		"count":                          list(message.ListRequest{Count: 21}),
		"publish_id":                     func(ctx context.Context, s *message.Service) error { _, err := s.PublishStatus(ctx, ""); return err },
		"article_id":                     func(ctx context.Context, s *message.Service) error { _, err := s.Published(ctx, ""); return err },
		"index: publication":             func(ctx context.Context, s *message.Service) error { return s.DeletePublished(ctx, "A", -1) },
		"product_id":                     card(message.ProductCardRequest{Post: message.Written}),
		"article_type":                   card(message.ProductCardRequest{ProductID: "1"}),
		"card_type":                      card(message.ProductCardRequest{ProductID: "1", Post: message.Written, Card: message.BarCard}),
		"card_type: pictured":            card(message.ProductCardRequest{ProductID: "1", Post: message.Pictured, Card: message.BigCard}),
		"card_type: 4":                   card(message.ProductCardRequest{ProductID: "1", Post: message.Written, Card: 4}),
	}, long)
	require.NoError(t, tea().Validate())
	require.NoError(t, essay().Validate())
	require.NoError(t, message.Post{Type: "new", Title: "a", Content: "b"}.Validate(), "a type that is not known yet")
}

func TestScalars(t *testing.T) {
	t.Parallel()
	var got struct {
		A, B, C message.ID
		J, K, L message.JobID
		X, Y, Z message.Bit
		M, N    message.Moment
	}
	require.NoError(t, json.Unmarshal([]byte(`{"A":9223372036854775807,"B":"-1","C":"","J":12,"K":"x","L":null,"X":1,"Y":"1","Z":"no","M":0,"N":"1700000000"}`), &got))
	assert.Equal(t, []message.ID{9223372036854775807, -1, 0}, []message.ID{got.A, got.B, got.C})
	assert.Equal(t, []message.JobID{"12", "x", ""}, []message.JobID{got.J, got.K, got.L})
	assert.Equal(t, []message.Bit{true, true, false}, []message.Bit{got.X, got.Y, got.Z})
	assert.True(t, got.M.IsZero())
	assert.Equal(t, int64(1700000000), got.N.Unix())
	text, err := json.Marshal([]message.Moment{got.M, got.N})
	require.NoError(t, err)
	assert.Equal(t, `[0,1700000000]`, string(text))
	for _, bad := range []string{`"x"`, `1.5`, `{}`, `99999999999999999999`} {
		require.Error(t, json.Unmarshal([]byte(bad), new(message.ID)), bad)
		require.Error(t, json.Unmarshal([]byte(bad), new(message.Moment)), bad)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0)
	assert.True(t, message.AfterMessage.Open(at, at.Add(47*time.Hour), 4))
	assert.False(t, message.AfterMessage.Open(at, at.Add(48*time.Hour), 0))
	assert.False(t, message.AfterMessage.Open(at, at, 5))
	assert.True(t, message.AfterClick.Open(at, at.Add(59*time.Second), 2))
	assert.False(t, message.AfterScan.Open(at, at.Add(time.Minute), 0))
	assert.False(t, message.AfterFollow.Open(at, at, 3))
}

func TestChatAboutAnOrder(t *testing.T) {
	t.Parallel()
	no, ok := message.OrderOf(message.SessionFrom("SO-1"))
	assert.True(t, ok)
	assert.Equal(t, "SO-1", no)
	for _, from := range []string{"", "order:", "sku:1", "order:" + strings.Repeat("1", 65), "order:\xff"} {
		_, ok := message.OrderOf(from)
		assert.False(t, ok, from)
	}
	page := message.OrderPage{AppID: "wx1", Path: "pages/order", ThumbMediaID: "M"}
	assert.Equal(t, &message.Jump{AppID: "wx1", Path: "pages/order?id=a%26b"}, page.Jump("a&b"))
	page.Path = "pages/order?from=chat"
	assert.Equal(t, "pages/order?from=chat&id=1", page.Jump("1").Path)
	p := newPost(t, `{"errcode":0}`)
	require.NoError(t, p.s.Send(t.Context(), openID, page.Card("Your order", "1")))
	assert.Contains(t, p.sent[0], `"miniprogrampage":{"title":"Your order","appid":"wx1","pagepath":"pages/order?from=chat&id=1","thumb_media_id":"M"}`)
	assert.Equal(t, `<a href="https://x/?a=1&amp;b=2" data-miniprogram-appid="wx1" data-miniprogram-path="pages/order?from=chat&amp;id=1">Order &lt;1&gt;</a>`,
		page.Link("Order <1>", "1", "https://x/?a=1&b=2"))
	assert.Equal(t, `<a href="https://x/&#34;">&lt;b&gt;</a>`, message.LinkWords("<b>", `https://x/"`))
}
