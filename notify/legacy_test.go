package notify

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	oldApp     = "wxf8b4f85f3a794e77"
	oldAppKey  = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	oldPartner = "1900000109"
	oldKey     = "8934e7d15453e97507ef794cf7b0519d"
)

// The documents of the vectors. D-07, with its query, and D-08 are one payment.
const (
	oldScan   = `<xml><OpenId><![CDATA[oLegacyOpenId0000000000000001]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><IsSubscribe>0</IsSubscribe><ProductId><![CDATA[SKU-10086]]></ProductId><TimeStamp>1400000007</TimeStamp><NonceStr><![CDATA[N0nceFromWeChat16]]></NonceStr><AppSignature><![CDATA[41be1e5592ba151fb7fb9345058694732d03d707]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
	oldBody   = `<xml><OpenId><![CDATA[oLegacyOpenId0000000000000001]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><IsSubscribe>1</IsSubscribe><TimeStamp>1400000200</TimeStamp><NonceStr><![CDATA[notifyNonce0001]]></NonceStr><AppSignature><![CDATA[7faf2e8f40d7d0516f39be3e0d658cc2952515c1]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
	oldRights = `<xml><OpenId><![CDATA[oDF3iY9P32sK_5GgYiRkjsCo45bk]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><TimeStamp>1393400471</TimeStamp><MsgType><![CDATA[request]]></MsgType><FeedBackId>7197417460812502768</FeedBackId><TransId><![CDATA[1900000109201402143240185685]]></TransId><Reason><![CDATA[质量问题]]></Reason><Solution><![CDATA[换货]]></Solution><ExtInfo><![CDATA[备注 12435321321]]></ExtInfo><AppSignature><![CDATA[d60293982cc7c97a5a9d3383af761db763c07c86]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod><PicInfo><item><PicUrl><![CDATA[http://pic.example.com/1.jpg]]></PicUrl></item><item><PicUrl><![CDATA[]]></PicUrl></item></PicInfo></xml>`
	oldAlarm  = `<xml><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><ErrorType>1001</ErrorType><Description><![CDATA[发货超时]]></Description><AlarmContent><![CDATA[transaction_id=1900000109201405180000000001]]></AlarmContent><TimeStamp>1400000500</TimeStamp><AppSignature><![CDATA[2589c3e7af9de544eb3a5d93158ee65d3142ca83]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
	oldQuery  = "sign_type=MD5&service_version=1.0&input_charset=UTF-8&sign_key_index=1&trade_mode=1&trade_state=0&partner=1900000109&bank_type=2032&bank_billno=206064184488&total_fee=1&fee_type=1&notify_id=7f2aLegacyNotifyId0001&transaction_id=1900000109201405180000000001&out_trade_no=7240b65810859cbf2a8d9f76a638c0a3&attach=&time_end=20140518192222&transport_fee=0&product_fee=1&discount=0&sign=E836EFC504E32F13376F04E674783DB9"
)

// oldSum signs pairs of name, value as Tenpay does, with a few lines of its own.
func oldSum(namesAndValues ...string) string {
	var lines []string
	for i := 0; i < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			lines = append(lines, namesAndValues[i]+"="+namesAndValues[i+1])
		}
	}
	slices.Sort(lines)
	sum := md5.Sum([]byte(strings.Join(lines, "&") + "&key=" + oldKey))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func signedQuery(namesAndValues ...string) string {
	q := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		q.Set(namesAndValues[i], namesAndValues[i+1])
	}
	q.Set("sign", oldSum(namesAndValues...))
	return q.Encode()
}

// appSum signs fields, already sorted, as WeChat does.
func appSum(lines ...string) string {
	sum := sha1.Sum([]byte(strings.Join(lines, "&")))
	return hex.EncodeToString(sum[:])
}

func oldMerchant(t testing.TB) *wechat.MerchantLegacy {
	t.Helper()
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: oldApp, PaySignKey: seal.NewKey(oldAppKey), PartnerID: oldPartner, PartnerKey: seal.NewKey(oldKey), GBK: gbk.Decode},
		wechat.WithClock(func() time.Time { return time.Unix(1400000300, 0) }))
	require.NoError(t, err)
	return m
}

type oldEvent struct {
	OutTradeNo string      `xml:"out_trade_no"`
	Attach     string      `xml:"attach"`
	Total      wechat.Fen  `xml:"total_fee"`
	OpenID     string      `xml:"OpenId"`
	FeedBackID string      `xml:"FeedBackId"`
	Pictures   string      `xml:"PicInfo"`
	Alarm      string      `xml:"AlarmContent"`
	All        []sign.Pair `xml:"*"`
}

// oldShop collects the events of a handler; scans are answered.
func oldShop(t testing.TB, d Dialect, opts ...Option) (*Handler, *[]Event[oldEvent]) {
	t.Helper()
	h, got := NewHandler(d, opts...), new([]Event[oldEvent])
	take := func(_ context.Context, e Event[oldEvent]) error { *got = append(*got, e); return nil }
	for _, kind := range []string{LegacyPaid, LegacyUnpaid, LegacyRights, LegacyAlarm} {
		On(h, Of[oldEvent](kind), take)
	}
	Answer(h, Asking[oldReply](Of[oldEvent](LegacyScanned)), func(_ context.Context, e Event[oldEvent]) (oldReply, error) {
		*got = append(*got, e)
		return oldReply{"a=1&b=2", 0, "ok"}, nil
	})
	return h, got
}

type oldReply struct {
	Package   string `xml:"Package" zero:"true"`
	RetCode   int    `xml:"RetCode" zero:"true"`
	RetErrMsg string `xml:"RetErrMsg" zero:"true"`
}

func TestLegacyVectors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, query, body, kind, id, key string }{
		{"payment, D-07 and D-08", oldQuery, oldBody, LegacyPaid, "7f2aLegacyNotifyId0001", "1900000109/2014.PAID/7f2aLegacyNotifyId0001"},
		{"sign in lower case", strings.Replace(oldQuery, "E836EFC504E32F13376F04E674783DB9", "e836efc504e32f13376f04e674783db9", 1), oldBody, LegacyPaid, "7f2aLegacyNotifyId0001", "1900000109/2014.PAID/7f2aLegacyNotifyId0001"},
		{"native, D-03", "", oldScan, LegacyScanned, "N0nceFromWeChat16", "1900000109/2014.SCANNED/N0nceFromWeChat16"},
		{"rights, L-06", "", oldRights, LegacyRights, "7197417460812502768/request", "1900000109/2014.RIGHTS/7197417460812502768/request"},
		{"rights, a number beyond 64 bits", "", strings.Replace(oldRights, "7197417460812502768", "13294025981597859672", 1), LegacyRights, "13294025981597859672/request", "1900000109/2014.RIGHTS/13294025981597859672/request"},
		{"alarm, D-11", "", oldAlarm, LegacyAlarm, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, got := oldShop(t, Legacy(oldMerchant(t)), WithAppIDs(oldApp))
			reply := h.Handle(t.Context(), Request{Method: "POST", RawQuery: tt.query, Body: []byte(tt.body)})
			assert.Equal(t, 200, reply.Status)
			if tt.kind != LegacyScanned {
				assert.Equal(t, "success", string(reply.Body))
			}
			require.Len(t, *got, 1)
			e := (*got)[0]
			assert.Equal(t, tt.kind, e.Type)
			assert.False(t, e.Created.IsZero())
			if tt.id != "" {
				assert.Equal(t, tt.id, e.ID)
				assert.Equal(t, tt.key, e.Key)
			}
			switch tt.kind {
			case LegacyPaid:
				assert.Equal(t, "7240b65810859cbf2a8d9f76a638c0a3", e.Data.OutTradeNo)
				assert.Equal(t, wechat.Fen(1), e.Data.Total)
				assert.Equal(t, "oLegacyOpenId0000000000000001", e.Data.OpenID)
				assert.Equal(t, tt.query+"\n\n"+oldBody, string(e.Plain))
			case LegacyRights:
				items, err := wire.SplitXML(e.Data.Pictures, "item")
				require.NoError(t, err)
				assert.Len(t, items, 2)
			case LegacyAlarm:
				assert.Equal(t, "transaction_id=1900000109201405180000000001", e.Data.Alarm)
			}
		})
	}
}

func TestLegacyReply(t *testing.T) {
	t.Parallel()
	const p1 = "bank_type=WX&body=%E6%94%AF%E4%BB%98%E6%B5%8B%E8%AF%95&fee_type=1&input_charset=UTF-8&notify_url=http%3A%2F%2Fweixin.qq.com&out_trade_no=7240b65810859cbf2a8d9f76a638c0a3&partner=1900000109&spbill_create_ip=196.168.1.1&total_fee=1&sign=7F77B507B755B3262884291517E380F8"
	d := Legacy(oldMerchant(t)).(legacy)
	read := func(body []byte) map[string]string {
		pairs, err := wire.ParseXML(body, "xml")
		require.NoError(t, err)
		out := map[string]string{}
		for _, p := range pairs {
			out[p.Name] = p.Value
		}
		return out
	}
	words := func(r oldReply, now, nonce string) map[string]string {
		own, err := wire.EncodePairs(r)
		require.NoError(t, err)
		return read(d.word(own, now, nonce))
	}
	assert.Equal(t, map[string]string{"AppId": oldApp, "Package": p1, "TimeStamp": "1400000008", "NonceStr": "replyNonce0001", "RetCode": "0", "RetErrMsg": "ok",
		"AppSignature": "493db792ed59e577ae781b29bc2d083fb2c0908f", "SignMethod": "sha1"}, words(oldReply{p1, 0, "ok"}, "1400000008", "replyNonce0001"), "D-04")
	assert.Equal(t, map[string]string{"AppId": oldApp, "Package": "", "TimeStamp": "1400000009", "NonceStr": "replyNonce0002", "RetCode": "1", "RetErrMsg": "商品已下架",
		"AppSignature": "c1796f7408acdaf5d7caa42b2c0be6596e525813", "SignMethod": "sha1"}, words(oldReply{"", 1, "商品已下架"}, "1400000009", "replyNonce0002"), "D-05")

	h, _ := oldShop(t, d)
	var nonces []string
	for range 2 {
		reply := h.Handle(t.Context(), Request{Method: "POST", Body: []byte(oldScan)})
		assert.Equal(t, "text/xml; charset=utf-8", reply.ContentType)
		got := read(reply.Body)
		assert.Equal(t, "1400000300", got["TimeStamp"])
		assert.Equal(t, appSum("appid="+oldApp, "appkey="+oldAppKey, "noncestr="+got["NonceStr"], "package=a=1&b=2", "retcode=0", "reterrmsg=ok", "timestamp=1400000300"), got["AppSignature"])
		nonces = append(nonces, got["NonceStr"])
	}
	assert.NotEqual(t, nonces[0], nonces[1], "signed afresh")
	_, err := d.content(t.Context(), nil, struct {
		List []int `xml:"list"`
	}{[]int{1}})
	require.Error(t, err)
}

func TestLegacyRefuses(t *testing.T) {
	t.Parallel()
	swap := func(s, old, now string) string {
		require.Contains(t, s, old)
		return strings.Replace(s, old, now, 1)
	}
	other := func(app string) string { // well signed, but for another app
		s := appSum("appid="+app, "appkey="+oldAppKey, "issubscribe=1", "noncestr=notifyNonce0001", "openid=oLegacyOpenId0000000000000001", "timestamp=1400000200")
		return swap(swap(oldBody, oldApp, app), "7faf2e8f40d7d0516f39be3e0d658cc2952515c1", s)
	}
	paid := []string{"trade_state", "0", "partner", oldPartner, "transaction_id", "1", "out_trade_no", "A1", "total_fee", "1", "notify_id", "n1", "sign_type", "MD5"}
	with := func(changes ...string) string {
		p := slices.Clone(paid)
		for i := 0; i < len(changes); i += 2 {
			if at := slices.Index(p, changes[i]); at >= 0 {
				p[at+1] = changes[i+1]
			} else {
				p = append(p, changes[i], changes[i+1])
			}
		}
		return signedQuery(p...)
	}
	tests := []struct {
		name, query, body string
		want              error
		status            int
	}{
		{"no query", "", oldBody, sign.ErrNoSign, 401},
		{"a query without sign", swap(oldQuery, "&sign=E836EFC504E32F13376F04E674783DB9", ""), oldBody, sign.ErrNoSign, 401},
		{"sign twice", oldQuery + "&sign=E836EFC504E32F13376F04E674783DB9", oldBody, sign.ErrTwoSigns, 401},
		{"a parameter added", oldQuery + "&shop=7", oldBody, sign.ErrMismatch, 401},
		{"a parameter twice", oldQuery + "&total_fee=1", oldBody, sign.ErrMismatch, 401},
		{"an empty parameter twice", oldQuery + "&trade_state=", oldBody, sign.ErrMismatch, 401},
		{"the amount changed", swap(oldQuery, "total_fee=1", "total_fee=2"), oldBody, sign.ErrMismatch, 401},
		{"another sign_type", with("sign_type", "RSA"), oldBody, sign.ErrDowngrade, 401},
		{"not an encoding", oldQuery + "&a=%zz", oldBody, sign.ErrMismatch, 401},
		{"a name with a separator", with("a=b&c", "1"), oldBody, sign.ErrMismatch, 401},
		{"a hundred parameters", oldQuery + strings.Repeat("&", 10) + manyParameters(), oldBody, sign.ErrMismatch, 401},
		{"another merchant's payment", with("partner", "1900000108"), oldBody, ErrOwner, 403},
		{"no transaction", with("transaction_id", ""), oldBody, ErrMalformed, 500},
		{"no state", with("trade_state", ""), oldBody, ErrMalformed, 500},
		{"an amount in yuan", with("total_fee", "0.01"), oldBody, ErrMalformed, 500},
		{"body of a stranger", oldQuery, swap(oldBody, "7faf2e8f", "7faf2e8e"), sign.ErrMismatch, 401},
		{"body without a signature", oldQuery, swap(oldBody, "<AppSignature><![CDATA[7faf2e8f40d7d0516f39be3e0d658cc2952515c1]]></AppSignature>", ""), sign.ErrNoSign, 401},
		{"body of another method", oldQuery, swap(oldBody, "[sha1]", "[md5]"), sign.ErrDowngrade, 401},
		{"body without a method", oldQuery, swap(oldBody, "<SignMethod><![CDATA[sha1]]></SignMethod>", ""), sign.ErrDowngrade, 401},
		{"body without a nonce", oldQuery, swap(oldBody, "<NonceStr><![CDATA[notifyNonce0001]]></NonceStr>", ""), sign.ErrMismatch, 401},
		{"a blank in a value", oldQuery, swap(oldBody, "[notifyNonce0001]", "[notifyNonce0001 ]"), sign.ErrMismatch, 401},
		{"another app, well signed", oldQuery, other("wxd930ea5d5a258f4f"), ErrOwner, 403},
		{"a scan turned into a payment", oldQuery, swap(swap(oldScan, "<ProductId><![CDATA[SKU-10086]]></ProductId>", ""), "oLegacyOpenId0000000000000001", "oLegacyOpenId0000000000000001&productid=SKU-10086"), sign.ErrMismatch, 401},
		{"DOCTYPE", oldQuery, `<!DOCTYPE xml [<!ENTITY a "b">]>` + oldBody, ErrBody, 400},
		{"an element twice", oldQuery, swap(oldBody, "</xml>", "<OpenId>o2</OpenId></xml>"), ErrBody, 400},
		{"nested", oldQuery, swap(oldBody, "</xml>", "<a><b>1</b></a></xml>"), ErrBody, 400},
		{"JSON", oldQuery, `{"OpenId":"o"}`, ErrBody, 400},
		{"nothing", oldQuery, "", ErrBody, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var why error
			h, got := oldShop(t, Legacy(oldMerchant(t)), WithObserver(func(_ context.Context, r Record) { why = r.Err }))
			reply := h.Handle(t.Context(), Request{Method: "POST", RawQuery: tt.query, Body: []byte(tt.body)})
			assert.Equal(t, tt.status, reply.Status)
			assert.Equal(t, "fail", string(reply.Body))
			require.ErrorIs(t, why, tt.want)
			assert.Empty(t, *got)
			assert.NotContains(t, why.Error(), oldKey)
			assert.NotContains(t, why.Error(), oldAppKey)
		})
	}
}

func manyParameters() string {
	var b strings.Builder
	for i := range 120 {
		b.WriteString("&p" + strings.Repeat("x", i%60) + string(rune('a'+i/60)) + "=1")
	}
	return b.String()
}

// TestLegacyPackageIsNoNotice takes what a buyer sees, a package signed with the key
// that also signs notices, and reads it as a notice of payment. By the rule of 2014
// the signature is right; it must be refused all the same.
func TestLegacyPackageIsNoNotice(t *testing.T) {
	t.Parallel()
	evil := "tea&fee_type=1&notify_id=n1&out_trade_no=A1&partner=1900000109&total_fee=129900&trade_state=0&transaction_id=1900000109201405180000000009&transport_fee=0"
	rest := "&fee_type=1&input_charset=UTF-8&notify_url=https://shop.example/n&out_trade_no=A2&partner=1900000109&spbill_create_ip=203.0.113.9&total_fee=1"
	packed := oldSum("bank_type", "WX", "body", evil, "fee_type", "1", "input_charset", "UTF-8", "notify_url", "https://shop.example/n", "out_trade_no", "A2",
		"partner", oldPartner, "spbill_create_ip", "203.0.113.9", "total_fee", "1")
	q := url.Values{"bank_type": {"WX"}, "body": {"tea"}, "fee_type": {"1"}, "notify_id": {"n1"}, "out_trade_no": {"A1"}, "partner": {oldPartner}, "total_fee": {"129900"},
		"trade_state": {"0"}, "transaction_id": {"1900000109201405180000000009"}, "transport_fee": {"0" + rest}, "sign": {packed}}
	var pairs []sign.Pair
	for name := range q {
		pairs = append(pairs, sign.Pair{Name: name, Value: q.Get(name)})
	}
	require.NoError(t, sign.CheckTenpay(pairs, oldKey), "the attack is real")
	var why error
	h, got := oldShop(t, Legacy(oldMerchant(t)), WithObserver(func(_ context.Context, r Record) { why = r.Err }))
	reply := h.Handle(t.Context(), Request{Method: "POST", RawQuery: q.Encode(), Body: []byte(oldBody)})
	assert.Equal(t, 401, reply.Status)
	require.ErrorIs(t, why, sign.ErrMismatch)
	assert.Empty(t, *got)
}

func TestLegacyCharsets(t *testing.T) {
	t.Parallel()
	inGBK, err := gbk.Encode("茶 & 可乐")
	require.NoError(t, err)
	for _, tt := range []struct{ charset, attach, want string }{
		{"UTF-8", "茶 & 可乐", "茶 & 可乐"},
		{"utf-8", "茶", "茶"},
		{"GBK", inGBK, "茶 & 可乐"},
		{"", inGBK, "茶 & 可乐"},
		{"UTF-8", inGBK, "茶 & 可乐"},
		{"GBK", "茶茶x", "鑼惰尪x"}, // what it says counts, as long as it can be right
		{"GBK", "茶", "茶"},
		{"GBK", "\xff", "\uFFFD"},
	} {
		h, got := oldShop(t, Legacy(oldMerchant(t)))
		reply := h.Handle(t.Context(), Request{Method: "POST", Body: []byte(oldBody), RawQuery: signedQuery("input_charset", tt.charset, "attach", tt.attach,
			"trade_state", "0", "partner", oldPartner, "transaction_id", "1", "out_trade_no", "A1", "total_fee", "1", "notify_id", "n1")})
		require.Equal(t, 200, reply.Status)
		assert.Equal(t, tt.want, (*got)[0].Data.Attach, "%+v", tt)
	}
}

func TestLegacyOddities(t *testing.T) {
	t.Parallel()
	h, got := oldShop(t, Legacy(oldMerchant(t), "shop", "lang"))
	send := func(h *Handler, query, body string) Reply {
		return h.Handle(t.Context(), Request{Method: "POST", RawQuery: query, Body: []byte(body)})
	}
	assert.Equal(t, 200, send(h, "shop=7&"+oldQuery+"&lang=a%26b", oldBody).Status, "parameters of the shop's own address")
	unpaid := signedQuery("trade_state", "1", "partner", oldPartner, "transaction_id", "1", "out_trade_no", "A1", "total_fee", "1", "notify_id", "n1")
	assert.Equal(t, 200, send(h, unpaid, oldBody).Status)
	require.Len(t, *got, 2)
	assert.Equal(t, LegacyUnpaid, (*got)[1].Type, "nothing but 0 is a payment")

	assert.Equal(t, 403, send(first(oldShop(t, Legacy(oldMerchant(t)), WithAppIDs("wx1"))), oldQuery, oldBody).Status)
	assert.Equal(t, 500, send(NewHandler(Legacy(nil)), oldQuery, oldBody).Status)
	assert.Equal(t, 405, NewHandler(Legacy(oldMerchant(t))).Handle(t.Context(), Request{Method: "GET", RawQuery: oldQuery}).Status)
	assert.Equal(t, 500, send(NewHandler(Legacy(oldMerchant(t))), oldQuery, oldBody).Status, "nobody takes it")

	declared := NewHandler(Legacy(oldMerchant(t)))
	On(declared, Of[oldEvent](LegacyPaid).Having("attach"), func(context.Context, Event[oldEvent]) error { return nil })
	On(declared, Of[oldEvent](LegacyPaid).Owner("partner"), func(context.Context, Event[oldEvent]) error { return nil })
	On(declared, Of[oldEvent](LegacyAlarm).Owner("partner"), func(context.Context, Event[oldEvent]) error { return nil })
	declared.Fallback(func(_ context.Context, e Event[json.RawMessage]) error {
		assert.Equal(t, oldRights, string(e.Data))
		return nil
	})
	assert.Equal(t, 200, send(declared, oldQuery, oldBody).Status)
	assert.Equal(t, 403, send(declared, "", oldAlarm).Status, "an alarm names no partner")
	assert.Equal(t, 200, send(declared, "", oldRights).Status)

	late := strings.Replace(oldBody, "1400000200", "99999999999999999999", 1)
	late = strings.Replace(late, "7faf2e8f40d7d0516f39be3e0d658cc2952515c1", appSum("appid="+oldApp, "appkey="+oldAppKey, "issubscribe=1", "noncestr=notifyNonce0001",
		"openid=oLegacyOpenId0000000000000001", "timestamp=99999999999999999999"), 1)
	h, got = oldShop(t, Legacy(oldMerchant(t)))
	assert.Equal(t, 200, send(h, oldQuery, late).Status)
	assert.True(t, (*got)[0].Created.IsZero(), "a time that cannot be read decides about nothing")
}

func first[A, B any](a A, _ B) A { return a }

// TestNoMutantPassesLegacy flips every bit of what is signed.
func TestNoMutantPassesLegacy(t *testing.T) {
	t.Parallel()
	d := Legacy(oldMerchant(t)).(legacy)
	open := func(query, body string) error {
		_, err := d.open(t.Context(), Request{Method: "POST", RawQuery: query, Body: []byte(body)}, nil)
		return err
	}
	require.NoError(t, open(oldQuery, oldBody))
	flipped := func(s string, bit int) string {
		b := []byte(s)
		b[bit/8] ^= 1 << (bit % 8)
		return string(b)
	}
	for bit := range 8 * len(oldQuery) {
		mutant := flipped(oldQuery, bit)
		changed := url.Values{}
		if v, err := url.ParseQuery(mutant); err == nil {
			changed = v
		}
		whole, _ := url.ParseQuery(oldQuery)
		same := strings.EqualFold(changed.Get("sign"), whole.Get("sign"))
		for name := range whole {
			same = same && (name == "sign" || name == "attach" || changed.Get(name) == whole.Get(name))
		}
		if !same && open(mutant, oldBody) == nil {
			t.Fatalf("bit %d of the query: %s", bit, mutant)
		}
	}
	for _, doc := range []string{oldBody, oldScan, oldAlarm} {
		query := ""
		if doc == oldBody {
			query = oldQuery
		}
		require.NoError(t, open(query, doc))
		for _, value := range []string{"oLegacyOpenId0000000000000001", oldApp, "1400000", "N0nceFromWeChat16", "notifyNonce0001", "SKU-10086", "1001", "发货超时", "transaction_id=1900000109201405180000000001",
			"41be1e5592ba151fb7fb9345058694732d03d707", "7faf2e8f40d7d0516f39be3e0d658cc2952515c1", "2589c3e7af9de544eb3a5d93158ee65d3142ca83"} {
			if !strings.Contains(doc, value) {
				continue
			}
			for bit := range 8 * len(value) {
				if open(query, strings.Replace(doc, value, flipped(value, bit), 1)) == nil {
					t.Fatalf("bit %d of %s passed", bit, value)
				}
			}
		}
	}
}

func FuzzLegacy(f *testing.F) {
	f.Add(oldQuery, oldBody)
	f.Add("", oldScan)
	f.Add("", oldRights)
	f.Add("", oldAlarm)
	f.Add("a=%zz&&=&sign=1&sign", "<xml>")
	d := Legacy(oldMerchant(f)).(legacy)
	genuine := map[string]bool{oldBody: true, oldScan: true, oldRights: true, oldAlarm: true}
	f.Fuzz(func(t *testing.T, query, body string) {
		n, err := d.open(context.Background(), Request{Method: "POST", RawQuery: query, Body: []byte(body)}, nil)
		if err == nil && n.kind == LegacyPaid && !genuine[body] {
			if valueOf(n.doc.([]sign.Pair), "AppSignature") != "7faf2e8f40d7d0516f39be3e0d658cc2952515c1" {
				t.Fatalf("believed %q", body)
			}
		}
	})
}
