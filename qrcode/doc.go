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
// [Page] and [Native] check what a product page's or a payment's code says before they
// draw it, and [WithPrint] makes either fit for a printer.
//
// A [Service] has WeChat make codes of an official account ([Service.Temporary],
// [Service.Permanent]), codes and links of a mini program, and rules by which ordinary
// codes open one:
//
//	ticket, err := qrcode.NewService(app).Temporary(ctx, qrcode.SceneText("order-0001"), 24*time.Hour)
//	if err != nil {
//		return err
//	}
//	code, err := ticket.Code(qrcode.WithSize(300))
//
// Everything that can be wrong with a text or an option is found by [New]; what
// is left for the drawing methods to report is a failing writer. The same text
// and options always give the same bytes.
package qrcode
