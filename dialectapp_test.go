package wechat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// purse is a TokenSource that counts.
type purse struct {
	token   string
	next    string
	refused []string
	err     error
}

func (p *purse) Token(context.Context) (wechat.Token, error) { return seal.NewKey(p.token), p.err }

func (p *purse) Refuse(_ context.Context, bad wechat.Token) error {
	p.refused = append(p.refused, string(bad.Bytes()))
	p.token = p.next
	return p.err
}

func newApp(t *testing.T, src wechat.TokenSource, carrier doFunc) *wechat.App {
	t.Helper()
	a, err := wechat.NewApp("wx1234567890abcdef", src, wechat.WithTransport(carrier))
	require.NoError(t, err)
	return a
}

type menu struct {
	ErrCode int    `json:"errcode"`
	Name    string `json:"name"`
}

var (
	opMenu   = wechat.GET("/cgi-bin/menu/get")
	opCreate = wechat.POST("/cgi-bin/menu/create")
)

func TestNewAppNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "wx", "gh_123", "wx 1", "wx1\n", "wx" + strings.Repeat("1", 31)} {
		_, err := wechat.NewApp(id, nil)
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, "%q", id)
		assert.Equal(t, "appid", f.Field)
	}
	_, err := wechat.NewApp("wx0000000000000001", nil)
	require.ErrorContains(t, err, "loopback")
	_, err = wechat.NewApp("wx1", nil, wechat.WithTransport(nil))
	require.Error(t, err)
	a, err := wechat.NewApp("wx0000000000000001", nil, wechat.WithBaseURL("http://127.0.0.1"))
	require.NoError(t, err)
	assert.Equal(t, "wx0000000000000001", a.ID())
	assert.Equal(t, "app wx0000000000000001 app wx0000000000000001", a.String()+" "+a.GoString())
	a.CloseIdleConnections()
}

func TestAnAppCarriesItsToken(t *testing.T) {
	t.Parallel()
	var seen []string
	a := newApp(t, &purse{token: "T&1"}, func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Method+" "+r.URL.Host+r.URL.RequestURI()+" "+string(bodyOf(r)))
		return plain(200, `{"errcode":0,"name":"茶"}`), nil
	})
	out, err := wechat.Call[menu](t.Context(), a, opMenu, struct {
		Q string `json:"-" query:"q"`
	}{"a b"})
	require.NoError(t, err)
	assert.Equal(t, "茶", out.Name)
	_, err = wechat.Call[wechat.None](t.Context(), a, opCreate, menu{Name: "<&>"})
	require.NoError(t, err)
	_, err = wechat.Call[menu](t.Context(), a, opMenu.NoToken(), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"GET api.weixin.qq.com/cgi-bin/menu/get?access_token=T%261&q=a%20b ",
		`POST api.weixin.qq.com/cgi-bin/menu/create?access_token=T%261 {"errcode":0,"name":"<&>"}`,
		"GET api.weixin.qq.com/cgi-bin/menu/get ",
	}, seen)
	_, err = wechat.Call[menu](t.Context(), a, wechat.GET("/x/{id}"), nil)
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
}

func TestAnAppWithoutATokenSendsNothing(t *testing.T) {
	t.Parallel()
	nothing := func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	}
	_, err := wechat.Call[menu](t.Context(), newApp(t, nil, nothing), opMenu, nil)
	require.ErrorContains(t, err, "TokenSource")
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	broken := errors.New("store down")
	_, err = wechat.Call[menu](t.Context(), newApp(t, &purse{err: broken}, nothing), opMenu, nil)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}

// A refused token is replaced once, and the call goes on with the new one, a write too:
// the refusal says that nothing was done.
func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"40001", "40014", "42001"} {
		p, tries := &purse{token: "old", next: "new"}, 0
		a := newApp(t, p, func(r *http.Request) (*http.Response, error) {
			if tries++; r.URL.Query().Get("access_token") == "old" {
				return plain(200, `{"errcode":`+code+`,"errmsg":"invalid credential rid: 65-ab"}`), nil
			}
			return plain(200, `{"name":"x"}`), nil
		})
		_, err := wechat.Call[menu](t.Context(), a, opCreate, menu{})
		require.NoError(t, err)
		assert.Equal(t, []string{"old"}, p.refused)
		assert.Equal(t, 2, tries)

		p.token, p.next, p.refused, tries = "old", "old", nil, 0
		_, err = wechat.Call[menu](t.Context(), a, opCreate, menu{})
		require.ErrorIs(t, err, wechat.Code(code))
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		assert.Equal(t, 2, tries, "not again and again")
		assert.Len(t, p.refused, 1)
		var e *wechat.APIError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "65-ab", e.RequestID)
	}
}

func TestAccountSideAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   *http.Response
		write    wechat.Outcome
		attempts int // of a read
		code     int
	}{
		"refused":        {plain(200, `{"errcode":48001,"errmsg":"api unauthorized"}`), wechat.NotDone, 1, 48001},
		"refused, text":  {plain(200, `{"errcode":"45009","errmsg":"x"}`), wechat.NotDone, 1, 45009},
		"busy":           {plain(200, `{"errcode":-1,"errmsg":"system error"}`), wechat.Unknown, 3, -1},
		"empty":          {plain(200, " "), wechat.Unknown, 1, 0},
		"HTML":           {plain(200, "<html>"), wechat.Unknown, 1, 0},
		"gateway":        {plain(502, "<html>"), wechat.Unknown, 3, 0},
		"too many":       {plain(429, ""), wechat.Unknown, 3, 0},
		"not understood": {plain(200, `{"name":5}`), wechat.Done, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := bodyOf(&http.Request{Body: tt.answer.Body})
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				a := newApp(t, &purse{token: "t"}, func(*http.Request) (*http.Response, error) {
					attempts++
					return plain(tt.answer.StatusCode, string(body)), nil
				})
				_, err := wechat.Call[menu](t.Context(), a, opMenu, nil)
				require.Error(t, err)
				assert.Equal(t, tt.attempts, attempts)
				assert.Equal(t, tt.code, wechat.Errcode(err))
				_, err = wechat.Call[menu](t.Context(), a, opCreate, menu{})
				assert.Equal(t, tt.write, wechat.OutcomeOf(err))
			})
		})
	}
	assert.Zero(t, wechat.Errcode(io.EOF))
}

func TestOpenStreamsAFile(t *testing.T) {
	t.Parallel()
	answers := []func() *http.Response{
		func() *http.Response {
			return header(header(plain(200, "\x89PNG"), "Content-Type", "image/png"), "Content-Disposition", `attachment; filename="a.png"`)
		},
		func() *http.Response { return header(plain(200, "\x89PNG"), "Content-Type", "image/png") },
		func() *http.Response { return plain(200, `{"errcode":40007,"errmsg":"invalid media_id"}`) },
		func() *http.Response { return plain(200, `{"name":"x"}`) },
	}
	n := 0
	a := newApp(t, &purse{token: "t"}, func(*http.Request) (*http.Response, error) { n++; return answers[n-1](), nil })
	s, err := wechat.Open(t.Context(), a, opMenu, nil)
	require.NoError(t, err)
	b, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, "\x89PNG image/png a.png 4", string(b)+" "+s.ContentType+" "+s.FileName+" "+strings.Repeat("4", int(s.Size/4)))
	s, err = wechat.Open(t.Context(), a, opMenu, nil)
	require.NoError(t, err)
	assert.Empty(t, s.FileName)
	require.NoError(t, s.Close())
	_, err = wechat.Open(t.Context(), a, opMenu, nil)
	assert.Equal(t, 40007, wechat.Errcode(err))
	_, err = wechat.Open(t.Context(), a, opMenu, nil)
	require.ErrorContains(t, err, "not a file")
	assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
	_, err = wechat.Open(t.Context(), a, wechat.GET("/x/{id}"), nil)
	require.Error(t, err)
}

// Errors come in place of files under all sorts of types: the first byte tells as well.
func TestAnErrorInPlaceOfAFileIsKnownByItsFirstByte(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"application/json; encoding=utf-8", "text/plain", "image/jpeg", "application/octet-stream", ""} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, &purse{token: "t"}, func(*http.Request) (*http.Response, error) {
				return header(plain(200, `{"errcode":40007,"errmsg":"invalid media_id"}`), "Content-Type", kind), nil
			})
			_, err := wechat.Open(t.Context(), a, opMenu, nil)
			assert.Equal(t, 40007, wechat.Errcode(err), "%v", err)
		})
	}
}

func TestAnAppUploads(t *testing.T) {
	t.Parallel()
	a := newApp(t, &purse{token: "t"}, func(r *http.Request) (*http.Response, error) {
		body := string(bodyOf(r))
		assert.Contains(t, body, `name="media"; filename="a.jpg"`)
		assert.NotContains(t, body, `name="meta"`)
		return plain(200, `{"name":"m1"}`), nil
	})
	out, err := wechat.Upload[menu](t.Context(), a, wechat.POST("/cgi-bin/media/upload"), nil, wechat.File{Name: "a.jpg", Data: strings.NewReader("abc")})
	require.NoError(t, err)
	assert.Equal(t, "m1", out.Name)
}

// A call at another host goes there without a token; one with a token goes nowhere.
func TestAnAppCallsAtAnotherHost(t *testing.T) {
	t.Parallel()
	var seen []string
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.String())
		return header(plain(200, "\xff\xd8"), "Content-Type", "image/jpg"), nil
	})
	op := wechat.GET("/cgi-bin/showqrcode").At("https://mp.weixin.qq.com")
	s, err := wechat.Open(t.Context(), newApp(t, &purse{token: "t"}, carrier), op.NoToken(), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = wechat.Open(t.Context(), newApp(t, &purse{token: "t"}, carrier), op, nil)
	require.ErrorContains(t, err, "NoToken")
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	local, err := wechat.NewApp("wx0000000000000001", nil, wechat.WithBaseURL("http://127.0.0.1:1"), wechat.WithTransport(carrier))
	require.NoError(t, err)
	s, err = wechat.Open(t.Context(), local, op.NoToken(), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, []string{"https://mp.weixin.qq.com/cgi-bin/showqrcode", "http://127.0.0.1:1/cgi-bin/showqrcode"}, seen)
}

type picky struct{}

func (picky) Validate() error { return wechat.Invalid("type", "is wrong") }

func TestAnUploadIsCheckedFirst(t *testing.T) {
	t.Parallel()
	a := newApp(t, &purse{token: "t"}, func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	})
	_, err := wechat.Upload[menu](t.Context(), a, wechat.POST("/cgi-bin/media/upload"), picky{}, wechat.File{Name: "a.jpg", Data: strings.NewReader("abc")})
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
}
