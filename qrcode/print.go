package qrcode

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	minDPI, maxDPI = 72, 2400
	maxPrint       = 2000 // millimetres
	minModule      = 300  // micrometres: what phones read from a poster at arm's length
)

// WithPrint sets width and height of the whole picture in millimetres, margin
// included, for a printer of dpi dots per inch (72 to 2400); it takes the place of
// [WithSize]. The PNG and the SVG then say how large they are to be. A module that
// would be smaller than 0.3 mm is refused with [ErrTooSmall], for phones would not
// read it.
func WithPrint(mm, dpi int) Option { return func(s *settings) { s.mm, s.dpi, s.print = mm, dpi, true } }

// checkPrint also turns millimetres into pixels: an inch has 25.4 of them.
func (s *settings) checkPrint() error {
	if !s.print {
		return nil
	}
	switch {
	case s.dpi < minDPI || s.dpi > maxDPI:
		return fmt.Errorf("qrcode: WithPrint: %d is not between %d and %d dots per inch", s.dpi, minDPI, maxDPI)
	case s.mm < 1 || s.mm > maxPrint:
		return fmt.Errorf("qrcode: WithPrint: %d is not between 1 and %d millimetres", s.mm, maxPrint)
	}
	if s.size = s.mm * s.dpi * 10 / 254; s.size > maxSize {
		return fmt.Errorf("qrcode: WithPrint: %d mm at %d dots per inch are %d pixels, at most %d; take fewer dots, or the SVG", s.mm, s.dpi, s.size, maxSize)
	}
	return nil
}

// checkModule refuses modules too small for print.
func (c *Code) checkModule() error {
	if !c.set.print {
		return nil
	}
	wide := c.side + 2*c.set.margin
	if got := c.set.mm * 1000 / wide; got < minModule {
		return fmt.Errorf("%w: %d mm for %d modules, margin counted, make modules of less than 0.3 mm; at least %d mm are needed", ErrTooSmall, c.set.mm, wide, (wide*minModule+999)/1000)
	}
	return nil
}

// svgSize is the width and height of the SVG.
func (c *Code) svgSize() string {
	if c.set.print {
		return fmt.Sprintf("%dmm", c.set.mm)
	}
	return fmt.Sprint(c.pixel)
}

// withDensity puts a pHYs chunk behind the header of a PNG, which is always 33 bytes:
// dots per metre in both directions.
func withDensity(file []byte, dpi int) []byte {
	const header = 8 + 25
	perMetre := uint32((dpi*10000 + 127) / 254)
	data := append([]byte("pHYs"), make([]byte, 9)...)
	binary.BigEndian.PutUint32(data[4:], perMetre)
	binary.BigEndian.PutUint32(data[8:], perMetre)
	data[12] = 1 // the unit is the metre
	out := append([]byte(nil), file[:header]...)
	out = binary.BigEndian.AppendUint32(out, 9)
	out = append(out, data...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	return append(out, file[header:]...)
}
