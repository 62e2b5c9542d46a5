package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/account"
	"github.com/wxcommerce/wechat/seal"
)

const (
	ok    = `{"errcode":0,"errmsg":"ok","new":1}`
	query = "?access_token=TOKEN"
	// secret is an AppSecret that must show nowhere but in the request.
	secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

func none(err error) (any, error) { return nil, err }

// pointer is what p points to, and nil in place of a nil pointer.
func pointer[T any](p *T, err error) (any, error) {
	if p == nil {
		return nil, err
	}
	return *p, err
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	type s = *account.Service
	hidden := func(text string) account.Private { return account.Private{Key: seal.NewKey(text)} }
	for _, e := range []endpoint{
		{"quota", func(ctx context.Context, a s) (any, error) { return pointer(a.Quota(ctx, "/cgi-bin/user/get")) },
			"POST /cgi-bin/openapi/quota/get" + query + ` {"cgi_path":"/cgi-bin/user/get"}`,
			`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":500,"used":2,"remain":498,"new":1},"rate_limit":{"call_count":2000,"refresh_second":20},"component_rate_limit":{"call_count":1,"refresh_second":2}}`,
			account.Quota{Daily: account.Daily{Limit: 500, Used: 2, Remain: 498}, Rate: account.Rate{Calls: 2000, Seconds: 20}, Component: account.Rate{Calls: 1, Seconds: 2}}, account.ErrPath},
		{"reset", func(ctx context.Context, a s) (any, error) { return none(a.Reset(ctx, "/cgi-bin/user/get")) },
			"POST /cgi-bin/openapi/quota/clear" + query + ` {"cgi_path":"/cgi-bin/user/get"}`, ok, nil, account.ErrPathNotYours},
		{"reset all", func(ctx context.Context, a s) (any, error) { return none(a.ResetAll(ctx)) },
			"POST /cgi-bin/clear_quota" + query + ` {"appid":"wx1234567890abcdef"}`, ok, nil, account.ErrResets},
		{"reset by secret", func(ctx context.Context, a s) (any, error) { return none(a.ResetBySecret(ctx, seal.NewKey(secret))) },
			`POST /cgi-bin/clear_quota/v2 {"appid":"wx1234567890abcdef","appsecret":"` + secret + `"}`, ok, nil, account.ErrResets},
		{"trace", func(ctx context.Context, a s) (any, error) {
			return pointer(a.Trace(ctx, "61725984-6126f6f9-040f19c4"))
		},
			"POST /cgi-bin/openapi/rid/get" + query + ` {"rid":"61725984-6126f6f9-040f19c4"}`,
			`{"errcode":0,"request":{"invoke_time":1635156704,"cost_in_ms":30,"request_url":"access_token=SECRET","request_body":"{\"a\":1}","response_body":"{\"errcode\":45009}","client_ip":"203.0.113.9","new":1}}`,
			account.Trace{InvokeTime: 1635156704, Cost: 30, URL: hidden("access_token=SECRET"), Body: hidden(`{"a":1}`), Answer: hidden(`{"errcode":45009}`), ClientIP: "203.0.113.9"}, account.ErrTraceExpired},
		{"servers", func(ctx context.Context, a s) (any, error) { return pointer(a.Servers(ctx)) },
			"GET /cgi-bin/get_api_domain_ip" + query, `{"ip_list":["203.0.113.9","203.0.113.10"],"new":1}`, account.Addresses{List: []string{"203.0.113.9", "203.0.113.10"}}, wechat.ErrDailyQuota},
		{"callers", func(ctx context.Context, a s) (any, error) { return pointer(a.Callers(ctx)) },
			"GET /cgi-bin/getcallbackip" + query, `{"ip_list":["203.0.113.0/24"]}`, account.Addresses{List: []string{"203.0.113.0/24"}}, wechat.ErrDailyQuota},
		{"diagnose", func(ctx context.Context, a s) (any, error) {
			return pointer(a.Diagnose(ctx, account.ActionAll, account.Any))
		},
			"POST /cgi-bin/callback/check" + query + ` {"action":"all","check_operator":"DEFAULT"}`,
			`{"dns":[{"ip":"203.0.113.9","real_operator":"UNICOM"}],"ping":[{"ip":"203.0.113.9","from_operator":"HOLOGRAM","package_loss":"0%","time":"23.079ms","new":1}]}`,
			account.Diagnosis{DNS: []account.Resolved{{IP: "203.0.113.9", Operator: account.Unicom}},
				Ping: []account.Pinged{{IP: "203.0.113.9", From: "HOLOGRAM", Loss: "0%", Time: "23.079ms"}}}, wechat.ErrUnauthorized},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.test(t)
		})
	}
}

func TestTheSecretInTheQuery(t *testing.T) {
	t.Parallel()
	app, c := newApp(t, wechat.NoRetry, ok)
	require.NoError(t, account.New(app, account.WithSecretInQuery()).ResetBySecret(t.Context(), seal.NewKey(secret)))
	assert.Equal(t, []string{"POST https://api.weixin.qq.com/cgi-bin/clear_quota/v2?appid=wx1234567890abcdef&appsecret=" + secret}, c.asked)
}

// Whatever goes wrong, and however it is printed, the AppSecret stays in.
func TestTheSecretStaysIn(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{"errcode":40125,"errmsg":"bad secret ` + secret + `"}`, `<html>` + secret, ``, `{"errcode":-1}`} {
		for _, opts := range [][]account.Option{nil, {account.WithSecretInQuery()}} {
			app, _ := newApp(t, wechat.NoRetry, answer)
			err := account.New(app, opts...).ResetBySecret(t.Context(), seal.NewKey(secret))
			require.Error(t, err)
			asJSON, _ := json.Marshal(err)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v %q %s", err, err, err, err, asJSON), secret)
			var api *wechat.APIError
			require.ErrorAs(t, err, &api)
			assert.NotContains(t, api.Message, secret)
		}
	}
}

// A trace holds a whole request of the account's, tokens and users included.
func TestATraceStaysPrivate(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, `{"request":{"invoke_time":1635156704,"cost_in_ms":30,"request_url":"access_token=SECRET","request_body":"SECRET","response_body":"SECRET"}}`)
	trace, err := s.Trace(t.Context(), "1-2-3")
	require.NoError(t, err)
	asJSON, err := json.Marshal(trace)
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %s", trace, *trace, *trace, trace.URL, asJSON), "SECRET")
	assert.Equal(t, "access_token=SECRET", trace.URL.Reveal())
	assert.Equal(t, 30*time.Millisecond, trace.Took())
	assert.Equal(t, "2021-10-25T18:11:44+08:00", trace.At().Format(time.RFC3339))
	s, _ = newService(t, `{"request":{"request_url":5}}`)
	_, err = s.Trace(t.Context(), "1-2-3")
	require.Error(t, err)
}

func TestAddressesContain(t *testing.T) {
	t.Parallel()
	a := account.Addresses{List: []string{"203.0.113.9", "198.51.100.0/24", "nonsense", "2001:db8::1"}}
	for ip, want := range map[string]bool{"203.0.113.9": true, "::ffff:203.0.113.9": true, "203.0.113.10": false,
		"198.51.100.77": true, "198.51.101.1": false, "2001:db8::1": true, "2001:db8::2": false} {
		assert.Equal(t, want, a.Contains(netip.MustParseAddr(ip)), ip)
	}
	assert.False(t, a.Contains(netip.Addr{}))
	assert.False(t, account.Addresses{}.Contains(netip.MustParseAddr("203.0.113.9")))
}

func TestWhatIsRefusedBeforeTheNetwork(t *testing.T) {
	t.Parallel()
	type s = *account.Service
	for _, tt := range []struct {
		name, field, says string
		call              func(a s) error
	}{
		{"no path", "cgi_path", "empty", func(a s) error { _, err := a.Quota(t.Context(), ""); return err }},
		{"a whole address", "cgi_path", "begin with a slash", func(a s) error { return a.Reset(t.Context(), "https://8fA3.example/x") }},
		{"a query", "cgi_path", "no query", func(a s) error { _, err := a.Quota(t.Context(), "/x?access_token=8fA3"); return err }},
		{"no secret", "appsecret", "empty", func(a s) error { return a.ResetBySecret(t.Context(), seal.Key{}) }},
		{"a line end in the secret", "appsecret", "visible ASCII", func(a s) error { return a.ResetBySecret(t.Context(), seal.NewKey("8fA3\n")) }},
		{"no id", "rid", "empty", func(a s) error { _, err := a.Trace(t.Context(), ""); return err }},
		{"the whole message", "rid", "visible ASCII", func(a s) error { _, err := a.Trace(t.Context(), "rid: 8fA3"); return err }},
		{"no action", "action", "empty", func(a s) error { _, err := a.Diagnose(t.Context(), "", account.Any); return err }},
		{"no operator", "check_operator", "empty", func(a s) error { _, err := a.Diagnose(t.Context(), account.ActionDNS, ""); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, c := newService(t, `{}`)
			err := tt.call(a)
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.field, f.Field)
			assert.Contains(t, f.Problem, tt.says)
			assert.NotContains(t, err.Error(), "8fA3")
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, c.asked)
		})
	}
}

// What costs one of the resets of the month is done once.
func TestResetsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call  func(a *account.Service) error
		tries int
	}{
		"reset":     {func(a *account.Service) error { return a.Reset(t.Context(), "/x") }, 1},
		"reset all": {func(a *account.Service) error { return a.ResetAll(t.Context()) }, 1},
		"by secret": {func(a *account.Service) error { return a.ResetBySecret(t.Context(), seal.NewKey(secret)) }, 1},
		"quota":     {func(a *account.Service) error { _, err := a.Quota(t.Context(), "/x"); return err }, 3},
		"trace":     {func(a *account.Service) error { _, err := a.Trace(t.Context(), "1-2"); return err }, 3},
	} {
		app, c := newApp(t, thrice, `{"errcode":-1,"errmsg":"system error"}`)
		require.ErrorIs(t, tt.call(account.New(app)), wechat.ErrBusy, name)
		assert.Len(t, c.asked, tt.tries, name)
	}
}
