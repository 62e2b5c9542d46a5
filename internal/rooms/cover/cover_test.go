package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const good = `mode: set
github.com/wxcommerce/wechat/exchange.go:1.1,2.2 96 1
github.com/wxcommerce/wechat/dialectv3.go:1.1,2.2 1 0
github.com/wxcommerce/wechat/fen.go:1.1,2.2 10 1
github.com/wxcommerce/wechat/sign/a.go:1.1,2.2 95 1
github.com/wxcommerce/wechat/sign/a.go:3.1,4.2 5 0
github.com/wxcommerce/wechat/seal/a.go:1.1,2.2 3 1
github.com/wxcommerce/wechat/notify/a.go:1.1,2.2 3 1
github.com/wxcommerce/wechat/certs/a.go:1.1,2.2 3 1
github.com/wxcommerce/wechat/pay/refund/a.go:1.1,2.2 85 7
github.com/wxcommerce/wechat/pay/refund/a.go:3.1,4.2 15 0
github.com/wxcommerce/wechat/oauth/a.go:3.1,4.2 0 0
`

func cover(t *testing.T, profile string) (code int, out string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cover.out")
	require.NoError(t, os.WriteFile(name, []byte(profile), 0o600))
	var b bytes.Buffer
	code = run([]string{name}, &b)
	return code, b.String()
}

func TestGatesHold(t *testing.T) {
	t.Parallel()
	code, out := cover(t, good)
	assert.Zero(t, code, out)
	assert.Contains(t, out, "sign                        95 of   100 statements   95.0 %  gate 95 %  ok\n")
	assert.Contains(t, out, "the loop                    96 of    97 statements   98.9 %  gate 95 %  ok\n")
	assert.Contains(t, out, "pay/refund                  85 of   100 statements   85.0 %  gate 85 %  ok\n")
	assert.Contains(t, out, ".                          106 of   107 statements")
}

func TestGatesCanFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, new string
		code           int
		says           string
	}{
		{"sign below 95", "sign/a.go:3.1,4.2 5 0", "sign/a.go:3.1,4.2 6 0", 1, "94.0 %  gate 95 %  LOW"},
		{"refund below 85", "refund/a.go:3.1,4.2 15 0", "refund/a.go:3.1,4.2 16 0", 1, "84.1 %  gate 85 %  LOW"},
		{"the loop below 95", "dialectv3.go:1.1,2.2 1 0", "dialectv3.go:1.1,2.2 6 0", 1, "94.1 %  gate 95 %  LOW"},
		{"a hair below", "sign/a.go:1.1,2.2 95 1\n", "sign/a.go:1.1,2.2 9499 1\ngithub.com/wxcommerce/wechat/sign/b.go:1.1,2.2 496 0\n", 1, "94.9 %  gate 95 %  LOW"},
		{"no certs", "certs/a.go", "token/a.go", 1, "certs                    is not in the profile"},
		{"the other program ran it", "sign/a.go:3.1,4.2 5 0", "sign/a.go:3.1,4.2 6 0\ngithub.com/wxcommerce/wechat/sign/a.go:3.1,4.2 6 1", 0, "100.0 %"},
		{"the first program ran it", "sign/a.go:3.1,4.2 5 0", "sign/a.go:3.1,4.2 6 1\ngithub.com/wxcommerce/wechat/sign/a.go:3.1,4.2 6 0", 0, "100.0 %"},
		{"no profile", "mode: set", "hello", 2, "not a coverage profile"},
		{"words missing", "3.1,4.2 15 0", "3.1,4.2 15", 2, "not a line"},
		{"no number", "3.1,4.2 15 0", "3.1,4.2 x 0", 2, "not a line"},
		{"empty", good, "mode: set\n", 2, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(good, tt.old, tt.new, 1)
			require.NotEqual(t, good, changed)
			code, out := cover(t, changed)
			assert.Equal(t, tt.code, code, out)
			assert.Contains(t, out, tt.says)
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	assert.Equal(t, 2, run(nil, &b))
	assert.Equal(t, 2, run([]string{filepath.Join(t.TempDir(), "none")}, &b))
	assert.Contains(t, b.String(), "usage: cover PROFILE")
}
