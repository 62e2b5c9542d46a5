// Package qrcode turns a text, such as the code_url of a Native order or the
// address of a product page, into a QR code: as PNG, as SVG, as an [image.Image]
// or as lines for a terminal.
//
//	code, err := qrcode.New(native.CodeURL, qrcode.WithSize(300))
//	if err != nil {
//		return err
//	}
//	w.Header().Set("Content-Type", "image/png")
//	return code.PNG(w)
//
// Everything that can be wrong with a text or an option is found by [New]; what
// is left for the drawing methods to report is a failing writer. The same text
// and options always give the same bytes.
package qrcode
