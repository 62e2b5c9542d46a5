package notify_test

import (
	"context"
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// v2Adverse is a message and why it is refused; nil means that it is taken.
type v2Adverse struct {
	name, body string
	want       error
}

// runV2 sends each message to a shop of its own: what is refused reaches no handler,
// is answered with FAIL, and tells no key.
func runV2(t *testing.T, d sign.Digest, tests []v2Adverse) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var why error
			calls := 0
			h := notify.NewHandler(notify.V2(v2Merchant(t, d)), notify.WithObserver(func(_ context.Context, r notify.Record) { why = r.Err }))
			notify.On(h, notify.Of[v2Payment](notify.V2Paid, notify.V2Failed, notify.V2Refund, notify.V2Scanned, notify.V2Other), func(context.Context, notify.Event[v2Payment]) error {
				calls++
				return nil
			})
			r := h.Handle(t.Context(), v2Post(tt.body))
			if tt.want == nil {
				require.Equal(t, 200, r.Status, "%v", why)
				assert.Equal(t, 1, calls)
				return
			}
			require.ErrorIs(t, why, tt.want)
			assert.GreaterOrEqual(t, r.Status, 400)
			assert.Contains(t, string(r.Body), "<return_code><![CDATA[FAIL]]></return_code>")
			assert.Zero(t, calls)
			assert.NotContains(t, why.Error(), v2Key)
			assert.Less(t, len(why.Error()), 300)
		})
	}
}

// swap changes one thing that has to be there.
func swap(t *testing.T, s, old, now string) string {
	t.Helper()
	require.Contains(t, s, old)
	return strings.Replace(s, old, now, 1)
}

func TestAdverse32_V2Signatures(t *testing.T) {
	t.Parallel()
	good := v2XML("xml", v2Key, v2Paid())
	_, after, _ := strings.Cut(good, "<sign>")
	sum, _, _ := strings.Cut(after, "</sign>")
	runV2(t, sign.MD5, []v2Adverse{
		{"good", good, nil},
		{"no sign", v2XML("xml", "", v2Paid()), sign.ErrNoSign},
		{"an empty sign", swap(t, good, sum, ""), sign.ErrNoSign},
		{"lower case", swap(t, good, sum, strings.ToLower(sum)), sign.ErrMismatch},
		{"sign twice", swap(t, good, "</xml>", "<sign>"+sum+"</sign></xml>"), wire.ErrDuplicate},
		{"another sign_type, signed", v2XML("xml", v2Key, v2Paid("sign_type", "HMAC-SHA256")), sign.ErrDowngrade},
		{"an unknown field, signed", v2XML("xml", v2Key, v2Paid("zz_new", "x y")), nil},
		{"an unknown field, not signed", swap(t, good, "</xml>", "<zz_new>x</zz_new></xml>"), sign.ErrMismatch},
		{"an empty field added, which nobody signs", swap(t, good, "</xml>", "<zz_new></zz_new><zz_more/></xml>"), nil},
		{"a signed field emptied", swap(t, good, "[ x ]", "[]"), sign.ErrMismatch},
		{"a signed field trimmed", swap(t, good, "[ x ]", "[x]"), sign.ErrMismatch},
	})
}

// A shop whose orders are signed with HMAC-SHA256 takes nothing less.
func TestAdverse32_V2Downgrade(t *testing.T) {
	t.Parallel()
	hmac := func(f v2Fields) string {
		var pairs []sign.Pair
		for name, value := range f {
			pairs = append(pairs, sign.Pair{Name: name, Value: value})
		}
		f["sign"] = sign.APIv2(pairs, v2Key, sign.HMACSHA256)
		return v2XML("xml", "", f)
	}
	runV2(t, sign.HMACSHA256, []v2Adverse{
		{"HMAC", hmac(v2Paid()), nil},
		{"HMAC that says so", hmac(v2Paid("sign_type", "HMAC-SHA256")), nil},
		{"MD5", v2XML("xml", v2Key, v2Paid()), sign.ErrDowngrade},
		{"MD5 that says so", v2XML("xml", v2Key, v2Paid("sign_type", "MD5")), sign.ErrDowngrade},
		{"MD5 that says HMAC", v2XML("xml", v2Key, v2Paid("sign_type", "HMAC-SHA256")), sign.ErrDowngrade},
		{"HMAC that says MD5", hmac(v2Paid("sign_type", "MD5")), sign.ErrDowngrade},
	})
	runV2(t, sign.MD5, []v2Adverse{{"HMAC where orders are MD5", hmac(v2Paid()), sign.ErrDowngrade}})
}

// TestAdverse33_ReqInfoOnAPaymentStillNeedsASign puts an encrypted part, one that
// opens and one that does not, on a payment: it never counts as a payment unsigned.
func TestAdverse33_ReqInfoOnAPaymentStillNeedsASign(t *testing.T) {
	t.Parallel()
	info := v2Refund(t, v2Fields{"refund_id": "5"})["req_info"]
	for _, tt := range []struct{ name, body, kind string }{
		{"unsigned, and it does not open", v2XML("xml", "", v2Paid("req_info", "AAAA")), ""},
		{"signed with another key", v2XML("xml", strings.Repeat("k", 32), v2Paid("req_info", info)), ""},
		{"signed, and it does not open", v2XML("xml", v2Key, v2Paid("req_info", "AAAA")), ""},
		{"unsigned: what opens is a refund, the rest of it is nothing", v2XML("xml", "", v2Paid("req_info", info)), notify.V2Refund},
		{"an empty one is none", v2XML("xml", "", v2Paid("req_info", "")), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
			kind := ""
			notify.On(h, notify.Of[v2Payment](notify.V2Paid, notify.V2Failed, notify.V2Refund, notify.V2Scanned, notify.V2Other), func(_ context.Context, e notify.Event[v2Payment]) error {
				kind = e.Type
				assert.Equal(t, []sign.Pair{{Name: "refund_id", Value: "5"}}, e.Data.Fields, "nothing of what is not proved")
				return nil
			})
			assert.Equal(t, tt.kind != "", h.Handle(t.Context(), v2Post(tt.body)).Status == 200)
			assert.Equal(t, tt.kind, kind)
		})
	}
}

func TestAdverse34_V2Padding(t *testing.T) {
	t.Parallel()
	key := md5.Sum([]byte(v2Key))
	block, err := aes.NewCipher([]byte(hex.EncodeToString(key[:])))
	require.NoError(t, err)
	sealed := func(blocks string) string {
		b := []byte(blocks)
		for i := 0; i+aes.BlockSize <= len(b); i += aes.BlockSize {
			block.Encrypt(b[i:], b[i:])
		}
		return v2XML("xml", "", v2Fields{"mch_id": mchID, "appid": "wx1", "return_code": "SUCCESS", "req_info": base64.StdEncoding.EncodeToString(b)})
	}
	const doc = "<root><a>123456</a><b>12</b></root>" // 35 bytes
	runV2(t, sign.MD5, []v2Adverse{
		{"good", sealed(doc + strings.Repeat("\x0d", 13)), nil},
		{"padding byte 0", sealed(doc + strings.Repeat("\x0d", 12) + "\x00"), sign.ErrMismatch},
		{"padding byte over 32", sealed(doc + strings.Repeat("\x30", 13)), sign.ErrMismatch},
		{"padding byte over a block", sealed(doc + strings.Repeat("\x11", 13)), sign.ErrMismatch},
		{"padding longer than the text", sealed(strings.Repeat("\xff", 16)), sign.ErrMismatch},
		{"uneven padding", sealed(doc + strings.Repeat("\x0d", 6) + "\x0c" + strings.Repeat("\x0d", 6)), sign.ErrMismatch},
		{"a partial block", sealed(doc), sign.ErrMismatch},
		{"nothing but padding", sealed(strings.Repeat("\x10", 16)), sign.ErrMismatch},
		{"no document", sealed("0123456789" + strings.Repeat("\x06", 6)), sign.ErrMismatch},
		{"another root", sealed("<xml><a>123456789012</a></xml>" + "\x02\x02"), sign.ErrMismatch},
		{"another key", v2XML("xml", "", v2Fields{"mch_id": mchID, "req_info": base64.StdEncoding.EncodeToString(make([]byte, 48))}), sign.ErrMismatch},
		{"not base64", v2XML("xml", "", v2Fields{"mch_id": mchID, "req_info": "!"}), sign.ErrMismatch},
	})
	_, err = seal.OpenRefundNotice(v2Key, "")
	assert.Equal(t, seal.ErrOpen, err, "one error for all")
}

func TestAdverse65_V2Directives(t *testing.T) {
	t.Parallel()
	good := v2XML("xml", v2Key, v2Paid())
	var tests []v2Adverse
	for _, tt := range []struct {
		name, prolog string
		want         error
	}{
		{"DOCTYPE", "<!DOCTYPE xml>", wire.ErrDoctype},
		{"internal entity", `<!DOCTYPE xml [<!ENTITY a "b">]>`, wire.ErrDoctype},
		{"external entity", `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>`, wire.ErrDoctype},
		{"billion laughs", `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`, wire.ErrDoctype},
		{"DOCTYPE after the declaration", `<?xml version="1.0"?><!DOCTYPE xml>`, wire.ErrDoctype},
		{"foreign encoding", `<?xml version="1.0" encoding="UTF-16"?>`, wire.ErrXML},
		{"comment", "<!-- -->", wire.ErrDoctype},
		{"a usual declaration is fine", `<?xml version="1.0" encoding="UTF-8"?>` + "\n", nil},
	} {
		tests = append(tests, v2Adverse{tt.name, tt.prolog + good, tt.want})
	}
	runV2(t, sign.MD5, append(tests,
		v2Adverse{"comment in a text", swap(t, good, "<![CDATA[T1]]>", "T<!-- -->1"), wire.ErrDoctype},
		v2Adverse{"an entity of its own", swap(t, good, "<![CDATA[T1]]>", "&t;"), wire.ErrXML}))
}

func TestAdverse66_V2DepthAndCrowds(t *testing.T) {
	t.Parallel()
	runV2(t, sign.MD5, []v2Adverse{
		{"depth 100,000", strings.Repeat("<xml>", 100_000), wire.ErrNested},
		{"a hundred thousand attributes", "<xml" + strings.Repeat(` a="1"`, 100_000) + "></xml>", wire.ErrXML},
		{"a hundred thousand elements", "<xml>" + strings.Repeat("<a>1</a>", 100_000) + "</xml>", wire.ErrXML},
		{"an element in an element", swap(t, v2XML("xml", v2Key, v2Paid()), "</xml>", "<a><b>1</b></a></xml>"), wire.ErrNested},
	})
}

func TestAdverse67_V2DoubledNames(t *testing.T) {
	t.Parallel()
	good := v2XML("xml", v2Key, v2Paid())
	runV2(t, sign.MD5, []v2Adverse{
		{"a field twice", swap(t, good, "</xml>", "<total_fee>100</total_fee></xml>"), wire.ErrDuplicate},
		{"an empty field twice", swap(t, good, "</xml>", "<total_fee></total_fee></xml>"), wire.ErrDuplicate},
		{"in another case", swap(t, good, "</xml>", "<TOTAL_FEE>1</TOTAL_FEE></xml>"), sign.ErrMismatch},
		{"the sign in another case", swap(t, good, "</xml>", "<Sign>1</Sign></xml>"), sign.ErrMismatch},
		{"with a long s", swap(t, good, "</xml>", "<tran\u017faction_id>1</tran\u017faction_id></xml>"), wire.ErrXML},
	})
	h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
	notify.On(h, notify.Of[v2Payment](notify.V2Paid), func(_ context.Context, e notify.Event[v2Payment]) error {
		assert.EqualValues(t, 100, e.Data.Total, "signed by WeChat Pay itself, it is still another name")
		return nil
	})
	assert.Equal(t, 200, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("TOTAL_FEE", "1")))).Status)
}

func TestAdverse68_V2TolerantForTheUnknownStrictForMoney(t *testing.T) {
	t.Parallel()
	tests := []v2Adverse{
		{"new trade type, bank and field", v2XML("xml", v2Key, v2Paid("trade_type", "MOON", "bank_type", "MOON_DEBIT", "new", "[1]")), nil},
		{"the largest amount", v2XML("xml", v2Key, v2Paid("total_fee", "9223372036854775807")), nil},
	}
	for _, amount := range []string{"1.00", "1e2", "+1", " 1", "1 ", "0x1", "９", "null", "[100]", "9223372036854775808", "99999999999999999999"} {
		tests = append(tests, v2Adverse{"amount " + amount, v2XML("xml", v2Key, v2Paid("total_fee", amount)), notify.ErrMalformed})
	}
	runV2(t, sign.MD5, tests)
}

func TestAdverse69_V2BytesThatAreNoText(t *testing.T) {
	t.Parallel()
	good := v2XML("xml", v2Key, v2Paid())
	runV2(t, sign.MD5, []v2Adverse{
		{"invalid UTF-8, signed", v2XML("xml", v2Key, v2Paid("attach", "\xff")), wire.ErrXML},
		{"NUL, signed", v2XML("xml", v2Key, v2Paid("attach", "a\x00")), wire.ErrXML},
		{"an entity of NUL", swap(t, good, "<![CDATA[T1]]>", "&#0;"), wire.ErrXML},
		{"]]> outside CDATA", swap(t, good, "<![CDATA[T1]]>", "T]]>1"), wire.ErrXML},
		{"a second document", good + good, wire.ErrXML},
		{"something after the document", good + "x", wire.ErrXML},
		{"a byte order mark is fine", "\uFEFF" + good, nil},
	})

	type reply struct {
		Text string `xml:"err_code_des"`
	}
	h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
	notify.Answer(h, notify.Asking[reply](notify.Of[v2Payment](notify.V2Scanned)), func(context.Context, notify.Event[v2Payment]) (reply, error) {
		return reply{"]]><return_code>SUCCESS</return_code>&\x00<b>"}, nil
	})
	r := h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Fields{"appid": "wx1", "mch_id": mchID, "openid": "o1", "product_id": "1", "nonce_str": "n2"})))
	require.Equal(t, 200, r.Status)
	pairs, err := wire.ParseXML(r.Body, "xml")
	require.NoError(t, err, "what we answer is one flat document, whatever is in it")
	require.NoError(t, xml.Unmarshal(r.Body, new(struct{})))
	require.NoError(t, sign.CheckAPIv2(pairs, v2Key, sign.MD5), "what is signed is what is sent")
	assert.Contains(t, pairs, sign.Pair{Name: "err_code_des", Value: "]]><return_code>SUCCESS</return_code>&<b>"})
}

// TestV2Vectors receives two derived vectors whole: a notice with CDATA, an entity
// and an empty element, and a refund whose key's digest begins with zeros.
func TestV2Vectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, mch, key, body, kind string
		want                       []sign.Pair
	}{
		{"S17", "10000100", "exposed_your_key_here_have_risks", `<xml><appid><![CDATA[wx2421b1c4370ec43b]]></appid><attach><![CDATA[支付&测试]]></attach><bank_type>CFT</bank_type><mch_id>10000100</mch_id>` +
			`<nonce_str>n2</nonce_str><out_trade_no>A&amp;1</out_trade_no><result_code>SUCCESS</result_code><return_code>SUCCESS</return_code>` +
			`<sign>21C1202C5C1BCDF29E0CFCFFCBB361A1</sign><total_fee>1</total_fee><device_info></device_info></xml>`,
			notify.V2Other, []sign.Pair{{Name: "attach", Value: "支付&测试"}, {Name: "out_trade_no", Value: "A&1"}, {Name: "device_info"}}},
		{"S19", mchID, "testkey0000000000000000000000328", "<xml><return_code>SUCCESS</return_code><appid>wx1</appid><mch_id>" + mchID + "</mch_id><nonce_str>n</nonce_str><req_info>" +
			"dqOqZLmSIJ4T0wLNz6jzLQ5QWQ5XAXk+ayq1GQROao/GQuYfqlF31j36xQEnSxltvCLnD3vE7Hhv45qDZL3Yv62G+8rZwxkf/xq4N5CHQzVmdDlm9KxBOONKtxtvDK1LpZKYKGXxlYykqELKDU65kR1eFa5JU6/795oloGc3OIYFjPdXr69XIavQKLD5cUsK8iEQGQPmJPnmT5FHQD63Qg==" +
			"</req_info></xml>", notify.V2Refund, []sign.Pair{{Name: "out_refund_no", Value: "R1"}, {Name: "refund_status", Value: "SUCCESS"}, {Name: "refund_fee", Value: "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: tt.mch, Key: seal.NewKey(tt.key)})
			require.NoError(t, err)
			h, kind := notify.NewHandler(notify.V2(m)), ""
			notify.On(h, notify.Of[v2Payment](notify.V2Other, notify.V2Refund), func(_ context.Context, e notify.Event[v2Payment]) error {
				kind = e.Type
				assert.Subset(t, e.Data.Fields, tt.want)
				return nil
			})
			assert.Equal(t, 200, h.Handle(t.Context(), v2Post(tt.body)).Status)
			assert.Equal(t, tt.kind, kind)
		})
	}
}

// TestNoMutantV2HMACPasses is TestNoMutantV2Passes for the other digest.
func TestNoMutantV2HMACPasses(t *testing.T) {
	t.Parallel()
	f := v2Paid()
	var pairs []sign.Pair
	for name, value := range f {
		pairs = append(pairs, sign.Pair{Name: name, Value: value})
	}
	f["sign"] = sign.APIv2(pairs, v2Key, sign.HMACSHA256)
	noMutantV2(t, sign.HMACSHA256, v2XML("xml", "", f), 4000)
}
