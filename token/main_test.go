package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID  = "wx8888888888888888"
	secret = "c4nary5ecret0123456789abcdef0123"
)

// weixin is api.weixin.qq.com as far as tokens go: it counts, and keeps the token
// that is good.
type weixin struct {
	fetches atomic.Int32 // of tokens and tickets
	forced  atomic.Int32
	calls   atomic.Int32 // of everything else

	mu      sync.Mutex
	made    int
	current string
	until   time.Time
	life    int
	delay   time.Duration // of a fetch
	err     error         // in place of an answer
	raw     string        // the same
	gate    chan struct{} // fetches wait for it
	stable  bool          // even force gives the same token
}

func newWeixin() *weixin { return &weixin{life: 7200} }

func (w *weixin) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// next makes a new token that is good for w.life. It is called with mu held.
func (w *weixin) next() string {
	w.made++
	w.current, w.until = fmt.Sprintf("t0ken_%d_canary", w.made), time.Now().Add(time.Duration(w.life)*time.Second)
	return w.current
}

func (w *weixin) Do(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case "/cgi-bin/stable_token", "/cgi-bin/token", "/cgi-bin/ticket/getticket":
	default:
		w.calls.Add(1)
		w.mu.Lock()
		defer w.mu.Unlock()
		if r.URL.Query().Get("access_token") != w.current {
			return answer(`{"errcode":40001,"errmsg":"invalid credential rid: 1-2-3"}`), nil
		}
		return answer(`{"errcode":0}`), nil
	}
	w.fetches.Add(1)
	w.mu.Lock()
	delay, gate := w.delay, w.gate
	w.mu.Unlock()
	if err := hold(r.Context(), delay, gate); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return nil, w.err
	case w.raw != "":
		return answer(w.raw), nil
	}
	return w.grant(r), nil
}

func (w *weixin) grant(r *http.Request) *http.Response {
	var q struct {
		Force bool `json:"force_refresh"`
	}
	if r.Body != nil {
		_ = json.NewDecoder(r.Body).Decode(&q)
	}
	if q.Force {
		w.forced.Add(1)
	}
	left := int(time.Until(w.until) / time.Second)
	if w.current == "" || q.Force && !w.stable || left < 300 && !w.stable || strings.HasSuffix(r.URL.Path, "/token") {
		w.next()
		left = w.life
	}
	return answer(fmt.Sprintf(`{"access_token":%q,"ticket":%q,"expires_in":%d}`, w.current, w.current, left))
}

// hold is how long an answer takes, or as long as the caller waits for it.
func hold(ctx context.Context, d time.Duration, gate chan struct{}) error {
	if gate != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-gate:
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func answer(body string) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func newSource(t testing.TB, w wechat.Transport, change ...func(*token.Config)) *token.Source {
	t.Helper()
	cfg := token.Config{AppID: appID, Secret: seal.NewKey(secret)}
	for _, f := range change {
		f(&cfg)
	}
	s, err := token.New(cfg, wechat.WithTransport(w))
	require.NoError(t, err)
	return s
}

func mustToken(t testing.TB, s *token.Source) string {
	t.Helper()
	k, err := s.Token(t.Context())
	require.NoError(t, err)
	return string(k.Bytes())
}

var errDown = errors.New("connection reset by peer")
