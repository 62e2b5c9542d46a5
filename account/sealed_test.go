package account_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/account"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

type carrier func(*http.Request) (*http.Response, error)

func (c carrier) Do(r *http.Request) (*http.Response, error) { return c(r) }

// The documents name these calls as ones that may be encrypted and signed, and no
// others of this package.
func TestCallsThatMayBeEncrypted(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	var sealed bool
	gone := errors.New("gone")
	app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithBackoff(wechat.NoRetry),
		wechat.WithAPISecurity(wechat.APISecurity{Key: key, SymmetricKey: seal.NewKey(base64.StdEncoding.EncodeToString(make([]byte, 32))), SymmetricSerial: "s1",
			Platform: []sign.AppPlatformKey{{Serial: "p1", Key: &key.PublicKey}}}),
		wechat.WithTransport(carrier(func(r *http.Request) (*http.Response, error) {
			var e seal.Envelope
			body, _ := io.ReadAll(r.Body)
			require.NoError(t, json.Unmarshal(body, &e))
			sealed = e.Data != "" && r.Header.Get("Wechatmp-Signature") != ""
			return nil, gone
		})))
	require.NoError(t, err)
	a := account.New(app)
	for name, tt := range map[string]struct {
		call func(ctx context.Context) error
		want bool
	}{
		"quota":     {func(ctx context.Context) error { _, err := a.Quota(ctx, "/cgi-bin/user/get"); return err }, true},
		"reset all": {a.ResetAll, true},
		"trace":     {func(ctx context.Context) error { _, err := a.Trace(ctx, "61725984-6126f6f9-040f19c4"); return err }, true},
		"reset":     {func(ctx context.Context) error { return a.Reset(ctx, "/cgi-bin/user/get") }, false},
	} {
		require.ErrorIs(t, tt.call(t.Context()), gone, name)
		assert.Equal(t, tt.want, sealed, name)
	}
}
