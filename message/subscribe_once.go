package message

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// OnceRequest asks a user, on a page of WeChat's, to agree to one message of a
// service account: the old one-time subscription (一次性订阅消息).
type OnceRequest struct {
	Scene       int    // 0 to 10000, tells the page's visitors apart
	TemplateID  string // of the console
	RedirectURL string // where the user comes back to; its domain is registered in the console
	Reserved    string // up to 128 letters and digits that come back: guard them as a form's token
}

// OnceURL is the address to send the user's WeChat browser to.
func (s *Service) OnceURL(in OnceRequest) (string, error) {
	var f check.Fields
	f.ID("appid", s.app.ID(), 32)
	checkScene(&f, in.Scene)
	f.ID("template_id", in.TemplateID, maxTemplateID)
	u, err := url.Parse(in.RedirectURL)
	f.Must(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http"), "redirect_url", "is not a whole address (%d bytes)", len(in.RedirectURL))
	if in.Reserved != "" {
		f.Number("reserved", in.Reserved, 1, 128, "")
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	return "https://mp.weixin.qq.com/mp/subscribemsg?action=get_confirm&appid=" + url.QueryEscape(s.app.ID()) +
		"&scene=" + strconv.Itoa(in.Scene) + "&template_id=" + url.QueryEscape(in.TemplateID) +
		"&redirect_url=" + url.QueryEscape(in.RedirectURL) + "&reserved=" + url.QueryEscape(in.Reserved) + "#wechat_redirect", nil
}

func checkScene(f *check.Fields, scene int) {
	f.Must(scene >= 0 && scene <= 10000, "scene", "must be 0 to 10000")
}

// OnceAnswer is what a user who comes back from OnceURL carries in the query.
// Anybody can write such an address: compare Reserved with what this visitor was
// sent off with before believing the rest.
type OnceAnswer struct {
	OpenID     string
	TemplateID string
	Confirmed  bool
	Scene      int
	Reserved   string
}

// ReadOnceAnswer reads the query of the page the user comes back to.
func ReadOnceAnswer(q url.Values) OnceAnswer {
	scene, _ := strconv.Atoi(q.Get("scene")) // 0 if it is no number
	return OnceAnswer{OpenID: q.Get("openid"), TemplateID: q.Get("template_id"), Confirmed: q.Get("action") == "confirm", Scene: scene, Reserved: q.Get("reserved")}
}

// Once is the one message the user agreed to.
type Once struct {
	To          string
	TemplateID  string
	URL         string
	MiniProgram *Jump
	Scene       int    // the one the user agreed in
	Title       string // up to 15 characters
	Content     string // up to 200 characters
	Color       string // of the content, such as #173177
}

type onceRequest struct {
	To          string   `json:"touser"`
	TemplateID  string   `json:"template_id"`
	URL         string   `json:"url,omitempty"`
	MiniProgram *Jump    `json:"miniprogram,omitempty"`
	Scene       string   `json:"scene"`
	Title       string   `json:"title"`
	Data        onceData `json:"data"`
}

type onceData struct {
	Content struct {
		Value string `json:"value"`
		Color string `json:"color,omitempty"`
	} `json:"content"`
}

func (r onceRequest) Validate() error {
	var f check.Fields
	f.ID("touser", r.To, maxOpenID)
	f.ID("template_id", r.TemplateID, maxTemplateID)
	f.OptionalID("url", r.URL, 2048)
	r.MiniProgram.check(&f)
	scene, _ := strconv.Atoi(r.Scene)
	checkScene(&f, scene)
	f.Must(r.Title != "", "title", "is empty but required")
	f.Words("title", r.Title, 15)
	f.Must(r.Data.Content.Value != "", "data.content", "is empty but required")
	f.Words("data.content", r.Data.Content.Value, 200)
	f.OptionalID("data.content.color", r.Data.Content.Color, 16)
	return f.Err()
}

// SendOnce sends the message that a user agreed to. There is no key.
//
// 发送一次性订阅消息
func (s *Service) SendOnce(ctx context.Context, o Once) error {
	in := onceRequest{To: o.To, TemplateID: o.TemplateID, URL: o.URL, MiniProgram: o.MiniProgram, Scene: strconv.Itoa(o.Scene), Title: o.Title}
	in.Data.Content.Value, in.Data.Content.Color = o.Content, o.Color
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/template/subscribe"), in)
	return err
}

// Format prints title and scene, whatever the verb: nothing of what is said.
func (o Once) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "one-time message %q of scene %d", o.Title, o.Scene)
}
