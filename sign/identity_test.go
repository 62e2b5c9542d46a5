package sign_test

import (
	"bytes"
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
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// device is a key that lives elsewhere: an HSM or a KMS.
type device struct {
	public crypto.PublicKey
	out    []byte
	err    error
}

func (d device) Public() crypto.PublicKey { return d.public }

func (d device) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return d.out, d.err }

func who(number, serial string, key crypto.Signer) sign.Identity {
	return sign.Identity{MchID: number, Serial: serial, Key: key}
}

func rsaPublic(bits uint, e int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: e}
}

func TestIdentity_Validate(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good := merchant(t)
	even := rsaPublic(2048, 65537)
	even.N.Lsh(even.N, 1)
	tests := []struct {
		name  string
		in    sign.Identity
		field string // "" for good
	}{
		{"good", good, ""},
		{"a device", who(good.MchID, good.Serial, device{public: &platformKey(t).PublicKey}), ""},
		{"no number", who("", good.Serial, good.Key), "MchID"},
		{"letters in number", who("19000x", good.Serial, good.Key), "MchID"},
		{"number with a quote", who(`1",x="`, good.Serial, good.Key), "MchID"},
		{"33 digits", who(strings.Repeat("1", 33), good.Serial, good.Key), "MchID"},
		{"no serial", who(good.MchID, "", good.Key), "Serial"},
		{"serial with colons", who(good.MchID, "5F:1C", good.Key), "Serial"},
		{"65 digits of serial", who(good.MchID, strings.Repeat("A", 65), good.Key), "Serial"},
		{"no key", who(good.MchID, good.Serial, nil), "Key"},
		{"nil pointer", who(good.MchID, good.Serial, (*rsa.PrivateKey)(nil)), "Key"},
		{"elliptic", who(good.MchID, good.Serial, ec), "Key"},
		{"nil public key", who(good.MchID, good.Serial, device{public: (*rsa.PublicKey)(nil)}), "Key"},
		{"empty private key", who(good.MchID, good.Serial, &rsa.PrivateKey{}), "Key"},
		{"1024 bits", who(good.MchID, good.Serial, device{public: rsaPublic(1024, 65537)}), "1024"},
		{"2047 bits", who(good.MchID, good.Serial, device{public: rsaPublic(2047, 65537)}), "2047"},
		{"exponent 1", who(good.MchID, good.Serial, device{public: rsaPublic(2048, 1)}), "exponent"},
		{"even exponent", who(good.MchID, good.Serial, device{public: rsaPublic(2048, 4)}), "exponent"},
		{"even modulus", who(good.MchID, good.Serial, device{public: even}), "modulus"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.in.Validate()
			if tt.field == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.field)
			assert.Regexp(t, "^sign: ", err.Error())
		})
	}
}

// lineOf picks the signature out of the Authorization header and checks it over the
// message we expect.
func assertSigned(t *testing.T, r *http.Request, message string) {
	t.Helper()
	_, rest, ok := strings.Cut(r.Header.Get("Authorization"), `signature="`)
	require.True(t, ok)
	s, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, `"`))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(message))
	assert.NoError(t, rsa.VerifyPKCS1v15(&privateKey(t, "merchant_java.pem").PublicKey, crypto.SHA256, sum[:], s), message)
}

func TestIdentity_Authorize_SignsWhatIsSent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("很长的内容", 400)
	tests := []struct {
		name, method, url, body, line string
	}{
		{"empty method is GET", "", "https://h/v3/certificates", "", "GET\n/v3/certificates"},
		{"no path", "GET", "https://h", "", "GET\n/"},
		{"bare question mark", "GET", "https://h/a?", "", "GET\n/a"},
		{"fragment", "GET", "https://h/a?b=1#c", "", "GET\n/a?b=1"},
		{"kept escapes", "GET", "https://h/a%2Fb%7Cc?x=%20+y", "", "GET\n/a%2Fb%7Cc?x=%20+y"},
		{"Chinese path", "GET", "https://h/订单", "", "GET\n/%E8%AE%A2%E5%8D%95"},
		{"long body", "POST", "https://h/a", long, "POST\n/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tt.url)
			require.NoError(t, err)
			r := &http.Request{Method: tt.method, URL: u}
			require.NoError(t, merchant(t).Authorize(r, []byte(tt.body), signedAt, nonce))
			assertSigned(t, r, tt.line+"\n1700000000\n"+nonce+"\n"+tt.body+"\n")
		})
	}
}

func TestIdentity_Authorize_Refuses(t *testing.T) {
	t.Parallel()
	good := merchant(t)
	broken := errors.New("device unplugged")
	get := func() *http.Request { return httptest.NewRequest("GET", "https://h/a?b=c", nil) }
	with := func(change func(*http.Request)) *http.Request { r := get(); change(r); return r }
	tests := []struct {
		name  string
		me    sign.Identity
		r     *http.Request
		at    time.Time
		nonce string
		want  string
	}{
		{"nil request", good, nil, signedAt, nonce, "URL"},
		{"nil URL", good, &http.Request{}, signedAt, nonce, "URL"},
		{"opaque URL", good, with(func(r *http.Request) { r.URL = &url.URL{Scheme: "mailto", Opaque: "x"} }), signedAt, nonce, "path"},
		{"relative path", good, with(func(r *http.Request) { r.URL.Path = "a" }), signedAt, nonce, "path"},
		{"break in query", good, with(func(r *http.Request) { r.URL.RawQuery = "a=1\n2" }), signedAt, nonce, "line break"},
		{"break in method", good, with(func(r *http.Request) { r.Method = "GET\n/x" }), signedAt, nonce, "line break"},
		{"no nonce", good, get(), signedAt, "", "nonce"},
		{"long nonce", good, get(), signedAt, strings.Repeat("a", 33), "nonce"},
		{"quote in nonce", good, get(), signedAt, `a",mchid="1`, "nonce"},
		{"break in nonce", good, get(), signedAt, "a\nb", "nonce"},
		{"zero time", good, get(), time.Time{}, nonce, "clock"},
		{"no number", who("", serial, good.Key), get(), signedAt, nonce, "MchID"},
		{"no serial", who("1", "", good.Key), get(), signedAt, nonce, "Serial"},
		{"no key", who("1", serial, nil), get(), signedAt, nonce, "nil"},
		{"nil key", who("1", serial, (*rsa.PrivateKey)(nil)), get(), signedAt, nonce, "nil"},
		{"device fails", who("1", serial, device{err: broken}), get(), signedAt, nonce, "unplugged"},
		{"device says nothing", who("1", serial, device{}), get(), signedAt, nonce, "empty signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.me.Authorize(tt.r, nil, tt.at, tt.nonce)
			require.ErrorContains(t, err, tt.want)
			if tt.r != nil {
				assert.Empty(t, tt.r.Header.Get("Authorization"))
			}
		})
	}
	require.ErrorIs(t, who("1", serial, device{err: broken}).Authorize(get(), nil, signedAt, nonce), broken)
}

func TestIdentity_PaySign(t *testing.T) {
	t.Parallel()
	me := merchant(t)
	got, err := me.PaySign("wx1", "1700000000", nonce, "prepay_id=wx2")
	require.NoError(t, err)
	s, err := base64.StdEncoding.Strict().DecodeString(got)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte("wx1\n1700000000\n" + nonce + "\nprepay_id=wx2\n"))
	require.NoError(t, rsa.VerifyPKCS1v15(&privateKey(t, "merchant_java.pem").PublicKey, crypto.SHA256, sum[:], s))

	_, err = me.PaySign()
	require.ErrorContains(t, err, "at least one line")
	_, err = me.PaySign("a\nb")
	require.ErrorContains(t, err, "line break")
	_, err = sign.Identity{}.PaySign("a")
	require.ErrorContains(t, err, "nil")
}

// A private key is easily logged with the struct it lies in; encoding/json would
// write out all of it.
func TestIdentity_KeepsItsKey(t *testing.T) {
	t.Parallel()
	key := privateKey(t, "merchant_java.pem")
	me := merchant(t)
	var out bytes.Buffer
	for _, v := range []any{me, &me, struct{ Me sign.Identity }{me}, struct{ me sign.Identity }{me}, []sign.Identity{me}, map[string]any{"me": me}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		data, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(data)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
	}
	require.Contains(t, out.String(), serial)
	for _, form := range []string{"%d", "%x", "%X"} {
		for _, secret := range []*big.Int{key.D, key.Primes[0], key.Primes[1], key.Precomputed.Dp} {
			assert.NotContains(t, out.String(), fmt.Sprintf(form, secret)[8:40])
		}
	}
}
