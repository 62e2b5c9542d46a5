package alarm_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	appID      = "wxf8b4f85f3a794e77"
	appKey     = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	partner    = "1900000109"
	partnerKey = "8934e7d15453e97507ef794cf7b0519d"
	trade      = "1900000109201405180000000001"

	// late is derived: no published alarm recomputes.
	late = `<xml><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><ErrorType>1001</ErrorType><Description><![CDATA[发货超时]]></Description><AlarmContent><![CDATA[transaction_id=1900000109201405180000000001]]></AlarmContent><TimeStamp>1400000500</TimeStamp><AppSignature><![CDATA[2589c3e7af9de544eb3a5d93158ee65d3142ca83]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
)

func merchant(t testing.TB) *wechat.MerchantLegacy {
	t.Helper()
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: appID, PaySignKey: seal.NewKey(appKey), PartnerID: partner, PartnerKey: seal.NewKey(partnerKey)},
		wechat.WithClock(func() time.Time { return time.Unix(1400000501, 0) }))
	require.NoError(t, err)
	return m
}

func shop(t testing.TB) (*notify.Handler, *[]notify.Event[alarm.Alarm]) {
	t.Helper()
	h, got := notify.NewHandler(notify.Legacy(merchant(t))), new([]notify.Event[alarm.Alarm])
	notify.On(h, alarm.Raised, func(_ context.Context, e notify.Event[alarm.Alarm]) error {
		*got = append(*got, e)
		return nil
	})
	return h, got
}

func post(t testing.TB, h *notify.Handler, body string) notify.Reply {
	t.Helper()
	return h.Handle(t.Context(), notify.Request{Method: http.MethodPost, Body: []byte(body)})
}

func TestD11_Alarm(t *testing.T) {
	t.Parallel()
	h, got := shop(t)
	r := post(t, h, late)
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, "success", string(r.Body))
	post(t, h, late)
	require.Len(t, *got, 2)
	e := (*got)[0]
	assert.Equal(t, alarm.Alarm{Type: alarm.DeliveryLate, Description: "发货超时", Content: "transaction_id=" + trade}, e.Data)
	assert.Equal(t, trade, e.Data.TransactionID())
	assert.Equal(t, `alarm "1001": "发货超时", "transaction_id=1900000109201405180000000001"`, e.Data.String())
	assert.Equal(t, int64(1400000500), e.Created.Unix())
	assert.Equal(t, e.Key, (*got)[1].Key, "copies share their key")
	assert.Regexp(t, `^1900000109/2014\.ALARM/[0-9a-f]{32}$`, e.Key)
}

// What an alarm about a late delivery is answered with: the signature of the
// delivery notice, which no published vector shows either.
func TestD10_DeliveryThatEndsAnAlarm(t *testing.T) {
	t.Parallel()
	got := merchant(t).SignApp([]sign.Pair{{Name: "appid", Value: appID}, {Name: "openid", Value: "oLegacyOpenId0000000000000001"}, {Name: "transid", Value: trade},
		{Name: "out_trade_no", Value: "7240b65810859cbf2a8d9f76a638c0a3"}, {Name: "deliver_timestamp", Value: "1400000400"}, {Name: "deliver_status", Value: "1"}, {Name: "deliver_msg", Value: "ok"}})
	assert.Equal(t, "ebcc06493068d3670fdcf0cffdfa81206a5b2a2e", got)
}

func TestAlarmsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, changed string
	}{
		{"code", ">1001<", ">1002<"},
		{"description", "发货超时", "发货超期"},
		{"content", trade, trade[:27] + "2"},
		{"time", "1400000500", "1400000501"},
		{"signature", "2589c3e7", "2589c3e8"},
		{"a placeholder of the documents", "2589c3e7af9de544eb3a5d93158ee65d3142ca83", "f8164781a303f4d5a944a2dfc68411a8c7e4fbea"},
		{"no signature", "2589c3e7af9de544eb3a5d93158ee65d3142ca83", ""},
		{"another app", appID, "wxf8b4f85f3a794e78"},
		{"another rule", "[sha1]", "[md5]"},
		{"a blank", "[发货超时", "[ 发货超时"},
		{"a doctype", "<xml>", "<!DOCTYPE a><xml>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, got := shop(t)
			require.Contains(t, late, tt.old)
			r := post(t, h, strings.Replace(late, tt.old, tt.changed, 1))
			assert.GreaterOrEqual(t, r.Status, 400)
			assert.Equal(t, "fail", string(r.Body))
			assert.Empty(t, *got)
		})
	}
}

func TestTransactionOfAnAlarm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, content, want string }{
		{"alone", "transaction_id=" + trade, trade},
		{"among others", "out_trade_no=1&transaction_id=" + trade + "&x=1", trade},
		{"after a comma", "late, transaction_id=" + trade, trade},
		{"part of another name", "my_transaction_id=1", ""},
		{"none", "the callback failed", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, alarm.Alarm{Content: tt.content}.TransactionID())
		})
	}
}

// FuzzAlarms sends what a stranger can send: the one genuine alarm is the only one
// that is heard.
func FuzzAlarms(f *testing.F) {
	f.Add(late)
	f.Add(strings.ReplaceAll(strings.ReplaceAll(late, "<![CDATA[", ""), "]]>", ""))
	f.Add(strings.Replace(late, "1001", "1002", 1))
	f.Add("<xml><ErrorType>1001</ErrorType><AlarmContent/></xml>")
	f.Add("<xml>")
	h, got := shop(f)
	f.Fuzz(func(t *testing.T, body string) {
		before := len(*got)
		r := post(t, h, body)
		if r.Status != 200 {
			require.Len(t, *got, before)
			return
		}
		require.Len(t, *got, before+1)
		require.Equal(t, alarm.Alarm{Type: alarm.DeliveryLate, Description: "发货超时", Content: "transaction_id=" + trade}, (*got)[before].Data)
		*got = (*got)[:0]
	})
}
