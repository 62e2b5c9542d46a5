package qrcode

import (
	"errors"
	"fmt"
	"image/color"
)

// ErrContrast reports colours that a reader could not tell apart, that are
// swapped (light modules on a dark ground) or that let the page shine through.
var ErrContrast = errors.New("qrcode: the colours do not contrast")

// minContrast is 3:1, what accessibility guides ask of signs that are no text.
const minContrast = 3

func checkContrast(dark, light color.Color) error {
	if dark == nil || light == nil {
		return fmt.Errorf("%w: WithColors: a colour is nil", ErrContrast)
	}
	if !opaque(dark) || !opaque(light) {
		return fmt.Errorf("%w: WithColors: a colour is not opaque", ErrContrast)
	}
	d, l := luminance(dark), luminance(light)
	if d >= l {
		return fmt.Errorf("%w: WithColors: the first colour must be the darker one", ErrContrast)
	}
	const glare = maxLuminance / 20 // light that a surface throws back on its own
	if l+glare < minContrast*(d+glare) {
		return fmt.Errorf("%w: WithColors: less than %d:1", ErrContrast, minContrast)
	}
	return nil
}

func opaque(c color.Color) bool {
	_, _, _, a := c.RGBA()
	return a == 0xffff
}

const maxLuminance = 0xff * 0xff * 10000

// luminance weighs the squares of the three channels, which stands in for the
// exact sRGB curve: a scanner does not see the difference.
func luminance(c color.Color) int {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	r, g, b := int(n.R), int(n.G), int(n.B)
	return 2126*r*r + 7152*g*g + 722*b*b
}

// hex writes a colour the way SVG takes it.
func hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}
