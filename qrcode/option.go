package qrcode

import (
	"errors"
	"fmt"
	"image"
	"image/color"

	"github.com/boombuler/barcode/qr"
)

const (
	defaultMargin = 4 // the quiet zone that ISO/IEC 18004 asks for
	defaultUnit   = 8 // pixels per module
	maxMargin     = 64
	maxSize       = 8192 // a size may come from a request: 64 MB of pixels is the end
)

// ErrTooSmall reports a size that leaves less than one pixel for a module. The
// error that wraps it names both numbers.
var ErrTooSmall = errors.New("qrcode: the size is too small")

// Level says how much of a code may be damaged before it cannot be read. A
// higher level needs a larger code for the same text.
type Level uint8

// The levels, with the share of the code words that may be lost.
const (
	L Level = iota // L survives the loss of about 7 %.
	M              // M survives the loss of about 15 %. It is the default.
	Q              // Q survives the loss of about 25 %.
	H              // H survives the loss of about 30 %. A logo needs it.
)

// String returns the letter of the level.
func (l Level) String() string {
	if l > H {
		return fmt.Sprintf("Level(%d)", uint8(l))
	}
	return "LMQH"[l : l+1]
}

func (l Level) encoder() qr.ErrorCorrectionLevel {
	return [...]qr.ErrorCorrectionLevel{L: qr.L, M: qr.M, Q: qr.Q, H: qr.H}[l]
}

// Option changes how [New] makes a code.
type Option func(*settings)

type settings struct {
	level         Level
	size          int
	mm, dpi       int // of print, in place of size
	print         bool
	margin        int
	dark, light   color.Color
	logo          image.Image
	wantLogo      bool
	logoPercent   int
	lightTerminal bool
}

func defaults() settings {
	return settings{level: M, margin: defaultMargin, dark: color.Black, light: color.White, logoPercent: defaultLogo}
}

// WithSize sets width and height of the whole picture in pixels, margin
// included: at most 8192, at least one for each module. Modules of a PNG keep
// whole pixels, so what does not divide evenly widens the margin. Without it,
// or with 0, a module gets 8 pixels. A terminal takes no notice.
func WithSize(px int) Option { return func(s *settings) { s.size = px } }

// WithMargin sets the quiet zone around the code in modules, 0 to 64. Readers
// are promised 4, the default; with less, see to it that the page around the
// code is light.
func WithMargin(modules int) Option { return func(s *settings) { s.margin = modules } }

// WithLevel sets the error correction level. A logo raises it to [H].
func WithLevel(l Level) Option { return func(s *settings) { s.level = l } }

// WithColors sets the colour of the modules and of the ground. Both must be
// opaque, dark must be darker than light and the contrast between them at
// least 3:1, else [New] returns [ErrContrast]. A terminal takes no notice.
func WithColors(dark, light color.Color) Option {
	return func(s *settings) { s.dark, s.light = dark, light }
}

// WithLogo puts a picture in the middle and raises the level to [H], so that
// the code can be read although the picture hides a part of it. The picture is
// scaled to fit, its proportions kept, and transparent parts show the light
// colour. It may have up to 4096 pixels a side and is copied. A terminal shows
// the code without it.
func WithLogo(img image.Image) Option {
	return func(s *settings) { s.logo, s.wantLogo = img, true }
}

// WithLogoPercent sets how much of the code's width, margin not counted, a logo
// may take: 10 to 25, with 20 as default. More could hide what the error
// correction cannot restore and is refused with [ErrLogo].
func WithLogoPercent(percent int) Option { return func(s *settings) { s.logoPercent = percent } }

// WithLightTerminal makes [Code.Terminal] draw for dark letters on a light
// ground. Without it, light letters on a dark ground are expected.
func WithLightTerminal() Option { return func(s *settings) { s.lightTerminal = true } }

func (s *settings) validate() error {
	if err := s.checkPrint(); err != nil {
		return err
	}
	switch {
	case s.level > H:
		return fmt.Errorf("qrcode: WithLevel: %s is none of L, M, Q, H", s.level)
	case s.size < 0 || s.size > maxSize:
		return fmt.Errorf("qrcode: WithSize: %d is not between 0 and %d pixels", s.size, maxSize)
	case s.margin < 0 || s.margin > maxMargin:
		return fmt.Errorf("qrcode: WithMargin: %d is not between 0 and %d modules", s.margin, maxMargin)
	}
	if s.wantLogo {
		s.level = H
		if err := checkLogo(s.logo, s.logoPercent); err != nil {
			return err
		}
	}
	return checkContrast(s.dark, s.light)
}
