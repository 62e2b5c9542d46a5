package oauth_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
)

func TestMiniLogin(t *testing.T) {
	t.Parallel()
	const query = "appid=" + appID + "&secret=" + secret + "&js_code=JS_1&grant_type=authorization_code"
	for _, answer := range []string{
		`{"openid":"` + openID + `","session_key":"tiihtNczf5v6AKRyjwEUhQ==","unionid":"u1"}`,
		`{"errcode":0,"errmsg":"ok","openid":"` + openID + `","session_key":"tiihtNczf5v6AKRyjwEUhQ==","unionid":"u1","new":1}`,
	} {
		got, err := newMini(t, answers(t, "GET", "/sns/jscode2session", query, "", answer)).Login(t.Context(), "JS_1")
		require.NoError(t, err)
		assert.Equal(t, openID, got.OpenID)
		assert.Equal(t, "u1", got.UnionID)
		assert.Equal(t, "tiihtNczf5v6AKRyjwEUhQ==", got.Key.Reveal())
	}
}

// Vector U2, self-computed: the key is taken as text.
const (
	stateKey  = "o0q0otL8aEzpcZL/FT9WsQ=="
	stateSign = "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	const query = "access_token=ACCOUNT_TOKEN&openid=" + openID + "&signature=" + stateSign + "&sig_method=hmac_sha256"
	key := oauth.NewSessionKey(stateKey)
	require.NoError(t, newMini(t, answers(t, "GET", "/wxa/checksession", query, "", `{"errcode":0,"errmsg":"ok"}`)).CheckSession(t.Context(), openID, key))
	s, err := newMini(t, answers(t, "GET", "/wxa/resetusersessionkey", query, "", `{"errcode":0,"errmsg":"ok","openid":"`+openID+`","session_key":"NEW==","x":{}}`)).ResetSession(t.Context(), openID, key)
	require.NoError(t, err)
	assert.Equal(t, "NEW==", s.Key.Reveal())
	assert.Equal(t, openID, s.OpenID)
}

func TestVector_U2_SignatureOfTheUserState(t *testing.T) {
	t.Parallel()
	assert.Equal(t, stateSign, oauth.NewSessionKey(stateKey).Sign(""))
	assert.NotEqual(t, stateSign, oauth.NewSessionKey(stateKey).Sign("{}"))
}

func TestPhoneNumber(t *testing.T) {
	t.Parallel()
	const answer = `{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"+8613800000000","purePhoneNumber":"13800000000","countryCode":"86","watermark":{"timestamp":1637744274,"appid":"` + appID + `"},"new":1}}`
	p, err := newMini(t, answers(t, "POST", "/wxa/business/getuserphonenumber", "access_token=ACCOUNT_TOKEN", `{"code":"PHONE_1"}`, answer)).PhoneNumber(t.Context(), "PHONE_1")
	require.NoError(t, err)
	assert.Equal(t, oauth.Phone{Number: "+8613800000000", Pure: "13800000000", CountryCode: "86", Watermark: oauth.Watermark{AppID: appID, Timestamp: 1637744274}}, *p)
	assert.Empty(t, found(p, "13800000000"))
}

// The official example of rawData and its signature, recomputed.
func TestVector_U1_RawData(t *testing.T) {
	t.Parallel()
	const (
		key = "HyVFkGl5F5OQWJZZaNzBBg=="
		raw = `{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}`
		sig = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
	)
	require.NoError(t, oauth.NewSessionKey(key).Verify(raw, sig))
	for name, err := range map[string]error{
		"another text": oauth.NewSessionKey(key).Verify(raw+" ", sig),
		"another key":  oauth.NewSessionKey(stateKey).Verify(raw, sig),
		"no signature": oauth.NewSessionKey(key).Verify(raw, ""),
		"upper case":   oauth.NewSessionKey(key).Verify(raw, "75E81CEDA165F4FFA64F4068AF58C64B8F54B88C"),
		"no key":       oauth.SessionKey{}.Verify("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
	} {
		require.ErrorIs(t, err, oauth.ErrSignature, name)
	}
}

// Vector U3: the official example of encrypted data, recomputed.
const (
	openApp  = "wx4f4bc4dec97d474b"
	openKey  = "tiihtNczf5v6AKRyjwEUhQ=="
	openIV   = "r7BXXKkLb8qrSNn05n0qiA=="
	openData = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
	openTime = 1477314187
)

func openMini(t testing.TB, app string, now time.Time) *oauth.Mini {
	t.Helper()
	m, err := oauth.NewMini(oauth.Config{App: newApp(t, app, httpmock.NewMockTransport()), Secret: seal.NewKey(secret), Now: func() time.Time { return now }})
	require.NoError(t, err)
	return m
}

// sealData encrypts as WeChat does.
func sealData(t testing.TB, text string) oauth.EncryptedData {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(openKey)
	require.NoError(t, err)
	iv, err := base64.StdEncoding.DecodeString(openIV)
	require.NoError(t, err)
	b, err := aes.NewCipher(key)
	require.NoError(t, err)
	out := []byte(text)
	for pad := 16 - len(text)%16; len(out) < len(text)+pad; {
		out = append(out, byte(pad))
	}
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, out)
	return oauth.EncryptedData{Data: base64.StdEncoding.EncodeToString(out), IV: openIV}
}

func TestVector_U3_EncryptedData(t *testing.T) {
	t.Parallel()
	m := openMini(t, openApp, time.Unix(openTime+60, 0))
	p, err := oauth.Open[oauth.Profile](m, oauth.NewSessionKey(openKey), oauth.EncryptedData{Data: openData, IV: openIV})
	require.NoError(t, err)
	assert.Equal(t, "oGZUI0egBJY1zhBYw2KhdUfwVJJE", p.OpenID)
	assert.Equal(t, "ocMvos6NjeKLIBqg5Mr9QjxrP1FA", p.UnionID)
	assert.Equal(t, "Band", p.Nickname)
	assert.Equal(t, oauth.Watermark{AppID: openApp, Timestamp: openTime}, p.Watermark)
}

func TestOpenData(t *testing.T) {
	t.Parallel()
	key, at := oauth.NewSessionKey(openKey), time.Unix(openTime, 0)
	data := func(text string) oauth.EncryptedData { return sealData(t, text) }
	mark := fmt.Sprintf(`"watermark":{"appid":"%s","timestamp":%d}`, openApp, openTime)
	good := data(`{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86","new":[],` + mark + `}`)
	tests := []struct {
		name string
		m    *oauth.Mini
		key  oauth.SessionKey
		in   oauth.EncryptedData
		want error
	}{
		{"good", openMini(t, openApp, at), key, good, nil},
		{"at the edge of age", openMini(t, openApp, at.Add(10*time.Minute)), key, good, nil},
		{"too old", openMini(t, openApp, at.Add(10*time.Minute+1)), key, good, oauth.ErrStale},
		{"a little ahead", openMini(t, openApp, at.Add(-5*time.Minute)), key, good, nil},
		{"from the future", openMini(t, openApp, at.Add(-5*time.Minute-1)), key, good, oauth.ErrStale},
		{"another app", openMini(t, appID, at), key, good, oauth.ErrWatermark},
		{"another key", openMini(t, openApp, at), oauth.NewSessionKey(stateKey), good, oauth.ErrData},
		{"no key", openMini(t, openApp, at), oauth.SessionKey{}, good, oauth.ErrData},
		{"nothing", openMini(t, openApp, at), key, oauth.EncryptedData{}, oauth.ErrData},
		{"no watermark", openMini(t, openApp, at), key, data(`{"phoneNumber":"1"}`), oauth.ErrData},
		{"null watermark", openMini(t, openApp, at), key, data(`{"watermark":null}`), oauth.ErrData},
		{"two watermarks", openMini(t, openApp, at), key, data(`{` + mark + `,` + mark + `}`), oauth.ErrData},
		{"a watermark in another case", openMini(t, openApp, at), key, data(`{"Watermark":{},` + mark + `}`), oauth.ErrData},
		{"a watermark of no app", openMini(t, openApp, at), key, data(`{"watermark":{}}`), oauth.ErrWatermark},
		{"a time beyond all calendars", openMini(t, openApp, at), key, data(`{"watermark":{"appid":"` + openApp + `","timestamp":9223372036854775807}}`), oauth.ErrStale},
		{"a time before all calendars", openMini(t, openApp, at), key, data(`{"watermark":{"appid":"` + openApp + `","timestamp":-9223372036854775808}}`), oauth.ErrStale},
		{"no object", openMini(t, openApp, at), key, data(`[1]`), oauth.ErrData},
		{"no JSON", openMini(t, openApp, at), key, data(`hello`), oauth.ErrData},
		{"another shape", openMini(t, openApp, at), key, data(`{"phoneNumber":{"C4NARY":1},` + mark + `}`), oauth.ErrData},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := oauth.Open[oauth.Phone](tt.m, tt.key, tt.in)
			if tt.want == nil {
				require.NoError(t, err)
				assert.Equal(t, "13800000000", p.Number)
				return
			}
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, p)
			assert.NotContains(t, err.Error(), "C4NARY")
			assert.NotContains(t, err.Error(), openKey)
		})
	}
}

// FuzzEncryptedData opens whatever a page may send: any bytes give data of this app
// or one of the four errors.
func FuzzEncryptedData(f *testing.F) {
	m := openMini(f, openApp, time.Unix(openTime, 0))
	f.Add(openKey, openIV, openData)
	f.Add(openKey, openIV, sealData(f, `{"watermark":{"appid":"`+openApp+`","timestamp":1477314187}}`).Data)
	f.Add(openKey, openIV, sealData(f, `{"watermark":[],"watermark":{}}`).Data)
	f.Add(openKey, "", "====")
	f.Add("", openIV, openData[:64])
	f.Fuzz(func(t *testing.T, key, iv, data string) {
		p, err := oauth.Open[oauth.Profile](m, oauth.NewSessionKey(key), oauth.EncryptedData{Data: data, IV: iv})
		switch {
		case err == nil && p.Watermark.AppID != openApp:
			t.Fatal("data of another app")
		case err != nil && (p != nil || !errors.Is(err, oauth.ErrData) && !errors.Is(err, oauth.ErrWatermark) && !errors.Is(err, oauth.ErrStale)):
			t.Fatalf("bad refusal: %v", err)
		}
	})
}

// FuzzOpenedData reads whatever may come out of the cipher: CBC proves nothing.
func FuzzOpenedData(f *testing.F) {
	m, key := openMini(f, openApp, time.Unix(openTime, 0)), oauth.NewSessionKey(openKey)
	f.Add(`{"watermark":{"appid":"` + openApp + `","timestamp":1477314187},"openId":"o"}`)
	f.Add(`{"watermark":{"appid":"` + openApp + `","timestamp":1e400}}`)
	f.Add(`{"watermark":{"appid":"` + openApp + `","timestamp":1477314187}}{}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, plain string) {
		p, err := oauth.Open[oauth.Profile](m, key, sealData(t, plain))
		if (err == nil) != (p != nil) || err == nil && p.Watermark.AppID != openApp {
			t.Fatalf("%q gave %v, %v", plain, p, err)
		}
	})
}

// A code is spent by the call: a lost answer is not asked for again.
func TestPhoneNumberIsAskedOnce(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewErrorResponder(errors.New("reset")))
	app, err := wechat.NewApp(appID, fixed{}, wechat.WithTransport(&http.Client{Transport: mock}))
	require.NoError(t, err)
	m, err := oauth.NewMini(oauth.Config{App: app, Secret: seal.NewKey(secret)})
	require.NoError(t, err)
	_, err = m.PhoneNumber(t.Context(), "PHONE_1")
	require.Error(t, err)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	assert.Equal(t, 1, mock.GetTotalCallCount())
}
