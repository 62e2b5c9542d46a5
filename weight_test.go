package wechat_test

import (
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/certs"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// Target P9: a shop that imports pay and notify gets resty and golang.org/x/net from
// other people, and nothing else.
func TestP9_ImportingPayAndNotifyIsLight(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./pay", "./pay/refund", "./notify", "./certs", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	modules := slices.Compact(slices.Sorted(slices.Values(strings.Fields(string(out)))))
	assert.Equal(t, []string{"github.com/go-resty/resty/v2", "github.com/wxcommerce/wechat", "golang.org/x/net"}, modules)
}

// The other half of P9: constructors use no network, whatever they are given.
func TestP9_ConstructorsDoNothingButConstruct(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	carrier := wechat.WithTransport(doFunc(func(*http.Request) (*http.Response, error) { sent.Add(1); return nil, errReset }))
	m := newMerchant(t, nil, carrier)
	m.For(wechat.Sub{MchID: "1900000109"})
	_, err := certs.New(certs.Config{MchID: mchID, Serial: mchSerial, Key: merchantKey(), APIv3Key: seal.NewKey(apiV3Key)}, carrier)
	require.NoError(t, err)
	_, err = wechat.NewApp("wx1234567890", tokens{}, carrier)
	require.NoError(t, err)
	assert.Zero(t, sent.Load())
}

// Target P11: fifteen hundred idle merchants cost no goroutine and at most 4 kB each
// beyond the key. It counts the heap, so it runs alone.
func TestP11_IdleMerchantsCostNextToNothing(t *testing.T) {
	const merchants = 1500
	ring, err := sign.NewRing(sign.PublicKey(publicID, &platformKey().PublicKey))
	require.NoError(t, err)
	key, secret := merchantKey(), seal.NewKey(apiV3Key)
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	for name, build := range map[string]func() any{
		"merchant": func() any {
			m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: mchID, Serial: mchSerial, Key: key, APIv3Key: secret, Platform: ring})
			require.NoError(t, err)
			return m
		},
		"merchant with certificates": func() any {
			set, err := certs.New(certs.Config{MchID: mchID, Serial: mchSerial, Key: key, APIv3Key: secret})
			require.NoError(t, err)
			m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: mchID, Serial: mchSerial, Key: key, APIv3Key: secret, Platform: set})
			require.NoError(t, err)
			return m
		},
	} {
		kept := make([]any, merchants)
		goroutines, before := runtime.NumGoroutine(), heap()
		for i := range kept {
			kept[i] = build()
		}
		each := (int64(heap()) - int64(before)) / merchants
		t.Logf("%s: %d bytes each", name, each)
		assert.LessOrEqual(t, each, int64(4096), name)
		assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines, name)
		runtime.KeepAlive(kept)
	}
}
