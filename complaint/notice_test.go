package complaint_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/wechattest"
)

// mailbox is a shop that is sent payloads, properly signed and encrypted.
type mailbox struct {
	account *wechattest.Account
	handler *notify.Handler
	got     []notify.Event[complaint.Notice]
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	b := &mailbox{}
	b.account, err = p.NewMerchant(wechattest.MerchantOptions{MchID: mchID, Partner: true, Subs: []wechattest.SubMerchant{{MchID: subMchID}}})
	require.NoError(t, err)
	m, err := wechat.NewMerchant(b.account.Config(), b.account.Options()...)
	require.NoError(t, err)
	b.handler = notify.NewHandler(notify.V3(m.For(wechat.Sub{MchID: subMchID})))
	notify.On(b.handler, complaint.Moved, func(_ context.Context, e notify.Event[complaint.Notice]) error {
		b.got = append(b.got, e)
		return nil
	})
	return b
}

// send returns the status of the shop's answer.
func (b *mailbox) send(t testing.TB, event, plain string) int {
	t.Helper()
	r, err := b.account.Notice(t.Context(), notifyURL, event, "complaint", []byte(plain))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w.Code
}

func TestNotices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, event, plain string
		status             int
		want               complaint.Notice
	}{
		{"new", "COMPLAINT.CREATE", `{"complaint_id":"2002","action_type":"CREATE_COMPLAINT"}`, 200, complaint.Notice{ComplaintID: "2002", Action: complaint.NoticeCreated}},
		{"moved", "COMPLAINT.STATE_CHANGE", `{"complaint_id":"2002","action_type":"REFUND_SUCCESS"}`, 200, complaint.Notice{ComplaintID: "2002", Action: complaint.NoticeRefunded}},
		{"more than is known", "COMPLAINT.STATE_CHANGE", `{"complaint_id":"2002","action_type":"SING","brand_new":[1]}`, 200, complaint.Notice{ComplaintID: "2002", Action: "SING"}},
		{"a merchant that is not ours", "COMPLAINT.CREATE", `{"complaint_id":"2002","action_type":"CREATE_COMPLAINT","mchid":"0000190001"}`, 200, complaint.Notice{ComplaintID: "2002", Action: complaint.NoticeCreated}},
		{"no id", "COMPLAINT.CREATE", `{"action_type":"CREATE_COMPLAINT"}`, 500, complaint.Notice{}},
		{"an id that is no text", "COMPLAINT.CREATE", `{"complaint_id":2002}`, 500, complaint.Notice{}},
		{"the id twice", "COMPLAINT.CREATE", `{"complaint_id":"1","Complaint_id":"2"}`, 500, complaint.Notice{}},
		{"another event", "COMPLAINT.DANCE", `{"complaint_id":"2002"}`, 500, complaint.Notice{}},
		{"nothing", "COMPLAINT.CREATE", `{}`, 500, complaint.Notice{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newMailbox(t)
			assert.Equal(t, tt.status, b.send(t, tt.event, tt.plain))
			if tt.status != 200 {
				assert.Empty(t, b.got)
				return
			}
			require.Len(t, b.got, 1)
			e := b.got[0]
			assert.EqualExportedValues(t, tt.want, e.Data)
			assert.Equal(t, mchID+"/"+tt.event+"/2002/"+e.ID, e.Key)
		})
	}
}

// FuzzNotice sends arbitrary payloads, properly signed and encrypted: a call means
// one object with an id, and success means a call.
func FuzzNotice(f *testing.F) {
	f.Add("COMPLAINT.CREATE", `{"complaint_id":"2002","action_type":"CREATE_COMPLAINT","payer_phone":"QUJD"}`)
	f.Add("COMPLAINT.STATE_CHANGE", `{"complaint_id":"2002","action_type":"USER_RESPONSE","mchid":"1"}`)
	f.Add("COMPLAINT.CREATE", `{"complaint_id":"1","complaint_id":"2"}`)
	f.Add("COMPLAINT.CREATE", `[{"complaint_id":"1"}]`)
	f.Add("", strings.Repeat(`{"a":`, 200))
	b := newMailbox(f)
	f.Fuzz(func(t *testing.T, event, plain string) {
		b.got = nil
		status := b.send(t, event, plain)
		require.Equal(t, status == 200, len(b.got) == 1)
		if len(b.got) == 0 {
			return
		}
		var want struct {
			ID     string               `json:"complaint_id"`
			Action complaint.NoticeType `json:"action_type"`
		}
		require.NoError(t, json.Unmarshal([]byte(plain), &want))
		require.NotEmpty(t, want.ID)
		require.Equal(t, want.ID, b.got[0].Data.ComplaintID)
		require.Equal(t, want.Action, b.got[0].Data.Action)
		require.Contains(t, []string{"COMPLAINT.CREATE", "COMPLAINT.STATE_CHANGE"}, b.got[0].Type)
	})
}
