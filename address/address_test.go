package address_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/address"
	"github.com/wxcommerce/wechat/oauth"
)

var home = address.Address{Name: "张三", Phone: "020-81167888", PostalCode: "510000", Province: "广东省", City: "广州市", District: "海珠区",
	Detail: "新港中路397号", Region: "510105"}

func with(change func(*address.Address)) *address.Address {
	a := home
	change(&a)
	return &a
}

// One address, as each client spells it.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       *address.Address
	}{
		{"openAddress, countryName is the district", `{"errMsg":"openAddress:ok","userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"510105","telNumber":"020-81167888"}`, &home},
		{"chooseAddress, countyName and members of newer clients",
			`{"errMsg":"chooseAddress:ok","userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countyName":"海珠区","streetName":"赤岗街道","detailInfo":"新港中路397号","detailInfoNew":"中路397号","nationalCode":"510105","telNumber":"020-81167888","isAddressNotMatched":{"a":[1]}}`,
			with(func(a *address.Address) { a.Street = "赤岗街道" })},
		{"editAddress, provice without its n", `{"err_msg":"edit_address:ok","userName":"张三","telNumber":"020-81167888","addressPostalCode":"510000","proviceFirstStageName":"广东省","addressCitySecondStageName":"广州市","addressCountiesThirdStageName":"海珠区","addressDetailInfo":"新港中路397号","nationalCode":"510105"}`, &home},
		{"getLatestAddress by its constant", `{"err_msg":"get_recently_used_address:ok","userName":"张三","telNumber":"020-81167888","addressPostalCode":"510000","proviceFirstStageName":"广东省","addressCitySecondStageName":"广州市","addressCountiesThirdStageName":"海珠区","addressDetailInfo":"新港中路397号","nationalCode":"510105"}`, &home},
		{"getLatestAddress by its other name, province with its n", `{"err_msg":"get_latest_address:ok","userName":"张三","telNumber":"020-81167888","addressPostalCode":"510000","provinceFirstStageName":"广东省","addressCitySecondStageName":"广州市","addressCountiesThirdStageName":"海珠区","addressDetailInfo":"新港中路397号","nationalCode":"510105"}`, &home},
		{"no message", `{"userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"510105","telNumber":"020-81167888"}`, &home},
		{"numbers for texts", `{"userName":"张三","postalCode":510000,"provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":510105,"telNumber":"020-81167888"}`, &home},
		{"both spellings of the district", `{"userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countyName":"海珠区","countryName":"中国","detailInfo":"新港中路397号","nationalCode":"510105","telNumber":"020-81167888"}`, &home},
		{"an empty one of them", `{"userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countyName":"","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"510105","telNumber":"020-81167888"}`, &home},
		{"street and detail apart", `{"userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countyName":"海珠区","streetName":"赤岗街道","detailInfoNew":"397号","nationalCode":"510105","telNumber":"020-81167888"}`,
			with(func(a *address.Address) { a.Street, a.Detail = "赤岗街道", "赤岗街道397号" })},
		{"the least", `{"userName":"张三","cityName":"上海市","detailInfo":"1号","telNumber":"13800000000","postalCode":null,"nationalCode":["x"],"provinceName":{}}`,
			&address.Address{Name: "张三", Phone: "13800000000", City: "上海市", Detail: "1号"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := address.Parse([]byte(tt.body))
			require.NoError(t, err)
			assert.True(t, *tt.want == *got, "%s", func() string { b, _ := got.Save(); return string(b) }())
		})
	}
}

func TestParseCleans(t *testing.T) {
	t.Parallel()
	got, err := address.Parse([]byte("{\"userName\":\" 张\\n三\\u202e \",\"telNumber\":\"13800000000\\n\",\"cityName\":\"上海市\",\"detailInfo\":\"1号\\r\\n2楼\\u0000\\u2028 \xff\"}"))
	require.NoError(t, err)
	assert.Equal(t, []string{"张 三", "13800000000", "1号  2楼   \uFFFD"}, []string{got.Name, got.Phone, got.Detail})
}

// What the control says in place of an address.
func TestParseMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       error
	}{
		{"openAddress cancelled", `{"errMsg":"openAddress:cancel"}`, address.ErrCancelled},
		{"chooseAddress cancelled", `{"errMsg":"chooseAddress:fail cancel"}`, address.ErrCancelled},
		{"editAddress cancelled", `{"err_msg":"edit_address:cancel"}`, address.ErrCancelled},
		{"editAddress failed", `{"err_msg":"edit_address:fail"}`, address.ErrFailed},
		{"editAddress, bad sign", `{"err_msg":"edit_address:fail_auth_error"}`, address.ErrFailed},
		{"denied", `{"errMsg":"chooseAddress:fail auth deny"}`, address.ErrFailed},
		{"withdrawn", `{"err_msg":"system:function_not_exist"}`, address.ErrUnsupported},
		{"not there", `{"errMsg":"openAddress:function not exist"}`, address.ErrUnsupported},
		{"no colon", `{"errMsg":"whatever"}`, address.ErrFailed},
		{"failure with an address", `{"errMsg":"openAddress:fail","userName":"C4NARY","cityName":"a","detailInfo":"b","telNumber":"13800000000"}`, address.ErrFailed},
		{"long and odd", `{"errMsg":"openAddress:fail\n` + strings.Repeat("C4NARY", 100) + `"}`, address.ErrFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := address.Parse([]byte(tt.body))
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, a)
			assert.NotContains(t, err.Error(), "C4NARY")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := address.Parse([]byte(`{"err_msg":"edit_address:fail_auth_error"}`))
	require.EqualError(t, err, `address: the control failed ("edit_address:fail_auth_error")`)
}

func TestAdverse66_67_ParseRefuses(t *testing.T) {
	t.Parallel()
	const good = `"userName":"a","telNumber":"13800000000","cityName":"b","detailInfo":"c"`
	for name, body := range map[string]string{
		"nothing": ``, "null": `null`, "a list": `[]`, "a text": `"x"`, "no field": `{}`, "other fields": `{"x":1}`, "cut": `{` + good,
		"two documents": `{` + good + `}{}`, "a field twice": `{` + good + `,"userName":"a"}`, "another case": `{` + good + `,"UserName":"x"}`,
		"depth": `{"x":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`, "crowd": `{` + good + `,"x":"` + strings.Repeat("a", 17000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := address.Parse([]byte(body))
			require.ErrorIs(t, err, address.ErrUnreadable)
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, field string
		change      func(*address.Address)
	}{
		{"good", "", func(*address.Address) {}},
		{"no province", "", func(a *address.Address) { a.Province = "" }},
		{"no postal code, district or region", "", func(a *address.Address) { a.PostalCode, a.District, a.Region = "", "", "" }},
		{"foreign phone", "", func(a *address.Address) { a.Phone = "+852 (0) 6123-4567,8#*" }},
		{"an emoji", "", func(a *address.Address) { a.Name = "张三😀" }},
		{"no name", "name", func(a *address.Address) { a.Name = "" }},
		{"no detail", "detail", func(a *address.Address) { a.Detail = "" }},
		{"no place", "province", func(a *address.Address) { a.Province, a.City = "", "" }},
		{"no phone", "phone", func(a *address.Address) { a.Phone = "" }},
		{"phone of stars", "phone", func(a *address.Address) { a.Phone = "138****" }},
		{"phone of letters", "phone", func(a *address.Address) { a.Phone = "13800000000<script>" }},
		{"phone of full-width digits", "phone", func(a *address.Address) { a.Phone = "１３８００００００００" }},
		{"long phone", "phone", func(a *address.Address) { a.Phone = strings.Repeat("1", 33) }},
		{"long name", "name", func(a *address.Address) { a.Name = strings.Repeat("名", 65) }},
		{"long detail", "detail", func(a *address.Address) { a.Detail = strings.Repeat("街", 513) }},
		{"long province", "province", func(a *address.Address) { a.Province = strings.Repeat("省", 65) }},
		{"long city", "city", func(a *address.Address) { a.City = strings.Repeat("市", 65) }},
		{"long district", "district", func(a *address.Address) { a.District = strings.Repeat("区", 65) }},
		{"long street", "street", func(a *address.Address) { a.Street = strings.Repeat("街", 65) }},
		{"long code", "region", func(a *address.Address) { a.Region = strings.Repeat("5", 17) }},
		{"long postal code", "postal_code", func(a *address.Address) { a.PostalCode = strings.Repeat("5", 17) }},
		{"line break", "detail", func(a *address.Address) { a.Detail = "a\nb" }},
		{"right to left", "name", func(a *address.Address) { a.Name = "a\u202eb" }},
		{"space at the end", "city", func(a *address.Address) { a.City += " " }},
		{"bytes that are no text", "name", func(a *address.Address) { a.Name = "\xff" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := with(tt.change)
			err := a.Validate()
			_, saved := a.Save()
			if tt.field == "" {
				require.NoError(t, err)
				require.NoError(t, saved)
				return
			}
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, tt.field, field.Field)
			require.ErrorContains(t, saved, "address: "+err.Error())
			assert.NotContains(t, err.Error(), home.Name)
			assert.NotContains(t, err.Error(), "138")
		})
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	const form = `{"v":1,"name":"张三","phone":"020-81167888","postal_code":"510000","province":"广东省","city":"广州市","district":"海珠区","detail":"新港中路397号","region":"510105"}`
	b, err := home.Save()
	require.NoError(t, err)
	assert.Equal(t, form, string(b), "what is stored must stay readable")
	got, err := address.Load([]byte(form))
	require.NoError(t, err)
	assert.True(t, home == *got)

	for _, bad := range []string{``, `null`, `{}`, `{"v":0}`, `{"v":1}`, `{"v":1,"v":1}`, strings.Replace(form, `"v":1`, `"v":2`, 1), strings.Replace(form, `"020-81167888"`, `"x"`, 1),
		strings.Replace(form, `"v":1,`, ``, 1), form + "x", `"address(广东省 广州市 ***)"`} {
		_, err := address.Load([]byte(bad))
		require.ErrorContains(t, err, "not an address that Save wrote", bad)
		assert.NotContains(t, err.Error(), "张三")
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "广东省广州市海珠区新港中路397号", home.Line())
	assert.Equal(t, "上海市浦东新区1号", address.Address{Province: "上海市", City: "上海市", District: "浦东新区", Detail: "1号"}.Line())
}

// Name, phone and street do not show by accident, nor pretend to be an address when read back.
func TestAddressStaysHidden(t *testing.T) {
	t.Parallel()
	for _, v := range []any{home, &home, []address.Address{home}, struct{ A address.Address }{home}, map[string]*address.Address{"a": &home}} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		text := string(b) + log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text += fmt.Sprintf(verb, v)
		}
		for _, word := range []string{home.Name, home.Phone, home.Detail, home.PostalCode, fmt.Sprintf("%x", home.Name)} {
			assert.NotContains(t, text, word, "%T", v)
		}
	}
	assert.Equal(t, "address(广东省 广州市 ***)", home.String())
	b, err := json.Marshal(home)
	require.NoError(t, err)
	var back address.Address
	require.Error(t, json.Unmarshal(b, &back))
}

const legacyApp = "wxf8b4f85f3a794e77"

// L-05 was published with the document of 2014 and recomputed; D-12 is derived.
func TestVectors_L05_D12_AddressSignature(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		in         address.EditRequest
	}{
		{"L-05", "b43e348ff8e0a8d04b7b4274ce1bd6c4db00b1a4", address.EditRequest{AppID: "wx17ef1eaef46752cb", PageURL: "http://open.weixin.qq.com/", Hosts: []string{"open.weixin.qq.com"},
			User: oauth.NewToken("OezXcEiiBSKSxW0eoylIeBFk1b8VbNtfWALJ5g6aMgZHaqZwK4euEskSn78Qd5pLsfQtuMdgmhajVM5QDm24W8X3tJ18kz5mhmkUcI3RoLm7qGgh1cEnCHejWQo8s5L3VvsFAdawhFxUuLmgh5FRA"),
			At:   time.Unix(1384841012, 0), Nonce: "123456"}},
		{"D-12", "a5e44dce4dfbb030090939d1c4375c29cd1d64c0", address.EditRequest{AppID: legacyApp, PageURL: "https://shop.example.com/cart?id=3&code=CODE123&state=s1#wechat_redirect",
			Hosts: []string{"shop.example.com"}, User: oauth.NewToken("OAUTH_ACCESS_TOKEN_SAMPLE"), At: time.Unix(1400000600, 0), Nonce: "addrNonce01"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := address.Edit(tt.in)
			require.NoError(t, err)
			assert.Equal(t, address.EditParams{AppID: tt.in.AppID, Scope: "jsapi_address", SignType: "sha1", AddrSign: tt.want,
				TimeStamp: fmt.Sprint(tt.in.At.Unix()), NonceStr: tt.in.Nonce}, *got)
			tt.in.Nonce += "x"
			other, err := address.Edit(tt.in)
			require.NoError(t, err)
			assert.NotEqual(t, tt.want, other.AddrSign)
		})
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	good := address.EditRequest{AppID: legacyApp, User: oauth.NewToken("C4NARY"), PageURL: "https://shop.example/cart?code=C&state=s", Hosts: []string{"shop.example"}}
	one, err := address.Edit(good)
	require.NoError(t, err)
	two, err := address.Edit(good)
	require.NoError(t, err)
	assert.NotEqual(t, one.NonceStr, two.NonceStr)
	assert.NotEqual(t, one.AddrSign, two.AddrSign)
	b, err := json.Marshal(one)
	require.NoError(t, err)
	assert.Regexp(t, `^{"appId":"`+legacyApp+`","scope":"jsapi_address","signType":"sha1","addrSign":"[0-9a-f]{40}","timeStamp":"\d{10}","nonceStr":"[A-Z2-7]{26}"}$`, string(b))

	tests := []struct {
		name, field string
		change      func(*address.EditRequest)
	}{
		{"no app", "appid", func(r *address.EditRequest) { r.AppID = "" }},
		{"no user", "accesstoken", func(r *address.EditRequest) { r.User = oauth.Token{} }},
		{"no hosts", "hosts", func(r *address.EditRequest) { r.Hosts = nil }},
		{"another host", "url", func(r *address.EditRequest) { r.PageURL = "https://evil.example/" }},
		{"no page", "url", func(r *address.EditRequest) { r.PageURL = "" }},
		{"long nonce", "noncestr", func(r *address.EditRequest) { r.Nonce = strings.Repeat("a", 33) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := good
			tt.change(&in)
			_, err := address.Edit(in)
			var field *wechat.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, tt.field, field.Field)
			assert.NotContains(t, err.Error(), "C4NARY")
		})
	}
}

// FuzzParse reads whatever a page may send: what comes out is fit to be stored, comes
// back the same, and hides itself.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"errMsg":"openAddress:ok","userName":"张三","postalCode":"510000","provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"510105","telNumber":"020-81167888"}`))
	f.Add([]byte(`{"err_msg":"edit_address:ok","userName":"a\u0000","proviceFirstStageName":"b","addressDetailInfo":"c\n","telNumber":13800000000}`))
	f.Add([]byte(`{"errMsg":"chooseAddress:fail cancel"}`))
	f.Add([]byte(`{"userName":"\ud800","telNumber":"12345","cityName":" \u2028x","streetName":"a","detailInfoNew":"b"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := address.Parse(body)
		if err != nil {
			var field *wechat.FieldError
			if a != nil || !errors.As(err, &field) && !errors.Is(err, address.ErrUnreadable) && !errors.Is(err, address.ErrCancelled) &&
				!errors.Is(err, address.ErrFailed) && !errors.Is(err, address.ErrUnsupported) || len(err.Error()) > 300 {
				t.Fatalf("bad refusal: %v", err)
			}
			return
		}
		b, err := a.Save()
		if err != nil {
			t.Fatal(err)
		}
		again, err := address.Load(b)
		if err != nil || *again != *a {
			t.Fatalf("stored %s, read back otherwise: %v", b, err)
		}
		if strings.ContainsAny(a.Line()+a.Name+a.Phone, "\r\n\x00") {
			t.Fatalf("%q breaks lines", a.Line())
		}
	})
}
