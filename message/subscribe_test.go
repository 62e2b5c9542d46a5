package message_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

func shipped() message.Notice {
	return message.Notice{To: openID, TemplateID: "TPL", Page: "https://shop.example.com/o/1", MiniProgram: &message.Jump{AppID: "wx0000000000000001", Path: "pages/order?id=1"},
		Values: message.Values{"character_string1": "SO-0001", "phrase3": "已发货"}}
}

func miniShipped() message.Notice {
	return message.Notice{To: openID, TemplateID: "TPL", Page: "pages/order?id=1", State: message.Formal, Lang: "zh_CN",
		Values: message.Values{"character_string1": "SO-0001", "thing2": "Tea cup", "phrase3": "已发货"}}
}

func TestSubscriptionEndpoints(t *testing.T) {
	t.Parallel()
	run(t, []exchange{
		{"service account", only(func(ctx context.Context, s *message.Service) error { return s.SendNotice(ctx, shipped()) }),
			`POST /cgi-bin/message/subscribe/bizsend?access_token=T {"touser":"` + openID + `","template_id":"TPL","page":"https://shop.example.com/o/1",` +
				`"miniprogram":{"appid":"wx0000000000000001","pagepath":"pages/order?id=1"},"data":{"character_string1":{"value":"SO-0001"},"phrase3":{"value":"已发货"}}}`,
			ok, nil, message.ErrNotAccepted},
		{"mini program", func(ctx context.Context, s *message.Service) (any, error) {
			return s.SendMiniNotice(ctx, miniShipped())
		},
			`POST /cgi-bin/message/subscribe/send?access_token=T {"touser":"` + openID + `","template_id":"TPL","page":"pages/order?id=1",` +
				`"data":{"character_string1":{"value":"SO-0001"},"phrase3":{"value":"已发货"},"thing2":{"value":"Tea cup"}},"miniprogram_state":"formal","lang":"zh_CN"}`,
			ok, &message.NoticeSent{}, message.ErrValue},
		{"with a number", func(ctx context.Context, s *message.Service) (any, error) {
			return s.SendMiniNotice(ctx, message.Notice{To: openID, TemplateID: "TPL", Values: message.Values{"thing2": "x"}})
		}, `POST /cgi-bin/message/subscribe/send?access_token=T {"touser":"` + openID + `","template_id":"TPL","data":{"thing2":{"value":"x"}}}`,
			`{"errcode":0,"msgid":2318371283888881664}`, &message.NoticeSent{MsgID: 2318371283888881664}, message.ErrSensitive},
		{"categories", func(ctx context.Context, s *message.Service) (any, error) { return s.NoticeCategories(ctx) },
			`GET /wxaapi/newtmpl/getcategory?access_token=T`, `{"errcode":0,"errmsg":"ok","data":[{"id":616,"name":"公交","new":1}]}`,
			[]message.Category{{ID: 616, Name: "公交"}}, message.ErrAccountKind},
		{"keywords", func(ctx context.Context, s *message.Service) (any, error) { return s.NoticeKeywords(ctx, 99) },
			`GET /wxaapi/newtmpl/getpubtemplatekeywords?access_token=T&tid=99`,
			`{"errcode":0,"count":1,"data":[{"kid":1,"name":"物品名称","example":"名称","rule":"thing"}]}`,
			[]message.NoticeKeyword{{ID: 1, Name: "物品名称", Example: "名称", Rule: "thing"}}, message.ErrTitleID},
		{"add", func(ctx context.Context, s *message.Service) (any, error) {
			return s.AddNotice(ctx, message.NoticeChoice{Title: 401, Keywords: []message.ID{1, 2}, Scene: "测试数据"})
		}, `POST /wxaapi/newtmpl/addtemplate?access_token=T {"tid":401,"kidList":[1,2],"sceneDesc":"测试数据"}`,
			`{"errcode":0,"priTmplId":"9Aw5ZV1j9xdWTFEkqCpZ7jWySL7aGN6rQom4gXINfJs"}`, "9Aw5ZV1j9xdWTFEkqCpZ7jWySL7aGN6rQom4gXINfJs", message.ErrTitleID},
		{"templates", func(ctx context.Context, s *message.Service) (any, error) { return s.NoticeTemplates(ctx) },
			`GET /wxaapi/newtmpl/gettemplate?access_token=T`,
			`{"errcode":0,"data":[{"priTmplId":"P1","title":"报名结果通知","content":"{{enum1.DATA}}","example":"x","type":2,"keywordEnumValueList":[{"keywordCode":"enum1.DATA","enumValueList":["成功","失败"]}]},{"priTmplId":"P2","type":9}]}`,
			[]message.NoticeTemplate{{ID: "P1", Title: "报名结果通知", Content: "{{enum1.DATA}}", Example: "x", Type: message.OneTime,
				Enums: []message.NoticeEnum{{Keyword: "enum1.DATA", Values: []string{"成功", "失败"}}}}, {ID: "P2", Type: 9}}, message.ErrAccountKind},
		{"delete", only(func(ctx context.Context, s *message.Service) error { return s.DeleteNotice(ctx, "P1") }),
			`POST /wxaapi/newtmpl/deltemplate?access_token=T {"priTmplId":"P1"}`, ok, nil, message.ErrTitleID},
		{"once", only(func(ctx context.Context, s *message.Service) error { return s.SendOnce(ctx, once()) }),
			`POST /cgi-bin/message/template/subscribe?access_token=T {"touser":"` + openID + `","template_id":"TPL","url":"https://x/","miniprogram":{"appid":"wx1"},` +
				`"scene":"1000","title":"Back in stock","data":{"content":{"value":"Your tea is here","color":"#173177"}}}`, ok, nil, message.ErrNotAccepted},
	})
}

func once() message.Once {
	return message.Once{To: openID, TemplateID: "TPL", URL: "https://x/", MiniProgram: &message.Jump{AppID: "wx1"}, Scene: 1000, Title: "Back in stock", Content: "Your tea is here", Color: "#173177"}
}

func TestNoticeTitlesWalksPages(t *testing.T) {
	t.Parallel()
	p := newPost(t, `{"errcode":0,"count":3,"data":[{"tid":1,"title":"a","type":2,"categoryId":616},{"tid":"2","title":"b","type":3,"categoryId":"617"}]}`,
		`{"errcode":0,"count":3,"data":[{"tid":3,"title":"c","type":7}]}`)
	var got []message.NoticeTitle
	for title, err := range p.s.NoticeTitles(t.Context(), 616, 617) {
		require.NoError(t, err)
		got = append(got, title)
	}
	assert.Equal(t, []message.NoticeTitle{{ID: 1, Title: "a", Type: message.OneTime, Category: 616}, {ID: 2, Title: "b", Type: message.LongTerm, Category: 617}, {ID: 3, Title: "c", Type: 7}}, got)
	assert.Equal(t, []string{"GET /wxaapi/newtmpl/getpubtemplatetitles?access_token=T&ids=616%2C617&start=0&limit=30",
		"GET /wxaapi/newtmpl/getpubtemplatetitles?access_token=T&ids=616%2C617&start=2&limit=30"}, p.sent)

	for _, err := range newPost(t, `{"errcode":200019,"errmsg":"no"}`).s.NoticeTitles(t.Context(), 1) {
		require.ErrorIs(t, err, wechat.Code("200019"))
	}
}

func TestSubscriptionRefusals(t *testing.T) {
	t.Parallel()
	choose := func(c message.NoticeChoice) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error { _, err := s.AddNotice(ctx, c); return err }
	}
	sendOnce := func(change func(*message.Once)) func(context.Context, *message.Service) error {
		return func(ctx context.Context, s *message.Service) error {
			o := once()
			change(&o)
			return s.SendOnce(ctx, o)
		}
	}
	refusals(t, map[string]func(context.Context, *message.Service) error{
		"touser": func(ctx context.Context, s *message.Service) error { return s.SendNotice(ctx, message.Notice{}) },
		"miniprogram": func(ctx context.Context, s *message.Service) error {
			_, err := s.SendMiniNotice(ctx, shipped())
			return err
		},
		"lang": func(ctx context.Context, s *message.Service) error {
			in := shipped()
			in.Lang = "s3cret s3cret s3cret"
			return s.SendNotice(ctx, in)
		},
		"ids": func(ctx context.Context, s *message.Service) error {
			for _, err := range s.NoticeTitles(ctx) {
				return err
			}
			return nil
		},
		"tid: keywords":   func(ctx context.Context, s *message.Service) error { _, err := s.NoticeKeywords(ctx, 0); return err },
		"tid":             choose(message.NoticeChoice{Keywords: []message.ID{1, 2}}),
		"kidList":         choose(message.NoticeChoice{Title: 1, Keywords: []message.ID{1}}),
		"kidList: six":    choose(message.NoticeChoice{Title: 1, Keywords: []message.ID{1, 2, 3, 4, 5, 6}}),
		"kidList[1]":      choose(message.NoticeChoice{Title: 1, Keywords: []message.ID{1, 1}}),
		"sceneDesc":       choose(message.NoticeChoice{Title: 1, Keywords: []message.ID{1, 2}, Scene: strings.Repeat("s3cret", 3)}),
		"priTmplId":       func(ctx context.Context, s *message.Service) error { return s.DeleteNotice(ctx, "") },
		"scene":           sendOnce(func(o *message.Once) { o.Scene = 10001 }),
		"title":           sendOnce(func(o *message.Once) { o.Title = strings.Repeat("s3cret", 3) }),
		"title: empty":    sendOnce(func(o *message.Once) { o.Title = "" }),
		"data.content":    sendOnce(func(o *message.Once) { o.Content = strings.Repeat("s3cret", 34) }),
		"template_id":     sendOnce(func(o *message.Once) { o.TemplateID = "" }),
		"data.content: 0": sendOnce(func(o *message.Once) { o.Content = "" }),
	}, "s3cret")
}

func TestOnceURL(t *testing.T) {
	t.Parallel()
	s := newPost(t, ok).s
	got, err := s.OnceURL(message.OnceRequest{Scene: 1000, TemplateID: "1uDxHNXwYQfBmXOfPJcjAS3FynHArD8aWMEFNRGSbCc", RedirectURL: "https://support.qq.com/?a=1&b=茶", Reserved: "test"})
	require.NoError(t, err)
	assert.Equal(t, "https://mp.weixin.qq.com/mp/subscribemsg?action=get_confirm&appid="+appID+"&scene=1000&template_id=1uDxHNXwYQfBmXOfPJcjAS3FynHArD8aWMEFNRGSbCc&redirect_url=https%3A%2F%2Fsupport.qq.com%2F%3Fa%3D1%26b%3D%E8%8C%B6&reserved=test#wechat_redirect", got)
	for field, in := range map[string]message.OnceRequest{
		"scene":        {Scene: -1, TemplateID: "T", RedirectURL: "https://x/"},
		"template_id":  {RedirectURL: "https://x/"},
		"redirect_url": {TemplateID: "T", RedirectURL: "/here"},
		"reserved":     {TemplateID: "T", RedirectURL: "https://x/", Reserved: "a&b"},
	} {
		_, err := s.OnceURL(in)
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, field)
		assert.Equal(t, field, f.Field)
	}
	_, err = message.New(nil).OnceURL(message.OnceRequest{TemplateID: "T", RedirectURL: "https://x/"})
	require.ErrorContains(t, err, "appid")
	q, err := url.ParseQuery("openid=o1&template_id=T1&action=confirm&scene=1000&reserved=test")
	require.NoError(t, err)
	assert.Equal(t, message.OnceAnswer{OpenID: "o1", TemplateID: "T1", Confirmed: true, Scene: 1000, Reserved: "test"}, message.ReadOnceAnswer(q))
	assert.False(t, message.ReadOnceAnswer(url.Values{"action": {"cancel"}}).Confirmed)
}
