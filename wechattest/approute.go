package wechattest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// appRoute is one endpoint of the account side.
type appRoute struct {
	method string
	path   string
	serve  appEndpoint
	bare   bool // takes no access token
	daily  int  // calls a day, 0 for no limit
	kinds  []AppKind
}

// appEndpoint answers a call that may be made; a.mu is held. It returns what is
// written as JSON, nil for errcode 0, or an *answer that goes out as it is.
type appEndpoint = func(a *App, c *appCall) (any, *errcode)

// route adds an endpoint. It is called by NewApp only.
func (a *App) route(method, path string, serve appEndpoint) *appRoute {
	r := &appRoute{method: method, path: path, serve: serve}
	if strings.Contains(path, "{") {
		a.patterns = append(a.patterns, r)
		return r
	}
	a.routes[path] = append(a.routes[path], r)
	return r
}

// find is the routes of a path; {name} in a pattern stands for one segment.
func (a *App) find(c *appCall) []*appRoute {
	if all := a.routes[c.path]; len(all) > 0 {
		return all
	}
	segments := strings.Split(c.inbound.path, "/")
	for _, r := range a.patterns {
		rt := newRoute(r.method, r.path, nil)
		if vars, ok := rt.match(segments); ok {
			c.vars = vars
			return []*appRoute{r}
		}
	}
	return nil
}

// tokenless marks an endpoint that takes no access token.
func (r *appRoute) tokenless() *appRoute { r.bare = true; return r }

// limited gives the endpoint a number of calls a day.
func (r *appRoute) limited(daily int) *appRoute { r.daily = daily; return r }

// only refuses the endpoint to apps of other kinds.
func (r *appRoute) only(kinds ...AppKind) *appRoute { r.kinds = kinds; return r }

// appCall is a request as it arrived.
type appCall struct {
	*inbound
	q    url.Values
	ip   string            // of the caller
	path string            // unescaped
	vars map[string]string // segments named in a pattern
	open bool              // no token: the body may hold a secret
	rid  string
	now  time.Time
}

// errcode is an answer that refuses.
type errcode struct {
	code int
	text string
	more []byte // members beside errcode and errmsg, as `,"a":1`
}

func wrong(code int, format string, args ...any) *errcode {
	return &errcode{code: code, text: fmt.Sprintf(format, args...)}
}

// decode reads the JSON body into v, a pointer to a struct.
func (c *appCall) decode(v any) *errcode {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return wrong(44002, "empty post data")
	}
	if !utf8.Valid(c.body) || json.Unmarshal(c.body, v) != nil {
		return wrong(47001, "data format error")
	}
	return nil
}

// answer is the whole way of a request.
func (a *App) answer(r *http.Request, target string) *answer {
	in, no := receive(r, target)
	if realHost(in.host) {
		return a.json(421, &appCall{inbound: in, rid: newRID()}, nil, wrong(40066, "this is a simulator, and the request was meant for %s", in.host))
	}
	f := a.faults.pick(in)
	if ans := f.appBefore(a); ans != nil {
		return ans
	}
	c := &appCall{inbound: in, rid: newRID(), now: a.clock.Now(), ip: ipOf(r)}
	ans := a.process(c, no)
	return f.appAfter(r.Context(), a, ans)
}

func (a *App) process(c *appCall, no *refusal) *answer {
	var err error
	if c.q, err = url.ParseQuery(c.query); err != nil || no != nil {
		status := http.StatusBadRequest
		if no != nil {
			status = no.status
		}
		return a.json(status, c, nil, wrong(40097, "invalid args"))
	}
	if c.path, err = url.PathUnescape(c.inbound.path); err != nil {
		c.path = c.inbound.path
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return a.json(http.StatusInternalServerError, c, nil, wrong(-1, "system error"))
	}
	v, e := a.serve(c)
	ans, ok := v.(*answer)
	if !ok || e != nil {
		ans = a.json(http.StatusOK, c, v, e)
	}
	a.remember(c, ans)
	return ans
}

// serve finds the endpoint and asks it, if the call may be made; a.mu is held.
func (a *App) serve(c *appCall) (any, *errcode) {
	all := a.find(c)
	if len(all) == 0 {
		return nil, wrong(40066, "invalid url")
	}
	i := slices.IndexFunc(all, func(r *appRoute) bool { return r.method == c.method })
	if i < 0 && all[0].method == http.MethodGet {
		return nil, wrong(43001, "require GET method")
	}
	if i < 0 {
		return nil, wrong(43002, "require POST method")
	}
	r := all[i]
	if c.open = r.bare; !r.bare {
		if e := a.tokens.check(c.q.Get("access_token"), c.now); e != nil {
			return nil, e
		}
	}
	if len(r.kinds) > 0 && !slices.Contains(r.kinds, a.cfg.Kind) {
		return nil, wrong(48001, "api unauthorized")
	}
	if e := a.count(r, c.now); e != nil {
		return nil, e
	}
	return r.serve(a, c)
}

// json writes v or e.
func (a *App) json(status int, c *appCall, v any, e *errcode) *answer {
	var body []byte
	switch {
	case e != nil:
		text := mustJSON(e.text + " rid: " + c.rid)
		body = fmt.Appendf(nil, `{"errcode":%d,"errmsg":%s%s}`, e.code, text, e.more)
	case v == nil:
		body = []byte(`{"errcode":0,"errmsg":"ok"}`)
	default:
		body = mustJSON(v)
	}
	kind := "application/json; encoding=utf-8"
	if strings.HasPrefix(c.path, "/sns/") {
		kind = "text/plain"
	}
	return appAnswer(status, kind, body)
}

func appAnswer(status int, kind string, body []byte) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {kind}}, body: body, cut: -1}
}

// newRID looks like 5f2a6c1e-3b7d90aa-12ef0034.
func newRID() string {
	h := hex.EncodeToString([]byte(randomText(12)))
	return h[:8] + "-" + h[8:16] + "-" + h[16:24]
}

// ipOf is the caller's address; without a socket it is this machine's.
func ipOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return "127.0.0.1"
}
