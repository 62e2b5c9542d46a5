package qrcode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
)

func TestPage(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"https://shop.example/tea/1?from=poster&x=%E8%8C%B6#top", "https://shop.example", "https://shop.example:8443/"} {
		c, err := qrcode.Page(ok)
		require.NoError(t, err, ok)
		plain, err := qrcode.New(ok, qrcode.WithLevel(qrcode.Q))
		require.NoError(t, err)
		assert.Equal(t, plain.Image(), c.Image(), "print gets level Q")
	}
	low, err := qrcode.Page("https://shop.example/tea/1?from=poster", qrcode.WithLevel(qrcode.L))
	require.NoError(t, err)
	assert.Equal(t, 29, low.Modules(), "unless another level is wanted")
	for address, says := range map[string]string{
		"":                            "empty",
		"http://shop.example/8fA3":    "begins with https://",
		"shop.example/8fA3":           "begins with https://",
		"https:///8fA3":               "whole address",
		"https://8fA3@shop.example/":  "user name",
		"https://shop.example/8fA3 x": "visible ASCII",
		"https://shop.example/茶":      "visible ASCII",
		"https://shop.example/%zz":    "not a URL",
		"https://s.example/" + strings.Repeat("a", 1024): "the limit is 1024",
		"javascript:8fA3": "begins with https://",
	} {
		_, err := qrcode.Page(address)
		refused(t, err, "address", says)
	}
	_, err = qrcode.Page("https://shop.example/", qrcode.WithSize(-1))
	require.ErrorContains(t, err, "WithSize")
}

func TestNative(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"APIv3":         "weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00",
		"APIv2, mode 2": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz",
		"APIv2, older":  "weixin://wxpay/bizpayurl?sr=XXXXX",
		"APIv2, mode 1": "weixin://wxpay/bizpayurl?sign=S&appid=wx1&mch_id=1&product_id=P&time_stamp=1&nonce_str=N",
		"2014":          "weixin://wxpay/bizpayurl?sign=S&appid=wx1&productid=P&timestamp=1&noncestr=N",
	} {
		c, err := qrcode.Native(text, qrcode.WithSize(300))
		require.NoError(t, err, name)
		assert.Equal(t, 300, c.Image().Bounds().Dx())
	}
	for text, says := range map[string]string{
		"":                                              "empty",
		"wx201410272009395522657a690389285100":          "does not begin with weixin://wxpay/",
		"https://pay.example/8fA3":                      "does not begin",
		"WEIXIN://WXPAY/bizpayurl?pr=8fA3":              "does not begin",
		"weixin://wxpay/bizpayurl":                      "it was cut",
		"weixin://wxpay/bizpayurl?pr=8fA3\n":            "visible ASCII",
		"weixin://dl/business/?t=8fA3":                  "does not begin",
		"weixin://wxpay/x?" + strings.Repeat("a", 1024): "the limit is 1024",
	} {
		_, err := qrcode.Native(text)
		refused(t, err, "code_url", says)
	}
}

func refused(t *testing.T, err error, field, says string) {
	t.Helper()
	var f *wechat.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, field, f.Field)
	assert.Contains(t, f.Problem, says)
	assert.True(t, strings.HasPrefix(err.Error(), "qrcode: "), err)
	assert.NotContains(t, err.Error(), "8fA3")
}

// A code for print has the pixels of its millimetres, and says how large it is.
func TestPrint(t *testing.T) {
	t.Parallel()
	c, err := qrcode.Page("https://shop.example/tea/1", qrcode.WithPrint(30, 300))
	require.NoError(t, err)
	assert.Equal(t, 354, c.Image().Bounds().Dx()) // 30 mm are 354.3 dots of 1/300 inch
	var file, svg bytes.Buffer
	require.NoError(t, c.PNG(&file))
	img, err := png.Decode(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	assert.Equal(t, c.Image().Bounds(), img.Bounds())
	chunk := file.Bytes()[33:]
	assert.Equal(t, "pHYs", string(chunk[4:8]))
	assert.Equal(t, uint32(9), binary.BigEndian.Uint32(chunk))
	assert.Equal(t, uint32(11811), binary.BigEndian.Uint32(chunk[8:]), "300 dots per inch are 11811 per metre")
	assert.Equal(t, binary.BigEndian.Uint32(chunk[8:]), binary.BigEndian.Uint32(chunk[12:]))
	assert.Equal(t, byte(1), chunk[16])
	assert.Equal(t, crc32.ChecksumIEEE(chunk[4:17]), binary.BigEndian.Uint32(chunk[17:]))
	require.NoError(t, c.SVG(&svg))
	assert.Contains(t, svg.String(), `width="30mm" height="30mm"`)

	var plain bytes.Buffer
	require.NoError(t, newCode(t).PNG(&plain))
	assert.NotContains(t, plain.String(), "pHYs")
	require.ErrorContains(t, c.PNG(full{}), "write PNG")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestPrintHasLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mm, dpi int
		says    string // "" is fine
	}{
		{12, 300, ""}, {11, 300, "at least 12 mm are needed"}, {5, 2400, "less than 0.3 mm"},
		{30, 71, "71 is not between 72 and 2400"}, {30, 2401, "2401"}, {0, 300, "0 is not between 1 and 2000 millimetres"},
		{2001, 72, "2001"}, {693, 300, ""}, {694, 300, "are 8196 pixels, at most 8192"}, {-1, -1, "-1"},
	} {
		_, err := qrcode.New(codeURL, qrcode.WithPrint(tt.mm, tt.dpi))
		if tt.says == "" {
			require.NoError(t, err, "%d mm", tt.mm)
			continue
		}
		require.ErrorContains(t, err, tt.says)
	}
	_, err := qrcode.New(codeURL, qrcode.WithPrint(11, 300))
	require.ErrorIs(t, err, qrcode.ErrTooSmall)
}
