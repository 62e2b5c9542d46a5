package wechattest

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxcommerce/wechat/sign"
)

// Mode is how a merchant proves what comes from WeChat Pay.
type Mode int

// The modes. PublicKey is what new merchants have; Both is a merchant on its way
// from certificates to the public key: answers come under the key the request
// asks for and otherwise, as notices do, under the certificate.
const (
	PublicKey Mode = iota
	Certificates
	Both
)

// MerchantOptions describe a merchant; the zero value is a direct merchant in
// public key mode whose numbers are chosen for it.
type MerchantOptions struct {
	Name    string
	MchID   string        // digits that begin 0000
	AppIDs  []string      // begin wx0000; one is made if empty
	Partner bool          // a 服务商, which acts for Subs
	Subs    []SubMerchant // numbers and app ids left empty are chosen
	Mode    Mode
	// RefundNotifyURL gets the notices of refunds that name no address of their
	// own, like the setting on the merchant platform.
	RefundNotifyURL string
	// Digest is the sign_type of ConfigV2 and of the callbacks of native mode 1.
	Digest sign.Digest
	// NativeURL gets the callbacks of native mode 1.
	NativeURL string
}

// Account is a merchant of the simulator and everything its owner knows. The
// fields are copies; nothing secret is printed by any verb.
type Account struct {
	MchID, Name   string
	AppID         string   // the first of AppIDs
	AppIDs        []string // bound to the number
	Partner       bool
	Subs          []SubMerchant
	Mode          Mode
	Serial        string // of the merchant API certificate
	PrivateKey    *rsa.PrivateKey
	Certificate   *x509.Certificate
	APIv3Key      string
	APIv2Key      string // of the XML generation
	Digest        sign.Digest
	PlatformKeyID string         // id of the WeChat Pay public key, "" in Certificates mode
	PlatformKey   *rsa.PublicKey // nil in Certificates mode
	pay           *Pay
}

var (
	simulatedNumber = regexp.MustCompile(`^0000[0-9]{1,28}$`)
	simulatedApp    = regexp.MustCompile(`^wx0000[0-9a-z]{1,26}$`)
)

// NewMerchant opens an account with keys of its own. The number must be free.
func (p *Pay) NewMerchant(o MerchantOptions) (*Account, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a := &account{Name: o.Name, Partner: o.Partner, Mode: o.Mode, Refunds: o.RefundNotifyURL,
		APIv3: randomText(32), APIv2: randomText(32), HMAC: o.Digest == sign.HMACSHA256, Native: o.NativeURL, Born: p.clock.Now()}
	if err := a.makeKeys(p.keys, p.clock.Now()); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.state.number(a, o); err != nil {
		return nil, err
	}
	for i, k := range a.Platform {
		if !k.isCertificate() {
			a.Platform[i].ID = publicKeyID(a.MchID)
		}
	}
	a.Answers = a.Platform[len(a.Platform)-1].ID
	a.Notices = a.Answers
	if err := p.commit(true, record{Account: a}); err != nil {
		return nil, err
	}
	return p.open(a)
}

// Account finds an account by its merchant number, also one from the journal.
func (p *Pay) Account(mchID string) (*Account, error) {
	a := p.account(mchID)
	if a == nil {
		return nil, fmt.Errorf("wechattest: no merchant %q here", mchID)
	}
	return p.open(a)
}

// Accounts are all accounts, oldest first.
func (p *Pay) Accounts() []*Account {
	p.mu.Lock()
	numbers := slices.Clone(p.state.numbers)
	p.mu.Unlock()
	var all []*Account
	for _, n := range numbers {
		if a, err := p.Account(n); err == nil {
			all = append(all, a)
		}
	}
	return all
}

func (p *Pay) open(a *account) (*Account, error) {
	cert, err := x509.ParseCertificate(a.Cert)
	if err != nil {
		return nil, errors.New("wechattest: a merchant certificate in the journal is damaged")
	}
	out := &Account{MchID: a.MchID, Name: a.Name, AppID: a.AppIDs[0], AppIDs: slices.Clone(a.AppIDs), Partner: a.Partner,
		Subs: slices.Clone(a.Subs), Mode: a.Mode, Serial: a.Serial, PrivateKey: a.Key.PrivateKey, Certificate: cert,
		APIv3Key: a.APIv3, APIv2Key: a.APIv2, pay: p}
	if a.HMAC {
		out.Digest = sign.HMACSHA256
	}
	if k := a.Platform[0]; !k.isCertificate() {
		out.PlatformKeyID, out.PlatformKey = k.ID, &k.Key.PublicKey
	}
	return out, nil
}

func (o MerchantOptions) check() error {
	numbers, apps := []string{o.MchID}, slices.Clone(o.AppIDs)
	for _, s := range o.Subs {
		numbers, apps = append(numbers, s.MchID), append(apps, s.AppIDs...)
	}
	for _, n := range numbers {
		if n != "" && !simulatedNumber.MatchString(n) {
			return fmt.Errorf("wechattest: merchant number %q: simulated numbers are at most 32 digits and begin 0000", n)
		}
	}
	for _, id := range apps {
		if !simulatedApp.MatchString(id) {
			return fmt.Errorf("wechattest: app id %q: simulated app ids begin wx0000 and go on with digits and lower-case letters", id)
		}
	}
	switch {
	case o.Mode < PublicKey || o.Mode > Both:
		return fmt.Errorf("wechattest: mode %d is none of PublicKey, Certificates, Both", o.Mode)
	case len(o.Subs) > 0 && !o.Partner:
		return errors.New("wechattest: only a partner has Subs")
	}
	return nil
}

// makeKeys makes the merchant's key and the platform's, at the same time.
func (a *account) makeKeys(keys KeySource, now time.Time) error {
	var group sync.WaitGroup
	var own *rsa.PrivateKey
	var public, certificate platformKey
	var errs [3]error
	group.Go(func() { own, errs[0] = keys() })
	if a.Mode != Certificates {
		group.Go(func() { public.Key.PrivateKey, errs[1] = keys() })
	}
	if a.Mode != PublicKey {
		group.Go(func() { certificate, errs[2] = newPlatformCertificate(keys, now) })
	}
	group.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("wechattest: making keys: %w", err)
	}
	cert, err := newCertificate(own, "simulated merchant", now)
	if err != nil {
		return err
	}
	a.Key, a.Cert, a.Serial = privateKey{own}, cert.Raw, serialOf(cert)
	if a.Mode != Certificates {
		a.Platform = append(a.Platform, public)
	}
	if a.Mode != PublicKey {
		a.Platform = append(a.Platform, certificate)
	}
	return nil
}

// number gives a and its subs the numbers and app ids they were not given.
func (s *state) number(a *account, o MerchantOptions) error {
	a.MchID, a.AppIDs = o.MchID, slices.Clone(o.AppIDs)
	taken := s.taken()
	if a.MchID == "" {
		a.MchID = freeNumber(taken)
	} else if taken[a.MchID] {
		return fmt.Errorf("wechattest: merchant number %s is taken", a.MchID)
	}
	taken[a.MchID] = true
	if len(a.AppIDs) == 0 {
		a.AppIDs = []string{appIDOf(a.MchID)}
	}
	for _, sub := range o.Subs {
		if sub.MchID == "" {
			sub.MchID = freeNumber(taken)
		} else if sub.MchID == a.MchID {
			return errors.New("wechattest: a partner cannot be its own sub-merchant")
		}
		taken[sub.MchID] = true
		if len(sub.AppIDs) == 0 {
			sub.AppIDs = []string{appIDOf(sub.MchID)}
		}
		a.Subs = append(a.Subs, sub)
	}
	return nil
}

func (s *state) taken() map[string]bool {
	taken := map[string]bool{}
	for n, a := range s.accounts {
		taken[n] = true
		for _, sub := range a.Subs {
			taken[sub.MchID] = true
		}
	}
	return taken
}

func freeNumber(taken map[string]bool) string {
	for n := 100001; ; n++ {
		if s := fmt.Sprintf("0000%06d", n); !taken[s] {
			return s
		}
	}
}

func appIDOf(mchID string) string {
	sum := sha256.Sum256([]byte("app of " + mchID))
	return "wx0000" + hex.EncodeToString(sum[:6])
}

// publicKeyID has the form of a real id, and zeros to tell it apart.
func publicKeyID(mchID string) string {
	return "PUB_KEY_ID_0000" + strings.Repeat("0", max(24-len(mchID), 0)) + mchID
}
