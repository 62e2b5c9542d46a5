package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
)

// replying is a handler that answers everything users write with m.
func replying(t *testing.T, m message.Message) (*notify.Handler, *error) {
	t.Helper()
	var cause error
	h := handler(t, notify.WithObserver(func(_ context.Context, r notify.Record) { cause = r.Err }))
	notify.Answer(h, notify.Asking[message.Message](message.SaidText), func(context.Context, notify.Event[message.Words]) (message.Message, error) {
		return m, nil
	})
	return h, &cause
}

var story = message.Story{Title: "Sale", Description: "Today", PicURL: "https://img.example.com/1.jpg", URL: "https://shop.example.com/?a=1&b=2"}

func TestPassiveReplies(t *testing.T) {
	t.Parallel()
	clip := message.Clip{MediaID: "m", ThumbMediaID: "t", Title: "T", Description: "D"}
	track := message.Track{Title: "T", Description: "D", URL: "u", HQURL: "h", ThumbMediaID: "t"}
	tests := []struct {
		name        string
		m           message.Message
		kind        string
		inXML, json string
	}{
		{"text", message.Text("a\n<b>"), "text", `<Content><![CDATA[a
<b>]]></Content>`, `"Content":"a\n<b>"`},
		{"text that ends a section", message.Text("]]>]]>"), "text", `<Content><![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]></Content>`, `"Content":"]]>]]>"`},
		{"text with a NUL", message.Text("a\x00b\uFFFEc"), "text", `<Content><![CDATA[abc]]></Content>`, ``},
		{"image", message.Image("m"), "image", `<Image><MediaId><![CDATA[m]]></MediaId></Image>`, `"Image":{"MediaId":"m"}`},
		{"voice", message.Voice("m"), "voice", `<Voice><MediaId><![CDATA[m]]></MediaId></Voice>`, `"Voice":{"MediaId":"m"}`},
		{"video", message.Video(clip), "video", `<Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description></Video>`,
			`"Video":{"MediaId":"m","Title":"T","Description":"D"}`},
		{"bare video", message.Video(message.Clip{MediaID: "m"}), "video", `<Video><MediaId><![CDATA[m]]></MediaId></Video>`, ``},
		{"music", message.Music(track), "music", `<Music><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description><MusicUrl><![CDATA[u]]></MusicUrl>` +
			`<HQMusicUrl><![CDATA[h]]></HQMusicUrl><ThumbMediaId><![CDATA[t]]></ThumbMediaId></Music>`, ``},
		{"news", message.News(story), "news", `<ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[Sale]]></Title><Description><![CDATA[Today]]></Description>` +
			`<PicUrl><![CDATA[https://img.example.com/1.jpg]]></PicUrl><Url><![CDATA[https://shop.example.com/?a=1&b=2]]></Url></item></Articles>`,
			`"ArticleCount":1,"Articles":{"item":{"Title":"Sale","Description":"Today","PicUrl":"https://img.example.com/1.jpg","Url":"https://shop.example.com/?a=1&b=2"}}`},
		{"two stories", message.News(message.Story{Title: "1"}, message.Story{URL: "2"}), "news",
			`<ArticleCount>2</ArticleCount><Articles><item><Title><![CDATA[1]]></Title></item><item><Url><![CDATA[2]]></Url></item></Articles>`,
			`"ArticleCount":2,"Articles":{"item":[{"Title":"1"},{"Url":"2"}]}`},
		{"transfer", message.Transfer(""), "transfer_customer_service", ``, ``},
		{"transfer to one", message.Transfer("kf1@s"), "transfer_customer_service", `<TransInfo><KfAccount><![CDATA[kf1@s]]></KfAccount></TransInfo>`,
			`"TransInfo":{"KfAccount":"kf1@s"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, cause := replying(t, tt.m)
			status, reply := push(t.Context(), h, wrote("x"))
			require.NoError(t, *cause)
			assert.Equal(t, 200, status)
			head, body, ok := strings.Cut(reply, "<MsgType><![CDATA["+tt.kind+"]]></MsgType>")
			require.True(t, ok, reply)
			assert.Regexp(t, `^<xml><ToUserName><!\[CDATA\[o1\]\]></ToUserName><FromUserName><!\[CDATA\[gh_1\]\]></FromUserName><CreateTime>\d+</CreateTime>$`, head)
			assert.Equal(t, tt.inXML+"</xml>", body)

			_, reply = push(t.Context(), h, `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1,"MsgType":"text","Content":"x","MsgId":2}`)
			assert.True(t, json.Valid([]byte(reply)), reply)
			assert.Contains(t, reply, `{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":`)
			assert.Contains(t, reply, `,"MsgType":"`+tt.kind+`"`)
			assert.Contains(t, reply, tt.json)
		})
	}
}

func TestPassiveRepliesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		m    message.Message
		says string
	}{
		{"no words", message.Text(""), "text.content: is empty"},
		{"no UTF-8", message.Text("a\xFF"), "text.content: is not valid UTF-8"},
		{"no image", message.Image(""), "image.media_id: is empty"},
		{"no voice", message.Voice(""), "voice.media_id: is empty"},
		{"no video", message.Video(message.Clip{}), "video.media_id: is empty"},
		{"music without a thumbnail", message.Music(message.Track{URL: "u"}), "music.thumb_media_id: is empty"},
		{"no story", message.News(), "news.articles: is empty"},
		{"an empty story", message.News(story, message.Story{}), "news.articles[1]: has neither"},
		{"nine stories", message.News(make9()...), "news.articles: has 9 links, a passive reply takes 8"},
		{"article", message.Article("a"), "msgtype: a passive reply cannot carry mpnewsarticle"},
		{"article without an id", message.Article(""), "mpnewsarticle.article_id: is empty"},
		{"draft", message.MPNews("m"), "cannot carry mpnews"},
		{"draft without an id", message.MPNews(""), "mpnews.media_id: is empty"},
		{"menu", message.Menu(message.Choices{List: []message.Choice{{ID: "1", Content: "a"}}}), "cannot carry msgmenu"},
		{"menu without choices", message.Menu(message.Choices{}), "msgmenu.list: is empty"},
		{"menu with half a choice", message.Menu(message.Choices{List: []message.Choice{{ID: "1"}}}), "msgmenu.list[0].content: is empty"},
		{"card", message.Card("c"), "cannot carry wxcard"},
		{"card without an id", message.Card(""), "wxcard.card_id: is empty"},
		{"page", message.MiniProgram(message.Page{Title: "t", Path: "p", ThumbMediaID: "m"}), "cannot carry miniprogrampage"},
		{"page without a path", message.MiniProgram(message.Page{Title: "t"}), "miniprogrampage.pagepath: is empty"},
		{"link", message.Link(story), "cannot carry link"},
		{"link without an address", message.Link(message.Story{Title: "t"}), "link.url: is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.m.Passive()
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			require.ErrorContains(t, err, tt.says)
			h, cause := replying(t, tt.m)
			status, reply := push(t.Context(), h, wrote("x"))
			assert.Equal(t, 500, status)
			assert.Equal(t, "fail", reply)
			assert.ErrorAs(t, *cause, &field)
		})
	}
}

func make9() []message.Story {
	return []message.Story{story, story, story, story, story, story, story, story, story}
}

func TestMessagesAreValues(t *testing.T) {
	t.Parallel()
	stories := []message.Story{{Title: "before"}}
	m := message.News(stories...)
	stories[0].Title = "after"
	got, err := m.Passive()
	require.NoError(t, err)
	assert.Equal(t, "before", got[2].Inside[0].Inside[0].Text)

	choices := []message.Choice{{ID: "1", Content: "before"}}
	menu := message.Menu(message.Choices{List: choices})
	choices[0].ID = ""
	_, err = menu.Passive()
	require.ErrorContains(t, err, "msgmenu, only", "complete still")

	assert.True(t, message.Silence().IsSilence())
	assert.True(t, message.Message{}.IsSilence())
	assert.False(t, m.IsSilence())
	assert.Equal(t, "silence", message.Silence().String())
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "m", message.Text("secret"))
	for _, shown := range []string{fmt.Sprint(message.Text("secret")), fmt.Sprintf("%+v %#v %q %s", message.Text("secret"), message.Text("secret"), message.Text("secret"),
		[]message.Message{message.Text("secret")}), logged.String()} {
		assert.NotContains(t, shown, "secret")
	}
	assert.Contains(t, fmt.Sprint(message.Text("secret")), "text message")
}
