package wechattest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

var wang = wechattest.User{Name: "wang"}

// server is a shop's own server: it keeps what is pushed and answers as it is told.
type server struct {
	mu     sync.Mutex
	got    []*http.Request
	bodies []string
	reply  func(r *http.Request, body string) string
	status int
	hangs  bool
}

func (s *server) Do(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.mu.Lock()
	s.got, s.bodies = append(s.got, r), append(s.bodies, body)
	hangs, status, reply := s.hangs, s.status, s.reply
	s.mu.Unlock()
	if hangs {
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	if status == 0 {
		status = 200
	}
	text := "success"
	if reply != nil {
		text = reply(r, body)
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// last is the body pushed last.
func (s *server) last(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.bodies)
	return s.bodies[len(s.bodies)-1]
}

// newChat is an account with a server of its own.
func newChat(t testing.TB, change ...func(*wechattest.AppConfig)) (*wechattest.App, *wechattest.VirtualClock, *server) {
	t.Helper()
	s := &server{}
	a, clock := newApp(t, append([]func(*wechattest.AppConfig){func(c *wechattest.AppConfig) {
		c.Sender, c.Push = s, wechattest.AppPush{URL: "http://127.0.0.1/push"}
	}}, change...)...)
	return a, clock, s
}

func mini(c *wechattest.AppConfig) { c.Kind = wechattest.MiniProgram }

// call makes a call with a token.
func call(t testing.TB, a *wechattest.App, method, path, body string) map[string]any {
	t.Helper()
	token := stable(t, a, false)["access_token"].(string)
	joint := "?"
	if strings.Contains(path, "?") {
		joint = "&"
	}
	return ask(t, a, method, path+joint+"access_token="+token, body)
}

func replyTo(body, kind, inner string) string {
	return "<xml><ToUserName><![CDATA[" + element(body, "FromUserName") + "]]></ToUserName><FromUserName><![CDATA[" + element(body, "ToUserName") +
		"]]></FromUserName><CreateTime>1767578401</CreateTime><MsgType><![CDATA[" + kind + "]]></MsgType>" + inner + "</xml>"
}

// element is the text of the first element of that name.
func element(body, name string) string {
	_, rest, _ := strings.Cut(body, "<"+name+">")
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return strings.TrimSuffix(strings.TrimPrefix(text, "<![CDATA["), "]]>")
}

func TestMessagesAndPassiveReplies(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	_, err := a.SayText(li, "hello")
	require.ErrorIs(t, err, wechattest.ErrNotFollowing)
	a.Follow(li)
	a.Follow(li)
	clock.Advance(0)
	require.Len(t, s.bodies, 1)
	assert.Equal(t, "subscribe", element(s.last(t), "Event"))
	picture := upload(t, a, "image", "a.png", "\x89PNG\r\n\x1a\n")["media_id"].(string)

	tests := []struct {
		name string
		say  func() (int64, error)
		has  map[string]string // of the push
		kind string
		body string // of the reply
		want wechattest.ChatEntry
	}{
		{"text", func() (int64, error) { return a.SayText(li, "1 < 2 ]]>") }, map[string]string{"MsgType": "text"},
			"text", "<Content><![CDATA[<a href=\"http://127.0.0.1\">x</a>]]></Content>", wechattest.ChatEntry{Type: "text", Text: `<a href="http://127.0.0.1">x</a>`}},
		{"image", func() (int64, error) { return a.SayImage(li, []byte("\x89PNG")) }, map[string]string{"MsgType": "image"},
			"image", "<Image><MediaId><![CDATA[" + picture + "]]></MediaId></Image>", wechattest.ChatEntry{Type: "image", MediaID: picture}},
		{"voice", func() (int64, error) { return a.SayVoice(li, []byte("#!AMR")) }, map[string]string{"MsgType": "voice", "Format": "amr"},
			"voice", "<Voice><MediaId>" + picture + "</MediaId></Voice>", wechattest.ChatEntry{Type: "voice", MediaID: picture}},
		{"video", func() (int64, error) { return a.SayVideo(li, []byte("mp4")) }, map[string]string{"MsgType": "video"},
			"video", "<Video><MediaId>" + picture + "</MediaId><Title>t</Title><Description>d</Description></Video>", wechattest.ChatEntry{Type: "video", MediaID: picture, Title: "t", Description: "d"}},
		{"location", func() (int64, error) {
			return a.SayLocation(li, wechattest.Place{Latitude: "23.134521", Longitude: "113.358803", Scale: 20, Label: "位置"})
		}, map[string]string{"Location_X": "23.134521", "Location_Y": "113.358803", "Scale": "20", "Label": "位置"},
			"music", "<Music><Title>t</Title><MusicUrl>http://127.0.0.1/m</MusicUrl><ThumbMediaId>" + picture + "</ThumbMediaId></Music>",
			wechattest.ChatEntry{Type: "music", MediaID: picture, Title: "t", URL: "http://127.0.0.1/m"}},
		{"link", func() (int64, error) { return a.SayLink(li, "t", "d", "http://127.0.0.1/l") }, map[string]string{"Title": "t", "Description": "d", "Url": "http://127.0.0.1/l"},
			"transfer_customer_service", "<TransInfo><KfAccount>kf1@shop</KfAccount></TransInfo>", wechattest.ChatEntry{Type: "transfer_customer_service", Agent: "kf1@shop"}},
		{"news after a message", func() (int64, error) { return a.SayText(li, "news") }, nil,
			"news", "<ArticleCount>2</ArticleCount><Articles><item><Title>1</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item><item><Title>2</Title></item></Articles>",
			wechattest.ChatEntry{Type: "news", Articles: []wechattest.ChatArticle{{Title: "1", Description: "d", URL: "u", PicURL: "p"}}}},
	}
	for _, tt := range tests { // one chat: in order
		s.reply = func(_ *http.Request, body string) string { return replyTo(body, tt.kind, tt.body) }
		id, err := tt.say()
		require.NoError(t, err, tt.name)
		clock.Advance(time.Second)
		body := s.last(t)
		assert.Equal(t, fmt.Sprint(id), element(body, "MsgId"), tt.name)
		assert.Equal(t, li.OpenID(a.AppID), element(body, "FromUserName"), tt.name)
		for name, want := range tt.has {
			assert.Equal(t, want, element(body, name), tt.name)
		}
		chat := a.Chat(li)
		got := chat[len(chat)-1]
		tt.want.At, tt.want.From, tt.want.Way = got.At, wechattest.FromAccount, "passive"
		assert.Equal(t, tt.want, got, tt.name)
		assert.Equal(t, wechattest.FromUser, chat[len(chat)-2].From, tt.name)
		pushes := a.Pushes()
		assert.Equal(t, tt.kind, pushes[len(pushes)-1].Reply, tt.name)
	}
	_, err = a.SayLocation(li, wechattest.Place{Latitude: "north"})
	require.Error(t, err)
}

func TestRepliesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, reply string }{
		{"no document", "ok"},
		{"JSON of an error page", `{"error":1}`},
		{"doctype", `<!DOCTYPE xml><xml></xml>`},
		{"attribute", `<xml a="1"></xml>`},
		{"another root", `<root></root>`},
		{"two documents", `<xml></xml><xml></xml>`},
		{"deep", strings.Repeat("<xml>", 100)},
		{"text before", `a<xml></xml>`},
		{"to somebody else", "<xml><ToUserName>x</ToUserName></xml>"},
		{"from somebody else", "USER"},
		{"no time", "TIME"},
		{"no content", "EMPTY"},
		{"unknown media", "MEDIA"},
		{"unknown type", "TYPE"},
		{"no articles", "NEWS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, clock, s := newChat(t)
			a.Follow(li)
			clock.Advance(0)
			s.reply = func(_ *http.Request, body string) string {
				switch tt.reply {
				case "USER":
					return "<xml><ToUserName>" + li.OpenID(a.AppID) + "</ToUserName><FromUserName>x</FromUserName><CreateTime>1</CreateTime></xml>"
				case "TIME":
					return strings.Replace(replyTo(body, "text", "<Content>x</Content>"), "1767578401", "now", 1)
				case "EMPTY":
					return replyTo(body, "text", "<Content></Content>")
				case "MEDIA":
					return replyTo(body, "image", "<Image><MediaId>x</MediaId></Image>")
				case "TYPE":
					return replyTo(body, "hologram", "")
				case "NEWS":
					return replyTo(body, "news", "<ArticleCount>1</ArticleCount>")
				}
				return tt.reply
			}
			_, err := a.SayText(li, "hello")
			require.NoError(t, err)
			clock.Advance(time.Minute)
			chat := a.Chat(li)
			require.Len(t, chat, 2)
			assert.Equal(t, wechattest.FromSystem, chat[1].From)
			pushes := a.Pushes()
			require.Len(t, pushes, 2, "an answer in time is not asked for again")
			assert.NotEmpty(t, pushes[1].Err)
		})
	}
}

func TestServerThatHangsIsAskedFourTimes(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t, func(c *wechattest.AppConfig) { c.PushTimeout = time.Millisecond })
	a.Follow(li)
	clock.Advance(0)
	s.hangs = true
	_, err := a.SayText(li, "hello")
	require.NoError(t, err)
	clock.Advance(time.Hour)
	require.Len(t, a.Pushes(), 5)
	chat := a.Chat(li)
	require.Len(t, chat, 2)
	assert.Contains(t, chat[1].Text, "服务出现故障")
}

func TestPushModes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		mode wechattest.PushMode
		json bool
	}{
		{"plain", wechattest.PushPlain, false}, {"compatible", wechattest.PushCompatible, false}, {"safe", wechattest.PushSafe, false},
		{"plain JSON", wechattest.PushPlain, true}, {"compatible JSON", wechattest.PushCompatible, true}, {"safe JSON", wechattest.PushSafe, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, clock, s := newChat(t, mini)
			require.NoError(t, a.SetPush(wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: tt.mode, JSON: tt.json}))
			_, err := a.SayText(li, "hello")
			require.NoError(t, err)
			clock.Advance(0)
			q, body := s.got[0].URL.Query(), s.last(t)
			assert.Equal(t, tt.mode != wechattest.PushSafe, strings.Contains(body, "hello"))
			assert.Equal(t, tt.mode != wechattest.PushPlain, q.Get("encrypt_type") == "aes" && q.Get("msg_signature") != "" && strings.Contains(body, "Encrypt"))
			assert.Equal(t, tt.json, strings.HasPrefix(body, "{"))
			assert.Equal(t, li.OpenID(a.AppID), q.Get("openid"))

			s.reply = func(*http.Request, string) string { return replyTo(body, "text", "<Content>x</Content>") }
			_, err = a.SayText(li, "again")
			require.NoError(t, err)
			clock.Advance(0)
			chat := a.Chat(li)
			assert.Equal(t, tt.mode == wechattest.PushSafe || tt.json, chat[len(chat)-1].From == wechattest.FromSystem,
				"safe mode takes no reply in clear (and this helper reads no JSON)")
		})
	}
}

func TestVerifyPush(t *testing.T) {
	t.Parallel()
	a, _, s := newChat(t)
	s.reply = func(r *http.Request, _ string) string { return r.URL.Query().Get("echostr") }
	require.NoError(t, a.VerifyPush(t.Context()))
	s.reply = func(r *http.Request, _ string) string { return r.URL.Query().Get("echostr") + "\n" }
	require.ErrorContains(t, a.VerifyPush(t.Context()), "token验证失败")
	s.status = 500
	require.Error(t, a.VerifyPush(t.Context()))
	for _, bad := range []wechattest.AppPush{{URL: "push"}, {Token: "a"}, {EncodingAESKey: "short"}, {Mode: 9}, {JSON: true}} {
		require.Error(t, a.SetPush(bad))
	}
}

func upload(t testing.TB, a *wechattest.App, kind, name, data string) map[string]any {
	t.Helper()
	return uploadTo(t, a, "/cgi-bin/media/upload?type="+kind, name, data, "")
}

func uploadTo(t testing.TB, a *wechattest.App, path, name, data, description string) map[string]any {
	t.Helper()
	body := "--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"" + name + "\"\r\n\r\n" + data + "\r\n"
	if description != "" {
		body += "--x\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n" + description + "\r\n"
	}
	joint := "?"
	if strings.Contains(path, "?") {
		joint = "&"
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1"+path+joint+"access_token="+stable(t, a, false)["access_token"].(string), strings.NewReader(body+"--x--\r\n"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	return decoded(t, a, r)
}

func TestCustomerServiceWindows(t *testing.T) {
	t.Parallel()
	a, clock, _ := newChat(t)
	send := func(kind, object string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/message/custom/send", fmt.Sprintf(`{"touser":%q,"msgtype":%q,%q:%s}`, li.OpenID(a.AppID), kind, kind, object)))
	}
	text := func() string { return send("text", `{"content":"hello"}`) }
	assert.Equal(t, "40003", text(), "nobody of that name")
	a.Follow(li)
	for range 3 {
		assert.Equal(t, "0", text())
	}
	assert.Equal(t, "45047", text(), "three for a follow")
	clock.Advance(time.Minute)
	assert.Equal(t, "45015", text(), "and only for a minute")
	_, err := a.SayText(li, "hi")
	require.NoError(t, err)
	clock.Advance(47 * time.Hour)
	for range 5 {
		assert.Equal(t, "0", text())
	}
	assert.Equal(t, "45047", text(), "five for a message")
	_, err = a.SayText(li, "hi")
	require.NoError(t, err)
	clock.Advance(48 * time.Hour)
	assert.Equal(t, "45015", text())

	_, err = a.SayText(li, "hi")
	require.NoError(t, err)
	media := upload(t, a, "image", "a.jpg", "\xff\xd8\xff")["media_id"].(string)
	article := a.AddArticle(wechattest.ChatArticle{Title: "news"})
	refusals := []struct{ kind, object, want string }{
		{"text", `{"content":""}`, "44004"},
		{"text", `{"content":"` + strings.Repeat("a", 2049) + `"}`, "45002"},
		{"image", `{"media_id":"x"}`, "40007"},
		{"voice", `{"media_id":"` + media + `"}`, "40007"},
		{"news", `{"articles":[{},{}]}`, "45008"},
		{"mpnews", `{"media_id":"x"}`, "40007"},
		{"mpnewsarticle", `{"article_id":"x"}`, "53600"},
		{"msgmenu", `{"head_content":"?","list":[]}`, "47003"},
		{"miniprogrampage", `{"title":"t","pagepath":"p","thumb_media_id":"` + media + `"}`, "40013"},
		{"miniprogrampage", `{"title":"t","appid":"wx1","pagepath":"p","thumb_media_id":"x"}`, "40007"},
		{"link", `{"title":"t"}`, "40008"},
		{"hologram", `{}`, "40008"},
	}
	for _, tt := range refusals {
		assert.Equal(t, tt.want, send(tt.kind, tt.object), tt.kind)
	}
	good := []struct{ kind, object string }{
		{"image", `{"media_id":"` + media + `"}`},
		{"news", `{"articles":[{"title":"t","description":"d","url":"u","picurl":"p"}]}`},
		{"mpnewsarticle", `{"article_id":"` + article + `"}`},
		{"msgmenu", `{"head_content":"好吗","list":[{"id":"101","content":"好"},{"id":102,"content":"不好"}],"tail_content":"谢谢"}`},
		{"miniprogrampage", `{"title":"t","appid":"wx1","pagepath":"p","thumb_media_id":"` + media + `"}`},
	}
	for _, tt := range good {
		assert.Equal(t, "0", send(tt.kind, tt.object), tt.kind)
	}
	chat := a.Chat(li)
	menu := chat[len(chat)-2]
	assert.Equal(t, []wechattest.ChatChoice{{ID: "101", Content: "好"}, {ID: "102", Content: "不好"}}, menu.Choices)
	_, err = a.Choose(li, "102")
	require.NoError(t, err)
	_, err = a.Choose(li, "103")
	require.ErrorIs(t, err, wechattest.ErrNoSuchThing)
}

func TestAgentsAndTyping(t *testing.T) {
	t.Parallel()
	a, clock, _ := newChat(t)
	a.Follow(li)
	id := li.OpenID(a.AppID)
	as := func(agent string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/message/custom/send", fmt.Sprintf(`{"touser":%q,"msgtype":"text","text":{"content":"x"},"customservice":{"kf_account":%q},"aimsgcontext":{"is_ai_msg":1}}`, id, agent)))
	}
	typing := func(command string) string {
		return errcode(call(t, a, "POST", "/cgi-bin/message/custom/typing", fmt.Sprintf(`{"touser":%q,"command":%q}`, id, command)))
	}
	assert.Equal(t, "65401", as("kf1@shop"))
	a.AddAgent("kf1@shop")
	assert.Equal(t, "0", as("kf1@shop"))
	chat := a.Chat(li)
	assert.Equal(t, "kf1@shop", chat[0].Agent)
	assert.True(t, chat[0].AI)

	assert.Equal(t, "45080", typing("Typing"))
	_, err := a.SayText(li, "hi")
	require.NoError(t, err)
	assert.Equal(t, "45072", typing("typing"))
	assert.Equal(t, "0", typing("Typing"))
	assert.True(t, a.Typing(li))
	assert.Equal(t, "45081", typing("Typing"))
	assert.Equal(t, "0", typing("CancelTyping"))
	assert.False(t, a.Typing(li))
	clock.Advance(31 * time.Second)
	assert.Equal(t, "45080", typing("Typing"))
}

func TestEnteringTheChat(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t, mini)
	require.NoError(t, a.EnterChat(li, "order 1", nil))
	clock.Advance(0)
	assert.Equal(t, "user_enter_tempsession", element(s.last(t), "Event"))
	assert.Equal(t, "order 1", element(s.last(t), "SessionFrom"))
	b, clock, s := newChat(t)
	require.ErrorIs(t, b.EnterChat(li, "", nil), wechattest.ErrNotFollowing)
	b.Follow(li)
	require.NoError(t, b.EnterChat(li, "", &wechattest.Place{Latitude: "23.1", Longitude: "113.3"}))
	clock.Advance(0)
	assert.Equal(t, "LOCATION", element(s.last(t), "Event"))
	assert.Equal(t, "23.1", element(s.last(t), "Latitude"))
}

// answer has the server answer with text from now on.
func (s *server) answer(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = func(*http.Request, string) string { return text }
}
