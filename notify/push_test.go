package notify_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// The official vectors of message push. The keys protect nothing.
const (
	v4App   = "wxba5fad812f8e6fb9"
	v4Query = "signature=6c5c811b55cc85e0e1b54100749188c20beb3f5d&timestamp=1714112445&nonce=415670741&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
	v4Text  = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
	v4Plain = `{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}`
	v4Body  = `{"ToUserName":"gh_97417a04a28d","Encrypt":"` + v4Text + `"}`

	v8App   = "wx2c2769f8efd9abc2"
	v8Key   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	v8Query = "signature=16120ec1b8dbb870f510d87ce6bc2463eae6ca1a&timestamp=1409735669&nonce=1320562132&encrypt_type=aes&msg_signature=5d197aaffba7e9b25a30732f161a50dee96bd5fa"
	v8Text  = "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
	v8Body  = "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><Encrypt><![CDATA[" + v8Text + "]]></Encrypt></xml>"
)

var v4Config = notify.PushConfig{AppID: v4App, Token: seal.NewKey("AAAAA"), EncodingAESKey: seal.NewKey(strings.Repeat("A", 43))}

func pushHandler(t testing.TB, c notify.PushConfig, opts ...notify.Option) *notify.Handler {
	t.Helper()
	d, err := notify.Push(c)
	require.NoError(t, err)
	return notify.NewHandler(d, opts...)
}

// failed keeps the error of the last request.
func failed(err *error) notify.Option {
	return notify.WithObserver(func(_ context.Context, r notify.Record) { *err = r.Err })
}

func TestPushAnswersTheCheckOfTheURL(t *testing.T) {
	t.Parallel()
	const good = "timestamp=1714036504&nonce=1514711492&signature=f464b24fc39322e44b38aa78f5edd27bd1441696"
	tests := []struct {
		name, query string
		want        int
		cause       error
	}{
		{"V1", good + "&echostr=4375120948345356249", 200, nil},
		{"no signature", "timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249", 401, sign.ErrNoSign},
		{"another nonce", strings.Replace(good, "nonce=1", "nonce=2", 1) + "&echostr=1", 401, sign.ErrMismatch},
		{"upper case", strings.Replace(good, "f464b24f", "F464B24F", 1) + "&echostr=1", 401, sign.ErrMismatch},
		{"nothing to echo", good, 401, sign.ErrUnsigned},
		{"no nonce", "timestamp=1714036504&signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=1", 401, sign.ErrUnsigned},
		{"signature twice", good + "&signature=x&echostr=1", 401, sign.ErrUnsigned},
		{"broken escape", good + "&echostr=%zz", 401, sign.ErrUnsigned},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cause error
			h := pushHandler(t, notify.PushConfig{AppID: "wx1", Token: seal.NewKey("AAAAA")}, failed(&cause))
			r := h.Handle(t.Context(), notify.Request{Method: "GET", RawQuery: tt.query})
			assert.Equal(t, tt.want, r.Status)
			assert.Equal(t, "text/plain; charset=utf-8", r.ContentType)
			require.ErrorIs(t, cause, tt.cause)
			if tt.want == 200 {
				assert.Equal(t, "4375120948345356249", string(r.Body))
			} else {
				assert.Equal(t, "fail", string(r.Body))
			}
		})
	}
}

func TestPushOpensSafeMode(t *testing.T) {
	t.Parallel()
	h := pushHandler(t, v4Config)
	type demo struct {
		Text string `json:"debug_str"`
	}
	var got notify.Event[demo]
	notify.On(h, notify.Of[demo]("event.debug_demo"), func(_ context.Context, e notify.Event[demo]) error { got = e; return nil })
	r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v4Query, Body: []byte(v4Body)})
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, "success", string(r.Body))
	assert.Equal(t, "hello world", got.Data.Text)
	assert.Equal(t, v4Plain, string(got.Plain))
	assert.Equal(t, v4App+"/event.debug_demo/o9AgO5Kd5ggOC-bXrbNODIiE3bGY/1714112445", got.Key)
	assert.Equal(t, time.Unix(1714112445, 0), got.Created.Time)

	x := pushHandler(t, notify.PushConfig{AppID: v8App, Token: seal.NewKey("spamtest"), EncodingAESKey: seal.NewKey(v8Key)})
	type text struct {
		From    string `json:"FromUserName"`
		Content string `json:"Content"`
		ID      uint64 `json:"MsgId"`
	}
	var said notify.Event[text]
	notify.On(x, notify.Of[text]("message.text"), func(_ context.Context, e notify.Event[text]) error { said = e; return nil })
	r = x.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v8Query, Body: []byte(v8Body)})
	assert.Equal(t, "success", string(r.Body))
	assert.Equal(t, text{"oyORnuP8q7ou2gfYjqLzSIWZf0rs", "abcdteT", 6054768590064713728}, said.Data)
	assert.Equal(t, v8App+"/message.text/6054768590064713728", said.Key)
}

func TestPushesNobodyWantsAreAcknowledged(t *testing.T) {
	t.Parallel()
	var record notify.Record
	h := pushHandler(t, v4Config, notify.WithObserver(func(_ context.Context, r notify.Record) { record = r }))
	r := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v4Query, Body: []byte(v4Body)})
	assert.Equal(t, "success", string(r.Body))
	assert.True(t, record.Ignored)
	h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error {
		assert.Equal(t, "event.debug_demo", e.Type)
		return assert.AnError
	})
	r = h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: v4Query, Body: []byte(v4Body)})
	assert.Equal(t, 500, r.Status)
	assert.False(t, record.Ignored)
}

func changed(query, name, value string) string {
	v, _ := url.ParseQuery(query)
	if value == "" {
		v.Del(name)
	} else {
		v.Set(name, value)
	}
	return v.Encode()
}

// stdContent reads the Content of a reply with encoding/xml.
func stdContent(t testing.TB, reply string) string {
	t.Helper()
	var got struct {
		XMLName xml.Name `xml:"xml"`
		Content string
	}
	require.NoError(t, xml.Unmarshal([]byte(reply), &got), reply)
	return got.Content
}
