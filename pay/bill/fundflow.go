package bill

import (
	"fmt"
	"io"
	"iter"

	"github.com/wxcommerce/wechat"
)

// FlowRow is one line of a fund flow bill: a change of an account's balance.
type FlowRow struct {
	Row
	Time          wechat.Time // 记账时间
	TransactionID string      // 微信支付业务单号
	FlowID        string      // 资金流水单号
	Name          string      // 业务名称
	Kind          string      // 业务类型
	Direction     string      // 收支类型: 收入 or 支出
	Amount        wechat.Fen  // 收支金额, never negative
	Balance       wechat.Fen  // 账户结余
	Applicant     string      // 资金变更提交申请人
	Note          string      // 备注
	VoucherID     string      // 业务凭证号
}

// Directions of a FlowRow.
const (
	Income  = "收入"
	Expense = "支出"
)

var flowColumns = []column[FlowRow]{
	{[]string{"记账时间"}, when(func(t *FlowRow) *wechat.Time { return &t.Time })},
	{[]string{"微信支付业务单号"}, text(func(t *FlowRow) *string { return &t.TransactionID })},
	{[]string{"资金流水单号"}, text(func(t *FlowRow) *string { return &t.FlowID })},
	{[]string{"业务名称"}, text(func(t *FlowRow) *string { return &t.Name })},
	{[]string{"业务类型"}, text(func(t *FlowRow) *string { return &t.Kind })},
	{[]string{"收支类型"}, text(func(t *FlowRow) *string { return &t.Direction })},
	{[]string{"收支金额(元)", "收支金额"}, fen(func(t *FlowRow) *wechat.Fen { return &t.Amount })},
	{[]string{"账户结余(元)", "账户结余"}, fen(func(t *FlowRow) *wechat.Fen { return &t.Balance })},
	{[]string{"资金变更提交申请人"}, text(func(t *FlowRow) *string { return &t.Applicant })},
	{[]string{"备注"}, text(func(t *FlowRow) *string { return &t.Note })},
	{[]string{"业务凭证号"}, text(func(t *FlowRow) *string { return &t.VoucherID })},
}

// Flows walks the bill as a fund flow bill; see Trades for the totals.
func (f *File) Flows() iter.Seq2[FlowRow, error] { return Flows(f.Open()) }

// Flows is File.Flows for text that came another way.
func Flows(text io.Reader) iter.Seq2[FlowRow, error] {
	return func(yield func(FlowRow, error) bool) {
		var in, out Fine
		var ins, outs int64
		walk := typed(text, flowColumns, func(r Row) FlowRow { return FlowRow{Row: r} }, func(t *FlowRow) {
			switch t.Direction {
			case Income:
				in, ins = in+Fine(t.Amount)*fineInFen, ins+1
			case Expense:
				out, outs = out+Fine(t.Amount)*fineInFen, outs+1
			}
		}, func(totals Row) error {
			return first(
				counts(totals, ins, "收入笔数"), agrees(totals, in, "收入金额"),
				counts(totals, outs, "支出笔数"), agrees(totals, out, "支出金额"))
		})
		walk(yield)
	}
}

func counts(totals Row, n int64, name string) error {
	s, ok := totals.Value(name)
	if !ok {
		return nil
	}
	want, err := parseFine(s)
	if err != nil || want != Fine(n)*100*fineInFen {
		return fmt.Errorf("%w: %s is %s, the bill has %d", ErrTotals, name, s, n)
	}
	return nil
}

// Rows walks the bill as plain rows, whatever it lists.
func (f *File) Rows() iter.Seq2[Row, error] { return Read(f.Open()) }
