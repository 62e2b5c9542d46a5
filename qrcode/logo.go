package qrcode

import (
	"errors"
	"fmt"
	"image"
	"image/color"
)

// ErrLogo reports a logo that cannot be used: none, without pixels, larger than
// 4096 pixels a side, or wanted so wide that the code could not be read.
var ErrLogo = errors.New("qrcode: the logo cannot be used")

// The limits come from hiding the middle of all forty sizes at level H: a plate
// of 20 % of the side never costs a block more than half of the errors it can
// mend, one of 25 % never more than three quarters.
const (
	defaultLogo = 20
	minLogo     = 10
	maxLogo     = 25

	maxLogoSource = 4096 // pixels a side
	maxLogoKept   = 512
)

// badge is a logo on its plate, in the middle of the code.
type badge struct {
	plate int // modules a side, odd like the code so that it sits in the middle
	img   *image.NRGBA
}

func checkLogo(img image.Image, percent int) error {
	if img == nil {
		return fmt.Errorf("%w: WithLogo: the image is nil", ErrLogo)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	switch {
	case w < 1 || h < 1:
		return fmt.Errorf("%w: WithLogo: the image has no pixels", ErrLogo)
	case w > maxLogoSource || h > maxLogoSource:
		return fmt.Errorf("%w: WithLogo: %d x %d pixels, at most %d a side", ErrLogo, w, h, maxLogoSource)
	case percent < minLogo || percent > maxLogo:
		return fmt.Errorf("%w: WithLogoPercent: %d is not between %d and %d", ErrLogo, percent, minLogo, maxLogo)
	}
	return nil
}

func newBadge(img image.Image, side, percent int, light color.Color) *badge {
	plate := side * percent / 100
	if plate%2 == 0 {
		plate--
	}
	plate = max(plate, 3)
	return &badge{plate: plate, img: scale(img, maxLogoKept, light, false)}
}

// scale draws img as large as fits into a square of box pixels, on the colour
// ground. An image that fits already is enlarged only if grow says so.
func scale(img image.Image, box int, ground color.Color, grow bool) *image.NRGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); grow || long > box {
		w, h = max(1, w*box/long), max(1, h*box/long)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		top, bottom := span(y, h, b.Dy())
		for x := range w {
			left, right := span(x, w, b.Dx())
			area := image.Rect(left, top, right, bottom).Add(b.Min)
			out.Set(x, y, average(img, area, ground))
		}
	}
	return out
}

// span returns which of the source's pixels make pixel i of n.
func span(i, n, source int) (from, to int) {
	from = i * source / n
	return from, max(from+1, (i+1)*source/n)
}

// average mixes the pixels of area, laid over the colour ground.
func average(img image.Image, area image.Rectangle, ground color.Color) color.Color {
	var sum [4]uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, a := img.At(x, y).RGBA()
			for i, v := range [...]uint32{r, g, b, a} {
				sum[i] += uint64(min(v, 0xffff))
			}
		}
	}
	n := uint64(area.Dx()) * uint64(area.Dy())
	clear := 0xffff - sum[3]/n
	r, g, b, _ := ground.RGBA()
	mix := func(i int, under uint32) uint16 {
		return uint16(min(sum[i]/n+uint64(under)*clear/0xffff, 0xffff))
	}
	return color.RGBA64{R: mix(0, r), G: mix(1, g), B: mix(2, b), A: 0xffff}
}
