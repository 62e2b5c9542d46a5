package notify_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// sender pushes to an account: the tests' own view of the other side.
type sender struct {
	token string
	box   *seal.Push // nil in plain mode
	at    int64
	json  bool
	loud  bool // compatible mode: readable beside the encrypted part
}

func newSender(t testing.TB, c notify.PushConfig) sender {
	t.Helper()
	s := sender{token: string(c.Token.Bytes()), at: 1704100000}
	if !c.EncodingAESKey.IsZero() {
		box, err := seal.NewPush(c.EncodingAESKey, c.AppID)
		require.NoError(t, err)
		s.box = box
	}
	return s
}

func (s sender) push(t testing.TB, body string) notify.Request {
	t.Helper()
	stamp, nonce := fmt.Sprint(s.at), "1320562132"
	query := "signature=" + sign.Push(s.token, stamp, nonce) + "&timestamp=" + stamp + "&nonce=" + nonce + "&openid=o1"
	if s.box == nil {
		return notify.Request{Method: "POST", RawQuery: query, Body: []byte(body)}
	}
	text, err := s.box.Seal([]byte(body), nil)
	require.NoError(t, err)
	query += "&encrypt_type=aes&msg_signature=" + sign.Push(s.token, stamp, nonce, string(text))
	around := `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[` + string(text) + `]]></Encrypt></xml>`
	switch {
	case s.json:
		around = `{"ToUserName":"gh_1","Encrypt":"` + string(text) + `"}`
	case s.loud:
		around = strings.Replace(body, "</xml>", "<Encrypt>"+string(text)+"</Encrypt></xml>", 1)
	}
	return notify.Request{Method: "POST", RawQuery: query, Body: []byte(around)}
}

const (
	hello     = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName><CreateTime>1704100000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content><MsgId>10000000000000001</MsgId></xml>`
	helloJSON = `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1704100000,"MsgType":"text","Content":"hello","MsgId":10000000000000001}`
)

// words is a text message.
type words struct {
	From    string `json:"FromUserName"`
	Content string `json:"Content"`
}

// text is a reply of words.
type text string

func (s text) Passive() ([]notify.Element, error) {
	return []notify.Element{{Name: "MsgType", Text: "text"}, {Name: "Content", Text: string(s)}}, nil
}

var (
	said = notify.Of[words]("message.text")

	safeConfig = notify.PushConfig{AppID: v8App, Token: seal.NewKey("spamtest"), EncodingAESKey: seal.NewKey(v8Key), Now: then}
)

func then() time.Time { return time.Unix(1704100001, 0) }

// echoing answers texts with what they say, and counts.
func echoing(t testing.TB, c notify.PushConfig, opts ...notify.Option) (*notify.Handler, *int) {
	t.Helper()
	calls := 0
	h := pushHandler(t, c, opts...)
	notify.Answer(h, notify.Asking[text](said), func(_ context.Context, e notify.Event[words]) (text, error) {
		calls++
		return text(e.Data.Content), nil
	})
	return h, &calls
}

func TestPushRepliesInKind(t *testing.T) {
	t.Parallel()
	plain := notify.PushConfig{AppID: "wx1", Token: seal.NewKey("AAAAA"), Now: then}
	tests := []struct {
		name   string
		config notify.PushConfig
		change func(*sender)
		body   string
		typ    string
		inner  string
	}{
		{"plain", plain, func(*sender) {}, hello, "text/xml; charset=utf-8", "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>1704100001</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content></xml>"},
		{"plain JSON", plain, func(*sender) {}, helloJSON, "application/json", `{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":1704100001,"MsgType":"text","Content":"hello"}`},
		{"safe", safeConfig, func(*sender) {}, hello, "text/xml; charset=utf-8", "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>1704100001</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content></xml>"},
		{"safe JSON", safeConfig, func(s *sender) { s.json = true }, helloJSON, "application/json", `{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":1704100001,"MsgType":"text","Content":"hello"}`},
		{"compatible", safeConfig, func(s *sender) { s.loud = true }, hello, "text/xml; charset=utf-8", "<Content><![CDATA[hello]]></Content></xml>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, calls := echoing(t, tt.config)
			s := newSender(t, tt.config)
			tt.change(&s)
			r := h.Handle(t.Context(), s.push(t, tt.body))
			require.Equal(t, 200, r.Status)
			assert.Equal(t, tt.typ, r.ContentType)
			assert.Equal(t, 1, *calls)
			got := string(r.Body)
			if s.box != nil {
				got = opened(t, s, got)
			}
			assert.Contains(t, got, tt.inner)
			again := h.Handle(t.Context(), s.push(t, tt.body))
			assert.Equal(t, s.box == nil, string(again.Body) == string(r.Body), "encrypted replies never look alike")
		})
	}
}

// opened reads an encrypted reply the way WeChat does.
func opened(t testing.TB, s sender, reply string) string {
	t.Helper()
	between := func(before, after string) string {
		_, rest, ok := strings.Cut(reply, before)
		require.True(t, ok, reply)
		value, _, ok := strings.Cut(rest, after)
		require.True(t, ok, reply)
		return value
	}
	var encrypted, signature, stamp, nonce string
	if s.json {
		encrypted, signature = between(`"Encrypt":"`, `"`), between(`"MsgSignature":"`, `"`)
		stamp, nonce = between(`"TimeStamp":`, `,`), between(`"Nonce":"`, `"`)
	} else {
		encrypted, signature = between("<Encrypt><![CDATA[", "]]>"), between("<MsgSignature><![CDATA[", "]]>")
		stamp, nonce = between("<TimeStamp>", "<"), between("<Nonce><![CDATA[", "]]>")
	}
	assert.Equal(t, sign.Push(s.token, stamp, nonce, encrypted), signature)
	assert.Equal(t, "1704100001", stamp)
	plain, err := s.box.Open(encrypted)
	require.NoError(t, err)
	return string(plain)
}

// Every single changed bit of the signature, the encrypted text, the timestamp and
// the nonce is refused.
func TestEveryChangedBitOfAPushIsRefused(t *testing.T) {
	t.Parallel()
	good := newSender(t, safeConfig).push(t, hello)
	h, calls := echoing(t, safeConfig)
	require.Equal(t, 200, h.Handle(t.Context(), good).Status)
	signature := strings.Index(good.RawQuery, "msg_signature=") + len("msg_signature=")
	encrypted := strings.Index(string(good.Body), "<Encrypt><![CDATA[") + len("<Encrypt><![CDATA[")
	end := strings.LastIndex(string(good.Body), "]]>")
	changes := 0
	try := func(r notify.Request) {
		changes++
		assert.NotEqual(t, 200, h.Handle(t.Context(), r).Status, "%s %s", r.RawQuery, r.Body)
	}
	for bit := range 8 {
		for i := signature; i < len(good.RawQuery); i++ {
			r := good
			q := []byte(r.RawQuery)
			q[i] ^= 1 << bit
			r.RawQuery = string(q)
			try(r)
		}
		for i := encrypted; i < end; i++ {
			r := good
			r.Body = append([]byte{}, good.Body...)
			r.Body[i] ^= 1 << bit
			try(r)
		}
		for _, name := range []string{"timestamp=", "nonce="} {
			at := strings.Index(good.RawQuery, "&"+name) + 1 + len(name)
			for i := at; good.RawQuery[i] != '&'; i++ {
				r := good
				q := []byte(r.RawQuery)
				q[i] ^= 1 << bit
				r.RawQuery = string(q)
				try(r)
			}
		}
	}
	assert.Equal(t, 1, *calls)
	assert.Greater(t, changes, 8*(40+400))
}

// What is signed but does not open: the negatives of V4, and length, app and
// padding as whoever knows the token could send them.
func TestAdverse34_35_SignedButDoesNotOpen(t *testing.T) {
	t.Parallel()
	at, nonce := "1714112445", "415670741"
	signed := func(encrypted string) (query, body string) {
		return "timestamp=" + at + "&nonce=" + nonce + "&encrypt_type=aes&msg_signature=" + sign.Push("AAAAA", at, nonce, encrypted), `{"Encrypt":"` + encrypted + `"}`
	}
	raw, err := base64.StdEncoding.DecodeString(v4Text)
	require.NoError(t, err)
	other := v4Config
	other.AppID = "wx0000000000000000"
	tests := []struct {
		name, encrypted string
		config          notify.PushConfig
	}{
		{"another app", v4Text, other},
		{"another key", v4Text, notify.PushConfig{AppID: v4App, Token: v4Config.Token, EncodingAESKey: seal.NewKey(v8Key)}},
		{"padding changed", base64.StdEncoding.EncodeToString(append(append([]byte{}, raw[:223]...), raw[223]^1)), v4Config},
		{"cut by half a block", base64.StdEncoding.EncodeToString(raw[:216]), v4Config},
		{"cut by blocks", base64.StdEncoding.EncodeToString(raw[:192]), v4Config},
		{"one block", base64.StdEncoding.EncodeToString(raw[:16]), v4Config},
		{"no base64", "****", v4Config},
		{"URL alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(v4Text), v4Config},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cause error
			h := pushHandler(t, tt.config, failed(&cause))
			query, body := signed(tt.encrypted)
			r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: query, Body: []byte(body)})
			assert.Equal(t, 500, r.Status)
			require.ErrorIs(t, cause, seal.ErrOpen)
			require.EqualError(t, cause, "seal: cannot decrypt: signed with our Token, so compare EncodingAESKey and AppID with those in the console", "one error for all")
		})
	}
}

func TestAdverse36_NothingReadableIsBelieved(t *testing.T) {
	t.Parallel()
	plain := strings.Replace(hello, "</xml>", "", 1)
	_, own, _ := strings.Cut(v8Body, "<Encrypt>")
	tests := []struct {
		name, query, body string
		cause             error
	}{
		{"readable, three-part signature", changed(changed(v8Query, "msg_signature", ""), "encrypt_type", ""), hello, sign.ErrDowngrade},
		{"readable and raw", changed(changed(v8Query, "msg_signature", ""), "encrypt_type", "raw"), hello, sign.ErrDowngrade},
		{"encrypted, msg_signature dropped", changed(v8Query, "msg_signature", ""), v8Body, sign.ErrDowngrade},
		{"encrypted, called raw", changed(v8Query, "encrypt_type", "raw"), v8Body, sign.ErrDowngrade},
		{"encrypted, called something", changed(v8Query, "encrypt_type", "AES"), v8Body, sign.ErrDowngrade},
		{"readable under a good signature", v8Query, hello, sign.ErrDowngrade},
		{"three-part signature for the other", changed(v8Query, "msg_signature", "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a"), v8Body, sign.ErrMismatch},
		{"empty Encrypt", changed(v8Query, "msg_signature", "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a"), "<xml><Encrypt></Encrypt></xml>", sign.ErrDowngrade},
		{"two of them", v8Query, plain + "<Encrypt>" + v8Text + "</Encrypt><Encrypt>" + v4Text + "</Encrypt></xml>", notify.ErrBody},
		{"signature twice", v8Query + "&msg_signature=1", v8Body, sign.ErrUnsigned},
		{"no nonce", changed(v8Query, "nonce", ""), v8Body, sign.ErrUnsigned},
		{"Encrypt further down", v8Query, "<xml><Encrypt><a>" + v8Text + "</a></Encrypt></xml>", sign.ErrDowngrade},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cause error
			h, calls := echoing(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("spamtest"), EncodingAESKey: seal.NewKey(v8Key)}, failed(&cause))
			r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: tt.query, Body: []byte(tt.body)})
			assert.NotEqual(t, 200, r.Status)
			require.ErrorIs(t, cause, tt.cause)
			assert.Zero(t, *calls)
		})
	}
	t.Run("the readable part of compatible mode", func(t *testing.T) {
		t.Parallel()
		var got string
		h := pushHandler(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("spamtest"), EncodingAESKey: seal.NewKey(v8Key)})
		notify.On(h, said, func(_ context.Context, e notify.Event[words]) error { got = e.Data.Content; return nil })
		r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v8Query, Body: []byte(plain + "<Encrypt>" + own)})
		assert.Equal(t, 200, r.Status)
		assert.Equal(t, "abcdteT", got, "and not hello")
	})
	t.Run("encrypted without a key", func(t *testing.T) {
		t.Parallel()
		var cause error
		h := pushHandler(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("spamtest")}, failed(&cause))
		r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v8Query, Body: []byte(v8Body)})
		assert.Equal(t, 500, r.Status)
		require.ErrorIs(t, cause, seal.ErrOpen)
	})
	t.Run("plain, wrong signature", func(t *testing.T) {
		t.Parallel()
		h, calls := echoing(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("other")})
		assert.Equal(t, 401, h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v8Query, Body: []byte(hello)}).Status)
		assert.Zero(t, *calls)
	})
}

func TestPushBelievesTheKeysBeforeAChange(t *testing.T) {
	t.Parallel()
	before := safeConfig
	after := notify.PushConfig{AppID: v8App, Token: seal.NewKey("newtoken"), EncodingAESKey: v4Config.EncodingAESKey, Now: then,
		Last: notify.PushKeys{Token: before.Token, EncodingAESKey: before.EncodingAESKey}}
	sameToken := after
	sameToken.Token = before.Token
	for name, c := range map[string]notify.PushConfig{"both changed": after, "key changed": sameToken} {
		h, calls := echoing(t, c)
		for _, from := range []notify.PushConfig{before, {AppID: c.AppID, Token: c.Token, EncodingAESKey: c.EncodingAESKey}} {
			s := newSender(t, from)
			r := h.Handle(t.Context(), s.push(t, hello))
			require.Equal(t, 200, r.Status, name)
			assert.Contains(t, opened(t, s, string(r.Body)), "hello", "answered with the keys of the question")
		}
		assert.Equal(t, 2, *calls)
		mixed := newSender(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("newtoken"), EncodingAESKey: before.EncodingAESKey})
		assert.NotEqual(t, 200, h.Handle(t.Context(), mixed.push(t, hello)).Status, name)
	}
	h := pushHandler(t, after)
	for _, token := range []string{"spamtest", "newtoken"} {
		query := "timestamp=1&nonce=2&echostr=3&signature=" + sign.Push(token, "1", "2")
		assert.Equal(t, 200, h.Handle(t.Context(), notify.Request{Method: "GET", RawQuery: query}).Status)
	}
}

func TestPushWindow(t *testing.T) {
	t.Parallel()
	c := safeConfig
	c.Window = 5 * time.Minute
	var cause error
	h, calls := echoing(t, c, failed(&cause))
	s := newSender(t, c)
	for _, tt := range []struct {
		at   int64
		want int
	}{{1704100001, 200}, {1704100301, 200}, {1704100302, 401}, {1704099701, 200}, {1704099700, 401}, {0, 401}, {1 << 39, 401}, {-1, 401}} {
		s.at = tt.at
		assert.Equal(t, tt.want, h.Handle(t.Context(), s.push(t, hello)).Status, tt.at)
		if tt.want == 401 {
			require.ErrorIs(t, cause, sign.ErrStale)
		}
	}
	assert.Equal(t, 3, *calls)
	query := "timestamp=soon&nonce=2&echostr=3&signature=" + sign.Push("spamtest", "soon", "2")
	assert.Equal(t, 401, h.Handle(t.Context(), notify.Request{Method: "GET", RawQuery: query}).Status)
	require.ErrorIs(t, cause, sign.ErrStale)

	c.Window = 0
	h, _ = echoing(t, c)
	s.at = 0
	assert.Equal(t, 200, h.Handle(t.Context(), s.push(t, hello)).Status, "no window, no look")
}

func TestPushConfigIsChecked(t *testing.T) {
	t.Parallel()
	key := seal.NewKey(v8Key)
	tests := []struct {
		name string
		c    notify.PushConfig
		says string
	}{
		{"no app", notify.PushConfig{Token: key}, "AppID: is empty"},
		{"no token", notify.PushConfig{AppID: "wx1", EncodingAESKey: key}, "Token: is empty"},
		{"short key", notify.PushConfig{AppID: "wx1", Token: key, EncodingAESKey: seal.NewKey("short")}, "EncodingAESKey: seal: unusable key: an EncodingAESKey has exactly 43"},
		{"last token missing", notify.PushConfig{AppID: "wx1", Token: key, EncodingAESKey: key, Last: notify.PushKeys{EncodingAESKey: key}}, "Last.Token: is empty"},
		{"last without a key", notify.PushConfig{AppID: "wx1", Token: key, EncodingAESKey: key, Last: notify.PushKeys{Token: key}}, "Last.EncodingAESKey: must be there exactly"},
		{"last with a key", notify.PushConfig{AppID: "wx1", Token: key, Last: notify.PushKeys{Token: key, EncodingAESKey: key}}, "Last.EncodingAESKey: must be there exactly"},
		{"last short key", notify.PushConfig{AppID: "wx1", Token: key, EncodingAESKey: key, Last: notify.PushKeys{Token: key, EncodingAESKey: seal.NewKey("x")}}, "Last.EncodingAESKey: seal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := notify.Push(tt.c)
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), v8Key)
		})
	}
	shown := fmt.Sprintf("%+v %#v", safeConfig, safeConfig)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "c", notify.PushConfig{AppID: "wx1", Token: key, EncodingAESKey: key})
	assert.NotContains(t, shown, "spamtest")
	assert.NotContains(t, shown+logged.String(), v8Key)
}

func TestPushOwners(t *testing.T) {
	t.Parallel()
	c := safeConfig
	c.Account = "gh_1"
	var cause error
	h, calls := echoing(t, c, failed(&cause))
	s := newSender(t, c)
	assert.Equal(t, 200, h.Handle(t.Context(), s.push(t, hello)).Status)
	assert.Equal(t, 403, h.Handle(t.Context(), s.push(t, strings.Replace(hello, "gh_1", "gh_2", 1))).Status)
	require.ErrorIs(t, cause, notify.ErrOwner)
	assert.Equal(t, 1, *calls)

	o := pushHandler(t, safeConfig, failed(&cause))
	notify.On(o, notify.Of[words]("event.x").Owner("Info.AppID"), func(context.Context, notify.Event[words]) error { return nil })
	for app, want := range map[string]int{v8App: 200, "wx2": 403, "": 403} {
		body := `{"MsgType":"event","Event":"x","FromUserName":"o1","CreateTime":1,"Info":{"AppID":"` + app + `"}}`
		assert.Equal(t, want, o.Handle(t.Context(), s.push(t, body)).Status, app)
	}
	assert.Equal(t, 403, o.Handle(t.Context(), s.push(t, `{"MsgType":"event","Event":"x","FromUserName":"o1","CreateTime":1}`)).Status)
}

func TestPushKindsCanBeNarrowed(t *testing.T) {
	t.Parallel()
	h := pushHandler(t, safeConfig)
	var got []string
	add := func(what string) func(context.Context, notify.Event[words]) error {
		return func(context.Context, notify.Event[words]) error { got = append(got, what); return nil }
	}
	notify.On(h, said.Having("Extra.Deep.Deeper"), add("deeper"))
	notify.On(h, said.Having("Extra.Deep"), add("deep"))
	notify.On(h, said.Having("Extra"), add("extra"))
	notify.On(h, said.Without("MsgId"), add("without"))
	notify.On(h, said, add("any"))
	s := newSender(t, safeConfig)
	for _, body := range []string{
		`{"MsgType":"text","MsgId":1,"Extra":{"Deep":"x"}}`, `{"MsgType":"text","MsgId":1,"Extra":{"Other":"x"}}`, `{"MsgType":"text","MsgId":1,"Extra":{"Deep":{"x":1}}}`, `{"MsgType":"text","MsgId":1,"Extra":"x"}`,
		`{"MsgType":"text","MsgId":1,"Extra":null}`, `{"MsgType":"text"}`,
	} {
		assert.Equal(t, 200, h.Handle(t.Context(), s.push(t, body)).Status)
	}
	assert.Equal(t, []string{"deep", "extra", "deep", "extra", "any", "without"}, got)
}

func TestPushAnswersHaveToBePassive(t *testing.T) {
	t.Parallel()
	var cause error
	h := pushHandler(t, safeConfig, failed(&cause))
	notify.Answer(h, notify.Asking[wechat.None](said), func(context.Context, notify.Event[words]) (wechat.None, error) { return wechat.None{}, nil })
	r := h.Handle(t.Context(), newSender(t, safeConfig).push(t, hello))
	assert.Equal(t, 500, r.Status)
	assert.Equal(t, "fail", string(r.Body))
	require.ErrorContains(t, cause, "is no Passive")
}
