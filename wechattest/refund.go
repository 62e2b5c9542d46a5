package wechattest

import (
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// States of a refund, as status spells them.
const (
	refundProcessing = "PROCESSING"
	refundSuccess    = "SUCCESS"
	refundClosed     = "CLOSED"
	refundAbnormal   = "ABNORMAL"
)

const (
	mostRefunds  = 50
	refundWithin = 365 * 24 * time.Hour
)

// refund is one refund of one order.
type refund struct {
	MchID         string    `json:"mchid"` // who signed
	SubMchID      string    `json:"sub_mchid,omitempty"`
	OutTradeNo    string    `json:"out_trade_no"`
	TransactionID string    `json:"transaction_id"`
	OutRefundNo   string    `json:"out_refund_no"`
	RefundID      string    `json:"refund_id"`
	Hash          string    `json:"hash"`
	NotifyURL     string    `json:"notify_url,omitempty"`
	Funds         string    `json:"funds,omitempty"`
	Channel       string    `json:"channel"`
	Received      string    `json:"received"` // user_received_account
	Amount        int64     `json:"amount"`
	Total         int64     `json:"total"`
	Status        string    `json:"status"`
	Created       time.Time `json:"created"`
	Due           time.Time `json:"due,omitzero"` // when PROCESSING ends
	Succeeded     time.Time `json:"succeeded,omitzero"`
	Rescued       string    `json:"rescued,omitempty"` // content of the abnormal refund
	V2            string    `json:"v2,omitempty"`      // sign_type of a refund asked for by APIv2
}

func refundKey(mchID, outRefundNo string) string { return mchID + "/" + outRefundNo }

func (r *refund) key() string { return refundKey(r.MchID, r.OutRefundNo) }

// refundEntity is a refund in the words of apply and query.
type refundEntity struct {
	RefundID      string       `json:"refund_id"`
	OutRefundNo   string       `json:"out_refund_no"`
	TransactionID string       `json:"transaction_id"`
	OutTradeNo    string       `json:"out_trade_no"`
	Channel       string       `json:"channel"`
	Received      string       `json:"user_received_account"`
	Success       wechat.Time  `json:"success_time,omitzero"`
	Created       wechat.Time  `json:"create_time"`
	Status        string       `json:"status"`
	Funds         string       `json:"funds_account"`
	Amount        refundAmount `json:"amount"`
	Promotion     []struct{}   `json:"promotion_detail"`
}

type refundAmount struct {
	Total            int64  `json:"total"`
	Refund           int64  `json:"refund"`
	PayerTotal       int64  `json:"payer_total"`
	PayerRefund      int64  `json:"payer_refund"`
	SettlementRefund int64  `json:"settlement_refund"`
	SettlementTotal  int64  `json:"settlement_total"`
	DiscountRefund   int64  `json:"discount_refund"`
	Currency         string `json:"currency"`
}

func (r *refund) entity() refundEntity {
	return refundEntity{RefundID: r.RefundID, OutRefundNo: r.OutRefundNo, TransactionID: r.TransactionID, OutTradeNo: r.OutTradeNo,
		Channel: r.Channel, Received: r.Received, Success: wechat.Time{Time: r.Succeeded}, Created: wechat.Time{Time: r.Created}, Status: r.Status, Funds: r.Funds,
		Amount: refundAmount{r.Total, r.Amount, r.Total, r.Amount, r.Amount, r.Total, 0, "CNY"}, Promotion: []struct{}{}}
}

var refundShape = object("",
	text("sub_mchid", 32).that(isNumber), text("transaction_id", 32), text("out_trade_no", 32).that(isOutTradeNo),
	text("out_refund_no", 64).that(isOutRefundNo).must(), text("reason", 80), text("notify_url", 256).that(isNotifyURL),
	oneOf("funds_account", "AVAILABLE", "UNSETTLED"),
	object("amount", number("refund", 1, mostFen).must(), number("total", 1, mostFen).must(), oneOf("currency", "CNY").must(),
		list("from", 10, oneOf("account", "AVAILABLE", "UNAVAILABLE").must(), number("amount", 1, mostFen).must())).must(),
	list("goods_detail", 6000, text("merchant_goods_id", 32).must(), text("wechatpay_goods_id", 32), text("goods_name", 256),
		number("unit_price", 0, mostFen).must(), number("refund_amount", 0, mostFen).must(), number("refund_quantity", 1, mostFen).must()))

type refundBody struct {
	SubMchID      string `json:"sub_mchid"`
	TransactionID string `json:"transaction_id"`
	OutTradeNo    string `json:"out_trade_no"`
	OutRefundNo   string `json:"out_refund_no"`
	NotifyURL     string `json:"notify_url"`
	Funds         string `json:"funds_account"`
	Amount        struct {
		Refund int64 `json:"refund"`
		Total  int64 `json:"total"`
		From   []struct {
			Amount int64 `json:"amount"`
		} `json:"from"`
	} `json:"amount"`
}

// applyRefund answers 申请退款.
func (p *Pay) applyRefund(in *inbound, _ map[string]string) (reply, *refusal) {
	var b refundBody
	tree, no := refundShape.parse(in.body, &b)
	if no == nil {
		no = b.check(in.account)
	}
	if no != nil {
		return reply{}, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	hash := contentHash(tree)
	if r := p.state.refunds[refundKey(in.account.MchID, b.OutRefundNo)]; r != nil {
		if r.Hash != hash {
			return reply{}, refuse(400, "INVALID_REQUEST", numOtherParams, "out_refund_no was used before, with other parameters")
		}
		return replyJSON(200, r.entity()), nil
	}
	o, no := p.refundable(in.account, &b)
	if no != nil {
		return reply{}, no
	}
	r := p.newRefund(o, &b, hash, in.account)
	o = o.clone()
	o.State, o.Refunds, o.Refunded, o.LastRefund = stateRefund, o.Refunds+1, o.Refunded+r.Amount, r.Created
	records := []record{{Order: o}, {Refund: r}}
	if p.refundDelay < 0 {
		r.Status, r.Succeeded, r.Due = refundSuccess, r.Created, time.Time{}
		records = append(records, p.refundNotices(r)...)
	}
	records = append(records, p.refunding(o, r)...)
	if err := p.commit(true, records...); err != nil {
		return reply{}, broke(err)
	}
	return replyJSON(200, r.entity()), nil
}

func (b *refundBody) check(a *account) *refusal {
	if no := checkSubNumber(a, b.SubMchID, "body"); no != nil {
		return no
	}
	if (b.TransactionID == "") == (b.OutTradeNo == "") {
		return badParam("body", "/transaction_id", "give exactly one of transaction_id and out_trade_no")
	}
	if b.Amount.Refund > b.Amount.Total {
		return badParam("body", "/amount/refund", "is more than the order's total").numbered(numRange)
	}
	var from int64
	for _, f := range b.Amount.From {
		from += f.Amount
	}
	if len(b.Amount.From) > 0 && from != b.Amount.Refund {
		return badParam("body", "/amount/from", "does not add up to the refund")
	}
	return nil
}

// refundable finds the order and applies the rules. p.mu is held.
func (p *Pay) refundable(a *account, b *refundBody) (*order, *refusal) {
	key := orderKey(a.MchID, b.OutTradeNo)
	if b.TransactionID != "" {
		key = p.state.refs[b.TransactionID]
	}
	o := p.state.orders[key]
	if o == nil || o.MchID != a.MchID || b.TransactionID != "" && o.TransactionID != b.TransactionID {
		return nil, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the order does not exist")
	}
	if o.SubMchID != b.SubMchID {
		return nil, refuse(404, "RESOURCE_NOT_EXISTS", numWrongSub, "the sub-merchant has no such order")
	}
	now := p.clock.Now()
	switch {
	case o.State != stateSuccess && o.State != stateRefund:
		return nil, refuse(400, "INVALID_REQUEST", numParam, "the order is %s and has nothing to refund", o.stateAt(now))
	case o.Total != b.Amount.Total:
		return nil, refuse(400, "INVALID_REQUEST", numParam, "amount.total differs from the order's")
	case now.Sub(o.Paid) > refundWithin:
		return nil, refuse(400, "INVALID_REQUEST", numParam, "the order was paid more than a year ago")
	case o.Refunds >= mostRefunds:
		return nil, refuse(400, "INVALID_REQUEST", numParam, "the order has 50 refunds already")
	case b.Amount.Refund > o.Total-o.Refunded:
		return nil, refuse(400, "INVALID_REQUEST", numParam, "the refunds would be more than the order's total")
	case p.refundGap > 0 && o.Refunds > 0 && now.Sub(o.LastRefund) < p.refundGap:
		return nil, refuse(429, "FREQUENCY_LIMITED", numRateLimit, "the order's last refund is less than %v ago", p.refundGap)
	}
	return o, nil
}

// newRefund is the refund of an order, not yet true.
func (p *Pay) newRefund(o *order, b *refundBody, hash string, a *account) *refund {
	now := p.clock.Now()
	r := &refund{MchID: o.MchID, SubMchID: o.SubMchID, OutTradeNo: o.OutTradeNo, TransactionID: o.TransactionID,
		OutRefundNo: b.OutRefundNo, RefundID: p.state.id("5030", now), Hash: hash, NotifyURL: b.NotifyURL, Funds: b.Funds,
		Channel: "ORIGINAL", Received: "支付用户零钱", Amount: b.Amount.Refund, Total: o.Total, Status: refundProcessing,
		Created: now, Due: now.Add(max(p.refundDelay, 0))}
	if r.NotifyURL == "" {
		r.NotifyURL = a.Refunds
	}
	if r.Funds == "" {
		r.Funds = "AVAILABLE"
	}
	return r
}

// findRefund answers 查询单笔退款.
func (p *Pay) findRefund(in *inbound, vars map[string]string) (reply, *refusal) {
	q, no := in.queryValues("sub_mchid")
	if no == nil {
		no = checkSubNumber(in.account, q.Get("sub_mchid"), "query")
	}
	if no != nil {
		return reply{}, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.state.refunds[refundKey(in.account.MchID, vars["out_refund_no"])]
	if r == nil || r.SubMchID != q.Get("sub_mchid") {
		return reply{}, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the refund does not exist")
	}
	return replyJSON(200, r.entity()), nil
}

// settled is a copy of r in a final state. p.mu is held.
func (r *refund) settled(status string, now time.Time) *refund {
	c := *r
	c.Status, c.Due = status, time.Time{}
	if status == refundSuccess {
		c.Succeeded = now
	}
	return &c
}

// SettleRefund ends a refund in PROCESSING at once: as SUCCESS, ABNORMAL (the
// user's card cannot take the money) or CLOSED. Its notice becomes due. A refund
// that ended CLOSED frees its amount for another refund.
func (p *Pay) SettleRefund(mchID, outRefundNo, status string) error {
	if status != refundSuccess && status != refundAbnormal && status != refundClosed {
		return fmt.Errorf("wechattest: a refund cannot end as %q", status)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.state.refunds[refundKey(mchID, outRefundNo)]
	if r == nil {
		return fmt.Errorf("wechattest: merchant %s has no refund %q", mchID, outRefundNo)
	}
	if r.Status != refundProcessing {
		return errors.New("wechattest: the refund is " + r.Status + " already")
	}
	return p.commit(true, p.endRefund(r, status)...)
}

// endRefund is what has to be committed when a refund ends. p.mu is held.
func (p *Pay) endRefund(r *refund, status string) []record {
	r = r.settled(status, p.clock.Now())
	records := []record{{Refund: r}}
	if status == refundClosed {
		if o := p.state.orders[orderKey(r.MchID, r.OutTradeNo)]; o != nil {
			o = o.clone()
			o.Refunded -= r.Amount
			records = append(records, record{Order: o})
		}
	}
	return append(append(records, p.refundNotices(r)...), p.refunded(r)...)
}

// refundNotices is the notice of a refund that ended, if it has an address.
func (p *Pay) refundNotices(r *refund) []record {
	if r.NotifyURL == "" {
		return nil
	}
	return []record{{Notice: p.refundNotice(r)}}
}
