package token_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

const official = `{"access_token":"TOKEN","expires_in":7200,"new_field":{"a":[1]}}`

// What goes over the wire, exactly.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	const host = "https://api.weixin.qq.com"
	tests := []struct {
		name                string
		classic             bool
		act                 func(*token.Source) error
		method, path, query string
		body                string
	}{
		{"stable", false, nil, "POST", "/cgi-bin/stable_token", "",
			`{"grant_type":"client_credential","appid":"` + appID + `","secret":"` + secret + `","force_refresh":false}`},
		{"forced", false, func(s *token.Source) error { return s.Renew(t.Context()) }, "POST", "/cgi-bin/stable_token", "",
			`{"grant_type":"client_credential","appid":"` + appID + `","secret":"` + secret + `","force_refresh":true}`},
		{"classic", true, nil, "GET", "/cgi-bin/token", "grant_type=client_credential&appid=" + appID + "&secret=" + secret, ""},
		{"classic, renewed", true, func(s *token.Source) error { return s.Renew(t.Context()) }, "GET", "/cgi-bin/token",
			"grant_type=client_credential&appid=" + appID + "&secret=" + secret, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder(tt.method, host+tt.path, func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, tt.query, r.URL.RawQuery)
				var body []byte
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				assert.Equal(t, tt.body, string(body))
				return answer(official), nil
			})
			s := newSource(t, &http.Client{Transport: mock}, func(c *token.Config) { c.Classic = tt.classic })
			if tt.act != nil {
				require.NoError(t, tt.act(s))
			}
			assert.Equal(t, "TOKEN", mustToken(t, s))
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
}

func TestTicketEndpoint(t *testing.T) {
	t.Parallel()
	for _, kind := range []token.Kind{"", token.JSAPI, token.Card} {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder("POST", "https://api.weixin.qq.com/cgi-bin/stable_token", httpmock.NewStringResponder(200, official))
		want := "jsapi"
		if kind == token.Card {
			want = "wx_card"
		}
		mock.RegisterResponder("GET", "https://api.weixin.qq.com/cgi-bin/ticket/getticket", func(r *http.Request) (*http.Response, error) {
			assert.Equal(t, "access_token=TOKEN&type="+want, r.URL.RawQuery)
			return answer(`{"errcode":0,"errmsg":"ok","ticket":"TICKET-3d_x","expires_in":7200}`), nil
		})
		client := &http.Client{Transport: mock}
		app, err := wechat.NewApp(appID, newSource(t, client), wechat.WithTransport(client))
		require.NoError(t, err)
		ticket, err := token.NewTicket(app, token.TicketConfig{Kind: kind})
		require.NoError(t, err)
		var source token.TicketSource = ticket
		for range 3 {
			k, err := source.Ticket(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "TICKET-3d_x", string(k.Bytes()))
		}
		assert.Equal(t, 2, mock.GetTotalCallCount())
		assert.Equal(t, want+" ticket of app "+appID, ticket.String())
	}
}

// A token or ticket that came from WeChat with a business error is that error, with
// what to do about it, and a wrong secret is not tried again and again.
func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code wechat.Code
		says string
	}{
		{"40001", "AppSecret is wrong"}, {"40125", "AppSecret is wrong"}, {"40243", "frozen"}, {"40013", "AppID is wrong"},
		{"41002", "AppID is wrong"}, {"40164", "white list"}, {"61004", "white list"}, {"89503", "administrator"},
		{"89507", "administrator"}, {"50007", "account is frozen"}, {"45009", "quota"}, {"45011", "this minute"},
		{"-1", "busy"}, {"99999", "99999"},
	}
	t.Run("45009 of a minute", func(t *testing.T) {
		t.Parallel()
		w := newWeixin()
		w.raw = `{"errcode":45009,"errmsg":"reach max api minute limit rid: 5-6-7"}`
		_, err := newSource(t, w).Token(t.Context())
		require.ErrorIs(t, err, wechat.ErrDailyQuota)
		assert.Contains(t, err.Error(), "this minute")
		assert.NotContains(t, err.Error(), "of the day")
	})
	for _, tt := range tests {
		t.Run(string(tt.code), func(t *testing.T) {
			t.Parallel()
			w := newWeixin()
			w.raw = `{"errcode":` + string(tt.code) + `,"errmsg":"no, because of ` + secret + ` rid: 5-6-7"}`
			s := newSource(t, w)
			for range 20 {
				_, err := s.Token(t.Context())
				require.ErrorIs(t, err, tt.code)
				assert.Contains(t, err.Error(), tt.says)
				assert.Contains(t, err.Error(), appID)
				assert.Equal(t, "", found(err, secret))
			}
			assert.EqualValues(t, 1, w.fetches.Load())
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := token.Config{AppID: appID, Secret: seal.NewKey(secret)}
	tests := []struct {
		name string
		cfg  token.Config
		opt  wechat.Option
		says string
	}{
		{"no secret", token.Config{AppID: appID}, nil, "secret: empty"},
		{"a line end in the secret", token.Config{AppID: appID, Secret: seal.NewKey(secret + "\n")}, nil, "line ends"},
		{"no AppID", token.Config{Secret: seal.NewKey(secret)}, nil, "appid"},
		{"a bad option", good, wechat.WithTimeout(-1), "WithTimeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := token.New(tt.cfg, tt.opt)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, "", found(err, secret))
		})
	}
	_, err := token.NewTicket(nil, token.TicketConfig{})
	require.Error(t, err)
	for _, nobodys := range []*token.Source{nil, {}} { // of a constructor whose error was overlooked
		_, err := nobodys.Token(t.Context())
		require.ErrorContains(t, err, "was not made by New")
	}
	for _, nobodys := range []*token.Ticket{nil, {}} {
		_, err := nobodys.Ticket(t.Context())
		require.ErrorContains(t, err, "was not made by New")
	}
	app, err := wechat.NewApp(appID, nil)
	require.NoError(t, err)
	_, err = token.NewTicket(app, token.TicketConfig{Kind: "sdk"})
	require.ErrorContains(t, err, "wx_card")
}
