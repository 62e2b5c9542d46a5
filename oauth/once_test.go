package oauth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/token"
)

// Every store of tokens fits.
var _ oauth.Once = token.Store(nil)

func TestMemory(t *testing.T) {
	t.Parallel()
	now := &clock{at: began}
	m := oauth.NewMemory(now.Now, 3)
	swap := func(key string) bool {
		ok, err := m.Swap(t.Context(), key, nil, []byte("1"), time.Minute)
		require.NoError(t, err)
		return ok
	}
	assert.True(t, swap("a"))
	assert.False(t, swap("a"))
	now.add(time.Minute - 1)
	assert.False(t, swap("a"))
	now.add(1)
	assert.True(t, swap("a"), "over")
	for i := range 1000 {
		assert.True(t, swap(fmt.Sprint(i)))
		assert.False(t, swap(fmt.Sprint(i)))
	}
	assert.True(t, swap("a"), "full, so the oldest are forgotten")
	assert.False(t, swap("999"))
}

// The same promise from a Memory of package token.
func TestTokenStoreAsOnce(t *testing.T) {
	t.Parallel()
	s, b := newShop(t, granted, func(c *oauth.LoginConfig) { c.Once = token.NewMemory() }), newBrowser(t)
	q := sent(t, b.get(s, "/orders"))
	copied := newBrowser(t)
	copied.jar.SetCookies(home, stored(b))
	require.Equal(t, 303, b.get(s, callback(q, "A")).StatusCode)
	denied(t, s, copied, copied.get(s, callback(q, "B")), oauth.ErrStateUsed)
}
