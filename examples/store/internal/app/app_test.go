package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartServesBothSidesAndComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var merchants, passwords []string
	for range 2 {
		a, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: dir, Keys: wechattest.ReusedKeys(), Heal: time.Hour})
		require.NoError(t, err)
		for _, address := range []string{a.Origin + "/", a.WeChat + "/ui/phone"} {
			res, err := client.Get(address)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusOK, res.StatusCode)
		}
		c, err := a.Compare(t.Context())
		require.NoError(t, err)
		assert.Zero(t, c.Distance)
		merchants, passwords = append(merchants, a.Account.Serial), append(passwords, a.Password)
		require.NoError(t, a.Close())
		_, err = a.Compare(t.Context())
		require.Error(t, err, "the books are closed")
	}
	assert.Equal(t, merchants[0], merchants[1], "keys are made once")
	assert.Equal(t, passwords[0], passwords[1])
	assert.GreaterOrEqual(t, len(passwords[0]), 12)
}

func TestStartTakesAnotherPortForWeChatIfTheNextIsTaken(t *testing.T) {
	t.Parallel()
	first, err := app.Start(t.Context(), app.Config{Addr: "[::1]:0", Data: t.TempDir(), Keys: wechattest.ReusedKeys()})
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer func() { assert.NoError(t, first.Close()) }()
	assert.True(t, strings.HasPrefix(first.Origin, "http://[::1]:"))
	assert.NotEqual(t, first.Origin, first.WeChat)
}

func TestStartRefusesABrokenFolder(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(dir string) error{
		"journal is a file":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "wechat"), nil, 0o600) },
		"database is a folder": func(dir string) error { return os.Mkdir(filepath.Join(dir, "shop.db"), 0o700) },
		"database is something": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "shop.db"), []byte(strings.Repeat("x", 5000)), 0o600)
		},
		"password is a folder": func(dir string) error { return os.Mkdir(filepath.Join(dir, "merchant-password"), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, spoil(dir))
			_, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: dir, Keys: wechattest.ReusedKeys()})
			assert.Error(t, err)
		})
	}
}
