package web

import (
	"bytes"
	"embed"
	"fmt"
	"hash/crc32"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

//go:embed static pictures templates
var files embed.FS

// pages are the parsed templates by file name.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	funcs := template.FuncMap{
		"yuan":  func(f wechat.Fen) string { return f.Yuan() },
		"fen":   func(f wechat.Fen) string { return strconv.FormatInt(int64(f), 10) },
		"time":  func(t time.Time) string { return t.In(wechat.Beijing).Format("2006-01-02 15:04:05") },
		"asset": asset, "picture": picture,
		// what a part of a page needs beside its subject
		"pair":        func(v view, o shop.Order) part { return part{V: v, O: o} },
		"refundpair":  func(v view, r shop.Refund) part { return part{V: v, R: r} },
		"addresspart": addressPartOf,
		"row": func(v view, o shop.Order, at string, who bool) part {
			return part{V: v, O: o, Link: at + o.No, Who: who}
		},
		"shippart":      func(v view, p *shop.Shipment) afterPart { return afterPart{V: v, P: *p} },
		"complaintpart": func(v view, c shop.Complaint) afterPart { return afterPart{V: v, C: c} },
		"carrier":       carrierName, "left": hours, "step": stepName,
	}
	names, err := fs.Glob(files, "templates/pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	all := pages{}
	for _, name := range names {
		t, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/*.html", name)
		if err != nil {
			return nil, fmt.Errorf("web: template %s: %w", name, err)
		}
		all[strings.TrimSuffix(name[len("templates/pages/"):], ".html")] = t
	}
	return all, nil
}

// part is what the shared parts of pages get.
type part struct {
	V    view
	O    shop.Order
	R    shop.Refund
	Link string
	Who  bool
}

// afterPart is what the parts about the time after the sale get.
type afterPart struct {
	V view
	P shop.Shipment
	C shop.Complaint
}

// asset is the address of an embedded file, with its checksum so that browsers
// may keep it for ever.
func asset(name string) (string, error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("web: asset: %w", err)
	}
	return fmt.Sprintf("/%s?v=%08x", name, crc32.ChecksumIEEE(b)), nil
}

// picture is a product's picture, or our sign for a product that has none.
func picture(slug string) (string, error) {
	if at, err := asset("pictures/" + slug + ".svg"); err == nil {
		return at, nil
	}
	return asset("pictures/logo.svg")
}

// Picture is the path of a product's picture.
func Picture(slug string) string {
	at, err := picture(slug)
	if err != nil {
		return "/"
	}
	return at
}

func static() http.Handler {
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		if r.URL.Query().Get("v") != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		serve.ServeHTTP(w, r)
	})
}

// view is what every template gets. Data is the page's own.
type view struct {
	English bool
	Session shop.Session
	Path    string // of this page, for the language switch
	WeChat  string
	Pay     string // generation of WeChat Pay: v3, v2 or 2014
	Notice  string // one sentence on top
	Good    bool   // Notice is good news
	Data    any
}

// Say picks the language.
func (v view) Say(chinese, english string) string {
	if v.English {
		return english
	}
	return chinese
}

const languageCookie = "lang"

func english(r *http.Request) bool {
	c, err := r.Cookie(languageCookie)
	return err == nil && c.Value == "en"
}

// language switches between Chinese and English and goes back.
func (s *Server) language(w http.ResponseWriter, r *http.Request) {
	to := "zh"
	if r.URL.Query().Get("to") == "en" {
		to = "en"
	}
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: to, Path: "/", MaxAge: int(shop.SessionLife.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, local(r.URL.Query().Get("next")), http.StatusSeeOther)
}

// show renders a page in full before the first byte leaves.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	ses, err := s.visitor(w, r)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	v := view{English: english(r), Session: ses, Path: r.URL.Path, WeChat: s.WeChat, Pay: s.Cashier.Generation(), Data: data}
	v.Notice, v.Good = v.notice(r.URL.Query().Get("m"))
	s.render(w, r, status, name, v)
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, v); err != nil {
		s.Log.Error("page", "name", name, "error", err)
		http.Error(w, "The page is broken. 页面出错了。", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(b.Bytes()) // a reader that has gone needs nothing
}

// fail shows what went wrong in words for the status. It begins no session.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int) {
	ses, err := s.known(r)
	if err != nil {
		ses = shop.Session{}
	}
	s.render(w, r, status, "error", view{English: english(r), Session: ses, Path: "/", Data: status})
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound)
}

func (s *Server) forbidden(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusForbidden)
}

// broken is for errors that are ours: they are logged, not shown.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.Error("page", "path", r.URL.Path, "error", err)
	http.Error(w, "The shop is out of order, please try again. 店铺暂时出了点问题，请稍后再试。", http.StatusInternalServerError)
}
