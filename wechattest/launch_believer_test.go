package wechattest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// believer takes everything for genuine, in the words of one generation.
func believer(t *testing.T, answer string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 8<<20))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Whoever believes everything fails every rule about what must not be believed,
// in every generation: no such rule passes by itself.
func TestLaunchFindsBelieversOfEveryGeneration(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for slow senders; the whole run has it")
	}
	t.Parallel()
	const aes = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	xml := believer(t, "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code><RetCode>0</RetCode></xml>")
	word := believer(t, "success")
	targets := wechattest.Targets{
		V2: &wechattest.V2Target{MchID: "0000100001", AppID: "wx0000a1", Key: strings.Repeat("k", 32), HMAC: true, PayURL: xml, RefundURL: xml, NativeURL: xml, ProductID: "tea",
			Samples: samples("believe")[:1], Refunds: []wechattest.RefundSample{{Sample: samples("believe")[0], OutRefundNo: "r1", Refund: 1}}},
		Legacy: &wechattest.LegacyTarget{AppID: "wx0000a1", PaySignKey: "sign", PartnerID: "0000201401", PartnerKey: "partner", PayURL: word, NativeURL: xml, ProductID: "tea",
			RightsURL: word, AlarmURL: word, Samples: samples("believe")[:1]},
		Push: &wechattest.PushTarget{URL: word, AppID: "wx0000a1", Token: "token", EncodingAESKey: aes},
	}
	report, err := wechattest.Launch(t.Context(), targets)
	require.NoError(t, err)
	// What a believer may pass: genuine notices, copies of them, being alive, and the
	// rules that look at effects nobody counts here.
	fair := []string{"genuine", "copies", "alive", "unknown order", "held up", "address check forged"}
	var text bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	rules := map[string]bool{}
	for _, f := range report.Findings {
		if f.Verdict == wechattest.Passed && !slices.Contains(fair, f.Rule) {
			assert.Fail(t, "a rule that passes a believer", "%s: %s\n%s", f.Target, f.Rule, text.String())
		}
		rules[f.Rule] = true
	}
	for _, rule := range []string{"doctype", "element twice", "downgraded", "foreign", "tampered", "unsigned", "missigned", "sealed elsewhere", "short signature", "in clear",
		"missigned query", "other buyer", "unsigned body", "oversize", "depth", "slow"} {
		assert.True(t, rules[rule], rule)
	}
}
