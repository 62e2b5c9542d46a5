package wechattest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/wxcommerce/wechat"
)

type certificateEntry struct {
	Serial    string      `json:"serial_no"`
	Effective wechat.Time `json:"effective_time"`
	Expire    wechat.Time `json:"expire_time"`
	Sealed    sealed      `json:"encrypt_certificate"`
}

// certificates answers 下载平台证书.
func (p *Pay) certificates(in *inbound, _ map[string]string) (reply, *refusal) {
	if _, no := in.queryValues("algorithm_type"); no != nil {
		return reply{}, no
	}
	list := []certificateEntry{}
	for _, k := range in.account.Platform {
		if !k.isCertificate() {
			continue
		}
		c, err := k.certificate()
		if err != nil {
			return reply{}, broke(err)
		}
		s, err := sealGCM(in.account.APIv3, randomText(12), "certificate", pemOf("CERTIFICATE", c.Raw))
		if err != nil {
			return reply{}, broke(err)
		}
		list = append(list, certificateEntry{k.ID, wechat.Time{Time: c.NotBefore}, wechat.Time{Time: c.NotAfter}, s})
	}
	if len(list) == 0 {
		return reply{}, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the merchant has no usable platform certificate: it uses the WeChat Pay public key")
	}
	r := replyJSON(200, map[string]any{"data": list})
	if k, _ := in.account.platformKey(in.account.Answers); in.platformKeyID() == "" && !k.isCertificate() {
		r.keyID = in.account.newestCertificate() // or a merchant that has none yet could not verify it
	}
	return r, nil
}

var echoShape = object("", text("echo_message", 1024).must(), text("encrypted_echo_message", sealedText), text("notify_url", 255).that(isNotifyURL))

// echo answers 商户签名验签、加解密测试.
func (p *Pay) echo(in *inbound, _ map[string]string) (reply, *refusal) {
	var b struct {
		Message   string `json:"echo_message"`
		NotifyURL string `json:"notify_url"`
	}
	tree, no := echoShape.parse(in.body, &b)
	if no == nil && in.platformKeyID() == "" {
		no = badParam("header", "Wechatpay-Serial", "is missing")
	}
	if no == nil {
		no = in.unseal(tree, "", "encrypted_echo_message")
	}
	if no != nil {
		return reply{}, no
	}
	out := map[string]string{"echo_message": b.Message}
	if plain, ok := tree["encrypted_echo_message"].(string); ok {
		s, err := sealOAEP(&in.account.Key.PublicKey, plain)
		if err != nil {
			return reply{}, badParam("body", "/encrypted_echo_message", "is too long to send back")
		}
		out["encrypted_echo_message"] = s
	}
	if b.NotifyURL != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := p.commit(false, record{Notice: p.echoNotice(in.account, b.NotifyURL, b.Message)}); err != nil {
			return reply{}, broke(err)
		}
	}
	return replyJSON(200, out), nil
}

func (a *account) newestCertificate() string {
	for _, k := range slices.Backward(a.Platform) {
		if k.isCertificate() {
			return k.ID
		}
	}
	return ""
}

// AddCertificate has WeChat Pay list a new platform certificate for the account,
// beside the ones there are. Nothing is signed with it yet; see SwitchAnswers and
// SwitchNotices. It returns the serial number.
func (a *Account) AddCertificate() (serial string, err error) {
	p := a.pay
	k, err := newPlatformCertificate(p.keys, p.clock.Now())
	if err != nil {
		return "", err
	}
	return k.ID, p.change(a.MchID, func(acc *account) error {
		acc.Platform = append(acc.Platform, k)
		return nil
	})
}

// AddPublicKey gives an account in Certificates mode a WeChat Pay public key, as a
// migration begins. It returns the key's id; an Account found afterwards has it.
func (a *Account) AddPublicKey() (id string, err error) {
	p, id := a.pay, publicKeyID(a.MchID)
	k, err := p.keys()
	if err != nil {
		return "", fmt.Errorf("wechattest: making keys: %w", err)
	}
	return id, p.change(a.MchID, func(acc *account) error {
		if _, there := acc.platformKey(id); there {
			return errors.New("wechattest: the account has a public key already")
		}
		acc.Platform = append([]platformKey{{ID: id, Key: privateKey{k}}}, acc.Platform...)
		acc.Mode = Both
		return nil
	})
}

// DropKey takes a platform key out of use: it is no longer listed, signs nothing
// and opens nothing. The keys that sign answers and notices cannot be dropped.
func (a *Account) DropKey(id string) error {
	return a.pay.change(a.MchID, func(acc *account) error {
		if id == acc.Answers || id == acc.Notices {
			return errors.New("wechattest: the key is in use; switch answers and notices first")
		}
		acc.Platform = slices.DeleteFunc(acc.Platform, func(k platformKey) bool { return k.ID == id })
		return nil
	})
}

// SwitchAnswers has answers signed with the platform key id where the request
// does not ask for one.
func (a *Account) SwitchAnswers(id string) error {
	return a.pay.change(a.MchID, func(acc *account) error { acc.Answers = id; return nil })
}

// SwitchNotices has notices signed with the platform key id from now on, also
// those sent before and sent again.
func (a *Account) SwitchNotices(id string) error {
	return a.pay.change(a.MchID, func(acc *account) error { acc.Notices = id; return nil })
}

// change commits a changed copy of an account.
func (p *Pay) change(mchID string, f func(*account) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.state.accounts[mchID]
	if old == nil {
		return fmt.Errorf("wechattest: no merchant %q here", mchID)
	}
	c := *old
	c.Platform = slices.Clone(old.Platform)
	if err := f(&c); err != nil {
		return err
	}
	for _, id := range []string{c.Answers, c.Notices} {
		if _, ok := c.platformKey(id); !ok {
			return fmt.Errorf("wechattest: the account has no platform key %q", id)
		}
	}
	return p.commit(true, record{Account: &c})
}
