package wechattest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const flowHeader = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号"

// fundFlowV2 answers 下载资金账单: the day's entries of the ledger, with a digest.
// All money is in the basic account.
func (p *Pay) fundFlowV2(r *requestV2) (fieldsV2, *failV2) {
	day, err := time.ParseInLocation("20060102", r.fields["bill_date"], beijing)
	account := r.fields["account_type"]
	if err != nil || account != "Basic" && account != "Operation" && account != "Fees" {
		return nil, &failV2{"PARAM_ERROR", "参数错误"}
	}
	end := day.AddDate(0, 0, 1)
	if p.clock.Now().Before(end.Add(9 * time.Hour)) {
		return nil, &failV2{"BILL_CREATING", "账单生成中"}
	}
	var lines strings.Builder
	var balance, in, out int64
	var ins, outs int
	for i, e := range p.Ledger(r.account.MchID) {
		balance += int64(e.Amount)
		if e.At.Before(day) || !e.At.Before(end) {
			continue
		}
		direction, amount := "收入", int64(e.Amount)
		if amount >= 0 {
			in, ins = in+amount, ins+1
		} else {
			direction, amount = "支出", -amount
			out, outs = out+amount, outs+1
		}
		name := map[EntryKind]string{Payment: "交易", Refund: "退款", Reversal: "退款", Gift: "现金红包", Payout: "企业付款", Sharing: "分账"}[e.Kind]
		voucher := e.OutTradeNo
		if e.OutRefundNo != "" {
			voucher = e.OutRefundNo
		}
		lines.WriteString("`" + strings.Join([]string{e.At.In(beijing).Format(plainV2), e.TransactionID, "F0000" + strconv.Itoa(i+1), name, name, direction,
			fenV2(amount), fenV2(balance), "system", "", voucher}, ",`") + "\r\n")
	}
	if account != "Basic" || ins+outs == 0 {
		return nil, &failV2{"NO_BILL_EXIST", "账单不存在"}
	}
	text := "\uFEFF" + flowHeader + "\r\n" + lines.String() + "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n" +
		fmt.Sprintf("`%d,`%d,`%s,`%d,`%s\r\n", ins+outs, ins, fenV2(in), outs, fenV2(out))
	if r.fields["tar_type"] == "GZIP" {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write([]byte(text))
		_ = w.Close() // a buffer takes everything
		text = packed.String()
	}
	sum := sha1.Sum([]byte(text))
	return fieldsV2{"@text": text, "@digest": "SHA=" + hex.EncodeToString(sum[:])}, nil
}

// comment is what a user wrote about a payment.
type comment struct {
	MchID         string    `json:"mchid"`
	TransactionID string    `json:"transaction_id"`
	Stars         int       `json:"stars"`
	Text          string    `json:"text"`
	At            time.Time `json:"at"`
}

// Comment is a user who rates a payment, with one to five stars. It fails with
// ErrNoOrder.
func (p *Pay) Comment(transactionID string, stars int, text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.state.orders[p.state.refs[transactionID]]
	switch {
	case o == nil || o.TransactionID != transactionID || o.Paid.IsZero():
		return ErrNoOrder
	case stars < 1 || stars > 5:
		return errors.New("wechattest: a comment has one to five stars")
	}
	return p.commit(true, record{Comment: &comment{o.MchID, transactionID, stars, text, p.clock.Now()}})
}

const mostComments = 200

// commentsV2 answers 拉取订单评价数据.
func (p *Pay) commentsV2(r *requestV2) (fieldsV2, *failV2) {
	f := r.fields
	from, err1 := time.ParseInLocation(stampV2, f["begin_time"], beijing)
	to, err2 := time.ParseInLocation(stampV2, f["end_time"], beijing)
	offset, err3 := strconv.Atoi(f["offset"])
	limit := mostComments
	if f["limit"] != "" {
		limit, _ = strconv.Atoi(f["limit"]) // what is no number is refused below
	}
	if errors.Join(err1, err2, err3) != nil || offset < 0 || limit < 1 || limit > mostComments || to.Before(from) {
		return nil, &failV2{"PARAM_ERROR", "参数错误"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines strings.Builder
	n := 0
	for i, c := range p.state.comments {
		if i < offset || c.MchID != r.account.MchID || c.At.Before(from) || c.At.After(to) || n == limit {
			continue
		}
		n, offset = n+1, i+1
		lines.WriteString("`" + strings.Join([]string{c.At.In(beijing).Format(plainV2), c.TransactionID, strconv.Itoa(c.Stars), c.Text}, ",`") + "\n")
	}
	return fieldsV2{"@text": strconv.Itoa(offset) + "\n" + lines.String()}, nil
}
