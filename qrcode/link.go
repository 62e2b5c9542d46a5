package qrcode

import (
	"context"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// link is the answer of several calls: whichever of the names is there.
type link struct {
	Link     string `json:"link"`
	OpenLink string `json:"openlink"`
	URLLink  string `json:"url_link"`
	ShortKey string `json:"short_key"`
}

func (l link) text() string { return l.Link + l.OpenLink + l.URLLink + l.ShortKey }

// Validate demands a link.
func (l link) Validate() error {
	var f check.Fields
	f.Must(l.text() != "", "link", "is missing")
	return f.Err()
}

func textOf(l *link, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return l.text(), nil
}

// ShortLink asks for a link that works inside of WeChat.
type ShortLink struct {
	PageURL   string `json:"page_url"`             // required, of the released version, up to 1024 characters, may have a query
	PageTitle string `json:"page_title,omitempty"` // WeChat cuts it after 20 characters
	Permanent bool   `json:"is_permanent"`         // otherwise 30 days; a mini program has 100,000 permanent ones
}

// Validate checks every rule that needs no network; ShortLink checks it too. The error
// is a *wechat.FieldError.
func (l ShortLink) Validate() error {
	var f check.Fields
	f.Must(l.PageURL != "", "page_url", "is empty but required")
	f.Words("page_url", l.PageURL, 1024)
	f.Words("page_title", l.PageTitle, 1024)
	return f.Err()
}

// ShortLink makes a link to a page of the mini program, such as
// #小程序://Shop/AbCdEf. Which mini programs may is a matter on which WeChat's documents
// differ; ErrNoShortLink says that this one may not. It is not repeated.
//
// 获取ShortLink
func (s *Service) ShortLink(ctx context.Context, in ShortLink) (string, error) {
	return textOf(wechat.Call[link](ctx, s.app, wechat.POST("/wxa/genwxashortlink"), in))
}

type shorten struct {
	Data    string `json:"long_data"`
	Seconds int64  `json:"expire_seconds"`
	life    time.Duration
}

// Validate checks both fields.
func (r shorten) Validate() error {
	var f check.Fields
	f.Must(r.Data != "", "long_data", "is empty but required")
	f.Must(len(r.Data) <= 4096, "long_data", "has %d bytes, the limit is 4096", len(r.Data))
	f.Words("long_data", r.Data, 4096)
	f.Must(r.life >= time.Second && r.life <= longest && r.life%time.Second == 0, "expire_seconds", "is %v, want whole seconds up to 30 days", r.life)
	return f.Err()
}

// Shorten keeps up to 4 KB of text at WeChat for life, at most 30 days, and returns the
// 15 letters and digits that Expand finds it by. A short key makes a light QR code out
// of a long text. For certified official accounts.
//
// 长信息转短链
func (s *Service) Shorten(ctx context.Context, data string, life time.Duration) (string, error) {
	return textOf(wechat.Call[link](ctx, s.app, wechat.POST("/cgi-bin/shorten/gen").Keyed(), shorten{data, int64(life / time.Second), life}))
}

// Long is what a short key stands for.
type Long struct {
	Data       string `json:"long_data"`
	CreateTime int64  `json:"create_time"`    // seconds since 1970
	Seconds    int64  `json:"expire_seconds"` // that are left
}

type expand struct {
	Key string `json:"short_key"`
}

// Validate demands a key.
func (r expand) Validate() error {
	var f check.Fields
	f.ID("short_key", r.Key, 64)
	return f.Err()
}

// Expand finds what Shorten kept.
//
// 短链转长信息
func (s *Service) Expand(ctx context.Context, shortKey string) (*Long, error) {
	return wechat.Call[Long](ctx, s.app, wechat.POST("/cgi-bin/shorten/fetch").ReadOnly(), expand{shortKey})
}
