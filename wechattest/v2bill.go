package wechattest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

const billHeader = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额," +
	"微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"

// billV2 answers 下载对账单: the day's payments and refunds, with no fees.
func (p *Pay) billV2(r *requestV2) (fieldsV2, *failV2) {
	day, err := time.ParseInLocation("20060102", r.fields["bill_date"], beijing)
	if err != nil {
		return nil, &failV2{"", "invalid bill_date"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if end := day.AddDate(0, 0, 1); p.clock.Now().Before(end.Add(9 * time.Hour)) {
		return nil, &failV2{"", "Bill Creating"}
	}
	b := bill{day: day}
	for _, key := range p.state.orderList {
		if o := p.state.orders[key]; o.MchID == r.account.MchID && r.fields["bill_type"] != "REFUND" {
			b.payment(o)
		}
	}
	for _, key := range p.state.refunded {
		if f := p.state.refunds[key]; f.MchID == r.account.MchID && r.fields["bill_type"] != "SUCCESS" {
			b.refund(f, p.state.orders[orderKey(f.MchID, f.OutTradeNo)])
		}
	}
	if b.rows == 0 {
		return nil, &failV2{"", "No Bill Exist"}
	}
	text := b.text()
	if r.fields["tar_type"] == "GZIP" {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write([]byte(text))
		_ = w.Close() // a buffer takes everything
		text = packed.String()
	}
	return fieldsV2{"@text": text}, nil
}

// bill adds up one day.
type bill struct {
	day             time.Time
	lines           strings.Builder
	rows            int
	total, refunded int64
}

func (b *bill) on(at time.Time) bool { return !at.Before(b.day) && at.Before(b.day.AddDate(0, 0, 1)) }

func (b *bill) row(values ...string) {
	b.lines.WriteString("`" + strings.Join(values, ",`") + "\r\n")
	b.rows++
}

func (b *bill) payment(o *order) {
	if o.Paid.IsZero() || !b.on(o.Paid) {
		return
	}
	b.total += o.Total
	b.row(o.Paid.In(beijing).Format(plainV2), o.AppID, o.MchID, orZero(o.SubMchID), o.DeviceID, o.TransactionID, o.OutTradeNo, o.OpenID, o.Kind, stateSuccess,
		o.Bank, "CNY", fenV2(o.Total), "0.00", "0", "0", "0.00", "0.00", "", "", o.Description, o.Attach, "0.00000", "0.00%", fenV2(o.Total), "0.00", "")
}

func (b *bill) refund(r *refund, o *order) {
	if o == nil || !b.on(r.Created) {
		return
	}
	b.refunded += r.Amount
	b.row(r.Created.In(beijing).Format(plainV2), o.AppID, o.MchID, orZero(o.SubMchID), o.DeviceID, o.TransactionID, o.OutTradeNo, o.OpenID, o.Kind, stateRefund,
		o.Bank, "CNY", "0.00", "0.00", r.RefundID, r.OutRefundNo, fenV2(r.Amount), "0.00", r.Channel, r.stateV2(), o.Description, o.Attach, "0.00000", "0.00%",
		"0.00", fenV2(r.Amount), "")
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func (b *bill) text() string {
	return "\uFEFF" + billHeader + "\r\n" + b.lines.String() + "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n" +
		fmt.Sprintf("`%d,`%s,`%s,`0.00,`0.00000,`%s,`%s\r\n", b.rows, fenV2(b.total), fenV2(b.refunded), fenV2(b.total), fenV2(b.refunded))
}
