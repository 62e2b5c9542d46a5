package qrcode_test

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

const codeURL = "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"

func TestNewPicksTheSmallestCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		text  string
		level qrcode.Level
		want  int
	}{
		{"code_url", codeURL, qrcode.M, 29},
		{"digits are packed three to ten bits", strings.Repeat("7", 41), qrcode.L, 21},
		{"one digit more", strings.Repeat("7", 42), qrcode.L, 25},
		{"capitals are packed two to eleven bits", strings.Repeat("A:", 12) + "B", qrcode.L, 21},
		{"one capital more", strings.Repeat("A:", 13), qrcode.L, 25},
		{"small letters take a byte", strings.Repeat("a", 17), qrcode.L, 21},
		{"Chinese takes three bytes", strings.Repeat("付", 6), qrcode.L, 25},
		{"the largest of bytes", strings.Repeat("a", 2953), qrcode.L, 177},
		{"the largest of capitals", strings.Repeat("A", 4296), qrcode.L, 177},
		{"the largest of digits", strings.Repeat("1", 3057), qrcode.H, 177},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := qrcode.New(tt.text, qrcode.WithLevel(tt.level))
			require.NoError(t, err)
			assert.Equal(t, tt.want, c.Modules())
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	square := image.NewGray(image.Rect(0, 0, 8, 8))
	grey := color.Gray{Y: 0xb0}
	tests := []struct {
		name string
		text string
		opt  qrcode.Option
		is   error
		says string
	}{
		{"empty text", "", nil, qrcode.ErrEmpty, "empty"},
		{"not UTF-8", "\xff\xfe", nil, nil, "not valid UTF-8"},
		{"2332 bytes at M", strings.Repeat("a", 2332), nil, qrcode.ErrTooLong, "2332 bytes, level M holds at most 2331"},
		{"too long for a logo", strings.Repeat("a", 1274), qrcode.WithLogo(square), qrcode.ErrTooLong, "level H holds at most 1273"},
		{"7090 digits", strings.Repeat("1", 7090), qrcode.WithLevel(qrcode.L), qrcode.ErrTooLong, "at most 7089"},
		{"one pixel too small", codeURL, qrcode.WithSize(36), qrcode.ErrTooSmall, "36 pixels for 37 modules"},
		{"negative size", codeURL, qrcode.WithSize(-1), nil, "WithSize: -1"},
		{"huge size", codeURL, qrcode.WithSize(8193), nil, "WithSize: 8193"},
		{"negative margin", codeURL, qrcode.WithMargin(-1), nil, "WithMargin: -1"},
		{"wide margin", codeURL, qrcode.WithMargin(65), nil, "WithMargin: 65"},
		{"unknown level", codeURL, qrcode.WithLevel(4), nil, "WithLevel: Level(4)"},
		{"no colour", codeURL, qrcode.WithColors(nil, color.White), qrcode.ErrContrast, "nil"},
		{"translucent", codeURL, qrcode.WithColors(color.NRGBA{A: 0x80}, color.White), qrcode.ErrContrast, "opaque"},
		{"swapped", codeURL, qrcode.WithColors(color.White, color.Black), qrcode.ErrContrast, "darker"},
		{"equal", codeURL, qrcode.WithColors(grey, grey), qrcode.ErrContrast, "darker"},
		{"grey on white", codeURL, qrcode.WithColors(grey, color.White), qrcode.ErrContrast, "less than 3:1"},
		{"no logo", codeURL, qrcode.WithLogo(nil), qrcode.ErrLogo, "nil"},
		{"logo without pixels", codeURL, qrcode.WithLogo(image.NewGray(image.Rectangle{})), qrcode.ErrLogo, "no pixels"},
		{"logo too large", codeURL, qrcode.WithLogo(image.NewUniform(color.Black)), qrcode.ErrLogo, "at most 4096"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var opts []qrcode.Option
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			c, err := qrcode.New(tt.text, opts...)
			require.Error(t, err)
			assert.Nil(t, c)
			assert.ErrorContains(t, err, tt.says)
			assert.True(t, strings.HasPrefix(err.Error(), "qrcode: "), err)
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			}
			if len(tt.text) > 4 {
				assert.NotContains(t, err.Error(), tt.text)
			}
		})
	}
}

func TestLogoPercentHasBounds(t *testing.T) {
	t.Parallel()
	logo := qrcode.WithLogo(image.NewGray(image.Rect(0, 0, 8, 8)))
	for percent, ok := range map[int]bool{9: false, 10: true, 25: true, 26: false} {
		_, err := qrcode.New(codeURL, logo, qrcode.WithLogoPercent(percent))
		if ok {
			assert.NoError(t, err, percent)
		} else {
			assert.ErrorIs(t, err, qrcode.ErrLogo, percent)
		}
	}
}

// The structure that every code shares, read back from the modules: three
// finders with their free rim, the two timing lines, the one module that is
// always dark, and both copies of the level and mask.
func TestStructure(t *testing.T) {
	t.Parallel()
	levels := map[qrcode.Level]int{qrcode.L: 1, qrcode.M: 0, qrcode.Q: 3, qrcode.H: 2}
	for level, bits := range levels {
		t.Run(level.String(), func(t *testing.T) {
			t.Parallel()
			c, err := qrcode.New(codeURL, qrcode.WithLevel(level))
			require.NoError(t, err)
			n := c.Modules()
			for _, at := range []image.Point{{0, 0}, {n - 7, 0}, {0, n - 7}} {
				assertFinder(t, c, at)
			}
			for i := 8; i < n-8; i++ {
				assert.Equal(t, i%2 == 0, c.Dark(i, 6), "row %d", i)
				assert.Equal(t, i%2 == 0, c.Dark(6, i), "column %d", i)
			}
			assert.True(t, c.Dark(8, n-8))
			first, second := formats(c)
			assert.Equal(t, first, second)
			assert.Zero(t, remainder(first^0x5412), "%015b", first)
			assert.Equal(t, bits, (first^0x5412)>>13)
		})
	}
}

func assertFinder(t *testing.T, c *qrcode.Code, at image.Point) {
	t.Helper()
	for y := -1; y <= 7; y++ {
		for x := -1; x <= 7; x++ {
			ring := max(abs(x-3), abs(y-3))
			assert.Equal(t, ring == 3 || ring <= 1, c.Dark(at.X+x, at.Y+y), "%v %d %d", at, x, y)
		}
	}
}

func abs(n int) int { return max(n, -n) }

// formats reads the two copies of the 15 format bits.
func formats(c *qrcode.Code) (first, second int) {
	n := c.Modules()
	add := func(to *int, x, y int) {
		*to <<= 1
		if c.Dark(x, y) {
			*to |= 1
		}
	}
	for _, i := range []int{0, 1, 2, 3, 4, 5, 7, 8} {
		add(&first, i, 8)
	}
	for _, i := range []int{7, 5, 4, 3, 2, 1, 0} {
		add(&first, 8, i)
	}
	for i := 1; i <= 7; i++ {
		add(&second, 8, n-i)
	}
	for i := 8; i >= 1; i-- {
		add(&second, n-i, 8)
	}
	return first, second
}

// remainder divides by the generator of the format bits: 0 for a valid word.
func remainder(word int) int {
	for i := 14; i >= 10; i-- {
		if word>>i&1 == 1 {
			word ^= 0x537 << (i - 10)
		}
	}
	return word
}

func TestSignedNumberIsNotShortened(t *testing.T) {
	t.Parallel()
	for signed, plain := range map[string]string{"+12": "012", "123+45": "123045"} {
		one, err := qrcode.New(signed)
		require.NoError(t, err)
		other, err := qrcode.New(plain)
		require.NoError(t, err)
		same := true
		for i := range 21 * 21 {
			same = same && one.Dark(i%21, i/21) == other.Dark(i%21, i/21)
		}
		assert.False(t, same, signed)
	}
}

func TestLevelString(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "LMQH", qrcode.L.String()+qrcode.M.String()+qrcode.Q.String()+qrcode.H.String())
	assert.Equal(t, "Level(7)", qrcode.Level(7).String())
}
