package wechattest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

func TestLaunchRefusesWhatItShouldNotCall(t *testing.T) {
	t.Parallel()
	push := func(url string) wechattest.Targets {
		return wechattest.Targets{Push: &wechattest.PushTarget{URL: url, AppID: "wx0000a1", Token: "token"}}
	}
	old := wechattest.LegacyTarget{AppID: "wx0000a1", PaySignKey: "k", PartnerID: "0000", PartnerKey: "k", AlarmURL: "http://127.0.0.1:1/alarm"}
	tests := []struct {
		name    string
		targets wechattest.Targets
		says    string
	}{
		{"nothing", wechattest.Targets{}, "there is nothing to check"},
		{"no address", push(""), "there is nothing to check"},
		{"public", push("https://shop.example/wx"), "shop.example is neither loopback nor one of Targets.Hosts"},
		{"public number", push("http://203.0.113.9/wx"), "203.0.113.9 is neither loopback"},
		{"loopback in a name", push("http://127.0.0.1.shop.example/wx"), "neither loopback"},
		{"WeChat", push("https://api.weixin.qq.com/wx"), "is a host of WeChat's"},
		{"WeChat, public", func() wechattest.Targets { c := push("https://api.mch.weixin.qq.com/wx"); c.Public = true; return c }(), "is a host of WeChat's"},
		{"no scheme", push("127.0.0.1/wx"), "want a whole address"},
		{"a password", push("http://me:pw@127.0.0.1/wx"), "want a whole address"},
		{"count", wechattest.Targets{Legacy: &old, CountURL: "http://shop.example/count"}, "CountURL: shop.example is neither"},
		{"APIv3 key", wechattest.Targets{V3: &wechattest.V3Target{APIv3Key: "short"}}, "V3Target.APIv3Key: want 32 bytes, got 5"},
		{"no platform key", wechattest.Targets{V3: &wechattest.V3Target{APIv3Key: "0123456789abcdef0123456789abcdef"}}, "V3Target.Keys: none"},
		{"no PEM", wechattest.Targets{V3: &wechattest.V3Target{APIv3Key: "0123456789abcdef0123456789abcdef", Keys: []wechattest.PlatformKey{{ID: "a", PEM: "b"}}}}, "V3Target.Keys[0]: want a PEM block"},
		{"a public key", wechattest.Targets{V3: &wechattest.V3Target{APIv3Key: "0123456789abcdef0123456789abcdef",
			Keys: []wechattest.PlatformKey{{ID: "a", PEM: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}}}}, "want a private RSA key"},
		{"v2 key", wechattest.Targets{V2: &wechattest.V2Target{Key: "8fA3"}}, "V2Target.Key: want 32 bytes, got 4"},
		{"2014 keys", wechattest.Targets{Legacy: &wechattest.LegacyTarget{PaySignKey: "8fA3"}}, "PaySignKey has 4 bytes and PartnerKey 0"},
		{"AES key", wechattest.Targets{Push: &wechattest.PushTarget{URL: "http://127.0.0.1", EncodingAESKey: "8fA3"}}, "EncodingAESKey: want 43 letters and digits, got 4 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report, err := wechattest.Launch(t.Context(), tt.targets)
			require.ErrorContains(t, err, tt.says)
			assert.Nil(t, report)
			assert.NotContains(t, err.Error(), "8fA3")
		})
	}
}

// A shop that is not there fails; the check itself does not.
func TestLaunchOfNobody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	report, err := wechattest.Launch(t.Context(), wechattest.Targets{Push: &wechattest.PushTarget{URL: server.URL, AppID: "wx0000a1", Token: "token"}})
	require.NoError(t, err)
	assert.False(t, report.OK())
	for _, f := range report.Findings {
		if f.Rule == "genuine" || f.Rule == "unsigned" {
			assert.Equal(t, wechattest.Failed, f.Verdict)
			assert.Contains(t, f.Got, "no answer")
		}
	}
}

// Without a way to look at effects the rules about them are skipped, not passed.
func TestLaunchSkipsWhatItCannotSee(t *testing.T) {
	t.Parallel()
	server, targets := carefulShop(t)
	targets.V2, targets.Push, targets.Count = nil, nil, nil
	targets.V3.RefundURL, targets.V3.Keys, targets.V3.Samples = "", targets.V3.Keys[:1], targets.V3.Samples[:1]
	targets.Legacy = nil
	report, err := wechattest.Launch(t.Context(), targets)
	require.NoError(t, err)
	skipped := map[string]string{}
	for _, f := range report.Findings {
		if f.Verdict == wechattest.Skipped {
			skipped[f.Rule] = f.Got
		}
	}
	assert.Equal(t, map[string]string{"once": "the check cannot look: set Targets.Count or CountURL", "amount": "needs 2 samples, got 1",
		"currency": "needs 2 samples, got 1", "state": "needs 2 samples, got 1", "new values": "needs 3 samples, got 1"}, skipped)

	targets.CountURL = server.URL + "/nobody"
	report, err = wechattest.Launch(t.Context(), targets)
	require.NoError(t, err)
	for _, f := range report.Findings {
		if f.Rule == "once" {
			assert.Equal(t, wechattest.Failed, f.Verdict)
			assert.Contains(t, f.Got, "404")
		}
	}
}

func TestLaunchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	_, targets := carefulShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := wechattest.Launch(ctx, targets)
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, report.OK())
}

// A receiver that believes everybody is found out.
func ExampleLaunch() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "success") }))
	defer shop.Close()
	report, err := wechattest.Launch(context.Background(), wechattest.Targets{Shop: "The corner shop",
		Push: &wechattest.PushTarget{URL: shop.URL, AppID: "wx0000a1", Token: "token"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range report.Findings {
		if f.Rule == "missigned" {
			fmt.Printf("%s: %s\n%s\n", f.Verdict, f.Says, f.Mend)
		}
	}
	fmt.Println("ready:", report.OK())
	// Output:
	// fail: A message signed with another token is refused
	// Compare the signature over token, time and nonce (and Encrypt, in safe mode) in constant time before reading the body.
	// ready: false
}
