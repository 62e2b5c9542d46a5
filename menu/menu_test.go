package menu_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/menu"
)

// invalid demands a refusal that names field, says how, and never holds the value.
func invalid(t *testing.T, err error, field, says string) {
	t.Helper()
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, field, f.Field)
	assert.Contains(t, f.Problem, says)
	assert.NotContains(t, err.Error(), "8fA3")
}

func TestEveryTypeIsMadeRight(t *testing.T) {
	t.Parallel()
	const page = "https://shop.example/"
	for _, b := range []menu.Button{
		menu.Click("a", "k"), menu.View("a", page), menu.ScanPush("a", "k"), menu.ScanWait("a", "k"), menu.Photo("a", "k"),
		menu.PhotoOrAlbum("a", "k"), menu.Album("a", "k"), menu.Location("a", "k"), menu.Media("a", "m"), menu.ViewLimited("a", "m"),
		menu.Article("a", "id"), menu.ViewArticle("a", "id"), menu.MiniProgram("a", "wx1", "p", page), {Type: "hologram", Name: "a"},
	} {
		require.NoError(t, menu.Of(b).Validate(), "%s", b.Type)
		require.NoError(t, menu.Of(menu.Group("g", b, b, b, b, b)).Validate(), "%s", b.Type)
		sent, err := json.Marshal(menu.Of(b, menu.Group("g", b)))
		require.NoError(t, err)
		var back menu.Menu
		require.NoError(t, json.Unmarshal(sent, &back))
		assert.Equal(t, menu.Of(b, menu.Group("g", b)), back, "a round trip changes nothing")
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	ok := menu.Click("a", "k")
	long := "8fA3" + strings.Repeat("x", 1100)
	tests := []struct {
		name, field, says string
		menu              menu.Menu
	}{
		{"no button", "button", "has 0 entries, want 1 to 3", menu.Of()},
		{"four buttons", "button", "has 4 entries", menu.Of(ok, ok, ok, ok)},
		{"an empty group", "button[0].sub_button", "has 0 entries, want 1 to 5", menu.Of(menu.Group("g"))},
		{"six in a group", "button[1].sub_button", "has 6 entries", menu.Of(ok, menu.Group("g", ok, ok, ok, ok, ok, ok))},
		{"a group in a group", "button[0].sub_button[1].type", "holds no other group", menu.Of(menu.Group("g", ok, menu.Group("h", ok)))},
		{"a group that acts", "button[0].sub_button", "either a group or an action", menu.Of(menu.Button{Type: menu.TypeClick, Name: "a", Key: "k", Sub: []menu.Button{ok}})},
		{"a group with a key", "button[0].key", "a group has a name", menu.Of(menu.Button{Name: "a", Key: "8fA3", Sub: []menu.Button{ok}})},
		{"no name", "button[0].name", "empty", menu.Of(menu.Click(" ", "k"))},
		{"a name that is too long", "button[0].name", "has 61 characters, the limit is 60", menu.Of(menu.Click(strings.Repeat("茶", 61), "k"))},
		{"a name with a line break", "button[0].name", "byte 2 of 3", menu.Of(menu.Click("a\nb", "k"))},
		{"a name that JSON escapes", "button[0].name", "byte 4 of 7", menu.Of(menu.Click("茶\u2028b", "k"))},
		{"a name that is no UTF-8", "button[0].name", "UTF-8", menu.Of(menu.Click("\xff", "k"))},
		{"no key", "button[0].key", "required for a button of type click", menu.Of(menu.Click("a", ""))},
		{"a long key", "button[0].key", "has 1104 bytes, the limit is 128", menu.Of(menu.Click("a", long))},
		{"a key that JSON escapes", "button[0].key", "byte 5 of 5", menu.Of(menu.Click("a", "8fA3\x01"))},
		{"an address that JSON escapes", "button[0].url", "line separator", menu.Of(menu.View("a", "https://shop.example/8fA3\u2028"))},
		{"a page path that JSON escapes", "button[0].pagepath", "control character", menu.Of(menu.MiniProgram("a", "wx1", "8fA3\n", "https://shop.example"))},
		{"no page", "button[0].url", "required", menu.Of(menu.View("a", ""))},
		{"a long page", "button[0].url", "the limit is 1024", menu.Of(menu.View("a", "https://shop.example/"+long))},
		{"a page of another kind", "button[0].url", "begins with https://", menu.Of(menu.View("a", "javascript:alert(8fA3)"))},
		{"a page without a host", "button[0].url", "whole address", menu.Of(menu.View("a", "https:///8fA3"))},
		{"a click with a page", "button[0].url", "does not belong to a button of type click", menu.Of(menu.Button{Type: menu.TypeClick, Name: "a", Key: "k", URL: "https://8fA3.example"})},
		{"a page with a key", "button[0].key", "does not belong to a button of type view", menu.Of(menu.Button{Type: menu.TypeView, Name: "a", Key: "8fA3", URL: "https://shop.example"})},
		{"no fallback", "button[0].url", "required for a button of type miniprogram", menu.Of(menu.MiniProgram("a", "wx1", "p", ""))},
		{"no app", "button[0].appid", "required", menu.Of(menu.MiniProgram("a", "", "p", "https://shop.example"))},
		{"no page of the app", "button[0].pagepath", "required", menu.Of(menu.MiniProgram("a", "wx1", "", "https://shop.example"))},
		{"an app with a space", "button[0].appid", "visible ASCII", menu.Of(menu.MiniProgram("a", "wx 8fA3", "p", "https://shop.example"))},
		{"no material", "button[0].media_id", "required", menu.Of(menu.Media("a", ""))},
		{"no article", "button[0].sub_button[0].article_id", "required", menu.Of(menu.Group("g", menu.Article("a", "")))},
		{"an article as material", "button[0].article_id", "does not belong", menu.Of(menu.Button{Type: menu.TypeMedia, Name: "a", MediaID: "m", ArticleID: "8fA3"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			invalid(t, tt.menu.Validate(), tt.field, tt.says)
			s, c := newService(t, `{}`)
			err := s.Create(t.Context(), tt.menu)
			invalid(t, err, tt.field, tt.says)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			_, err = s.AddConditional(t.Context(), menu.Conditional{Menu: tt.menu, Rule: menu.ForTag(1)})
			invalid(t, err, tt.field, tt.says)
			assert.Empty(t, c.asked, "nothing was sent")
		})
	}
}

func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	ok := menu.Of(menu.Click("a", "k"))
	for name, tt := range map[string]struct {
		rule        menu.Rule
		field, says string
	}{
		"empty":        {menu.Rule{}, "matchrule", "is empty"},
		"tag by name":  {menu.Rule{TagID: "8fA3"}, "matchrule.tag_id", "not a tag's number"},
		"negative tag": {menu.ForTag(-1), "matchrule.tag_id", "not a tag's number"},
		"platform":     {menu.ForPlatform("8fA3 8fA3"), "matchrule.client_platform_type", "the limit is 8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			invalid(t, menu.Conditional{Menu: ok, Rule: tt.rule}.Validate(), tt.field, tt.says)
		})
	}
	require.NoError(t, menu.Conditional{Menu: ok, Rule: menu.ForPlatform("4")}.Validate(), "a new platform passes")
	s, c := newService(t, `{}`)
	invalid(t, s.DeleteConditional(t.Context(), ""), "menuid", "empty")
	_, err := s.TryMatch(t.Context(), "")
	invalid(t, err, "user_id", "empty")
	assert.Empty(t, c.asked)
}

func TestWarningsAboutNames(t *testing.T) {
	t.Parallel()
	assert.Empty(t, menu.Of(menu.Group("五个汉字长", menu.Click(strings.Repeat("茶", 20), "k"))).Warnings())
	m := menu.Of(menu.Click("六个汉字长了", "k"), menu.Group("g", menu.Click(strings.Repeat("茶", 21), "k")))
	assert.Equal(t, []string{"button[0].name: has 18 bytes, more than 16 may be refused or cut",
		"button[1].sub_button[0].name: has 63 bytes, more than 60 may be refused or cut"}, m.Warnings())
	require.NoError(t, m.Validate(), "the last word is WeChat's")
}

// A menu kept as YAML is read by way of JSON.
func TestMenuFromYAML(t *testing.T) {
	t.Parallel()
	const file = `
button:
  - {type: click, name: 今日<歌曲>, key: TODAY&1}
  - name: Shop
    sub_button:
      - {type: view, name: Mall, url: "https://shop.example/?a=1&b=2"}
      - {type: miniprogram, name: Mini, appid: wx0000000000000001, pagepath: "pages/index?x=1", url: "https://shop.example/fallback"}
      - {type: scancode_waitmsg, name: Scan, key: SCAN_WAIT}
      - {type: article_view_limited, name: News, article_id: ARTICLE_ID}
      - {type: media_id, name: Song, media_id: MEDIA_ID}
  - name: Help
    sub_button:
      - {type: location_select, name: Where, key: LOC}
      - {type: pic_photo_or_album, name: Photo, key: PIC}
`
	var tree any
	require.NoError(t, yaml.Unmarshal([]byte(file), &tree))
	text, err := json.Marshal(tree)
	require.NoError(t, err)
	var m menu.Menu
	require.NoError(t, json.Unmarshal(text, &m))
	require.NoError(t, m.Validate())
	assert.Equal(t, example(), m)
}
