package qrcheck_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	reader "github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

var texts = map[string]string{
	"code_url":      "weixin://wxpay/bizpayurl?pr=p4lpSuKzz",
	"one letter":    "x",
	"digits":        "01234567890123456789",
	"signed digits": "+12345+6",
	"late sign":     "123+45",
	"late letter":   "123a",
	"capitals":      "HTTPS://EXAMPLE.COM/A-1.2",
	"512 letters":   "https://shop.example.com/goods?" + strings.Repeat("ab7-", 121)[:481],
	"Chinese":       "微信支付:乐清奶茶 · 大杯 ¥12.00",
}

var looks = map[string][]qrcode.Option{
	"plain":  nil,
	"logo":   {qrcode.WithLogo(logo{})},
	"wide":   {qrcode.WithLogo(logo{}), qrcode.WithLogoPercent(25)},
	"colour": {qrcode.WithColors(color.NRGBA{R: 0x10, G: 0x50, B: 0x30, A: 0xff}, color.NRGBA{R: 0xff, G: 0xf8, B: 0xe0, A: 0xff})},
	"light":  {qrcode.WithLightTerminal(), qrcode.WithMargin(2)},
}

// logo is a striped picture that is wider than high and partly transparent.
type logo struct{}

func (logo) ColorModel() color.Model { return color.NRGBAModel }
func (logo) Bounds() image.Rectangle { return image.Rect(-10, 0, 130, 100) }
func (logo) At(x, y int) color.Color {
	return color.NRGBA{R: uint8(x), B: 0x80, A: uint8(y / 10 % 2 * 0xff)}
}

func TestEveryDrawingIsRead(t *testing.T) {
	t.Parallel()
	drawings := map[string]func(*testing.T, *qrcode.Code) image.Image{
		"PNG": fromPNG, "SVG": fromSVG, "terminal": fromTerminal,
	}
	levels := []qrcode.Level{qrcode.M, qrcode.L, qrcode.Q, qrcode.H}
	if sample() {
		levels = levels[:1]
	}
	for look, opts := range looks {
		for textName, text := range texts {
			for _, level := range levels {
				t.Run(look+"/"+textName+"/"+level.String(), func(t *testing.T) {
					t.Parallel()
					c, err := qrcode.New(text, append([]qrcode.Option{qrcode.WithLevel(level)}, opts...)...)
					require.NoError(t, err)
					for name, drawing := range drawings {
						assert.Equal(t, text, read(t, drawing(t, c)), name)
					}
				})
			}
		}
	}
}

func TestSmallAndUnevenSizesAreRead(t *testing.T) {
	t.Parallel()
	for _, px := range []int{74, 100, 211, 300, 1000} {
		c, err := qrcode.New(texts["code_url"], qrcode.WithSize(px))
		require.NoError(t, err)
		img := fromPNG(t, c)
		assert.Equal(t, px, img.Bounds().Dx())
		assert.Equal(t, texts["code_url"], read(t, img), px)
	}
}

// read finds the code in the picture and decodes it. The reader's message is
// all there is to say if it fails.
func read(t *testing.T, img image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	require.NoError(t, err)
	result, err := reader.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
	})
	require.NoError(t, err)
	return result.GetText()
}

func fromPNG(t *testing.T, c *qrcode.Code) image.Image {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.PNG(&b))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	return img
}

// fromTerminal turns the lines back to pixels, six by six for each half block,
// as the terminal would show them, with a screen around.
func fromTerminal(t *testing.T, c *qrcode.Code) image.Image {
	t.Helper()
	const unit, around = 6, 24
	var b strings.Builder
	require.NoError(t, c.Terminal(&b))
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	ground, letters := image.Black, image.White
	if lines[0][0] == ' ' {
		ground, letters = letters, ground
	}
	img := image.NewGray(image.Rect(0, 0, len([]rune(lines[0]))*unit+2*around, len(lines)*2*unit+2*around))
	draw.Draw(img, img.Bounds(), ground, image.Point{}, draw.Src)
	fill := func(x, y int) {
		square := image.Rect(x, y, x+1, y+1)
		square.Min, square.Max = square.Min.Mul(unit), square.Max.Mul(unit)
		draw.Draw(img, square.Add(image.Pt(around, around)), letters, image.Point{}, draw.Src)
	}
	for y, line := range lines {
		for x, r := range []rune(line) {
			if r == '█' || r == '▀' {
				fill(x, 2*y)
			}
			if r == '█' || r == '▄' {
				fill(x, 2*y+1)
			}
		}
	}
	return img
}
