package qrcheck_test

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

// mostBytes is how many bytes fit into each of the forty sizes at each level,
// from the table of capacities in ISO/IEC 18004.
var mostBytes = map[qrcode.Level][40]int{
	qrcode.L: {17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858, 929, 1003, 1091, 1171, 1273, 1367, 1465, 1528, 1628, 1732, 1840, 1952, 2068, 2188, 2303, 2431, 2563, 2699, 2809, 2953},
	qrcode.M: {14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331},
	qrcode.Q: {11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241, 258, 292, 322, 364, 394, 442, 482, 509, 565, 611, 661, 715, 751, 805, 868, 908, 982, 1030, 1112, 1168, 1228, 1283, 1351, 1423, 1499, 1579, 1663},
	qrcode.H: {7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177, 194, 220, 250, 280, 310, 338, 382, 403, 439, 461, 511, 535, 593, 625, 658, 698, 742, 790, 842, 898, 958, 983, 1051, 1093, 1139, 1219, 1273},
}

// Each size at each level, filled to the last byte, is read module by module.
func TestEverySizeIsRead(t *testing.T) {
	t.Parallel()
	for level, sizes := range mostBytes {
		for i, most := range sizes {
			if sample() && i%8 != 7 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", level, i+1), func(t *testing.T) {
				t.Parallel()
				text := strings.Repeat("aZ5-", most/4+1)[:most]
				c, err := qrcode.New(text, qrcode.WithLevel(level))
				require.NoError(t, err)
				require.Equal(t, 21+4*i, c.Modules())
				bits := modules(t, c, nil)
				result, err := decoder.NewDecoder().Decode(bits, nil)
				require.NoError(t, err)
				assert.Equal(t, text, result.GetText())
			})
		}
	}
}

// The worst a logo can do is to turn over every module under its plate. For
// each of the forty sizes that must leave a reserve for dirt and glare: at the
// default width half of what a block can mend, at the greatest a quarter.
func TestLogoLeavesReserve(t *testing.T) {
	t.Parallel()
	for i, most := range mostBytes[qrcode.H] {
		if sample() && i%8 != 0 {
			continue
		}
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat("aZ5-", most/4+1)[:most]
			for percent, quarters := range map[int]int{20: 2, 25: 3} {
				c, err := qrcode.New(text, qrcode.WithMargin(0), qrcode.WithLogo(logo{}), qrcode.WithLogoPercent(percent))
				require.NoError(t, err)
				require.Equal(t, 21+4*i, c.Modules())
				lost, mends := damage(t, c)
				assert.LessOrEqual(t, lost*4, mends*quarters, "%d %%: %d of %d lost", percent, lost, mends)
			}
		})
	}
}

// damage counts the wrong code words of the block that suffers most, and how
// many of them the error correction of one block restores.
func damage(t *testing.T, c *qrcode.Code) (lost, mends int) {
	t.Helper()
	whole, _ := blocks(t, modules(t, c, nil))
	hurt, mends := blocks(t, modules(t, c, plate(t, c)))
	for i := range whole {
		wrong := 0
		for j := range whole[i] {
			if whole[i][j] != hurt[i][j] {
				wrong++
			}
		}
		lost = max(lost, wrong)
	}
	return lost, mends
}

// plate returns which modules the logo hides: the second rectangle of the SVG.
func plate(t *testing.T, c *qrcode.Code) func(x, y int) bool {
	t.Helper()
	var rects []image.Rectangle
	for _, e := range parseSVG(t, c).Elements {
		if e.XMLName.Local == "rect" {
			rects = append(rects, e.area())
		}
	}
	require.Len(t, rects, 2)
	return func(x, y int) bool { return image.Pt(x*svgUnit, y*svgUnit).In(rects[1]) }
}

func modules(t *testing.T, c *qrcode.Code, turned func(x, y int) bool) *gozxing.BitMatrix {
	t.Helper()
	bits, err := gozxing.NewSquareBitMatrix(c.Modules())
	require.NoError(t, err)
	for y := range c.Modules() {
		for x := range c.Modules() {
			if c.Dark(x, y) != (turned != nil && turned(x, y)) {
				bits.Set(x, y)
			}
		}
	}
	return bits
}

func blocks(t *testing.T, bits *gozxing.BitMatrix) (words [][]byte, mends int) {
	t.Helper()
	parser, err := decoder.NewBitMatrixParser(bits)
	require.NoError(t, err)
	version, err := parser.ReadVersion()
	require.NoError(t, err)
	format, err := parser.ReadFormatInformation()
	require.NoError(t, err)
	all, err := parser.ReadCodewords()
	require.NoError(t, err)
	list, err := decoder.DataBlock_GetDataBlocks(all, version, format.GetErrorCorrectionLevel())
	require.NoError(t, err)
	for _, b := range list {
		words = append(words, b.GetCodewords())
		mends = (len(b.GetCodewords()) - b.GetNumDataCodewords()) / 2
	}
	return words, mends
}
