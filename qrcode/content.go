package qrcode

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/internal/check"
)

// Page makes the QR code of a product page, for posters, packages and advertisements:
// who scans it with WeChat shops there. The address has to be a whole https one of up
// to 1024 bytes, without user name and white space; the shorter it is, the larger its
// modules. The level is [Q] unless an option says otherwise, because print gets dirty,
// and a logo makes it [H]. [WithSize] gives pixels, [WithPrint] millimetres.
func Page(address string, opts ...Option) (*Code, error) {
	if err := checkPage(address); err != nil {
		return nil, fmt.Errorf("qrcode: Page: %w", err)
	}
	return New(address, append([]Option{WithLevel(Q)}, opts...)...)
}

func checkPage(address string) error {
	var f check.Fields
	f.ID("address", address, 1024)
	u, err := url.Parse(address)
	f.Must(err == nil, "address", "is not a URL (%d bytes)", len(address))
	if err == nil {
		f.Must(u.Scheme == "https" && u.Hostname() != "", "address", "must be a whole address that begins with https:// (%d bytes)", len(address))
		f.Must(u.User == nil, "address", "must not hold a user name")
	}
	return f.Err()
}

// Native makes the QR code that a customer scans to pay: of the code_url of a Native
// order, of APIv3 or APIv2, or of a static code that was signed by the shop, of APIv2
// (mode 1) or of 2014. The text begins with weixin://wxpay/ and is drawn as it is; how
// it goes on is WeChat's business. Other texts, such as a prepay_id, are refused.
func Native(text string, opts ...Option) (*Code, error) {
	var f check.Fields
	f.ID("code_url", text, 1024)
	rest, ok := strings.CutPrefix(text, "weixin://wxpay/")
	f.Must(ok, "code_url", "does not begin with weixin://wxpay/ (%d bytes): take the code_url of a Native order, or a static code", len(text))
	f.Must(strings.Contains(rest, "?"), "code_url", "has nothing after its path (%d bytes): it was cut", len(text))
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("qrcode: Native: %w", err)
	}
	return New(text, opts...)
}
