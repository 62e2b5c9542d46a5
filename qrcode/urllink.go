package qrcode

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// URLLink asks for a URL link.
type URLLink struct {
	Target
	Expiry
	CloudBase *CloudBase `json:"cloud_base,omitempty"` // a page of one's own in between, hosted at WeChat
}

// CloudBase is a page hosted at WeChat that opens the mini program.
type CloudBase struct {
	Env           string `json:"env"` // required
	Domain        string `json:"domain,omitempty"`
	Path          string `json:"path,omitempty"`
	Query         string `json:"query,omitempty"`
	ResourceAppID string `json:"resource_appid,omitempty"` // whose environment it is, if another's
}

// Validate checks every rule that needs no network; URLLink checks it too. The error is
// a *wechat.FieldError.
func (l URLLink) Validate() error {
	var f check.Fields
	l.Target.check(&f, "")
	l.Expiry.check(&f)
	if c := l.CloudBase; c != nil {
		f.ID("cloud_base.env", c.Env, 128)
		f.OptionalID("cloud_base.domain", c.Domain, 256)
		f.OptionalID("cloud_base.query", c.Query, 1024)
		f.OptionalID("cloud_base.resource_appid", c.ResourceAppID, 32)
	}
	return f.Err()
}

// URLLink makes an https address that opens the mini program from text messages, mail
// and web pages, and from a QR code. At most 500,000 schemes and URL links a day.
//
// 获取加密URLLink
func (s *Service) URLLink(ctx context.Context, in URLLink) (string, error) {
	return textOf(wechat.Call[link](ctx, s.app, wechat.POST("/wxa/generate_urllink").Keyed(), in))
}

// URLLinkState is what became of a URL link.
type URLLinkState struct {
	Details Details `json:"url_link_info"`
	Visits  Visits  `json:"quota_info"`
}

type urlLinkQuery struct {
	URLLink string `json:"url_link"`
	Ask     Ask    `json:"query_type"`
}

// Validate demands a link.
func (q urlLinkQuery) Validate() error {
	var f check.Fields
	f.ID("url_link", q.URLLink, 1024)
	return f.Err()
}

// QueryURLLink asks about a URL link of the mini program's own.
//
// 查询加密URLLink
func (s *Service) QueryURLLink(ctx context.Context, urlLink string, ask Ask) (*URLLinkState, error) {
	return wechat.Call[URLLinkState](ctx, s.app, wechat.POST("/wxa/query_urllink").ReadOnly(), urlLinkQuery{urlLink, ask})
}
