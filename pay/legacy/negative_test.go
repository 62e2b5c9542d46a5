package legacy_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint/rights"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/sign"
)

// stall receives payments and complaints, and remembers them.
type stall struct {
	*notify.Handler
	paid   int
	rights []string
}

func newStall(t testing.TB) *stall {
	t.Helper()
	s := &stall{Handler: notify.NewHandler(notify.Legacy(newDesk(t, first, 1400000300).m))}
	notify.On(s.Handler, legacy.Paid, func(context.Context, notify.Event[legacy.Payment]) error { s.paid++; return nil })
	notify.On(s.Handler, rights.Requested, func(_ context.Context, e notify.Event[rights.Request]) error {
		s.rights = append(s.rights, e.Data.FeedbackID)
		return nil
	})
	return s
}

func (s *stall) send(t testing.TB, query, body string) int {
	t.Helper()
	return s.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: query, Body: []byte(body)}).Status
}

// appSigned is a body of a payment by who, signed with a few lines of its own.
func appSigned(app, openID string) string {
	sum := sha1.Sum([]byte("appid=" + app + "&appkey=" + appKey + "&issubscribe=1&noncestr=n1&openid=" + openID + "&timestamp=1400000200"))
	return "<xml><OpenId><![CDATA[" + openID + "]]></OpenId><AppId>" + app + "</AppId><IsSubscribe>1</IsSubscribe><TimeStamp>1400000200</TimeStamp>" +
		"<NonceStr>n1</NonceStr><AppSignature>" + hex.EncodeToString(sum[:]) + "</AppSignature><SignMethod>sha1</SignMethod></xml>"
}

// The things that an implementation of this generation must not do, one by one.

func TestNegative_OneCharacterChanged(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	require.Equal(t, 200, s.send(t, paidQuery, paidXML))
	for part := range strings.SplitSeq(paidQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if value == "" {
			continue
		}
		changed := "0" + value[1:]
		if changed == value {
			changed = "1" + value[1:]
		}
		assert.GreaterOrEqual(t, s.send(t, strings.Replace(paidQuery, part, name+"="+changed, 1), paidXML), 400, name)
	}
	for _, value := range []string{"oLegacyOpenId", appID, "1</IsSubscribe", "1400000200", "notifyNonce", "7faf2e8f"} {
		body := strings.Replace(paidXML, value, "2"+value[1:], 1)
		require.NotEqual(t, paidXML, body)
		assert.GreaterOrEqual(t, s.send(t, paidQuery, body), 400, value)
	}
	assert.Equal(t, 1, s.paid)
}

func TestNegative_GBKHashedAsUTF8(t *testing.T) {
	t.Parallel()
	orders := newDesk(t, seller{appID, appKey, "1900090055"}, 1).orders
	o := legacy.Order{OutTradeNo: "201408010123456789", Body: "可乐1杯", Total: 300, NotifyURL: "http://foo.bar/path/to", IP: "192.168.1.1", Charset: legacy.GBK}
	pack, err := orders.Package(o)
	require.NoError(t, err)
	assert.Contains(t, pack, "sign=72CDBA945C97E13C18A9CA5B01EDCAD2")
	assert.NotContains(t, pack, "A858D8730B0C17A596E2394BC04AD2C1", "the bytes of UTF-8 under the name of GBK")
}

func TestNegative_UnsignedNoticeAndParameter(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	cut, _, _ := strings.Cut(paidQuery, "&sign=E836")
	assert.Equal(t, 401, s.send(t, cut, paidXML), "no sign")
	assert.Equal(t, 401, s.send(t, paidQuery+"&shop=7", paidXML), "a parameter that is not signed")
	assert.Zero(t, s.paid)
}

func TestNegative_AnotherAppThoughWellSigned(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	assert.Equal(t, 403, s.send(t, paidQuery, appSigned(appID2, "o1")))
	assert.Zero(t, s.paid)
	assert.Equal(t, 200, s.send(t, paidQuery, appSigned(appID, "o1")))
}

func TestNegative_FeedBackIDBeyond64Bits(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	assert.Equal(t, 200, s.send(t, "", `<xml><OpenId><![CDATA[oDF3iY9P32sK_5GgYiRkjsCo45bk]]></OpenId><AppId>wxf8b4f85f3a794e77</AppId><TimeStamp>1393400471</TimeStamp>`+
		`<MsgType>request</MsgType><FeedBackId>13294025981597859672</FeedBackId><TransId>1</TransId><Reason>x</Reason><Solution>x</Solution><ExtInfo>x</ExtInfo>`+
		`<AppSignature>d60293982cc7c97a5a9d3383af761db763c07c86</AppSignature><SignMethod>sha1</SignMethod></xml>`))
	assert.Equal(t, []string{"13294025981597859672"}, s.rights)
}

func TestNegative_BlanksAreSigned(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	for _, openID := range []string{" o1", "o1 ", " o1\n"} {
		body := appSigned(appID, openID)
		assert.Equal(t, 200, s.send(t, paidQuery, body), "%q", openID)
		assert.Equal(t, 401, s.send(t, paidQuery, strings.Replace(body, "["+openID+"]", "[o1]", 1)), "%q trimmed", openID)
	}
	assert.Equal(t, 3, s.paid)
}

func TestNegative_PackageEncodedAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1400000000)
	p, err := d.orders.JSAPIParams(order1())
	require.NoError(t, err)
	pairs := []sign.Pair{{Name: "appId", Value: p.AppID}, {Name: "timeStamp", Value: p.Timestamp}, {Name: "nonceStr", Value: p.NonceStr}, {Name: "package", Value: p.Package}}
	require.NoError(t, d.m.ProveApp(pairs, p.PaySign))
	pairs[3].Value = strings.Replace(p.Package, "%3A", "%3a", 1)
	require.NotEqual(t, p.Package, pairs[3].Value)
	assert.ErrorIs(t, d.m.ProveApp(pairs, p.PaySign), sign.ErrMismatch)
}

func TestNegative_JSONShowsNoKeyAndNoEscapes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1400000300)
	d.answer = orderAnswer
	_, err := d.orders.Query(t.Context(), orderNo)
	require.NoError(t, err)
	plainJSON(t, d.body)
	assert.Contains(t, d.body, "&partner=")
}

// FuzzPackage writes packages of any text in both charsets: what is not refused
// comes back whole on the other side, with a signature over its bytes.
func FuzzPackage(f *testing.F) {
	for _, s := range []string{"可乐1杯", "a&b=c #%+/?中", "鑼", "\xff", "🍵", "\x81", "€", " "} {
		f.Add(s, "x", false)
		f.Add(s, s, true)
	}
	d := newDesk(f, first, 1)
	f.Fuzz(func(t *testing.T, body, attach string, inGBK bool) {
		o := order1()
		if o.Body, o.Attach = body, attach; inGBK {
			o.Charset = legacy.GBK
		}
		pack, err := d.orders.Package(o)
		if err != nil {
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			return
		}
		require.LessOrEqual(t, len(pack), 4096)
		require.NotContains(t, pack, "+")
		var pairs []sign.Pair
		for part := range strings.SplitSeq(pack, "&") {
			name, value, ok := strings.Cut(part, "=")
			require.True(t, ok)
			value, err = url.PathUnescape(value)
			require.NoError(t, err)
			pairs = append(pairs, sign.Pair{Name: name, Value: value})
		}
		require.NoError(t, sign.CheckTenpay(pairs, partnerKey))
		for _, p := range pairs {
			want, sent := map[string]string{"body": body, "attach": attach}[p.Name], p.Value
			if inGBK {
				sent, err = legacy.DecodeGBK(p.Value)
				require.NoError(t, err)
			}
			if p.Name == "body" || p.Name == "attach" {
				require.Equal(t, want, sent)
			}
		}
	})
}
