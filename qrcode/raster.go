package qrcode

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
)

// PNG writes the code as a PNG image. Without a logo it is a picture of two
// colours and a few hundred bytes to a few kilobytes. With [WithPrint] it says how many
// dots per inch it has.
func (c *Code) PNG(w io.Writer) error {
	e := png.Encoder{CompressionLevel: png.BestCompression}
	var b bytes.Buffer
	if err := e.Encode(&b, c.Image()); err != nil {
		return fmt.Errorf("qrcode: write PNG: %w", err)
	}
	file := b.Bytes()
	if c.set.print {
		file = withDensity(file, c.set.dpi)
	}
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("qrcode: write PNG: %w", err)
	}
	return nil
}

// Image returns the code as an image whose upper left corner is at 0, 0. Each
// call draws a new one, which belongs to the caller.
func (c *Code) Image() image.Image {
	plain := image.NewPaletted(image.Rect(0, 0, c.pixel, c.pixel), color.Palette{c.set.light, c.set.dark})
	at := (c.pixel - c.side*c.unit) / 2
	for y := range c.side {
		row := plain.Pix[(at+y*c.unit)*plain.Stride:][:plain.Stride]
		for x := range c.side * c.unit {
			if c.Dark(x/c.unit, y) {
				row[at+x] = 1
			}
		}
		for i := 1; i < c.unit; i++ {
			copy(plain.Pix[(at+y*c.unit+i)*plain.Stride:], row)
		}
	}
	if c.logo == nil {
		return plain
	}
	full := image.NewNRGBA(plain.Bounds())
	draw.Draw(full, full.Bounds(), plain, image.Point{}, draw.Src)
	c.drawLogo(full, at)
	return full
}

// drawLogo lays the plate over the middle and the logo on the plate, half a
// module of which stays free on each side.
func (c *Code) drawLogo(onto draw.Image, at int) {
	corner := at + (c.side-c.logo.plate)/2*c.unit
	plate := image.Rect(0, 0, c.logo.plate*c.unit, c.logo.plate*c.unit).Add(image.Pt(corner, corner))
	draw.Draw(onto, plate, image.NewUniform(c.set.light), image.Point{}, draw.Src)
	picture := scale(c.logo.img, (c.logo.plate-1)*c.unit, c.set.light, true)
	free := plate.Size().Sub(picture.Bounds().Size()).Div(2)
	draw.Draw(onto, picture.Bounds().Add(plate.Min.Add(free)), picture, image.Point{}, draw.Src)
}
