package wechat

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/transport"
)

// MerchantV2Config is what a merchant needs to speak APIv2, the XML generation.
type MerchantV2Config struct {
	ID          string           // mch_id, digits
	Key         seal.Key         // APIv2 key, 32 characters; another key than APIv3's
	Digest      sign.Digest      // sign_type of orders; never downgraded
	Certificate *tls.Certificate // API certificate, for refunds and everything that pays out; may be nil
}

// Format prints the number, whatever the verb; never a key.
func (c MerchantV2Config) Format(s fmt.State, verb rune) {
	formatText(s, verb, "v2 merchant "+oneLine(c.ID, 32))
}

// MarshalJSON gives the number, never a key.
func (c MerchantV2Config) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// MerchantV2 speaks APIv2 for one merchant number. It is immutable and safe for
// concurrent use. WeChat still serves this generation; new shops use Merchant.
type MerchantV2 struct {
	c   *client
	v2  *v2
	sub Sub
}

// NewMerchantV2 checks cfg and opts and makes no network call. Given a transport
// of your own, the client certificate is that transport's business.
func NewMerchantV2(cfg MerchantV2Config, opts ...Option) (*MerchantV2, error) {
	switch {
	case cfg.ID == "" || len(cfg.ID) > 32 || !allDigits(cfg.ID):
		return nil, fmt.Errorf("wechat: MerchantV2Config: %w", Invalid("mch_id", fmt.Sprintf("want 1 to 32 digits, got %d bytes", len(cfg.ID))))
	case cfg.Key.Len() != 32:
		return nil, fmt.Errorf("wechat: MerchantV2Config: %w", Invalid("key", fmt.Sprintf("the APIv2 key has 32 characters, got %d", cfg.Key.Len())))
	case cfg.Digest != sign.MD5 && cfg.Digest != sign.HMACSHA256:
		return nil, fmt.Errorf("wechat: MerchantV2Config: %w", Invalid("digest", "want sign.MD5 or sign.HMACSHA256"))
	}
	c, err := newClient(payHosts, opts)
	if err != nil {
		return nil, err
	}
	if err := c.simulated(cfg.ID, "0000", "merchant number (0000…)"); err != nil {
		return nil, err
	}
	lazy, own := c.carrier.(*lazyTransport)
	if own && cfg.Certificate != nil {
		lazy.options = append(lazy.options, transport.WithClientCertificate(*cfg.Certificate))
	}
	key := string(cfg.Key.Bytes())
	d := &v2{mchID: cfg.ID, key: func() string { return key }, digest: cfg.Digest, bare: own && cfg.Certificate == nil,
		local: c.simulated("0000", "0000", "") == nil} // a simulator would do
	c.dialect = d
	return &MerchantV2{c: c, v2: d}, nil
}

// For returns a copy that acts for a merchant served by this partner; see Merchant.For.
func (m *MerchantV2) For(sub Sub) *MerchantV2 {
	own, core := *m, *m.c
	own.sub, own.c = sub, &core
	core.fault = core.checkSub(sub, m.ID(), "sub_mch_id", "sub_appid")
	return &own
}

func (m *MerchantV2) core() *client {
	if m == nil || m.c == nil {
		return unmade("MerchantV2", "NewMerchantV2")
	}
	return m.c
}

// ID is the merchant number that signs.
func (m *MerchantV2) ID() string {
	if m == nil || m.v2 == nil {
		return "" // a call says that nobody made this merchant
	}
	return m.v2.mchID
}

// Sub is the merchant this copy acts for, zero for a direct merchant.
func (m *MerchantV2) Sub() Sub {
	if m == nil {
		return Sub{}
	}
	return m.sub
}

// IsPartner reports whether this copy acts for another merchant.
func (m *MerchantV2) IsPartner() bool { return m.Sub().MchID != "" }

// Now is the merchant's clock.
func (m *MerchantV2) Now() time.Time { return m.c.now() }

// Digest is the merchant's sign_type.
func (m *MerchantV2) Digest() sign.Digest { return m.v2.digest }

// String names the merchant and nothing secret.
func (m *MerchantV2) String() string {
	if m.IsPartner() {
		return "v2 merchant " + m.ID() + " for " + m.sub.MchID
	}
	return "v2 merchant " + m.ID()
}

// GoString is String.
func (m *MerchantV2) GoString() string { return m.String() }

// CloseIdleConnections closes connections that are not in use, if the transport can.
func (m *MerchantV2) CloseIdleConnections() { m.c.closeIdle() }

// Sign signs pairs with the APIv2 key and the merchant's own digest: page
// parameters, native links, replies to callbacks.
func (m *MerchantV2) Sign(pairs []sign.Pair) string {
	return sign.APIv2(pairs, m.v2.key(), m.v2.digest)
}

// SignMD5 is Sign with MD5 whatever the merchant's own digest, for the few things
// that know nothing else: red packets in mini programs.
func (m *MerchantV2) SignMD5(pairs []sign.Pair) string {
	return sign.APIv2(pairs, m.v2.key(), sign.MD5)
}

// Prove checks the signature of a notice's fields; errors are those of
// sign.CheckAPIv2. Handlers of notices use it.
func (m *MerchantV2) Prove(pairs []sign.Pair) error {
	return sign.CheckAPIv2(pairs, m.v2.key(), m.v2.digest)
}

// OpenRefund opens the req_info of a v2 refund notice.
func (m *MerchantV2) OpenRefund(reqInfo string) ([]byte, error) {
	return seal.OpenRefundNotice(m.v2.key(), reqInfo)
}

// PartyV2 says who sells, in the fields a v2 request embeds.
type PartyV2 struct {
	AppID    string `xml:"appid"`
	MchID    string `xml:"mch_id"`
	SubAppID string `xml:"sub_appid"`
	SubMchID string `xml:"sub_mch_id"`
}

// Party is who sells under appID.
func (m *MerchantV2) Party(appID string) PartyV2 {
	return PartyV2{AppID: appID, MchID: m.ID(), SubAppID: m.Sub().AppID, SubMchID: m.Sub().MchID}
}
