package alarm_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/wechattest"
)

const notifyURL = "http://127.0.0.1:1/violations"

// office is a partner with two merchants, who listens for one of them or for both.
type office struct {
	*alarm.Service
	sim     *wechattest.Pay
	clock   *wechattest.VirtualClock
	account *wechattest.Account
	handler *notify.Handler
	got     []notify.Event[alarm.Violation]
}

// Do carries a notice to the partner.
func (o *office) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func newOffice(t testing.TB, one bool, partner bool) *office {
	t.Helper()
	o := &office{clock: wechattest.NewClock(time.Time{})}
	var err error
	o.sim, err = wechattest.NewPay(wechattest.Config{Clock: o.clock, Keys: wechattest.ReusedKeys(), Notify: o})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, o.sim.Close()) })
	options := wechattest.MerchantOptions{Partner: partner}
	if partner {
		options.Subs = []wechattest.SubMerchant{{Name: "茶馆"}, {Name: "饭馆"}}
	}
	o.account, err = o.sim.NewMerchant(options)
	require.NoError(t, err)
	m, err := wechat.NewMerchant(o.account.Config(), append(o.account.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	o.Service = alarm.New(m)
	if one {
		m = m.For(wechat.Sub{MchID: o.account.Subs[0].MchID})
	}
	o.handler = notify.NewHandler(notify.V3(m))
	notify.On(o.handler, alarm.Violated, func(_ context.Context, e notify.Event[alarm.Violation]) error {
		o.got = append(o.got, e)
		return nil
	})
	return o
}

func TestViolations(t *testing.T) {
	t.Parallel()
	o := newOffice(t, false, true)
	sub := o.account.Subs[0].MchID
	quiet, err := o.sim.Punish(sub, wechattest.Violation{})
	require.NoError(t, err)
	require.NotEmpty(t, quiet)
	_, err = o.Create(t.Context(), notifyURL)
	require.NoError(t, err)
	for n, event := range []string{"PUNISH", "INTERCEPT", "APPEAL"} {
		id, err := o.sim.Punish(sub, wechattest.Violation{Event: event, Plan: "限制收款", Description: "涉嫌赌博", RiskType: "GAMBLE", RiskDescription: "赌博", Tab: n == 1})
		require.NoError(t, err)
		o.clock.Advance(time.Second)
		require.Len(t, o.got, n+1)
		e := o.got[n]
		assert.Equal(t, o.account.MchID+"/VIOLATION."+event+"/"+id, e.Key)
		assert.WithinDuration(t, o.clock.Now(), e.Data.Time.Time, time.Second)
		e.Data.Time = wechat.Time{}
		assert.Equal(t, alarm.Violation{SubMchID: sub, CompanyName: "茶馆", RecordID: id, Plan: "限制收款", Description: "涉嫌赌博", RiskType: "GAMBLE", RiskDescription: "赌博"}, e.Data)
	}
}

func TestAddressOfViolations(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t, false, true), t.Context()
	_, err := o.Get(ctx)
	require.ErrorIs(t, err, wechat.ErrNotFound)
	_, err = o.Update(ctx, notifyURL)
	require.ErrorIs(t, err, wechat.ErrNotFound)
	_, err = o.Create(ctx, notifyURL)
	require.NoError(t, err)
	_, err = o.Create(ctx, notifyURL)
	require.ErrorIs(t, err, wechat.ErrExists)
	_, err = o.Update(ctx, notifyURL+"/2")
	require.NoError(t, err)
	n, err := o.Get(ctx)
	require.NoError(t, err)
	assert.Equal(t, notifyURL+"/2", n.URL)
	require.NoError(t, o.Delete(ctx))
	require.ErrorIs(t, o.Delete(ctx), wechat.ErrNotFound)
	_, err = newOffice(t, false, false).Create(ctx, notifyURL)
	require.ErrorIs(t, err, wechat.ErrNoAuth)
}

func TestViolationsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, true, true)
	_, err := o.Create(t.Context(), notifyURL)
	require.NoError(t, err)
	for _, sub := range o.account.Subs {
		_, err = o.sim.Punish(sub.MchID, wechattest.Violation{})
		require.NoError(t, err)
	}
	o.clock.Advance(time.Second)
	require.Len(t, o.got, 1)
	assert.Equal(t, o.account.Subs[0].MchID, o.got[0].Data.SubMchID)
	tries := o.sim.Deliveries()
	require.Len(t, tries, 2)
	assert.Equal(t, []int{200, 403}, []int{tries[0].Status, tries[1].Status})
}

func TestPayloadsOfViolations(t *testing.T) {
	t.Parallel()
	const rest = `,"company_name":"茶馆","punish_plan":"x","punish_description":"y","risk_type":"z"`
	tests := []struct {
		name, plain string
		status      int
		want        alarm.Violation
	}{
		{"an odd time", `{"sub_mchid":"SUB","record_id":"1","punish_time":"2026-01-05 10:00:00","risk_description\t":"r"` + rest + `}`, 200,
			alarm.Violation{RecordID: "1", CompanyName: "茶馆", Plan: "x", Description: "y", RiskType: "z", RiskDescription: "r"}},
		{"no time, a tab", `{"sub_mchid":"SUB","record_id":"1","risk_description\t":"r\"s","brand_new":{}}`, 200, alarm.Violation{RecordID: "1", RiskDescription: `r"s`}},
		{"a time that is a number", `{"sub_mchid":"SUB","record_id":"1","punish_time":1,"risk_description\t":7}`, 200, alarm.Violation{RecordID: "1"}},
		{"no record", `{"sub_mchid":"SUB"}`, 500, alarm.Violation{}},
		{"no merchant", `{"record_id":"1"}`, 403, alarm.Violation{}},
		{"a record that is a number", `{"sub_mchid":"SUB","record_id":1}`, 500, alarm.Violation{}},
		{"the record twice", `{"sub_mchid":"SUB","record_id":"1","Record_ID":"2"}`, 500, alarm.Violation{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, true, true)
			status := o.send(t, "VIOLATION.PUNISH", tt.plain)
			assert.Equal(t, tt.status, status)
			if status != 200 {
				assert.Empty(t, o.got)
				return
			}
			require.Len(t, o.got, 1)
			tt.want.SubMchID = o.account.Subs[0].MchID
			assert.Equal(t, tt.want, o.got[0].Data)
		})
	}
}

// send brings a payload, properly signed and encrypted; SUB is the sub-merchant.
func (o *office) send(t testing.TB, event, plain string) int {
	t.Helper()
	r, err := o.account.Notice(t.Context(), notifyURL, event, "violation", []byte(strings.ReplaceAll(plain, "SUB", o.account.Subs[0].MchID)))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w.Code
}

// FuzzViolations sends arbitrary payloads, properly signed and encrypted: a call
// means a record about the one merchant.
func FuzzViolations(f *testing.F) {
	f.Add("VIOLATION.PUNISH", `{"sub_mchid":"SUB","record_id":"1","punish_time":"2026-01-05T10:00:00+08:00","risk_description\t":"r"}`)
	f.Add("VIOLATION.APPEAL", `{"sub_mchid":"SUB","record_id":null,"risk_description":1}`)
	f.Add("VIOLATION.INTERCEPT", `{"sub_mchid":"0000190009","record_id":"1"}`)
	f.Add("", `[]`)
	o := newOffice(f, true, true)
	f.Fuzz(func(t *testing.T, event, plain string) {
		o.got = nil
		status := o.send(t, event, plain)
		require.Equal(t, status == 200, len(o.got) == 1)
		if len(o.got) == 1 {
			require.Equal(t, o.account.Subs[0].MchID, o.got[0].Data.SubMchID)
			require.NotEmpty(t, o.got[0].Data.RecordID)
		}
	})
}
