package message_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/seal"
)

const appID, openID = "wx1234567890abcdef", "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// oneToken is a TokenSource with one token.
type oneToken struct{}

func (oneToken) Token(context.Context) (wechat.Token, error) { return seal.NewKey("T"), nil }

func (oneToken) Refuse(context.Context, wechat.Token) error { return errors.New("no other token") }

// post is a mock of WeChat: it keeps what came and answers from a script whose last
// line repeats. An empty line is an answer that gets lost.
type post struct {
	t       testing.TB
	s       *message.Service
	answers []string

	mu   sync.Mutex
	sent []string // "POST /path?query body"
}

func newPost(t testing.TB, answers ...string) *post {
	t.Helper()
	p := &post{t: t, answers: answers}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(p.answer)
	app, err := wechat.NewApp(appID, oneToken{}, wechat.WithTransport(&http.Client{Transport: mock}))
	require.NoError(t, err)
	p.s = message.New(app)
	return p
}

func (p *post) answer(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Host != "api.weixin.qq.com" && r.URL.Host != "api2.weixin.qq.com" {
		p.t.Errorf("sent to %s", r.URL.Host)
	}
	p.sent = append(p.sent, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	line := p.answers[min(len(p.sent), len(p.answers))-1]
	if line == "" {
		return nil, io.ErrUnexpectedEOF
	}
	return httpmock.NewStringResponse(http.StatusOK, line), nil
}

// exchange is one endpoint's line: what is called, what that sends, what comes back.
type exchange struct {
	name   string
	call   func(ctx context.Context, s *message.Service) (any, error)
	sends  string // after the method and the path: the query that follows the token, and the body
	answer string
	want   any // nil for a call that returns an error only
	code   wechat.Code
}

const ok = `{"errcode":0,"errmsg":"ok","new_field":{"x":[1]}}`

// run plays each line, then again with an error in place of the answer, and then
// against an answer that is no JSON.
func run(t *testing.T, lines []exchange) {
	t.Helper()
	for _, tt := range lines {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t, tt.answer)
			got, err := tt.call(t.Context(), p.s)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			require.Len(t, p.sent, 1)
			assert.Equal(t, tt.sends, p.sent[0])

			p = newPost(t, `{"errcode":`+string(tt.code)+`,"errmsg":"no rid: 1-2"}`)
			_, err = tt.call(t.Context(), p.s)
			require.ErrorIs(t, err, tt.code)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Len(t, p.sent, 1)

			_, err = tt.call(t.Context(), newPost(t, `<html>`).s)
			require.Error(t, err)
		})
	}
}

// only turns a call without a result into one of a table.
func only(f func(ctx context.Context, s *message.Service) error) func(context.Context, *message.Service) (any, error) {
	return func(ctx context.Context, s *message.Service) (any, error) { return nil, f(ctx, s) }
}

// refusals are calls that send nothing, and the field that each one names.
func refusals(t *testing.T, calls map[string]func(ctx context.Context, s *message.Service) error, secret string) {
	t.Helper()
	for name, call := range calls {
		field, _, _ := strings.Cut(name, ":")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t, ok)
			err := call(t.Context(), p.s)
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, field, f.Field, f.Problem)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, p.sent)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}
