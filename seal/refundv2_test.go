package seal_test

import (
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// The key of the vector whose MD5 begins with zeros, which a conversion by way of
// a big number would lose.
const zeroKey = "testkey0000000000000000000000328"

const zeroInfo = "dqOqZLmSIJ4T0wLNz6jzLQ5QWQ5XAXk+ayq1GQROao/GQuYfqlF31j36xQEnSxltvCLnD3vE7Hhv45qDZL3Yv62G+8rZwxkf/xq4N5CHQzVmdDlm9KxBOONKtxtvDK1LpZKYKGXxlYykqELKDU65kR1eFa5JU6/795oloGc3OIYFjPdXr69XIavQKLD5cUsK8iEQGQPmJPnmT5FHQD63Qg=="

const zeroPlain = "<root><out_refund_no><![CDATA[R1]]></out_refund_no><refund_status><![CDATA[SUCCESS]]></refund_status><refund_fee><![CDATA[1]]></refund_fee></root>"

// sealECB encrypts whole blocks as WeChat Pay does, padding left to the caller.
func sealECB(t testing.TB, apiKey string, blocks []byte) string {
	t.Helper()
	sum := md5.Sum([]byte(apiKey))
	b, err := aes.NewCipher([]byte(hex.EncodeToString(sum[:])))
	require.NoError(t, err)
	out := make([]byte, len(blocks))
	for i := 0; i+aes.BlockSize <= len(blocks); i += aes.BlockSize {
		b.Encrypt(out[i:i+aes.BlockSize], blocks[i:i+aes.BlockSize])
	}
	return base64.StdEncoding.EncodeToString(out)
}

func TestOpenRefundNotice(t *testing.T) {
	t.Parallel()
	plain, err := seal.OpenRefundNotice(zeroKey, zeroInfo)
	require.NoError(t, err)
	assert.Equal(t, zeroPlain, string(plain))

	// wechatpay-php test: the cipher alone.
	text, err := base64.StdEncoding.DecodeString("pZwJZBLuy3mDACEQT4YTBw==")
	require.NoError(t, err)
	plain, err = seal.OpenECB([]byte("0123456789abcdef0123456789abcdef"), text)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(plain))
	_, err = seal.OpenECB([]byte("short"), nil)
	require.ErrorIs(t, err, seal.ErrOpen)
}

func TestOpenRefundNoticeRefuses(t *testing.T) {
	t.Parallel()
	block := func(text string, pad byte, n int) []byte {
		return append([]byte(text), []byte(strings.Repeat(string(rune(pad)), n))...)
	}
	tests := []struct{ name, info string }{
		{"empty", ""},
		{"not base64", "!!!"},
		{"URL alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(zeroInfo)},
		{"no padding of base64", strings.TrimRight(zeroInfo, "=")},
		{"spare bits", strings.Replace(zeroInfo, "Qg==", "Qh==", 1)},
		{"partial block", base64.StdEncoding.EncodeToString([]byte("seventeen bytes!!"))},
		{"cut by a block", base64.StdEncoding.EncodeToString(make([]byte, 32))},
		{"padding byte 0", sealECB(t, zeroKey, block("fifteen bytes..", 0, 1))},
		{"padding byte 17", sealECB(t, zeroKey, block("fifteen bytes..", 17, 1))},
		{"padding longer than the text", sealECB(t, zeroKey, []byte(strings.Repeat("\x20", 16)))},
		{"uneven padding", sealECB(t, zeroKey, []byte("twelve bytes\x04\x03\x04\x04"))},
		{"another key", sealECB(t, "another key", block("twelve bytes", 4, 4))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.OpenRefundNotice(zeroKey, tt.info)
			assert.Equal(t, seal.ErrOpen, err, "one error for all, so that nobody learns from it")
		})
	}
	whole, err := seal.OpenRefundNotice(zeroKey, sealECB(t, zeroKey, []byte(strings.Repeat("\x10", 16))))
	require.NoError(t, err, "a whole block of padding is an empty text")
	assert.Empty(t, whole)
}
