package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// modes are an account in plain mode, whose bodies anybody may have written, and
// one in safe mode.
var modes = map[string]notify.PushConfig{
	"plain": {AppID: "wx1", Token: seal.NewKey("AAAAA"), Now: then},
	"safe":  safeConfig,
}

// refusedPush checks that a body reaches no function, in both modes.
func refusedPush(t *testing.T, name, body string) {
	t.Helper()
	for mode, c := range modes {
		var cause error
		h, calls := echoing(t, c, failed(&cause))
		h.Fallback(func(context.Context, notify.Event[json.RawMessage]) error { *calls++; return nil })
		start := time.Now()
		r := h.Handle(t.Context(), newSender(t, c).push(t, body))
		assert.GreaterOrEqual(t, r.Status, 400, "%s, %s", name, mode)
		assert.Equal(t, "fail", string(r.Body))
		require.Error(t, cause)
		assert.Less(t, len(cause.Error()), 300)
		assert.Zero(t, *calls, "%s, %s", name, mode)
		assert.Less(t, time.Since(start), 2*time.Second, "%s, %s", name, mode)
	}
}

// takenPush checks that a body is understood, in both modes, and returns the reply.
func takenPush(t *testing.T, name, body string) (content string) {
	t.Helper()
	for mode, c := range modes {
		var got notify.Event[words]
		h := pushHandler(t, c)
		notify.On(h, said, func(_ context.Context, e notify.Event[words]) error { got = e; return nil })
		r := h.Handle(t.Context(), newSender(t, c).push(t, body))
		assert.Equal(t, 200, r.Status, "%s, %s", name, mode)
		content = got.Data.Content
	}
	return content
}

func xmlWith(inner string) string {
	return "<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId>" + inner + "</xml>"
}

func jsonWith(inner string) string {
	return `{"FromUserName":"o1","CreateTime":1,"MsgType":"text","MsgId":1` + inner + `}`
}

func TestAdverse65_EntitiesInPushes(t *testing.T) {
	t.Parallel()
	laughs := `<!DOCTYPE x [<!ENTITY a0 "ha">`
	for i := range 30 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "&a%d;&a%d;">`, i+1, i, i)
	}
	for name, body := range map[string]string{
		"DOCTYPE":              `<!DOCTYPE xml>` + xmlWith("<Content>x</Content>"),
		"internal entity":      `<!DOCTYPE xml [<!ENTITY a "b">]>` + xmlWith("<Content>&a;</Content>"),
		"external entity":      `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + xmlWith("<Content>&a;</Content>"),
		"parameter entity":     `<!DOCTYPE xml [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>` + xmlWith(""),
		"billion laughs":       laughs + `]>` + xmlWith("<Content>&a30;</Content>"),
		"undeclared entity":    xmlWith("<Content>&a;</Content>"),
		"DOCTYPE inside":       xmlWith("<Content><!DOCTYPE a></Content>"),
		"processing":           xmlWith("<?xml-stylesheet href='x'?>"),
		"comment":              xmlWith("<!-- x -->"),
		"GBK":                  `<?xml version="1.0" encoding="GBK"?>` + xmlWith(""),
		"UTF-16":               "\xFE\xFF\x00<\x00x\x00m\x00l\x00>",
		"DOCTYPE behind a BOM": "\uFEFF<!DOCTYPE xml>" + xmlWith(""),
	} {
		refusedPush(t, name, body)
	}
}

func TestAdverse66_DepthAndCrowdsInPushes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"XML 40,000 deep":            xmlWith(strings.Repeat("<a>", 40_000) + strings.Repeat("</a>", 40_000)),
		"XML never closed":           "<xml>" + strings.Repeat("<a>", 200_000),
		"JSON 100,000 deep":          strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"arrays 100,000 deep":        jsonWith(`,"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
		"100,000 attributes":         "<xml" + strings.Repeat(` a="b"`, 100_000) + "></xml>",
		"100,000 elements":           xmlWith(strings.Repeat("<a/>", 100_000)),
		"100,000 elements of a list": jsonWith(`,"a":[` + strings.Repeat("1,", 100_000) + "1]"),
		"a name without end":         xmlWith("<" + strings.Repeat("a", 500_000) + ">"),
		"50,000 keys":                jsonWith(keys(50_000)),
	} {
		refusedPush(t, name, body)
	}
	c := modes["plain"]
	h, calls := echoing(t, c)
	r := h.Handle(t.Context(), newSender(t, c).push(t, xmlWith("<Content>"+strings.Repeat("x", 1<<20)+"</Content>")))
	assert.Equal(t, 413, r.Status)
	assert.Zero(t, *calls)
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()
}

func TestAdverse67_DoubledAndRespelledFieldsOfPushes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"sender twice":          xmlWith("<FromUserName>o2</FromUserName>"),
		"type twice":            xmlWith("<MsgType>event</MsgType>"),
		"id twice":              xmlWith("<MsgId>2</MsgId>"),
		"event twice":           xmlWith("<Event>a</Event><Event>b</Event>"),
		"content twice":         xmlWith("<Content>a</Content><Content>b</Content>"),
		"content twice in JSON": jsonWith(`,"Content":"a","Content":"b"`),
		"escaped twin":          jsonWith(`,"Content":"a","\u0043ontent":"b"`),
		"sender twice in JSON":  jsonWith(`,"FromUserName":"o2"`),
		"a list for a sender":   `{"FromUserName":["o1","o2"],"CreateTime":1,"MsgType":"text","MsgId":1}`,
		"no type":               `<xml><FromUserName>o1</FromUserName></xml>`,
		"type in lower case":    `{"msgtype":"text"}`,
		"endless type":          `{"MsgType":"` + strings.Repeat("x", 65) + `"}`,
	} {
		refusedPush(t, name, body)
	}
	// Names are exact, so another spelling is another, unknown field.
	assert.Equal(t, "a", takenPush(t, "case", jsonWith(`,"content":"b","Content":"a","CONTENT":"c"`)))
	assert.Equal(t, "a", takenPush(t, "case", xmlWith(`<content>b</content><Content>a</Content><CONTENT>c</CONTENT>`)))
	assert.Equal(t, "a", takenPush(t, "long s", jsonWith(`,"Content":"a","M\u017fgId":2`)))
}

func TestAdverse68_OddValuesInPushes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":               jsonWith(`,"Content":"a","X":null,"Y":[null]`),
		"array for a text":   `{"FromUserName":["o1"],"CreateTime":["1"],"MsgType":"text","MsgId":1,"Content":["a"]}`,
		"strings":            `{"FromUserName":"o1","CreateTime":"1","MsgType":"TEXT","MsgId":"1","Content":"a"}`,
		"unknown fields":     jsonWith(`,"Content":"a","New":{"Deep":[{"x":[1.5e3,true]}]}`),
		"unknown elements":   xmlWith("<New><Deep><item/></Deep></New><Content>a</Content>"),
		"no CDATA":           xmlWith("<Content>a</Content>"),
		"CDATA and newlines": xmlWith("\n<Content>\n<![CDATA[a]]>\n</Content>\n"),
		"time of nothing":    xmlWith("<Content>a</Content>"),
	} {
		assert.Equal(t, "a", takenPush(t, name, body), name)
	}
	type number struct {
		ID int64 `json:"MsgId"`
	}
	for body, want := range map[string]int64{
		`{"MsgType":"text","MsgId":9007199254740993}`:                         9007199254740993,
		`{"MsgType":"text","MsgId":"9223372036854775807"}`:                    9223372036854775807,
		`<xml><MsgType>text</MsgType><MsgId> 9007199254740993 </MsgId></xml>`: 9007199254740993,
		`{"MsgType":"text","MsgId":""}`:                                       0,
		`{"MsgType":"text","MsgId":9223372036854775808}`:                      -1, // refused
		`{"MsgType":"text","MsgId":1e3}`:                                      -1,
		`{"MsgType":"text","MsgId":{"a":1}}`:                                  -1,
	} {
		h := pushHandler(t, modes["plain"])
		got := int64(-1)
		notify.On(h, notify.Of[number]("message.text"), func(_ context.Context, e notify.Event[number]) error { got = e.Data.ID; return nil })
		h.Handle(t.Context(), newSender(t, modes["plain"]).push(t, body))
		assert.Equal(t, want, got, body)
	}
	h := pushHandler(t, modes["plain"])
	var kind string
	h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error { kind = e.Type; return nil })
	for body, want := range map[string]string{
		`{"MsgType":"hologram"}`: "message.hologram", `{"MsgType":"event","Event":"NEW_One"}`: "event.new_one", `{"MsgType":"event"}`: "event.",
	} {
		assert.Equal(t, 200, h.Handle(t.Context(), newSender(t, modes["plain"]).push(t, body)).Status)
		assert.Equal(t, want, kind)
	}
}

func TestAdverse69_OddTextInPushes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"second document":       xmlWith("") + xmlWith(""),
		"text behind it":        xmlWith("") + "x",
		"second object":         jsonWith("") + jsonWith(""),
		"]]> outside CDATA":     xmlWith("<Content>]]></Content>"),
		"control byte in JSON":  jsonWith(",\"Content\":\"\x00\""),
		"a NUL that hides a <!": "<\x00!DOCTYPE xml>" + xmlWith(""),
		"blanks":                " \n ",
		"array":                 `[{"MsgType":"text"}]`,
		"null":                  "null",
	} {
		refusedPush(t, name, body)
	}
	assert.Equal(t, "ab", takenPush(t, "NUL", xmlWith("<Content>a\x00b</Content>")))
	assert.Equal(t, "ab", takenPush(t, "invalid UTF-8", xmlWith("<Content><![CDATA[a\xFFb]]></Content>")))
	assert.Equal(t, "a\uFFFDb", takenPush(t, "invalid UTF-8 in JSON", jsonWith(",\"Content\":\"a\xFFb\"")))
	assert.Equal(t, "a\x00b", takenPush(t, "escaped NUL in JSON", jsonWith(`,"Content":"a\u0000b"`)))

	// What a user wrote comes back whole, whatever it looks like.
	for _, c := range modes {
		h, _ := echoing(t, c)
		s := newSender(t, c)
		for _, said := range []string{"]]>", "x]]>]]>y", "<![CDATA[", "</Content></xml><xml>", "&lt;&", `"\`, "a\u0000b", "👍"} {
			asJSON, err := json.Marshal(said)
			require.NoError(t, err)
			r := h.Handle(t.Context(), s.push(t, xmlWith("<Content><![CDATA["+strings.ReplaceAll(said, "]]>", "]]]]><![CDATA[>")+"]]></Content>")))
			require.Equal(t, 200, r.Status, said)
			reply := string(r.Body)
			if s.box != nil {
				reply = opened(t, s, reply)
			}
			assert.Equal(t, strings.ReplaceAll(said, "\x00", ""), contentOf(t, reply))

			j := s
			j.json = true
			r = h.Handle(t.Context(), j.push(t, jsonWith(`,"Content":`+string(asJSON))))
			reply = string(r.Body)
			if s.box != nil {
				reply = opened(t, j, reply)
			}
			assert.Equal(t, said, contentOf(t, reply))
		}
	}
}

// contentOf reads a reply with the standard library.
func contentOf(t testing.TB, reply string) string {
	t.Helper()
	var got struct{ Content string }
	if strings.HasPrefix(reply, "{") {
		require.NoError(t, json.Unmarshal([]byte(reply), &got), reply)
		return got.Content
	}
	return stdContent(t, reply)
}

// Keys tell copies from what is new, as WeChat advises.
func TestPushKeysTellCopies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, key string }{
		{"message", `{"MsgType":"text","FromUserName":"o1","CreateTime":5,"MsgId":77}`, "message.text/77"},
		{"event", `{"MsgType":"event","Event":"VIEW","FromUserName":"o1","CreateTime":5}`, "event.view/o1/5"},
		{"event with a key", `{"MsgType":"event","Event":"CLICK","FromUserName":"o1","CreateTime":5,"EventKey":"buy"}`, "event.click/o1/5/buy"},
		{"event with a number", `{"MsgType":"event","Event":"X","FromUserName":"o1","CreateTime":5,"MsgID":9}`, "event.x/o1/5/9"},
		{"neither", `{"MsgType":"event","Event":"X","CreateTime":5}`, ""},
	} {
		h := pushHandler(t, modes["plain"])
		var key string
		h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error { key = e.Key; return nil })
		for range 2 {
			h.Handle(t.Context(), newSender(t, modes["plain"]).push(t, tt.body))
			if tt.key == "" {
				assert.Regexp(t, `^wx1/event\.x/[0-9a-f]{32}$`, key)
			} else {
				assert.Equal(t, "wx1/"+tt.key, key)
			}
		}
	}
	var calls atomic.Int32
	h := pushHandler(t, safeConfig, notify.WithSeen(notify.NewMemory(0, 0, nil)))
	notify.On(h, said, func(context.Context, notify.Event[words]) error { calls.Add(1); return nil })
	for range 4 { // the first and three retries, each encrypted anew
		assert.Equal(t, "success", string(h.Handle(t.Context(), newSender(t, safeConfig).push(t, hello)).Body))
	}
	assert.EqualValues(t, 1, calls.Load())
}
