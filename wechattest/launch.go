package wechattest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
)

// Targets says where a shop listens and with which test keys it proves what
// comes. Only keys made for tests belong here: Launch signs with the platform's
// private keys, which nobody but WeChat has of the real ones. Parts that are nil
// and addresses that are empty are left out of the check. As JSON it is the file
// that the command examples/golive reads.
type Targets struct {
	Shop string `json:"shop,omitempty"` // a name for the report

	// Hosts may be called besides loopback: names of test machines, without a port.
	Hosts []string `json:"hosts,omitempty"`
	// Public lifts the limit to loopback and Hosts. WeChat's own hosts stay refused.
	Public bool `json:"public,omitempty"`

	V3     *V3Target     `json:"v3,omitempty"`
	V2     *V2Target     `json:"v2,omitempty"`
	Legacy *LegacyTarget `json:"2014,omitempty"`
	Push   *PushTarget   `json:"push,omitempty"`

	// Count tells how many times the shop fulfilled an order. Without it, and
	// without CountURL, the rules about effects are skipped.
	Count func(ctx context.Context, outTradeNo string) (int, error) `json:"-"`
	// CountURL answers the same to GET with ?out_trade_no=…, as a bare number.
	CountURL string `json:"count_url,omitempty"`

	Now func() time.Time `json:"-"` // the clock of signatures; nil means time.Now
}

// Sample is an order that the shop made for the check and nobody paid yet. Every
// rule about effects uses one up.
type Sample struct {
	OutTradeNo    string     `json:"out_trade_no"`
	Total         wechat.Fen `json:"total"`
	OpenID        string     `json:"openid"`
	Attach        string     `json:"attach,omitempty"`
	TransactionID string     `json:"transaction_id,omitempty"` // one is made if empty
}

// RefundSample is a refund that the shop asked for.
type RefundSample struct {
	Sample
	OutRefundNo string     `json:"out_refund_no"`
	Refund      wechat.Fen `json:"refund"`
	RefundID    string     `json:"refund_id,omitempty"` // one is made if empty
}

// V3Target is a merchant of APIv3. Give it three Samples for all the rules.
type V3Target struct {
	MchID    string        `json:"mchid"`
	AppID    string        `json:"appid"`
	APIv3Key string        `json:"apiv3_key"`
	Keys     []PlatformKey `json:"keys"` // one for each mode the shop accepts

	PayURL       string         `json:"pay_url,omitempty"`
	RefundURL    string         `json:"refund_url,omitempty"`
	ComplaintURL string         `json:"complaint_url,omitempty"`
	ComplaintID  string         `json:"complaint_id,omitempty"` // one the shop can read again at its WeChat Pay
	ViolationURL string         `json:"violation_url,omitempty"`
	Samples      []Sample       `json:"samples,omitempty"`
	Refunds      []RefundSample `json:"refunds,omitempty"`
}

// PlatformKey is a test key that the shop takes for WeChat Pay's: its id (the
// serial number of a certificate, or PUB_KEY_ID_…) and the private key as PEM.
type PlatformKey struct {
	ID  string `json:"id"`
	PEM string `json:"pem"`
}

// V2Target is a merchant of the XML generation. Give it two Samples.
type V2Target struct {
	MchID string `json:"mch_id"`
	AppID string `json:"appid"`
	Key   string `json:"key"`
	HMAC  bool   `json:"hmac,omitempty"` // HMAC-SHA256 instead of MD5

	PayURL    string         `json:"pay_url,omitempty"`
	RefundURL string         `json:"refund_url,omitempty"`
	NativeURL string         `json:"native_url,omitempty"` // callback of native mode 1
	ProductID string         `json:"product_id,omitempty"` // that the native callback asks for
	OpenID    string         `json:"openid,omitempty"`     // who scans
	Samples   []Sample       `json:"samples,omitempty"`
	Refunds   []RefundSample `json:"refunds,omitempty"`
}

// LegacyTarget is a merchant of 2014. Give it two Samples.
type LegacyTarget struct {
	AppID      string `json:"appid"`
	PaySignKey string `json:"pay_sign_key"`
	PartnerID  string `json:"partner_id"`
	PartnerKey string `json:"partner_key"`

	PayURL    string   `json:"pay_url,omitempty"`
	NativeURL string   `json:"native_url,omitempty"`
	ProductID string   `json:"product_id,omitempty"` // that the native callback asks for
	OpenID    string   `json:"openid,omitempty"`     // who scans and complains
	RightsURL string   `json:"rights_url,omitempty"` // 维权通知URL
	AlarmURL  string   `json:"alarm_url,omitempty"`  // 告警通知URL
	Samples   []Sample `json:"samples,omitempty"`
}

// PushTarget is the message address of an account.
type PushTarget struct {
	URL            string `json:"url"`
	AppID          string `json:"appid"`
	UserName       string `json:"user_name,omitempty"` // gh_…, the account's own name
	Token          string `json:"token"`
	EncodingAESKey string `json:"encoding_aes_key,omitempty"` // "" for the plain mode
	OpenID         string `json:"openid,omitempty"`           // who writes
	Text           string `json:"text,omitempty"`             // what, "hello" if empty
}

const (
	answerTime = 5 * time.Second        // WeChat's patience
	copies     = 16                     // of one notice, half of them at once
	slowPeers  = 20                     // that send a byte now and then
	slowPause  = 200 * time.Millisecond // between two of their bytes
	slowMost   = 10 * time.Second       // after which a shop should have hung up
	oversize   = 4 << 20
)

var errNoTargets = errors.New("wechattest: Launch: there is nothing to check: set V3, V2, Legacy or Push and an address in it")

// Launch is the go-live check: it plays WeChat against the addresses of a running
// shop, with genuine notices and with all that must not be believed: probes,
// stale, tampered, foreign, oversize, slow and broken ones, copies and notices in
// the wrong order. The report says rule by rule what was sent, what came back and
// how to mend it. An error means that the check could not be made at all.
//
// It calls loopback addresses and Targets.Hosts only, follows no redirect, and
// takes about half a minute; ctx ends it early.
func Launch(ctx context.Context, t Targets) (*LaunchReport, error) {
	channels, err := t.channels()
	if err != nil {
		return nil, err
	}
	if len(channels) == 0 {
		return nil, errNoTargets
	}
	carrier := http.DefaultTransport.(*http.Transport).Clone()
	carrier.Proxy, carrier.MaxIdleConnsPerHost = nil, copies
	defer carrier.CloseIdleConnections()
	l := &launch{targets: t, report: &LaunchReport{Shop: t.Shop, Begun: t.now()}, client: &http.Client{Transport: carrier,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, c := range channels {
		l.run(ctx, c)
	}
	l.slow(ctx, channels)
	for _, c := range channels {
		l.report.Findings = append(l.report.Findings, c.found...)
	}
	l.report.Took = t.now().Sub(l.report.Begun)
	return l.report, ctx.Err()
}

func (t Targets) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

// channels are the addresses to check, after a look at whether they may be called.
func (t Targets) channels() (all []*channel, _ error) {
	for _, part := range []interface {
		channels(now func() time.Time) ([]*channel, error)
	}{t.V3, t.V2, t.Legacy, t.Push} {
		some, err := part.channels(t.now)
		if err != nil {
			return nil, fmt.Errorf("wechattest: Launch: %w", err)
		}
		all = append(all, some...)
	}
	for _, c := range all {
		if err := t.mayCall(c.url); err != nil {
			return nil, fmt.Errorf("wechattest: Launch: the address of %s: %w", c.name, err)
		}
	}
	if t.CountURL != "" {
		if err := t.mayCall(t.CountURL); err != nil {
			return nil, fmt.Errorf("wechattest: Launch: CountURL: %w", err)
		}
	}
	return all, nil
}
