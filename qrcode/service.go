package qrcode

import "github.com/wxcommerce/wechat"

// Service has WeChat make codes, links and rules for an official account or a mini
// program. It is immutable and safe for concurrent use.
type Service struct{ app *wechat.App }

// NewService makes a Service. The App needs a TokenSource for everything but Image.
// Codes of official accounts are for certified ones (wechat.ErrUnauthorized), codes and
// links of mini programs for the mini program whose App it is.
func NewService(app *wechat.App) *Service { return &Service{app} }

// Version is the version of a mini program that a code or link opens; "" is the
// released one. New ones pass through.
type Version string

// The versions.
const (
	Release Version = "release"
	Trial   Version = "trial"
	Develop Version = "develop"
)
