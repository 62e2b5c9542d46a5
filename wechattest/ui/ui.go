package ui

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/wxcommerce/wechat/wechattest"
)

//go:embed files
var files embed.FS

var pages = template.Must(template.ParseFS(files, "files/*.html"))

// server serves the customer's side of one simulator.
type server struct {
	wallet wallet
	shops  []string
}

// h5Path is where the h5_url of an H5 order points.
const h5Path = "/cgi-bin/mmpayweb-bin/checkmweb"

// New serves the customer's side under /ui/ and hands every other request to
// pay, so that one listener is the whole of WeChat. shops are the origins whose
// pages may open the pay sheet, such as http://127.0.0.1:8080; without any, every
// loopback origin may. The handler is safe for concurrent use.
func New(pay *wechattest.Pay, shops ...string) http.Handler { return serve(today{pay}, shops) }

// NewLegacy is New for the generation of 2014.
func NewLegacy(l *wechattest.Legacy, shops ...string) http.Handler { return serve(old{l}, shops) }

func serve(w wallet, shops []string) http.Handler {
	s := &server{wallet: w, shops: slices.Clone(shops)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ui/{file}", s.file)
	mux.HandleFunc("GET /ui/sheet", s.sheet)
	mux.HandleFunc("POST /ui/sheet", s.decideSheet)
	mux.HandleFunc("GET /ui/phone", s.phone)
	mux.HandleFunc("POST /ui/phone", s.decidePhone)
	mux.HandleFunc("GET "+h5Path, s.h5)
	own := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ui/") || r.URL.Path == h5Path {
			r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
			own.ServeHTTP(w, r)
			return
		}
		s.wallet.ServeHTTP(w, r)
	})
}

// file serves scripts, the style sheet and nothing else.
func (s *server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".css") && !strings.HasSuffix(name, ".svg") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the bridge is for other origins
	http.ServeFileFS(w, r, files, "files/"+name)
}

// render writes a page. ancestors says who may frame it.
func render(w http.ResponseWriter, status int, ancestors, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "+ancestors)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that has gone needs nothing
}

// allowed tells whether pages of that origin may open the pay sheet.
func (s *server) allowed(origin string) bool {
	if len(s.shops) > 0 {
		return slices.Contains(s.shops, origin)
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
