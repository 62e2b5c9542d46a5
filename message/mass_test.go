package message_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

// toTag is a line of mass sending to tag 2: the object in the middle.
func toTag(name string, m message.Mass, object string) exchange {
	return exchange{name, func(ctx context.Context, s *message.Service) (any, error) { return s.SendToTag(ctx, 2, m) },
		`POST /cgi-bin/message/mass/sendall?access_token=T {"filter":{"is_to_all":false,"tag_id":2},` + object + `}`,
		`{"errcode":0,"errmsg":"send job submission success","msg_id":34182,"msg_data_id":206227730,"new":1}`,
		&message.MassSent{MsgID: 34182, MsgDataID: 206227730}, message.ErrMassQuota}
}

func TestMassEndpoints(t *testing.T) {
	t.Parallel()
	sale := message.Mass{Message: message.MPNews("DRAFT_MEDIA_ID"), ClientMsgID: "sale-2024-01-01"}
	run(t, []exchange{
		toTag("mpnews", sale, `"msgtype":"mpnews","mpnews":{"media_id":"DRAFT_MEDIA_ID"},"send_ignore_reprint":0,"clientmsgid":"sale-2024-01-01"`),
		toTag("text", message.Mass{Message: message.Text("茶 & <cup>"), Reprint: true}, `"msgtype":"text","text":{"content":"茶 & <cup>"},"send_ignore_reprint":1`),
		toTag("voice", message.Mass{Message: message.Voice("M")}, `"msgtype":"voice","voice":{"media_id":"M"},"send_ignore_reprint":0`),
		toTag("video", message.Mass{Message: message.Video(message.Clip{MediaID: "M", Title: "t", Description: "d"})},
			`"msgtype":"mpvideo","mpvideo":{"media_id":"M","title":"t","description":"d"},"send_ignore_reprint":0`),
		toTag("card", message.Mass{Message: message.Card("C")}, `"msgtype":"wxcard","wxcard":{"card_id":"C"},"send_ignore_reprint":0`),
		toTag("pictures", message.Mass{Message: message.Image("M1"), Pictures: message.Pictures{More: []string{"M2"}, Recommend: "look", OpenComment: true}},
			`"msgtype":"image","images":{"media_ids":["M1","M2"],"recommend":"look","need_open_comment":1,"only_fans_can_comment":0},"send_ignore_reprint":0`),
		{"to all", func(ctx context.Context, s *message.Service) (any, error) { return s.SendToAll(ctx, sale) },
			`POST /cgi-bin/message/mass/sendall?access_token=T {"filter":{"is_to_all":true},"msgtype":"mpnews","mpnews":{"media_id":"DRAFT_MEDIA_ID"},"send_ignore_reprint":0,"clientmsgid":"sale-2024-01-01"}`,
			`{"errcode":0,"msg_id":"34182"}`, &message.MassSent{MsgID: 34182}, message.ErrMassNotAgreed},
		{"to users", func(ctx context.Context, s *message.Service) (any, error) {
			return s.SendToUsers(ctx, []string{"o1", "o2"}, message.Mass{Message: message.Text("hi")})
		}, `POST /cgi-bin/message/mass/send?access_token=T {"touser":["o1","o2"],"msgtype":"text","text":{"content":"hi"},"send_ignore_reprint":0}`,
			`{"errcode":0,"msg_id":1}`, &message.MassSent{MsgID: 1}, message.ErrMassKind},
		{"preview", func(ctx context.Context, s *message.Service) (any, error) {
			return s.Preview(ctx, message.Preview{OpenID: "o1", Message: message.Image("M1")})
		}, `POST /cgi-bin/message/mass/preview?access_token=T {"touser":"o1","msgtype":"image","image":{"media_id":"M1"}}`,
			`{"errcode":0,"msg_id":34182}`, &message.MassSent{MsgID: 34182}, message.ErrOpenID},
		{"preview by name", func(ctx context.Context, s *message.Service) (any, error) {
			return s.Preview(ctx, message.Preview{WeChatID: "lin", Message: message.MPNews("M1")})
		}, `POST /cgi-bin/message/mass/preview?access_token=T {"towxname":"lin","msgtype":"mpnews","mpnews":{"media_id":"M1"}}`,
			`{"errcode":0,"msg_id":34182}`, &message.MassSent{MsgID: 34182}, message.ErrKind},
		{"delete", only(func(ctx context.Context, s *message.Service) error { return s.DeleteMass(ctx, 30124, 2) }),
			`POST /cgi-bin/message/mass/delete?access_token=T {"msg_id":30124,"article_idx":2}`, ok, nil, message.ErrIndex},
		{"delete all", only(func(ctx context.Context, s *message.Service) error { return s.DeleteMass(ctx, 30124, 0) }),
			`POST /cgi-bin/message/mass/delete?access_token=T {"msg_id":30124}`, ok, nil, message.ErrIndex},
		{"delete by address", only(func(ctx context.Context, s *message.Service) error {
			return s.DeleteMassURL(ctx, "https://mp.weixin.qq.com/s/1?a=1&b=2")
		}), `POST /cgi-bin/message/mass/delete?access_token=T {"url":"https://mp.weixin.qq.com/s/1?a=1&b=2"}`, ok, nil, message.ErrIndex},
		{"status", func(ctx context.Context, s *message.Service) (any, error) { return s.MassStatus(ctx, 201053012) },
			`POST /cgi-bin/message/mass/get?access_token=T {"msg_id":201053012}`, `{"msg_id":201053012,"msg_status":"SEND_SUCCESS","new":[]}`,
			&message.MassStatus{MsgID: 201053012, State: message.MassDelivered}, wechat.ErrUnauthorized},
		{"unknown status", func(ctx context.Context, s *message.Service) (any, error) { return s.MassStatus(ctx, 1) },
			`POST /cgi-bin/message/mass/get?access_token=T {"msg_id":1}`, `{"msg_id":"1","msg_status":"NEW"}`, &message.MassStatus{MsgID: 1, State: "NEW"}, wechat.ErrUnauthorized},
		{"speed", func(ctx context.Context, s *message.Service) (any, error) { return s.MassSpeed(ctx) },
			`POST /cgi-bin/message/mass/speed/get?access_token=T {}`, `{"speed":3,"realspeed":15}`, &message.MassSpeed{Level: 3, Real: 15}, wechat.ErrUnauthorized},
		{"set speed", only(func(ctx context.Context, s *message.Service) error { return s.SetMassSpeed(ctx, 0) }),
			`POST /cgi-bin/message/mass/speed/set?access_token=T {"speed":0}`, ok, nil, message.ErrSpeedFixed},
	})
}

func TestMassRefusals(t *testing.T) {
	t.Parallel()
	send := func(m message.Mass) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error { _, err := s.SendToAll(ctx, m); return err }
	}
	users := func(n int) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error {
			_, err := s.SendToUsers(ctx, slices.Repeat([]string{"o1"}, n), message.Mass{Message: message.Text("s3cret")})
			return err
		}
	}
	refusals(t, map[string]func(context.Context, *message.Service) error{
		"msgtype: silence":  send(message.Mass{}),
		"msgtype: music":    send(message.Mass{Message: message.Music(message.Track{ThumbMediaID: "M"})}),
		"msgtype: links":    send(message.Mass{Message: message.News(message.Story{Title: "s3cret"})}),
		"msgtype: transfer": send(message.Mass{Message: message.Transfer("")}),
		"text.content":      send(message.Mass{Message: message.Text("")}),
		"clientmsgid":       send(message.Mass{Message: message.Text("x"), ClientMsgID: strings.Repeat("s3cret", 6)}),
		"images.media_ids[1]": send(message.Mass{Message: message.Image("M"),
			Pictures: message.Pictures{More: []string{""}}}),
		"touser":           users(1),
		"touser: too many": users(10001),
		"touser[1]": func(ctx context.Context, s *message.Service) error {
			_, err := s.SendToUsers(ctx, []string{"o1", "s3cret s3cret"}, message.Mass{Message: message.Text("x")})
			return err
		},
		"filter.tag_id": func(ctx context.Context, s *message.Service) error {
			_, err := s.SendToTag(ctx, 0, message.Mass{Message: message.Text("x")})
			return err
		},
		"touser: preview": func(ctx context.Context, s *message.Service) error {
			_, err := s.Preview(ctx, message.Preview{Message: message.Text("x")})
			return err
		},
		"msgtype: preview": func(ctx context.Context, s *message.Service) error {
			_, err := s.Preview(ctx, message.Preview{OpenID: "o1", Message: message.Menu(message.Choices{List: []message.Choice{{ID: "1", Content: "x"}}})})
			return err
		},
		"msg_id":      func(ctx context.Context, s *message.Service) error { return s.DeleteMass(ctx, 0, 0) },
		"article_idx": func(ctx context.Context, s *message.Service) error { return s.DeleteMass(ctx, 1, -1) },
		"speed":       func(ctx context.Context, s *message.Service) error { return s.SetMassSpeed(ctx, 5) },
	}, "s3cret")
}

// A mass message whose answer got lost is not sent twice: the repeat finds the
// number taken and tells which message has it.
func TestALostMassMessageIsFoundAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, "", `{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":123456}`)
		_, err := p.s.SendToAll(t.Context(), message.Mass{Message: message.Text("hi"), ClientMsgID: "sale-1"})
		require.ErrorIs(t, err, message.ErrMassDuplicate)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "it is for the caller to see that the first one was it")
		assert.Len(t, p.sent, 2)
		id, ok := message.Duplicate(err)
		assert.True(t, ok)
		assert.Equal(t, message.ID(123456), id)
	})
	for _, answer := range []string{`{"errcode":45065}`, `{"errcode":45066,"msg_id":1}`} {
		_, err := newPost(t, answer).s.SendToAll(t.Context(), message.Mass{Message: message.Text("hi"), ClientMsgID: "sale-1"})
		_, ok := message.Duplicate(err)
		assert.False(t, ok, answer)
	}
	_, found := message.Duplicate(errors.New("x"))
	assert.False(t, found)
	_, found = message.Duplicate(message.ErrMassDuplicate)
	assert.False(t, found)
}
