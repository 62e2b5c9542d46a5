package rights_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint/rights"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	appID      = "wxf8b4f85f3a794e77"
	appKey     = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	partner    = "1900000109"
	partnerKey = "8934e7d15453e97507ef794cf7b0519d"
	user       = "oDF3iY9P32sK_5GgYiRkjsCo45bk"

	// The callback of the official example (its signature recomputed), with two of its
	// five pictures.
	complains = `<xml><OpenId><![CDATA[oDF3iY9P32sK_5GgYiRkjsCo45bk]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><TimeStamp>1393400471</TimeStamp><MsgType><![CDATA[request]]></MsgType><FeedBackId>7197417460812502768</FeedBackId><TransId><![CDATA[1900000109201402143240185685]]></TransId><Reason><![CDATA[质量问题]]></Reason><Solution><![CDATA[换货]]></Solution><ExtInfo><![CDATA[备注 12435321321]]></ExtInfo><AppSignature><![CDATA[d60293982cc7c97a5a9d3383af761db763c07c86]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod><PicInfo><item><PicUrl><![CDATA[http://pic.example.com/1.jpg]]></PicUrl></item><item><PicUrl><![CDATA[]]></PicUrl></item></PicInfo></xml>`
	pictures  = `<PicInfo><item><PicUrl><![CDATA[http://pic.example.com/1.jpg]]></PicUrl></item><item><PicUrl><![CDATA[]]></PicUrl></item></PicInfo>`
)

type tokens struct{}

func (tokens) Token(context.Context) (wechat.Token, error) { return seal.NewKey("T&1"), nil }
func (tokens) Refuse(context.Context, wechat.Token) error  { return nil }

func merchant(t testing.TB, opts ...wechat.Option) *wechat.MerchantLegacy {
	t.Helper()
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: appID, PaySignKey: seal.NewKey(appKey), PartnerID: partner, PartnerKey: seal.NewKey(partnerKey), Tokens: tokens{}},
		append([]wechat.Option{wechat.WithClock(func() time.Time { return time.Unix(1393400472, 0) }), wechat.WithBackoff(wechat.NoRetry)}, opts...)...)
	require.NoError(t, err)
	return m
}

// said is what a shop heard.
type said struct {
	requests []notify.Event[rights.Request]
	yes, no  []notify.Event[rights.Reply]
}

func shop(t testing.TB) (*notify.Handler, *said) {
	t.Helper()
	h, s := notify.NewHandler(notify.Legacy(merchant(t))), &said{}
	notify.On(h, rights.Requested, func(_ context.Context, e notify.Event[rights.Request]) error {
		s.requests = append(s.requests, e)
		return nil
	})
	notify.On(h, rights.Confirmed, func(_ context.Context, e notify.Event[rights.Reply]) error { s.yes = append(s.yes, e); return nil })
	notify.On(h, rights.Rejected, func(_ context.Context, e notify.Event[rights.Reply]) error { s.no = append(s.no, e); return nil })
	return h, s
}

func (s *said) count() int { return len(s.requests) + len(s.yes) + len(s.no) }

func post(t testing.TB, h *notify.Handler, body string) notify.Reply {
	t.Helper()
	return h.Handle(t.Context(), notify.Request{Method: http.MethodPost, Body: []byte(body)})
}

// signed is a callback with a signature made by hand.
func signed(says, id, stamp, rest string) string {
	lines := []string{"appid=" + appID, "appkey=" + appKey, "openid=" + user, "timestamp=" + stamp}
	slices.Sort(lines)
	sum := sha1.Sum([]byte(strings.Join(lines, "&")))
	return fmt.Sprintf("<xml><OpenId>%s</OpenId><AppId>%s</AppId><TimeStamp>%s</TimeStamp><MsgType>%s</MsgType><FeedBackId>%s</FeedBackId>%s<AppSignature>%s</AppSignature><SignMethod>sha1</SignMethod></xml>",
		user, appID, stamp, says, id, rest, hex.EncodeToString(sum[:]))
}

func TestL06_RequestOfTheOfficialExample(t *testing.T) {
	t.Parallel()
	h, got := shop(t)
	r := post(t, h, complains)
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, "success", string(r.Body))
	require.Len(t, got.requests, 1)
	e := got.requests[0]
	text, err := e.Data.Remark.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "备注 12435321321", text)
	assert.Equal(t, "1900000109/2014.RIGHTS/7197417460812502768/request", e.Key)
	assert.Equal(t, int64(1393400471), e.Created.Unix())
	e.Data.Remark = rights.Remark{}
	assert.Equal(t, rights.Request{FeedbackID: "7197417460812502768", OpenID: user, TransactionID: "1900000109201402143240185685",
		Reason: "质量问题", Solution: "换货", Pictures: rights.Pictures{"http://pic.example.com/1.jpg"}}, e.Data)
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	const long = "13294025981597859672" // beyond int64
	tests := []struct {
		name, body string
		status     int
		key        string // of the event, "" for none
	}{
		{"a number beyond 64 bits", strings.Replace(complains, "7197417460812502768", long, 1), 200, "2014.RIGHTS/" + long + "/request"},
		{"number in CDATA", strings.Replace(complains, "7197417460812502768", "<![CDATA["+long+"]]>", 1), 200, "2014.RIGHTS/" + long + "/request"},
		{"confirm", signed("confirm", long, "1393400471", ""), 200, "2014.RIGHTS.CONFIRMED/" + long + "/confirm/1393400471"},
		{"reject", signed("reject", long, "1393400471", "<Reason>还是坏的</Reason>"), 200, "2014.RIGHTS.REJECTED/" + long + "/reject/1393400471"},
		{"reject again, later", signed("reject", long, "1393500000", ""), 200, "2014.RIGHTS.REJECTED/" + long + "/reject/1393500000"},
		{"no pictures at all", strings.Replace(complains, pictures, "", 1), 200, "2014.RIGHTS/7197417460812502768/request"},
		{"empty PicInfo", strings.Replace(complains, pictures, "<PicInfo/>", 1), 200, "2014.RIGHTS/7197417460812502768/request"},
		{"pictures that are none", strings.Replace(complains, pictures, "<PicInfo><item>x</PicInfo>", 1), 500, ""},
		{"a word of tomorrow", signed("forgive", long, "1393400471", ""), 500, ""},
		{"no word", signed("", long, "1393400471", ""), 500, ""},
		{"no number", signed("request", "", "1393400471", ""), 500, ""},
		{"another user", strings.Replace(complains, user, "oX"+user[2:], 1), 401, ""},
		{"another time", strings.Replace(complains, "1393400471", "1393400472", 1), 401, ""},
		{"no signature", strings.Replace(complains, "d60293982cc7c97a5a9d3383af761db763c07c86", "", 1), 401, ""},
		{"a placeholder of the documents", strings.Replace(complains, "d60293982cc7c97a5a9d3383af761db763c07c86", "bafe07f060f22dcda0bfdb4b5ff756f973aecffa", 1), 401, ""},
		{"signed by another rule", strings.Replace(complains, "[sha1]", "[md5]", 1), 401, ""},
		{"a blank in the openid", strings.Replace(complains, "[oDF3iY", "[ oDF3iY", 1), 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, got := shop(t)
			r := post(t, h, tt.body)
			assert.Equal(t, tt.status, r.Status)
			if tt.key == "" {
				assert.Equal(t, "fail", string(r.Body))
				assert.Zero(t, got.count())
				return
			}
			assert.Equal(t, "success", string(r.Body))
			require.Equal(t, 1, got.count())
			key := ""
			for _, e := range got.requests {
				key = e.Key
			}
			for _, e := range append(got.yes, got.no...) {
				key = e.Key
				assert.Equal(t, long, e.Data.FeedbackID)
				assert.Equal(t, user, e.Data.OpenID)
			}
			assert.Equal(t, partner+"/"+tt.key, key)
		})
	}
}

func TestRemarkPrintsNothing(t *testing.T) {
	t.Parallel()
	h, got := shop(t)
	post(t, h, complains)
	require.Len(t, got.requests, 1)
	data := got.requests[0].Data
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, data), "12435321321", verb)
	}
}

// place is an account whose calls end at a mock.
func place(t *testing.T, answer httpmock.Responder) (*rights.Service, *[]*http.Request) {
	t.Helper()
	mock, sent := httpmock.NewMockTransport(), new([]*http.Request)
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		*sent = append(*sent, r)
		return answer(r)
	})
	return rights.New(merchant(t, wechat.WithTransport(&http.Client{Transport: mock})).App()), sent
}

func TestHandled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		code         wechat.Code
	}{
		{"fine", `{"errcode":0,"errmsg":"ok"}`, ""},
		{"fine, with more", `{"errcode":0,"errmsg":"ok","brand_new":[1]}`, ""},
		{"not authorised", `{"errcode":48001,"errmsg":"api unauthorized"}`, wechat.ErrUnauthorized},
		{"over", `{"errcode":48009,"errmsg":"api expired"}`, "48009"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, sent := place(t, httpmock.NewStringResponder(200, tt.answer))
			err := s.Handled(t.Context(), user, "13294025981597859672")
			require.Len(t, *sent, 1)
			r := (*sent)[0]
			assert.Equal(t, "GET https://api.weixin.qq.com/payfeedback/update?access_token=T%261&openid="+user+"&feedbackid=13294025981597859672", r.Method+" "+r.URL.String())
			if tt.code == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.code)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		})
	}
}

func TestHandledRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, openID, id, says string }{
		{"no user", "", "1", "openid: is empty"},
		{"long user", strings.Repeat("o", 129), "1", "openid: has 129 bytes"},
		{"no complaint", user, "", "feedbackid: is empty"},
		{"not a number", user, "12x", "feedbackid: holds something else than digits (3 bytes)"},
		{"too long", user, strings.Repeat("1", 33), "feedbackid: has 33 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, sent := place(t, httpmock.NewStringResponder(200, `{}`))
			require.ErrorContains(t, s.Handled(t.Context(), tt.openID, tt.id), tt.says)
			assert.Empty(t, *sent)
		})
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	s, _ := place(t, httpmock.NewStringResponder(200, `{}`))
	assert.Equal(t, "https://mp.weixin.qq.com/payfb/payfeedbackindex?appid=wxf8b4f85f3a794e77#wechat_webview_type=1&wechat_redirect", s.Entry())
}

// FuzzCallbacks sends what a stranger can send: nobody is called without the three
// signed values, and success means one call.
func FuzzCallbacks(f *testing.F) {
	f.Add(complains)
	f.Add(signed("confirm", "1", "1393400471", ""))
	f.Add(signed("reject", "13294025981597859672", "1393400471", "<Reason>x</Reason><PicInfo/>"))
	f.Add(strings.Replace(complains, pictures, "<PicInfo><item><PicUrl>x</PicUrl></item></PicInfo>", 1))
	f.Add("<xml><MsgType>request</MsgType></xml>")
	f.Add(`<!DOCTYPE x [<!ENTITY e "1">]><xml>&e;</xml>`)
	h, got := shop(f)
	f.Fuzz(func(t *testing.T, body string) {
		before := got.count()
		r := post(t, h, body)
		if r.Status != 200 {
			require.Equal(t, before, got.count())
			return
		}
		require.Equal(t, before+1, got.count())
		require.Contains(t, body, "d60293982cc7c97a5a9d3383af761db763c07c86", "the only time that is signed here")
		require.Contains(t, body, user)
	})
}
