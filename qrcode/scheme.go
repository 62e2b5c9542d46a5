package qrcode

import (
	"context"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Target is a page of a mini program.
type Target struct {
	Path    string  `json:"path,omitempty"`  // of the released version, without query; "" is the main page
	Query   string  `json:"query,omitempty"` // without question mark, up to 1024 characters
	Version Version `json:"env_version,omitempty"`
}

func (t Target) check(f *check.Fields, at string) {
	f.Words(at+"path", t.Path, 1024)
	f.Must(!strings.Contains(t.Path, "?"), at+"path", "must not have a query: query is a field of its own")
	f.OptionalID(at+"query", t.Query, 1024)
	f.OptionalID(at+"env_version", string(t.Version), 32)
}

// Expiry is when a scheme or a link ends: at most 30 days from now, whatever is said,
// which is also what the zero value means.
type Expiry struct {
	Type     *int  `json:"expire_type,omitempty"`
	Time     int64 `json:"expire_time,omitempty"`
	Interval int   `json:"expire_interval,omitempty"`
}

// Until is the Expiry at a moment.
func Until(t time.Time) Expiry { return Expiry{Type: new(int), Time: t.Unix()} }

// Days is the Expiry in 1 to 30 days.
func Days(n int) Expiry {
	one := 1
	return Expiry{Type: &one, Interval: n}
}

func (e Expiry) check(f *check.Fields) {
	switch {
	case e.Type == nil:
		f.Must(e.Time == 0 && e.Interval == 0, "expire_type", "is not set: make the Expiry with Until or Days")
	case *e.Type == 0:
		f.Must(e.Time > 0 && e.Interval == 0, "expire_time", "is %d, want a moment after 1970 and no interval", e.Time)
	default:
		f.Must(e.Interval >= 1 && e.Interval <= 30 && e.Time == 0, "expire_interval", "is %d days, want 1 to 30 and no time", e.Interval)
	}
}

// Scheme asks for a scheme.
type Scheme struct {
	Target Target
	Expiry Expiry
}

type schemeRequest struct {
	Target Target `json:"jump_wxa"`
	Ends   bool   `json:"is_expire"`
	Expiry
}

// Validate checks every rule that needs no network.
func (r schemeRequest) Validate() error {
	var f check.Fields
	r.Target.check(&f, "jump_wxa.")
	r.Expiry.check(&f)
	return f.Err()
}

// Scheme makes a text such as weixin://dl/business/?t=… that opens the mini program
// from text messages, mail and web pages. At most 500,000 schemes and URL links a
// day.
//
// 获取加密scheme码
func (s *Service) Scheme(ctx context.Context, in Scheme) (string, error) {
	return textOf(wechat.Call[link](ctx, s.app, wechat.POST("/wxa/generatescheme").Keyed(), schemeRequest{in.Target, in.Expiry != Expiry{}, in.Expiry}))
}

// NFC asks for the scheme of one NFC tag.
type NFC struct {
	Target  Target `json:"jump_wxa"`
	ModelID string `json:"model_id"`     // required, of the device, as WeChat gave it
	SN      string `json:"sn,omitempty"` // of the one device, if each has its own
}

// Validate checks every rule that needs no network; NFC checks it too. The error is a
// *wechat.FieldError.
func (n NFC) Validate() error {
	var f check.Fields
	n.Target.check(&f, "jump_wxa.")
	f.ID("model_id", n.ModelID, 128)
	f.OptionalID("sn", n.SN, 128)
	return f.Err()
}

// NFC makes a scheme to write onto an NFC tag.
//
// 获取NFC的小程序scheme
func (s *Service) NFC(ctx context.Context, in NFC) (string, error) {
	return textOf(wechat.Call[link](ctx, s.app, wechat.POST("/wxa/generatenfcscheme"), in))
}

// Ask is what a query about a scheme or URL link wants to know.
type Ask int

// The questions.
const (
	AskDetails Ask = 0
	AskVisits  Ask = 1 // how many visits are left today
)

// Details is where a scheme or URL link leads.
type Details struct {
	AppID      string  `json:"appid"`
	Path       string  `json:"path"`
	Query      string  `json:"query"`
	CreateTime int64   `json:"create_time"` // seconds since 1970
	ExpireTime int64   `json:"expire_time"` // 0 if it never ends
	Version    Version `json:"env_version"`
}

// Visits is how often a scheme or URL link may still be used.
type Visits struct {
	Remain int64 `json:"remain_visit_quota"`
}

// SchemeState is what became of a scheme.
type SchemeState struct {
	Details Details `json:"scheme_info"`
	Visits  Visits  `json:"quota_info"`
}

type schemeQuery struct {
	Scheme string `json:"scheme"`
	Ask    Ask    `json:"query_type"`
}

// Validate demands a scheme.
func (q schemeQuery) Validate() error {
	var f check.Fields
	f.ID("scheme", q.Scheme, 1024)
	return f.Err()
}

// QueryScheme asks about a scheme of the mini program's own.
//
// 查询scheme码
func (s *Service) QueryScheme(ctx context.Context, scheme string, ask Ask) (*SchemeState, error) {
	return wechat.Call[SchemeState](ctx, s.app, wechat.POST("/wxa/queryscheme").ReadOnly(), schemeQuery{scheme, ask})
}
