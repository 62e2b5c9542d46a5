package sign_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// platformCert is a certificate of k that counts for an hour around signedAt.
func platformCert(serial int64, k any) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		PublicKey:    k,
		NotBefore:    signedAt.Add(-30 * time.Minute),
		NotAfter:     signedAt.Add(30 * time.Minute),
	}
}

func TestAdverse28_NewRing_RefusesUnfitKeys(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	pub := &platformKey(t).PublicKey
	good := sign.PublicKey(keyID, pub)
	tests := []struct {
		name string
		key  sign.Key
		want string
	}{
		{"zero", sign.Key{}, "empty"},
		{"nil public key", sign.PublicKey(keyID, nil), "nil"},
		{"public key without modulus", sign.PublicKey(keyID, &rsa.PublicKey{E: 65537}), "nil"},
		{"negative modulus", sign.PublicKey(keyID, &rsa.PublicKey{N: big.NewInt(-5), E: 65537}), "nil"},
		{"1024 bits", sign.PublicKey(keyID, rsaPublic(1024, 65537)), "1024 bits"},
		{"exponent 1", sign.PublicKey(keyID, rsaPublic(2048, 1)), "exponent"},
		{"no id", sign.PublicKey("", pub), "PUB_KEY_ID_"},
		{"certificate serial as id", sign.PublicKey(serial, pub), "PUB_KEY_ID_"},
		{"only the prefix", sign.PublicKey("PUB_KEY_ID_", pub), "PUB_KEY_ID_"},
		{"break in id", sign.PublicKey("PUB_KEY_ID_1\n", pub), "PUB_KEY_ID_"},
		{"long id", sign.PublicKey("PUB_KEY_ID_"+strings.Repeat("1", 200), pub), "first 64"},
		{"nil certificate", sign.Certificate(nil), "nil"},
		{"empty certificate", sign.Certificate(&x509.Certificate{}), "serial"},
		{"negative serial", sign.Certificate(platformCert(-1, pub)), "serial"},
		{"elliptic certificate", sign.Certificate(platformCert(1, &ec.PublicKey)), "RSA"},
		{"certificate without key", sign.Certificate(platformCert(1, nil)), "RSA"},
		{"certificate with nil key", sign.Certificate(platformCert(1, (*rsa.PublicKey)(nil))), "nil"},
		{"1024-bit certificate", sign.Certificate(platformCert(1, rsaPublic(1024, 65537))), "1024 bits"},
		{"twice", good, "twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := sign.NewRing(good, tt.key)
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, r)
			if tt.name != "twice" {
				_, err = sign.NewRing(tt.key)
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}

func TestAdverse28_Ring_CertificateValidity(t *testing.T) {
	t.Parallel()
	c := platformCert(0x05ab, &platformKey(t).PublicKey)
	ring, err := sign.NewRing(sign.Certificate(c))
	require.NoError(t, err)
	tests := []struct {
		name string
		now  time.Time
		ok   bool
		want string
	}{
		{"first moment", c.NotBefore, true, ""},
		{"last moment", c.NotAfter, true, ""},
		{"too early", c.NotBefore.Add(-time.Second), false, "not valid before"},
		{"expired", c.NotAfter.Add(time.Second), false, "expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := ring.WithClock(clock(tt.now))
			_, keyErr := r.Key(t.Context(), "05AB")
			id, k, err := r.Preferred(t.Context())
			if tt.ok {
				require.NoError(t, keyErr)
				require.NoError(t, err)
				assert.Equal(t, "05AB", id)
				assert.NotNil(t, k)
				return
			}
			require.ErrorIs(t, keyErr, sign.ErrUnknownKey)
			require.ErrorContains(t, keyErr, tt.want)
			require.ErrorIs(t, err, sign.ErrUnknownKey)
			assert.Nil(t, k)
		})
	}
}

func TestRing_KeepsItsOwnCopy(t *testing.T) {
	t.Parallel()
	given := &rsa.PublicKey{N: new(big.Int).Set(platformKey(t).N), E: platformKey(t).E}
	ring := ringOf(t, sign.PublicKey(keyID, given))
	given.N.SetInt64(15)
	given.E = 3
	k, err := ring.Key(t.Context(), keyID)
	require.NoError(t, err)
	assert.True(t, platformKey(t).PublicKey.Equal(k))
}

func TestRing_BothModesAtOnce(t *testing.T) {
	t.Parallel()
	pub := sign.PublicKey(keyID, &platformKey(t).PublicKey)
	cert := sign.Certificate(platformCert(0xA1, &privateKey(t, "merchant_document.pem").PublicKey))

	ring := ringOf(t, pub, cert)
	assert.Equal(t, keyID, ring.AnswerID())
	id, k, err := ring.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, keyID, id)
	assert.Same(t, pub.Public(), k)
	k, err = ring.Key(t.Context(), "A1")
	require.NoError(t, err)
	assert.Same(t, cert.Public(), k)

	ring = ringOf(t, cert, pub)
	assert.Empty(t, ring.AnswerID())
	id, _, err = ring.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "A1", id)

	for _, id := range []string{"", "a1", "A1 ", "0A1", keyID + "0", strings.ToLower(keyID)} {
		_, err = ring.Key(t.Context(), id)
		require.ErrorIs(t, err, sign.ErrUnknownKey, id)
	}
	require.NotNil(t, ring.WithClock(nil))
}

func TestRing_ZeroValueKnowsNothing(t *testing.T) {
	t.Parallel()
	var ring sign.Ring
	_, err := ring.Key(t.Context(), keyID)
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	_, _, err = ring.Preferred(t.Context())
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	assert.Empty(t, ring.AnswerID())
}

// set is a KeySet that counts how often it is asked.
type set struct {
	keys  map[string]*rsa.PublicKey
	err   error
	asked int
}

func (s *set) Key(_ context.Context, id string) (*rsa.PublicKey, error) {
	s.asked++
	if k, ok := s.keys[id]; ok {
		return k, nil
	}
	return nil, s.err
}

func (s *set) Preferred(context.Context) (string, *rsa.PublicKey, error) {
	return "first", s.keys["first"], s.err
}

func TestJoin(t *testing.T) {
	t.Parallel()
	a, b := &platformKey(t).PublicKey, &privateKey(t, "merchant_document.pem").PublicKey
	down := errors.New("download failed")
	ring := ringOf(t, sign.PublicKey(keyID, a))

	second := &set{keys: map[string]*rsa.PublicKey{"first": b, keyID: b}, err: sign.ErrUnknownKey}
	joined := sign.Join(nil, (*sign.Ring)(nil), ring, second)
	k, err := joined.Key(t.Context(), keyID)
	require.NoError(t, err)
	assert.True(t, a.Equal(k), "the first that knows")
	assert.Zero(t, second.asked)
	k, err = joined.Key(t.Context(), "first")
	require.NoError(t, err)
	assert.Same(t, b, k)
	_, err = joined.Key(t.Context(), "nobody")
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	assert.Equal(t, keyID, joined.(sign.Announcer).AnswerID())
	id, _, err := joined.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, keyID, id)

	failing := &set{err: down}
	joined = sign.Join(failing, ring)
	_, err = joined.Key(t.Context(), keyID)
	require.ErrorIs(t, err, down, "a failed download is not an unknown key")
	assert.Empty(t, joined.(sign.Announcer).AnswerID())
	_, _, err = joined.Preferred(t.Context())
	require.ErrorIs(t, err, down)

	empty := sign.Join()
	_, err = empty.Key(t.Context(), keyID)
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	_, _, err = empty.Preferred(t.Context())
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	assert.Empty(t, empty.(sign.Announcer).AnswerID())
}
