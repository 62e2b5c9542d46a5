package wechattest_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxcommerce/wechat/wechattest"
)

// Whatever arrives, the simulated account answers and does not panic.
func FuzzAppServeHTTP(f *testing.F) {
	f.Add("POST", "/cgi-bin/menu/create", "application/json", shopMenu)
	f.Add("POST", "/cgi-bin/message/custom/send", "", `{"touser":"o","msgtype":"msgmenu","msgmenu":{"list":[{"id":1,"content":"a"}]}}`)
	f.Add("POST", "/cgi-bin/message/mass/sendall", "", `{"filter":{"is_to_all":true},"msgtype":"image","images":{"media_ids":["a"]}}`)
	f.Add("POST", "/cgi-bin/message/mass/preview", "", `{"touser":1,"msgtype":"text","text":{"content":"a"}}`)
	f.Add("POST", "/cgi-bin/media/upload?type=image", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\na\r\n--x--\r\n")
	f.Add("POST", "/cgi-bin/qrcode/create", "", `{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":1e3}}}`)
	f.Add("GET", "/connect/oauth2/authorize?appid=wx1&redirect_uri=http%3A%2F%2F127.0.0.1&response_type=code&scope=snsapi_base&state=1", "", "")
	f.Add("GET", "/sns/jscode2session?appid=%00&a=%zz", "", "")
	f.Add("GET", "/mmopen/%2F/132", "", "")
	f.Add("GET", "/cgi-bin/showqrcode?ticket=", "", "")
	f.Add("POST", "/cgi-bin/tags/members/batchtagging", "", `{"openid_list":["a"],"tagid":-1}`)
	f.Add("POST", "/cgi-bin/user/tag/get", "", `{"tagid":2}`)
	var apps []*wechattest.App
	for _, kind := range []wechattest.AppKind{wechattest.OfficialAccount, wechattest.MiniProgram, wechattest.Website} {
		a, err := wechattest.NewApp(wechattest.AppConfig{Kind: kind, Clock: wechattest.NewClock(time.Time{})})
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = a.Close() })
		a.Follow(wechattest.User{Name: "li"})
		apps = append(apps, a)
	}
	f.Fuzz(func(t *testing.T, method, target, kind, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path == "" || len(body) > 1<<16 {
			return
		}
		for _, a := range apps {
			for _, signed := range []bool{false, true} {
				r := httptest.NewRequest("GET", "/", strings.NewReader(body))
				r.Method, r.URL, r.RequestURI = method, u, target
				if signed {
					joint := "?"
					if strings.Contains(target, "?") {
						joint = "&"
					}
					r.RequestURI += joint + "access_token=" + stable(t, a, false)["access_token"].(string)
				}
				r.Header.Set("Content-Type", kind)
				r.Header.Set("Cookie", body)
				w := httptest.NewRecorder()
				a.ServeHTTP(w, r)
				if w.Code == 0 || w.Code >= 500 || w.Header().Get("Content-Type") == "" {
					t.Errorf("%d to %s %q: %s", w.Code, method, target, w.Body)
				}
			}
		}
	})
}

// Whatever a shop's server answers to a push, the simulator goes on.
func FuzzPassiveReply(f *testing.F) {
	f.Add("success")
	f.Add(`{"ToUserName":"a","Articles":{"item":[{"Title":"a"}]}}`)
	f.Add("<xml><ToUserName><![CDATA[a]]></ToUserName><Articles><item/></Articles></xml>")
	f.Add("<xml><Encrypt>AAAA</Encrypt><MsgSignature/></xml>")
	f.Add("</xml>")
	f.Add("<xml></a></xml>")
	clock, s := wechattest.NewClock(time.Time{}), &server{}
	a, err := wechattest.NewApp(wechattest.AppConfig{Clock: clock, Sender: s, Push: wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: wechattest.PushCompatible}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = a.Close() })
	a.Follow(li)
	f.Fuzz(func(t *testing.T, reply string) {
		s.mu.Lock()
		s.got, s.bodies = nil, nil
		s.mu.Unlock()
		if _, err := a.SayText(li, reply); err != nil {
			t.Fatal(err)
		}
		s.answer(reply)
		clock.Advance(0)
		if len(a.Chat(li)) == 0 {
			t.Error("the chat is empty")
		}
	})
}
