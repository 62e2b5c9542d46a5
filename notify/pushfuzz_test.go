package notify_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/wxcommerce/wechat/notify"
)

// FuzzPushPlain hands over bodies whose query is signed, as plain mode cannot tell
// them apart.
func FuzzPushPlain(f *testing.F) { fuzzPush(f, modes["plain"]) }

// FuzzPushSafe hands over bodies inside of an authentic encryption.
func FuzzPushSafe(f *testing.F) { fuzzPush(f, safeConfig) }

func fuzzPush(f *testing.F, c notify.PushConfig) {
	f.Helper()
	for _, seed := range []string{hello, helloJSON, v4Plain, xmlWith("<Content>]]></Content>"), jsonWith(`,"Content":{"a":[null]}`), "<!DOCTYPE a>", "{}", ""} {
		f.Add([]byte(seed))
	}
	h, _ := echoing(f, c)
	h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error {
		if e.Key == "" || e.Type == "" {
			f.Errorf("key %q, type %q", e.Key, e.Type)
		}
		return nil
	})
	s := newSender(f, c)
	f.Fuzz(func(t *testing.T, body []byte) {
		r := h.Handle(t.Context(), s.push(t, string(body)))
		if r.Status != 200 && string(r.Body) != "fail" || r.Status == 200 && len(r.Body) == 0 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	})
}

// FuzzPushForged hands over what nobody signed.
func FuzzPushForged(f *testing.F) {
	f.Add(v8Query, []byte(hello), true)
	f.Add("signature=1&timestamp=2&nonce=3&echostr=4", []byte(nil), false)
	f.Add(v4Query, []byte(v4Body), true)
	h, calls := echoing(f, safeConfig)
	f.Fuzz(func(t *testing.T, query string, body []byte, post bool) {
		method := "GET"
		if post {
			method = "POST"
		}
		r := h.Handle(t.Context(), notify.Request{Method: method, RawQuery: query, Body: body})
		if r.Status == 200 || *calls > 0 {
			t.Fatalf("believed %q %q", query, body)
		}
	})
}
