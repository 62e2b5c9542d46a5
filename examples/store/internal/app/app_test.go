package app_test

import (
	"crypto/rsa"
	"errors"
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
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartServesBothSidesAndComesBack(t *testing.T) {
	t.Parallel()
	for _, generation := range app.Generations() {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			comesBack(t, generation)
		})
	}
}

func comesBack(t *testing.T, generation string) {
	t.Helper()
	dir := t.TempDir()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var merchants []shop.Seller
	var passwords []string
	for range 2 {
		a, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: dir, Generation: generation, Keys: wechattest.ReusedKeys(), Heal: time.Hour})
		require.NoError(t, err)
		assert.Equal(t, generation, a.Cashier.Generation())
		for _, address := range []string{a.Origin + "/", a.WeChat + "/ui/phone"} {
			res, err := client.Get(address)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusOK, res.StatusCode)
		}
		c, err := a.Compare(t.Context())
		require.NoError(t, err)
		assert.Zero(t, c.Distance)
		merchants, passwords = append(merchants, a.Cashier.Seller()), append(passwords, a.Password)
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

// A customer who pays on the page, as a test of the program wants it.
func TestSimulatorPlaysTheCustomerOfAPage(t *testing.T) {
	t.Parallel()
	for _, generation := range app.Generations() {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			clock := wechattest.NewClock(time.Time{})
			a, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Generation: generation, Keys: wechattest.ReusedKeys(), Clock: clock})
			require.NoError(t, err)
			defer func() { assert.NoError(t, a.Close()) }()
			_, ses, err := a.Store.Login(t.Context(), "", wechattest.User{Name: "小林"}.OpenID(a.Cashier.Seller().AppID))
			require.NoError(t, err)
			o, err := a.Store.Place(t.Context(), shop.Cart{Seller: a.Cashier.Seller(), Customer: ses.Customer, OpenID: ses.OpenID, Product: "tea",
				Quantity: 1, Channel: shop.JSAPI, FormToken: "a-form-token-of-sixteen"})
			require.NoError(t, err)
			page, err := a.Cashier.JSAPI(t.Context(), o)
			require.NoError(t, err)
			assert.False(t, a.Sim.Paid(o.No))
			spoilt := *page
			spoilt.PaySign = "x"
			require.ErrorIs(t, a.Sim.Confirm(spoilt), wechattest.ErrBadParams)
			require.NoError(t, a.Sim.Confirm(*page))
			assert.True(t, a.Sim.Paid(o.No))
			assert.Equal(t, 1, a.Sim.Orders())
			clock.Advance(0)
			o, err = a.Store.Order(t.Context(), o.No)
			require.NoError(t, err)
			assert.Equal(t, shop.Paid, o.State)
			_, err = a.Cashier.Refund(t.Context(), o.No, 100, "as agreed", "another-form-token-of-16")
			require.NoError(t, err)
			clock.Advance(time.Minute)
			_, err = a.Cashier.Heal(t.Context(), true)
			require.NoError(t, err)
			c, err := a.Compare(t.Context())
			require.NoError(t, err)
			assert.Zero(t, c.Distance)
			assert.Len(t, c.Rows, 2)
		})
	}
}

func TestStartRefusesABrokenFolderOfEveryGeneration(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{"v2", "2014", "v1"} {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, generation), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, generation, "wechat"), nil, 0o600))
		_, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: dir, Generation: generation, Keys: wechattest.ReusedKeys()})
		assert.Error(t, err, generation)
	}
}

func TestStartRefusesKeysThatCannotBeMade(t *testing.T) {
	t.Parallel()
	none := func() (*rsa.PrivateKey, error) { return nil, errors.New("no chance today") }
	_, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Keys: none})
	assert.ErrorContains(t, err, "no chance today")
}
