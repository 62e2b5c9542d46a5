package qrcode

import (
	"context"
	"net/url"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Scene is what a code of the account tells the shop about where it was scanned. It
// comes back in the events that follow a scan. A text of digits only cannot be told
// from a number there.
type Scene struct {
	ID   uint32 `json:"scene_id,omitempty"`
	Text string `json:"scene_str,omitempty"`
}

// SceneID is a scene that is a number: not 0, and at most 100,000 for a permanent
// code.
func SceneID(n uint32) Scene { return Scene{ID: n} }

// SceneText is a scene that is a text of 1 to 64 characters.
func SceneText(s string) Scene { return Scene{Text: s} }

type sceneInfo struct {
	Scene Scene `json:"scene"`
}

// ticketRequest is for a code that ends after so many seconds, or never.
type ticketRequest struct {
	Seconds int64     `json:"expire_seconds,omitempty"`
	Action  string    `json:"action_name"`
	Info    sceneInfo `json:"action_info"`
	life    time.Duration
}

const (
	longest       = 30 * 24 * time.Hour
	mostPermanent = 100000
)

func temporary(scene Scene, life time.Duration) ticketRequest {
	return ticketRequest{int64(life / time.Second), scene.action("QR_SCENE", "QR_STR_SCENE"), sceneInfo{scene}, life}
}

func permanent(scene Scene) ticketRequest {
	return ticketRequest{0, scene.action("QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"), sceneInfo{scene}, 0}
}

func (s Scene) action(number, text string) string {
	if s.Text != "" {
		return text
	}
	return number
}

// Validate checks scene and life.
func (r ticketRequest) Validate() error {
	var f check.Fields
	scene := r.Info.Scene
	f.Must(scene != Scene{}, "scene", "is empty: take SceneID of a number that is not 0, or SceneText")
	f.Must(scene.ID == 0 || scene.Text == "", "scene", "is both a number and a text")
	f.Words("scene_str", scene.Text, 64)
	if r.Action == "QR_LIMIT_SCENE" {
		f.Must(scene.ID <= mostPermanent, "scene_id", "is %d, the limit for permanent codes is %d", scene.ID, mostPermanent)
	}
	if r.Action == "QR_SCENE" || r.Action == "QR_STR_SCENE" {
		f.Must(r.life >= time.Second && r.life <= longest && r.life%time.Second == 0, "expire_seconds", "is %v, want whole seconds up to 30 days", r.life)
	}
	return f.Err()
}

// Ticket is a code of the account.
type Ticket struct {
	Ticket  string `json:"ticket"`
	Seconds int64  `json:"expire_seconds"` // 0 for a permanent code
	URL     string `json:"url"`            // what the code says
}

// Validate demands ticket and text.
func (t Ticket) Validate() error {
	var f check.Fields
	f.Must(t.Ticket != "", "ticket", "is missing")
	f.Must(t.URL != "", "url", "is missing")
	return f.Err()
}

// Life is how long the code works; 0 is for ever.
func (t Ticket) Life() time.Duration { return time.Duration(t.Seconds) * time.Second }

// Code draws the code without asking WeChat again, in any look.
func (t Ticket) Code(opts ...Option) (*Code, error) { return New(t.URL, opts...) }

// ImageURL is the address of WeChat's own picture of the code, for a page. It holds no
// secret.
func (t Ticket) ImageURL() string {
	return "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=" + url.QueryEscape(t.Ticket)
}

// Temporary makes a code of the account that works for life, at most 30 days. Who
// scans it follows the account or opens its chat, and the shop gets an event with the
// scene.
//
// 生成带参数的二维码
func (s *Service) Temporary(ctx context.Context, scene Scene, life time.Duration) (*Ticket, error) {
	return wechat.Call[Ticket](ctx, s.app, wechat.POST("/cgi-bin/qrcode/create").Keyed(), temporary(scene, life))
}

// Permanent makes a code of the account that works for ever. An account has 100,000 of
// them and cannot delete any, so it is not repeated.
//
// 生成带参数的二维码
func (s *Service) Permanent(ctx context.Context, scene Scene) (*Ticket, error) {
	return wechat.Call[Ticket](ctx, s.app, wechat.POST("/cgi-bin/qrcode/create"), permanent(scene))
}

type imageRequest struct {
	Ticket string `query:"ticket"`
}

// Validate demands a ticket.
func (r imageRequest) Validate() error {
	var f check.Fields
	f.ID("ticket", r.Ticket, 512)
	return f.Err()
}

// Image streams WeChat's own picture of a code; the caller closes it. It carries no
// access token. A ticket that is wrong or has expired is an *wechat.APIError with the
// status 404. [Ticket.Code] draws the same code without a call.
//
// 通过ticket换取二维码
func (s *Service) Image(ctx context.Context, ticket string) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.GET("/cgi-bin/showqrcode").At("https://mp.weixin.qq.com").NoToken(), imageRequest{ticket})
}
