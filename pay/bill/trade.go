package bill

import (
	"io"
	"iter"

	"github.com/wxcommerce/wechat"
)

// TradeRow is one line of a trade bill: a payment or a refund. Fields that the
// bill has no column for are zero; Row gives every column by name.
type TradeRow struct {
	Row
	Time           wechat.Time // 交易时间
	AppID          string      // 公众账号ID
	MchID          string      // 商户号
	SubMchID       string      // 特约商户号, "0" for direct merchants
	DeviceInfo     string      // 设备号
	TransactionID  string      // 微信订单号
	OutTradeNo     string      // 商户订单号
	OpenID         string      // 用户标识
	TradeType      string      // 交易类型
	State          string      // 交易状态: SUCCESS, REFUND, REVOKED
	Bank           string      // 付款银行
	Currency       string      // 货币种类
	Settled        wechat.Fen  // 应结订单金额; 总金额 in the old format
	Coupon         wechat.Fen  // 代金券金额; 企业红包金额 in the old format
	RefundID       string      // 微信退款单号
	OutRefundNo    string      // 商户退款单号
	Refunded       wechat.Fen  // 退款金额
	CouponRefunded wechat.Fen  // 充值券退款金额
	RefundType     string      // 退款类型
	RefundState    string      // 退款状态: SUCCESS, PROCESSING, FAIL, CHANGE
	Description    string      // 商品名称
	Attach         string      // 商户数据包
	Fee            Fine        // 手续费, up to five places
	Rate           string      // 费率, such as 0.60%
	OrderAmount    wechat.Fen  // 订单金额
	RefundAsked    wechat.Fen  // 申请退款金额
	RateNote       string      // 费率备注
	RefundAskedAt  wechat.Time // 退款申请时间, REFUND bills only
	RefundedAt     wechat.Time // 退款成功时间, REFUND bills only
}

var tradeColumns = []column[TradeRow]{
	{[]string{"交易时间"}, when(func(t *TradeRow) *wechat.Time { return &t.Time })},
	{[]string{"公众账号ID"}, text(func(t *TradeRow) *string { return &t.AppID })},
	{[]string{"商户号"}, text(func(t *TradeRow) *string { return &t.MchID })},
	{[]string{"特约商户号", "子商户号"}, text(func(t *TradeRow) *string { return &t.SubMchID })},
	{[]string{"设备号"}, text(func(t *TradeRow) *string { return &t.DeviceInfo })},
	{[]string{"微信订单号"}, text(func(t *TradeRow) *string { return &t.TransactionID })},
	{[]string{"商户订单号"}, text(func(t *TradeRow) *string { return &t.OutTradeNo })},
	{[]string{"用户标识"}, text(func(t *TradeRow) *string { return &t.OpenID })},
	{[]string{"交易类型"}, text(func(t *TradeRow) *string { return &t.TradeType })},
	{[]string{"交易状态"}, text(func(t *TradeRow) *string { return &t.State })},
	{[]string{"付款银行"}, text(func(t *TradeRow) *string { return &t.Bank })},
	{[]string{"货币种类"}, text(func(t *TradeRow) *string { return &t.Currency })},
	{[]string{"应结订单金额", "总金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.Settled })},
	{[]string{"代金券金额", "企业红包金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.Coupon })},
	{[]string{"微信退款单号"}, text(func(t *TradeRow) *string { return &t.RefundID })},
	{[]string{"商户退款单号"}, text(func(t *TradeRow) *string { return &t.OutRefundNo })},
	{[]string{"退款金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.Refunded })},
	{[]string{"充值券退款金额", "企业红包退款金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.CouponRefunded })},
	{[]string{"退款类型"}, text(func(t *TradeRow) *string { return &t.RefundType })},
	{[]string{"退款状态"}, text(func(t *TradeRow) *string { return &t.RefundState })},
	{[]string{"商品名称"}, text(func(t *TradeRow) *string { return &t.Description })},
	{[]string{"商户数据包"}, text(func(t *TradeRow) *string { return &t.Attach })},
	{[]string{"手续费"}, fine(func(t *TradeRow) *Fine { return &t.Fee })},
	{[]string{"费率"}, text(func(t *TradeRow) *string { return &t.Rate })},
	{[]string{"订单金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.OrderAmount })},
	{[]string{"申请退款金额"}, fen(func(t *TradeRow) *wechat.Fen { return &t.RefundAsked })},
	{[]string{"费率备注"}, text(func(t *TradeRow) *string { return &t.RateNote })},
	{[]string{"退款申请时间"}, when(func(t *TradeRow) *wechat.Time { return &t.RefundAskedAt })},
	{[]string{"退款成功时间"}, when(func(t *TradeRow) *wechat.Time { return &t.RefundedAt })},
}

// Trades walks the bill as a trade bill. After the last row the totals are
// compared with what was read; a disagreement is yielded as ErrTotals.
func (f *File) Trades() iter.Seq2[TradeRow, error] { return Trades(f.Open()) }

// Trades is File.Trades for text that came another way, such as an APIv2 bill.
func Trades(text io.Reader) iter.Seq2[TradeRow, error] {
	return func(yield func(TradeRow, error) bool) {
		var settled, refunded, fee, order, asked Fine
		walk := typed(text, tradeColumns, func(r Row) TradeRow { return TradeRow{Row: r} }, func(t *TradeRow) {
			settled += Fine(t.Settled) * fineInFen
			refunded += Fine(t.Refunded) * fineInFen
			fee += t.Fee
			order += Fine(t.OrderAmount) * fineInFen
			asked += Fine(t.RefundAsked) * fineInFen
		}, func(totals Row) error {
			return first(
				agrees(totals, settled, "应结订单总金额", "总交易额"),
				agrees(totals, refunded, "退款总金额", "总退款金额"),
				agrees(totals, fee, "手续费总金额"),
				agrees(totals, order, "订单总金额"),
				agrees(totals, asked, "申请退款总金额"))
		})
		walk(yield)
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
