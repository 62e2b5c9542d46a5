package wechattest

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

// LaunchTarget is this account as Launch wants it, with the key that signs the
// notices of each mode. The addresses and samples are the caller's to fill in.
func (a *Account) LaunchTarget() *V3Target {
	t := &V3Target{MchID: a.MchID, AppID: a.AppID, APIv3Key: a.APIv3Key}
	for _, k := range a.pay.account(a.MchID).Platform {
		if der, err := x509.MarshalPKCS8PrivateKey(k.Key.PrivateKey); err == nil {
			t.Keys = append(t.Keys, PlatformKey{ID: k.ID, PEM: string(pemOf("PRIVATE KEY", der))})
		}
	}
	return t
}

func (k PlatformKey) key() (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, errors.New("want a PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	if key, ok := parsed.(*rsa.PrivateKey); err == nil && ok {
		return key, nil
	}
	return nil, errors.New("want a private RSA key as PEM, PKCS#8 or PKCS#1")
}

// mode is a key mode in words.
func (k PlatformKey) mode() string {
	if strings.HasPrefix(k.ID, "PUB_KEY_ID_") {
		return "public key"
	}
	return "certificate"
}

// letter is what an APIv3 notice says.
type letter struct{ url, event, original, summary string }

// sealing is how one is signed and encrypted. Its zero value is right.
type sealing struct {
	age       time.Duration // how long ago it was signed
	probe     bool
	unsigned  bool
	otherKey  bool // of the platform
	otherAPI  bool // APIv3 key
	otherID   bool // key id
	tampered  bool // after signing
	twice     bool // the signature header
	unopened  bool // resource in clear
	noContent bool // resource null
}

// sender makes the notices of one key mode.
type sender struct {
	t   *V3Target
	now func() time.Time
	id  string
	key *rsa.PrivateKey
	bad *rsa.PrivateKey // nobody's
}

func (s *sender) pack(l letter, content any, how sealing) (parcel, error) {
	api := s.t.APIv3Key
	if how.otherAPI {
		api = randomText(32)
	}
	now := s.now()
	n := &notice{ID: "EV-0000" + randomText(20), Event: l.event, Original: l.original, Summary: l.summary, Plain: mustJSON(content), Created: now}
	body, err := n.envelope(&account{APIv3: api})
	if err != nil {
		return parcel{}, err
	}
	if how.unopened {
		body = mustJSON(map[string]any{"id": n.ID, "create_time": wechat.Time{Time: now}, "resource_type": "encrypt-resource", "event_type": l.event, "summary": l.summary, "resource": content})
	}
	if how.noContent {
		body = mustJSON(map[string]any{"id": n.ID, "event_type": l.event, "resource": nil})
	}
	key, id := s.key, s.id
	if how.otherKey {
		key = s.bad
	}
	if how.otherID {
		id = "PUB_KEY_ID_0000999999999999999999999999"
	}
	at, nonce := strconv.FormatInt(now.Add(-how.age).Unix(), 10), randomText(32)
	signature, err := signLines(key, at, nonce, string(body))
	if err != nil {
		return parcel{}, err
	}
	if how.probe {
		signature = probePrefix + signature
	}
	if how.tampered {
		body = bytes.Replace(body, []byte(`"ciphertext":"`), []byte(`"ciphertext":"A`), 1)
	}
	p := parcel{method: http.MethodPost, url: l.url, body: body, header: http.Header{"Content-Type": {"application/json"}}}
	if how.unsigned {
		return p, nil
	}
	p.header.Set("Wechatpay-Timestamp", at)
	p.header.Set("Wechatpay-Nonce", nonce)
	p.header.Set("Wechatpay-Serial", id)
	p.header.Set("Wechatpay-Signature", signature)
	p.header.Set("Wechatpay-Signature-Type", scheme)
	if how.twice {
		p.header.Add("Wechatpay-Signature", signature)
	}
	return p, nil
}

func heedsV3(h heard) bool {
	return h.err == nil && (h.status == http.StatusOK || h.status == http.StatusNoContent)
}

// channel is a notice to an address, with what must not be believed there.
func (s *sender) channel(name string, l letter, content, foreign any) *channel {
	forge := func(rule, says, sent, mend string, how sealing) forgery {
		return forgery{rule, says, sent, mend, func() (parcel, error) { return s.pack(l, content, how) }}
	}
	const verify = "Verify the signature over time, nonce and the raw body before anything else."
	c := &channel{name: name, url: l.url, answer: "200 or 204", heeds: heedsV3, secrets: []string{s.t.APIv3Key},
		genuine: func() (parcel, error) { return s.pack(l, content, sealing{}) },
		forged: []forgery{
			forge("probe", "A signature probe is refused", "a notice whose signature begins WECHATPAY/SIGNTEST/", "Answer 4xx or 5xx; the real notice follows. "+verify, sealing{probe: true}),
			forge("unsigned", "A notice without signature headers is refused", "the notice without Wechatpay-* headers", verify, sealing{unsigned: true}),
			forge("doubled", "A notice with two signature headers is refused", "Wechatpay-Signature twice", "Refuse headers that come twice.", sealing{twice: true}),
			forge("missigned", "A signature by another key is refused", "the notice, signed by nobody known", verify, sealing{otherKey: true}),
			forge("unknown key", "A key id that nobody gave the shop is refused", "the notice under another Wechatpay-Serial", "Look the key up by Wechatpay-Serial; never fall back to another key.", sealing{otherID: true}),
			forge("tampered", "A body that was changed after signing is refused", "one character more in the ciphertext", "Verify the bytes as they came, not a parsed copy.", sealing{tampered: true}),
			forge("stale", "A notice signed six minutes ago is refused", "a good signature with an old Wechatpay-Timestamp", "Refuse times more than five minutes off; a real resend is signed anew.", sealing{age: 6 * time.Minute}),
			forge("early", "A notice signed six minutes ahead is refused", "a good signature with a future Wechatpay-Timestamp", "Refuse times more than five minutes off, in both directions.", sealing{age: -6 * time.Minute}),
			forge("sealed elsewhere", "A resource that our APIv3 key does not open is refused", "a signed notice, encrypted with another key", "Answer a failure when decryption fails; never act on the envelope alone.", sealing{otherAPI: true}),
			forge("in clear", "A resource in clear is refused", "a signed notice whose resource is not encrypted", "Only what was decrypted counts.", sealing{unopened: true}),
			forge("null", "A null resource is refused", `a signed notice with "resource": null`, "Check that there is a resource before using it.", sealing{noContent: true}),
		}}
	if foreign != nil {
		c.forged = append(c.forged, forgery{"foreign", "A genuine notice of another merchant is refused", "the same with another mchid inside",
			"Compare mchid and appid of the decrypted content with your own.", func() (parcel, error) { return s.pack(l, foreign, sealing{}) }})
	}
	return c
}

func (t *V3Target) channels(now func() time.Time) (all []*channel, err error) {
	if t == nil {
		return nil, nil
	}
	if len(t.APIv3Key) != 32 {
		return nil, fmt.Errorf("V3Target.APIv3Key: want 32 bytes, got %d", len(t.APIv3Key))
	}
	bad, err := NewKeys()()
	if err != nil {
		return nil, err
	}
	if len(t.Keys) == 0 {
		return nil, errors.New("V3Target.Keys: none; give the private test key of each mode the shop accepts")
	}
	for i, k := range t.Keys {
		key, err := k.key()
		if err != nil {
			return nil, fmt.Errorf("V3Target.Keys[%d]: %w", i, err)
		}
		s := &sender{t: t, now: now, id: k.ID, key: key, bad: bad}
		all = append(all, s.channels(i == 0, " ("+k.mode()+")")...)
	}
	return all, nil
}

func (s *sender) channels(first bool, mode string) (all []*channel) {
	t := s.t
	if t.PayURL != "" && len(t.Samples) > 0 {
		l := letter{t.PayURL, "TRANSACTION.SUCCESS", "transaction", "支付成功"}
		o := t.Samples[0].numbered()
		c := s.channel("v3 payment notice"+mode, l, s.paid(o, t.MchID), s.paid(o, "0000999999"))
		if c.order = o.OutTradeNo; first {
			c.rules = s.payRules(l)
		}
		all = append(all, c)
	}
	if t.RefundURL != "" && len(t.Refunds) > 0 {
		r := t.Refunds[0]
		r.Sample = r.numbered()
		l := letter{t.RefundURL, "REFUND.SUCCESS", "refund", "退款成功"}
		c := s.channel("v3 refund notice"+mode, l, s.refunded(r, t.MchID), s.refunded(r, "0000999999"))
		if t.PayURL != "" && first {
			c.rules = append(c.rules, s.reordered(r))
		}
		all = append(all, c)
	}
	if t.ComplaintURL != "" {
		l := letter{t.ComplaintURL, "COMPLAINT.CREATE", "complaint", "产生新投诉"}
		id := cmp.Or(t.ComplaintID, "200000020221009999999999")
		all = append(all, s.channel("v3 complaint notice"+mode, l, map[string]string{"complaint_id": id, "action_type": "CREATE_COMPLAINT"}, nil))
	}
	if t.ViolationURL != "" {
		l := letter{t.ViolationURL, "VIOLATION.PUNISH", "violation", "商户违规通知"}
		all = append(all, s.channel("v3 violation notice"+mode, l, map[string]string{"sub_mchid": t.MchID, "company_name": "shop", "record_id": "1234567890",
			"punish_plan": "关闭支付权限", "punish_time": s.now().In(beijing).Format(time.RFC3339), "risk_type": "RISK_TYPE", "risk_description": "check"}, nil))
	}
	return all
}

// numbered is a copy with a transaction id, always the same for one number.
func (s Sample) numbered() Sample {
	s.TransactionID = cmp.Or(s.TransactionID, "42000000"+digitsOf(s.OutTradeNo))
	return s
}

// digitsOf are 20 digits that stand for a text.
func digitsOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%020d", binary.BigEndian.Uint64(sum[:]))
}

// paid is the content of a payment notice.
func (s *sender) paid(o Sample, mchID string) transaction {
	return transaction{AppID: s.t.AppID, MchID: mchID, No: o.OutTradeNo, ID: o.TransactionID, Type: kindJSAPI, State: stateSuccess, StateDesc: stateWords[stateSuccess],
		Bank: "OTHERS", Attach: o.Attach, Success: wechat.Time{Time: s.now()}, Payer: &payer{OpenID: o.OpenID},
		Amount: &paidAmount{int64(o.Total), int64(o.Total), "CNY", "CNY"}}
}

func (s *sender) refunded(r RefundSample, mchID string) refundContent {
	c := refundContent{MchID: mchID, OutTradeNo: r.OutTradeNo, TransactionID: r.TransactionID, OutRefundNo: r.OutRefundNo, RefundID: r.RefundID,
		Status: refundSuccess, Success: wechat.Time{Time: s.now()}, Received: "支付用户零钱"}
	c.RefundID = cmp.Or(c.RefundID, "50000000"+digitsOf(r.OutRefundNo))
	c.Amount.Total, c.Amount.PayerTotal, c.Amount.Refund, c.Amount.PayerRefund = int64(r.Total), int64(r.Total), int64(r.Refund), int64(r.Refund)
	return c
}
