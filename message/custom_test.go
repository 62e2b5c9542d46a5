package message_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

const toSend = "POST /cgi-bin/message/custom/send?access_token=T "

// say is a line of customer service: the object that follows the openid.
func say(name string, m message.Message, object string) exchange {
	return exchange{name, only(func(ctx context.Context, s *message.Service) error { return s.Send(ctx, openID, m) }),
		toSend + `{"touser":"` + openID + `",` + object + `}`, ok, nil, message.ErrWindowClosed}
}

func TestCustomerServiceCarriesEveryKind(t *testing.T) {
	t.Parallel()
	run(t, []exchange{
		say("text", message.Text(`a<a href="https://x/?a=1&b=2">茶</a>`), `"msgtype":"text","text":{"content":"a<a href=\"https://x/?a=1&b=2\">茶</a>"}`),
		say("image", message.Image("M1"), `"msgtype":"image","image":{"media_id":"M1"}`),
		say("voice", message.Voice("M1"), `"msgtype":"voice","voice":{"media_id":"M1"}`),
		say("video", message.Video(message.Clip{MediaID: "M1", ThumbMediaID: "M2", Title: "t", Description: "d"}),
			`"msgtype":"video","video":{"media_id":"M1","thumb_media_id":"M2","title":"t","description":"d"}`),
		say("music", message.Music(message.Track{Title: "t", Description: "d", URL: "https://x/a", HQURL: "https://x/b", ThumbMediaID: "M2"}),
			`"msgtype":"music","music":{"title":"t","description":"d","musicurl":"https://x/a","hqmusicurl":"https://x/b","thumb_media_id":"M2"}`),
		say("news", message.News(message.Story{Title: "t", Description: "d", URL: "https://x/", PicURL: "https://x/p"}),
			`"msgtype":"news","news":{"articles":[{"title":"t","description":"d","url":"https://x/","picurl":"https://x/p"}]}`),
		say("mpnews", message.MPNews("M1"), `"msgtype":"mpnews","mpnews":{"media_id":"M1"}`),
		say("mpnewsarticle", message.Article("A1"), `"msgtype":"mpnewsarticle","mpnewsarticle":{"article_id":"A1"}`),
		say("msgmenu", message.Menu(message.Choices{Head: "Happy?", List: []message.Choice{{ID: "101", Content: "yes"}, {ID: "102", Content: "no"}}, Tail: "Thanks"}),
			`"msgtype":"msgmenu","msgmenu":{"head_content":"Happy?","list":[{"id":"101","content":"yes"},{"id":"102","content":"no"}],"tail_content":"Thanks"}`),
		say("wxcard", message.Card("C1"), `"msgtype":"wxcard","wxcard":{"card_id":"C1"}`),
		say("miniprogrampage", message.MiniProgram(message.Page{Title: "Your order", AppID: "wx0000000000000001", Path: "pages/order?id=1", ThumbMediaID: "MEDIA"}),
			`"msgtype":"miniprogrampage","miniprogrampage":{"title":"Your order","appid":"wx0000000000000001","pagepath":"pages/order?id=1","thumb_media_id":"MEDIA"}`),
		say("link", message.Link(message.Story{Title: "t", Description: "d", URL: "https://x/", PicURL: "https://x/p"}),
			`"msgtype":"link","link":{"title":"t","description":"d","url":"https://x/","thumb_url":"https://x/p"}`),
	})
}

func TestCustomerServiceExtras(t *testing.T) {
	t.Parallel()
	extra := func(c message.Custom) func(context.Context, *message.Service) (any, error) {
		return only(func(ctx context.Context, s *message.Service) error { return s.SendCustom(ctx, c) })
	}
	run(t, []exchange{
		{"as an agent", extra(message.Custom{To: openID, Message: message.Text("hi"), Agent: "kf2001@shop"}),
			toSend + `{"touser":"` + openID + `","msgtype":"text","text":{"content":"hi"},"customservice":{"kf_account":"kf2001@shop"}}`, ok, nil, message.ErrAgent},
		{"made by AI", extra(message.Custom{To: openID, Message: message.Text("hi"), AI: true}),
			toSend + `{"touser":"` + openID + `","msgtype":"text","text":{"content":"hi"},"aimsgcontext":{"is_ai_msg":1}}`, ok, nil, message.ErrWindowSpent},
		{"typing", only(func(ctx context.Context, s *message.Service) error { return s.Typing(ctx, openID) }),
			`POST /cgi-bin/message/custom/typing?access_token=T {"touser":"` + openID + `","command":"Typing"}`, ok, nil, message.ErrTypingTooLate},
		{"not typing", only(func(ctx context.Context, s *message.Service) error { return s.StopTyping(ctx, openID) }),
			`POST /cgi-bin/message/custom/typing?access_token=T {"touser":"` + openID + `","command":"CancelTyping"}`, ok, nil, message.ErrTyping},
	})
}

func TestCustomerServiceRefuses(t *testing.T) {
	t.Parallel()
	send := func(to string, m message.Message) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error { return s.Send(ctx, to, m) }
	}
	story := message.Story{Title: "s3cret", URL: "https://x/"}
	refusals(t, map[string]func(context.Context, *message.Service) error{
		"touser":                         send("", message.Text("s3cret")),
		"touser: not an id":              send("a b", message.Text("s3cret")),
		"msgtype: silence":               send(openID, message.Silence()),
		"msgtype: transfer":              send(openID, message.Transfer("s3cret")),
		"text.content":                   send(openID, message.Text("")),
		"text.content: not UTF-8":        send(openID, message.Text("s3cret\xff")),
		"video.thumb_media_id":           send(openID, message.Video(message.Clip{MediaID: "M"})),
		"news.articles: two":             send(openID, message.News(story, story)),
		"news.articles":                  send(openID, message.News()),
		"miniprogrampage.thumb_media_id": send(openID, message.MiniProgram(message.Page{Title: "t", Path: "p"})),
		"customservice.kf_account": func(ctx context.Context, s *message.Service) error {
			return s.SendCustom(ctx, message.Custom{To: openID, Message: message.Text("x"), Agent: strings.Repeat("k", 65)})
		},
		"touser: typing": func(ctx context.Context, s *message.Service) error { return s.Typing(ctx, "") },
	}, "s3cret")
}

// A send without a key is never repeated by the library, however it fails.
func TestCustomerServiceNeverRepeats(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"lost": "", "busy": `{"errcode":-1,"errmsg":"system error"}`} {
		p := newPost(t, answer, ok)
		err := p.s.Send(t.Context(), openID, message.Text("hi"))
		require.Error(t, err, name)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), name)
		assert.Len(t, p.sent, 1, name)
	}
}

func TestCustomPrintsNothingSaid(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf("%v %+v %#v", message.Custom{To: openID, Message: message.Text("s3cret"), Agent: "kf@shop"}, message.Custom{}, message.Once{Title: "t", Content: "s3cret", To: openID})
	assert.NotContains(t, text, "s3cret")
	assert.NotContains(t, text, openID)
	assert.Contains(t, text, "kf@shop")
	text = fmt.Sprintf("%v %+v %#v", message.Template{Values: message.Values{"thing1": "s3cret"}}, message.Notice{Values: message.Values{"thing1": "s3cret"}}, message.Values{"thing1": "s3cret"})
	assert.NotContains(t, text, "s3cret")
	assert.Contains(t, text, "1 values")
}

// A Service is what late answers are sent with.
var _ message.Sender = (*message.Service)(nil)
