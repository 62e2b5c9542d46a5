package wechattest

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// User is somebody with WeChat. The zero User is whoever the order was made for,
// and a stranger where it was made for nobody.
type User struct {
	// Name tells users apart.
	Name string
	// ID is an openid to use instead of one made from Name, under every app id.
	ID string
}

// OpenID is the user's id under an app id: always the same, and another one under
// another app.
func (u User) OpenID(appID string) string {
	if u.ID != "" {
		return u.ID
	}
	sum := sha256.Sum256([]byte("user " + u.Name + " of " + appID))
	return openIDMark(appID) + base64.RawURLEncoding.EncodeToString(sum[:])[:13]
}

func (u User) isZero() bool { return u == User{} }

// openIDMark begins every openid the simulator makes under an app id.
func openIDMark(appID string) string {
	sum := sha256.Sum256([]byte("app " + appID))
	return "o0000" + base64.RawURLEncoding.EncodeToString(sum[:])[:10]
}

// checkOpenID refuses a simulated openid of another app. Of others it knows
// nothing and takes them.
func checkOpenID(at, openID, appID string) *refusal {
	if strings.HasPrefix(openID, "o0000") && !strings.HasPrefix(openID, openIDMark(appID)) {
		return badParam("body", at, "is not an openid under this app id").with(openID)
	}
	return nil
}

// Why a user cannot pay; compare with errors.Is.
var (
	// ErrNoOrder is a reference that leads nowhere.
	ErrNoOrder = errors.New("wechattest: no such order")
	// ErrExpired is an order or a prepay_id whose time is over.
	ErrExpired = errors.New("wechattest: too late to pay")
	// ErrNotOpen is an order that is paid, closed or reversed.
	ErrNotOpen = errors.New("wechattest: the order cannot be paid any more")
	// ErrWrongUser is a user other than the one the order names.
	ErrWrongUser = errors.New("wechattest: the order is for another user")
	// ErrBadParams is what a pay sheet refuses to open.
	ErrBadParams = errors.New("wechattest: the page's parameters are refused")
)

// find is the order a reference opens, with the moment the reference dies; zero
// for references that do not. p.mu is held.
func (p *Pay) findRef(ref string) (*order, time.Time, error) {
	key := refKey(ref)
	at, ok := p.state.refs[key]
	if !ok {
		if at, ok = p.state.refs["h5 "+key]; !ok {
			return nil, time.Time{}, fmt.Errorf("%w: nothing is known by %q; orders are named by their prepay_id, code_url or h5_url", ErrNoOrder, ref)
		}
		key = "h5 " + key
	}
	o := p.state.orders[at]
	for _, k := range o.Prepays {
		if refKey(k.Ref) == key || k.ID != "" && k.ID == key {
			return o, k.Till, nil
		}
	}
	return o, time.Time{}, nil
}

// Order finds an order by prepay_id, code_url, h5_url, payment code or transaction
// id. It fails with ErrNoOrder.
func (p *Pay) Order(ref string) (Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, _, err := p.findRef(ref)
	if err != nil {
		return Order{}, err
	}
	return o.view(p.clock.Now()), nil
}

// Pay is the user's confirmation: the order that ref opens becomes paid, and its
// notice due. A codepay order that waits for the password is paid by its payment
// code. It fails with ErrNoOrder, ErrExpired, ErrNotOpen or ErrWrongUser.
func (p *Pay) Pay(ref string, by User) (Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, err := p.payable(ref, by)
	if err != nil {
		return Order{}, err
	}
	records := p.settle(o, by)
	if err := p.commit(true, records...); err != nil {
		return Order{}, err
	}
	return o.view(p.clock.Now()), nil
}

// payable is a copy of the order, if the user may pay it now. p.mu is held.
func (p *Pay) payable(ref string, by User) (*order, error) {
	now := p.clock.Now()
	o, till, err := p.findRef(ref)
	if err != nil {
		return nil, err
	}
	switch s := o.stateAt(now); {
	case s != stateNotPay && s != stateUserPaying:
		return nil, fmt.Errorf("%w: it is %s", ErrNotOpen, s)
	case !till.IsZero() && !now.Before(till):
		return nil, fmt.Errorf("%w: what opened it was good until %s; order again with the same number", ErrExpired, till.Format(time.RFC3339))
	case till.IsZero() && s == stateNotPay:
		return nil, fmt.Errorf("%w: %q does not open the cashier", ErrNoOrder, ref)
	}
	if !o.isFor(by) {
		return nil, fmt.Errorf("%w: user %q", ErrWrongUser, by.Name)
	}
	return o.clone(), nil
}

// isFor tells whether the user is the one the order names, if it names one.
func (o *order) isFor(by User) bool {
	switch {
	case by.isZero():
		return true
	case o.SubOpenID != "":
		return by.OpenID(o.SubAppID) == o.SubOpenID
	case o.OpenID != "":
		return by.OpenID(o.AppID) == o.OpenID
	}
	return true
}

// settle pays o and returns what has to be committed: the order and its notice.
func (p *Pay) settle(o *order, by User) []record {
	now := p.clock.Now()
	o.State, o.Paid, o.Bank = stateSuccess, now, "OTHERS"
	o.TransactionID = p.state.id("4200", now)
	if o.OpenID == "" || !by.isZero() {
		o.OpenID = by.OpenID(o.AppID)
	}
	if o.SubOpenID == "" && o.SubAppID != "" {
		o.SubOpenID = by.OpenID(o.SubAppID)
	}
	records := []record{{Order: o}}
	if o.Kind != kindCodepay && o.NotifyURL != "" { // a codepay order has no notice
		records = append(records, record{Notice: p.paidNotice(o)})
	}
	return records
}

// Cancel is the user's refusal on the pay sheet. An order stays as it is and may be
// paid later; a codepay order that waits for the password fails (PAYERROR).
func (p *Pay) Cancel(ref string) (Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, _, err := p.findRef(ref)
	if err != nil {
		return Order{}, err
	}
	if o.stateAt(p.clock.Now()) == stateUserPaying {
		o = o.clone()
		o.State = statePayError
		if err := p.commit(true, record{Order: o}); err != nil {
			return Order{}, err
		}
	}
	return o.view(p.clock.Now()), nil
}

// Expire lets the time of an unpaid order run out now.
func (p *Pay) Expire(ref string) (Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, _, err := p.findRef(ref)
	if err != nil {
		return Order{}, err
	}
	now := p.clock.Now()
	if s := o.stateAt(now); s != stateNotPay && s != stateUserPaying {
		return Order{}, fmt.Errorf("%w: it is %s", ErrNotOpen, s)
	}
	o = o.clone()
	o.Deadline = now
	if err := p.commit(true, record{Order: o}); err != nil {
		return Order{}, err
	}
	return o.view(now), nil
}
