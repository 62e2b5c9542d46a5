package qrcheck_test

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/qrcode"
)

// What each sort of code says, whoever made the text.
func TestEverySortOfCodeIsRead(t *testing.T) {
	t.Parallel()
	ticket := qrcode.Ticket{Ticket: "gQH+/A==", URL: "http://weixin.qq.com/q/02P5KzM_xxxxx"}
	type draw = func(opts ...qrcode.Option) (*qrcode.Code, error)
	page := func(address string) draw {
		return func(opts ...qrcode.Option) (*qrcode.Code, error) { return qrcode.Page(address, opts...) }
	}
	native := func(text string) draw {
		return func(opts ...qrcode.Option) (*qrcode.Code, error) { return qrcode.Native(text, opts...) }
	}
	text := func(text string) draw {
		return func(opts ...qrcode.Option) (*qrcode.Code, error) { return qrcode.New(text, opts...) }
	}
	long := "https://shop.example/goods?" + strings.Repeat("ab7-", 64)
	sorts := map[string]struct {
		says string
		draw draw
	}{
		"product page":          {"https://shop.example/tea/1?from=poster&x=%E8%8C%B6", page("https://shop.example/tea/1?from=poster&x=%E8%8C%B6")},
		"long product page":     {long, page(long)},
		"account":               {ticket.URL, ticket.Code},
		"payment, APIv3":        {"weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00", native("weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00")},
		"payment, APIv2 mode 2": {"weixin://wxpay/bizpayurl?pr=p4lpSuKzz", native("weixin://wxpay/bizpayurl?pr=p4lpSuKzz")},
		"payment, APIv2 mode 1": {"weixin://wxpay/bizpayurl?sign=0C2C5B&appid=wx1&mch_id=1&product_id=P&time_stamp=1&nonce_str=N", native("weixin://wxpay/bizpayurl?sign=0C2C5B&appid=wx1&mch_id=1&product_id=P&time_stamp=1&nonce_str=N")},
		"payment, 2014":         {"weixin://wxpay/bizpayurl?sign=0C2C5B&appid=wx1&productid=P&timestamp=1&noncestr=N", native("weixin://wxpay/bizpayurl?sign=0C2C5B&appid=wx1&productid=P&timestamp=1&noncestr=N")},
		"URL link":              {"https://wxaurl.cn/X1y2Z3", text("https://wxaurl.cn/X1y2Z3")},
		"scheme":                {"weixin://dl/business/?t=X1y2Z3", text("weixin://dl/business/?t=X1y2Z3")},
	}
	ways := map[string][]qrcode.Option{
		"screen":       {qrcode.WithSize(430)},
		"sticker":      {qrcode.WithPrint(30, 300)},
		"poster, logo": {qrcode.WithPrint(60, 150), qrcode.WithLogo(logo{})},
		"coarse":       {qrcode.WithPrint(50, 72)},
	}
	for sort, s := range sorts {
		for way, opts := range ways {
			t.Run(fmt.Sprintf("%s/%s", sort, way), func(t *testing.T) {
				t.Parallel()
				c, err := s.draw(opts...)
				require.NoError(t, err)
				for name, img := range map[string]image.Image{"PNG": fromPNG(t, c), "SVG": fromSVG(t, c)} {
					assert.Equal(t, s.says, read(t, img), name)
				}
			})
		}
	}
}
