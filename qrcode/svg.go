package qrcode

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
)

// SVG writes the code as an SVG image: one rectangle for the ground and one path
// for the dark modules, in a view box whose unit is the module. A logo is
// embedded as PNG. There is no script, no style sheet, no reference to anything
// outside and nothing of the text in it.
func (c *Code) SVG(w io.Writer) error {
	var b bytes.Buffer
	wide := c.side + 2*c.set.margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+"\n",
		c.svgSize(), c.svgSize(), wide, wide)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="%s"/>`+"\n", wide, wide, hex(c.set.light))
	b.WriteString(`<path d="`)
	for y := range c.side {
		c.svgRow(&b, y)
	}
	fmt.Fprintf(&b, `" fill="%s"/>`+"\n", hex(c.set.dark))
	if c.logo != nil {
		if err := c.svgLogo(&b); err != nil {
			return err
		}
	}
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("qrcode: write SVG: %w", err)
	}
	return nil
}

// svgRow writes one closed rectangle for each run of dark modules in row y.
func (c *Code) svgRow(b *bytes.Buffer, y int) {
	for x := 0; x < c.side; x++ {
		from := x
		for c.Dark(x, y) {
			x++
		}
		if n := x - from; n > 0 {
			fmt.Fprintf(b, "M%d %dh%dv1h-%dz", from+c.set.margin, y+c.set.margin, n, n)
		}
	}
}

func (c *Code) svgLogo(b *bytes.Buffer) error {
	at := c.set.margin + (c.side-c.logo.plate)/2
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n",
		at, at, c.logo.plate, c.logo.plate, hex(c.set.light))
	fmt.Fprintf(b, `<image x="%d.5" y="%d.5" width="%d" height="%d" href="data:image/png;base64,`,
		at, at, c.logo.plate-1, c.logo.plate-1)
	text := base64.NewEncoder(base64.StdEncoding, b)
	if err := png.Encode(text, c.logo.img); err != nil {
		return fmt.Errorf("qrcode: write logo: %w", err)
	}
	if err := text.Close(); err != nil {
		return fmt.Errorf("qrcode: write logo: %w", err)
	}
	b.WriteString(`"/>` + "\n")
	return nil
}
