package qrcode_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

var (
	red  = color.NRGBA{R: 0xff, A: 0xff}
	navy = color.NRGBA{B: 0x60, A: 0xff}
	sand = color.NRGBA{R: 0xff, G: 0xf0, B: 0xd0, A: 0xff}
)

func filled(c color.Color, w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

func newCode(t testing.TB, opts ...qrcode.Option) *qrcode.Code {
	t.Helper()
	c, err := qrcode.New(codeURL, opts...)
	require.NoError(t, err)
	return c
}

func TestImageGeometry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		opts            []qrcode.Option
		pixel, unit, at int
	}{
		{"default", nil, 37 * 8, 8, 32},
		{"no margin", []qrcode.Option{qrcode.WithMargin(0)}, 29 * 8, 8, 0},
		{"exact", []qrcode.Option{qrcode.WithSize(370)}, 370, 10, 40},
		{"what is left over widens the margin", []qrcode.Option{qrcode.WithSize(300)}, 300, 8, 34},
		{"one pixel a module", []qrcode.Option{qrcode.WithSize(37)}, 37, 1, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCode(t, append(tt.opts, qrcode.WithColors(navy, sand))...)
			img := c.Image()
			require.Equal(t, image.Rect(0, 0, tt.pixel, tt.pixel), img.Bounds())
			for y := range tt.pixel {
				for x := range tt.pixel {
					want := color.Color(sand)
					if x >= tt.at && y >= tt.at && c.Dark((x-tt.at)/tt.unit, (y-tt.at)/tt.unit) {
						want = navy
					}
					if img.At(x, y) != want {
						require.Equal(t, want, img.At(x, y), "%d %d", x, y)
					}
				}
			}
		})
	}
}

func TestPNGIsTheImage(t *testing.T) {
	t.Parallel()
	c := newCode(t)
	var b bytes.Buffer
	require.NoError(t, c.PNG(&b))
	assert.Less(t, b.Len(), 2000)
	img, err := png.Decode(&b)
	require.NoError(t, err)
	want := c.Image()
	require.Equal(t, want.Bounds(), img.Bounds())
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			r, _, _, _ := want.At(x, y).RGBA()
			got, _, _, _ := img.At(x, y).RGBA()
			require.Equal(t, r, got)
		}
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	t.Parallel()
	c := newCode(t, qrcode.WithSize(300), qrcode.WithMargin(2), qrcode.WithColors(navy, sand))
	var b bytes.Buffer
	require.NoError(t, c.SVG(&b))
	text := b.String()
	assert.Contains(t, text, `width="300" height="300" viewBox="0 0 33 33"`)
	assert.Contains(t, text, `<rect width="33" height="33" fill="#fff0d0"/>`)
	assert.Contains(t, text, `<path d="M2 2h7v1h-7z`)
	assert.Contains(t, text, `fill="#000060"`)
	assert.NotContains(t, text, "weixin")
	assert.NotContains(t, text, "image")
	assert.Equal(t, []string{"svg", "rect", "path"}, elements(t, &b))
}

func TestSVGLogoIsEmbedded(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, newCode(t, qrcode.WithLogo(filled(red, 600, 300))).SVG(&b))
	assert.Contains(t, b.String(), `href="data:image/png;base64,iVBOR`)
	assert.Equal(t, []string{"svg", "rect", "path", "rect", "image"}, elements(t, &b))
}

func elements(t *testing.T, r io.Reader) (names []string) {
	t.Helper()
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, light := range []bool{false, true} {
		opts := []qrcode.Option{qrcode.WithMargin(1)}
		if light {
			opts = append(opts, qrcode.WithLightTerminal())
		}
		c := newCode(t, opts...)
		var b strings.Builder
		require.NoError(t, c.Terminal(&b))
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		require.Len(t, lines, 16) // 31 rows
		for y, line := range lines {
			require.Len(t, []rune(line), 31)
			for x, r := range []rune(line) {
				upper := r == '█' || r == '▀'
				assert.Equal(t, c.Dark(x-1, 2*y-1), upper == light, "%d %d", x, y)
				if lower := r == '█' || r == '▄'; y < 15 {
					assert.Equal(t, c.Dark(x-1, 2*y), lower == light, "%d %d", x, y)
				} else {
					assert.False(t, lower)
				}
			}
		}
	}
}

func TestLogoSitsInTheMiddleOnItsPlate(t *testing.T) {
	t.Parallel()
	c := newCode(t, qrcode.WithLogo(filled(red, 40, 20)), qrcode.WithColors(navy, sand), qrcode.WithSize(450))
	require.Equal(t, 37, c.Modules(), "raised to H")
	img := c.Image() // 10 pixels a module, a plate of 7 modules, a logo of 60 x 30 pixels
	const middle = 225
	for _, tt := range []struct {
		x, y int
		want color.Color
	}{
		{0, 0, red}, {-30, -15, red}, {29, 14, red},
		{-31, 0, sand}, {30, 0, sand}, {0, -16, sand}, {0, 15, sand},
		{-35, -35, sand}, {34, 34, sand}, {-35, 34, sand},
	} {
		assert.Equal(t, tt.want, img.At(middle+tt.x, middle+tt.y), "%d %d", tt.x, tt.y)
	}
}

func TestLogoIsMixedWithTheGround(t *testing.T) {
	t.Parallel()
	logo := image.NewNRGBA(image.Rect(5, 5, 105, 105)) // left half red, right half clear, not at 0, 0
	for y := 5; y < 105; y++ {
		for x := 5; x < 55; x++ {
			logo.Set(x, y, red)
		}
	}
	c := newCode(t, qrcode.WithLogo(logo), qrcode.WithColors(navy, sand), qrcode.WithSize(450))
	logo.Set(50, 50, navy) // ours is a copy
	img := c.Image()
	assert.Equal(t, red, img.At(215, 225))
	assert.Equal(t, sand, img.At(235, 225))
}

func TestOutputIsDeterministic(t *testing.T) {
	t.Parallel()
	logo := qrcode.WithLogo(filled(red, 64, 64))
	for name, write := range map[string]func(*qrcode.Code, io.Writer) error{
		"PNG": (*qrcode.Code).PNG, "SVG": (*qrcode.Code).SVG, "terminal": (*qrcode.Code).Terminal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second bytes.Buffer
			require.NoError(t, write(newCode(t, logo), &first))
			require.NoError(t, write(newCode(t, logo), &second))
			assert.Equal(t, first.Bytes(), second.Bytes())

			errFull := errors.New("disk full")
			err := write(newCode(t), failing{errFull})
			require.ErrorIs(t, err, errFull)
			assert.ErrorContains(t, err, "qrcode: write")
		})
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
