package wechattest_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestKeySetLikesRings(t *testing.T) {
	t.Parallel()
	p, clock := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{Mode: wechattest.Both})
	public, cert := sign.PublicKey(a.PlatformKeyID, a.PlatformKey), sign.Certificate(a.PlatformCertificates()[0])
	for _, keys := range [][]sign.Key{{public}, {cert}, {public, cert}, {cert, public}} {
		ring, err := sign.NewRing(keys[0], keys[1:]...)
		require.NoError(t, err)
		wechattest.TestKeySet(t, ring.WithClock(clock.Now), keys...)
		wechattest.TestKeySet(t, sign.Join(ring.WithClock(clock.Now)), keys...)
	}
}

// complaints is a testing.TB that notes what is wrong.
type complaints struct {
	testing.TB
	mu   *sync.Mutex
	said *[]string
}

func (c complaints) Helper() {}
func (c complaints) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.said = append(*c.said, fmt.Sprintf(format, args...))
}
func (c complaints) Fatal(args ...any) { *c.said = append(*c.said, fmt.Sprint(args...)) }

// brokenSet is a ring with one thing wrong.
type brokenSet struct {
	*sign.Ring
	key       func(ctx context.Context, id string, k *rsa.PublicKey, err error) (*rsa.PublicKey, error)
	preferred func(id string, k *rsa.PublicKey) (string, *rsa.PublicKey, error)
	announce  string
}

func (b brokenSet) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	k, err := b.Ring.Key(ctx, id)
	if b.key != nil {
		return b.key(ctx, id, k, err)
	}
	return k, err
}

func (b brokenSet) Preferred(ctx context.Context) (string, *rsa.PublicKey, error) {
	id, k, err := b.Ring.Preferred(ctx)
	if err == nil && b.preferred != nil {
		return b.preferred(id, k)
	}
	return id, k, err
}

func (b brokenSet) AnswerID() string {
	if b.announce != "" {
		return b.announce
	}
	return b.Ring.AnswerID()
}

func TestKeySetFindsFaults(t *testing.T) {
	t.Parallel()
	p, clock := newPay(t)
	a, other := newAccount(t, p, wechattest.MerchantOptions{}), newAccount(t, p, wechattest.MerchantOptions{})
	key := sign.PublicKey(a.PlatformKeyID, a.PlatformKey)
	ring, err := sign.NewRing(key)
	require.NoError(t, err)
	ring = ring.WithClock(clock.Now)
	gone := errors.New("gone")
	type keyFunc = func(context.Context, string, *rsa.PublicKey, error) (*rsa.PublicKey, error)
	broken := func(f keyFunc) brokenSet { return brokenSet{Ring: ring, key: f} }
	sets := map[string]brokenSet{
		"never knows": broken(func(context.Context, string, *rsa.PublicKey, error) (*rsa.PublicKey, error) {
			return nil, sign.ErrUnknownKey
		}),
		"another key": broken(func(_ context.Context, _ string, k *rsa.PublicKey, err error) (*rsa.PublicKey, error) {
			if err == nil {
				k = other.PlatformKey
			}
			return k, err
		}),
		"any id": broken(func(context.Context, string, *rsa.PublicKey, error) (*rsa.PublicKey, error) {
			return a.PlatformKey, nil
		}),
		"own error": broken(func(_ context.Context, _ string, k *rsa.PublicKey, err error) (*rsa.PublicKey, error) {
			if err != nil {
				return nil, gone
			}
			return k, nil
		}),
		"key beside an error": broken(func(_ context.Context, _ string, _ *rsa.PublicKey, err error) (*rsa.PublicKey, error) {
			return a.PlatformKey, err
		}),
		"trims": broken(func(ctx context.Context, id string, _ *rsa.PublicKey, _ error) (*rsa.PublicKey, error) {
			return ring.Key(ctx, strings.TrimSpace(id))
		}),
		"waits": broken(func(ctx context.Context, _ string, k *rsa.PublicKey, err error) (*rsa.PublicKey, error) {
			if err == nil {
				err = ctx.Err()
			}
			return k, err
		}),
		"no preferred":       {Ring: ring, preferred: func(string, *rsa.PublicKey) (string, *rsa.PublicKey, error) { return "", nil, gone }},
		"strange preferred":  {Ring: ring, preferred: func(_ string, k *rsa.PublicKey) (string, *rsa.PublicKey, error) { return "x", k, nil }},
		"preferred mismatch": {Ring: ring, preferred: func(id string, _ *rsa.PublicKey) (string, *rsa.PublicKey, error) { return id, other.PlatformKey, nil }},
		"announces another":  {Ring: ring, announce: "PUB_KEY_ID_1"},
	}
	for name, set := range sets {
		var said []string
		wechattest.TestKeySet(complaints{t, new(sync.Mutex), &said}, set, key)
		assert.NotEmpty(t, said, name)
	}
	var said []string
	wechattest.TestKeySet(complaints{t, new(sync.Mutex), &said}, nil)
	wechattest.TestKeySet(complaints{t, new(sync.Mutex), &said}, ring, sign.PublicKey("x", nil))
	assert.Len(t, said, 2, "%q", said)
}
