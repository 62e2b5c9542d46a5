package wechat

import "crypto/rand"

// Nonce returns a fresh random string of at most 32 letters and digits.
func Nonce() string { return rand.Text() }

// PaySign signs what a page or an app hands to the WeChat client: each line
// followed by a line feed, RSA-SHA256 under the merchant's key, base64. Package
// pay composes the lines.
func (m *Merchant) PaySign(lines ...string) (string, error) {
	if m.speaks().id.Key == nil {
		return "", m.core().fault
	}
	return m.v3.id.PaySign(lines...)
}
