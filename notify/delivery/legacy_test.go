package delivery_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/seal"
)

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	appID14 = "wxf8b4f85f3a794e77"
	appKey  = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
)

func legacyDesk(t *testing.T, status int, answer string) (*delivery.Legacy, *[]string) {
	t.Helper()
	var sent []string
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		sent = append(sent, r.Method+" "+r.URL.String(), string(body))
		if answer == cut {
			return nil, errors.New("connection reset by peer")
		}
		return httpmock.NewStringResponse(status, answer), err
	})
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: appID14, PaySignKey: seal.NewKey(appKey), PartnerID: "1900000109",
		PartnerKey: seal.NewKey("8934e7d15453e97507ef794cf7b0519d"), Tokens: token{}}, wechat.WithTransport(&http.Client{Transport: mock}))
	require.NoError(t, err)
	return delivery.NewLegacy(m), &sent
}

// notice14 is the input of vector D-10, which was computed from the rule with two
// other tools: no published one computes.
func notice14() delivery.LegacyNotice {
	return delivery.LegacyNotice{OpenID: "oLegacyOpenId0000000000000001", TransactionID: "1900000109201405180000000001",
		OutTradeNo: "7240b65810859cbf2a8d9f76a638c0a3", At: time.Unix(1400000400, 0)}
}

func TestLegacyNotify(t *testing.T) {
	t.Parallel()
	l, sent := legacyDesk(t, 200, ok)
	require.NoError(t, l.Notify(t.Context(), notice14()))
	require.Len(t, *sent, 2)
	assert.Equal(t, "POST https://api.weixin.qq.com/pay/delivernotify?access_token=T0KEN", (*sent)[0])
	assert.JSONEq(t, `{"appid":"wxf8b4f85f3a794e77","openid":"oLegacyOpenId0000000000000001","transid":"1900000109201405180000000001","out_trade_no":"7240b65810859cbf2a8d9f76a638c0a3",`+
		`"deliver_timestamp":"1400000400","deliver_status":"1","deliver_msg":"ok","app_signature":"ebcc06493068d3670fdcf0cffdfa81206a5b2a2e","sign_method":"sha1"}`, (*sent)[1], "D-10")
	assert.NotContains(t, (*sent)[1], "appkey")
	assert.NotContains(t, (*sent)[1], appKey)
	assert.NotContains(t, (*sent)[1], `\u00`)

	failed := notice14()
	failed.Failed, failed.Message = true, "地址 & 电话 <wrong>"
	require.NoError(t, l.Notify(t.Context(), failed))
	assert.Contains(t, (*sent)[3], `"deliver_status":"0","deliver_msg":"地址 & 电话 <wrong>"`)
	assert.NotContains(t, (*sent)[3], "ebcc0649")
}

func TestLegacyNotifyAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		status       int
		outcome      wechat.Outcome
		is           error
	}{
		{"another app", `{"errcode":49001,"errmsg":"not same appid"}`, 200, wechat.NotDone, delivery.ErrLegacyAppID},
		{"a wrong signature", `{"errcode":49004,"errmsg":"not match signature"}`, 200, wechat.NotDone, delivery.ErrLegacySign},
		{"no such transaction", `{"errcode":49005,"errmsg":"x","new":[1]}`, 200, wechat.NotDone, delivery.ErrLegacyNoTransID},
		{"no longer served", `{"errcode":48009,"errmsg":"x"}`, 200, wechat.NotDone, delivery.ErrLegacyExpired},
		{"busy", `{"errcode":-1,"errmsg":"x"}`, 200, wechat.Unknown, wechat.ErrBusy},
		{"a page", "<html>", 502, wechat.Unknown, nil},
		{"nothing", cut, 200, wechat.Unknown, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, sent := legacyDesk(t, tt.status, tt.answer)
			err := l.Notify(t.Context(), notice14())
			require.Error(t, err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			assert.Equal(t, tt.outcome, wechat.OutcomeOf(err))
			assert.Len(t, *sent, 2, "sent once")
		})
	}
}

func TestLegacyNoticesAreChecked(t *testing.T) {
	t.Parallel()
	l, sent := legacyDesk(t, 200, ok)
	for says, change := range map[string]func(*delivery.LegacyNotice){
		"openid: is empty":              func(n *delivery.LegacyNotice) { n.OpenID = "" },
		"transid: is empty":             func(n *delivery.LegacyNotice) { n.TransactionID = "" },
		"out_trade_no: is empty":        func(n *delivery.LegacyNotice) { n.OutTradeNo = "" },
		"deliver_timestamp: is missing": func(n *delivery.LegacyNotice) { n.At = time.Time{} },
		"deliver_msg: is empty":         func(n *delivery.LegacyNotice) { n.Failed = true },
		"deliver_msg: has 513":          func(n *delivery.LegacyNotice) { n.Message = strings.Repeat("茶", 513) },
	} {
		n := notice14()
		change(&n)
		err := l.Notify(t.Context(), n)
		require.ErrorContains(t, err, says)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	}
	assert.Empty(t, *sent)
}

// Whatever is changed of what is signed changes the signature.
func TestLegacySignatureCoversEverything(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, change := range map[string]func(*delivery.LegacyNotice){
		"nothing":     func(*delivery.LegacyNotice) {},
		"openid":      func(n *delivery.LegacyNotice) { n.OpenID += "2" },
		"transaction": func(n *delivery.LegacyNotice) { n.TransactionID += "2" },
		"number":      func(n *delivery.LegacyNotice) { n.OutTradeNo = "2" },
		"time":        func(n *delivery.LegacyNotice) { n.At = n.At.Add(time.Second) },
		"status":      func(n *delivery.LegacyNotice) { n.Failed, n.Message = true, "ok" },
		"message":     func(n *delivery.LegacyNotice) { n.Message = "ok " },
	} {
		l, sent := legacyDesk(t, 200, ok)
		n := notice14()
		change(&n)
		require.NoError(t, l.Notify(t.Context(), n))
		_, signature, found := strings.Cut((*sent)[1], `"app_signature":"`)
		require.True(t, found)
		assert.Empty(t, seen[signature[:40]], name)
		seen[signature[:40]] = name
	}
}
