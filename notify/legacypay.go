package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wxcommerce/wechat/sign"
)

// payment proves the query of a payment and joins it to the body.
func (d legacy) payment(n *notice, rawQuery string, body []sign.Pair) (*notice, error) {
	query, err := d.query(rawQuery)
	if err != nil {
		return nil, err
	}
	if err := d.m.ProvePartner(query); err != nil {
		return nil, err
	}
	if valueOf(query, "partner") != d.m.PartnerID() {
		return nil, fmt.Errorf("%w: partner is another merchant's number", ErrOwner)
	}
	for _, name := range []string{"trade_state", "transaction_id", "out_trade_no", "total_fee", "notify_id"} {
		if valueOf(query, name) == "" {
			return nil, fmt.Errorf("%w: %s is missing", ErrMalformed, name)
		}
	}
	if valueOf(query, "trade_state") != "0" {
		n.kind = LegacyUnpaid
	}
	n.id = valueOf(query, "notify_id")
	n.plain = slices.Concat([]byte(rawQuery), []byte("\n\n"), n.plain)
	n.doc = append(decoded(query, d.m.DecodeGBK), body...)
	return n, nil
}

// mayHold are the parameters whose values may hold a separator. All of them sort
// before trade_state. That matters: the order's package is signed with the same key
// by the same rule, values joined raw, and its buyer sees it. A buyer whose text got
// into body or attach could otherwise split it into a notice of payment, with the
// rest of the package inside the value of one last parameter.
var mayHold = []string{"attach", "buyer_alias", "pay_info"}

// query reads the parameters of Tenpay: each one once, and nothing in them that
// could be read in two ways. Values are bytes, in whatever charset they came.
func (d legacy) query(raw string) ([]sign.Pair, error) {
	var pairs []sign.Pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		before, after, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(before)
		value, valueErr := url.QueryUnescape(after)
		if slices.Contains(d.own, name) {
			continue
		}
		switch {
		case nameErr != nil || valueErr != nil || !plainParameter(name):
			return nil, fmt.Errorf("%w: the query is malformed", sign.ErrMismatch)
		case strings.Contains(value, "&") && !slices.Contains(mayHold, name):
			return nil, fmt.Errorf("%w: %s holds a separator", sign.ErrMismatch, name)
		case name != "sign" && slices.ContainsFunc(pairs, func(p sign.Pair) bool { return p.Name == name }):
			return nil, fmt.Errorf("%w: %s comes twice", sign.ErrMismatch, name)
		case len(pairs) == 100:
			return nil, fmt.Errorf("%w: more than 100 parameters", sign.ErrMismatch)
		}
		pairs = append(pairs, sign.Pair{Name: name, Value: value})
	}
	return pairs, nil
}

func plainParameter(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_')
	})
}

// decoded are the values as text. They are proved by now, and a payment is not
// worth losing for a charset that is not the one it says.
func decoded(query []sign.Pair, fromGBK func(string) (string, error)) []sign.Pair {
	isGBK := !strings.EqualFold(valueOf(query, "input_charset"), "UTF-8")
	out := slices.Clone(query)
	for i, p := range out {
		text, err := fromGBK(p.Value)
		if valid := utf8.ValidString(p.Value); valid && (!isGBK || err != nil) {
			continue
		}
		if err != nil {
			text = strings.ToValidUTF8(p.Value, "\uFFFD")
		}
		out[i].Value = text
	}
	return out
}
