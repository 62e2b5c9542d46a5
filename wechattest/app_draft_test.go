package wechattest_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/media"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/wechattest"
)

// A product becomes a card in an article, which is sent to all, and another that is
// published and then said to one user: what became of product messages.
func TestProductMessagesWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	app, ctx := client(t, a), t.Context()
	said, files := message.New(app), media.New(app)
	a.Follow(li)
	a.AddProduct("P7")
	cover, err := files.Add(ctx, media.Image, wechat.File{Name: "a.jpg", Data: bytes.NewReader([]byte("\xff\xd8\xff\xe0tea"))})
	require.NoError(t, err)

	card, err := said.ProductCard(ctx, message.ProductCardRequest{ProductID: "P7", Post: message.Pictured, Card: message.SmallCard})
	require.NoError(t, err)
	post := message.Post{Type: message.Pictured, Title: "新茶", Content: "今天到货", Gallery: message.NewGallery(cover.MediaID), Product: message.SellBelow(card.Key)}
	draft, err := said.AddDraft(ctx, post)
	require.NoError(t, err)
	_, err = said.SendToAll(ctx, message.Mass{Message: message.MPNews(draft), ClientMsgID: "tea"})
	require.NoError(t, err)
	clock.Advance(time.Minute)
	chat := a.Chat(li)
	require.Len(t, chat, 1)
	got := chat[0].Articles
	require.Len(t, got, 1)
	assert.NotEmpty(t, got[0].URL)
	assert.NotEmpty(t, got[0].PicURL)
	assert.Equal(t, wechattest.ChatArticle{Title: "新茶", URL: got[0].URL, PicURL: got[0].PicURL, Product: "P7"}, got[0])

	big, err := said.ProductCard(ctx, message.ProductCardRequest{ProductID: "P7", Post: message.Written, Card: message.BigCard})
	require.NoError(t, err)
	written := message.Post{Title: "茶 & 水", Digest: "D", Content: "<p>x</p>" + big.DOM, ThumbMediaID: cover.MediaID}
	draft, err = said.AddDraft(ctx, written, message.Post{Title: "two", Content: "y", ThumbMediaID: cover.MediaID})
	require.NoError(t, err)
	job, err := said.Publish(ctx, draft)
	require.NoError(t, err)
	done, err := said.PublishStatus(ctx, job.JobID)
	require.NoError(t, err)
	assert.Equal(t, message.PublishDone, done.State)
	assert.Equal(t, 2, done.Detail.Count)
	require.Len(t, done.Detail.Items, 2)
	assert.Equal(t, 2, done.Detail.Items[1].Index)
	clock.Advance(time.Second)
	assert.Equal(t, "PUBLISHJOBFINISH", element(s.last(t), "Event"))
	assert.Equal(t, done.ArticleID, element(s.last(t), "article_id"))
	_, err = said.Publish(ctx, draft)
	require.ErrorIs(t, err, message.ErrMediaID, "the draft is gone")
	_, err = a.SayText(li, "hi")
	require.NoError(t, err)
	require.NoError(t, said.Send(ctx, li.OpenID(a.AppID), message.Article(done.ArticleID)))
	chat = a.Chat(li)
	assert.Equal(t, wechattest.ChatArticle{Title: "茶 & 水", Description: "D", URL: done.Detail.Items[0].URL, PicURL: got[0].PicURL, Product: "P7"}, chat[len(chat)-1].Articles[0])
}

func TestDraftsThatAreRefused(t *testing.T) {
	t.Parallel()
	a, _, _ := newChat(t)
	a.AddProduct("P7")
	a.AddProduct("P7")
	cover, err := media.New(client(t, a)).Add(t.Context(), media.Image, wechat.File{Name: "a.jpg", Data: bytes.NewReader([]byte("\xff\xd8\xff\xe0tea"))})
	require.NoError(t, err)
	const add, card = "/cgi-bin/draft/add", "/channels/ec/service/product/getcardinfo"
	one := `{"title":"T","content":"C","thumb_media_id":"` + cover.MediaID + `"}`
	for _, tt := range []struct{ name, path, body, code string }{
		{"no articles", add, `{"articles":[]}`, "45008"},
		{"nine", add, `{"articles":[` + strings.Repeat(one+",", 8) + one + `]}`, "45008"},
		{"no title", add, `{"articles":[{"content":"C"}]}`, "45003"},
		{"no content", add, `{"articles":[{"title":"T"}]}`, "45166"},
		{"no cover", add, `{"articles":[{"title":"T","content":"C"}]}`, "40007"},
		{"no pictures", add, `{"articles":[{"article_type":"newspic","title":"T","content":"C","thumb_media_id":"` + cover.MediaID + `"}]}`, "40007"},
		{"somebody's key", add, strings.Replace(`{"articles":[`+one+`]}`, `"C"`, `"C","product_info":{"footer_product_info":{"product_key":"x"}}`, 1), "53405"},
		{"unreadable", add, `[`, "47001"},
		{"unknown product", card, `{"product_id":"P8","article_type":"news"}`, "10170001"},
		{"unknown article", card, `{"product_id":"P7","article_type":"x"}`, "10170002"},
		{"bar in a written post", card, `{"product_id":"P7","article_type":"news","card_type":3}`, "10170003"},
		{"big card below pictures", card, `{"product_id":"P7","article_type":"newspic","card_type":0}`, "10170003"},
		{"nothing about a product", card, ``, "44002"},
		{"unknown draft", "/cgi-bin/freepublish/submit", `{"media_id":"x"}`, "40007"},
		{"unreadable draft", "/cgi-bin/freepublish/submit", `x`, "47001"},
		{"unknown job", "/cgi-bin/freepublish/get", `{"publish_id":"x"}`, "40007"},
		{"unreadable job", "/cgi-bin/freepublish/get", `x`, "47001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.code, errcode(call(t, a, "POST", tt.path, tt.body)))
		})
	}
}
