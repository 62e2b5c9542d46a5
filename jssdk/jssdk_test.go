package jssdk_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/jssdk"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

const appID = "wx8888888888888888"

// What token.NewTicket gives fits.
var _ jssdk.TicketSource = (*token.Ticket)(nil)

type tickets struct {
	text string
	err  error
}

func (t tickets) Ticket(context.Context) (wechat.Token, error) { return seal.NewKey(t.text), t.err }

// The official example, and a derived one with a fragment.
const (
	officialTicket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
	officialSign   = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
)

var officialTime = time.Unix(1414587457, 0)

func newSigner(t testing.TB) *jssdk.Signer {
	t.Helper()
	s, err := jssdk.New(jssdk.Config{AppID: appID, Tickets: tickets{text: officialTicket}, Hosts: []string{"mp.weixin.qq.com", "shop.example"}, Now: func() time.Time { return officialTime }})
	require.NoError(t, err)
	return s
}

func TestVector_J1_Signature(t *testing.T) {
	t.Parallel()
	assert.Equal(t, officialSign, jssdk.Signature(seal.NewKey(officialTicket), "Wm3WZYTPz0wzccnW", officialTime, "http://mp.weixin.qq.com?params=value"))
}

// Vector J2: the address is signed without its fragment; what is signed is what the
// page then hands to the client.
func TestVector_J2_Config(t *testing.T) {
	t.Parallel()
	for raw, signed := range map[string]string{
		"http://mp.weixin.qq.com?params=value":                          "http://mp.weixin.qq.com?params=value",
		"http://mp.weixin.qq.com?params=value#xxxx":                     "http://mp.weixin.qq.com?params=value",
		"https://shop.example/p/%E8%8C%B6?a=1&from=singlemessage#/x?y=": "https://shop.example/p/%E8%8C%B6?a=1&from=singlemessage",
	} {
		c, err := newSigner(t).Config(t.Context(), raw, jssdk.ChooseWXPay, jssdk.ScanQRCode)
		require.NoError(t, err)
		sum := sha1.Sum([]byte("jsapi_ticket=" + officialTicket + "&noncestr=" + c.NonceStr + "&timestamp=1414587457&url=" + signed))
		assert.Equal(t, jssdk.PageConfig{AppID: appID, Timestamp: 1414587457, NonceStr: c.NonceStr, Signature: hex.EncodeToString(sum[:]), JSAPIList: []string{"chooseWXPay", "scanQRCode"}}, *c)
	}
	assert.Equal(t, officialSign, jssdk.Signature(seal.NewKey(officialTicket), "Wm3WZYTPz0wzccnW", officialTime, strings.Split("http://mp.weixin.qq.com?params=value#xxxx", "#")[0]))
	one, err := newSigner(t).Config(t.Context(), "https://shop.example/")
	require.NoError(t, err)
	two, err := newSigner(t).Config(t.Context(), "https://shop.example/")
	require.NoError(t, err)
	assert.NotEqual(t, one.NonceStr, two.NonceStr)
	b, err := json.Marshal(one)
	require.NoError(t, err)
	assert.Regexp(t, `^{"appId":"`+appID+`","timestamp":1414587457,"nonceStr":"[A-Z2-7]{26}","signature":"[0-9a-f]{40}","jsApiList":\[\]}$`, string(b))
}

func TestForeignPagesAreNotSigned(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"", "https://evil.example/", "https://shop.example.evil.example/", "https://evil.example/?shop.example", "https://shop.example@evil.example/", "https://x.shop.example/",
		`https://shop.example\@evil.example/`, "//shop.example/", "/cart", "javascript://shop.example/%0a", "https://shop.example:8443/", "https://shop.example/\r\n", "https://shop.example/ x", "https://shop.example./"} {
		_, err := newSigner(t).Config(t.Context(), page)
		var field *wechat.FieldError
		require.ErrorAs(t, err, &field, page)
		assert.Equal(t, "url", field.Field)
		assert.NotContains(t, err.Error(), "evil")
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("no ticket today")
	for want, src := range map[string]tickets{"no ticket today": {err: gone}, "empty ticket": {}} {
		s, err := jssdk.New(jssdk.Config{AppID: appID, Tickets: src, Hosts: []string{"shop.example"}, Cards: src})
		require.NoError(t, err)
		_, err = s.Config(t.Context(), "https://shop.example/")
		require.ErrorContains(t, err, want)
		_, err = s.Page(t.Context(), jssdk.PageRequest{URL: "https://shop.example/"})
		require.ErrorContains(t, err, want)
		_, err = s.Card(t.Context(), jssdk.CardRequest{CardID: "p1"})
		require.ErrorContains(t, err, want)
	}
	_, err := newSigner(t).Config(t.Context(), "https://shop.example/", "chooseWXPay</script>")
	require.ErrorContains(t, err, "jsApiList")
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	src := tickets{text: "T"}
	for says, cfg := range map[string]jssdk.Config{
		"nil Tickets": {AppID: appID, Hosts: []string{"shop.example"}},
		"appid":       {Tickets: src, Hosts: []string{"shop.example"}},
		"hosts":       {AppID: appID, Tickets: src},
		"entry 2":     {AppID: appID, Tickets: src, Hosts: []string{"shop.example", "https://shop.example"}},
	} {
		_, err := jssdk.New(cfg)
		require.ErrorContains(t, err, says)
	}
	hosts := []string{"shop.example"}
	s, err := jssdk.New(jssdk.Config{AppID: appID, Tickets: src, Hosts: hosts})
	require.NoError(t, err)
	hosts[0] = "evil.example"
	_, err = s.Config(t.Context(), "https://evil.example/")
	require.Error(t, err, "the caller's list was copied")
	c, err := s.Config(t.Context(), "https://shop.example/")
	require.NoError(t, err)
	assert.InDelta(t, time.Now().Unix(), c.Timestamp, 60)
}

func TestPage(t *testing.T) {
	t.Parallel()
	params := pay.JSAPIParams{AppID: appID, TimeStamp: "1414587457", NonceStr: "N", Package: "prepay_id=wx1", SignType: "RSA", PaySign: "a+/="}
	toPay := jssdk.Pay(params) // compiles as long as both have the same fields
	transfer := &jssdk.Transfer{MchID: "1900000001", AppID: appID, Package: "affffddafdfafddffda=="}
	old := jssdk.Pay{AppID: appID, TimeStamp: "1414587457", NonceStr: "N", Package: "bank_type=WX&body=%E8%8C%B6" + strings.Repeat("x", 1000), SignType: "SHA1", PaySign: "aa"}
	tests := []struct {
		name, apis, rest string
		in               jssdk.PageRequest
	}{
		{"pay in 2014", `["chooseWXPay"]`, `,"pay":{"appId":"` + appID + `","timeStamp":"1414587457","timestamp":"1414587457","nonceStr":"N","package":"bank_type=WX\u0026body=%E8%8C%B6` + strings.Repeat("x", 1000) + `","signType":"SHA1","paySign":"aa"}`, jssdk.PageRequest{Pay: &old}},
		{"nothing", `[]`, ``, jssdk.PageRequest{}},
		{"address", `["openAddress"]`, ``, jssdk.PageRequest{Address: true}},
		{"pay", `["chooseWXPay"]`, `,"pay":{"appId":"` + appID + `","timeStamp":"1414587457","timestamp":"1414587457","nonceStr":"N","package":"prepay_id=wx1","signType":"RSA","paySign":"a+/="}`, jssdk.PageRequest{Pay: &toPay}},
		{"transfer", `["requestMerchantTransfer"]`, `,"transfer":{"mchId":"1900000001","appId":"` + appID + `","package":"affffddafdfafddffda=="}`, jssdk.PageRequest{Transfer: transfer}},
		{"all", `["scanQRCode","openAddress","chooseWXPay","requestMerchantTransfer"]`, `,"pay":{"appId":"` + appID + `","timeStamp":"1414587457","timestamp":"1414587457","nonceStr":"N","package":"prepay_id=wx1","signType":"RSA","paySign":"a+/="},"transfer":{"mchId":"1900000001","appId":"` + appID + `","package":"affffddafdfafddffda=="}`,
			jssdk.PageRequest{Pay: &toPay, Address: true, Transfer: transfer, APIs: []string{jssdk.ScanQRCode, jssdk.OpenAddress}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.URL = "https://shop.example/cart#x"
			p, err := newSigner(t).Page(t.Context(), tt.in)
			require.NoError(t, err)
			b, err := json.Marshal(p)
			require.NoError(t, err)
			sum := jssdk.Signature(seal.NewKey(officialTicket), p.Config.NonceStr, officialTime, "https://shop.example/cart")
			assert.Equal(t, `{"config":{"appId":"`+appID+`","timestamp":1414587457,"nonceStr":"`+p.Config.NonceStr+`","signature":"`+sum+`","jsApiList":`+tt.apis+`}`+tt.rest+`}`, string(b))
			assert.NotContains(t, string(b), officialTicket)
		})
	}
	p, err := newSigner(t).Page(t.Context(), jssdk.PageRequest{URL: "https://shop.example/", Debug: true, OpenTags: []string{jssdk.TagSubscribe, jssdk.TagLaunchMiniProgram}})
	require.NoError(t, err)
	b, err := json.Marshal(p.Config)
	require.NoError(t, err)
	assert.Contains(t, string(b), `{"debug":true,`)
	assert.Contains(t, string(b), `"openTagList":["wx-open-subscribe","wx-open-launch-weapp"]`)
}

func TestPageRefuses(t *testing.T) {
	t.Parallel()
	toPay := func(change func(*jssdk.Pay)) *jssdk.Pay {
		p := jssdk.Pay{AppID: appID, TimeStamp: "1", NonceStr: "N", Package: "prepay_id=wx1", SignType: "RSA", PaySign: "x"}
		change(&p)
		return &p
	}
	tests := []struct {
		field string
		in    jssdk.PageRequest
	}{
		{"pay.appId", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.AppID = "wx7777777777777777" })}},
		{"pay.appId", jssdk.PageRequest{Pay: &jssdk.Pay{}}},
		{"pay.timeStamp", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.TimeStamp = "" })}},
		{"pay.nonceStr", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.NonceStr = strings.Repeat("a", 33) })}},
		{"pay.package", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.Package = "" })}},
		{"pay.signType", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.SignType = "" })}},
		{"pay.paySign", jssdk.PageRequest{Pay: toPay(func(p *jssdk.Pay) { p.PaySign = "a b" })}},
		{"transfer.mchId", jssdk.PageRequest{Transfer: &jssdk.Transfer{AppID: appID, Package: "p"}}},
		{"transfer.appId", jssdk.PageRequest{Transfer: &jssdk.Transfer{MchID: "1", Package: "p"}}},
		{"transfer.package", jssdk.PageRequest{Transfer: &jssdk.Transfer{MchID: "1", AppID: appID}}},
		{"transfer.openId", jssdk.PageRequest{Transfer: &jssdk.Transfer{MchID: "1", AppID: appID, Package: "p", OpenID: "\n"}}},
		{"openTagList", jssdk.PageRequest{OpenTags: []string{"</script>"}}},
	}
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			tt.in.URL = "https://shop.example/"
			_, err := newSigner(t).Page(t.Context(), tt.in)
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, tt.field, field.Field)
		})
	}
}

// The rule recomputed by hand; no published example is known.
func TestCard(t *testing.T) {
	t.Parallel()
	sum := sha1.Sum([]byte("1404896688" + "NONCE" + "TICKET" + "pjZ8Yt1XGILfi-FUsewpnnolGgZk"))
	want := hex.EncodeToString(sum[:])
	assert.Equal(t, want, jssdk.CardSignature("TICKET", "1404896688", "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "NONCE"))
	assert.Equal(t, want, jssdk.CardSignature("", "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "NONCE", "", "1404896688", "TICKET"))

	s, err := jssdk.New(jssdk.Config{AppID: appID, Tickets: tickets{text: "JS"}, Cards: tickets{text: "TICKET"}, Hosts: []string{"shop.example"}, Now: func() time.Time { return time.Unix(1404896688, 0) }})
	require.NoError(t, err)
	c, err := s.Card(t.Context(), jssdk.CardRequest{CardID: "p1", Code: "c1", OpenID: "o1"})
	require.NoError(t, err)
	assert.Equal(t, jssdk.CardExt{Code: "c1", OpenID: "o1", Timestamp: "1404896688", NonceStr: c.NonceStr,
		Signature: jssdk.CardSignature("TICKET", "1404896688", "p1", c.NonceStr, "c1", "o1")}, *c)
	_, err = s.Card(t.Context(), jssdk.CardRequest{})
	require.ErrorContains(t, err, "card_id")
	_, err = newSigner(t).Card(t.Context(), jssdk.CardRequest{CardID: "p1"})
	require.ErrorContains(t, err, "Config.Cards")
}

func TestTicketStaysHidden(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	text := fmt.Sprintf("%v %+v %#v %s", s, s, s, struct{ S *jssdk.Signer }{s})
	assert.NotContains(t, text, officialTicket)
	assert.Contains(t, text, "page signer of app "+appID)
}

// FuzzConfig signs whatever address a browser may send: only those of our hosts, and
// never a byte more or less than up to the #.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{"https://shop.example/a?b=c#d", "http://mp.weixin.qq.com?params=value", "https://shop.example@evil.example", `https:\\shop.example`, "https://[::1]/", "https://SHOP.example:443/", "#", "https://shop.example/%zz"} {
		f.Add(s)
	}
	s := newSigner(f)
	f.Fuzz(func(t *testing.T, page string) {
		c, err := s.Config(context.Background(), page)
		if err != nil {
			return
		}
		before, _, _ := strings.Cut(page, "#")
		lower := strings.ToLower(before)
		ours := false
		for _, start := range []string{"http://shop.example", "https://shop.example", "http://mp.weixin.qq.com", "https://mp.weixin.qq.com"} {
			rest, ok := strings.CutPrefix(lower, start)
			ours = ours || ok && (rest == "" || rest[0] == '/' || rest[0] == '?')
		}
		if !ours {
			t.Fatalf("signed %q", page)
		}
		if c.Signature != jssdk.Signature(seal.NewKey(officialTicket), c.NonceStr, officialTime, before) {
			t.Fatalf("signed something else than %q", before)
		}
	})
}
