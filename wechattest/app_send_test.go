package wechattest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

func escape(s string) string { return url.QueryEscape(s) }

// fetch gets something that is not JSON.
func fetch(t testing.TB, a *wechattest.App, target string) (status int, kind, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1"+target, nil)
	require.NoError(t, err)
	res, err := a.Transport().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

func TestTemplateMessages(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	id := a.AddTemplate(wechattest.Template{Title: "订单", Content: "单号:{{character_string1.DATA}}\n商品:{{thing2.DATA}}"})
	send := func(to, template, data, more string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/message/template/send", fmt.Sprintf(`{"touser":%q,"template_id":%q,"url":"https://shop.example/o","data":%s%s}`, to, template, data, more))
	}
	openID := li.OpenID(a.AppID)
	const data = `{"character_string1":{"value":"SO-1"},"thing2":{"value":"茶杯"}}`
	assert.Equal(t, "40003", errcode(send("x", id, data, "")))
	a.Follow(li)
	assert.Equal(t, "40037", errcode(send(openID, "x", data, "")))
	assert.Equal(t, "47003", errcode(send(openID, id, `{"thing2":{"value":"a"}}`, "")))
	assert.Equal(t, "47003", errcode(send(openID, id, `{"character_string1":{"value":"a"},"thing2":{"value":"`+strings.Repeat("字", 21)+`"}}`, "")))
	first := send(openID, id, data, `,"client_msg_id":"paid-1","miniprogram":{"appid":"wx1","pagepath":"p"}`)
	assert.Equal(t, first["msgid"], send(openID, id, data, `,"client_msg_id":"paid-1"`)["msgid"])
	chat := a.Chat(li)
	require.Len(t, chat, 1, "the same client_msg_id is sent once")
	assert.Equal(t, []wechattest.ChatValue{{Key: "character_string1", Value: "SO-1"}, {Key: "thing2", Value: "茶杯"}}, chat[0].Values)
	assert.Equal(t, "wx1", chat[0].AppID)
	clock.Advance(10 * time.Minute)
	assert.Equal(t, "TEMPLATESENDJOBFINISH", element(s.last(t), "Event"))
	assert.Equal(t, "success", element(s.last(t), "Status"))
	assert.Equal(t, fmt.Sprint(first["msgid"]), element(s.last(t), "MsgID"))
	assert.NotEqual(t, first["msgid"], send(openID, id, data, `,"client_msg_id":"paid-1"`)["msgid"])
	a.Mute(li, true)
	send(openID, id, data, "")
	clock.Advance(0)
	assert.Equal(t, "failed:user block", element(s.last(t), "Status"))
	assert.Len(t, a.Chat(li), 2)
	a.Unfollow(li)
	assert.Equal(t, "43004", errcode(send(openID, id, data, "")))

	taken := call(t, a, "POST", "/cgi-bin/template/api_add_template", `{"template_id_short":"TM1","keyword_name_list":["单号"]}`)
	all := call(t, a, "GET", "/cgi-bin/template/get_all_private_template", "")["template_list"].([]any)
	require.Len(t, all, 2)
	assert.Equal(t, taken["template_id"], all[1].(map[string]any)["template_id"])
	assert.Equal(t, "40036", errcode(call(t, a, "POST", "/cgi-bin/template/api_add_template", `{}`)))
	del := func(id string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/template/del_private_template", `{"template_id":"`+id+`"}`))
	}
	assert.Equal(t, "0", del(id))
	assert.Equal(t, "40037", del(id))
}

func TestSubscriptionMessages(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"bizsend", "send"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			kind := func(c *wechattest.AppConfig) {}
			if path == "send" {
				kind = mini
			}
			a, clock, s := newChat(t, kind)
			once := a.AddSubscription(wechattest.Template{Title: "发货", Content: "{{thing1.DATA}}"})
			always := a.AddSubscription(wechattest.Template{Title: "提醒", Content: "{{thing1.DATA}}", LongTerm: true})
			send := func(id string) string {
				return errcode(call(t, a, "POST", "/cgi-bin/message/subscribe/"+path, fmt.Sprintf(`{"touser":%q,"template_id":%q,"page":"pages/o","data":{"thing1":{"value":"茶"}}}`, li.OpenID(a.AppID), id)))
			}
			require.ErrorIs(t, a.Consent(li, []string{"x"}, nil), wechattest.ErrNoSuchThing)
			require.NoError(t, a.Consent(li, []string{once, always}, []string{once}))
			clock.Advance(0)
			assert.Equal(t, "subscribe_msg_popup_event", element(s.last(t), "Event"))
			assert.Equal(t, "43101", send(always))
			assert.Equal(t, "40037", send("x"))
			assert.Equal(t, "0", send(once))
			assert.Equal(t, "43101", send(once), "one consent is one message")
			clock.Advance(0)
			assert.Equal(t, "subscribe_msg_sent_event", element(s.last(t), "Event"))
			assert.Equal(t, "success", element(s.last(t), "ErrorStatus"))
			require.NoError(t, a.Consent(li, []string{always}, []string{always}))
			assert.Equal(t, "0", send(always))
			assert.Equal(t, "0", send(always))
			a.Withdraw(li, always)
			clock.Advance(0)
			assert.Equal(t, "subscribe_msg_change_event", element(s.last(t), "Event"))
			assert.Equal(t, "43101", send(always))
			assert.Len(t, a.Chat(li), 3)
			assert.Len(t, call(t, a, "GET", "/wxaapi/newtmpl/gettemplate", "")["data"], 2)
			assert.Equal(t, "0", errcode(call(t, a, "POST", "/wxaapi/newtmpl/deltemplate", `{"priTmplId":"`+once+`"}`)))
			assert.Equal(t, "200014", errcode(call(t, a, "POST", "/wxaapi/newtmpl/deltemplate", `{"priTmplId":"`+once+`"}`)))
		})
	}
}

func TestMassMessages(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	a.Follow(li)
	a.Follow(wang)
	a.Mute(wang, true)
	sendAll := func(more string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/message/mass/sendall", `{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"sale"}`+more+`}`)
	}
	state := func(id any) string {
		return fmt.Sprint(call(t, a, "POST", "/cgi-bin/message/mass/get", fmt.Sprintf(`{"msg_id":"%v"}`, id))["msg_status"])
	}
	first := sendAll(`,"clientmsgid":"sale-1"`)
	require.Equal(t, "0", errcode(first))
	assert.Equal(t, "SENDING", state(first["msg_id"]))
	same := sendAll(`,"clientmsgid":"sale-1"`)
	assert.Equal(t, "45065", errcode(same))
	assert.Equal(t, first["msg_id"], same["msg_id"], "the error names the first message")
	assert.Equal(t, "45067", errcode(sendAll(`,"clientmsgid":"`+strings.Repeat("a", 33)+`"`)))
	clock.Advance(time.Minute)
	assert.Equal(t, "SEND_SUCCESS", state(first["msg_id"]))
	assert.Equal(t, "MASSSENDJOBFINISH", element(s.last(t), "Event"))
	for name, want := range map[string]string{"Status": "send success", "TotalCount": "2", "FilterCount": "2", "SentCount": "1", "ErrorCount": "1", "MsgID": fmt.Sprint(first["msg_id"])} {
		assert.Equal(t, want, element(s.last(t), name), name)
	}
	require.Len(t, a.Chat(li), 1)

	draft := a.AddDraft(wechattest.ChatArticle{Title: "one"}, wechattest.ChatArticle{Title: "two"})
	list := func(to, kind, object string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/message/mass/send", fmt.Sprintf(`{"touser":%s,"msgtype":%q,%q:%s}`, to, kind, kind, object))
	}
	both := fmt.Sprintf("[%q,%q]", li.OpenID(a.AppID), wang.OpenID(a.AppID))
	assert.Contains(t, list(both, "mpnews", `{"media_id":"`+draft+`"}`), "msg_data_id")
	assert.Equal(t, "40032", errcode(list(`["x"]`, "text", `{"content":"x"}`)))
	assert.Equal(t, "40008", errcode(list(both, "news", `{"articles":[{}]}`)))
	assert.Equal(t, "45159", errcode(call(t, a, "POST", "/cgi-bin/message/mass/sendall", `{"filter":{"tag_id":9},"msgtype":"text","text":{"content":"x"}}`)))
	clock.Advance(time.Minute)
	assert.Len(t, a.Chat(li)[1].Articles, 2)

	gone := sendAll("")
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/message/mass/delete", fmt.Sprintf(`{"msg_id":%v}`, gone["msg_id"]))))
	assert.Equal(t, "DELETE", state(gone["msg_id"]))
	assert.Equal(t, "40059", errcode(call(t, a, "POST", "/cgi-bin/message/mass/delete", `{"msg_id":1}`)))
	sendAll("")
	sendAll("")
	sendAll("")
	clock.Advance(time.Minute)
	assert.Len(t, a.Chat(li), 4, "four a month")

	preview := call(t, a, "POST", "/cgi-bin/message/mass/preview", `{"towxname":"li","msgtype":"text","text":{"content":"look"}}`)
	assert.Equal(t, "0", errcode(preview))
	assert.Equal(t, "40003", errcode(call(t, a, "POST", "/cgi-bin/message/mass/preview", `{"touser":"x","msgtype":"text","text":{"content":"look"}}`)))
	assert.Len(t, a.Chat(li), 5)

	video := upload(t, a, "video", "a.mp4", "mp4")["media_id"].(string)
	mass := call(t, a, "POST", "/cgi-bin/media/uploadvideo", `{"media_id":"`+video+`","title":"t"}`)["media_id"].(string)
	assert.Equal(t, "40007", errcode(call(t, a, "POST", "/cgi-bin/media/uploadvideo", `{"media_id":"x"}`)))
	assert.Equal(t, "0", errcode(list(both, "mpvideo", `{"media_id":"`+mass+`"}`)))

	assert.Equal(t, "80", fmt.Sprint(call(t, a, "POST", "/cgi-bin/message/mass/speed/get", `{}`)["realspeed"]))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/message/mass/speed/set", `{"speed":4}`)))
	assert.Equal(t, "10", fmt.Sprint(call(t, a, "POST", "/cgi-bin/message/mass/speed/get", `{}`)["realspeed"]))
	assert.Equal(t, "45083", errcode(call(t, a, "POST", "/cgi-bin/message/mass/speed/set", `{"speed":5}`)))
}

func TestMedia(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	id := upload(t, a, "image", "a.PNG", "\x89PNG\r\n\x1a\nrest")["media_id"].(string)
	token := stable(t, a, false)["access_token"].(string)
	get := func(id string) (int, string, string) {
		return fetch(t, a, "/cgi-bin/media/get?access_token="+token+"&media_id="+id)
	}
	_, kind, body := get(id)
	assert.Equal(t, "image/png", kind)
	assert.Equal(t, "\x89PNG\r\n\x1a\nrest", body)
	video := upload(t, a, "video", "a.mp4", "mp4")["media_id"].(string)
	_, _, body = get(video)
	assert.Contains(t, body, `{"video_url":"http://127.0.0.1/mmbiz/`+video)
	_, _, body = fetch(t, a, "/mmbiz/"+video)
	assert.Equal(t, "mp4", body)
	voice := upload(t, a, "voice", "a.amr", "#!AMR\x00")["media_id"].(string)
	_, kind, _ = get(voice)
	assert.Equal(t, "audio/amr", kind)
	assert.Contains(t, upload(t, a, "thumb", "a.jpg", "x"), "thumb_media_id")
	assert.Equal(t, "40004", errcode(upload(t, a, "file", "a.png", "x")))
	assert.Equal(t, "40005", errcode(upload(t, a, "image", "a.exe", "x")))
	assert.Equal(t, "40006", errcode(upload(t, a, "thumb", "a.jpg", strings.Repeat("x", 64<<10+1))))
	assert.Equal(t, "41005", errcode(upload(t, a, "image", "a.png", "")))
	assert.Equal(t, "41005", errcode(call(t, a, "POST", "/cgi-bin/media/upload?type=image", "x")))
	page := uploadTo(t, a, "/cgi-bin/media/uploadimg", "a.png", "x", "")["url"].(string)
	assert.True(t, strings.HasPrefix(page, "http://127.0.0.1/mmbiz/"))
	assert.Equal(t, "40005", errcode(uploadTo(t, a, "/cgi-bin/media/uploadimg", "a.gif", "x", "")))
	assert.Equal(t, "40009", errcode(uploadTo(t, a, "/cgi-bin/media/uploadimg", "a.png", strings.Repeat("x", 1<<20+1), "")))

	keep := func(kind, name, description string) map[string]any {
		return uploadTo(t, a, "/cgi-bin/material/add_material?type="+kind, name, "data", description)
	}
	image := keep("image", "a.png", "")
	assert.Contains(t, image, "url")
	film := keep("video", "a.mp4", `{"title":"片","introduction":"i"}`)["media_id"].(string)
	assert.Equal(t, "44002", errcode(keep("video", "a.mp4", "")))
	got := call(t, a, "POST", "/cgi-bin/material/get_material", `{"media_id":"`+film+`"}`)
	assert.Equal(t, "片", got["title"])
	assert.Equal(t, "1", fmt.Sprint(call(t, a, "GET", "/cgi-bin/material/get_materialcount", "")["image_count"]))
	list := call(t, a, "POST", "/cgi-bin/material/batchget_material", `{"type":"image","offset":0,"count":20}`)
	assert.Equal(t, image["media_id"], list["item"].([]any)[0].(map[string]any)["media_id"])
	assert.Equal(t, "40004", errcode(call(t, a, "POST", "/cgi-bin/material/batchget_material", `{"type":"x","offset":0,"count":20}`)))
	assert.Equal(t, "40097", errcode(call(t, a, "POST", "/cgi-bin/material/batchget_material", `{"type":"image","offset":0,"count":21}`)))
	a.Follow(li)
	require.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/menu/create", `{"button":[{"type":"media_id","name":"a","media_id":"`+image["media_id"].(string)+`"}]}`)))
	_, err := a.Tap(li, wechattest.Touch{Path: []string{"a"}})
	require.NoError(t, err)
	assert.Equal(t, image["media_id"], a.Chat(li)[0].MediaID)
	del := func(id string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/material/del_material", `{"media_id":"`+id+`"}`))
	}
	assert.Equal(t, "48005", del(image["media_id"].(string)), "the menu shows it")
	assert.Equal(t, "0", del(film))
	assert.Equal(t, "40007", del(film))

	clock.Advance(3 * 24 * time.Hour)
	token = stable(t, a, false)["access_token"].(string)
	_, _, body = get(id)
	assert.Contains(t, body, "40007", "three days are over")
	status, _, _ := fetch(t, a, "/mmbiz/"+id)
	assert.Equal(t, 404, status)
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	const path = "/cgi-bin/menu/get"
	a.Limit(path, 2)
	get := func() string { return errcode(call(t, a, "GET", path, "")) }
	quota := func() string {
		return fmt.Sprint(call(t, a, "POST", "/cgi-bin/openapi/quota/get", `{"cgi_path":"`+path+`"}`)["quota"])
	}
	assert.Equal(t, "46003", get())
	assert.Equal(t, "46003", get())
	assert.Equal(t, "45009", get())
	assert.Equal(t, "map[daily_limit:2 remain:0 used:2]", quota())
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/openapi/quota/clear", `{"cgi_path":"`+path+`"}`)))
	assert.Equal(t, "map[daily_limit:2 remain:2 used:0]", quota())
	get()
	get()
	assert.Equal(t, "40013", errcode(call(t, a, "POST", "/cgi-bin/clear_quota", `{"appid":"x"}`)))
	assert.Equal(t, "0", errcode(call(t, a, "POST", "/cgi-bin/clear_quota", `{"appid":"`+a.AppID+`"}`)))
	assert.Equal(t, "46003", get())
	v2 := func(query, body string) string {
		return errcode(ask(t, a, "POST", "/cgi-bin/clear_quota/v2"+query, body))
	}
	assert.Equal(t, "0", v2("", `{"appid":"`+a.AppID+`","appsecret":"`+a.Secret+`"}`))
	assert.Equal(t, "0", v2("?appid="+a.AppID+"&appsecret="+a.Secret, ""))
	assert.Equal(t, "40013", v2("?appid=x", ""))
	assert.Equal(t, "40125", v2("?appid="+a.AppID+"&appsecret=x", ""))
	for range 7 {
		assert.Equal(t, "0", v2("?appid="+a.AppID+"&appsecret="+a.Secret, ""))
	}
	assert.Equal(t, "48006", v2("?appid="+a.AppID+"&appsecret="+a.Secret, ""), "ten a month, together")
	get()
	get()
	assert.Equal(t, "45009", get())
	clock.Advance(14 * time.Hour)
	assert.Equal(t, "46003", get(), "a new day in Beijing")
	clock.Advance(27 * 24 * time.Hour)
	assert.Equal(t, "0", v2("?appid="+a.AppID+"&appsecret="+a.Secret, ""), "a new month")
	assert.Equal(t, "76021", errcode(call(t, a, "POST", "/cgi-bin/openapi/quota/get", `{"cgi_path":"/sns/auth"}`)))
	assert.Equal(t, "76022", errcode(call(t, a, "POST", "/cgi-bin/openapi/quota/get", `{"cgi_path":"/wxa/checksession"}`)))

	m := call(t, a, "POST", path, "")
	_, rid, _ := strings.Cut(m["errmsg"].(string), "rid: ")
	look := func(rid string) map[string]any {
		return call(t, a, "POST", "/cgi-bin/openapi/rid/get", `{"rid":"`+rid+`"}`)
	}
	found := look(rid)["request"].(map[string]any)
	assert.Contains(t, found["request_url"], path)
	assert.Contains(t, found["response_body"], "43001")
	assert.NotContains(t, fmt.Sprint(found), stable(t, a, false)["access_token"])
	assert.Equal(t, "76001", errcode(look("x")))
	clock.Advance(8 * 24 * time.Hour)
	assert.Equal(t, "76003", errcode(look(rid)))
	assert.NotEmpty(t, call(t, a, "GET", "/cgi-bin/get_api_domain_ip", "")["ip_list"])
	assert.NotEmpty(t, call(t, a, "GET", "/cgi-bin/getcallbackip", "")["ip_list"])
	check := call(t, a, "POST", "/cgi-bin/callback/check", `{"action":"all","check_operator":"DEFAULT"}`)
	assert.Len(t, check, 2)
	assert.Equal(t, "40097", errcode(call(t, a, "POST", "/cgi-bin/callback/check", `{"action":"x","check_operator":"DEFAULT"}`)))
}

func TestFaultsOfApps(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t, func(c *wechattest.AppConfig) { c.Clock = nil })
	const path = "/cgi-bin/token"
	do := func() (*http.Response, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1"+path+"?"+credentials(a), nil)
		require.NoError(t, err)
		res, err := a.Transport().Do(r)
		if err != nil {
			return nil, "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res, string(b), err
	}
	tests := []struct {
		name  string
		fault wechattest.Fault
		want  func(*http.Response, string, error)
	}{
		{"busy", wechattest.Fault{Kind: wechattest.Status, Code: "-1"}, func(res *http.Response, body string, err error) {
			require.NoError(t, err)
			assert.Equal(t, 200, res.StatusCode)
			assert.Contains(t, body, `"errcode":-1`)
		}},
		{"500", wechattest.Fault{Kind: wechattest.Status, After: true}, func(res *http.Response, _ string, err error) {
			require.NoError(t, err)
			assert.Equal(t, 500, res.StatusCode)
		}},
		{"page", wechattest.Fault{Kind: wechattest.HTML}, func(res *http.Response, body string, err error) {
			require.NoError(t, err)
			assert.Equal(t, 502, res.StatusCode)
			assert.Contains(t, body, "<html>")
		}},
		{"lost", wechattest.Fault{Kind: wechattest.LostReply}, func(_ *http.Response, _ string, err error) { require.ErrorIs(t, err, wechattest.ErrCut) }},
		{"cut", wechattest.Fault{Kind: wechattest.CutBody}, func(_ *http.Response, _ string, err error) { require.ErrorIs(t, err, io.ErrUnexpectedEOF) }},
	}
	for _, tt := range tests {
		tt.fault.Path = path
		disarm := a.Fault(tt.fault)
		tt.want(do())
		_, body, err := do()
		require.NoError(t, err, "once only")
		assert.Contains(t, body, "access_token")
		disarm()
	}
	a.Fault(wechattest.Fault{Kind: wechattest.Slow, Delay: time.Millisecond})
	_, body, err := do()
	require.NoError(t, err)
	assert.Contains(t, body, "access_token")
}

func TestAppsOverHTTPAndClosed(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	s := httptest.NewServer(a)
	defer s.Close()
	res, err := s.Client().Get(s.URL + "/cgi-bin/token?" + credentials(a))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 200, res.StatusCode)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://api.weixin.qq.com/cgi-bin/token", nil)
	require.NoError(t, err)
	_, err = a.Transport().Do(r)
	require.ErrorContains(t, err, "must not talk to WeChat")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "https://api.weixin.qq.com/cgi-bin/token", nil))
	assert.Equal(t, 421, w.Code)
	require.NoError(t, a.Close())
	require.NoError(t, a.Close())
	w = httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/cgi-bin/token", nil))
	assert.Equal(t, 500, w.Code)
	w = httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/cgi-bin/token?a=%zz", nil))
	assert.Equal(t, 400, w.Code)
	for _, bad := range []wechattest.AppConfig{{AppID: "wx1"}, {Kind: 9}, {BaseURL: "https://api.weixin.qq.com"}, {Push: wechattest.AppPush{URL: "x"}}} {
		_, err := wechattest.NewApp(bad)
		require.Error(t, err)
	}
}
