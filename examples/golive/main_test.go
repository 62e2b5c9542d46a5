package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "targets.json")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", nil, noCheck, "-targets FILE"},
		{"no such file", []string{"-targets", "nowhere.json"}, noCheck, "nowhere.json"},
		{"no JSON", []string{"-targets", file(t, "shop")}, noCheck, "invalid character"},
		{"misspelt", []string{"-targets", file(t, `{"push":{"adress":"x"}}`)}, noCheck, `unknown field "adress"`},
		{"empty", []string{"-targets", file(t, `{}`)}, noCheck, "nothing to check"},
		{"public", []string{"-targets", file(t, `{"push":{"url":"https://shop.example/wx","appid":"wx0000a1","token":"abc"}}`)}, noCheck, "neither loopback"},
		{"no such flag", []string{"-x"}, noCheck, "not defined"},
		{"help", []string{"-h"}, ready, "-host"},
		{"example", []string{"-example"}, ready, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &out, &errs))
			assert.Contains(t, errs.String(), tt.says)
		})
	}
}

func TestExampleFileIsUnderstood(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-example"}, &out, &errs))
	got, err := read(file(t, out.String()))
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:8080/notify/pay", got.V3.PayURL)
	assert.EqualValues(t, 100, got.V3.Refunds[0].Refund)
}

func TestReportsAndExitStatus(t *testing.T) {
	t.Parallel()
	push, err := notify.Push(notify.PushConfig{AppID: "wx0000a1", Token: seal.NewKey("token")})
	require.NoError(t, err)
	h := notify.NewHandler(push)
	h.Fallback(func(context.Context, notify.Event[json.RawMessage]) error { return nil })
	good := httptest.NewServer(h)
	defer good.Close()
	bad := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer bad.Close()
	targets := func(url string) string {
		b, err := json.Marshal(wechattest.Targets{Shop: "<shop>", Push: &wechattest.PushTarget{URL: url, AppID: "wx0000a1", Token: "token"}})
		require.NoError(t, err)
		return file(t, string(b))
	}
	page := filepath.Join(t.TempDir(), "report.html")
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"text", []string{"-targets", targets(good.URL)}, ready, "<shop> is ready to go live"},
		{"json", []string{"-targets", targets(bad.URL), "-format", "json"}, notReady, `"verdict": "fail"`},
		{"html", []string{"-targets", targets(good.URL), "-format", "html", "-o", page}, ready, "The report is in " + page},
		{"no such format", []string{"-targets", targets(bad.URL), "-format", "pdf"}, noCheck, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &out, &errs), out.String()+errs.String())
			assert.Contains(t, out.String(), tt.says)
		})
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(written), "&lt;shop&gt; is ready")
}
