package wechat_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// oldAnswer is what one of the older generations makes of an answer.
type oldAnswer struct {
	name string
	good string // signed, with an amount of 100
	root string
	call func(t *testing.T, body string) (wechat.Fen, []sign.Pair, error)
}

type oldOut struct {
	Fee wechat.Fen  `xml:"refund_fee"`
	All []sign.Pair `xml:"*"`
}

func oldAnswers() []oldAnswer {
	answers := func(body string) wechat.Transport {
		return doFunc(func(*http.Request) (*http.Response, error) { return plain(200, body), nil })
	}
	took := func(out *oldOut, err error) (wechat.Fen, []sign.Pair, error) {
		if err != nil {
			return 0, nil, err
		}
		return out.Fee, out.All, nil
	}
	v2 := func(d sign.Digest) func(*testing.T, string) (wechat.Fen, []sign.Pair, error) {
		return func(t *testing.T, body string) (wechat.Fen, []sign.Pair, error) {
			t.Helper()
			return took(wechat.Call[oldOut](t.Context(), newV2(t, d, answers(body), wechat.WithBackoff(wechat.NoRetry)), wechat.POST("/secapi/pay/refund").Keyed().Wary(), v2In{}))
		}
	}
	v2Good := []string{"return_code", "SUCCESS", "result_code", "SUCCESS", "refund_fee", "100", "new", " x & y "}
	return []oldAnswer{
		{"v2, MD5", v2XML(sign.MD5, slices.Clone(v2Good)...), "xml", v2(sign.MD5)},
		{"v2, HMAC-SHA256", v2XML(sign.HMACSHA256, slices.Clone(v2Good)...), "xml", v2(sign.HMACSHA256)},
		{"Tenpay", tenpayXML("retcode", "0", "retmsg", "OK", "refund_fee", "100", "new", " x & y "), "root",
			func(t *testing.T, body string) (wechat.Fen, []sign.Pair, error) {
				t.Helper()
				return took(wechat.Call[oldOut](t.Context(), newLegacy(t, answers(body)), opTenpay, tenpayIn{}))
			}},
	}
}

// refusedOld wants every change to leave a refund Unknown, its amount unread.
func refusedOld(t *testing.T, changes map[string]func(a oldAnswer) string) {
	t.Helper()
	for _, a := range oldAnswers() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			fee, _, err := a.call(t, a.good)
			require.NoError(t, err)
			require.Equal(t, wechat.Fen(100), fee)
			for name, change := range changes {
				body := change(a)
				require.NotEqual(t, a.good, body, name)
				_, _, err := a.call(t, body)
				require.Error(t, err, name)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), name)
				assert.NotContains(t, err.Error(), v2Key)
				assert.NotContains(t, err.Error(), legacyKey)
				assert.Less(t, len(err.Error()), 500, name)
			}
		})
	}
}

func inserted(element string) func(a oldAnswer) string {
	return func(a oldAnswer) string { return strings.Replace(a.good, "</"+a.root+">", element+"</"+a.root+">", 1) }
}

func before(prolog string) func(a oldAnswer) string {
	return func(a oldAnswer) string { return prolog + a.good }
}

func replaced(old, now string) func(a oldAnswer) string {
	return func(a oldAnswer) string { return strings.Replace(a.good, old, now, 1) }
}

func TestAdverse32_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	signOf := func(body string) string {
		_, after, _ := strings.Cut(body, "<sign><![CDATA[")
		s, _, _ := strings.Cut(after, "]]>")
		return s
	}
	refusedOld(t, map[string]func(a oldAnswer) string{
		"no sign": func(a oldAnswer) string {
			return strings.Replace(a.good, "<sign><![CDATA["+signOf(a.good)+"]]></sign>", "", 1)
		},
		"an empty sign":       func(a oldAnswer) string { return strings.Replace(a.good, signOf(a.good), "", 1) },
		"a sign cut short":    func(a oldAnswer) string { return strings.Replace(a.good, signOf(a.good), signOf(a.good)[1:], 1) },
		"another sign_type":   inserted("<sign_type>RSA</sign_type>"),
		"another amount":      replaced("[100]", "[101]"),
		"a blank trimmed":     replaced("[ x & y ]", "[x & y]"),
		"a field emptied":     replaced("[ x & y ]", "[]"),
		"an unsigned field":   inserted("<fresh>1</fresh>"),
		"an unsigned amount":  inserted("<cash_refund_fee>1</cash_refund_fee>"),
		"the sign doubled":    func(a oldAnswer) string { return inserted("<sign>" + signOf(a.good) + "</sign>")(a) },
		"the sign in a piece": func(a oldAnswer) string { return strings.Replace(a.good, signOf(a.good), signOf(a.good)+" ", 1) },
	})
	for _, a := range oldAnswers() {
		_, all, err := a.call(t, inserted("<fresh></fresh><more/>")(a))
		require.NoError(t, err, "empty fields are nobody's business")
		assert.Contains(t, all, sign.Pair{Name: "new", Value: " x & y "}, "an unknown field is signed, and kept as it came")
	}
}

func TestAdverse65_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	refusedOld(t, map[string]func(a oldAnswer) string{
		"DOCTYPE":              before("<!DOCTYPE x>"),
		"internal entity":      before(`<!DOCTYPE x [<!ENTITY a "b">]>`),
		"external entity":      before(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`),
		"billion laughs":       before(`<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`),
		"DOCTYPE behind GBK":   before(`<?xml version="1.0" encoding="GBK"?><!DOCTYPE x>`),
		"foreign encoding":     before(`<?xml version="1.0" encoding="UTF-16"?>`),
		"comment":              before("<!-- -->"),
		"comment in a text":    replaced("<![CDATA[100]]>", "1<!-- -->00"),
		"an entity of its own": replaced("<![CDATA[100]]>", "&fee;"),
	})
}

func TestAdverse66_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	refusedOld(t, map[string]func(a oldAnswer) string{
		"depth 100,000": func(a oldAnswer) string { return strings.Repeat("<"+a.root+">", 100_000) },
		"a hundred thousand attributes": func(a oldAnswer) string {
			return "<" + a.root + strings.Repeat(` a="1"`, 100_000) + "></" + a.root + ">"
		},
		"a hundred thousand elements": func(a oldAnswer) string {
			return "<" + a.root + ">" + strings.Repeat("<a>1</a>", 100_000) + "</" + a.root + ">"
		},
		"an element in an element": inserted("<a><b>1</b></a>"),
	})
}

func TestAdverse67_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	refusedOld(t, map[string]func(a oldAnswer) string{
		"a field twice":        inserted("<refund_fee>100</refund_fee>"),
		"an empty field twice": inserted("<refund_fee></refund_fee>"),
		"in another case":      inserted("<REFUND_FEE>1</REFUND_FEE>"),
		"with a long s":        inserted("<\u017fign>1</\u017fign>"),
	})
}

func TestAdverse68_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{"1.00", "1e2", "+1", " 1", "0x1", "９", "null", "9223372036854775808", "99999999999999999999"} {
		v2, tenpay, hmac := oldAnswers()[0], oldAnswers()[2], oldAnswers()[1]
		for _, a := range []struct {
			oldAnswer
			body string
		}{
			{v2, v2XML(sign.MD5, "return_code", "SUCCESS", "result_code", "SUCCESS", "refund_fee", amount)},
			{hmac, v2XML(sign.HMACSHA256, "return_code", "SUCCESS", "result_code", "SUCCESS", "refund_fee", amount)},
			{tenpay, tenpayXML("retcode", "0", "refund_fee", amount)},
		} {
			_, _, err := a.call(t, a.body)
			var field *wire.FieldError
			require.ErrorAs(t, err, &field, "%s %s", a.name, amount)
			assert.Equal(t, wechat.Done, wechat.OutcomeOf(err), "it was done, whatever the amount")
		}
	}
}

func TestAdverse69_AnswersOfOlderGenerations(t *testing.T) {
	t.Parallel()
	refusedOld(t, map[string]func(a oldAnswer) string{
		"invalid UTF-8":       replaced("[ x & y ]", "[\xff]"),
		"NUL":                 replaced("[ x & y ]", "[\x00]"),
		"an entity of NUL":    replaced("<![CDATA[100]]>", "&#0;"),
		"]]> outside CDATA":   replaced("<![CDATA[100]]>", "100]]>"),
		"a second document":   func(a oldAnswer) string { return a.good + a.good },
		"something behind it": func(a oldAnswer) string { return a.good + "x" },
		"half of it":          func(a oldAnswer) string { return a.good[:len(a.good)/2] },
	})
}

// TestNoMutantAnswerOfOlderGenerationsPasses flips every bit of an answer: what is
// still believed must say the very same.
func TestNoMutantAnswerOfOlderGenerationsPasses(t *testing.T) {
	t.Parallel()
	for _, a := range oldAnswers() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			_, want, err := a.call(t, a.good)
			require.NoError(t, err)
			passed := 0
			for bit := range 8 * len(a.good) {
				b := []byte(a.good)
				b[bit/8] ^= 1 << (bit % 8)
				_, got, err := a.call(t, string(b))
				if err != nil {
					continue
				}
				passed++
				for i, p := range got {
					if p.Name == "sign" { // Tenpay's may be in either case
						got[i].Value = strings.ToUpper(p.Value)
					}
				}
				assert.Equal(t, want, got, "bit %d", bit)
			}
			assert.Less(t, passed, 33, "nothing but the case of a sign's letters may change")
			assert.Greater(t, 8*len(a.good), 1500)
		})
	}
}
