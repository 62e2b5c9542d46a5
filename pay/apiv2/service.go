package apiv2

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// Service does business for one merchant under one app. It is immutable and safe
// for concurrent use.
type Service struct {
	m     *wechat.MerchantV2
	appID string

	// Sleep waits for d or until ctx ends, whose error it then returns; nil means a
	// timer. Shops with a virtual clock set it before the first call.
	Sleep func(ctx context.Context, d time.Duration) error
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
type Time struct{ time.Time }

const (
	stampLayout = "20060102150405"
	plainLayout = "2006-01-02 15:04:05"
	dayLayout   = "20060102"
)

// MarshalText writes yyyyMMddHHmmss, or nothing for the zero time.
func (t Time) MarshalText() ([]byte, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.In(wechat.Beijing).AppendFormat(nil, stampLayout), nil
}

// UnmarshalText never fails; see Time.
func (t *Time) UnmarshalText(b []byte) error {
	*t = Time{}
	for _, layout := range []string{stampLayout, plainLayout} {
		if at, err := time.ParseInLocation(layout, string(b), wechat.Beijing); err == nil {
			t.Time = at
		}
	}
	return nil
}

// indexed reads the family of fields that end in the suffix, such as _0, into out;
// it reports whether there are any.
func indexed(fields []sign.Pair, suffix string, out any) (bool, error) {
	var own []sign.Pair
	for _, p := range fields {
		if name, ok := strings.CutSuffix(p.Name, suffix); ok {
			own = append(own, sign.Pair{Name: name, Value: p.Value})
		}
	}
	if len(own) == 0 {
		return false, nil
	}
	return true, wire.DecodePairs(own, out)
}

// family reads the items numbered from 0 below prefix: at least count of them if
// there are that many, and all that follow without a gap.
func family[T any](fields []sign.Pair, prefix string, count int) ([]T, error) {
	var out []T
	for n := range len(fields) {
		var item T
		found, err := indexed(fields, prefix+"_"+strconv.Itoa(n), &item)
		if err != nil {
			return nil, err
		}
		if !found && n >= count {
			break
		}
		if found {
			out = append(out, item)
		}
	}
	return out, nil
}
