package apiv2

import (
	"context"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Service does business for one merchant under one app. It is immutable and safe
// for concurrent use.
type Service struct {
	m     *wechat.MerchantV2
	appID string

	// Sleep waits for d or until ctx ends, whose error it then returns; nil means a
	// timer. Shops with a virtual clock set it before the first call.
	Sleep func(ctx context.Context, d time.Duration) error

	// EscapeLongURL makes ShortURL send its link URL-encoded, as the document says;
	// what is signed is the link as it is. Sources disagree, and those that work send
	// it unencoded, so that is usual. Set it before the first call.
	EscapeLongURL bool
}

// New makes a Service. appID is the official account, mini program or mobile app
// bound to the merchant number; for a partner m comes from MerchantV2.For.
func New(m *wechat.MerchantV2, appID string) *Service { return &Service{m: m, appID: appID} }

func (s *Service) party() wechat.PartyV2 { return s.m.Party(s.appID) }

// numbers are the merchant numbers alone, for endpoints without an app.
type numbers struct {
	MchID    string `xml:"mch_id"`
	SubMchID string `xml:"sub_mch_id"`
}

func (s *Service) numbers() numbers { return numbers{s.m.ID(), s.m.Sub().MchID} }

// Time is a moment as this generation writes it: yyyyMMddHHmmss in Beijing, to the
// second. Reading also takes yyyy-MM-dd HH:mm:ss; any other text gives the zero
// time, because no time is worth losing an answer about money for.
type Time = check.Time

const dayLayout = "20060102"
