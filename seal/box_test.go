package seal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

func newBox(t *testing.T, purpose string, keys ...string) *seal.Box {
	t.Helper()
	var all []seal.Key
	for _, k := range keys {
		all = append(all, seal.NewKey(k))
	}
	b, err := seal.NewBox(purpose, all...)
	require.NoError(t, err)
	return b
}

var keyA, keyB = strings.Repeat("a", 32), strings.Repeat("b", 40)

func TestBox(t *testing.T) {
	t.Parallel()
	b := newBox(t, "cookie", keyA)
	for _, text := range []string{"", "x", strings.Repeat("long ", 500)} {
		sealed := b.Seal([]byte(text))
		assert.NotEqual(t, sealed, b.Seal([]byte(text)), "a fresh nonce each time")
		assert.NotContains(t, sealed, "=")
		plain, err := b.Open(sealed)
		require.NoError(t, err)
		assert.Equal(t, text, string(plain))
	}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", b, b, b), keyA)
}

func TestBoxRefuses(t *testing.T) {
	t.Parallel()
	sealed := newBox(t, "cookie", keyA).Seal([]byte("openid"))
	last := map[bool]string{true: "B", false: "A"}[strings.HasSuffix(sealed, "A")]
	tests := []struct {
		name string
		box  *seal.Box
		text string
	}{
		{"empty", newBox(t, "cookie", keyA), ""},
		{"short", newBox(t, "cookie", keyA), "AAAA"},
		{"another key", newBox(t, "cookie", keyB), sealed},
		{"another purpose", newBox(t, "session", keyA), sealed},
		{"a changed byte", newBox(t, "cookie", keyA), "A" + last + sealed[2:]},
		{"cut", newBox(t, "cookie", keyA), sealed[:len(sealed)-4]},
		{"padded", newBox(t, "cookie", keyA), sealed + "="},
		{"not base64", newBox(t, "cookie", keyA), "!" + sealed[1:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plain, err := tt.box.Open(tt.text)
			assert.Equal(t, seal.ErrOpen, err)
			assert.Nil(t, plain)
		})
	}
}

func TestBoxKeysAreReplaced(t *testing.T) {
	t.Parallel()
	old, both, young := newBox(t, "c", keyA), newBox(t, "c", keyB, keyA), newBox(t, "c", keyB)
	plain, err := both.Open(old.Seal([]byte("1")))
	require.NoError(t, err)
	assert.Equal(t, "1", string(plain))
	_, err = young.Open(both.Seal([]byte("2")))
	require.NoError(t, err, "the first key seals")
}

func TestNewBoxRefuses(t *testing.T) {
	t.Parallel()
	_, err := seal.NewBox("c")
	require.ErrorIs(t, err, seal.ErrKey)
	_, err = seal.NewBox("c", seal.NewKey(keyA), seal.NewKey(keyA[:31]))
	require.ErrorIs(t, err, seal.ErrKey)
	assert.Contains(t, err.Error(), "31")
	assert.NotContains(t, err.Error(), keyA[:31])
}
