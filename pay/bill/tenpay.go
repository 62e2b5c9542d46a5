package bill

import (
	"io"
	"iter"

	"github.com/wxcommerce/wechat"
)

// TenpayRow is one line of a bill of 2014: a payment or a refund. Fields that the
// bill has no column for are zero; Row gives every column by name.
type TenpayRow struct {
	Row
	Time          wechat.Time // 交易时间, or 支付成功时间
	TransactionID string      // 财付通订单号
	OutTradeNo    string      // 商户订单号, or 商家订单号
	Kind          string      // 支付类型
	BankBillNo    string      // 银行订单号
	State         string      // 交易状态, or 订单状态
	Amount        wechat.Fen  // 订单交易金额, or 支付金额(元)
	RefundID      string      // 退款单号
	Refunded      wechat.Fen  // 退款金额
	RefundState   string      // 退款状态
	Note          string      // 交易说明
}

var tenpayColumns = []column[TenpayRow]{
	{[]string{"交易时间", "支付成功时间"}, when(func(t *TenpayRow) *wechat.Time { return &t.Time })},
	{[]string{"财付通订单号"}, text(func(t *TenpayRow) *string { return &t.TransactionID })},
	{[]string{"商户订单号", "商家订单号"}, text(func(t *TenpayRow) *string { return &t.OutTradeNo })},
	{[]string{"支付类型"}, text(func(t *TenpayRow) *string { return &t.Kind })},
	{[]string{"银行订单号"}, text(func(t *TenpayRow) *string { return &t.BankBillNo })},
	{[]string{"交易状态", "订单状态"}, text(func(t *TenpayRow) *string { return &t.State })},
	{[]string{"订单交易金额", "支付金额(元)"}, fen(func(t *TenpayRow) *wechat.Fen { return &t.Amount })},
	{[]string{"退款单号"}, text(func(t *TenpayRow) *string { return &t.RefundID })},
	{[]string{"退款金额"}, fen(func(t *TenpayRow) *wechat.Fen { return &t.Refunded })},
	{[]string{"退款状态"}, text(func(t *TenpayRow) *string { return &t.RefundState })},
	{[]string{"交易说明"}, text(func(t *TenpayRow) *string { return &t.Note })},
}

// Tenpay walks a bill of 2014, in UTF-8 as legacy.Service.Bill gives it. After the
// last row the totals are compared with what was read; a disagreement is yielded
// as ErrTotals.
func Tenpay(text io.Reader) iter.Seq2[TenpayRow, error] {
	return func(yield func(TenpayRow, error) bool) {
		var amount, refunded Fine
		walk := typed(text, tenpayColumns, func(r Row) TenpayRow { return TenpayRow{Row: r} }, func(t *TenpayRow) {
			amount += Fine(t.Amount) * fineInFen
			refunded += Fine(t.Refunded) * fineInFen
		}, func(totals Row) error {
			return first(agrees(totals, amount, "订单总交易金额"), agrees(totals, refunded, "退款总金额"))
		})
		walk(yield)
	}
}
