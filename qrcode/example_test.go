package qrcode_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/wxcommerce/wechat/qrcode"
)

func ExampleNew() {
	code, err := qrcode.New("weixin://wxpay/bizpayurl?pr=p4lpSuKzz", qrcode.WithSize(300), qrcode.WithLevel(qrcode.Q))
	if err != nil {
		fmt.Println(err)
		return
	}
	var picture bytes.Buffer
	if err := code.PNG(&picture); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code.Modules(), "modules,", code.Image().Bounds().Dx(), "pixels")
	// Output: 33 modules, 300 pixels
}

func ExampleCode_Terminal() {
	code, err := qrcode.New("HELLO", qrcode.WithMargin(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := code.Terminal(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// █▀▀▀▀▀▀▀███▀▀▀█▀▀▀▀▀▀▀█
	// █ █▀▀▀█ █▀█▀▄▀█ █▀▀▀█ █
	// █ █   █ █ ▀▀  █ █   █ █
	// █ ▀▀▀▀▀ █ ▄▀█ █ ▀▀▀▀▀ █
	// █▀█▀▀▀▀▀█▄██▄ █▀▀▀▀▀███
	// █▀▀██ ▀▀ ▄▄█▀▄▀█▄▀ ▄▄ █
	// ███▄▄▀▀▀▀█▄▀▀█▀█▄ █▀███
	// █▀▀▀▀▀▀▀█▄█▄▄ ▄ ▀█▄▀▄ █
	// █ █▀▀▀█ █ ▄ ▄ ▄▄▀█▄▀█▄█
	// █ █   █ █ ██▀▄▀█▄▀█ ███
	// █ ▀▀▀▀▀ █▀█ ▀█▀█▄ █ █▄█
	// ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
}
