package wechattest

import (
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pushServer is a shop's server that believes everything.
type pushServer struct {
	bodies  []string
	queries []string
	answer  func(n int) (int, string)
}

func (s *pushServer) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.bodies, s.queries = append(s.bodies, string(body)), append(s.queries, r.URL.RawQuery)
	status, text := http.StatusOK, "success"
	if s.answer != nil {
		status, text = s.answer(len(s.bodies))
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text))}, nil
}

// Whoever adds events in a file of their own can rely on this.
func TestPushedEvents(t *testing.T) {
	t.Parallel()
	server, clock := &pushServer{}, NewClock(time.Time{})
	a, err := NewApp(AppConfig{Kind: MiniProgram, Clock: clock, Sender: server, Push: AppPush{URL: "http://127.0.0.1/push?a=1"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	list := [][]pushItem{{{"TemplateId", "T1"}}, {{"TemplateId", "T2"}}}
	event := func(items [][]pushItem) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.pushEvent("oLi", "some_event", pushItem{"Text", "a]]>b"}, pushItem{"Count", int64(2)}, pushItem{"Nest", []pushItem{{"List", items}}})
	}
	event(list)
	clock.Advance(0)
	require.Len(t, server.bodies, 1)
	assert.Equal(t, "<xml><ToUserName><![CDATA["+a.UserName+"]]></ToUserName>\n<FromUserName><![CDATA[oLi]]></FromUserName>\n<CreateTime>1767578400</CreateTime>\n"+
		"<MsgType><![CDATA[event]]></MsgType>\n<Event><![CDATA[some_event]]></Event>\n<Text><![CDATA[a]]]]><![CDATA[>b]]></Text>\n<Count>2</Count>\n"+
		"<Nest><List><TemplateId><![CDATA[T1]]></TemplateId>\n</List>\n<List><TemplateId><![CDATA[T2]]></TemplateId>\n</List>\n</Nest>\n</xml>", server.bodies[0])
	assert.Regexp(t, `^a=1&nonce=\d{9}&openid=oLi&signature=[0-9a-f]{40}&timestamp=1767578400$`, server.queries[0])

	set := a.Push()
	set.JSON = true
	require.NoError(t, a.SetPush(set))
	event(list)
	event(list[:1])
	clock.Advance(0)
	require.Len(t, server.bodies, 3)
	assert.Contains(t, server.bodies[1], `"Text":"a]]>b","Count":2,"Nest":{"List":[{"TemplateId":"T1"},{"TemplateId":"T2"}]}}`)
	assert.Contains(t, server.bodies[2], `"Nest":{"List":{"TemplateId":"T1"}}}`)
}

func TestPushesAreRepeatedThreeTimes(t *testing.T) {
	t.Parallel()
	server, clock := &pushServer{answer: func(int) (int, string) { return 500, "" }}, NewClock(time.Time{})
	a, err := NewApp(AppConfig{Clock: clock, Sender: server, Push: AppPush{URL: "http://127.0.0.1/push"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	a.mu.Lock()
	id := a.pushMessage("oLi", "text", pushItem{"Content", "hi"})
	a.mu.Unlock()
	clock.Advance(time.Hour)
	require.Len(t, server.bodies, 4)
	for _, b := range server.bodies {
		assert.Equal(t, server.bodies[0], b)
	}
	for i, d := range a.Pushes() {
		assert.Equal(t, PushDelivery{OpenID: "oLi", MsgType: "text", MsgID: id, Try: i + 1, At: d.At, Status: 500, Err: "want status 200"}, d)
	}
}

// The vectors of the official documents for plain and sealed pushes.
func TestVectorsOfPushes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "f464b24fc39322e44b38aa78f5edd27bd1441696", sumPush("AAAAA", "1714036504", "1514711492"))
	assert.Equal(t, "899cf89e464efb63f54ddac96b0a0a235f53aa78", sumPush("AAAAA", "1714037059", "486452656"))
	assert.Equal(t, "f7c3bc1d808e04732adf679965ccc34ca7ae3441", sumPush("789", "456", "123"))
	sum := sha1.Sum([]byte("123456789"))
	assert.Equal(t, "f7c3bc1d808e04732adf679965ccc34ca7ae3441", hex.EncodeToString(sum[:]))

	tests := []struct{ name, key, appID, random, msg, sealed string }{
		{"reply of the official example", strings.Repeat("A", 43), "wxba5fad812f8e6fb9", "707722b803182950", `{"demo_resp":"good luck"}`,
			"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="},
		{"text in Chinese", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6", "aaaabbbbccccdddd", "我是中文abcd123",
			"jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="},
		{"key with bits that do not count", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7", "", "1616140317555161061",
			"P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := pushKey(tt.key)
			require.NoError(t, err)
			got, err := openPush(key, tt.sealed, tt.appID)
			require.NoError(t, err)
			assert.Equal(t, tt.msg, string(got))
			if tt.random != "" {
				sealed, err := sealPush(key, tt.random, tt.msg, tt.appID)
				require.NoError(t, err)
				assert.Equal(t, tt.sealed, sealed)
			}
			for _, bad := range []string{"", "AAAA", tt.sealed[:20], strings.Replace(tt.sealed, tt.sealed[30:34], "AAAA", 1)} {
				_, err = openPush(key, bad, tt.appID)
				assert.Error(t, err)
			}
			_, err = openPush(key, tt.sealed, "wx0000000000000000")
			assert.Error(t, err)
		})
	}
}
