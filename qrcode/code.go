package qrcode

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/boombuler/barcode/qr"
)

// ErrEmpty reports a text without a character in it.
var ErrEmpty = errors.New("qrcode: the text is empty")

// ErrTooLong reports a text that no QR code of the wanted level can hold. The
// error that wraps it names both sizes. A lower [Level] holds more.
var ErrTooLong = errors.New("qrcode: the text is too long")

// Code is one QR code, ready to be drawn. It does not change and is safe for
// concurrent use.
type Code struct {
	side  int // modules in a row, margin not counted
	dark  []bool
	set   settings
	unit  int // pixels per module of the raster image
	pixel int // width and height of the raster image
	logo  *badge
}

// New makes the QR code of text, which must be valid UTF-8 and not empty.
//
// Without options the code has level [M], a margin of 4 modules, 8 pixels per
// module, black on white. The errors are [ErrEmpty], [ErrTooLong],
// [ErrTooSmall], [ErrContrast], [ErrLogo] or name the option that is wrong; none
// of them repeats the text.
func New(text string, opts ...Option) (*Code, error) {
	set := defaults()
	for _, o := range opts {
		o(&set)
	}
	if err := set.validate(); err != nil {
		return nil, err
	}
	c := &Code{set: set}
	if err := c.encode(text); err != nil {
		return nil, err
	}
	if err := c.measure(); err != nil {
		return nil, err
	}
	if set.logo != nil {
		c.set.logo = nil // the badge is our own copy of it
		c.logo = newBadge(set.logo, c.side, set.logoPercent, set.light)
	}
	return c, nil
}

// Modules returns how many modules (the small squares) a row of the code has,
// without the margin: 21 to 177.
func (c *Code) Modules() int { return c.side }

// Dark reports whether the module in column x and row y is dark, both counted
// from 0 at the upper left. Outside of the code everything is light. A logo
// does not show here.
func (c *Code) Dark(x, y int) bool {
	if x < 0 || y < 0 || x >= c.side || y >= c.side {
		return false
	}
	return c.dark[y*c.side+x]
}

// encode asks the encoder for the modules and keeps them.
func (c *Code) encode(text string) error {
	if text == "" {
		return ErrEmpty
	}
	if !utf8.ValidString(text) {
		return errors.New("qrcode: the text is not valid UTF-8")
	}
	mode := modeOf(text)
	if most := mode.most[c.set.level]; len(text) > most {
		return fmt.Errorf("%w: %d bytes, level %s holds at most %d of its kind", ErrTooLong, len(text), c.set.level, most)
	}
	matrix, err := qr.Encode(text, c.set.level.encoder(), mode.encoding)
	if err != nil { // its message quotes the text
		return errors.New("qrcode: the encoder refused the text")
	}
	c.side = matrix.Bounds().Dx()
	c.dark = make([]bool, c.side*c.side)
	for i := range c.dark {
		r, g, b, _ := matrix.At(i%c.side, i/c.side).RGBA()
		c.dark[i] = r|g|b == 0
	}
	return nil
}

// measure fits the code into the wanted number of pixels.
func (c *Code) measure() error {
	wide := c.side + 2*c.set.margin
	c.pixel = c.set.size
	if c.pixel == 0 {
		c.pixel = wide * defaultUnit
	}
	if c.unit = c.pixel / wide; c.unit < 1 {
		return fmt.Errorf("%w: %d pixels for %d modules, margin counted", ErrTooSmall, c.pixel, wide)
	}
	return c.checkModule()
}

// mode is one way to write characters into a code, with the number of bytes of
// the largest code (177 modules) for each level.
type mode struct {
	encoding qr.Encoding
	most     [4]int
}

var (
	digits    = mode{qr.Numeric, [...]int{L: 7089, M: 5596, Q: 3993, H: 3057}}
	capitals  = mode{qr.AlphaNumeric, [...]int{L: 4296, M: 3391, Q: 2420, H: 1852}}
	anyString = mode{qr.Unicode, [...]int{L: 2953, M: 2331, Q: 1663, H: 1273}}
)

// modeOf picks the densest mode. The encoder's own automatic choice reads
// "+12" as a number and writes "012".
func modeOf(text string) mode {
	m := digits
	for i := range len(text) {
		switch b := text[i]; {
		case '0' <= b && b <= '9':
		case 'A' <= b && b <= 'Z', b == ' ', b == '$', b == '%', b == '*', b == '+', b == '-', b == '.', b == '/', b == ':':
			m = capitals
		default:
			return anyString
		}
	}
	return m
}
