package qrcode

import (
	"context"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// RGB is a colour.
type RGB struct {
	R uint8 `json:"r"`
	G uint8 `json:"g"`
	B uint8 `json:"b"`
}

// Look is how a round code is drawn. The zero value is black on white, 430 pixels
// wide.
type Look struct {
	Width       int  `json:"width,omitempty"`      // 280 to 1280 pixels
	AutoColor   bool `json:"auto_color,omitempty"` // WeChat chooses; LineColor is not looked at
	LineColor   *RGB `json:"line_color,omitempty"` // nil is black
	Transparent bool `json:"is_hyaline,omitempty"` // no ground
}

func checkWidth(f *check.Fields, px int) {
	f.Must(px == 0 || px >= 280 && px <= 1280, "width", "is %d pixels, want 280 to 1280, or 0 for 430", px)
}

// Unlimited is a round code of which there may be any number.
type Unlimited struct {
	Scene     string  `json:"scene"`                // required, 1 to 32 of letters, digits and !#$&'()*+,/:;=?@-._~
	Page      string  `json:"page,omitempty"`       // without query and leading slash; "" is the main page
	CheckPath *bool   `json:"check_path,omitempty"` // a pointer to false lets Page not exist yet
	Version   Version `json:"env_version,omitempty"`
	Look
}

// Validate checks every rule that needs no network; Unlimited checks it too. The error
// is a *wechat.FieldError.
func (u Unlimited) Validate() error {
	var f check.Fields
	f.Number("scene", u.Scene, 1, 32, "!#$&'()*+,/:;=?@-._~")
	f.Words("page", u.Page, 1024)
	f.Must(!strings.HasPrefix(u.Page, "/"), "page", "must not begin with a slash")
	f.Must(!strings.Contains(u.Page, "?"), "page", "must not have a query: put what you need into scene")
	f.OptionalID("env_version", string(u.Version), 32)
	checkWidth(&f, u.Width)
	return f.Err()
}

// Unlimited makes a round code of the mini program, as many as you like but 5000 a
// minute, and streams the picture; the caller closes it. The page reads the scene as
// decodeURIComponent(query.scene).
//
// 获取不限制的小程序码
func (s *Service) Unlimited(ctx context.Context, in Unlimited) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.POST("/wxa/getwxacodeunlimit").ReadOnly(), in)
}

// Limited is a round code for a page with a query. A mini program has 100,000 of them
// and of Square together, for ever.
type Limited struct {
	Path    string  `json:"path"` // required, up to 1024 characters, may have a query
	Version Version `json:"env_version,omitempty"`
	Look
}

// Validate checks every rule that needs no network; Limited checks it too. The error
// is a *wechat.FieldError.
func (l Limited) Validate() error {
	var f check.Fields
	f.Must(l.Path != "", "path", "is empty but required")
	f.Words("path", l.Path, 1024)
	f.OptionalID("env_version", string(l.Version), 32)
	checkWidth(&f, l.Width)
	return f.Err()
}

// Limited makes a round code of the mini program and streams the picture; the caller
// closes it. It counts, so it is not repeated.
//
// 获取小程序码
func (s *Service) Limited(ctx context.Context, in Limited) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.POST("/wxa/getwxacode"), in)
}

// Square is an ordinary QR code for a page with a query. A mini program has 100,000
// of them and of Limited together, for ever.
type Square struct {
	Path  string `json:"path"`            // required, up to 128 bytes, may have a query
	Width int    `json:"width,omitempty"` // 280 to 1280 pixels, 0 is 430
}

// Validate checks every rule that needs no network; Square checks it too. The error is
// a *wechat.FieldError.
func (q Square) Validate() error {
	var f check.Fields
	f.Must(q.Path != "", "path", "is empty but required")
	f.Must(len(q.Path) <= 128, "path", "has %d bytes, the limit is 128", len(q.Path))
	f.Words("path", q.Path, 128)
	checkWidth(&f, q.Width)
	return f.Err()
}

// Square makes a QR code of the mini program and streams the picture; the caller
// closes it. It counts, so it is not repeated.
//
// 获取小程序二维码
func (s *Service) Square(ctx context.Context, in Square) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.POST("/cgi-bin/wxaapp/createwxaqrcode"), in)
}
