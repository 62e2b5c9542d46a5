package notify_test

import (
	"context"
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const v2Key = "192006250b4c09247ec02edce69f6a2d" // printed in an official document

// v2Payment is what the tests expect in a v2 payment notice.
type v2Payment struct {
	OutTradeNo    string      `xml:"out_trade_no"`
	TransactionID string      `xml:"transaction_id"`
	Total         wechat.Fen  `xml:"total_fee"`
	Fields        []sign.Pair `xml:"*"`
}

type v2Fields = map[string]string

func v2Merchant(t testing.TB, d sign.Digest) *wechat.MerchantV2 {
	t.Helper()
	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: mchID, Key: seal.NewKey(v2Key), Digest: d})
	require.NoError(t, err)
	return m
}

// v2XML writes fields, sorted, and signs them unless the key is empty.
func v2XML(root, key string, f v2Fields) string {
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	text, body := "", "<"+root+">"
	for _, name := range names {
		body += "<" + name + "><![CDATA[" + f[name] + "]]></" + name + ">"
		if f[name] != "" {
			text += name + "=" + f[name] + "&"
		}
	}
	if key != "" {
		sum := md5.Sum([]byte(text + "key=" + key))
		body += "<sign>" + strings.ToUpper(hex.EncodeToString(sum[:])) + "</sign>"
	}
	return body + "</" + root + ">"
}

func v2Paid(more ...string) v2Fields {
	f := v2Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": "wx1", "mch_id": mchID, "nonce_str": "n1", "out_trade_no": "T1",
		"transaction_id": "4200000001", "total_fee": "100", "attach": " x ", "device_info": ""}
	for i := 0; i < len(more); i += 2 {
		f[more[i]] = more[i+1]
	}
	return f
}

func v2Refund(t testing.TB, inside v2Fields) v2Fields {
	t.Helper()
	sum := md5.Sum([]byte(v2Key))
	block, err := aes.NewCipher([]byte(hex.EncodeToString(sum[:])))
	require.NoError(t, err)
	text := v2XML("root", "", inside)
	pad := aes.BlockSize - len(text)%aes.BlockSize
	b := []byte(text + strings.Repeat(string(rune(pad)), pad))
	for i := 0; i < len(b); i += aes.BlockSize {
		block.Encrypt(b[i:], b[i:])
	}
	return v2Fields{"return_code": "SUCCESS", "appid": "wx1", "mch_id": mchID, "nonce_str": "n1", "req_info": base64.StdEncoding.EncodeToString(b)}
}

func v2Post(body string) notify.Request { return notify.Request{Method: "POST", Body: []byte(body)} }

func TestV2Kinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, kind, id string
	}{
		{"payment", v2XML("xml", v2Key, v2Paid()), notify.V2Paid, "4200000001"},
		{"failed payment", v2XML("xml", v2Key, v2Paid("result_code", "FAIL")), notify.V2Failed, "4200000001"},
		{"failed debit", v2XML("xml", v2Key, v2Fields{"mch_id": mchID, "return_code": "SUCCESS", "result_code": "FAIL", "contract_id": "1", "nonce_str": "n7"}), notify.V2Failed, "n7"},
		{"scan", v2XML("xml", v2Key, v2Fields{"mch_id": mchID, "openid": "o1", "product_id": "1", "nonce_str": "n2"}), notify.V2Scanned, "n2"},
		{"contract", v2XML("xml", v2Key, v2Fields{"mch_id": mchID, "return_code": "SUCCESS", "result_code": "SUCCESS", "contract_id": "1"}), notify.V2Other, ""},
		{"refund", v2XML("xml", "", v2Refund(t, v2Fields{"refund_id": "5000"})), notify.V2Refund, "5000"},
		{"signed refund", v2XML("xml", v2Key, v2Refund(t, v2Fields{"refund_id": "5000"})), notify.V2Refund, "5000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
			var got []notify.Event[json.RawMessage]
			h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error {
				got = append(got, e)
				return nil
			})
			r := h.Handle(t.Context(), v2Post(tt.body))
			require.Equal(t, 200, r.Status)
			require.Len(t, got, 1)
			assert.Equal(t, tt.kind, got[0].Type)
			if tt.id == "" {
				assert.Len(t, got[0].ID, 32)
			} else {
				assert.Equal(t, tt.id, got[0].ID)
			}
			assert.Equal(t, got[0].Plain, []byte(got[0].Data))
		})
	}
}

func TestV2Selects(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
	var seen []string
	on := func(name string, k notify.Kind[v2Payment]) {
		notify.On(h, k, func(context.Context, notify.Event[v2Payment]) error {
			seen = append(seen, name)
			return nil
		})
	}
	on("device", notify.Of[v2Payment](notify.V2Paid).Having("device_info"))
	on("sub", notify.Of[v2Payment](notify.V2Paid).Owner("mch_id", "sub_mch_id").Having("sub_mch_id"))
	on("plain", notify.Of[v2Payment](notify.V2Paid))
	assert.Equal(t, 200, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid()))).Status)
	assert.Equal(t, 200, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("device_info", "1")))).Status)
	assert.Equal(t, 200, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("sub_mch_id", "1")))).Status)
	assert.Equal(t, []string{"plain", "device", "sub"}, seen)
	assert.Equal(t, 403, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("mch_id", "1")))).Status)
	assert.Equal(t, 403, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("mch_id", "1", "sub_mch_id", "1")))).Status)
	assert.Equal(t, 500, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid("total_fee", "1.0")))).Status)
	assert.Equal(t, 500, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Fields{"mch_id": mchID}))).Status, "nobody wants it")
	assert.Len(t, seen, 3)
}

// The owner of the question is answered, with a fresh signature.
func TestV2Answers(t *testing.T) {
	t.Parallel()
	type reply struct {
		ResultCode string         `xml:"result_code"`
		PrepayID   string         `xml:"prepay_id"`
		Broken     map[string]int `xml:"broken"`
	}
	answer := reply{ResultCode: "SUCCESS", PrepayID: "wx20"}
	h := notify.NewHandler(notify.V2(v2Merchant(t, sign.MD5)))
	notify.Answer(h, notify.Asking[reply](notify.Of[v2Payment](notify.V2Scanned)), func(context.Context, notify.Event[v2Payment]) (reply, error) {
		return answer, nil
	})
	ask := v2XML("xml", v2Key, v2Fields{"appid": "wx1", "mch_id": mchID, "openid": "o1", "product_id": "1", "nonce_str": "n2"})
	r := h.Handle(t.Context(), v2Post(ask))
	require.Equal(t, 200, r.Status)
	var doc struct {
		Return string `xml:"return_code"`
		Result string `xml:"result_code"`
		App    string `xml:"appid"`
		Mch    string `xml:"mch_id"`
		Nonce  string `xml:"nonce_str"`
		Prepay string `xml:"prepay_id"`
		Sign   string `xml:"sign"`
	}
	require.NoError(t, xml.Unmarshal(r.Body, &doc))
	assert.Equal(t, []string{"SUCCESS", "SUCCESS", "wx1", mchID, "wx20"}, []string{doc.Return, doc.Result, doc.App, doc.Mch, doc.Prepay})
	text := fmt.Sprintf("appid=wx1&mch_id=%s&nonce_str=%s&prepay_id=wx20&result_code=SUCCESS&return_code=SUCCESS&key=%s", mchID, doc.Nonce, v2Key)
	sum := md5.Sum([]byte(text))
	assert.Equal(t, strings.ToUpper(hex.EncodeToString(sum[:])), doc.Sign)
	answer.Broken = map[string]int{"a": 1}
	assert.Equal(t, 500, h.Handle(t.Context(), v2Post(ask)).Status)
}

func TestV2OfNobody(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V2(nil))
	assert.Equal(t, 500, h.Handle(t.Context(), v2Post(v2XML("xml", v2Key, v2Paid()))).Status)
	assert.Equal(t, 405, h.Handle(t.Context(), notify.Request{Method: "GET"}).Status)
}

// TestNoMutantV2Passes flips every bit of a payment notice: whatever is acknowledged
// must mean the very same.
func TestNoMutantV2Passes(t *testing.T) {
	t.Parallel()
	noMutantV2(t, sign.MD5, v2XML("xml", v2Key, v2Paid()), 3500)
}

func noMutantV2(t *testing.T, d sign.Digest, good string, least int) {
	t.Helper()
	h := notify.NewHandler(notify.V2(v2Merchant(t, d)))
	var last v2Payment
	notify.On(h, notify.Of[v2Payment](), func(_ context.Context, e notify.Event[v2Payment]) error {
		last = e.Data
		return nil
	})
	require.Equal(t, 200, h.Handle(t.Context(), v2Post(good)).Status)
	want, mutants := nonEmpty(last.Fields), 0
	for bit := range 8 * len(good) {
		b := []byte(good)
		b[bit/8] ^= 1 << (bit % 8)
		mutants++
		if h.Handle(t.Context(), notify.Request{Method: "POST", Body: b}).Status == 200 {
			assert.Equal(t, want, nonEmpty(last.Fields), "bit %d", bit)
		}
	}
	assert.Greater(t, mutants, least)
}

// nonEmpty are the fields that are signed; the name of an empty one may be anything.
func nonEmpty(pairs []sign.Pair) (out []sign.Pair) {
	for _, p := range pairs {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}

// FuzzV2 feeds a receiver of the XML generation with anything: nothing that was not
// signed with the key reaches the shop, and nothing panics.
func FuzzV2(f *testing.F) {
	for _, s := range []string{v2XML("xml", v2Key, v2Paid()), v2XML("xml", "", v2Paid()), v2XML("xml", "", v2Refund(f, v2Fields{"refund_id": "5"})),
		"<xml><req_info>AAAA</req_info></xml>", "<xml/>", "<!DOCTYPE x><xml></xml>", ""} {
		f.Add([]byte(s))
	}
	m := v2Merchant(f, sign.HMACSHA256) // the seeds are signed with MD5
	h := notify.NewHandler(notify.V2(m))
	notify.On(h, notify.Of[v2Payment](notify.V2Paid, notify.V2Failed, notify.V2Scanned, notify.V2Other), func(_ context.Context, e notify.Event[v2Payment]) error {
		panic("forged: " + string(e.Plain))
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		if r := h.Handle(t.Context(), notify.Request{Method: "POST", Body: body}); r.Status == 200 {
			t.Errorf("acknowledged: %q", body)
		}
	})
}
