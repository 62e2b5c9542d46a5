package certs_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	now := time.Now()
	weak, curve := issue(t, small, 1, now, year), issue(t, ecKey(t), 2, now, year)
	tests := []struct {
		name   string
		change func(*certs.Config)
		opt    wechat.Option
		want   string
	}{
		{"number", func(c *certs.Config) { c.MchID = "19A" }, nil, "MchID"},
		{"serial", func(c *certs.Config) { c.Serial = "" }, nil, "Serial"},
		{"key", func(c *certs.Config) { c.Key = nil }, nil, "Key"},
		{"short APIv3 key", func(c *certs.Config) { c.APIv3Key = seal.NewKey(apiV3Key[1:]) }, nil, "APIv3Key"},
		{"long APIv3 key", func(c *certs.Config) { c.APIv3Key = seal.NewKey(apiV3Key + "x") }, nil, "APIv3Key"},
		{"option", nil, wechat.WithTransport(nil), "WithTransport"},
		{"seed that is no PEM", func(c *certs.Config) { c.Seeds = [][]byte{[]byte("junk")} }, nil, "Seeds[0]"},
		{"seed with a weak key", func(c *certs.Config) { c.Seeds = [][]byte{weak.pem} }, nil, "Seeds[0]"},
		{"seed with an EC key", func(c *certs.Config) { c.Seeds = [][]byte{curve.pem} }, nil, "Seeds[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, p := config(), newPlatform()
			if tt.change != nil {
				tt.change(&cfg)
			}
			_, err := certs.New(cfg, wechat.WithTransport(p), tt.opt)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotContains(t, err.Error(), apiV3Key[1:])
			assert.Zero(t, p.hits.Load(), "a constructor must not use the network")
		})
	}
}

func TestConfigKeepsItsKeys(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Key = keys()[0]
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	s := newSet(t, newPlatform(), func(c *certs.Config) { c.Key = keys()[0] })
	all := string(text) + fmt.Sprintf("%v %+v %#v %q %v %+v %#v", cfg, cfg, cfg, cfg, s, s, s)
	assert.Contains(t, all, mchID)
	for _, secret := range []string{apiV3Key, keys()[0].D.String(), keys()[0].Primes[0].String()} {
		assert.NotContains(t, all, secret)
	}
}

func TestKeyDownloadsOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one, two := issue(t, keys()[1], 1, now.Add(-time.Hour), year), issue(t, keys()[2], 2, now.Add(-2*time.Hour), year)
	p := newPlatform(one, two)
	s := newSet(t, p)
	assert.Zero(t, p.hits.Load())

	k, err := s.Key(t.Context(), one.serial)
	require.NoError(t, err)
	assert.True(t, k.Equal(&keys()[1].PublicKey))
	k, err = s.Key(t.Context(), two.serial)
	require.NoError(t, err)
	assert.True(t, k.Equal(&keys()[2].PublicKey))
	id, k, err := s.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, one.serial, id, "the newest is preferred")
	assert.True(t, k.Equal(&keys()[1].PublicKey))
	assert.EqualValues(t, 1, p.hits.Load())
	_, announces := any(s).(sign.Announcer)
	assert.False(t, announces, "certificate mode announces no id")
}

func TestIdsThatCannotBeListedNeverDownload(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	s := newSet(t, p)
	for _, id := range []string{"", "PUB_KEY_ID_0114232134912410000000000000", "PUB_KEY_ID_", "5dea10ef", "not a serial",
		strings.Repeat("A", 65), "5DEA10EF\n", "../5DEA"} {
		_, err := s.Key(t.Context(), id)
		require.ErrorIs(t, err, sign.ErrUnknownKey, "%q", id)
		assert.Less(t, len(err.Error()), 250, "a long id is not repeated")
	}
	assert.Zero(t, p.hits.Load())
}

func TestSeedsNeedNoNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		old := issue(t, keys()[1], 1, now.Add(-year), year/2)
		good, fresh := issue(t, keys()[1], 2, now.Add(-time.Hour), year), issue(t, keys()[2], 3, now, year)
		p := newPlatform(fresh)
		s := newSet(t, p, func(c *certs.Config) { c.Seeds = [][]byte{old.pem, good.pem} })
		_, err := s.Key(t.Context(), good.serial)
		require.NoError(t, err)
		assert.Zero(t, p.hits.Load())

		id, _, err := s.Preferred(t.Context())
		require.NoError(t, err)
		assert.Equal(t, good.serial, id, "Preferred does not wait while it has a certificate")
		synctest.Wait()
		assert.EqualValues(t, 1, p.hits.Load(), "but has the list renewed")
		id, _, err = s.Preferred(t.Context())
		require.NoError(t, err)
		assert.Equal(t, fresh.serial, id)
		_, err = s.Key(t.Context(), good.serial)
		require.NoError(t, err, "a certificate that still counts stays, listed or not")
		_, err = s.Key(t.Context(), old.serial)
		require.ErrorIs(t, err, sign.ErrUnknownKey)
	})
}

func TestPreferredRenewsAfterTwelveHoursWithoutWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := issue(t, keys()[1], 1, time.Now(), year)
		p := newPlatform(one)
		s := newSet(t, p)
		for range 10 {
			_, _, err := s.Preferred(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Hour)
		}
		assert.EqualValues(t, 1, p.hits.Load(), "a young list is not renewed")

		two := issue(t, keys()[2], 2, time.Now(), year)
		p.set(one, one, two)
		gate := make(chan struct{})
		p.gate = gate
		time.Sleep(2 * time.Hour)
		began := time.Now()
		for range 100 {
			id, _, err := s.Preferred(t.Context())
			require.NoError(t, err)
			assert.Equal(t, one.serial, id)
		}
		assert.Zero(t, time.Since(began), "nobody waits")
		synctest.Wait()
		assert.EqualValues(t, 2, p.hits.Load())
		close(gate)
		synctest.Wait()
		id, _, err := s.Preferred(t.Context())
		require.NoError(t, err)
		assert.Equal(t, two.serial, id)
	})
}

func TestPreferredWaitsOnlyWhenItHasNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := issue(t, keys()[1], 1, time.Now().Add(time.Hour), year)
		p := newPlatform(one)
		s := newSet(t, p)
		_, _, err := s.Preferred(t.Context())
		require.Error(t, err, "a certificate that does not count yet is not used")
		assert.Contains(t, err.Error(), "clock")
		_, _, err = s.Preferred(t.Context())
		require.Error(t, err)
		assert.Contains(t, err.Error(), "no new attempt for 1m0s")
		assert.EqualValues(t, 1, p.hits.Load())
	})
}

func TestPreferredSaysWhenNothingCountsAnyMore(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	one := issue(t, keys()[1], 1, now.Now().Add(-time.Hour), 2*time.Hour)
	p := newPlatform(one)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	_, _, err = s.Preferred(t.Context())
	require.NoError(t, err)
	now.Advance(59*time.Minute + 40*time.Second)
	p.before = func() { now.Advance(30 * time.Second) } // it expires on the way
	_, err = s.Key(t.Context(), "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC")
	require.Error(t, err)
	_, _, err = s.Preferred(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "no new attempt")
	now.Advance(time.Minute)
	p.before = nil
	_, _, err = s.Preferred(t.Context())
	require.Error(t, err)
	assert.EqualValues(t, 3, p.hits.Load())
}

func TestFutureCertificatesWaitForTheirTime(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	one, two := issue(t, keys()[1], 1, now.Now().Add(-time.Hour), 48*time.Hour), issue(t, keys()[2], 2, now.Now().Add(24*time.Hour), year)
	p := newPlatform(one, two)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	id, _, err := s.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, one.serial, id)
	now.Advance(2 * time.Minute)
	_, err = s.Key(t.Context(), two.serial)
	require.ErrorIs(t, err, sign.ErrUnknownKey)
	assert.Contains(t, err.Error(), "does not count before")
	assert.EqualValues(t, 1, p.hits.Load(), "downloading again could not help")

	now.Advance(24 * time.Hour)
	_, err = s.Key(t.Context(), two.serial)
	require.NoError(t, err)
	id, _, err = s.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, two.serial, id)
}

func TestAMerchantWithOnlyAPublicKeyIsToldSo(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	p.answer = func(*http.Request) (*http.Response, error) {
		return respond(404, []byte(`{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`)), nil
	}
	_, _, err := newSet(t, p).Preferred(t.Context())
	require.ErrorIs(t, err, wechat.ErrNotFound)
	assert.Contains(t, err.Error(), "sign.PublicKey")
	assert.NotErrorIs(t, err, sign.ErrUnknownKey)
}

func TestJoinServesBothModes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one := issue(t, keys()[1], 1, now.Add(-time.Hour), year)
	public := cert{key: keys()[3], serial: "PUB_KEY_ID_0114232134912410000000000000"}
	ring, err := sign.NewRing(sign.PublicKey(public.serial, &keys()[3].PublicKey))
	require.NoError(t, err)
	p := newPlatform(one)
	p.signer = public // WeChat Pay has switched this merchant's answers
	joined := sign.Join(ring, newSet(t, p, func(c *certs.Config) { c.Trust = ring }))
	require.NoError(t, accepts(t.Context(), joined, time.Now, public))
	assert.Zero(t, p.hits.Load())
	require.NoError(t, accepts(t.Context(), joined, time.Now, one))
	assert.EqualValues(t, 1, p.hits.Load())
	id, _, err := joined.Preferred(t.Context())
	require.NoError(t, err)
	assert.Equal(t, public.serial, id)
}

func TestAListMaySignWithAKeyOfTheOldOne(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	one, two := issue(t, keys()[1], 1, now.Now(), year), issue(t, keys()[2], 2, now.Now(), year)
	p := newPlatform(one)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	_, err = s.Key(t.Context(), one.serial)
	require.NoError(t, err)
	now.Advance(time.Minute)
	p.set(one, two) // signed by one, which it no longer lists
	_, err = s.Key(t.Context(), two.serial)
	require.NoError(t, err)
}

func TestAPanicInTheCallersSignerEndsNoProcess(t *testing.T) {
	t.Parallel()
	s, err := certs.New(config(), wechat.WithTransport(newPlatform()), wechat.WithObserver(func(context.Context, wechat.Event) { panic("secret words") }))
	require.NoError(t, err)
	_, _, err = s.Preferred(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "panicked")
	assert.NotContains(t, err.Error(), "secret words")
}

func TestAClockPutBackDoesNotStopDownloads(t *testing.T) {
	t.Parallel()
	now := newClock(time.Now())
	one := issue(t, keys()[1], 1, now.Now().Add(-year/2), year)
	p := newPlatform(one)
	p.now = now.Now
	s, err := certs.New(config(), wechat.WithTransport(p), wechat.WithClock(now.Now))
	require.NoError(t, err)
	p.answer = func(*http.Request) (*http.Response, error) { return nil, errors.New("down") }
	_, err = s.Key(t.Context(), one.serial)
	require.Error(t, err)
	p.answer = nil
	now.Advance(-time.Hour)
	_, err = s.Key(t.Context(), one.serial)
	require.NoError(t, err)
}
