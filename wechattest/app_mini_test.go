package wechattest_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

func session(t testing.TB, a *wechattest.App, code string) map[string]any {
	t.Helper()
	return ask(t, a, "GET", "/sns/jscode2session?appid="+a.AppID+"&secret="+a.Secret+"&js_code="+code+"&grant_type=authorization_code", "")
}

func TestMiniProgramLogin(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t, mini, func(c *wechattest.AppConfig) { c.Union = "group" })
	_, err := a.OpenData(li)
	require.ErrorIs(t, err, wechattest.ErrNoSession)
	code := a.WxLogin(li)
	m := session(t, a, code)
	assert.Equal(t, li.OpenID(a.AppID), m["openid"])
	assert.Equal(t, li.UnionID("group"), m["unionid"])
	key := m["session_key"].(string)
	assert.Equal(t, "40163", errcode(session(t, a, code)))
	assert.Equal(t, "40029", errcode(session(t, a, a.PhoneCode(li))), "a code of another kind")
	assert.Equal(t, "40029", errcode(session(t, a, "x")))
	old := a.WxLogin(li)
	clock.Advance(5 * time.Minute)
	assert.Equal(t, "42003", errcode(session(t, a, old)))

	signed := func(path, key string) map[string]any {
		mac := hmac.New(sha256.New, []byte(key))
		return call(t, a, "GET", "/wxa/"+path+"?openid="+li.OpenID(a.AppID)+"&sig_method=hmac_sha256&signature="+hex.EncodeToString(mac.Sum(nil)), "")
	}
	assert.Equal(t, "0", errcode(signed("checksession", key)))
	assert.Equal(t, "87009", errcode(signed("checksession", "x")))
	next := signed("resetusersessionkey", key)["session_key"].(string)
	assert.Equal(t, "87009", errcode(signed("checksession", key)))
	assert.Equal(t, "0", errcode(signed("checksession", next)))
	assert.Equal(t, "40003", errcode(call(t, a, "GET", "/wxa/checksession?openid=x&signature=x&sig_method=hmac_sha256", "")))

	a.SetProfile(li, wechattest.Profile{Nickname: "李", Phone: "13800000000"})
	data, err := a.OpenData(li)
	require.NoError(t, err)
	sum := sha1.Sum([]byte(data.RawData + next))
	assert.Equal(t, hex.EncodeToString(sum[:]), data.Signature)
	var open struct {
		OpenID    string `json:"openId"`
		Nickname  string `json:"nickName"`
		Watermark struct {
			AppID string `json:"appid"`
			At    int64  `json:"timestamp"`
		} `json:"watermark"`
	}
	require.NoError(t, json.Unmarshal(opened(t, next, data), &open))
	assert.Equal(t, li.OpenID(a.AppID), open.OpenID)
	assert.Equal(t, "李", open.Nickname)
	assert.Equal(t, a.AppID, open.Watermark.AppID)
	assert.Equal(t, a.Now().Unix(), open.Watermark.At)

	phone := func(code string) map[string]any {
		return call(t, a, "POST", "/wxa/business/getuserphonenumber", fmt.Sprintf(`{"code":%q}`, code))
	}
	pc := a.PhoneCode(li)
	info := phone(pc)["phone_info"].(map[string]any)
	assert.Equal(t, "13800000000", info["purePhoneNumber"])
	assert.Equal(t, "40029", errcode(phone(pc)))

	a.Revoke(li, "1")
	clock.Advance(0)
	assert.Equal(t, "user_authorization_revoke", element(s.last(t), "Event"))
	assert.Equal(t, li.OpenID(a.AppID), element(s.last(t), "OpenID"))
	_, err = a.OpenData(li)
	require.ErrorIs(t, err, wechattest.ErrNoSession)

	a.SetProfile(wang, wechattest.Profile{HighRisk: true})
	assert.Equal(t, "40226", errcode(session(t, a, a.WxLogin(wang))))
}

// opened decrypts with this test's own few lines.
func opened(t testing.TB, key string, d wechattest.OpenData) []byte {
	t.Helper()
	k, err := base64.StdEncoding.DecodeString(key)
	require.NoError(t, err)
	iv, err := base64.StdEncoding.DecodeString(d.IV)
	require.NoError(t, err)
	b, err := base64.StdEncoding.DecodeString(d.EncryptedData)
	require.NoError(t, err)
	block, err := aes.NewCipher(k)
	require.NoError(t, err)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
	return b[:len(b)-int(b[len(b)-1])]
}

func TestMiniProgramLoginIsLimited(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t, mini)
	for range 100 {
		require.Equal(t, "0", errcode(session(t, a, a.WxLogin(li))))
	}
	assert.Equal(t, "45011", errcode(session(t, a, a.WxLogin(li))))
	clock.Advance(time.Minute)
	assert.Equal(t, "0", errcode(session(t, a, a.WxLogin(li))))
}

func home(name string) wechattest.Address {
	return wechattest.Address{Name: name, Phone: "13800000000", PostalCode: "510000", Province: "广东省", City: "广州市", County: "天河区",
		Street: "天园街道", Detail: "黄埔大道西 1 号", NationalCode: "440106"}
}

// pageConfig signs as a server would.
func pageConfig(t testing.TB, a *wechattest.App, page string, apis ...string) wechattest.PageConfig {
	t.Helper()
	ticket := call(t, a, "GET", "/cgi-bin/ticket/getticket?type=jsapi", "")["ticket"].(string)
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=n1&timestamp=1767578400&url=" + page))
	return wechattest.PageConfig{AppID: a.AppID, Timestamp: "1767578400", NonceStr: "n1", Signature: hex.EncodeToString(sum[:]), APIs: apis}
}

func TestAddressBook(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	_, err := a.AddAddress(li, wechattest.Address{Name: "li"})
	require.Error(t, err)
	one, err := a.AddAddress(li, home("李"))
	require.NoError(t, err)
	two, err := a.AddAddress(li, home("王"))
	require.NoError(t, err)
	changed := home("李四")
	changed.ID = one
	require.NoError(t, a.ChangeAddress(li, changed))
	require.NoError(t, a.DeleteAddress(li, two))
	require.ErrorIs(t, a.DeleteAddress(li, two), wechattest.ErrNoSuchThing)
	changed.ID = two
	require.ErrorIs(t, a.ChangeAddress(li, changed), wechattest.ErrNoSuchThing)
	book := a.Addresses(li)
	require.Len(t, book, 1)
	assert.Equal(t, "李四", book[0].Name)

	const page = "http://127.0.0.1:8080/cart?a=1"
	cfg := pageConfig(t, a, page, "openAddress")
	got, err := a.OpenAddress(li, page+"#top", cfg, one)
	require.NoError(t, err)
	assert.JSONEq(t, `{"errMsg":"openAddress:ok","userName":"李四","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countryName":"天河区","detailInfo":"黄埔大道西 1 号","nationalCode":"440106","telNumber":"13800000000"}`, string(got))
	got, err = a.OpenAddress(li, page, cfg, 0)
	require.NoError(t, err)
	assert.JSONEq(t, `{"errMsg":"openAddress:cancel"}`, string(got))
	_, err = a.OpenAddress(li, page, cfg, two)
	require.ErrorIs(t, err, wechattest.ErrNoSuchThing)
	_, err = a.ChooseAddress(li, one)
	require.Error(t, err)

	b, _ := newApp(t, mini)
	id, err := b.AddAddress(li, home("李"))
	require.NoError(t, err)
	got, err = b.ChooseAddress(li, id)
	require.NoError(t, err)
	assert.Contains(t, string(got), `"countyName":"天河区","streetName":"天园街道"`)
	got, err = b.ChooseAddress(li, 0)
	require.NoError(t, err)
	assert.Contains(t, string(got), "cancel")
	_, err = b.ChooseAddress(li, 9)
	require.ErrorIs(t, err, wechattest.ErrNoSuchThing)
}

func TestPageConfig(t *testing.T) {
	t.Parallel()
	const page = "http://127.0.0.1:8080/cart?a=1"
	tests := []struct {
		name string
		edit func(*wechattest.PageConfig)
		page string
		want error
	}{
		{"good", func(*wechattest.PageConfig) {}, page + "#x", nil},
		{"another app", func(c *wechattest.PageConfig) { c.AppID = "wx1" }, page, wechattest.ErrConfigApp},
		{"another page", func(*wechattest.PageConfig) {}, page + "&b=2", wechattest.ErrConfigSignature},
		{"another nonce", func(c *wechattest.PageConfig) { c.NonceStr = "n2" }, page, wechattest.ErrConfigSignature},
		{"no nonce", func(c *wechattest.PageConfig) { c.NonceStr = "" }, page, wechattest.ErrConfigSignature},
		{"another time", func(c *wechattest.PageConfig) { c.Timestamp = "1767578401" }, page, wechattest.ErrConfigSignature},
		{"another domain", func(*wechattest.PageConfig) {}, "http://evil.example/", wechattest.ErrConfigDomain},
		{"api not listed", func(c *wechattest.PageConfig) { c.APIs = []string{"openAddress"} }, page, wechattest.ErrPermission},
		{"no Pay", func(c *wechattest.PageConfig) { c.APIs = []string{"chooseWXPay"} }, page, wechattest.ErrPermission},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := newApp(t)
			cfg := pageConfig(t, a, page)
			tt.edit(&cfg)
			err := a.CheckConfig(tt.page, cfg)
			if tt.want == wechattest.ErrPermission || tt.want == nil {
				require.NoError(t, err)
			}
			if tt.want != nil {
				_, err = a.ChooseWXPay(li, tt.page, cfg, wechattest.PageParams{})
			}
			require.ErrorIs(t, err, tt.want)
		})
	}
	a, clock := newApp(t)
	cfg := pageConfig(t, a, page)
	clock.Advance(116 * time.Minute)
	pageConfig(t, a, page)
	require.NoError(t, a.CheckConfig(page, cfg), "a ticket is good to its end")
	clock.Advance(4 * time.Minute)
	require.ErrorIs(t, a.CheckConfig(page, cfg), wechattest.ErrConfigSignature)
	b, _ := newApp(t, func(c *wechattest.AppConfig) { c.PageDomains = []string{"shop.example"} })
	require.ErrorIs(t, b.CheckConfig(page, pageConfig(t, b, page)), wechattest.ErrConfigDomain)
	require.NoError(t, b.CheckConfig("https://shop.example/", pageConfig(t, b, "https://shop.example/")))
}

func TestEditAddressOf2014(t *testing.T) {
	t.Parallel()
	a, clock := newApp(t)
	id, err := a.AddAddress(li, home("李"))
	require.NoError(t, err)
	callback, err := a.Authorize(li, authorize(a, "snsapi_base"))
	require.NoError(t, err)
	token := exchange(t, a, codeOf(t, callback))["access_token"].(string)
	in := wechattest.AddressParams{AppID: a.AppID, Scope: "jsapi_address", SignType: "sha1", Timestamp: "1384841012", NonceStr: "123456"}
	sum := sha1.Sum([]byte("accesstoken=" + token + "&appid=" + a.AppID + "&noncestr=123456&timestamp=1384841012&url=" + callback))
	in.AddrSign = hex.EncodeToString(sum[:])
	got, err := a.EditAddress(li, callback+"#x", in, id)
	require.NoError(t, err)
	assert.Contains(t, string(got), `"proviceFirstStageName":"广东省"`)
	got, err = a.EditAddress(li, callback, in, 0)
	require.NoError(t, err)
	assert.JSONEq(t, `{"err_msg":"edit_address:cancel"}`, string(got))
	_, err = a.EditAddress(li, callback, in, 9)
	require.ErrorIs(t, err, wechattest.ErrNoSuchThing)
	_, err = a.EditAddress(wang, callback, in, 0)
	require.ErrorIs(t, err, wechattest.ErrBadParams, "the token is another user's")
	_, err = a.EditAddress(li, callback+"&more=1", in, id)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	clock.Advance(2 * time.Hour)
	_, err = a.EditAddress(li, callback, in, id)
	require.ErrorIs(t, err, wechattest.ErrBadParams, "the token is over")
}

func TestPaymentFromAPage(t *testing.T) {
	t.Parallel()
	b, clock := newBy(t, wechattest.MerchantOptions{})
	a, err := wechattest.NewApp(wechattest.AppConfig{AppID: b.a.AppID, Clock: clock, Pay: b.p})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	const page = "http://127.0.0.1:8080/cart"
	params := b.page(a.AppID, b.place("order-0001", nil))
	params.AppID = "" // chooseWXPay does not pass it
	o, err := a.ChooseWXPay(li, page, pageConfig(t, a, page, "chooseWXPay"), params)
	require.NoError(t, err)
	assert.Equal(t, "order-0001", o.OutTradeNo)
	_, err = a.ChooseWXPay(wang, page, pageConfig(t, a, page, "chooseWXPay"), params)
	require.ErrorIs(t, err, wechattest.ErrWrongUser)
	params.AppID = "wx1"
	_, err = a.ChooseWXPay(li, page, pageConfig(t, a, page, "chooseWXPay"), params)
	require.ErrorIs(t, err, wechattest.ErrBadParams)
	_, err = a.RequestPayment(li, params)
	require.ErrorIs(t, err, wechattest.ErrPermission)

	m, err := wechattest.NewApp(wechattest.AppConfig{Kind: wechattest.MiniProgram, AppID: b.a.AppID, Clock: clock, Pay: b.p})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	params.AppID = ""
	o, err = m.RequestPayment(li, params)
	require.NoError(t, err)
	assert.Equal(t, "order-0001", o.OutTradeNo)
}
