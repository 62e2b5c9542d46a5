package menu_test

import (
	"encoding/json"
	"fmt"

	"github.com/wxcommerce/wechat/menu"
)

func ExampleMenu() {
	m := menu.Of(
		menu.View("Shop", "https://shop.example/"),
		menu.Group("Me",
			menu.Click("Orders", "ORDERS"),
			menu.ScanWait("Scan", "SCAN")))
	text, err := json.Marshal(m)
	fmt.Println(string(text), err)

	// The same from a file that somebody wrote by hand.
	var file menu.Menu
	err = json.Unmarshal([]byte(`{"button":[{"type":"click","name":"Orders","url":"https://shop.example/"}]}`), &file)
	fmt.Println(err)
	fmt.Println(file.Validate())
	// Output:
	// {"button":[{"type":"view","name":"Shop","url":"https://shop.example/"},{"name":"Me","sub_button":[{"type":"click","name":"Orders","key":"ORDERS"},{"type":"scancode_waitmsg","name":"Scan","key":"SCAN"}]}]} <nil>
	// <nil>
	// button[0].key: is empty but required for a button of type click
}
