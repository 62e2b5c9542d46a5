package demo

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// browser is somebody with cookies.
type browser struct {
	client *http.Client
	origin string
}

func newBrowser(origin string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{origin: origin, client: &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}, nil
}

// page is what a browser sees.
type page struct {
	status int
	path   string // after redirects
	body   string
	// address is path with host and query.
	address string
}

func (b *browser) get(ctx context.Context, path string) (page, error) {
	return b.do(ctx, http.MethodGet, path, nil)
}

// submit sends a form, with the secrets of the page it stands on.
func (b *browser) submit(ctx context.Context, on page, path string, fields url.Values) (page, error) {
	for _, name := range []string{"csrf", "form"} {
		if v := on.hidden(name); v != "" && !fields.Has(name) {
			fields.Set(name, v)
		}
	}
	return b.do(ctx, http.MethodPost, path, fields)
}

// post sends what a script of a page sends.
func (b *browser) post(ctx context.Context, path, csrf, kind, body string) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.origin+path, strings.NewReader(body))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("X-CSRF-Token", csrf)
	r.Header.Set("Content-Type", kind)
	return b.send(r)
}

func (b *browser) do(ctx context.Context, method, path string, form url.Values) (page, error) {
	at := path
	if strings.HasPrefix(path, "/") {
		at = b.origin + path
	}
	r, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.send(r)
}

func (b *browser) send(r *http.Request) (page, error) {
	res, err := b.client.Do(r)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return page{}, err
	}
	p := page{status: res.StatusCode, path: res.Request.URL.Path, body: string(body), address: res.Request.URL.String()}
	if p.status >= 400 {
		return p, fmt.Errorf("%s %s: %s", r.Method, r.URL.Path, res.Status)
	}
	return p, nil
}

// hidden is the value of a hidden field of the page, or "".
func (p page) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// data is the value of a data attribute of the page, or "".
func (p page) data(name string) string {
	m := regexp.MustCompile(` data-` + name + `="([^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// says tells whether the page holds a text.
func (p page) says(text string) bool { return strings.Contains(p.body, text) }
