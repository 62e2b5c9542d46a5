package message_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

func paid() message.Template {
	return message.Template{To: openID, TemplateID: "TPL", URL: "https://shop.example.com/o/1?a=1&b=2",
		MiniProgram: &message.Jump{AppID: "wx0000000000000001", Path: "pages/order?id=1"}, ClientMsgID: "SO-0001-paid",
		Values: message.Values{"character_string1": "SO-0001", "amount2": "19.99元", "time3": "2024-01-01 12:00:00"}}
}

const paidBody = `{"touser":"` + openID + `","template_id":"TPL","url":"https://shop.example.com/o/1?a=1&b=2",` +
	`"miniprogram":{"appid":"wx0000000000000001","pagepath":"pages/order?id=1"},` +
	`"data":{"amount2":{"value":"19.99元"},"character_string1":{"value":"SO-0001"},"time3":{"value":"2024-01-01 12:00:00"}},"client_msg_id":"SO-0001-paid"}`

func TestTemplateEndpoints(t *testing.T) {
	t.Parallel()
	run(t, []exchange{
		{"send", func(ctx context.Context, s *message.Service) (any, error) { return s.SendTemplate(ctx, paid()) },
			"POST /cgi-bin/message/template/send?access_token=T " + paidBody, `{"errcode":0,"errmsg":"ok","msgid":9007199254740993,"x":1}`,
			&message.TemplateSent{MsgID: 9007199254740993}, message.ErrNotFollowing},
		{"least", func(ctx context.Context, s *message.Service) (any, error) {
			return s.SendTemplate(ctx, message.Template{To: openID, TemplateID: "TPL", Values: message.Values{"thing1": "<茶>"}})
		}, `POST /cgi-bin/message/template/send?access_token=T {"touser":"` + openID + `","template_id":"TPL","data":{"thing1":{"value":"<茶>"}}}`,
			`{"errcode":0,"msgid":"5"}`, &message.TemplateSent{MsgID: 5}, message.ErrTemplate},
		{"set industry", only(func(ctx context.Context, s *message.Service) error { return s.SetIndustry(ctx, "1", "41") }),
			`POST /cgi-bin/template/api_set_industry?access_token=T {"industry_id1":"1","industry_id2":"41"}`, ok, nil, message.ErrIndustryFixed},
		{"industries", func(ctx context.Context, s *message.Service) (any, error) { return s.Industries(ctx) },
			`GET /cgi-bin/template/get_industry?access_token=T`,
			`{"primary_industry":{"first_class":"运输与仓储","second_class":"快递"},"secondary_industry":{"first_class":"IT科技","second_class":"互联网|电子商务"},"x":0}`,
			&message.Industries{Primary: message.Industry{First: "运输与仓储", Second: "快递"}, Secondary: message.Industry{First: "IT科技", Second: "互联网|电子商务"}}, wechat.ErrUnauthorized},
		{"add", func(ctx context.Context, s *message.Service) (any, error) {
			return s.AddTemplate(ctx, "TM00015", "订单号", "金额")
		}, `POST /cgi-bin/template/api_add_template?access_token=T {"template_id_short":"TM00015","keyword_name_list":["订单号","金额"]}`,
			`{"errcode":0,"errmsg":"ok","template_id":"Doclyl5uP7Aciu-qZ7mJNPtWkbkYnWBWVja26EGbNyk"}`, "Doclyl5uP7Aciu-qZ7mJNPtWkbkYnWBWVja26EGbNyk", message.ErrKeywords},
		{"all", func(ctx context.Context, s *message.Service) (any, error) { return s.Templates(ctx) },
			`GET /cgi-bin/template/get_all_private_template?access_token=T`,
			`{"template_list":[{"template_id":"T1","title":"领取奖金提醒","primary_industry":"IT科技","deputy_industry":"互联网|电子商务","content":"{{result.DATA}}","example":"您已提交","new":1}]}`,
			[]message.PrivateTemplate{{ID: "T1", Title: "领取奖金提醒", Industry: "IT科技", Deputy: "互联网|电子商务", Content: "{{result.DATA}}", Example: "您已提交"}}, wechat.ErrUnauthorized},
		{"delete", only(func(ctx context.Context, s *message.Service) error { return s.DeleteTemplate(ctx, "T1") }),
			`POST /cgi-bin/template/del_private_template?access_token=T {"template_id":"T1"}`, ok, nil, message.ErrTemplate},
	})
}

func TestTemplateRefusals(t *testing.T) {
	t.Parallel()
	send := func(change func(*message.Template)) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error {
			in := paid()
			change(&in)
			_, err := s.SendTemplate(ctx, in)
			return err
		}
	}
	refusals(t, map[string]func(context.Context, *message.Service) error{
		"touser":            send(func(m *message.Template) { m.To = "" }),
		"template_id":       send(func(m *message.Template) { m.TemplateID = "" }),
		"url":               send(func(m *message.Template) { m.URL = "https://x/s3cret page" }),
		"miniprogram.appid": send(func(m *message.Template) { m.MiniProgram = &message.Jump{} }),
		"miniprogram.pagepath": send(func(m *message.Template) {
			m.MiniProgram = &message.Jump{AppID: "wx1", Path: strings.Repeat("s3cret", 200)}
		}),
		"data":          send(func(m *message.Template) { m.Values = nil }),
		"data: braces":  send(func(m *message.Template) { m.Values = message.Values{"{{s3cret.DATA}}": "x"} }),
		"data.thing1":   send(func(m *message.Template) { m.Values = message.Values{"thing1": "s3cret\xff"} }),
		"client_msg_id": send(func(m *message.Template) { m.ClientMsgID = "s3cret 1" }),
		"industry_id1":  func(ctx context.Context, s *message.Service) error { return s.SetIndustry(ctx, "s3cret", "2") },
		"industry_id2":  func(ctx context.Context, s *message.Service) error { return s.SetIndustry(ctx, "1", "") },
		"template_id_short": func(ctx context.Context, s *message.Service) error {
			_, err := s.AddTemplate(ctx, "")
			return err
		},
		"keyword_name_list[1]": func(ctx context.Context, s *message.Service) error {
			_, err := s.AddTemplate(ctx, "TM1", "a", "")
			return err
		},
		"template_id: delete": func(ctx context.Context, s *message.Service) error { return s.DeleteTemplate(ctx, "") },
	}, "s3cret")
}

// Only a number of the caller's own makes repeating safe.
func TestOnlyKeyedSendsAreRepeated(t *testing.T) {
	t.Parallel()
	words := message.Mass{Message: message.Text("hi")}
	keyed := words
	keyed.ClientMsgID = "sale-1"
	for name, tt := range map[string]struct {
		call  func(ctx context.Context, s *message.Service) error
		tries int
	}{
		"template without": {func(ctx context.Context, s *message.Service) error {
			in := paid()
			in.ClientMsgID = ""
			_, err := s.SendTemplate(ctx, in)
			return err
		}, 1},
		"template with": {func(ctx context.Context, s *message.Service) error { _, err := s.SendTemplate(ctx, paid()); return err }, 3},
		"mass without":  {func(ctx context.Context, s *message.Service) error { _, err := s.SendToAll(ctx, words); return err }, 1},
		"mass with":     {func(ctx context.Context, s *message.Service) error { _, err := s.SendToAll(ctx, keyed); return err }, 3},
		"users without": {func(ctx context.Context, s *message.Service) error {
			_, err := s.SendToUsers(ctx, []string{"o1", "o2"}, words)
			return err
		}, 1},
		"users with": {func(ctx context.Context, s *message.Service) error {
			_, err := s.SendToUsers(ctx, []string{"o1", "o2"}, keyed)
			return err
		}, 3},
		"notice": {func(ctx context.Context, s *message.Service) error { return s.SendNotice(ctx, shipped()) }, 1},
		"mini notice": {func(ctx context.Context, s *message.Service) error {
			_, err := s.SendMiniNotice(ctx, miniShipped())
			return err
		}, 1},
		"publish":        {func(ctx context.Context, s *message.Service) error { _, err := s.Publish(ctx, "M"); return err }, 1},
		"draft":          {func(ctx context.Context, s *message.Service) error { _, err := s.AddDraft(ctx, tea()); return err }, 1},
		"publish status": {func(ctx context.Context, s *message.Service) error { _, err := s.PublishStatus(ctx, "1"); return err }, 3},
		"draft read":     {func(ctx context.Context, s *message.Service) error { _, err := s.Draft(ctx, "M"); return err }, 3},
		"published":      {func(ctx context.Context, s *message.Service) error { _, err := s.Published(ctx, "A"); return err }, 3},
		"speed":          {func(ctx context.Context, s *message.Service) error { _, err := s.MassSpeed(ctx); return err }, 3},
		"status":         {func(ctx context.Context, s *message.Service) error { _, err := s.MassStatus(ctx, 1); return err }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPost(t, "")
				err := tt.call(t.Context(), p.s)
				require.Error(t, err)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				assert.Len(t, p.sent, tt.tries)
				assert.Equal(t, p.sent[0], p.sent[len(p.sent)-1], "the very same again")
			})
		})
	}
}

func TestValuesCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, fits, unfit string
	}{
		{"thing1", strings.Repeat("茶", 20), strings.Repeat("茶", 21)},
		{"thing12", "a, 1 & b", ""},
		{"number1", "12345.67", "12,345"},
		{"number2", strings.Repeat("1", 32), strings.Repeat("1", 33)},
		{"number3", "1", "1."},
		{"letter4", "abcXYZ", "abc1"},
		{"symbol5", "+-*/=", "a"},
		{"character_string6", "SO-0001", "单号"},
		{"character_string7", strings.Repeat("a", 32), strings.Repeat("a", 33)},
		{"time8", "15:01", "soon"},
		{"time9", "2019年10月1日 15:01~2019年10月1日 16:01", "年年年"},
		{"date10", "2019年10月1日", "tomorrow 1"},
		{"amount11", "￥19.99元", "19.99 USD"},
		{"amount12", "19.99", "12345678901"},
		{"amount13", "$1", "$$1"},
		{"phone_number14", "+86-0766-66888866", "0766 66888866"},
		{"phone_number15", "123", "+-"},
		{"car_number16", "粤A8Z888挂", "粤A8Z888挂挂"},
		{"name17", "张三", "张三1"},
		{"name18", "John Q. Public", strings.Repeat("a", 21)},
		{"name19", strings.Repeat("张", 10), strings.Repeat("张", 11)},
		{"phrase20", "已发货", "已 发"},
		{"phrase21", "等待买家收", "等待买家收货"},
		{"const22", "anything at all, whatever its length may be, passes here", ""},
		{"enum23", "x", ""},
		{"first", "a keyword of old templates", ""},
	} {
		require.NoError(t, message.Values{tt.key: tt.fits}.Check(), tt.key)
		err := message.Values{tt.key: tt.unfit}.Check()
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, "%s %q", tt.key, tt.unfit)
		assert.Equal(t, "data."+tt.key, f.Field)
		if len(tt.unfit) > 2 {
			assert.NotContains(t, err.Error(), tt.unfit)
		}
	}
	require.Error(t, message.Values{}.Check())
	require.NoError(t, paid().Values.Check())
}
