package pay

import (
	"cmp"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Service places and follows orders for one merchant under one app. It is
// immutable and safe for concurrent use.
type Service struct {
	m     *wechat.Merchant
	appID string
	page  string // the app page parameters are made for, "" for the usual one
}

// New makes a Service. appID is the official account, mini program or mobile app
// that is bound to the merchant number: the partner's own one when m comes from
// Merchant.For, whose Sub holds the other. It must not be empty, except for
// services that only query and close.
func New(m *wechat.Merchant, appID string) *Service { return &Service{m: m, appID: appID} }

// InApp returns a copy whose page parameters are made for appID, the app the page
// really runs in. Only partners need it. An order of a partner can name two apps;
// without InApp the parameters are made for the sub-merchant's app if wechat.Sub
// names one, and for the partner's app if not. The payer's openid has to be one
// under the same app.
func (s *Service) InApp(appID string) *Service {
	own := *s
	own.page = appID
	return &own
}

// pageApp is the app that page parameters are signed for.
func (s *Service) pageApp() (string, error) {
	sub := s.m.Sub().AppID
	app := cmp.Or(s.page, sub, s.appID)
	var f check.Fields
	f.ID("appid", app, 32)
	f.Must(app == s.appID || app == sub, "appid", "InApp names an app that the order does not: it has to be the one given to New or in wechat.Sub")
	return app, f.Err()
}

// seller is what a request has to know about who sends it. It adds nothing to
// the wire.
type seller struct {
	partner bool
	now     time.Time
}

func (s *Service) seller() seller { return seller{s.m.IsPartner(), s.m.Now()} }

// checkParty checks the app id, the only part of a Party that is not checked
// when the merchant is made.
func checkParty(f *check.Fields, p wechat.Party) {
	if p.SubMchID == "" {
		f.ID("appid", p.AppID, 32)
		return
	}
	f.ID("sp_appid", p.SpAppID, 32)
	f.OptionalID("sub_appid", p.SubAppID, 32)
}
