package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Finding is what Check can say about one thing.
type Finding int

// The findings. Unchecked is zero: nothing was proved either way.
const (
	Unchecked Finding = iota
	Good
	Bad
)

// String is "unchecked", "good" or "bad".
func (f Finding) String() string { return [...]string{"unchecked", "good", "bad"}[f%3] }

// Report says which part of a merchant's settings is right. Advice holds one
// sentence for each part that is Bad or could not be checked, in words for
// somebody who sees the merchant platform for the first time.
type Report struct {
	Network     Finding // WeChat was reached
	Clock       Finding // within five minutes of WeChat's
	Number      Finding // merchant number
	Serial      Finding // serial number of the merchant certificate
	PrivateKey  Finding // it belongs to that certificate
	PlatformKey Finding // WeChat's answers verify, and personal data sealed for WeChat opens
	APIv3Key    Finding // only provable where WeChat encrypts something for the merchant
	Advice      []string
	Skew        time.Duration // our clock minus WeChat's, to the second
}

// OK reports whether nothing was found wrong.
func (r Report) OK() bool {
	for _, f := range []Finding{r.Clock, r.Number, r.Serial, r.PrivateKey, r.PlatformKey, r.APIv3Key} {
		if f == Bad {
			return false
		}
	}
	return r.Network == Good
}

// String is a short text, one line a part.
func (r Report) String() string {
	var b strings.Builder
	for _, l := range []struct {
		name string
		f    Finding
	}{{"network", r.Network}, {"clock", r.Clock}, {"merchant number", r.Number}, {"certificate serial", r.Serial},
		{"private key", r.PrivateKey}, {"platform key", r.PlatformKey}, {"APIv3 key", r.APIv3Key}} {
		fmt.Fprintf(&b, "%-18s %s\n", l.name, l.f)
	}
	for _, a := range r.Advice {
		b.WriteString("- " + a + "\n")
	}
	return b.String()
}

type echo struct {
	Message string      `json:"echo_message"`
	Sealed  seal.Secret `json:"encrypted_echo_message,omitzero"`
}

// Check tries the merchant's settings at the one endpoint that moves no money
// and says in words what is wrong. The error is not nil only when the question
// could not be asked at all; what WeChat refused is in the Report.
//
// 商户签名验签、加解密测试
func (m *Merchant) Check(ctx context.Context) (Report, error) {
	var r Report
	direct := *m
	if m.IsPartner() {
		return r, errors.New("wechat: Check asks about the merchant that signs; call it before For")
	}
	probe := &checkProbe{v3: *m.v3, r: &r}
	core := *m.c
	core.dialect, direct.c = probe, &core
	_, err := Call[None](ctx, &direct, POST("/v3/security/echo"), echo{"hello", seal.Plain("hello")})
	var api *APIError
	switch {
	case probe.sealing != nil:
		r.PlatformKey = Bad
		r.advise("no platform key to encrypt with (%v): give MerchantConfig.Platform the WeChat Pay public key, or a certs.Set", probe.sealing)
	case err == nil:
		r.Network, r.Clock, r.Number, r.Serial, r.PrivateKey, r.PlatformKey = Good, Good, Good, Good, Good, Good
		m.checkAPIv3(ctx, &r)
	case errors.As(err, &api):
		r.Network = Good
		r.blame(api, m)
	case probe.answered:
		r.Network = Good
		r.blameProof(err)
	default:
		r.Network = Bad
		r.advise("WeChat was not reached: %v", err)
		return r, err
	}
	return r, nil
}

// checkProbe is v3 that remembers what came back.
type checkProbe struct {
	v3
	r        *Report
	answered bool
	sealing  error
}

func (d *checkProbe) encode(ctx context.Context, op Op, in any) (*message, error) {
	m, err := d.v3.encode(ctx, op, in)
	d.sealing = err
	return m, err
}

func (d *checkProbe) prove(ctx context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	d.answered = true
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		d.r.Skew = d.now().Sub(at).Round(time.Second)
	}
	return d.v3.prove(ctx, op, res, body)
}

// checkAPIv3 opens the certificate list, the only thing WeChat encrypts on demand.
func (m *Merchant) checkAPIv3(ctx context.Context, r *Report) {
	_, err := m.certificates(ctx, m.v3.keys)
	switch {
	case err == nil:
		r.APIv3Key = Good
	case errors.Is(err, seal.ErrOpen):
		r.APIv3Key = Bad
		r.advise("the APIv3 key does not open what WeChat encrypts: compare it with the one set on the merchant platform (APIv3密钥)")
	case errors.Is(err, ErrNotFound):
		r.advise("the APIv3 key could not be checked: this merchant has no platform certificate; the first payment notice will tell")
	default:
		r.advise("the APIv3 key could not be checked: %v", err)
	}
}

// blame finds the setting a refusal speaks of. WeChat's words vary, so it looks
// for what they have in common.
func (r *Report) blame(api *APIError, m *Merchant) {
	info := api.SignInformation()
	said := strings.ToLower(api.Message + " " + info.Issue)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(said, w) {
				return true
			}
		}
		return false
	}
	if api.Verified && api.Status != http.StatusUnauthorized { // refused for another reason than who asked
		r.Clock, r.Number, r.Serial, r.PrivateKey, r.PlatformKey = Good, Good, Good, Good, Good
	}
	switch {
	case api.Status == http.StatusBadRequest && (has("encrypt", "解密", "加密", "wechatpay-serial", "平台证书", "公钥") ||
		strings.Contains(string(api.Detail), "encrypted_echo_message")):
		r.PlatformKey = Bad
		r.advise("WeChat could not open what was sealed for it: the platform key and its id do not belong together")
	case r.Skew.Abs() >= 5*time.Minute || has("timestamp", "时间戳"):
		r.Clock = Bad
		r.advise("this machine's clock is %v away from WeChat's; five minutes is the limit: switch on NTP", r.Skew)
	case has("serial", "证书", "certificate"):
		r.Serial = Bad
		r.advise("WeChat does not know certificate serial %s for merchant %s: it expired, was replaced, or belongs to another merchant number", m.Serial(), m.ID())
	case has("mchid", "商户号") || errors.Is(api, Code("MCH_NOT_EXISTS")):
		r.Number = Bad
		r.advise("WeChat does not know merchant number %s, or it is not the one that signs", m.ID())
	case api.Status == http.StatusUnauthorized:
		r.PrivateKey = Bad
		r.advise("the signature does not verify: the private key is not the one of certificate serial %s, or a proxy changes the request", m.Serial())
	default:
		r.advise("WeChat refused the test with %v", api)
	}
}

// blameProof reads why an answer that came could not be proved.
func (r *Report) blameProof(err error) {
	switch {
	case errors.Is(err, sign.ErrStale):
		r.Clock = Bad
		r.advise("this machine's clock is %v away from WeChat's; five minutes is the limit: switch on NTP", r.Skew)
	case errors.Is(err, sign.ErrUnknownKey):
		r.PlatformKey = Bad
		r.advise("WeChat signs with a key this program was not given: %v", err)
	case errors.Is(err, sign.ErrMismatch):
		r.PlatformKey = Bad
		r.advise("WeChat's answer does not verify with the platform key of that id: the key file belongs to another id or merchant")
	default:
		r.advise("the answer could not be proved: %v", err)
	}
}

func (r *Report) advise(format string, args ...any) {
	r.Advice = append(r.Advice, fmt.Sprintf(format, args...))
}
