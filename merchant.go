package wechat

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

type clock = func() time.Time

// MerchantConfig is what a merchant needs to speak APIv3, all of it found on the
// merchant platform (商户平台 > 账户中心 > API安全).
type MerchantConfig struct {
	ID       string        // merchant number (商户号), digits; a partner's own number
	Serial   string        // serial number of the merchant API certificate, hex
	Key      crypto.Signer // the private key of that certificate; it may live in an HSM
	APIv3Key seal.Key      // 32 bytes (APIv3密钥)
	Platform sign.KeySet   // whom to believe: public keys, certificates, or both
}

// Format prints number and serial, whatever the verb; never a key.
func (c MerchantConfig) Format(s fmt.State, verb rune) {
	formatText(s, verb, "merchant "+oneLine(c.ID, 32)+" with certificate "+oneLine(c.Serial, 64))
}

// MarshalJSON gives number and serial, never a key.
func (c MerchantConfig) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// Merchant speaks APIv3 for one merchant number. It is immutable, safe for
// concurrent use, starts no goroutine and opens no connection before the first call.
type Merchant struct {
	c    *client
	v3   *v3
	aead *seal.AEAD
	sub  Sub
}

// Sub is a merchant served by a partner (服务商): its number and, where its own
// app sells, its app id.
type Sub struct{ MchID, AppID string }

var payHosts = []string{"https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com"}

// NewMerchant checks cfg and opts, names the field that is wrong, and makes no
// network call; Check tells whether the keys really fit.
func NewMerchant(cfg MerchantConfig, opts ...Option) (*Merchant, error) {
	id := sign.Identity{MchID: cfg.ID, Serial: cfg.Serial, Key: cfg.Key}
	if err := id.Validate(); err != nil {
		return nil, fmt.Errorf("wechat: MerchantConfig: %w", err)
	}
	aead, err := seal.NewAEAD(cfg.APIv3Key)
	if err != nil {
		return nil, fmt.Errorf("wechat: MerchantConfig.APIv3Key: %w", err)
	}
	if err := checkPlatform(cfg.Platform, cfg.Key); err != nil {
		return nil, fmt.Errorf("wechat: MerchantConfig.Platform: %w", err)
	}
	c, err := newClient(payHosts, opts)
	if err != nil {
		return nil, err
	}
	if err := c.simulated(cfg.ID, "0000", "merchant number (0000…)"); err != nil {
		return nil, err
	}
	d := &v3{id: id, keys: cfg.Platform, verifier: sign.NewVerifier(cfg.Platform, c.now), now: c.now}
	c.dialect = d
	return &Merchant{c: c, v3: d, aead: aead}, nil
}

// simulated refuses a simulator's identity, one with that prefix, at a real host:
// its keys protect nothing.
func (c *client) simulated(id, prefix, what string) error {
	if !strings.HasPrefix(id, prefix) {
		return nil
	}
	for _, b := range c.hosts.bases {
		if u, err := url.Parse(b); err != nil || !isLoopback(u.Hostname()) {
			return fmt.Errorf("wechat: a simulator's %s may only talk to a loopback host: give the simulator's Options(), or WithBaseURL and its address", what)
		}
	}
	return nil
}

// checkPlatform finds the two mistakes that would otherwise show up late: no keys
// behind the interface, and the merchant's own key in place of the platform's.
func checkPlatform(keys sign.KeySet, own crypto.Signer) error {
	if keys == nil {
		return errors.New("nil; give a sign.Ring with the WeChat Pay public key, or a certs.Set")
	}
	if v := reflect.ValueOf(keys); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("a nil %T; look at the error of the call that made it", keys)
	}
	ring, ok := keys.(*sign.Ring)
	if !ok {
		return nil
	}
	_, k, err := ring.Preferred(context.Background()) // a ring answers from memory
	if public, same := own.Public().(interface{ Equal(crypto.PublicKey) bool }); err == nil && same && public.Equal(k) {
		return errors.New("this is the merchant's own key; give the WeChat Pay public key (pub_key.pem) or the platform certificate")
	}
	return nil
}

// For returns a copy that acts for a merchant served by this partner: calls take
// the partner paths and carry both numbers. The copy is cheap and shares
// connections, host health and the retry budget. A sub without a valid number
// makes every call of the copy fail with a FieldError.
func (m *Merchant) For(sub Sub) *Merchant {
	if m == nil || m.v3 == nil {
		return m
	}
	own, dialect, core := *m, *m.v3, *m.c
	own.sub, dialect.partner = sub, true
	core.fault = core.checkSub(sub, m.ID(), "sub_mchid", "sub_appid")
	core.dialect, own.v3, own.c = &dialect, &dialect, &core
	return &own
}

// checkSub says why sub cannot be served, nil if it can; number and app are the
// wire names of its two parts.
func (c *client) checkSub(sub Sub, own, number, app string) error {
	const simulated = "is a simulator's and may only be used at a loopback host"
	switch {
	case sub.MchID == "" || len(sub.MchID) > 32 || !allDigits(sub.MchID):
		return Invalid(number, fmt.Sprintf("want 1 to 32 digits, got %d bytes", len(sub.MchID)))
	case sub.MchID == own:
		return Invalid(number, "is the partner's own number")
	case c.simulated(sub.MchID, "0000", "") != nil:
		return Invalid(number, simulated)
	case c.simulated(sub.AppID, "wx0000", "") != nil:
		return Invalid(app, simulated)
	}
	return nil
}

func (m *Merchant) core() *client {
	if m == nil || m.c == nil {
		return unmade("Merchant", "NewMerchant")
	}
	return m.c
}

// speaks is how the merchant speaks, as nobody if it was not made by NewMerchant.
func (m *Merchant) speaks() *v3 {
	if m == nil || m.v3 == nil {
		return &v3{}
	}
	return m.v3
}

// ID is the merchant number that signs, empty for a nil Merchant.
func (m *Merchant) ID() string { return m.speaks().id.MchID }

// Serial is the serial number of the certificate that signs.
func (m *Merchant) Serial() string { return m.speaks().id.Serial }

// Sub is the merchant this copy acts for, zero for a direct merchant.
func (m *Merchant) Sub() Sub {
	if m == nil {
		return Sub{}
	}
	return m.sub
}

// IsPartner reports whether this copy acts for another merchant.
func (m *Merchant) IsPartner() bool { return m.speaks().partner }

// Now is the merchant's clock.
func (m *Merchant) Now() time.Time { return m.core().now() }

// String names the merchant and nothing secret.
func (m *Merchant) String() string {
	if m.IsPartner() {
		return "merchant " + m.ID() + " for " + m.sub.MchID
	}
	return "merchant " + m.ID()
}

// GoString is String: no verb prints the keys.
func (m *Merchant) GoString() string { return m.String() }

// CloseIdleConnections closes connections that are not in use, if the transport
// can. The merchant stays usable.
func (m *Merchant) CloseIdleConnections() { m.core().closeIdle() }

// Verify proves that a message with these headers and exactly this body comes
// from WeChat Pay and is less than five minutes old. Handlers of notices use it;
// its errors are those of package sign.
func (m *Merchant) Verify(ctx context.Context, h http.Header, body []byte) (sign.Verified, error) {
	if m.speaks().verifier == nil {
		return sign.Verified{}, m.core().fault
	}
	return m.v3.verifier.Verify(ctx, h, body)
}

// Resource is the encrypted part of a notice.
type Resource struct {
	OriginalType   string `json:"original_type"`
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"` // base64 text
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

// Algorithm of every resource this library can open.
const aeadAES256GCM = "AEAD_AES_256_GCM"

// Open decrypts a resource with the APIv3 key. Only what Verify proved is worth opening.
func (m *Merchant) Open(r Resource) ([]byte, error) {
	return m.OpenInPlace(r.Algorithm, r.Nonce, r.AssociatedData, []byte(r.Ciphertext))
}

// OpenInPlace is Open on base64 text that it overwrites: the result shares its memory.
func (m *Merchant) OpenInPlace(algorithm, nonce, associatedData string, ciphertext []byte) ([]byte, error) {
	if m == nil || m.aead == nil {
		return nil, m.core().fault
	}
	if algorithm != aeadAES256GCM {
		return nil, fmt.Errorf("wechat: resource algorithm %q is not supported, want %s", oneLine(algorithm, 40), aeadAES256GCM)
	}
	return m.aead.Open(nonce, associatedData, ciphertext)
}

// OpenSecrets opens, in place, every sealed seal.Secret reachable from v, a
// pointer, with the merchant's private key. Those it cannot open stay sealed.
func (m *Merchant) OpenSecrets(v any) { openSecrets(v, m.speaks().id.Key) }

func openSecrets(v any, k crypto.Signer) {
	if d, ok := k.(crypto.Decrypter); ok {
		seal.Open(v, d)
	}
}
