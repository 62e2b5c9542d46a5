package token_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

// found prints v in every way, and every error inside of it, and names the way that
// shows word.
func found(v any, word string) string {
	b, _ := json.Marshal(v)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	ways := map[string]string{"json": string(b), "slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		ways[verb] = fmt.Sprintf(verb, v)
	}
	for way, text := range ways {
		if strings.Contains(text, word) || strings.Contains(text, fmt.Sprintf("%x", word)) {
			return way
		}
	}
	switch e := v.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return found(inner, word)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if way := found(inner, word); way != "" {
				return way
			}
		}
	}
	return ""
}

// chatty fails with the whole address in its words, as carriers do.
type chatty struct{}

func (chatty) Do(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s %q: connection refused", r.Method, r.URL)
}

// Part of promise G15: neither AppSecret nor token shows, in whatever goes wrong.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	carriers := map[string]wechat.Transport{
		"quotes the address": chatty{},
		"net/http":           &http.Client{Transport: failing{}},
		"quotes the secret":  says(`{"errcode":40125,"errmsg":"invalid appsecret ` + secret + `"}`),
		"undecodable":        says(`{"access_token":["` + secret + `"],"` + secret + `":1,"` + secret + `":2}`),
		"another case":       says(`{"access_token":"` + secret + `","Access_Token":"` + secret + `"}`),
		"no JSON":            says(secret),
		"unprintable":        says(`{"access_token":"` + secret + `\n"}`),
		"a good token":       says(`{"access_token":"` + secret + `"}`),
	}
	for name, carrier := range carriers {
		for _, classic := range []bool{false, true} {
			t.Run(fmt.Sprint(name, classic), func(t *testing.T) {
				t.Parallel()
				var log bytes.Buffer
				h := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
				cfg := token.Config{AppID: appID, Secret: seal.NewKey(secret), Classic: classic}
				s, err := token.New(cfg, wechat.WithTransport(carrier), wechat.WithLogger(slog.New(h)))
				require.NoError(t, err)
				k, err := s.Token(t.Context())
				require.Equal(t, name != "a good token", err != nil)
				_, again := s.Token(t.Context())
				for _, v := range []any{err, again, k, cfg, &cfg, s, struct{ S *token.Source }{s}, s.Refuse(t.Context(), k)} {
					if v != nil {
						assert.Equal(t, "", found(v, secret), "%T", v)
					}
				}
				if name != "quotes the secret" { // the loop logs WeChat's own words
					assert.NotContains(t, log.String(), secret)
				}
				var call *wechat.CallError
				assert.False(t, errors.As(err, &call), "it would carry the raw answer")
			})
		}
	}
}

type failing struct{}

func (failing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("proxy says no to " + r.URL.String())
}

type says string

func (s says) Do(*http.Request) (*http.Response, error) { return answer(string(s)), nil }

// The same for a ticket, whose address carries the token.
func TestTicketHidesTheToken(t *testing.T) {
	t.Parallel()
	for _, carrier := range []wechat.Transport{chatty{}, &http.Client{Transport: failing{}}, says(`{"errcode":-1,"errmsg":"x"}`)} {
		w := newWeixin()
		app, err := wechat.NewApp(appID, newSource(t, w), wechat.WithTransport(carrier), wechat.WithBackoff(wechat.NoRetry))
		require.NoError(t, err)
		ticket, err := token.NewTicket(app, token.TicketConfig{})
		require.NoError(t, err)
		_, err = ticket.Ticket(t.Context())
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, ticket), "canary")
	}
}

// A ticket that fails for want of a token gives the token's advice, once.
func TestTicketWithoutToken(t *testing.T) {
	t.Parallel()
	w := newWeixin()
	w.raw = `{"errcode":40164,"errmsg":"invalid ip 203.0.113.9, not in whitelist"}`
	app, err := wechat.NewApp(appID, newSource(t, w), wechat.WithTransport(w))
	require.NoError(t, err)
	ticket, err := token.NewTicket(app, token.TicketConfig{})
	require.NoError(t, err)
	for range 10 {
		_, err = ticket.Ticket(t.Context())
		require.ErrorIs(t, err, wechat.ErrIPNotAllowed)
		assert.Equal(t, 1, strings.Count(err.Error(), "white list"), err.Error())
	}
	assert.EqualValues(t, 1, w.fetches.Load())
}

// Tickets stand on the same engine: one fetch for all, renewed near the end, and
// replaced when refused.
func TestTickets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens, tickets := newWeixin(), newWeixin()
		tickets.set(func() { tickets.next() })
		app, err := wechat.NewApp(appID, newSource(t, tokens), wechat.WithTransport(tickets))
		require.NoError(t, err)
		ticket, err := token.NewTicket(app, token.TicketConfig{Store: token.NewMemory()})
		require.NoError(t, err)
		first, err := ticket.Ticket(t.Context())
		require.NoError(t, err)
		tickets.set(func() { tickets.next() })
		require.NoError(t, ticket.Refuse(t.Context(), first))
		second, err := ticket.Ticket(t.Context())
		require.NoError(t, err)
		assert.False(t, second.Equal(first))
		assert.EqualValues(t, 2, tickets.fetches.Load())
		require.ErrorIs(t, ticket.Refuse(t.Context(), second), token.ErrInsists)
		time.Sleep(2 * time.Hour)
		_, err = ticket.Ticket(t.Context())
		require.NoError(t, err)
	})
}

// A panic in the caller's code does not end the process or the waiting.
func TestPanickingCarrier(t *testing.T) {
	t.Parallel()
	s := newSource(t, panicking{})
	_, err := s.Token(context.Background())
	require.ErrorContains(t, err, "panicked")
}

type panicking struct{}

func (panicking) Do(*http.Request) (*http.Response, error) { panic(secret) }
