// Package phone is a page of the simulated phone that WeChat has and the shop has not:
// there a customer says that the goods have come, complains about an order, and
// answers what the shop did about it.
package phone

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

// Act is something a customer does about a complaint.
type Act string

// The acts.
const (
	Say        Act = "say"        // go on
	Withdraw   Act = "withdraw"   // take it back
	Content    Act = "content"    // accept what the shop did
	Discontent Act = "discontent" // refuse it
)

// Grievance is the complaint about an order as its customer sees it; without an ID
// there is none.
type Grievance struct {
	ID, State string
	Steps     []Step
	May       []Act
}

// Step is one thing that was said or done.
type Step struct {
	By, Words, What string
	At              time.Time
}

// Customer is the customer's side of a simulator.
type Customer interface {
	Receipts() bool // receipts can be confirmed
	ConfirmReceipt(no string) error
	Grievance(no string) Grievance
	Complain(no, words string, refund wechat.Fen, picture []byte) error
	Act(no string, act Act, words string) error
}

// Path is where the page is, with ?no=….
const Path = "/ui/after"

const stylePath = "/ui/after.css"

//go:embed phone.html
var text string

//go:embed after.css
var style []byte

var pages = template.Must(template.New("phone").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.In(wechat.Beijing).Format("01-02 15:04") },
	"word": word,
}).Parse(text))

// word is a step or an act for people.
func word(what string) string {
	words := map[string]string{string(Withdraw): "撤销投诉 / Withdraw", string(Content): "满意，结束 / Content", string(Discontent): "不满意 / Not content",
		"USER_CREATE_COMPLAINT": "发起投诉", "USER_RESPONSE": "补充", "USER_CONTINUE_COMPLAINT": "再次投诉", "MERCHANT_RESPONSE": "回复",
		"MERCHANT_CONFIRM_COMPLETE": "反馈处理完成", "MERCHANT_APPROVE_REFUND": "同意退款", "USER_REVOKE_COMPLAINT": "撤销", "USER_COMFIRM_COMPLAINT": "确认解决"}
	return words[what]
}

// Handler serves the page, and everything else by next.
func Handler(c Customer, next http.Handler) http.Handler {
	p := &page{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, r *http.Request) { p.show(w, http.StatusOK, r.URL.Query().Get("no"), "") })
	mux.HandleFunc("POST "+Path, p.act)
	mux.HandleFunc("GET "+stylePath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style) // a reader that has gone needs nothing
	})
	own := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path && r.URL.Path != stylePath {
			next.ServeHTTP(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		own.ServeHTTP(w, r)
	})
}

type page struct{ customer Customer }

// sight is what the page shows.
type sight struct {
	No, Said  string
	Grievance Grievance
	Receipts  bool
}

// May tells whether the customer can do that now.
func (g sight) May(a Act) bool { return slices.Contains(g.Grievance.May, a) }

func (p *page) show(w http.ResponseWriter, status int, no, said string) {
	var b bytes.Buffer
	if err := pages.Execute(&b, sight{no, said, p.customer.Grievance(no), p.customer.Receipts()}); err != nil {
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that has gone needs nothing
}

func (p *page) act(w http.ResponseWriter, r *http.Request) {
	no, act, words := r.PostFormValue("no"), r.PostFormValue("act"), strings.TrimSpace(r.PostFormValue("words"))
	var err error
	said := "已提交 / Done"
	switch act {
	case "received":
		err, said = p.customer.ConfirmReceipt(no), "已确认收货 / Receipt confirmed"
	case "complain":
		err = p.complain(no, words, r)
		said = "投诉已提交，商家会尽快回复 / The shop will answer soon"
	default:
		err = p.customer.Act(no, Act(act), words)
	}
	if err != nil {
		p.show(w, http.StatusConflict, no, "没有成功 / That did not work: "+err.Error())
		return
	}
	p.show(w, http.StatusOK, no, said)
}

func (p *page) complain(no, words string, r *http.Request) error {
	var refund wechat.Fen
	if text := r.PostFormValue("refund"); text != "" {
		var err error
		if refund, err = wechat.ParseYuan(text); err != nil {
			return err
		}
	}
	var picture []byte
	if r.PostFormValue("picture") != "" {
		var err error
		if picture, err = snapshot(); err != nil {
			return err
		}
	}
	return p.customer.Complain(no, words, refund, picture)
}

// snapshot is a picture as a phone might take it: something blurred and brown.
func snapshot() ([]byte, error) {
	const size, block = 240, 40
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	noise := []byte(rand.Text() + rand.Text())
	for y := range size {
		for x := range size {
			n := noise[(y/block*(size/block)+x/block)%len(noise)]
			img.Set(x, y, color.RGBA{R: 150 + n%60, G: 120 + n%50, B: 80 + n%40, A: 255})
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
