package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// App speaks to api.weixin.qq.com for one official account, mini program or
// website app. It is immutable, safe for concurrent use, starts no goroutine and
// opens no connection before the first call.
type App struct {
	c  *client
	id string
}

var appHosts = []string{"https://api.weixin.qq.com", "https://api2.weixin.qq.com"}

// NewApp checks its arguments and makes no network call. src gives the access
// token; nil is allowed for an App that only makes calls which carry none, such
// as user login or fetching the token itself.
func NewApp(appID string, src TokenSource, opts ...Option) (*App, error) {
	if err := checkAppID(appID); err != nil {
		return nil, fmt.Errorf("wechat: NewApp: %w", err)
	}
	c, err := newClient(appHosts, opts)
	if err != nil {
		return nil, err
	}
	if err := c.simulated(appID, "wx0000", "app id (wx0000…)"); err != nil {
		return nil, err
	}
	d := &appDialect{src: src, local: c.simulated("wx0000", "wx0000", "") == nil} // a simulator would do
	if c.security != nil {
		if d.sealing, err = c.security(appID); err != nil {
			return nil, err
		}
	}
	c.dialect = d
	return &App{c: c, id: appID}, nil
}

func checkAppID(id string) error {
	if len(id) < 3 || len(id) > 32 || !strings.HasPrefix(id, "wx") || strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '-')
	}) {
		return Invalid("appid", fmt.Sprintf("want wx and up to 30 letters and digits, got %d bytes", len(id)))
	}
	return nil
}

// ID is the app id, empty for a nil App.
func (a *App) ID() string {
	if a == nil {
		return ""
	}
	return a.id
}

// String names the app and nothing secret.
func (a *App) String() string { return "app " + a.ID() }

// GoString is String.
func (a *App) GoString() string { return a.String() }

// CloseIdleConnections closes connections that are not in use, if the transport
// can. The App stays usable.
func (a *App) CloseIdleConnections() { a.core().closeIdle() }

func (a *App) core() *client {
	if a == nil || a.c == nil {
		return unmade("App", "NewApp")
	}
	return a.c
}

// Stream is a file a call answered with: an account's picture, a v2 bill. The
// caller closes it.
type Stream struct {
	ContentType string
	Digest      string // the Digest header, such as "SHA=…" of a v2 fund flow
	FileName    string // as the answer names it, may be empty
	Size        int64  // as announced, or -1
	io.ReadCloser
}

// Open sends in to op and streams the file it answers with. An answer that turns
// out to be a JSON error becomes that error. The stream lives as long as ctx; an
// end before the announced length is an error of Read.
func Open(ctx context.Context, c Client, op Op, in any) (*Stream, error) {
	core := coreOf(c)
	m, err := core.prepare(ctx, op, in)
	if err != nil {
		return nil, err
	}
	m.raw, m.accept = true, "*/*"
	r, err := core.exchange(ctx, op, m)
	if err != nil {
		return nil, err
	}
	if r.stream == nil {
		return nil, &CallError{Op: op, Outcome: Done, Body: r.body, Err: errors.New("the answer is a message, not a file")}
	}
	return &Stream{ContentType: r.header.Get("Content-Type"), Digest: oneLine(r.header.Get("Digest"), 200), FileName: fileName(r.header), Size: r.size, ReadCloser: r.stream}, nil
}

func fileName(h http.Header) string {
	_, name, ok := strings.Cut(h.Get("Content-Disposition"), "filename=")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(strings.TrimPrefix(name, `"`), `"`)
	return oneLine(name, 200)
}
