package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// Event types of APIv2, whose notices carry none: they are told apart by what is in
// them. Package apiv2 has the kinds for the first, the third and the fourth.
const (
	V2Paid    = "V2.PAID"    // an order was paid
	V2Failed  = "V2.FAILED"  // a payment failed, as entrusted debits do
	V2Refund  = "V2.REFUND"  // a refund moved; not signed but encrypted
	V2Scanned = "V2.SCANNED" // native mode 1 asks for an order
	V2Other   = "V2.OTHER"   // contracts, combined orders and the like, signed
)

const xmlType = "text/xml; charset=utf-8"

// v2 is APIv2: flat XML, signed with the API key; refunds encrypted with it instead.
type v2 struct {
	m  *wechat.MerchantV2
	id identity
}

// V2 receives the notices of APIv2 for m. Signatures must be of m's own digest. Of
// a refund notice only the encrypted part is proved, and weakly: compare it with a
// refund of the shop's own. A partner's own merchant takes the notices of all its
// sub-merchants, one made with For only those of that sub-merchant.
func V2(m *wechat.MerchantV2) Dialect {
	if m == nil {
		return v2{}
	}
	sub := m.Sub()
	return v2{m: m, id: identity{merchant: m.ID(), partner: m.IsPartner(), sub: sub.MchID, subApp: sub.AppID}}
}

func (d v2) methods() []string { return onlyPost }

func (d v2) merchant() string { return d.id.merchant }

func (d v2) now() time.Time {
	if d.m == nil {
		return time.Now()
	}
	return d.m.Now()
}

var errNoMerchantV2 = errors.New("notify: V2 was given no merchant")

// fields of a notice: the payload's own, and those beside an encrypted one.
type v2Fields struct{ payload, around []sign.Pair }

func valueOf(pairs []sign.Pair, name string) string {
	for _, p := range pairs {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (d v2) open(_ context.Context, r Request, _ []string) (*notice, error) {
	if d.m == nil {
		return nil, errNoMerchantV2
	}
	pairs, err := wire.ParseXML(r.Body, "xml")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	sealed := valueOf(pairs, "req_info")
	if sealed != "" && valueOf(pairs, "sign") == "" {
		return d.refund(pairs, sealed)
	}
	if err := d.m.Prove(pairs); err != nil {
		return nil, err
	}
	if sealed != "" { // a signature would be welcome, but does not replace the encryption
		return d.refund(pairs, sealed)
	}
	n := &notice{kind: kindOf(pairs), plain: r.Body, doc: v2Fields{payload: pairs}}
	n.id = idOf(n, valueOf(pairs, "transaction_id"), valueOf(pairs, "nonce_str"))
	return n, nil
}

// kindOf tells signed notices apart.
func kindOf(pairs []sign.Pair) string {
	has := func(name string) bool { return valueOf(pairs, name) != "" }
	switch {
	case has("transaction_id") && has("out_trade_no") && valueOf(pairs, "return_code") == "SUCCESS":
		if valueOf(pairs, "result_code") == "SUCCESS" {
			return V2Paid
		}
		return V2Failed
	case has("product_id") && has("openid") && !has("result_code"):
		return V2Scanned
	case valueOf(pairs, "result_code") == "FAIL":
		return V2Failed
	}
	return V2Other
}

// idOf makes an id out of the first number that is there, or out of the bytes.
func idOf(n *notice, numbers ...string) string {
	for _, s := range numbers {
		if s != "" {
			return s
		}
	}
	sum := sha256.Sum256(n.plain)
	return hex.EncodeToString(sum[:16])
}

// refund opens a refund notice. What it says of itself outside of the encryption
// decides about nothing but the owner, who has to be right all the same.
func (d v2) refund(pairs []sign.Pair, sealed string) (*notice, error) {
	plain, err := d.m.OpenRefund(sealed)
	if err != nil {
		return nil, fmt.Errorf("notify: req_info: %w: %w", sign.ErrMismatch, err)
	}
	inside, err := wire.ParseXML(plain, "root")
	if err != nil {
		return nil, fmt.Errorf("notify: req_info: %w: %w", sign.ErrMismatch, err)
	}
	n := &notice{kind: V2Refund, plain: plain, doc: v2Fields{payload: inside, around: pairs}}
	n.id = idOf(n, valueOf(inside, "refund_id"))
	return n, nil
}

func (d v2) has(n *notice, field string) bool {
	return valueOf(n.doc.(v2Fields).payload, field) != ""
}

func (d v2) owned(n *notice, o owner, appIDs []string) error {
	f := n.doc.(v2Fields)
	value := func(name string) ([]byte, error) {
		if v := valueOf(f.payload, name); v != "" {
			return []byte(v), nil
		}
		return []byte(valueOf(f.around, name)), nil
	}
	if o.declared {
		if err := d.id.declaredOwner(o.fields, value); err != nil {
			return err
		}
	} else if err := d.id.usualOwner(value); err != nil {
		return err
	}
	return d.id.app(appIDs, value)
}

// decode reads the payload. Names are exact in XML, so nothing has two spellings.
func (d v2) decode(n *notice, out any, _ wire.Names) error {
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = n.plain
		return nil
	}
	if err := wire.DecodePairs(n.doc.(v2Fields).payload, out); err != nil {
		return malformed(err)
	}
	return nil
}

func (d v2) success(*notice) Reply {
	return Reply{Status: http.StatusOK, ContentType: xmlType,
		Body: []byte("<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>")}
}

func (d v2) failure(status int, word string) Reply {
	return Reply{Status: status, ContentType: xmlType,
		Body: []byte("<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[" + word + "]]></return_msg></xml>")}
}

// content signs what the shop answered, with a nonce of its own, under the app and
// the merchant that were asked.
func (d v2) content(_ context.Context, n *notice, answer any) (Reply, error) {
	own, err := wire.EncodePairs(answer)
	if err != nil {
		return Reply{}, fmt.Errorf("notify: answer: %w", err)
	}
	pairs := append([]sign.Pair{{Name: "return_code", Value: "SUCCESS"}, {Name: "appid", Value: valueOf(n.doc.(v2Fields).payload, "appid")},
		{Name: "mch_id", Value: d.m.ID()}, {Name: "nonce_str", Value: wechat.Nonce()}}, own...)
	pairs = append(pairs, sign.Pair{Name: "sign", Value: d.m.Sign(pairs)})
	return Reply{Status: http.StatusOK, ContentType: xmlType, Body: wire.AppendXML(nil, pairs)}, nil
}
