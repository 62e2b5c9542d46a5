package message_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
)

func TestRouterPicksTheEntryThatFits(t *testing.T) {
	t.Parallel()
	matches := func(_ context.Context, in message.Incoming) (message.Message, error) {
		return message.Text(strings.Join(in.Matches, "|") + " for " + in.From), nil
	}
	key := func(_ context.Context, in message.Incoming) (message.Message, error) {
		return message.Text(in.Type + " " + in.EventKey + " " + in.Text), nil
	}
	r := message.NewRouter(nil)
	r.Default(key)
	r.Regexp(regexp.MustCompile(`^(\d+) x (\w+)$`), matches)
	r.Regexp(nil, matches)
	r.Prefix("order ", matches)
	r.Prefix("or", says("another prefix"))
	r.Exact("Order 7", says("exactly"))
	r.Exact("茶", says("tea"))
	r.Exact("nothing", nil)
	r.Choice("7", says("choice"))
	r.Subscribe(key)
	r.Scan(key)
	r.Click("buy", says("bought"))
	r.Click("", key)
	h := handler(t)
	r.Register(h)
	tests := []struct{ name, body, want string }{
		{"exact", wrote("茶"), text("tea")},
		{"exact, another case and blanks", wrote(" oRDER 7\n"), text("exactly")},
		{"prefix", wrote("ORDER  42 "), text("42 for o1")},
		{"the second prefix", wrote("ordinary"), text("another prefix")},
		{"regexp", wrote("3 x tea"), text("3 x tea|3|tea for o1")},
		{"choice", xmlOf("MsgType=text", "Content=茶", "MsgId=1", "bizmsgmenuid=7"), text("choice")},
		{"another choice", xmlOf("MsgType=text", "Content=茶", "MsgId=1", "bizmsgmenuid=8"), text("tea")},
		{"default", wrote("hello"), text("message.text  hello")},
		{"a registered nil is no entry", wrote("nothing"), text("message.text  nothing")},
		{"a recording", xmlOf("MsgType=voice", "Recognition=茶", "MsgId=1"), text("message.voice  茶")},
		{"a picture", xmlOf("MsgType=image", "MsgId=1"), text("message.image  ")},
		{"follows by a code", xmlOf("MsgType=event", "Event=subscribe", "EventKey=qrscene_12"), text("event.subscribe 12 ")},
		{"scans", xmlOf("MsgType=event", "Event=SCAN", "EventKey=qrscene_12"), text("event.scan qrscene_12 ")},
		{"taps", xmlOf("MsgType=event", "Event=CLICK", "EventKey=buy"), text("bought")},
		{"taps another", xmlOf("MsgType=event", "Event=CLICK", "EventKey=other"), text("event.click other ")},
		{"something else", xmlOf("MsgType=event", "Event=VIEW", "EventKey=https://shop.example.com"), "success"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, reply := push(t.Context(), h, tt.body)
			assert.Equal(t, 200, status)
			assert.Contains(t, reply, tt.want)
		})
	}
}

func TestRouterRegistersOnlyWhatItAnswers(t *testing.T) {
	t.Parallel()
	r := message.NewRouter(nil)
	r.Exact("tea", says("tea"))
	r.Click("buy", says("bought"))
	h := handler(t)
	r.Register(h)
	followed := 0
	notify.On(h, message.Subscribed, func(context.Context, notify.Event[message.Follow]) error { followed++; return nil })
	for _, body := range []string{wrote("coffee"), xmlOf("MsgType=image", "MsgId=1"), xmlOf("MsgType=event", "Event=CLICK", "EventKey=x"),
		xmlOf("MsgType=event", "Event=subscribe")} {
		_, reply := push(t.Context(), h, body)
		assert.Equal(t, "success", reply)
	}
	assert.Equal(t, 1, followed)
	assert.Nil(t, r.Late())

	empty := handler(t)
	(&message.Router{}).Register(empty)
	_, reply := push(t.Context(), empty, wrote("tea"))
	assert.Equal(t, "success", reply)
}

func TestRouterWithoutASenderRefusesWhatNoReplyCarries(t *testing.T) {
	t.Parallel()
	r := message.NewRouter(nil)
	r.Exact("card", func(context.Context, message.Incoming) (message.Message, error) { return message.Card("c1"), nil })
	r.Exact("error", func(context.Context, message.Incoming) (message.Message, error) {
		return message.Silence(), assert.AnError
	})
	r.Exact("silence", func(context.Context, message.Incoming) (message.Message, error) { return message.Silence(), nil })
	var record notify.Record
	h := handler(t, notify.WithObserver(func(_ context.Context, got notify.Record) { record = got }))
	r.Register(h)
	status, reply := push(t.Context(), h, wrote("card"))
	assert.Equal(t, 500, status)
	assert.Equal(t, "fail", reply)
	assert.ErrorContains(t, record.Err, "msgtype: a reply cannot carry wxcard")
	status, _ = push(t.Context(), h, wrote("error"))
	assert.Equal(t, 500, status)
	assert.ErrorIs(t, record.Err, assert.AnError)
	_, reply = push(t.Context(), h, wrote("silence"))
	assert.Equal(t, "success", reply)
}
