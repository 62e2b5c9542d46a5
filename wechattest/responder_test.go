package wechattest_test

import (
	"context"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// anyPay is an endpoint for tests that do not care which.
var anyPay = wechat.POST("/v3/test/echo")

type word struct {
	Word string `json:"word"`
}

func TestResponder(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	for name, mode := range map[string]wechattest.Mode{"public key": wechattest.PublicKey, "certificates": wechattest.Certificates, "both": wechattest.Both} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, p, wechattest.MerchantOptions{Mode: mode})
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("POST", "=~^http://127.0.0.1/v3/", a.Responder(200, word{"<好>&"}))
			m, err := wechat.NewMerchant(a.Config(), append(a.Options(), wechat.WithTransport(roundTrip{mock}))...)
			require.NoError(t, err)
			got, err := wechat.Call[word](t.Context(), m, anyPay, word{"x"})
			require.NoError(t, err)
			assert.Equal(t, "<好>&", got.Word)
		})
	}
}

func TestRawResponderFaults(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a := newAccount(t, p, wechattest.MerchantOptions{})
	tests := []struct {
		name  string
		fault wechattest.Fault
		want  error
	}{
		{"probe", wechattest.Fault{Kind: wechattest.Probe}, sign.ErrProbe},
		{"wrong", wechattest.Fault{Kind: wechattest.WrongSignature}, sign.ErrMismatch},
		{"unsigned", wechattest.Fault{Kind: wechattest.Unsigned}, sign.ErrUnsigned},
		{"stale", wechattest.Fault{Kind: wechattest.Stale}, sign.ErrStale},
		{"lost", wechattest.Fault{Kind: wechattest.LostReply}, wechattest.ErrCut},
		{"refused", wechattest.Fault{Kind: wechattest.Status, Status: 403, Code: "NO_AUTH"}, wechat.ErrNoAuth},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("POST", "=~^http://127.0.0.1/v3/", a.RawResponder(200, word{"x"}, tt.fault))
			m, err := wechat.NewMerchant(a.Config(), append(a.Options(), wechat.WithTransport(roundTrip{mock}), wechat.WithBackoff(wechat.NoRetry))...)
			require.NoError(t, err)
			_, err = wechat.Call[word](t.Context(), m, anyPay, word{"x"})
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

func TestResponderRefusesUnsignedRequests(t *testing.T) {
	t.Parallel()
	p, _ := newPay(t)
	a, other := newAccount(t, p, wechattest.MerchantOptions{}), newAccount(t, p, wechattest.MerchantOptions{})
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("POST", "=~^http://127.0.0.1/v3/", a.Responder(200, word{"x"}))
	cfg := a.Config()
	cfg.Key = other.PrivateKey
	m, err := wechat.NewMerchant(cfg, append(a.Options(), wechat.WithTransport(roundTrip{mock}))...)
	require.NoError(t, err)
	_, err = wechat.Call[word](context.Background(), m, anyPay, word{"x"})
	assert.ErrorIs(t, err, wechat.ErrSign)
}
