package wechattest

import (
	"fmt"
	"strconv"
	"time"
)

// refundV2 answers 申请退款.
func (p *Pay) refundV2(r *requestV2) (fieldsV2, *failV2) {
	f := r.fields
	if no := r.missing("out_refund_no", "total_fee", "refund_fee"); no != nil {
		return nil, no
	}
	var b refundBody
	var errs [2]error
	b.Amount.Total, errs[0] = strconv.ParseInt(f["total_fee"], 10, 64)
	b.Amount.Refund, errs[1] = strconv.ParseInt(f["refund_fee"], 10, 64)
	b.SubMchID, b.TransactionID, b.OutRefundNo, b.NotifyURL = f["sub_mch_id"], f["transaction_id"], f["out_refund_no"], f["notify_url"]
	if b.TransactionID == "" {
		b.OutTradeNo = f["out_trade_no"]
	}
	switch {
	case errs[0] != nil || errs[1] != nil || b.Amount.Refund < 1 || isOutRefundNo(b.OutRefundNo) != "":
		return nil, &failV2{"PARAM_ERROR", "参数不合法"}
	case b.TransactionID+b.OutTradeNo == "":
		return nil, &failV2{"PARAM_ERROR", "缺少transaction_id或out_trade_no"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.state.refunds[refundKey(r.account.MchID, b.OutRefundNo)]; old != nil {
		if old.Hash != r.hash() {
			return nil, &failV2{"INVALID_REQUEST", "商户退款单号重复，参数不一致"}
		}
		return old.appliedV2(), nil
	}
	o, refused := p.refundable(r.account, &b)
	if refused != nil {
		return nil, refused.old()
	}
	made := p.newRefund(o, &b, r.hash(), r.account)
	made.V2 = r.digest
	o = o.clone()
	o.State, o.Refunds, o.Refunded, o.LastRefund = stateRefund, o.Refunds+1, o.Refunded+made.Amount, made.Created
	records := []record{{Order: o}, {Refund: made}}
	if p.refundDelay < 0 {
		made.Status, made.Succeeded, made.Due = refundSuccess, made.Created, time.Time{}
		records = append(records, p.refundNotices(made)...)
	}
	if err := p.commit(true, records...); err != nil {
		return nil, broke(err).old()
	}
	return made.appliedV2(), nil
}

func (r *refund) appliedV2() fieldsV2 {
	amount, total := strconv.FormatInt(r.Amount, 10), strconv.FormatInt(r.Total, 10)
	return fieldsV2{"transaction_id": r.TransactionID, "out_trade_no": r.OutTradeNo, "out_refund_no": r.OutRefundNo, "refund_id": r.RefundID,
		"refund_fee": amount, "settlement_refund_fee": amount, "total_fee": total, "settlement_total_fee": total, "cash_fee": total, "cash_refund_fee": amount, "fee_type": "CNY"}
}

// stateV2 words a refund's state.
func (r *refund) stateV2() string {
	switch r.Status {
	case refundClosed:
		return "REFUNDCLOSE"
	case refundAbnormal:
		return "CHANGE"
	}
	return r.Status
}

const refundPage = 10

// refundQueryV2 answers 查询退款.
func (p *Pay) refundQueryV2(r *requestV2) (fieldsV2, *failV2) {
	f := r.fields
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*refund
	for _, key := range p.state.refunded {
		one := p.state.refunds[key]
		if one.MchID == r.account.MchID && one.SubMchID == f["sub_mch_id"] && named(one, f) {
			all = append(all, one)
		}
	}
	offset, _ := strconv.Atoi(f["offset"])
	if len(all) == 0 || offset < 0 || offset >= len(all) {
		return nil, &failV2{"REFUNDNOTEXIST", "not exist"}
	}
	page := all[offset:min(len(all), offset+refundPage)]
	total := strconv.FormatInt(all[0].Total, 10)
	out := fieldsV2{"transaction_id": all[0].TransactionID, "out_trade_no": all[0].OutTradeNo, "total_fee": total, "cash_fee": total, "fee_type": "CNY",
		"total_refund_count": strconv.Itoa(len(all)), "refund_count": strconv.Itoa(len(page))}
	for i, one := range page {
		set := func(name, value string) { out[fmt.Sprintf("%s_%d", name, i)] = value }
		set("out_refund_no", one.OutRefundNo)
		set("refund_id", one.RefundID)
		set("refund_channel", one.Channel)
		set("refund_fee", strconv.FormatInt(one.Amount, 10))
		set("refund_status", one.stateV2())
		set("refund_recv_accout", one.Received)
		set("refund_account", "REFUND_SOURCE_UNSETTLED_FUNDS")
		if !one.Succeeded.IsZero() {
			set("refund_success_time", one.Succeeded.In(beijing).Format(plainV2))
		}
	}
	return out, nil
}

// named tells whether a query means the refund, by the first number it holds.
func named(r *refund, f fieldsV2) bool {
	for _, by := range []struct{ asked, own string }{{f["refund_id"], r.RefundID}, {f["out_refund_no"], r.OutRefundNo},
		{f["transaction_id"], r.TransactionID}, {f["out_trade_no"], r.OutTradeNo}} {
		if by.asked != "" {
			return by.asked == by.own
		}
	}
	return false
}
