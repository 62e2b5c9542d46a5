package notify

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// other is a dialect as the older generations need it: proof in the query, an URL
// check by GET that it answers itself, XML payloads, textual acknowledgement, and
// replies that need to know the message they answer.
type other struct{ token string }

type message struct {
	XMLName xml.Name `xml:"xml"`
	To      string   `xml:"ToUserName"`
	From    string   `xml:"FromUserName"`
	Type    string   `xml:"MsgType"`
	Content string   `xml:"Content"`
	ID      string   `xml:"MsgId"`
}

func (d other) methods() []string { return []string{http.MethodGet, http.MethodPost} }
func (d other) now() time.Time    { return time.Now() }
func (d other) merchant() string  { return "gh_1" }

func (d other) open(_ context.Context, r Request, _ []string) (*notice, error) {
	q, err := url.ParseQuery(r.RawQuery)
	if err != nil || subtle.ConstantTimeCompare([]byte(q.Get("signature")), []byte(d.token)) != 1 {
		return nil, sign.ErrMismatch
	}
	if r.Method == http.MethodGet {
		return &notice{reply: &Reply{Status: 200, ContentType: "text/plain", Body: []byte(q.Get("echostr"))}}, nil
	}
	var m message
	if err := xml.Unmarshal(r.Body, &m); err != nil {
		return nil, malformed(err)
	}
	return &notice{id: m.ID, kind: strings.ToLower(m.Type), plain: r.Body, doc: m}, nil
}

func (d other) has(n *notice, field string) bool {
	return strings.Contains(string(n.plain), "<"+field+">")
}

func (d other) owned(n *notice, _ owner, _ []string) error {
	if n.doc.(message).To != d.merchant() {
		return ErrOwner
	}
	return nil
}

func (d other) decode(n *notice, out any, _ wire.Names) error {
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = n.plain
		return nil
	}
	return xml.Unmarshal(n.plain, out)
}

func (d other) success(*notice) Reply {
	return Reply{Status: 200, ContentType: "text/plain", Body: []byte("success")}
}

func (d other) failure(status int, _ string) Reply { return Reply{Status: status} }

func (d other) content(_ context.Context, n *notice, answer any) (Reply, error) {
	m := n.doc.(message)
	body, err := xml.Marshal(message{To: m.From, From: m.To, Type: "text", Content: fmt.Sprint(answer)})
	return Reply{Status: 200, ContentType: "text/xml", Body: body}, err
}

func TestOtherDialectsFitTheSeam(t *testing.T) {
	t.Parallel()
	h := NewHandler(other{"secret"})
	Answer(h, Asking[string](Of[message]("text").Having("Content")), func(_ context.Context, e Event[message]) (string, error) {
		return "you said " + e.Data.Content + " <&>", nil
	})
	events := 0
	On(h, Of[message]("event"), func(context.Context, Event[message]) error { events++; return nil })
	send := func(method, query, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/push?"+query, strings.NewReader(body)))
		return w
	}
	text := func(kind, to string) string {
		return "<xml><ToUserName>" + to + "</ToUserName><FromUserName>o1</FromUserName><MsgType>" + kind + "</MsgType><Content>hi</Content><MsgId>7</MsgId></xml>"
	}
	w := send("GET", "signature=secret&echostr=%3Cb%3E", "")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "<b>", w.Body.String())
	assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	assert.Equal(t, 401, send("GET", "signature=x&echostr=1", "").Code)
	assert.Equal(t, 401, send("POST", "signature=x", text("text", "gh_1")).Code)
	assert.Equal(t, 405, send("PUT", "signature=secret", "").Code)

	w = send("POST", "signature=secret", text("text", "gh_1"))
	assert.Equal(t, "text/xml", w.Header().Get("Content-Type"))
	assert.Equal(t, "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName><MsgType>text</MsgType><Content>you said hi &lt;&amp;&gt;</Content><MsgId></MsgId></xml>", w.Body.String())
	assert.Equal(t, "success", send("POST", "signature=secret", text("EVENT", "gh_1")).Body.String())
	assert.Equal(t, 1, events)
	assert.Equal(t, 403, send("POST", "signature=secret", text("event", "gh_2")).Code)
	assert.Equal(t, 500, send("POST", "signature=secret", "<xml>").Code)
	assert.Equal(t, 500, send("POST", "signature=secret", text("image", "gh_1")).Code)
	h.Fallback(func(_ context.Context, e Event[json.RawMessage]) error {
		assert.Equal(t, text("image", "gh_1"), string(e.Data))
		return nil
	})
	assert.Equal(t, "success", send("POST", "signature=secret", text("image", "gh_1")).Body.String())
}

func TestHandlersWithoutADialectRefuseEverything(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{nil, V3(nil)} {
		reply := NewHandler(d, nil, WithLogger(nil), WithObserver(nil), WithDeadline(-1), WithMaxBody(-1)).
			Handle(t.Context(), Request{Method: "POST", Body: []byte("{}")})
		assert.Equal(t, 500, reply.Status)
	}
}

func TestStatusesAndWords(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		ErrMethod: 405, ErrTooLarge: 413, ErrBody: 400, ErrMerchant: 404, ErrOwner: 403, sign.ErrUnsigned: 401, sign.ErrProbe: 401,
		sign.ErrStale: 401, sign.ErrUnknownKey: 401, sign.ErrMismatch: 401, ErrMalformed: 500, ErrUnknown: 500, ErrBusy: 500, ErrSeen: 500,
		ErrDeadline: 500, ErrPanic: 500, seal.ErrOpen: 500, errNoEnd: 500,
	} {
		assert.Equal(t, want, statusOf(fmt.Errorf("wrapped: %w", err)), err)
		assert.Equal(t, 500, statusOf(&handlerError{err}), "the shop's own")
		assert.NotEmpty(t, wordFor(want))
		assert.NotContains(t, wordFor(want), "sign")
	}
}

func TestValueNotAskedForIsAbsent(t *testing.T) {
	t.Parallel()
	n := &notice{plain: []byte(`{"a":1}`), fields: []string{"a"}, values: [][]byte{[]byte("1")}}
	assert.True(t, v3{}.has(n, "a"))
	assert.False(t, v3{}.has(n, "b"))
}
