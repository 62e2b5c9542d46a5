package seal_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/wxcommerce/wechat/seal"
)

// Personal data is sealed on a copy just before it is sent, and opened after it was
// received. In between it cannot be printed by accident.
func ExampleCopy() {
	type Payer struct {
		Name seal.Secret `json:"name,omitzero"`
	}
	receiver, err := rsa.GenerateKey(rand.Reader, 2048) // plays the other side
	if err != nil {
		panic(err)
	}
	p := Payer{Name: seal.Plain("张三")}
	fmt.Printf("%+v\n", p)

	sealed, err := seal.Copy(p, &receiver.PublicKey)
	if err != nil {
		panic(err)
	}
	body, err := json.Marshal(sealed)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(body), "bytes")

	var got Payer
	if err := json.Unmarshal(body, &got); err != nil {
		panic(err)
	}
	seal.Open(&got, receiver)
	name, err := got.Name.Reveal()
	fmt.Println(name, err)
	// Output:
	// {Name:***}
	// 355 bytes
	// 张三 <nil>
}

func ExampleAEAD_Open() {
	// Test values of wechatpay-java (Apache-2.0).
	a, err := seal.NewAEAD(seal.NewKey("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"))
	if err != nil {
		panic(err)
	}
	plain, err := a.Open("uluk4a9R25RW", "associatedData", []byte("ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI="))
	fmt.Println(string(plain), err)
	// Output: message <nil>
}
