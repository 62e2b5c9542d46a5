package notify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// refused asserts that no handler was called and that the sender learned nothing.
func refused(t *testing.T, p *probe, reply notify.Reply, status int, cause error, name string) {
	t.Helper()
	assert.Equal(t, status, reply.Status, name)
	assert.Zero(t, p.calls(), name)
	assert.Regexp(t, `^\{"code":"FAIL","message":"[a-z ]{1,20}"\}$`, string(reply.Body), name)
	if cause != nil {
		assert.ErrorIs(t, p.last(t).Err, cause, name)
	}
}

func TestAdverse22_HeadersMissingEmptyDoubled(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	good := notice(t, paidSample)
	for _, name := range []string{"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"} {
		for how, change := range map[string]func(http.Header){
			"missing":       func(h http.Header) { h.Del(name) },
			"empty":         func(h http.Header) { h.Set(name, "") },
			"doubled":       func(h http.Header) { h.Add(name, h.Get(name)) },
			"in other case": func(h http.Header) { h[strings.ToLower(name)] = []string{"x"} },
		} {
			h, p := receiver(t, m)
			req := good
			req.Header = good.Header.Clone()
			change(req.Header)
			refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrUnsigned, name+" "+how)
		}
	}
	h, p := receiver(t, m)
	refused(t, p, h.Handle(t.Context(), notify.Request{Method: "POST", Body: good.Body}), 401, sign.ErrUnsigned, "no headers at all")
}

func TestAdverse23_BodyTouchedOnTheWay(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	good := notice(t, paidSample)
	for name, body := range map[string][]byte{
		"newline at the end": append(bytes.Clone(good.Body), '\n'),
		"CRLF at the end":    append(bytes.Clone(good.Body), '\r', '\n'),
		"byte order mark":    append([]byte("\ufeff"), good.Body...),
		"space added":        bytes.Replace(good.Body, []byte(`":`), []byte(`": `), 1),
		"text re-encoded":    bytes.Replace(good.Body, []byte("支"), []byte(`\u652f`), 1),
		"one bit":            append([]byte{good.Body[0] ^ 1}, good.Body[1:]...),
		"cut":                good.Body[:len(good.Body)-1],
	} {
		h, p := receiver(t, m)
		req := good
		req.Body = body
		require.NotEqual(t, good.Body, body)
		refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrMismatch, name)
	}
	h, p := receiver(t, m)
	bom := signed(t, time.Now(), "\ufeff"+string(good.Body))
	refused(t, p, h.Handle(t.Context(), bom), 500, notify.ErrMalformed, "signed with a byte order mark")
}

func TestAdverse24_Base64HasOneSpelling(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	good := notice(t, paidSample)
	text := good.Header.Get("Wechatpay-Signature")
	rawURL := strings.NewReplacer("+", "-", "/", "_").Replace(text)
	for name, value := range map[string]string{
		"no padding":     strings.TrimRight(text, "="),
		"more padding":   text + "=",
		"inner space":    text[:100] + " " + text[100:],
		"inner newline":  text[:100] + "\n" + text[100:],
		"spare bits":     text[:len(text)-3] + string(text[len(text)-3]+1) + "==",
		"URL alphabet":   rawURL,
		"twice":          text + text,
		"not base64":     "!!!!",
		"a megabyte":     strings.Repeat("AAAA", 1<<18),
		"trailing space": text + " ",
	} {
		if value == text {
			continue // this signature has neither + nor /
		}
		h, p := receiver(t, m)
		req := good
		req.Header = good.Header.Clone()
		req.Header.Set("Wechatpay-Signature", value)
		refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrMismatch, name)
	}
}

func TestAdverse24_CiphertextHasOneSpelling(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	text := sealGCM(t, apiV3Key, nonce12, "transaction", paidSample+"  ") // two bytes more: it ends in one =
	require.Equal(t, 1, strings.Count(text, "="))
	body := func(text string) string {
		return `{"id":"1","event_type":"` + eventPaid + `","resource_type":"encrypt-resource","resource":{"original_type":"transaction",` +
			`"algorithm":"AEAD_AES_256_GCM","associated_data":"transaction","nonce":"` + nonce12 + `","ciphertext":"` + text + `"}}`
	}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"as it is":               {text, true},
		"slashes escaped":        {strings.ReplaceAll(text, "/", `\/`), true},
		"escaped letter":         {fmt.Sprintf(`\u%04x`, text[0]) + text[1:], true},
		"no padding":             {strings.TrimRight(text, "="), false},
		"inner space":            {text[:20] + " " + text[20:], false},
		"inner newline, escaped": {text[:20] + `\n` + text[20:], false},
		"spare bits":             {text[:len(text)-2] + string(text[len(text)-2]+1) + "=", false},
		"URL alphabet":           {"-_" + text[2:], false},
		"bad escape":             {text[:20] + `\x` + text[20:], false},
	} {
		h, p := receiver(t, m)
		reply := h.Handle(t.Context(), signed(t, time.Now(), body(c.text)))
		if c.ok {
			assert.Equal(t, 200, reply.Status, name)
			continue
		}
		refused(t, p, reply, 500, nil, name)
	}
}

func TestAdverse25_ProbeIsRefusedWithoutAlarm(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, p := receiver(t, merchant(t, mchID, nil), notify.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	req := notice(t, paidSample)
	req.Header.Set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/"+req.Header.Get("Wechatpay-Signature"))
	refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrProbe, "probe")
	assert.Equal(t, 1, strings.Count(log.String(), "level="))
	assert.Contains(t, log.String(), "level=INFO")

	again := notice(t, paidSample)
	assert.Equal(t, 200, h.Handle(t.Context(), again).Status, "the genuine one follows")
}

func TestAdverse26_KeyAndSerialBelongTogether(t *testing.T) {
	t.Parallel()
	other := newKey()
	const otherID = "PUB_KEY_ID_0119000000012026010100000000000002"
	ring, err := sign.NewRing(sign.PublicKey(keyID, &other.PublicKey), sign.PublicKey(otherID, &platformKey().PublicKey))
	require.NoError(t, err)
	m := withKeys(t, ring)
	h, p := receiver(t, m)
	refused(t, p, h.Handle(t.Context(), notice(t, paidSample)), 401, sign.ErrMismatch, "right serial, wrong key")

	h, p = receiver(t, merchant(t, mchID, nil))
	req := notice(t, paidSample)
	req.Header.Set("Wechatpay-Serial", otherID)
	refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrUnknownKey, "wrong serial, right key")
}

// withKeys is the usual merchant with another key set.
func withKeys(t testing.TB, keys sign.KeySet) *wechat.Merchant {
	t.Helper()
	m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: mchID, Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115",
		Key: merchantKey(), APIv3Key: seal.NewKey(apiV3Key), Platform: keys})
	require.NoError(t, err)
	t.Cleanup(m.CloseIdleConnections)
	return m
}

// keySet answers with whatever f says.
type keySet func(ctx context.Context, id string) (*rsa.PublicKey, error)

func (f keySet) Key(ctx context.Context, id string) (*rsa.PublicKey, error) { return f(ctx, id) }

func (f keySet) Preferred(context.Context) (string, *rsa.PublicKey, error) {
	return "", nil, errors.New("not here")
}

// Whether an unknown serial may cause a download is the key set's decision (G10);
// the receiver asks it once a notice and goes on serving known ones.
func TestAdverse27_UnknownSerials(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	h, p := receiver(t, withKeys(t, keySet(func(_ context.Context, id string) (*rsa.PublicKey, error) {
		asked.Add(1)
		if id == keyID {
			return &platformKey().PublicKey, nil
		}
		return nil, fmt.Errorf("%w: %s", sign.ErrUnknownKey, id)
	})))
	req := notice(t, paidSample)
	for i := range 1000 {
		forged := req
		forged.Header = req.Header.Clone()
		forged.Header.Set("Wechatpay-Serial", fmt.Sprintf("%040X", i))
		reply := h.Handle(t.Context(), forged)
		require.Equal(t, 401, reply.Status)
	}
	assert.EqualValues(t, 1000, asked.Load())
	assert.Zero(t, p.calls())
	assert.Equal(t, 200, h.Handle(t.Context(), req).Status)
}

func TestAdverse28_KeysThatAreNoGood(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	certificate := func(from, to time.Duration) sign.KeySet {
		template := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "Tenpay.com sign"},
			NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &platformKey().PublicKey, platformKey())
		require.NoError(t, err)
		c, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		ring, err := sign.NewRing(sign.Certificate(c))
		require.NoError(t, err)
		return ring
	}
	const serial = "4D"
	for name, keys := range map[string]sign.KeySet{
		"expired":       certificate(-2*time.Hour, -time.Hour),
		"not yet valid": certificate(time.Hour, 2*time.Hour),
		"nil":           keySet(func(context.Context, string) (*rsa.PublicKey, error) { return nil, nil }),
		"1024 bits":     keySet(func(context.Context, string) (*rsa.PublicKey, error) { return &small.PublicKey, nil }),
		"empty":         keySet(func(context.Context, string) (*rsa.PublicKey, error) { return &rsa.PublicKey{}, nil }),
	} {
		h, p := receiver(t, withKeys(t, keys))
		req := notice(t, paidSample)
		req.Header.Set("Wechatpay-Serial", serial)
		refused(t, p, h.Handle(t.Context(), req), 401, sign.ErrUnknownKey, name)
	}
	h, _ := receiver(t, withKeys(t, certificate(-time.Hour, time.Hour)))
	req := notice(t, paidSample)
	req.Header.Set("Wechatpay-Serial", serial)
	assert.Equal(t, 200, h.Handle(t.Context(), req).Status, "a valid certificate")

	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, err = sign.NewRing(sign.Certificate(&x509.Certificate{SerialNumber: big.NewInt(1), PublicKey: &curve.PublicKey}))
	require.Error(t, err, "an EC key does not get as far as a receiver")
}

func TestAdverse30_ResourcesThatDoNotOpen(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	text := sealGCM(t, apiV3Key, nonce12, "transaction", paidSample)
	tests := []struct{ name, algorithm, nonce, extra, text string }{
		{"nonce of 11 bytes", "AEAD_AES_256_GCM", nonce12[:11], "transaction", text},
		{"nonce of 13 bytes", "AEAD_AES_256_GCM", nonce12 + "x", "transaction", text},
		{"nonce of 12 characters, more bytes", "AEAD_AES_256_GCM", "é" + nonce12[1:], "transaction", text},
		{"no nonce", "AEAD_AES_256_GCM", "", "transaction", text},
		{"another nonce", "AEAD_AES_256_GCM", "fdasflkja485", "transaction", text},
		{"15 bytes", "AEAD_AES_256_GCM", nonce12, "transaction", base64.StdEncoding.EncodeToString(make([]byte, 15))},
		{"16 bytes", "AEAD_AES_256_GCM", nonce12, "transaction", base64.StdEncoding.EncodeToString(make([]byte, 16))},
		{"no ciphertext", "AEAD_AES_256_GCM", nonce12, "transaction", ""},
		{"wrong tag", "AEAD_AES_256_GCM", nonce12, "transaction", "AAAA" + text[4:]},
		{"wrong associated data", "AEAD_AES_256_GCM", nonce12, "refund", text},
		{"no associated data", "AEAD_AES_256_GCM", nonce12, "", text},
		{"SM4", "AEAD_SM4_GCM", nonce12, "transaction", text},
		{"AES-128", "AEAD_AES_128_GCM", nonce12, "transaction", text},
		{"lower case", "aead_aes_256_gcm", nonce12, "transaction", text},
		{"no algorithm", "", nonce12, "transaction", text},
		{"another key", "AEAD_AES_256_GCM", nonce12, "transaction", sealGCM(t, strings.Repeat("k", 32), nonce12, "transaction", paidSample)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, p := receiver(t, m)
			body := fmt.Sprintf(`{"id":"1","event_type":%q,"resource_type":"encrypt-resource","resource":{"original_type":"transaction",`+
				`"algorithm":%q,"associated_data":%q,"nonce":%q,"ciphertext":%q}}`, eventPaid, tt.algorithm, tt.extra, tt.nonce, tt.text)
			refused(t, p, h.Handle(t.Context(), signed(t, time.Now(), body)), 500, nil, tt.name)
			assert.Error(t, p.last(t).Err)
			assert.NotContains(t, p.last(t).Err.Error(), apiV3Key)
		})
	}
	for _, n := range []int{0, 31, 33} {
		_, err := wechat.NewMerchant(wechat.MerchantConfig{ID: mchID, Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", Key: merchantKey(),
			APIv3Key: seal.NewKey(strings.Repeat("k", n)), Platform: keySet(nil)})
		require.Error(t, err, "an APIv3 key of %d bytes", n)
	}
}

func TestAssociatedDataMayBeEmptyOrAbsent(t *testing.T) {
	t.Parallel()
	text := sealGCM(t, apiV3Key, nonce12, "", paidSample)
	for _, extra := range []string{``, `"associated_data":"",`, `"associated_data":null,`} {
		h, p := receiver(t, merchant(t, mchID, nil))
		body := `{"id":"1","event_type":"TRANSACTION.SUCCESS","resource_type":"encrypt-resource","resource":{"original_type":"transaction",` +
			extra + `"algorithm":"AEAD_AES_256_GCM","nonce":"` + nonce12 + `","ciphertext":"` + text + `"}}`
		assert.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), body)).Status, extra)
		assert.Equal(t, 1, p.calls())
	}
}

func TestKeyDownloadThatFailsIsOurTrouble(t *testing.T) {
	t.Parallel()
	down := errors.New("download failed")
	h, p := receiver(t, withKeys(t, keySet(func(context.Context, string) (*rsa.PublicKey, error) { return nil, down })))
	refused(t, p, h.Handle(t.Context(), notice(t, paidSample)), 500, down, "download")
}
