package qrcheck_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

const svgUnit = 6 // pixels per module

// element is any of the four things that our SVG is made of.
type element struct {
	XMLName xml.Name
	X       float64 `xml:"x,attr"`
	Y       float64 `xml:"y,attr"`
	Width   float64 `xml:"width,attr"`
	Height  float64 `xml:"height,attr"`
	Fill    string  `xml:"fill,attr"`
	D       string  `xml:"d,attr"`
	Href    string  `xml:"href,attr"`
}

func (e element) area() image.Rectangle {
	at := func(v float64) int { return int(math.Round(v * svgUnit)) }
	return image.Rect(at(e.X), at(e.Y), at(e.X+e.Width), at(e.Y+e.Height))
}

type document struct {
	ViewBox  string    `xml:"viewBox,attr"`
	Elements []element `xml:",any"`
}

func parseSVG(t *testing.T, c *qrcode.Code) (doc document) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.SVG(&b))
	require.NoError(t, xml.Unmarshal(b.Bytes(), &doc))
	return doc
}

// fromSVG draws the elements in their order.
func fromSVG(t *testing.T, c *qrcode.Code) image.Image {
	t.Helper()
	doc := parseSVG(t, c)
	var wide, high int
	_, err := fmt.Sscanf(doc.ViewBox, "0 0 %d %d", &wide, &high)
	require.NoError(t, err)
	img := image.NewNRGBA(image.Rect(0, 0, wide*svgUnit, high*svgUnit))
	for _, e := range doc.Elements {
		switch e.XMLName.Local {
		case "rect":
			draw.Draw(img, e.area(), paint(t, e.Fill), image.Point{}, draw.Src)
		case "path":
			drawPath(t, img, e)
		case "image":
			drawEmbedded(t, img, e)
		default:
			t.Fatalf("unexpected element %s", e.XMLName.Local)
		}
	}
	return img
}

func paint(t *testing.T, fill string) image.Image {
	t.Helper()
	n := color.NRGBA{A: 0xff}
	_, err := fmt.Sscanf(fill, "#%02x%02x%02x", &n.R, &n.G, &n.B)
	require.NoError(t, err)
	return image.NewUniform(n)
}

func drawPath(t *testing.T, onto draw.Image, e element) {
	t.Helper()
	ink := paint(t, e.Fill)
	for run := range strings.SplitSeq(strings.TrimSuffix(e.D, "z"), "z") {
		var x, y, right, left int
		_, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &right, &left)
		require.NoError(t, err, run)
		require.Equal(t, right, left)
		one := element{X: float64(x), Y: float64(y), Width: float64(right), Height: 1}
		draw.Draw(onto, one.area(), ink, image.Point{}, draw.Src)
	}
}

// drawEmbedded stretches the logo as a browser does: proportions kept, centred.
func drawEmbedded(t *testing.T, onto draw.Image, e element) {
	t.Helper()
	data, ok := strings.CutPrefix(e.Href, "data:image/png;base64,")
	require.True(t, ok)
	raw, err := base64.StdEncoding.DecodeString(data)
	require.NoError(t, err)
	logo, err := png.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	size, box := logo.Bounds().Size(), e.area()
	long := max(size.X, size.Y)
	w, h := size.X*box.Dx()/long, size.Y*box.Dy()/long
	at := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	for y := range h {
		for x := range w {
			onto.Set(at.X+x, at.Y+y, logo.At(x*size.X/w, y*size.Y/h))
		}
	}
}
