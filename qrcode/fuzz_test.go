package qrcode_test

import (
	"strings"
	"testing"

	"github.com/wxcommerce/wechat/qrcode"
)

// FuzzContent takes texts that come from a request. None may make trouble, and a
// refusal must not repeat them.
func FuzzContent(f *testing.F) {
	for _, s := range []string{codeURL, "https://shop.example/tea?x=1#top", "weixin://wxpay/", "https://[::1]:443/", "https://%zz", "", "\x00", "茶"} {
		f.Add(s, uint8(2), uint8(30), uint16(300))
	}
	f.Fuzz(func(t *testing.T, text string, level, mm uint8, dpi uint16) {
		opts := []qrcode.Option{qrcode.WithLevel(qrcode.Level(level)), qrcode.WithPrint(int(mm), int(dpi))}
		for _, draw := range []func(string, ...qrcode.Option) (*qrcode.Code, error){qrcode.Page, qrcode.Native} {
			c, err := draw(text, opts...)
			if err == nil {
				if c.Modules() < 21 || !strings.Contains(text, "://") {
					t.Fatalf("drawn: %q", text)
				}
				continue
			}
			if len(text) > 20 && strings.Contains(err.Error(), text) {
				t.Fatalf("the error repeats the text: %v", err)
			}
		}
	})
}
