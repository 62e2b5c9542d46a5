package alarm_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/alarm"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

const address = "https://shop.example/violations"

// desk is a partner whose only request ends at a mock that signs its answer.
type desk struct {
	*alarm.Service
	sent []*http.Request
	body string
}

func newDesk(t *testing.T, status int, body string, fault wechattest.Kind) *desk {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Clock: wechattest.NewClock(time.Time{}), Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	account, err := p.NewMerchant(wechattest.MerchantOptions{Partner: true})
	require.NoError(t, err)
	d, mock := &desk{}, httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		d.sent = append(d.sent, r)
		if r.Body != nil {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			d.body, r.Body = string(text), io.NopCloser(strings.NewReader(string(text)))
		}
		return account.RawResponder(status, body, wechattest.Fault{Kind: fault})(r)
	})
	m, err := wechat.NewMerchant(account.Config(), append(account.Options(), wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	d.Service = alarm.New(m)
	return d
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	const place = "/v3/merchant-risk-manage/violation-notifications"
	tests := []struct {
		name, method, body string
		call               func(context.Context, *desk) (*alarm.Notification, error)
	}{
		{"Create", "POST", `{"notify_url":"` + address + `"}`, func(ctx context.Context, d *desk) (*alarm.Notification, error) { return d.Create(ctx, address) }},
		{"Get", "GET", "", func(ctx context.Context, d *desk) (*alarm.Notification, error) { return d.Get(ctx) }},
		{"Update", "PUT", `{"notify_url":"` + address + `"}`, func(ctx context.Context, d *desk) (*alarm.Notification, error) { return d.Update(ctx, address) }},
		{"Delete", "DELETE", "", func(ctx context.Context, d *desk) (*alarm.Notification, error) { return nil, d.Delete(ctx) }},
	}
	for _, tt := range tests {
		status, answer := 200, `{"notify_url":"`+address+`","brand_new":{"a":1}}`
		if tt.name == "Delete" {
			status, answer = 204, ""
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, status, answer, 0)
			got, err := tt.call(t.Context(), d)
			require.NoError(t, err)
			if answer != "" {
				assert.Equal(t, &alarm.Notification{URL: address}, got)
			}
			require.Len(t, d.sent, 1)
			assert.Equal(t, tt.method+" "+place, d.sent[0].Method+" "+d.sent[0].URL.RequestURI())
			assert.Equal(t, tt.body, d.body)
		})
		t.Run(tt.name+"/refused", func(t *testing.T) {
			t.Parallel()
			_, err := tt.call(t.Context(), newDesk(t, 403, `{"code":"NO_AUTH","message":"not a partner"}`, 0))
			require.ErrorIs(t, err, wechat.ErrNoAuth)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		})
		t.Run(tt.name+"/unproved", func(t *testing.T) {
			t.Parallel()
			_, err := tt.call(t.Context(), newDesk(t, status, answer, wechattest.WrongSignature))
			require.ErrorIs(t, err, sign.ErrMismatch)
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		})
	}
}

func TestAddressesRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, url, says string }{
		{"none", "", "notify_url: is empty but required"},
		{"a query", address + "?a=1", "notify_url: must not have a query"},
		{"no scheme", "shop.example/v", "notify_url: must be a whole address"},
		{"257 characters", address + "/" + strings.Repeat("x", 225), "notify_url: has 257 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, 200, "{}", 0)
			_, err := d.Create(t.Context(), tt.url)
			require.ErrorContains(t, err, tt.says)
			_, err = d.Update(t.Context(), tt.url)
			require.ErrorContains(t, err, tt.says)
			assert.Empty(t, d.sent)
		})
	}
}
