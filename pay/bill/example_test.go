package bill_test

import (
	"fmt"
	"strings"

	"github.com/wxcommerce/wechat/pay/bill"
)

// A bill that came another way, such as a file from the merchant platform, is read
// by the same code as a downloaded one.
func ExampleTrades() {
	text := "交易时间,商户订单号,交易状态,应结订单金额,手续费\r\n" +
		"`2026-11-22 10:00:00,`T1,`SUCCESS,`49.90,`0.30000\r\n" +
		"`2026-11-22 11:00:00,`T2,`SUCCESS,`0.10,`0.00060\r\n" +
		"总交易单数,应结订单总金额,手续费总金额\r\n" +
		"`2,`50.00,`0.30\r\n"
	for row, err := range bill.Trades(strings.NewReader(text)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.OutTradeNo, row.State, row.Settled.Yuan(), row.Fee)
	}
	// Output:
	// T1 SUCCESS 49.90 0.30000
	// T2 SUCCESS 0.10 0.00060
}
