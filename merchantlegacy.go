package wechat

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/transport"
)

// MerchantLegacyConfig is what an account approved before September 2014 got to
// take payments with: two keys, and a Tenpay (财付通) number in place of mch_id.
type MerchantLegacyConfig struct {
	AppID       string           // appId of the official account or mobile app
	PaySignKey  seal.Key         // paySignKey, also called appKey: 128 letters and digits
	PartnerID   string           // partnerId, the Tenpay merchant number: 10 digits
	PartnerKey  seal.Key         // partnerKey, 32 characters
	Tokens      TokenSource      // access token of AppID; nil if no call to api.weixin.qq.com is made
	Certificate *tls.Certificate // Tenpay client certificate, for refunds only; may be nil

	// GBK decodes what Tenpay writes in GBK: legacy.DecodeGBK of package pay/legacy.
	// It is a field so that programs without this generation carry no tables of
	// characters. Without it a
	// GBK answer is an error that says so, and a notice in GBK loses those characters.
	GBK func(string) (string, error)
}

// Format prints the two numbers, whatever the verb; never a key.
func (c MerchantLegacyConfig) Format(s fmt.State, verb rune) {
	formatText(s, verb, "legacy merchant "+oneLine(c.PartnerID, 32)+" of app "+oneLine(c.AppID, 32))
}

// MarshalJSON gives the two numbers, never a key.
func (c MerchantLegacyConfig) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// MerchantLegacy speaks the payment generation of 2014 for one merchant: as a
// Client it calls Tenpay, its App makes the calls that carry an access token. It
// is immutable and safe for concurrent use. No account has been opened for this
// generation since 2014; new shops use Merchant.
type MerchantLegacy struct {
	c      *client
	app    *App
	tenpay *tenpay
	appKey func() string // a function, because fmt looks into everything else
}

var errNoGBK = errors.New("the text is in GBK: set MerchantLegacyConfig.GBK to legacy.DecodeGBK of package pay/legacy")

func noGBK(string) (string, error) { return "", errNoGBK }

// DecodeGBK decodes text as the configuration says; notify uses it for notices.
func (m *MerchantLegacy) DecodeGBK(s string) (string, error) { return m.tenpay.gbk(s) }

var tenpayHosts = []string{"https://mch.tenpay.com"}

// NewMerchantLegacy checks cfg and opts and makes no network call. opts serve both
// sides; a base URL is of use for tests only, where it replaces the hosts of both.
// Given a transport of your own, the client certificate is that transport's
// business, and so is Tenpay's certificate authority if the system lacks it.
func NewMerchantLegacy(cfg MerchantLegacyConfig, opts ...Option) (*MerchantLegacy, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("wechat: MerchantLegacyConfig: %w", err)
	}
	app, err := NewApp(cfg.AppID, cfg.Tokens, opts...)
	if err != nil {
		return nil, err
	}
	c, err := newClient(tenpayHosts, opts)
	if err != nil {
		return nil, err
	}
	if err := c.simulated(cfg.PartnerID, "0000", "partner number (0000…)"); err != nil {
		return nil, err
	}
	lazy, own := c.carrier.(*lazyTransport)
	if own && cfg.Certificate != nil {
		lazy.options = append(lazy.options, transport.WithClientCertificate(*cfg.Certificate))
	}
	if cfg.GBK == nil {
		cfg.GBK = noGBK
	}
	appKey, partnerKey := string(cfg.PaySignKey.Bytes()), string(cfg.PartnerKey.Bytes())
	d := &tenpay{partnerID: cfg.PartnerID, key: func() string { return partnerKey }, bare: own && cfg.Certificate == nil, gbk: cfg.GBK,
		local: c.simulated("0000", "0000", "") == nil} // a simulator would do
	c.dialect = d
	return &MerchantLegacy{c: c, app: app, tenpay: d, appKey: func() string { return appKey }}, nil
}

func (c MerchantLegacyConfig) check() error {
	switch {
	case c.PaySignKey.Len() != 128:
		return Invalid("paySignKey", fmt.Sprintf("has 128 characters, got %d", c.PaySignKey.Len()))
	case len(c.PartnerID) != 10 || !allDigits(c.PartnerID):
		return Invalid("partnerId", fmt.Sprintf("want 10 digits, got %d bytes", len(c.PartnerID)))
	case c.PartnerKey.Len() != 32:
		return Invalid("partnerKey", fmt.Sprintf("has 32 characters, got %d", c.PartnerKey.Len()))
	}
	return checkAppID(c.AppID)
}

func (m *MerchantLegacy) core() *client {
	if m == nil || m.c == nil {
		return unmade("MerchantLegacy", "NewMerchantLegacy")
	}
	return m.c
}

// App makes the calls of this merchant that carry an access token.
func (m *MerchantLegacy) App() *App {
	if m == nil {
		return nil
	}
	return m.app
}

// AppID is the app that sells.
func (m *MerchantLegacy) AppID() string {
	if m == nil || m.app == nil {
		return "" // a call says that nobody made this merchant
	}
	return m.app.ID()
}

// PartnerID is the Tenpay merchant number.
func (m *MerchantLegacy) PartnerID() string {
	if m == nil || m.tenpay == nil {
		return ""
	}
	return m.tenpay.partnerID
}

// Now is the merchant's clock.
func (m *MerchantLegacy) Now() time.Time { return m.c.now() }

// String names the merchant and nothing secret.
func (m *MerchantLegacy) String() string {
	return "legacy merchant " + m.PartnerID() + " of app " + m.AppID()
}

// GoString is String.
func (m *MerchantLegacy) GoString() string { return m.String() }

// CloseIdleConnections closes connections that are not in use, if the transport can.
func (m *MerchantLegacy) CloseIdleConnections() {
	m.c.closeIdle()
	m.app.CloseIdleConnections()
}

// SignApp signs pairs with the paySignKey: page parameters, native links, replies,
// bodies of calls. See sign.AppSignature.
func (m *MerchantLegacy) SignApp(pairs []sign.Pair) string {
	return sign.AppSignature(pairs, m.appKey())
}

// ProveApp checks a callback's AppSignature; errors are those of
// sign.CheckAppSignature. Handlers of notices use it.
func (m *MerchantLegacy) ProveApp(pairs []sign.Pair, got string) error {
	return sign.CheckAppSignature(pairs, m.appKey(), got)
}

// SignPartner signs pairs, whose values are in the bytes of the order's charset,
// with MD5 and the partnerKey: the package.
func (m *MerchantLegacy) SignPartner(pairs []sign.Pair) string {
	return sign.APIv2(pairs, m.tenpay.key(), sign.MD5)
}

// ProvePartner checks the sign of a notice's query, whose values are the decoded
// bytes; errors are those of sign.CheckTenpay. Handlers of notices use it.
func (m *MerchantLegacy) ProvePartner(pairs []sign.Pair) error {
	return sign.CheckTenpay(pairs, m.tenpay.key())
}
