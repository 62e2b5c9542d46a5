package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// Event types of the generation of 2014, whose callbacks carry none: they are told
// apart by what is in them. Package pay/legacy has the kinds for LegacyPaid and
// LegacyScanned, complaint/rights those for complaints, notify/alarm the one for
// LegacyAlarm.
const (
	LegacyPaid    = "2014.PAID"    // an order was paid
	LegacyUnpaid  = "2014.UNPAID"  // a trade_state other than 0: whatever it means, not paid
	LegacyScanned = "2014.SCANNED" // a static native code asks for a package
	LegacyRights  = "2014.RIGHTS"  // a user complains; little of it is signed
	LegacyAlarm   = "2014.ALARM"   // WeChat is not content, such as with late deliveries

	LegacyConfirmed = "2014.RIGHTS.CONFIRMED" // a user is content with what the shop did
	LegacyRejected  = "2014.RIGHTS.REJECTED"  // a user is not
	LegacyMoved     = "2014.RIGHTS.MOVED"     // something else about a complaint
)

// legacySigned are the elements that AppSignature covers.
var legacySigned = map[string][]string{
	LegacyPaid:    {"AppId", "IsSubscribe", "NonceStr", "OpenId", "TimeStamp"},
	LegacyScanned: {"AppId", "IsSubscribe", "NonceStr", "OpenId", "ProductId", "TimeStamp"},
	LegacyRights:  {"AppId", "OpenId", "TimeStamp"},
	LegacyAlarm:   {"AlarmContent", "AppId", "Description", "ErrorType", "TimeStamp"},
}

// legacy is the generation of 2014: flat XML signed with the paySignKey and, for
// payments, a query signed with the partnerKey.
type legacy struct {
	m   *wechat.MerchantLegacy
	id  identity
	own []string
}

// Legacy receives the callbacks of 2014 for m: payments, static native codes,
// rights protection and alarms. own are the names of the query parameters that the
// shop's notify_url has of its own; of a payment everything else in the query must
// be signed, and body and query must both be. Event.Plain of a payment is the query,
// an empty line and the body; of the others the body.
func Legacy(m *wechat.MerchantLegacy, own ...string) Dialect {
	if m == nil {
		return legacy{}
	}
	return legacy{m: m, id: identity{merchant: m.PartnerID()}, own: append([]string(nil), own...)}
}

func (d legacy) methods() []string { return onlyPost }

func (d legacy) merchant() string { return d.id.merchant }

func (d legacy) now() time.Time {
	if d.m == nil {
		return time.Now()
	}
	return d.m.Now()
}

var errNoMerchantLegacy = errors.New("notify: Legacy was given no merchant")

func (d legacy) open(_ context.Context, r Request, _ []string) (*notice, error) {
	if d.m == nil {
		return nil, errNoMerchantLegacy
	}
	pairs, err := wire.ParseXMLWith(r.Body, "xml", "PicInfo")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	n := &notice{kind: legacyKind(pairs), plain: r.Body, created: legacyTime(valueOf(pairs, "TimeStamp"))}
	proved, err := d.proveBody(n.kind, pairs)
	if err != nil {
		return nil, err
	}
	if n.kind != LegacyRights { // of a complaint little is signed, of the others nothing else counts
		pairs = proved
	}
	switch n.kind {
	case LegacyPaid:
		return d.payment(n, r.RawQuery, pairs)
	case LegacyRights:
		if err := d.rights(n, pairs); err != nil {
			return nil, err
		}
	case LegacyScanned:
		n.id = valueOf(pairs, "NonceStr")
	}
	n.doc, n.id = pairs, idOf(n, n.id)
	return n, nil
}

func legacyKind(pairs []sign.Pair) string {
	kind := LegacyPaid
	for _, p := range pairs {
		switch p.Name {
		case "ProductId":
			kind = LegacyScanned
		case "FeedBackId", "MsgType":
			return LegacyRights
		case "ErrorType", "AlarmContent":
			return LegacyAlarm
		}
	}
	return kind
}

// rights finds out what a user says. FeedBackId has more than 64 bits. Where a shop
// tries again, a user confirms or rejects again: the time tells one from the other.
func (d legacy) rights(n *notice, pairs []sign.Pair) error {
	number, says := valueOf(pairs, "FeedBackId"), valueOf(pairs, "MsgType")
	if number == "" || says == "" {
		return fmt.Errorf("%w: FeedBackId or MsgType is missing", ErrMalformed)
	}
	n.id = number + "/" + says
	switch says {
	case "request":
		return nil
	case "confirm":
		n.kind = LegacyConfirmed
	case "reject":
		n.kind = LegacyRejected
	default:
		n.kind = LegacyMoved
	}
	n.id += "/" + valueOf(pairs, "TimeStamp")
	return nil
}

func legacyTime(s string) wechat.Time {
	n, err := strconv.ParseInt(s, 10, 40) // thousands of years
	if err != nil || n <= 0 {
		return wechat.Time{}
	}
	return wechat.Time{Time: time.Unix(n, 0)}
}

// proveBody checks AppSignature, and that what it proves is about our app; it returns
// what is proved. Any other element may come from anybody: in a payment it could
// stand for a parameter of the query, such as the amount. Values
// are joined raw to be signed, so a separator in one of them could turn a message
// of one kind into another; only the free texts may have it.
func (d legacy) proveBody(kind string, pairs []sign.Pair) (signed []sign.Pair, err error) {
	for _, name := range legacySigned[kind] {
		value := valueOf(pairs, name)
		free := name == "ProductId" || name == "AlarmContent" || name == "Description"
		if value == "" && !free || !free && strings.Contains(value, "&") {
			return nil, fmt.Errorf("%w: %s is missing or not what it should be", sign.ErrMismatch, name)
		}
		signed = append(signed, sign.Pair{Name: name, Value: value})
	}
	if !strings.EqualFold(valueOf(pairs, "SignMethod"), "sha1") {
		return nil, fmt.Errorf("%w: SignMethod is not sha1", sign.ErrDowngrade)
	}
	if err := d.m.ProveApp(signed, valueOf(pairs, "AppSignature")); err != nil {
		return nil, err
	}
	if valueOf(pairs, "AppId") != d.m.AppID() {
		return nil, fmt.Errorf("%w: AppId is another app", ErrOwner)
	}
	return signed, nil
}

func (d legacy) has(n *notice, field string) bool {
	return valueOf(n.doc.([]sign.Pair), field) != ""
}

// owned has little left to do: the keys that prove a notice belong to one app and
// one partner number, and open has compared both.
func (d legacy) owned(n *notice, o owner, appIDs []string) error {
	value := func(name string) ([]byte, error) {
		if name == "appid" {
			name = "AppId"
		}
		return []byte(valueOf(n.doc.([]sign.Pair), name)), nil
	}
	if o.declared {
		if err := d.id.declaredOwner(o.fields, value); err != nil {
			return err
		}
	}
	return d.id.app(appIDs, value)
}

func (d legacy) decode(n *notice, out any, _ wire.Names) error {
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = n.plain
		return nil
	}
	if err := wire.DecodePairs(n.doc.([]sign.Pair), out); err != nil {
		return malformed(err)
	}
	return nil
}

const textType = "text/plain; charset=utf-8"

func (d legacy) success(*notice) Reply {
	return Reply{Status: http.StatusOK, ContentType: textType, Body: []byte("success")}
}

func (d legacy) failure(status int, _ string) Reply {
	return Reply{Status: status, ContentType: textType, Body: []byte("fail")}
}

// content signs what the shop answered, with a time and a nonce of its own.
func (d legacy) content(_ context.Context, _ *notice, answer any) (Reply, error) {
	own, err := wire.EncodePairs(answer)
	if err != nil {
		return Reply{}, fmt.Errorf("notify: answer: %w", err)
	}
	return Reply{Status: http.StatusOK, ContentType: xmlType, Body: d.word(own, strconv.FormatInt(d.now().Unix(), 10), wechat.Nonce())}, nil
}

// word writes an answer. Empty values are signed, so they are sent as well.
func (d legacy) word(own []sign.Pair, now, nonce string) []byte {
	pairs := append([]sign.Pair{{Name: "AppId", Value: d.m.AppID()}, {Name: "TimeStamp", Value: now}, {Name: "NonceStr", Value: nonce}}, own...)
	signature := d.m.SignApp(pairs)
	var empty string
	for _, p := range pairs {
		if p.Value == "" {
			empty += "<" + p.Name + "></" + p.Name + ">"
		}
	}
	body := wire.AppendXML(nil, append(pairs, sign.Pair{Name: "AppSignature", Value: signature}, sign.Pair{Name: "SignMethod", Value: "sha1"}))
	return []byte(strings.Replace(string(body), "<xml>", "<xml>"+empty, 1))
}
