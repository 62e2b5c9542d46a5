package wechattest

import "github.com/wxcommerce/wechat"

// transaction is an order in the words of query, codepay and notice.
type transaction struct {
	AppID     string `json:"appid,omitempty"`
	MchID     string `json:"mchid,omitempty"`
	SpAppID   string `json:"sp_appid,omitempty"`
	SpMchID   string `json:"sp_mchid,omitempty"`
	SubAppID  string `json:"sub_appid,omitempty"`
	SubMchID  string `json:"sub_mchid,omitempty"`
	No        string `json:"out_trade_no"`
	ID        string `json:"transaction_id,omitempty"`
	Type      string `json:"trade_type,omitempty"`
	State     string `json:"trade_state"`
	StateDesc string `json:"trade_state_desc"`
	Bank      string `json:"bank_type,omitempty"`
	Attach    string `json:"attach,omitempty"`

	Success   wechat.Time `json:"success_time,omitzero"`
	Payer     *payer      `json:"payer,omitempty"`
	Amount    *paidAmount `json:"amount,omitempty"`
	Scene     *scene      `json:"scene_info,omitempty"`
	Promotion []struct{}  `json:"promotion_detail,omitempty"`
}

type payer struct {
	OpenID    string `json:"openid,omitempty"`
	SpOpenID  string `json:"sp_openid,omitempty"`
	SubOpenID string `json:"sub_openid,omitempty"`
}

type paidAmount struct {
	Total         int64  `json:"total"`
	PayerTotal    int64  `json:"payer_total"`
	Currency      string `json:"currency"`
	PayerCurrency string `json:"payer_currency"`
}

type scene struct {
	DeviceID string `json:"device_id"`
}

var stateWords = map[string]string{stateNotPay: "订单未支付", stateUserPaying: "用户支付中", stateSuccess: "支付成功",
	stateRefund: "订单发生过退款", stateClosed: "订单已关闭", stateRevoked: "订单已撤销", statePayError: "支付失败"}

// transaction describes an order in some state.
func (o *order) transaction(state string) transaction {
	t := transaction{No: o.OutTradeNo, State: state, StateDesc: stateWords[state], Attach: o.Attach}
	if o.SubMchID == "" {
		t.AppID, t.MchID = o.AppID, o.MchID
	} else {
		t.SpAppID, t.SpMchID, t.SubAppID, t.SubMchID = o.AppID, o.MchID, o.SubAppID, o.SubMchID
	}
	if o.Paid.IsZero() {
		return t
	}
	t.ID, t.Type, t.Bank, t.Success = o.TransactionID, o.Kind, o.Bank, wechat.Time{Time: o.Paid}
	t.Payer = &payer{OpenID: o.OpenID}
	if o.SubMchID != "" {
		t.Payer = &payer{SpOpenID: o.OpenID, SubOpenID: o.SubOpenID}
	}
	t.Amount = &paidAmount{o.Total, o.Total, "CNY", "CNY"}
	if o.DeviceID != "" {
		t.Scene = &scene{o.DeviceID}
	}
	return t
}

// ofMerchant is the order a merchant means, or the official ways to say no.
func (o *order) ofMerchant(w party) *refusal {
	switch {
	case o == nil:
		return refuse(404, "ORDER_NOT_EXIST", numNoOrder, "the order does not exist")
	case o.MchID != w.signer():
		return refuse(404, "ORDER_NOT_EXIST", numWrongMerchant, "the merchant has no such order")
	case o.SubMchID != w.SubMchID:
		return refuse(404, "ORDER_NOT_EXIST", numWrongSub, "the sub-merchant has no such order")
	}
	return nil
}

// query answers 查询订单; by is the number the path holds.
func query(by string, partner bool) endpoint {
	return func(p *Pay, in *inbound, vars map[string]string) (reply, *refusal) {
		w, no := in.queryParty(partner)
		if no == nil {
			no = w.check(in.account, partner, "query")
		}
		if no != nil {
			return reply{}, no
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		key := orderKey(w.signer(), vars[by])
		if by == "transaction_id" {
			key = p.state.refs[vars[by]]
		}
		o := p.state.orders[key]
		if no := o.ofMerchant(w); no != nil {
			return reply{}, no
		}
		if by == "transaction_id" && o.TransactionID != vars[by] {
			return reply{}, refuse(404, "ORDER_NOT_EXIST", numNoOrder, "the order does not exist")
		}
		return replyJSON(200, o.transaction(o.stateAt(p.clock.Now()))), nil
	}
}

// closeOrder answers 关闭订单.
func closeOrder(partner bool) endpoint {
	body := object("", partyShape(partner, false, false)...)
	return func(p *Pay, in *inbound, vars map[string]string) (reply, *refusal) {
		var w party
		_, no := body.parse(in.body, &w)
		if no == nil {
			no = w.check(in.account, partner, "body")
		}
		if no != nil {
			return reply{}, no
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		o := p.state.orders[orderKey(w.signer(), vars["out_trade_no"])]
		if no := o.ofMerchant(w); no != nil {
			return reply{}, no
		}
		done := reply{status: 204, number: numSuccess}
		switch s := o.stateAt(p.clock.Now()); {
		case o.Kind == kindCodepay:
			return reply{}, refuse(400, "INVALID_REQUEST", numOnlyReverse, "a payment by code cannot be closed: reverse it")
		case s == stateSuccess || s == stateRefund:
			return reply{}, refuse(400, "INVALID_REQUEST", numPaidOnClose, "the order is paid: refund it instead")
		case o.State == stateClosed:
			return done, nil
		}
		o = o.clone()
		o.State = stateClosed
		if err := p.commit(true, record{Order: o}); err != nil {
			return reply{}, broke(err)
		}
		return done, nil
	}
}
