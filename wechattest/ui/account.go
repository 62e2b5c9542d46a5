package ui

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wxcommerce/wechat/wechattest"
)

// account serves the users' side of one app.
type account struct {
	app   *wechattest.App
	name  string
	shops []string
}

// accountPaths begin what an app answers itself: its API, logins and pictures.
var accountPaths = []string{"/cgi-bin/", "/connect/", "/sns/", "/mmopen/", "/mmbiz/", "/wxa/", "/wxaapi/", "/customservice/"}

// WithAccount adds an official account to a handler of New or NewLegacy: the chat
// with its menu at /ui/chat, the JS-SDK for pages at /ui/jweixin.js with the sheet
// to pick an address, and everything the app answers by itself. All else goes to
// rest. name is what users see; shops are as for New. The handler is safe for
// concurrent use.
func WithAccount(app *wechattest.App, name string, rest http.Handler, shops ...string) http.Handler {
	s := &account{app: app, name: name, shops: slices.Clone(shops)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ui/chat", s.chat)
	mux.HandleFunc("POST /ui/chat", s.act)
	mux.HandleFunc("GET /ui/address", s.addresses)
	mux.HandleFunc("POST /ui/address", s.pick)
	own := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/favicon.ico":
			w.WriteHeader(http.StatusNoContent)
		case path == "/ui/chat" || path == "/ui/address":
			r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
			own.ServeHTTP(w, r)
		case slices.ContainsFunc(accountPaths, func(p string) bool { return strings.HasPrefix(path, p) }) && !tenpay(path):
			app.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
}

// tenpay tells the paths of WeChat Pay that look like an app's.
func tenpay(path string) bool {
	return path == h5Path || strings.HasSuffix(path, ".cgi")
}

// render writes a page that may show pictures of the shops and lead there.
func (s *account) render(w http.ResponseWriter, status int, ancestors, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	shops := strings.Join(s.shops, " ")
	if shops == "" {
		shops = "http://127.0.0.1:* http://localhost:*"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "+shops+
		"; form-action 'self' "+shops+"; base-uri 'none'; frame-ancestors "+ancestors)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that has gone needs nothing
}

// allowed tells whether a page may use the JS-SDK's sheets.
func (s *account) allowed(page string) (origin string, ok bool) {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return "", false
	}
	origin = u.Scheme + "://" + u.Host
	return origin, (&server{shops: s.shops}).allowed(origin)
}
