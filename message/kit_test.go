package message_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// signed is the query of a push in plain mode.
func signed(token string) string {
	parts := []string{token, "1704100000", "123"}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return "timestamp=1704100000&nonce=123&signature=" + hex.EncodeToString(sum[:])
}

const token = "AAAAA"

func handler(t testing.TB, opts ...notify.Option) *notify.Handler {
	t.Helper()
	d, err := notify.Push(notify.PushConfig{AppID: "wx0000000000000001", Token: seal.NewKey(token)})
	require.NoError(t, err)
	return notify.NewHandler(d, opts...)
}

// push hands a push to h and returns what is answered.
func push(ctx context.Context, h *notify.Handler, body string) (status int, reply string) {
	r := h.Handle(ctx, notify.Request{Method: http.MethodPost, RawQuery: signed(token), Body: []byte(body)})
	return r.Status, string(r.Body)
}

// xmlOf is a push of these elements, written name=text.
func xmlOf(elements ...string) string {
	var b strings.Builder
	b.WriteString("<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1704100000</CreateTime>")
	for _, e := range elements {
		name, text, _ := strings.Cut(e, "=")
		b.WriteString("<" + name + "><![CDATA[" + text + "]]></" + name + ">")
	}
	return b.String() + "</xml>"
}

func wrote(text string) string { return xmlOf("MsgType=text", "Content="+text, "MsgId=1") }

// text is the reply with these words.
func text(words string) string { return "<Content><![CDATA[" + words + "]]></Content>" }

// outbox is a Sender that keeps what it is given.
type outbox struct {
	mu   sync.Mutex
	err  error
	sent []string // openid and kind
	hold chan struct{}
}

func (o *outbox) Send(ctx context.Context, openID string, m message.Message) error {
	if o.hold != nil {
		select {
		case <-o.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, openID+" "+m.Kind())
	return o.err
}

func (o *outbox) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// says makes a Reply with fixed words.
func says(words string) message.Reply {
	return func(context.Context, message.Incoming) (message.Message, error) { return message.Text(words), nil }
}
