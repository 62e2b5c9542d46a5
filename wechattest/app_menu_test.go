package wechattest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

const shopMenu = `{"button":[{"type":"click","name":"Today","key":"TODAY"},
 {"name":"Shop","sub_button":[{"type":"view","name":"Mall","url":"https://shop.example.com/"},
  {"type":"miniprogram","name":"Mini","url":"https://shop.example.com/fallback","appid":"wx0000000000000001","pagepath":"pages/index"},
  {"type":"scancode_waitmsg","name":"Scan","key":"SCAN_WAIT"},{"type":"scancode_push","name":"Open","key":"SCAN"}]},
 {"name":"Help","sub_button":[{"type":"location_select","name":"Where","key":"LOC"},{"type":"pic_photo_or_album","name":"Photo","key":"PIC"}]}]}`

func TestMenuLifeAndTaps(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	assert.Equal(t, "46003", errcode(call(t, a, "GET", "/cgi-bin/menu/get", "")))
	assert.EqualValues(t, "0", fmt.Sprint(call(t, a, "GET", "/cgi-bin/get_current_selfmenu_info", "")["is_menu_open"]))
	assert.Nil(t, a.Menu(li))
	require.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/menu/create", shopMenu)))
	require.Len(t, a.Menu(li), 3)
	assert.Equal(t, "Mini", a.Menu(li)[1].Sub[1].Name)
	_, err := a.Tap(li, wechattest.Touch{Path: []string{"Today"}})
	require.ErrorIs(t, err, wechattest.ErrNotFollowing)
	a.Follow(li)
	tests := []struct {
		name  string
		touch wechattest.Touch
		want  wechattest.Opened
		event string
		has   map[string]string
		after int // messages that follow
	}{
		{"click", wechattest.Touch{Path: []string{"Today"}}, wechattest.Opened{}, "CLICK", map[string]string{"EventKey": "TODAY"}, 0},
		{"view", wechattest.Touch{Path: []string{"Shop", "Mall"}}, wechattest.Opened{URL: "https://shop.example.com/"}, "VIEW", map[string]string{"EventKey": "https://shop.example.com/", "MenuId": ""}, 0},
		{"mini program", wechattest.Touch{Path: []string{"Shop", "Mini"}}, wechattest.Opened{URL: "https://shop.example.com/fallback", AppID: "wx0000000000000001", Page: "pages/index"},
			"view_miniprogram", map[string]string{"EventKey": "pages/index"}, 0},
		{"scan", wechattest.Touch{Path: []string{"Shop", "Scan"}, Scan: "EAN_13,6900000000000"}, wechattest.Opened{}, "scancode_waitmsg", map[string]string{"EventKey": "SCAN_WAIT", "ScanType": "barcode", "ScanResult": "EAN_13,6900000000000"}, 0},
		{"scan and open", wechattest.Touch{Path: []string{"Shop", "Open"}, Scan: "https://a.example/?q=1,2"}, wechattest.Opened{URL: "https://a.example/?q=1,2"}, "scancode_push", map[string]string{"ScanType": "qrcode"}, 0},
		{"place", wechattest.Touch{Path: []string{"Help", "Where"}, Place: wechattest.Place{Latitude: "23", Longitude: "113", Scale: 15, Label: "l", Name: "n"}}, wechattest.Opened{},
			"location_select", map[string]string{"Location_X": "23", "Poiname": "n"}, 1},
		{"pictures", wechattest.Touch{Path: []string{"Help", "Photo"}, Pictures: [][]byte{[]byte("a"), []byte("b")}}, wechattest.Opened{},
			"pic_photo_or_album", map[string]string{"Count": "2", "PicMd5Sum": "0cc175b9c0f1b6a831c399e269772661"}, 2},
	}
	for _, tt := range tests {
		clock.Advance(0)
		before := len(s.bodies)
		got, err := a.Tap(li, tt.touch)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
		clock.Advance(0)
		require.Len(t, s.bodies, before+1+tt.after, tt.name)
		assert.Equal(t, tt.event, element(s.bodies[before], "Event"), tt.name)
		for name, want := range tt.has {
			assert.Equal(t, want, element(s.bodies[before], name), tt.name)
		}
	}
	for _, touch := range []wechattest.Touch{{}, {Path: []string{"Shop"}}, {Path: []string{"Nothing"}}, {Path: []string{"Today", "x"}}, {Path: []string{"Shop", "Scan"}}, {Path: []string{"Help", "Where"}}, {Path: []string{"Help", "Photo"}}} {
		_, err := a.Tap(li, touch)
		require.Error(t, err, touch.Path)
	}
	m := call(t, a, "GET", "/cgi-bin/menu/get", "")["menu"].(map[string]any)
	assert.Len(t, m["button"], 3)
	current := call(t, a, "GET", "/cgi-bin/get_current_selfmenu_info", "")
	buttons := current["selfmenu_info"].(map[string]any)["button"].([]any)
	assert.Len(t, buttons[1].(map[string]any)["sub_button"].(map[string]any)["list"], 4)
	assert.NotContains(t, buttons[0], "sub_button")
	assert.Equal(t, "0", errcode(call(t, a, "GET", "/cgi-bin/menu/delete", "")))
	assert.Nil(t, a.Menu(li))
}

func TestMenusThatAreRefused(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	button := func(b string) string { return `{"button":[` + b + `]}` }
	sub := func(b string) string { return button(`{"name":"a","sub_button":[` + b + `]}`) }
	one := `{"type":"click","name":"a","key":"k"}`
	tests := []struct{ name, body, want string }{
		{"none", `{"button":[]}`, "40016"},
		{"four", button(one + "," + one + "," + one + "," + one), "40016"},
		{"escapes", button(`{"type":"click","name":"\u4eca","key":"k"}`), "40033"},
		{"name", button(`{"type":"click","name":"12345678901234567","key":"k"}`), "40018"},
		{"no key", button(`{"type":"click","name":"a"}`), "40019"},
		{"long key", button(`{"type":"click","name":"a","key":"` + strings.Repeat("k", 129) + `"}`), "40019"},
		{"address", button(`{"type":"view","name":"a","url":"shop"}`), "40020"},
		{"kind", button(`{"type":"dance","name":"a"}`), "40017"},
		{"six below", sub(strings.Repeat(one+",", 5) + one), "40023"},
		{"three levels", sub(`{"name":"b","sub_button":[` + one + `]}`), "40022"},
		{"name below", sub(`{"type":"click","name":"` + strings.Repeat("字", 21) + `","key":"k"}`), "40025"},
		{"kind below", sub(`{"name":"a"}`), "40024"},
		{"key below", sub(`{"type":"scancode_push","name":"a"}`), "40026"},
		{"address below", sub(`{"type":"view","name":"a","url":"ftp://a"}`), "40027"},
		{"mini program", button(`{"type":"miniprogram","name":"a","url":"https://a.example","appid":"x","pagepath":"p"}`), "45064"},
		{"material", button(`{"type":"media_id","name":"a","media_id":"x"}`), "40007"},
		{"article", button(`{"type":"article_id","name":"a","article_id":"x"}`), "53600"},
		{"no JSON", "menu", "47001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, errcode(call(t, a, "POST", "/cgi-bin/menu/create", tt.body)))
		})
	}
}

func TestConditionalMenusAndTags(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	a.Follow(li)
	a.Follow(wang)
	tag := func(name string) (string, map[string]any) {
		m := call(t, a, "POST", "/cgi-bin/tags/create", fmt.Sprintf(`{"tag":{"name":%q}}`, name))
		if m["tag"] == nil {
			return "", m
		}
		return fmt.Sprint(m["tag"].(map[string]any)["id"]), m
	}
	vip, _ := tag("VIP")
	second, _ := tag("second")
	_, m := tag("VIP")
	assert.Equal(t, "45157", errcode(m))
	_, m = tag(strings.Repeat("字", 31))
	assert.Equal(t, "45158", errcode(m))
	give := func(path, id, openID string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/tags/members/"+path, fmt.Sprintf(`{"openid_list":[%q],"tagid":%s}`, openID, id)))
	}
	conditional := func(rule string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/menu/addconditional", `{"button":[{"type":"view","name":"VIP","url":"https://vip.example.com/"}],"matchrule":`+rule+`}`)
	}
	assert.Equal(t, "65303", errcode(conditional(`{"tag_id":"`+vip+`"}`)))
	require.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/menu/create", shopMenu)))
	assert.Equal(t, "65304", errcode(conditional(`{}`)))
	assert.Equal(t, "45159", errcode(conditional(`{"tag_id":"9"}`)))
	assert.Equal(t, "40097", errcode(conditional(`{"client_platform_type":"9"}`)))
	made := conditional(`{"tag_id":"` + vip + `","client_platform_type":"2"}`)
	id := made["menuid"].(string)

	openID := li.OpenID(a.AppID)
	assert.Equal(t, "0", give("batchtagging", vip, openID))
	assert.Len(t, a.Menu(li), 3, "the platform does not fit")
	a.SetProfile(li, wechattest.Profile{Platform: "2"})
	require.Len(t, a.Menu(li), 1)
	_, err := a.Tap(li, wechattest.Touch{Path: []string{"VIP"}})
	require.NoError(t, err)
	clock.Advance(0)
	assert.Equal(t, id, element(s.last(t), "MenuId"))
	match := func(user string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/menu/trymatch", fmt.Sprintf(`{"user_id":%q}`, user))
	}
	assert.Len(t, match(openID)["button"], 1)
	assert.Len(t, match("wang")["button"], 3)
	assert.Equal(t, "65302", errcode(match("nobody")))
	assert.Equal(t, "0", give("batchtagging", second, openID))
	assert.Len(t, a.Menu(li), 3, "the tag given last counts")
	assert.Equal(t, "0", give("batchuntagging", second, openID))
	got := call(t, a, "GET", "/cgi-bin/menu/get", "")["conditionalmenu"].([]any)
	assert.Equal(t, id, fmt.Sprint(got[0].(map[string]any)["menuid"]), "a number here")
	assert.Equal(t, "65301", errcode(call(t, a, "POST", "/cgi-bin/menu/delconditional", `{"menuid":"1"}`)))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/menu/delconditional", `{"menuid":"`+id+`"}`)))
	assert.Len(t, a.Menu(li), 3)

	assert.Equal(t, "45159", give("batchtagging", "9", openID))
	assert.Equal(t, "40003", give("batchtagging", vip, "x"))
	assert.Equal(t, "40032", errcode(call(t, a, "POST", "/cgi-bin/tags/members/batchtagging", `{"openid_list":[],"tagid":`+vip+`}`)))
	list := call(t, a, "GET", "/cgi-bin/tags/get", "")["tags"].([]any)
	assert.Equal(t, "1", fmt.Sprint(list[0].(map[string]any)["count"]))
	assert.Equal(t, "["+vip+"]", fmt.Sprint(call(t, a, "POST", "/cgi-bin/tags/getidlist", `{"openid":"`+openID+`"}`)["tagid_list"]))
	members := call(t, a, "POST", "/cgi-bin/user/tag/get", `{"tagid":`+vip+`,"next_openid":""}`)
	assert.Equal(t, []any{openID}, members["data"].(map[string]any)["openid"])
	assert.NotContains(t, call(t, a, "POST", "/cgi-bin/user/tag/get", `{"tagid":`+vip+`,"next_openid":"`+openID+`"}`), "data")
	assert.Equal(t, "45058", errcode(call(t, a, "POST", "/cgi-bin/tags/update", `{"tag":{"id":2,"name":"x"}}`)))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/tags/update", `{"tag":{"id":`+vip+`,"name":"gold"}}`)))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/tags/delete", `{"tag":{"id":`+vip+`}}`)))
	assert.Equal(t, "45159", errcode(call(t, a, "POST", "/cgi-bin/tags/delete", `{"tag":{"id":`+vip+`}}`)))
	assert.Equal(t, "[]", fmt.Sprint(call(t, a, "POST", "/cgi-bin/tags/getidlist", `{"openid":"`+openID+`"}`)["tagid_list"]))
}

func TestTooManyTags(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	a.Follow(li)
	for n := range 100 {
		require.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/tags/create", fmt.Sprintf(`{"tag":{"name":"t%d"}}`, n))))
		want := "0"
		if n >= 20 {
			want = "45059"
		}
		require.Equal(t, want, errcode(call(t, a, "POST", "/cgi-bin/tags/members/batchtagging", fmt.Sprintf(`{"openid_list":[%q],"tagid":%d}`, li.OpenID(a.AppID), 100+n))))
	}
	assert.Equal(t, "45056", errcode(call(t, a, "POST", "/cgi-bin/tags/create", `{"tag":{"name":"more"}}`)))
}

func TestFollowers(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t, func(c *wechattest.AppConfig) { c.Union = "group" })
	list := func(next string) map[string]any { return call(t, a, "GET", "/cgi-bin/user/get?next_openid="+next, "") }
	assert.NotContains(t, list(""), "data")
	a.Follow(li)
	a.Follow(wang)
	one, two := li.OpenID(a.AppID), wang.OpenID(a.AppID)
	page := list("")
	assert.Equal(t, []any{one, two}, page["data"].(map[string]any)["openid"])
	assert.Equal(t, two, page["next_openid"])
	assert.Equal(t, []any{two}, list(one)["data"].(map[string]any)["openid"])
	assert.Equal(t, "40003", errcode(list("x")))

	info := func(id string) map[string]any { return call(t, a, "GET", "/cgi-bin/user/info?openid="+id, "") }
	assert.Equal(t, "40003", errcode(info("x")))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/user/info/updateremark", `{"openid":"`+one+`","remark":"李"}`)))
	assert.Equal(t, "47003", errcode(call(t, a, "POST", "/cgi-bin/user/info/updateremark", `{"openid":"`+one+`","remark":"`+strings.Repeat("字", 30)+`"}`)))
	assert.Equal(t, "40003", errcode(call(t, a, "POST", "/cgi-bin/user/info/updateremark", `{"openid":"x","remark":"李"}`)))
	got := info(one)
	assert.Equal(t, "李", got["remark"])
	assert.Equal(t, li.UnionID("group"), got["unionid"])
	assert.Equal(t, "ADD_SCENE_SEARCH", got["subscribe_scene"])
	many := call(t, a, "POST", "/cgi-bin/user/info/batchget", `{"user_list":[{"openid":"`+one+`","lang":"zh_CN"},{"openid":"`+two+`"}]}`)
	assert.Len(t, many["user_info_list"], 2)

	black := func(path string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/tags/members/"+path, `{"openid_list":["`+one+`"]}`))
	}
	assert.Equal(t, "0", black("batchblacklist"))
	blacklist := call(t, a, "POST", "/cgi-bin/tags/members/getblacklist", `{"begin_openid":""}`)
	assert.Equal(t, []any{one}, blacklist["data"].(map[string]any)["openid"])
	clock.Advance(0)
	before := len(s.bodies)
	_, err := a.SayText(li, "hello?")
	require.NoError(t, err)
	clock.Advance(0)
	assert.Len(t, s.bodies, before, "nothing is heard of who is on the blacklist")
	assert.Equal(t, "0", black("batchunblacklist"))

	a.Unfollow(li)
	a.Unfollow(li)
	clock.Advance(0)
	assert.Equal(t, "unsubscribe", element(s.last(t), "Event"))
	assert.False(t, a.Follows(li))
	assert.Len(t, info(one), 2, "subscribe and openid")
	assert.Equal(t, []any{two}, list("")["data"].(map[string]any)["openid"])

	old := wang.OpenID("wx0000aaaa")
	moved := call(t, a, "POST", "/cgi-bin/changeopenid", `{"from_appid":"wx0000aaaa","openid_list":["`+old+`","x"]}`)["result_list"].([]any)
	assert.Equal(t, two, moved[0].(map[string]any)["new_openid"])
	assert.Equal(t, "ori_openid error", moved[1].(map[string]any)["err_msg"])
	assert.Equal(t, "40013", errcode(call(t, a, "POST", "/cgi-bin/changeopenid", `{"from_appid":"x","openid_list":["x"]}`)))
	assert.Equal(t, "40032", errcode(call(t, a, "POST", "/cgi-bin/changeopenid", `{"from_appid":"wx0000aaaa","openid_list":[]}`)))
}

func TestParameterCodes(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	create := func(body string) map[string]any { return call(t, a, "POST", "/cgi-bin/qrcode/create", body) }
	code := create(`{"expire_seconds":600,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"order-0001"}}}`)
	assert.Equal(t, "600", fmt.Sprint(code["expire_seconds"]))
	require.NoError(t, a.ScanCode(li, code["url"].(string)))
	clock.Advance(0)
	assert.Equal(t, "subscribe", element(s.last(t), "Event"))
	assert.Equal(t, "qrscene_order-0001", element(s.last(t), "EventKey"))
	assert.Equal(t, code["ticket"], element(s.last(t), "Ticket"))
	require.NoError(t, a.ScanCode(li, code["ticket"].(string)))
	clock.Advance(0)
	assert.Equal(t, "SCAN", element(s.last(t), "Event"))
	assert.Equal(t, "order-0001", element(s.last(t), "EventKey"))
	info := call(t, a, "GET", "/cgi-bin/user/info?openid="+li.OpenID(a.AppID), "")
	assert.Equal(t, "order-0001", info["qr_scene_str"])
	assert.Equal(t, "ADD_SCENE_QR_CODE", info["subscribe_scene"])
	clock.Advance(600 * time.Second)
	require.ErrorIs(t, a.ScanCode(li, code["url"].(string)), wechattest.ErrExpired)
	require.ErrorIs(t, a.ScanCode(li, "http://weixin.qq.com/q/x"), wechattest.ErrNoSuchThing)

	forever := create(`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":7}}}`)
	assert.NotContains(t, forever, "expire_seconds")
	again := create(`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":7}}}`)
	assert.Equal(t, forever["ticket"], again["ticket"])
	assert.Equal(t, "60", fmt.Sprint(create(`{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":7}}}`)["expire_seconds"]))
	for body, want := range map[string]string{
		`{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":0}}}`:                               "40053",
		`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100001}}}`:                    "40053",
		`{"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":""}}}`:                         "40053",
		`{"action_name":"QR_X","action_info":{}}`:                                                         "40097",
		`{"expire_seconds":2592001,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":1}}}`:      "40097",
		`{"expire_seconds":0,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"order"}}}`: "40097",
	} {
		assert.Equal(t, want, errcode(create(body)), body)
	}
	status, kind, body := fetch(t, a, "/cgi-bin/showqrcode?ticket="+escape(forever["ticket"].(string)))
	assert.Equal(t, 200, status)
	assert.Equal(t, "image/png", kind)
	assert.True(t, strings.HasPrefix(body, "\x89PNG"))
	status, _, _ = fetch(t, a, "/cgi-bin/showqrcode?ticket=x")
	assert.Equal(t, 404, status)
}
