package address_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat/address"
	"github.com/wxcommerce/wechat/oauth"
)

func ExampleParse() {
	// What the page's success callback got, posted as it was.
	body := []byte(`{"errMsg":"openAddress:ok","userName":"张三","telNumber":"13800000000","postalCode":"510000",
		"provinceName":"广东省","cityName":"广州市","countryName":"海珠区","detailInfo":"新港中路397号","nationalCode":"510105"}`)
	picked, err := address.Parse(body)
	if errors.Is(err, address.ErrCancelled) {
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(picked)
	fmt.Println(picked.Line())
	row, err := picked.Save()
	fmt.Println(string(row), err)
	// Output:
	// address(广东省 广州市 ***)
	// 广东省广州市海珠区新港中路397号
	// {"v":1,"name":"张三","phone":"13800000000","postal_code":"510000","province":"广东省","city":"广州市","district":"海珠区","detail":"新港中路397号","region":"510105"} <nil>
}

// The control of 2014, as far as clients or simulators still have it.
func ExampleEdit() {
	params, err := address.Edit(address.EditRequest{
		AppID: "wxf8b4f85f3a794e77", User: oauth.NewToken("OAUTH_ACCESS_TOKEN_SAMPLE"), // from the login's Grant
		PageURL: "https://shop.example.com/cart?id=3&code=CODE123&state=s1#wechat_redirect", Hosts: []string{"shop.example.com"},
		At: time.Unix(1400000600, 0), Nonce: "addrNonce01", // left out in a shop
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(params.AddrSign)
	// Output: a5e44dce4dfbb030090939d1c4375c29cd1d64c0
}
