package menu_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/menu"
)

func example() menu.Menu {
	return menu.Of(
		menu.Click("今日<歌曲>", "TODAY&1"),
		menu.Group("Shop",
			menu.View("Mall", "https://shop.example/?a=1&b=2"),
			menu.MiniProgram("Mini", "wx0000000000000001", "pages/index?x=1", "https://shop.example/fallback"),
			menu.ScanWait("Scan", "SCAN_WAIT"),
			menu.ViewArticle("News", "ARTICLE_ID"),
			menu.Media("Song", "MEDIA_ID")),
		menu.Group("Help",
			menu.Location("Where", "LOC"),
			menu.PhotoOrAlbum("Photo", "PIC")))
}

const wire = `{"button":[{"type":"click","name":"今日<歌曲>","key":"TODAY&1"},{"name":"Shop","sub_button":[` +
	`{"type":"view","name":"Mall","url":"https://shop.example/?a=1&b=2"},` +
	`{"type":"miniprogram","name":"Mini","url":"https://shop.example/fallback","appid":"wx0000000000000001","pagepath":"pages/index?x=1"},` +
	`{"type":"scancode_waitmsg","name":"Scan","key":"SCAN_WAIT"},{"type":"article_view_limited","name":"News","article_id":"ARTICLE_ID"},` +
	`{"type":"media_id","name":"Song","media_id":"MEDIA_ID"}]},` +
	`{"name":"Help","sub_button":[{"type":"location_select","name":"Where","key":"LOC"},{"type":"pic_photo_or_album","name":"Photo","key":"PIC"}]}]`

func none(err error) (any, error) { return nil, err }

func TestEndpoints(t *testing.T) {
	t.Parallel()
	click := menu.Button{Type: menu.TypeClick, Name: "Today", Key: "TODAY", Sub: []menu.Button{}}
	vip := menu.Conditional{Menu: menu.Of(menu.View("VIP", "https://shop.example/vip")), Rule: menu.ForTag(2).On(menu.Android)}
	const query = "?access_token=TOKEN"
	for _, e := range []endpoint{
		{"create", func(ctx context.Context, s *menu.Service) (any, error) { return none(s.Create(ctx, example())) },
			"POST /cgi-bin/menu/create" + query + " " + wire + "}", `{"errcode":0,"errmsg":"ok","new":1}`, nil, menu.ErrName},
		{"get", func(ctx context.Context, s *menu.Service) (any, error) { return pointer(s.Get(ctx)) },
			"GET /cgi-bin/menu/get" + query,
			`{"menu":{"button":[{"type":"click","name":"Today","key":"TODAY","sub_button":[],"new":{}}],"menuid":208396938},
			 "conditionalmenu":[{"button":[{"type":"hologram","name":"iOS","url":"https://i.example.com/","sub_button":[]}],
			 "matchrule":{"client_platform_type":"1","sex":"1","tag_id":2},"menuid":208396993}]}`,
			menu.All{Default: menu.Default{Menu: menu.Of(click), ID: "208396938"}, Conditional: []menu.Stored{{ID: "208396993",
				Conditional: menu.Conditional{Rule: menu.Rule{Platform: menu.IOS, TagID: "2"},
					Menu: menu.Of(menu.Button{Type: "hologram", Name: "iOS", URL: "https://i.example.com/", Sub: []menu.Button{}})}}}}, menu.ErrNoMenu},
		{"delete", func(ctx context.Context, s *menu.Service) (any, error) { return none(s.Delete(ctx)) },
			"GET /cgi-bin/menu/delete" + query, `{"errcode":0,"errmsg":"ok"}`, nil, menu.ErrNoMenu},
		{"current", func(ctx context.Context, s *menu.Service) (any, error) { return pointer(s.Current(ctx)) },
			"GET /cgi-bin/get_current_selfmenu_info" + query,
			`{"is_menu_open":1,"new":2,"selfmenu_info":{"button":[{"name":"Me","sub_button":{"list":[{"type":"news","name":"N","value":"M1",
			 "news_info":{"list":[{"title":"T","author":"A","digest":"D","show_cover":1,"cover_url":"https://c.example/","content_url":"https://d.example/","source_url":"","new":0}]}}]}},
			 {"type":"text","name":"Hi","value":"hello"},{"type":"click","name":"K","key":"KEY","sub_button":[]}]}}`,
			menu.Current{IsMenuOpen: 1, Info: menu.Info{Buttons: []menu.CurrentButton{
				{Button: menu.Button{Name: "Me"}, Sub: menu.List{Buttons: []menu.CurrentButton{{Button: menu.Button{Type: menu.TypeNews, Name: "N"}, Value: "M1",
					News: menu.News{Articles: []menu.Headline{{Title: "T", Author: "A", Digest: "D", ShowCover: 1, CoverURL: "https://c.example/", ContentURL: "https://d.example/"}}}}}}},
				{Button: menu.Button{Type: menu.TypeText, Name: "Hi"}, Value: "hello"},
				{Button: menu.Click("K", "KEY"), Sub: menu.List{Buttons: []menu.CurrentButton{}}},
			}}}, wechat.ErrDailyQuota},
		{"addconditional", func(ctx context.Context, s *menu.Service) (any, error) { return s.AddConditional(ctx, vip) },
			"POST /cgi-bin/menu/addconditional" + query + ` {"button":[{"type":"view","name":"VIP","url":"https://shop.example/vip"}],"matchrule":{"tag_id":"2","client_platform_type":"2"}}`,
			`{"menuid":"208379533"}`, menu.ID("208379533"), menu.ErrNoDefault},
		{"delconditional", func(ctx context.Context, s *menu.Service) (any, error) {
			return none(s.DeleteConditional(ctx, "208379533"))
		},
			"POST /cgi-bin/menu/delconditional" + query + ` {"menuid":"208379533"}`, `{"errcode":0,"errmsg":"ok"}`, nil, menu.ErrNoSuchMenu},
		{"trymatch", func(ctx context.Context, s *menu.Service) (any, error) {
			b, err := s.TryMatch(ctx, "o6_bmjrPTlm6_2sgVt7hMZOPfL2M")
			if err != nil {
				return nil, err
			}
			return b, nil
		}, "POST /cgi-bin/menu/trymatch" + query + ` {"user_id":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}`,
			`{"button":[{"type":"click","name":"Today","key":"TODAY","sub_button":[]}]}`, []menu.Button{click}, menu.ErrNoSuchUser},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.test(t)
		})
	}
}

// pointer is what p points to, and nil in place of a nil pointer.
func pointer[T any](p *T, err error) (any, error) {
	if p == nil {
		return nil, err
	}
	return *p, err
}

func TestCurrentTellsWhetherItIsOpen(t *testing.T) {
	t.Parallel()
	assert.True(t, menu.Current{IsMenuOpen: 1}.Open())
	assert.False(t, menu.Current{}.Open())
}

// A lost answer must not make a second conditional menu; replacing the default one
// twice does no harm.
func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	vip := menu.Conditional{Menu: menu.Of(menu.View("VIP", "https://shop.example/vip")), Rule: menu.ForPlatform(menu.Others)}
	for name, tt := range map[string]struct {
		call  func(s *menu.Service) error
		tries int
	}{
		"create":         {func(s *menu.Service) error { return s.Create(t.Context(), example()) }, 3},
		"addconditional": {func(s *menu.Service) error { _, err := s.AddConditional(t.Context(), vip); return err }, 1},
		"delconditional": {func(s *menu.Service) error { return s.DeleteConditional(t.Context(), "1") }, 3},
		"trymatch":       {func(s *menu.Service) error { _, err := s.TryMatch(t.Context(), "o1"); return err }, 3},
	} {
		s, c := newServiceThat(t, thrice, `{"errcode":-1,"errmsg":"system error"}`)
		require.ErrorIs(t, tt.call(s), wechat.ErrBusy, name)
		assert.Len(t, c.asked, tt.tries, name)
	}
}

func TestAnAnswerWithoutItsNumber(t *testing.T) {
	t.Parallel()
	vip := menu.Conditional{Menu: menu.Of(menu.View("VIP", "https://shop.example/vip")), Rule: menu.ForTag(2)}
	for _, answer := range []string{`{}`, `{"menuid":""}`, `{"menuid":null}`, `{"menuid":[1]}`} {
		s, _ := newService(t, answer)
		_, err := s.AddConditional(t.Context(), vip)
		require.ErrorContains(t, err, "menuid", answer)
		assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
	}
	for answer, want := range map[string]menu.ID{`208379533`: "208379533", `"208379533"`: "208379533", `"a-1"`: "a-1"} {
		s, _ := newService(t, `{"menuid":`+answer+`}`)
		id, err := s.AddConditional(t.Context(), vip)
		require.NoError(t, err, answer)
		assert.Equal(t, want, id)
	}
}
