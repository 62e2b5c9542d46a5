package certs_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/sign"
)

// bad is every way a list can be useless, with the words its refusal must hold.
func bad(t *testing.T, p *platform, now time.Time) map[string]struct {
	spoil func()
	want  string
} {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	good := issue(t, keys()[2], 20, now, year)
	type way = struct {
		spoil func()
		want  string
	}
	entry := func(change func(e map[string]any)) func() {
		return func() {
			p.edit = func(list map[string]any, entries []any) any { change(entries[0].(map[string]any)); return list }
		}
	}
	return map[string]way{
		"garbage":          {func() { p.edit = func(map[string]any, []any) any { return json.RawMessage(`"<html>"`) } }, "certificate list"},
		"no list":          {func() { p.edit = func(map[string]any, []any) any { return map[string]any{} } }, "empty"},
		"null":             {func() { p.edit = func(map[string]any, []any) any { return map[string]any{"data": nil} } }, "empty"},
		"empty":            {func() { p.edit = func(map[string]any, []any) any { return map[string]any{"data": []any{}} } }, "empty"},
		"only SM4 entries": {entry(func(e map[string]any) { e["encrypt_certificate"].(map[string]any)["algorithm"] = "AEAD_SM4_GCM" }), "empty"},
		"expired": {func() {
			p.listed = []cert{issue(t, keys()[2], 21, now.Add(-year), time.Hour)}
			p.signer = p.listed[0]
		}, "expired"},
		"expired, signed by one that is not": {func() { p.listed = []cert{issue(t, keys()[2], 21, now.Add(-year), time.Hour)} }, "clock"},
		"not yet valid": {func() {
			p.listed = []cert{issue(t, keys()[2], 22, now.Add(year), time.Hour)}
			p.signer = p.listed[0]
		}, "not valid before"},
		"an EC certificate":         {func() { p.listed = []cert{good, issue(t, ecKey(t), 23, now, year)} }, "not an RSA key"},
		"a 1024-bit certificate":    {func() { p.listed = []cert{good, issue(t, small, 24, now, year)} }, "under 2048"},
		"twice the same":            {func() { p.listed = []cert{good, good} }, "twice"},
		"another serial than it is": {entry(func(e map[string]any) { e["serial_no"] = serialOf(1) }), "another serial"},
		"no PEM inside": {entry(func(e map[string]any) {
			e["encrypt_certificate"] = encrypted(apiV3Key, []byte("-----BEGIN CERTIFICATE-----"))
		}), "armour"},
		"another APIv3 key": {func() { p.key = "ffffffffffffffffffffffffffffffff" }, "does not open with the APIv3 key"},
		"a changed nonce":   {entry(func(e map[string]any) { e["encrypt_certificate"].(map[string]any)["nonce"] = "0123456789a" }), "12 bytes"},
		"signed by a stranger": {func() {
			p.signer = issue(t, keys()[3], 25, now, year)
		}, "unknown platform key"},
		"signed with another key": {func() { p.signer.key = keys()[3] }, "does not match"},
		"unsigned":                {func() { p.after = func(h http.Header) { h.Del("Wechatpay-Signature") } }, "missing"},
		"signed an hour ago":      {func() { p.now = func() time.Time { return now.Add(-time.Hour) } }, "5-minute window"},
		"a probe":                 {func() { p.after = func(h http.Header) { h.Set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/x") } }, "probe"},
		"a body that never ends": {func() {
			p.answer = func(*http.Request) (*http.Response, error) { return respond(200, make([]byte, 5<<20)), nil }
		}, "WithMaxResponse"},
		"an answer without a body": {func() { p.answer = func(*http.Request) (*http.Response, error) { return respond(200, nil), nil } }, "certificate list"},
	}
}

// Part of promise G11: a bad list changes nothing.
func TestABadListKeepsTheOldKeys(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for name := range bad(t, newPlatform(), start) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newClock(start)
			one := issue(t, keys()[1], 1, start.Add(-time.Hour), year)
			p := newPlatform(one)
			p.now = now.Now
			s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
			require.NoError(t, err)
			_, err = s.Key(t.Context(), one.serial)
			require.NoError(t, err)

			now.Advance(time.Minute)
			way := bad(t, p, now.Now())[name]
			way.spoil()
			_, err = s.Key(t.Context(), issue(t, keys()[2], 20, start, year).serial)
			require.Error(t, err)
			assert.Contains(t, err.Error(), way.want)
			assert.EqualValues(t, 2, p.hits.Load())
			_, err = s.Key(t.Context(), one.serial)
			require.NoError(t, err, "the old key was lost")
			id, _, err := s.Preferred(t.Context())
			require.NoError(t, err)
			assert.Equal(t, one.serial, id)
			assert.EqualValues(t, 2, p.hits.Load(), "a failure counts")
		})
	}
}

// The same lists are refused by a set that has nothing yet.
func TestBootstrappingRefusesABadList(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name := range bad(t, newPlatform(), now) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := issue(t, keys()[1], 1, now.Add(-time.Hour), year)
			p := newPlatform(one)
			bad(t, p, now)[name].spoil()
			s := newSet(t, p)
			_, _, err := s.Preferred(t.Context())
			require.Error(t, err)
			assert.NotContains(t, err.Error(), apiV3Key)
			for _, serial := range []string{one.serial, p.signer.serial} {
				_, err = s.Key(t.Context(), serial)
				require.Error(t, err)
			}
		})
	}
}

// Adverse input 28, as far as it concerns downloaded certificates.
func TestAdverse28_CertificatesThatDoNotCount(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	good := issue(t, keys()[1], 1, now.Now().Add(-time.Hour), year)
	old := issue(t, keys()[2], 2, now.Now().Add(-year), year-time.Hour)
	future := issue(t, keys()[2], 3, now.Now().Add(time.Hour), year)
	ending := issue(t, keys()[2], 4, now.Now().Add(-time.Hour), 2*time.Hour)
	p := newPlatform(good, old, future, ending)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	require.NoError(t, accepts(t.Context(), s, now.Now, good))
	require.NoError(t, accepts(t.Context(), s, now.Now, ending))
	require.ErrorIs(t, accepts(t.Context(), s, now.Now, old), sign.ErrUnknownKey)
	require.ErrorIs(t, accepts(t.Context(), s, now.Now, future), sign.ErrUnknownKey)
	now.Advance(time.Hour + time.Second)
	require.ErrorIs(t, accepts(t.Context(), s, now.Now, ending), sign.ErrUnknownKey)
	require.NoError(t, accepts(t.Context(), s, now.Now, future))
}

// Promise G11: messages signed with whatever counts are accepted without a single
// refusal while WeChat Pay goes from one certificate to the next, to a public key
// and back, and what has expired is never accepted.
func TestG11_RotationIsInvisibleUnderLoad(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	public := cert{key: keys()[3], serial: "PUB_KEY_ID_0114232134912410000000000000"}
	ring, err := sign.NewRing(sign.PublicKey(public.serial, &keys()[3].PublicKey))
	require.NoError(t, err)
	one := issue(t, keys()[1], 1, now.Now().Add(-time.Hour), 60*time.Hour)
	two := issue(t, keys()[2], 2, now.Now(), 130*time.Hour)
	three := issue(t, keys()[1], 3, now.Now().Add(time.Hour), year)
	p := newPlatform(one)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	joined := sign.Join(ring, s)
	phases := []struct {
		name    string
		listed  []cert
		signing []cert
		expired []cert
		spoil   bool
	}{
		{"first certificate", []cert{one}, []cert{one}, nil, false},
		{"second announced", []cert{one, two}, []cert{one, two}, nil, false},
		{"grey switch to the public key", []cert{one, two}, []cert{one, two, public}, nil, false},
		{"first gone", []cert{two}, []cert{two, public}, []cert{one}, false},
		{"bad lists", []cert{two}, []cert{two, public}, []cert{one}, true},
		{"back to certificates", []cert{two, three}, []cert{two, three}, []cert{one}, false},
		{"third only", []cert{three}, []cert{three, public}, []cert{one, two}, false},
	}
	for _, phase := range phases {
		p.set(phase.signing[0], phase.listed...)
		p.mu.Lock()
		p.key = map[bool]string{false: apiV3Key, true: "ffffffffffffffffffffffffffffffff"}[phase.spoil]
		p.mu.Unlock()
		load(t, joined, now.Now, phase.signing, phase.expired)
		if t.Failed() {
			t.Fatal(phase.name)
		}
		now.Advance(24 * time.Hour)
	}
	assert.LessOrEqual(t, p.hits.Load(), int32(len(phases)))
}

// load verifies from sixteen goroutines at once.
func load(t *testing.T, ks sign.KeySet, now func() time.Time, signing, expired []cert) {
	var rejected, accepted atomic.Int32
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for n := range 8 {
				if accepts(context.Background(), ks, now, signing[(worker+n)%len(signing)]) != nil {
					rejected.Add(1)
				}
				if len(expired) > 0 && accepts(context.Background(), ks, now, expired[(worker+n)%len(expired)]) == nil {
					accepted.Add(1)
				}
				_, _, _ = ks.Preferred(context.Background())
			}
		})
	}
	wg.Wait()
	assert.Zero(t, rejected.Load(), "false rejects")
	assert.Zero(t, accepted.Load(), "expired certificates accepted")
}
