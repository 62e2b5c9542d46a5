package wechattest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

// States of an order, as trade_state spells them.
const (
	stateNotPay     = "NOTPAY"
	stateUserPaying = "USERPAYING"
	stateSuccess    = "SUCCESS"
	stateRefund     = "REFUND"
	stateClosed     = "CLOSED"
	stateRevoked    = "REVOKED"
	statePayError   = "PAYERROR"
)

// How orders come to be, as trade_type spells it.
const (
	kindJSAPI   = "JSAPI"
	kindAPP     = "APP"
	kindNative  = "NATIVE"
	kindH5      = "MWEB"
	kindCodepay = "MICROPAY"
)

const (
	orderLife   = 7 * 24 * time.Hour
	orderMost   = 15 * 24 * time.Hour
	prepayLife  = 2 * time.Hour
	h5Life      = 5 * time.Minute
	askedLife   = time.Minute // how long a codepay user may think about the password
	reverseLife = 7 * 24 * time.Hour
)

var beijing = time.FixedZone("CST", 8*60*60)

// order is one order of one merchant. A copy is changed and committed; the one in
// state never is.
type order struct {
	MchID       string    `json:"mchid"` // who signed
	SubMchID    string    `json:"sub_mchid,omitempty"`
	AppID       string    `json:"appid"`
	SubAppID    string    `json:"sub_appid,omitempty"`
	OutTradeNo  string    `json:"out_trade_no"`
	Kind        string    `json:"kind"`
	Hash        string    `json:"hash"` // of everything that must stay the same
	Description string    `json:"description"`
	Attach      string    `json:"attach,omitempty"`
	NotifyURL   string    `json:"notify_url,omitempty"`
	DeviceID    string    `json:"device_id,omitempty"`
	Total       int64     `json:"total"`
	OpenID      string    `json:"openid,omitempty"`     // for whom, then by whom
	SubOpenID   string    `json:"sub_openid,omitempty"` // the same under the sub-merchant's app id
	Created     time.Time `json:"created"`
	Deadline    time.Time `json:"deadline"`
	Prepays     []prepay  `json:"prepays,omitempty"`
	State       string    `json:"state"`

	TransactionID string    `json:"transaction_id,omitempty"`
	Paid          time.Time `json:"paid,omitzero"`
	Bank          string    `json:"bank,omitempty"`
	AuthCode      string    `json:"auth_code,omitempty"`
	Reversed      time.Time `json:"reversed,omitzero"`
	Refunds       int       `json:"refunds,omitempty"`  // requests accepted
	Refunded      int64     `json:"refunded,omitempty"` // fen, including refunds under way
	LastRefund    time.Time `json:"last_refund,omitzero"`
	V2            string    `json:"v2,omitempty"`      // sign_type of an order placed by APIv2
	Sharing       bool      `json:"sharing,omitempty"` // its money waits to be shared; APIv2 only
}

// prepay is one of the keys to the cashier an order got.
type prepay struct {
	Ref  string    `json:"ref"`          // prepay_id, code_url or h5_url
	ID   string    `json:"id,omitempty"` // prepay_id beside the others, which only APIv2 tells
	Till time.Time `json:"till"`
}

// orderKey is unique per signing merchant, also across a partner's subs.
func orderKey(mchID, outTradeNo string) string { return mchID + "/" + outTradeNo }

func (o *order) key() string { return orderKey(o.MchID, o.OutTradeNo) }

// clone is a copy that may be changed.
func (o *order) clone() *order {
	c := *o
	c.Prepays = slices.Clone(o.Prepays)
	return &c
}

// stateAt is the state, with time that ran out taken into account.
func (o *order) stateAt(now time.Time) string {
	switch {
	case o.State == stateNotPay && !now.Before(o.Deadline):
		return stateClosed
	case o.State == stateUserPaying && !now.Before(o.Deadline):
		return statePayError
	}
	return o.State
}

// addPrepay makes another key to the cashier.
func (o *order) addPrepay(base string, now time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", o.MchID, o.OutTradeNo, len(o.Prepays)))
	id := "wx" + now.In(beijing).Format("20060102150405") + hex.EncodeToString(sum[:10])
	ref, life := id, prepayLife
	switch o.Kind {
	case kindNative:
		ref = "weixin://wxpay/bizpayurl?pr=" + base64.RawURLEncoding.EncodeToString(sum[:9])
	case kindH5:
		ref = base + "/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=" + id + "&package=" + strconv.Itoa(int(sum[0])<<16|int(sum[1])<<8|int(sum[2]))
		life = h5Life
	}
	k := prepay{Ref: ref, Till: now.Add(life)}
	if o.V2 != "" && ref != id {
		k.ID = id
	}
	o.Prepays = append(o.Prepays, k)
	return ref
}

// refKey brings the ways of naming an order to one: "prepay_id=…" as on a page,
// a code_url, an h5_url with or without redirect_url, a bare id.
func refKey(ref string) string {
	ref = strings.TrimPrefix(ref, "prepay_id=")
	if i := strings.Index(ref, "/checkmweb?prepay_id="); i >= 0 {
		ref, _, _ = strings.Cut(ref[i+len("/checkmweb?prepay_id="):], "&")
		return "h5 " + ref
	}
	return ref
}

// Order is an order as its payer and a test see it.
type Order struct {
	MchID         string // who signed: a direct merchant or a partner
	SubMchID      string
	AppID         string // a partner's own, for its orders
	SubAppID      string
	OutTradeNo    string
	Kind          string // JSAPI, APP, NATIVE, MWEB or MICROPAY
	Description   string
	Attach        string
	Total         wechat.Fen
	Refunded      wechat.Fen // including refunds under way
	State         string     // trade_state
	TransactionID string     // once paid
	OpenID        string     // for whom a JSAPI order is, then who paid
	SubOpenID     string
	PrepayID      string // the newest, JSAPI and APP; of APIv2 all
	CodeURL       string // the newest, Native
	H5URL         string // the newest, H5
	CreatedAt     time.Time
	Deadline      time.Time // until then it may be paid
	PaidAt        time.Time
}

// view shows an order at a time.
func (o *order) view(now time.Time) Order {
	out := Order{MchID: o.MchID, SubMchID: o.SubMchID, AppID: o.AppID, SubAppID: o.SubAppID, OutTradeNo: o.OutTradeNo,
		Kind: o.Kind, Description: o.Description, Attach: o.Attach, Total: wechat.Fen(o.Total), Refunded: wechat.Fen(o.Refunded),
		State: o.stateAt(now), TransactionID: o.TransactionID, OpenID: o.OpenID, SubOpenID: o.SubOpenID,
		CreatedAt: o.Created, Deadline: o.Deadline, PaidAt: o.Paid}
	if n := len(o.Prepays); n > 0 {
		out.PrepayID = o.Prepays[n-1].ID
		switch ref := o.Prepays[n-1].Ref; o.Kind {
		case kindNative:
			out.CodeURL = ref
		case kindH5:
			out.H5URL = ref
		default:
			out.PrepayID = ref
		}
	}
	return out
}

// Orders are the orders the account signed, oldest first.
func (a *Account) Orders() []Order {
	p, now := a.pay, a.pay.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Order
	for _, key := range p.state.orderList {
		if o := p.state.orders[key]; o.MchID == a.MchID {
			all = append(all, o.view(now))
		}
	}
	return all
}

// Order finds an order of the account by its merchant number.
func (a *Account) Order(outTradeNo string) (Order, error) {
	p := a.pay
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.state.orders[orderKey(a.MchID, outTradeNo)]
	if o == nil {
		return Order{}, fmt.Errorf("%w: no order %q of merchant %s", ErrNoOrder, outTradeNo, a.MchID)
	}
	return o.view(p.clock.Now()), nil
}
