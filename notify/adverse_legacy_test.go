package notify

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// legacyAdverse is a message and why it is refused; nil means that it is taken.
type legacyAdverse struct {
	name, query, body string
	want              error
}

// runLegacy sends each message to a shop of its own: what is refused reaches no
// handler, is answered with fail, and tells no key.
func runLegacy(t *testing.T, tests []legacyAdverse, seen func(t *testing.T, e Event[oldEvent])) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var why error
			h, got := oldShop(t, Legacy(oldMerchant(t)), WithObserver(func(_ context.Context, r Record) { why = r.Err }))
			reply := h.Handle(t.Context(), Request{Method: "POST", RawQuery: tt.query, Body: []byte(tt.body)})
			if tt.want == nil {
				require.Equal(t, 200, reply.Status, "%v", why)
				require.Len(t, *got, 1)
				if seen != nil {
					seen(t, (*got)[0])
				}
				return
			}
			require.ErrorIs(t, why, tt.want)
			assert.GreaterOrEqual(t, reply.Status, 400)
			assert.Equal(t, "fail", string(reply.Body))
			assert.Empty(t, *got)
			assert.NotContains(t, why.Error(), oldKey)
			assert.NotContains(t, why.Error(), oldAppKey)
			assert.Less(t, len(why.Error()), 300)
		})
	}
}

// paidQuery is the query of a payment, signed, with changes.
func paidQuery(changes ...string) string {
	all := []string{"trade_state", "0", "partner", oldPartner, "transaction_id", "1", "out_trade_no", "A1", "total_fee", "1", "notify_id", "n1", "input_charset", "UTF-8"}
	for i := 0; i < len(changes); i += 2 {
		all = append(all, changes[i], changes[i+1])
	}
	return signedQuery(all...)
}

func withElement(body, element string) string {
	return strings.Replace(body, "</xml>", element+"</xml>", 1)
}

func TestAdverse32_LegacySignatures(t *testing.T) {
	t.Parallel()
	const sum = "E836EFC504E32F13376F04E674783DB9"
	runLegacy(t, []legacyAdverse{
		{"no sign", strings.Replace(oldQuery, "&sign="+sum, "", 1), oldBody, sign.ErrNoSign},
		{"an empty sign", strings.Replace(oldQuery, sum, "", 1), oldBody, sign.ErrNoSign},
		{"sign in lower case, which Tenpay may send", strings.Replace(oldQuery, sum, strings.ToLower(sum), 1), oldBody, nil},
		{"sign twice", oldQuery + "&sign=" + sum, oldBody, sign.ErrTwoSigns},
		{"sign_type of another kind", paidQuery("sign_type", "RSA"), oldBody, sign.ErrDowngrade},
		{"sign_type made another kind", strings.Replace(oldQuery, "sign_type=MD5", "sign_type=RSA", 1), oldBody, sign.ErrDowngrade},
		{"an unknown parameter, signed", paidQuery("new_2015", "x y"), oldBody, nil},
		{"an unknown parameter, not signed", oldQuery + "&new_2015=1", oldBody, sign.ErrMismatch},
		{"an empty parameter added, which nobody signs", oldQuery + "&buyer_alias=", oldBody, nil},
		{"a signed parameter emptied", strings.Replace(oldQuery, "product_fee=1", "product_fee=", 1), oldBody, sign.ErrMismatch},
		{"no AppSignature", oldQuery, strings.Replace(oldBody, "<AppSignature><![CDATA[7faf2e8f40d7d0516f39be3e0d658cc2952515c1]]></AppSignature>", "", 1), sign.ErrNoSign},
		{"AppSignature in upper case", oldQuery, strings.Replace(oldBody, "7faf2e8f40d7d0516f39be3e0d658cc2952515c1", "7FAF2E8F40D7D0516F39BE3E0D658CC2952515C1", 1), sign.ErrMismatch},
		{"SignMethod md5", oldQuery, strings.Replace(oldBody, "[sha1]", "[md5]", 1), sign.ErrDowngrade},
		{"SignMethod in upper case", oldQuery, strings.Replace(oldBody, "[sha1]", "[SHA1]", 1), nil},
		{"a signed element emptied", oldQuery, strings.Replace(oldBody, "[notifyNonce0001]", "[]", 1), sign.ErrMismatch},
		{"the body alone", "", oldBody, sign.ErrNoSign},
		{"the query alone", oldQuery, "<xml></xml>", sign.ErrMismatch},
	}, nil)
}

// TestAdverse33_LegacyElementsNobodySigned puts parameters of the query, and an
// encrypted part as later generations have it, into the body of a payment.
func TestAdverse33_LegacyElementsNobodySigned(t *testing.T) {
	t.Parallel()
	tests := []legacyAdverse{
		{"req_info in place of a query", "", withElement(oldBody, "<req_info>AAAA</req_info>"), sign.ErrNoSign},
		{"req_info alone", "", "<xml><req_info>AAAA</req_info></xml>", sign.ErrMismatch},
		{"req_info beside everything", oldQuery, withElement(oldBody, "<req_info>AAAA</req_info>"), nil},
	}
	for _, name := range []string{"out_trade_no", "total_fee", "transaction_id", "trade_state", "discount", "partner", "openid"} {
		tests = append(tests, legacyAdverse{"an element named " + name, oldQuery, withElement(oldBody, "<"+name+">99</"+name+">"), nil})
	}
	runLegacy(t, tests, func(t *testing.T, e Event[oldEvent]) {
		t.Helper()
		assert.Equal(t, "7240b65810859cbf2a8d9f76a638c0a3", e.Data.OutTradeNo, "only what is signed counts")
		assert.EqualValues(t, 1, e.Data.Total)
		assert.Equal(t, "1900000109/2014.PAID/7f2aLegacyNotifyId0001", e.Key)
		for _, p := range e.Data.All {
			assert.NotEqual(t, "99", p.Value, p.Name)
		}
	})
}

func TestAdverse65_LegacyDirectives(t *testing.T) {
	t.Parallel()
	in := func(prolog string) string { return prolog + oldBody }
	runLegacy(t, []legacyAdverse{
		{"DOCTYPE", oldQuery, in("<!DOCTYPE xml>"), wire.ErrDoctype},
		{"internal entity", oldQuery, in(`<!DOCTYPE xml [<!ENTITY a "b">]>`), wire.ErrDoctype},
		{"external entity", oldQuery, in(`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>`), wire.ErrDoctype},
		{"billion laughs", oldQuery, in(`<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`), wire.ErrDoctype},
		{"foreign encoding", oldQuery, in(`<?xml version="1.0" encoding="UTF-16"?>`), wire.ErrXML},
		{"comment", oldQuery, strings.Replace(oldBody, "<xml>", "<xml><!-- -->", 1), wire.ErrDoctype},
		{"processing instruction", oldQuery, strings.Replace(oldBody, "<xml>", "<xml><?php ?>", 1), wire.ErrDoctype},
		{"a usual declaration is fine", oldQuery, in(`<?xml version="1.0" encoding="UTF-8"?>` + "\n"), nil},
	}, nil)
}

func TestAdverse66_LegacyDepthAndCrowds(t *testing.T) {
	t.Parallel()
	runLegacy(t, []legacyAdverse{
		{"depth 100,000", oldQuery, strings.Repeat("<xml>", 100_000), wire.ErrNested},
		{"a hundred thousand attributes", oldQuery, "<xml" + strings.Repeat(` a="1"`, 100_000) + "></xml>", wire.ErrXML},
		{"a hundred thousand elements", oldQuery, "<xml>" + strings.Repeat("<a>1</a>", 100_000) + "</xml>", wire.ErrXML},
		{"a hundred thousand parameters", strings.Repeat("a=1&", 100_000), oldBody, sign.ErrMismatch},
		{"one parameter and a hundred thousand separators", oldQuery + strings.Repeat("&", 100_000), oldBody, nil},
		{"nested pictures do not nest a payment", oldQuery, withElement(oldBody, "<a><b>1</b></a>"), wire.ErrNested},
	}, nil)
}

func TestAdverse67_LegacyDoubledNames(t *testing.T) {
	t.Parallel()
	runLegacy(t, []legacyAdverse{
		{"a parameter twice", oldQuery + "&total_fee=1", oldBody, sign.ErrMismatch},
		{"a parameter in another case", oldQuery + "&TRADE_STATE=0", oldBody, sign.ErrMismatch},
		{"a parameter with a long s", oldQuery + "&trade_%C5%BFtate=0", oldBody, sign.ErrMismatch},
		{"an element twice", oldQuery, withElement(oldBody, "<OpenId>o2</OpenId>"), wire.ErrDuplicate},
		{"an element in another case counts for nothing", oldQuery, withElement(oldBody, "<openid>o2</openid><OPENID>o3</OPENID>"), nil},
		{"an element with a long s", oldQuery, withElement(oldBody, "<I\u017fSubscribe>1</I\u017fSubscribe>"), wire.ErrXML},
	}, func(t *testing.T, e Event[oldEvent]) {
		t.Helper()
		assert.Equal(t, "oLegacyOpenId0000000000000001", e.Data.OpenID)
	})
}

func TestAdverse68_LegacyTolerantForTheUnknownStrictForMoney(t *testing.T) {
	t.Parallel()
	runLegacy(t, []legacyAdverse{
		{"new bank", paidQuery("bank_type", "MOON_DEBIT"), oldBody, nil},
		{"new parameter", paidQuery("attach2", "null"), oldBody, nil},
	}, nil)
	for _, amount := range []string{"1.00", "1e2", "+1", " 1", "0x1", "９", "null", "9223372036854775808", "99999999999999999999"} {
		var why error
		h, got := oldShop(t, Legacy(oldMerchant(t)), WithObserver(func(_ context.Context, r Record) { why = r.Err }))
		query := signedQuery("trade_state", "0", "partner", oldPartner, "transaction_id", "1", "out_trade_no", "A1", "total_fee", amount, "notify_id", "n1", "input_charset", "UTF-8")
		assert.Equal(t, 500, h.Handle(t.Context(), Request{Method: "POST", RawQuery: query, Body: []byte(oldBody)}).Status, amount)
		require.ErrorIs(t, why, ErrMalformed, amount)
		assert.Empty(t, *got)
	}
}

func TestAdverse69_LegacyBytesThatAreNoText(t *testing.T) {
	t.Parallel()
	runLegacy(t, []legacyAdverse{
		{"invalid UTF-8 in the body", oldQuery, strings.Replace(oldBody, "oLegacy", "\xff", 1), wire.ErrXML},
		{"NUL in the body", oldQuery, strings.Replace(oldBody, "oLegacy", "\x00", 1), wire.ErrXML},
		{"]]> outside CDATA", oldQuery, strings.Replace(oldBody, "1400000200", "]]>", 1), wire.ErrXML},
		{"a second document", oldQuery, oldBody + oldBody, wire.ErrXML},
		{"something after the document", oldQuery, oldBody + "x", wire.ErrXML},
		{"bytes that are no text in a signed parameter", paidQuery("attach", "\xff\xfe"), oldBody, nil},
		{"NUL in a signed parameter", paidQuery("attach", "a\x00b"), oldBody, nil},
	}, nil)

	d := Legacy(oldMerchant(t)).(legacy)
	own, err := wire.EncodePairs(oldReply{Package: "a]]><RetCode>0</RetCode>&\x00", RetCode: 1, RetErrMsg: "<b>]]>\x1b"})
	require.NoError(t, err)
	pairs, err := wire.ParseXML(d.word(own, "1", "n"), "xml")
	require.NoError(t, err, "what we answer is one flat document, whatever is in it")
	assert.Equal(t, "1", valueOf(pairs, "RetCode"))
	assert.Equal(t, "a]]><RetCode>0</RetCode>&", valueOf(pairs, "Package"))
	require.NoError(t, sign.CheckAppSignature([]sign.Pair{{Name: "AppId", Value: oldApp}, {Name: "Package", Value: valueOf(pairs, "Package")}, {Name: "TimeStamp", Value: "1"},
		{Name: "NonceStr", Value: "n"}, {Name: "RetCode", Value: "1"}, {Name: "RetErrMsg", Value: valueOf(pairs, "RetErrMsg")}}, oldAppKey, valueOf(pairs, "AppSignature")),
		"what is signed is what is sent")
}
