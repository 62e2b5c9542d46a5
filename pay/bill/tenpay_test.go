package bill_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/bill"
)

const tenpayBill = "交易时间,财付通订单号,商户订单号,支付类型,银行订单号,交易状态,订单交易金额,退款单号,退款金额,退款状态,交易说明\n" +
	"`2014-05-18 19:22:22,`1900000109201405180000000001,`SO1,`微信支付,`206064184488,`支付成功,`12.99,`,`0.00,`,`demo, two\n" +
	"`2014-05-18 20:00:00,`1900000109201405180000000002,`SO2,`微信支付,`206064184489,`转入退款,`1.00,`1111900000109201405180000001,`0.50,`退款成功,`\r\n" +
	"总笔数,订单总交易金额,退款总金额\r\n`2,`13.99,`0.50\r\n"

func TestTenpay(t *testing.T) {
	t.Parallel()
	var rows []bill.TenpayRow
	for row, err := range bill.Tenpay(strings.NewReader(tenpayBill)) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	require.Len(t, rows, 2)
	assert.True(t, rows[0].Time.Equal(time.Date(2014, 5, 18, 19, 22, 22, 0, wechat.Beijing)))
	rows[0].Row, rows[0].Time = bill.Row{}, wechat.Time{}
	assert.Equal(t, bill.TenpayRow{TransactionID: "1900000109201405180000000001", OutTradeNo: "SO1", Kind: "微信支付", BankBillNo: "206064184488",
		State: "支付成功", Amount: 1299, Note: "demo, two"}, rows[0])
	assert.Equal(t, wechat.Fen(50), rows[1].Refunded)
	assert.Equal(t, "退款成功", rows[1].RefundState)
	assert.Equal(t, "1111900000109201405180000001", rows[1].RefundID)

	payments := "支付成功时间,财付通订单号,商家订单号,支付类型,银行订单号,支付金额(元),订单状态,交易说明\n`2014-05-18 19:22:22,`1,`SO1,`微信支付,`2,`12.99,`支付成功,`\n总笔数,总金额\n`1,`12.99\n"
	for row, err := range bill.Tenpay(strings.NewReader(payments)) {
		require.NoError(t, err)
		assert.Equal(t, wechat.Fen(1299), row.Amount)
		assert.Equal(t, "支付成功", row.State)
		assert.Equal(t, "SO1", row.OutTradeNo)
	}
}

func TestTenpayRefusesDamage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		old, new string
		want     error
	}{
		"a total that is wrong":  {"`13.99", "`13.98", bill.ErrTotals},
		"a refund that is wrong": {"`0.50,`退", "`0.51,`退", bill.ErrTotals},
		"a row too many":         {"`2,`13.99", "`1,`13.99", bill.ErrTotals},
		"no totals":              {"总笔数,订单总交易金额,退款总金额\r\n`2,`13.99,`0.50\r\n", "", bill.ErrFormat},
		"a cut row":              {",`退款成功,`", "", bill.ErrFormat},
		"a float":                {"`12.99,`", "`1.299e1,`", bill.ErrFormat},
		"a page":                 {"交易时间", "<html>", bill.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(tenpayBill, tt.old, tt.new, 1)
			require.NotEqual(t, tenpayBill, text)
			var last error
			for _, err := range bill.Tenpay(strings.NewReader(text)) {
				last = err
			}
			assert.ErrorIs(t, last, tt.want)
		})
	}
}
