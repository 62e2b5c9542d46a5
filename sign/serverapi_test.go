package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

const (
	appID      = "wxba6223c06417af7b"
	appAddress = "https://api.weixin.qq.com/wxa/getuserriskrank"
	appSerial  = "97845f6ed842ea860df6fdf65941ff56"
	nextSerial = "0123456789abcdef0123456789abcdef"
)

var appBody = []byte(`{"iv":"r2WDQt56rEAmMuoR","data":"HExs66Ik3el","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}`)

// pssText signs as WeChat does, written out once more for the tests.
func pssText(t testing.TB, k *rsa.PrivateKey, salt int, address, app, stamp string, body []byte) string {
	t.Helper()
	sum := sha256.Sum256([]byte(address + "\n" + app + "\n" + stamp + "\n" + string(body)))
	s, err := rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256})
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(s)
}

func appHeaders(stamp, serial, signature string) http.Header {
	return http.Header{"Wechatmp-Appid": {appID}, "Wechatmp-Timestamp": {stamp}, "Wechatmp-Serial": {serial}, "Wechatmp-Signature": {signature}, "Content-Type": {"application/json"}}
}

// appSigned are the headers of a genuine answer with appBody, made at signedAt.
func appSigned(t testing.TB) http.Header {
	t.Helper()
	return appHeaders("1700000000", appSerial, pssText(t, platformKey(t), 32, appAddress, appID, "1700000000", appBody))
}

func appVerifier(t testing.TB, keys ...sign.AppPlatformKey) *sign.AppVerifier {
	t.Helper()
	if keys == nil {
		keys = []sign.AppPlatformKey{{Serial: appSerial, Key: &platformKey(t).PublicKey}}
	}
	v, err := sign.NewAppVerifier(appID, clock(signedAt), keys...)
	require.NoError(t, err)
	return v
}

func appRefused(t *testing.T, v *sign.AppVerifier, address string, h http.Header, body []byte, cause error) {
	t.Helper()
	got, err := v.Verify(address, h, body)
	require.ErrorIs(t, err, cause)
	assert.False(t, got.OK())
	assert.Less(t, len(err.Error()), 1000)
}

// appVector is testdata/serverapi.json, the official example, with a verifier that
// stands at its time.
type appVector struct{ AppID, Address, Timestamp, Body, Signature string }

func loadAppVector(t testing.TB) (v appVector, verifier *sign.AppVerifier) {
	t.Helper()
	data, err := os.ReadFile("testdata/serverapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &v))
	verifier, err = sign.NewAppVerifier(v.AppID, clock(time.Unix(1635927954, 0)), sign.AppPlatformKey{Serial: "s", Key: publicKey(t, "serverapi_pub.pem")})
	require.NoError(t, err)
	return v, verifier
}

// The official example: a request of the account, checked as WeChat checks it.
func TestVector_ServerAPI(t *testing.T) {
	t.Parallel()
	v, verifier := loadAppVector(t)
	h := appHeaders(v.Timestamp, "s", v.Signature)
	proof, err := verifier.Verify(v.Address, h, []byte(v.Body))
	require.NoError(t, err)
	assert.Equal(t, v.Body, string(proof.Body()))
	assert.Equal(t, "s", proof.Serial())
	assert.Equal(t, int64(1635927954), proof.Time().Unix())

	appRefused(t, verifier, v.Address, h, []byte(v.Body+" "), sign.ErrMismatch)
	appRefused(t, verifier, v.Address+"?access_token=x", h, []byte(v.Body), sign.ErrMismatch)
	appRefused(t, verifier, v.Address, set1(h, "Wechatmp-Timestamp", "1635927955"), []byte(v.Body), sign.ErrMismatch)
}

func TestServerAPI_SaltMustBeAsLongAsTheHash(t *testing.T) {
	t.Parallel()
	for salt, good := range map[int]bool{32: true, 20: false, 0: true, 31: false, 64: false} {
		if salt == 0 {
			continue // PSSSaltLengthAuto takes the longest
		}
		h := appHeaders("1700000000", appSerial, pssText(t, platformKey(t), salt, appAddress, appID, "1700000000", appBody))
		_, err := appVerifier(t).Verify(appAddress, h, appBody)
		assert.Equal(t, good, err == nil, "salt of %d", salt)
	}
}

func TestAppIdentity_Authorize(t *testing.T) {
	t.Parallel()
	me := sign.AppIdentity{AppID: appID, Key: privateKey(t, "merchant_java.pem")}
	r := httptest.NewRequest(http.MethodPost, appAddress+"?access_token=secret", nil)
	r.Header.Add("Wechatmp-Signature", "old")
	require.NoError(t, me.Authorize(r, appBody, signedAt))
	assert.Equal(t, appAddress, sign.APIURL(r.URL))
	assert.Equal(t, []string{appID}, r.Header.Values("Wechatmp-AppID"))
	assert.Equal(t, []string{"1700000000"}, r.Header.Values("Wechatmp-TimeStamp"))
	require.Len(t, r.Header.Values("Wechatmp-Signature"), 1)
	raw, err := base64.StdEncoding.DecodeString(r.Header.Get("Wechatmp-Signature"))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(appAddress + "\n" + appID + "\n1700000000\n" + string(appBody)))
	require.NoError(t, rsa.VerifyPSS(&privateKey(t, "merchant_java.pem").PublicKey, crypto.SHA256, sum[:], raw, &rsa.PSSOptions{SaltLength: 32}))

	bare := &http.Request{URL: &url.URL{Scheme: "https", Host: "api.weixin.qq.com", Path: "/a b"}}
	require.NoError(t, me.Authorize(bare, nil, signedAt))
	assert.Equal(t, "https://api.weixin.qq.com/a%20b", sign.APIURL(bare.URL))
}

type badSigner struct {
	pub crypto.PublicKey
	err error
}

func (b badSigner) Public() crypto.PublicKey { return b.pub }

func (b badSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, b.err }

func TestAppIdentity_RefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	key := privateKey(t, "merchant_java.pem")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	broken := errors.New("token pulled out")
	r := httptest.NewRequest(http.MethodPost, appAddress, nil)
	for name, tt := range map[string]struct {
		me   sign.AppIdentity
		r    *http.Request
		at   time.Time
		says string
	}{
		"no app id":       {sign.AppIdentity{Key: key}, r, signedAt, "AppID"},
		"line break":      {sign.AppIdentity{AppID: "wx\n1", Key: key}, r, signedAt, "AppID"},
		"no key":          {sign.AppIdentity{AppID: appID}, r, signedAt, "nil"},
		"nil key inside":  {sign.AppIdentity{AppID: appID, Key: (*rsa.PrivateKey)(nil)}, r, signedAt, "nil"},
		"not RSA":         {sign.AppIdentity{AppID: appID, Key: curve}, r, signedAt, "not an RSA key"},
		"short":           {sign.AppIdentity{AppID: appID, Key: small}, r, signedAt, "1024 bits"},
		"signer fails":    {sign.AppIdentity{AppID: appID, Key: badSigner{&key.PublicKey, broken}}, r, signedAt, "token pulled out"},
		"empty signature": {sign.AppIdentity{AppID: appID, Key: badSigner{&key.PublicKey, nil}}, r, signedAt, "empty signature"},
		"no URL":          {sign.AppIdentity{AppID: appID, Key: key}, &http.Request{}, signedAt, "URL"},
		"no clock":        {sign.AppIdentity{AppID: appID, Key: key}, r, time.Unix(0, 0), "1970"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, tt.me.Authorize(tt.r, appBody, tt.at), tt.says)
			assert.Empty(t, tt.r.Header["Wechatmp-Signature"])
		})
	}
}

func TestNewAppVerifier_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := sign.AppPlatformKey{Serial: appSerial, Key: &platformKey(t).PublicKey}
	for name, tt := range map[string]struct {
		keys []sign.AppPlatformKey
		says string
	}{
		"none":       {nil, "no platform key"},
		"no serial":  {[]sign.AppPlatformKey{{Key: good.Key}}, "serial"},
		"two lines":  {[]sign.AppPlatformKey{{Serial: "a\nb", Key: good.Key}}, "serial"},
		"nil key":    {[]sign.AppPlatformKey{{Serial: "a"}}, "RSA key is nil"},
		"same twice": {[]sign.AppPlatformKey{good, good}, "twice"},
	} {
		_, err := sign.NewAppVerifier(appID, nil, tt.keys...)
		require.ErrorContains(t, err, tt.says, name)
	}
}

func TestAppVerifier_TheCallersKeyMayChange(t *testing.T) {
	t.Parallel()
	own := platformKey(t).PublicKey
	v := appVerifier(t, sign.AppPlatformKey{Serial: appSerial, Key: &own})
	own.E = 3
	_, err := v.Verify(appAddress, appSigned(t), appBody)
	require.NoError(t, err)
}

func TestAppVerifier_Headers(t *testing.T) {
	t.Parallel()
	good := appSigned(t)
	for _, name := range []string{"Wechatmp-Appid", "Wechatmp-Timestamp", "Wechatmp-Serial", "Wechatmp-Signature"} {
		h := good.Clone()
		h.Del(name)
		appRefused(t, appVerifier(t), appAddress, h, appBody, sign.ErrUnsigned)
		appRefused(t, appVerifier(t), appAddress, set1(good, name, ""), appBody, sign.ErrUnsigned)
		h = good.Clone()
		h.Add(name, good.Get(name))
		appRefused(t, appVerifier(t), appAddress, h, appBody, sign.ErrUnsigned)
		h = good.Clone()
		h[strings.ToLower(name)] = []string{good.Get(name)}
		appRefused(t, appVerifier(t), appAddress, h, appBody, sign.ErrUnsigned)
		appRefused(t, appVerifier(t), appAddress, set1(good, name, good.Get(name)+"\n"), appBody, sign.ErrUnsigned)
	}
	h := http.Header{}
	for name, values := range good {
		h[strings.ToUpper(name)] = values
	}
	_, err := appVerifier(t).Verify(appAddress, h, appBody)
	require.NoError(t, err, "any case will do")
	assert.True(t, sign.IsSigned(h))
	assert.False(t, sign.IsSigned(http.Header{"Wechatmp": {"x"}, "Content-Type": {"x"}}))
}

func TestAppVerifier_Window(t *testing.T) {
	t.Parallel()
	for age, good := range map[time.Duration]bool{299: true, 300: false, -299: true, -300: false, 1e9: false} {
		v, err := sign.NewAppVerifier(appID, clock(signedAt.Add(age*time.Second)), sign.AppPlatformKey{Serial: appSerial, Key: &platformKey(t).PublicKey})
		require.NoError(t, err)
		_, err = v.Verify(appAddress, appSigned(t), appBody)
		assert.Equal(t, good, err == nil, "%d s", age)
		assert.True(t, good || errors.Is(err, sign.ErrStale))
	}
	for _, stamp := range []string{"01700000000", "1700000000000", "-1", "1.7e9", " 1700000000"} {
		appRefused(t, appVerifier(t), appAddress, set1(appSigned(t), "Wechatmp-Timestamp", stamp), appBody, sign.ErrUnsigned)
	}
}

// While the platform's key changes, an answer is signed with both keys.
func TestAppVerifier_KeyChange(t *testing.T) {
	t.Parallel()
	oldKey, newKey := platformKey(t), privateKey(t, "merchant_java.pem")
	h := appHeaders("1700000000", nextSerial, pssText(t, newKey, 32, appAddress, appID, "1700000000", appBody))
	h.Set("Wechatmp-Serial-Deprecated", appSerial)
	h.Set("Wechatmp-Signature-Deprecated", pssText(t, oldKey, 32, appAddress, appID, "1700000000", appBody))
	older := sign.AppPlatformKey{Serial: appSerial, Key: &oldKey.PublicKey}
	newer := sign.AppPlatformKey{Serial: nextSerial, Key: &newKey.PublicKey}
	for name, tt := range map[string]struct {
		keys   []sign.AppPlatformKey
		serial string
	}{
		"before": {[]sign.AppPlatformKey{older}, appSerial},
		"during": {[]sign.AppPlatformKey{older, newer}, nextSerial},
		"after":  {[]sign.AppPlatformKey{newer}, nextSerial},
	} {
		proof, err := appVerifier(t, tt.keys...).Verify(appAddress, h, appBody)
		require.NoError(t, err, name)
		assert.Equal(t, tt.serial, proof.Serial(), name)
	}
	appRefused(t, appVerifier(t, sign.AppPlatformKey{Serial: "other", Key: &oldKey.PublicKey}), appAddress, h, appBody, sign.ErrUnknownKey)
	bad := h.Clone()
	bad.Set("Wechatmp-Signature", h.Get("Wechatmp-Signature-Deprecated"))
	appRefused(t, appVerifier(t, older, newer), appAddress, bad, appBody, sign.ErrMismatch)
	bad = h.Clone()
	bad.Del("Wechatmp-Signature-Deprecated")
	appRefused(t, appVerifier(t, newer), appAddress, bad, appBody, sign.ErrUnsigned)
	appRefused(t, appVerifier(t), appAddress, set1(appSigned(t), "Wechatmp-Appid", "wx1"), appBody, sign.ErrMismatch)
	other := appHeaders("1700000000", appSerial, pssText(t, platformKey(t), 32, appAddress, "wx1", "1700000000", appBody))
	other.Set("Wechatmp-Appid", "wx1")
	appRefused(t, appVerifier(t), appAddress, other, appBody, sign.ErrMismatch) // genuine, but another account's
	appRefused(t, appVerifier(t), appAddress, set1(appSigned(t), "Wechatmp-Signature", strings.Repeat("!", 344)), appBody, sign.ErrMismatch)
}

// Every change of one bit of anything that is signed, or of the signature, is refused.
func TestAppVerifier_NoBitMayChange(t *testing.T) {
	t.Parallel()
	v, good := appVerifier(t), appSigned(t)
	bits := func(text string, try func(changed string)) {
		for i := range len(text) {
			for bit := range 8 {
				b := []byte(text)
				b[i] ^= 1 << bit
				try(string(b))
			}
		}
	}
	tried := 0
	never := func(address string, h http.Header, body []byte) {
		tried++
		if proof, err := v.Verify(address, h, body); err == nil || proof.OK() {
			t.Errorf("accepted %s %v %s", address, h, body)
		}
	}
	for _, name := range []string{"Wechatmp-Appid", "Wechatmp-Timestamp", "Wechatmp-Serial", "Wechatmp-Signature"} {
		bits(good.Get(name), func(s string) { never(appAddress, set1(good, name, s), appBody) })
	}
	bits(string(appBody), func(s string) { never(appAddress, good, []byte(s)) })
	bits(appAddress, func(s string) { never(s, good, appBody) })
	assert.Greater(t, tried, 4000)
}

func TestAppIdentityPrintsNoKey(t *testing.T) {
	t.Parallel()
	me := sign.AppIdentity{AppID: appID, Key: privateKey(t, "merchant_java.pem")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "me", me)
	data, err := json.Marshal(me)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %d", me, me, me, me), string(data), log.String()} {
		assert.Contains(t, text, appID)
		assert.NotContains(t, text, me.Key.(*rsa.PrivateKey).D.String())
		assert.Less(t, len(text), 300)
	}
}

// FuzzAppVerify feeds what anybody in between may send; only the official example
// passes. Its signature is fixed, which matters because PSS signatures are random
// and every fuzzing process would make its own.
func FuzzAppVerify(f *testing.F) {
	v, verifier := loadAppVector(f)
	text, body := v.Signature, []byte(v.Body)
	f.Add(v.AppID, v.Timestamp, "s", text, "", "", body)
	f.Add(v.AppID, v.Timestamp, "x", "AAAA", "s", text, body)
	f.Add("", "01", "\n", text[:76]+"\r\n"+text[76:], "s", "====", []byte{})
	f.Fuzz(func(t *testing.T, app, stamp, serial, signature, oldSerial, oldSignature string, b []byte) {
		h := http.Header{"Wechatmp-Appid": {app}, "Wechatmp-Timestamp": {stamp}, "Wechatmp-Serial": {serial}, "Wechatmp-Signature": {signature}}
		if oldSerial != "" {
			h["Wechatmp-Serial-Deprecated"], h["Wechatmp-Signature-Deprecated"] = []string{oldSerial}, []string{oldSignature}
		}
		proof, err := verifier.Verify(v.Address, h, b)
		signed := serial == "s" && signature == text || serial != "s" && oldSerial == "s" && oldSignature == text
		genuine := signed && app == v.AppID && stamp == v.Timestamp && string(b) == v.Body
		if err == nil && (!genuine || !proof.OK()) {
			t.Fatalf("accepted %v", h)
		}
		if err != nil && (proof.OK() || len(err.Error()) > 1000) {
			t.Fatal("bad refusal")
		}
	})
}
