package wechattest

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

const stampV2 = "20060102150405"

// missing is LACK_PARAMS if one of the fields is not there.
func (r *requestV2) missing(names ...string) *failV2 {
	for _, name := range names {
		if r.fields[name] == "" {
			return &failV2{"LACK_PARAMS", "缺少参数" + name}
		}
	}
	return nil
}

// hash is the same for the same content.
func (r *requestV2) hash() string {
	tree := map[string]any{}
	for name, value := range r.fields {
		if name != "sign" && name != "sign_type" && name != "nonce_str" {
			tree[name] = value
		}
	}
	return "v2 " + contentHash(tree)
}

// body is the request in the words of the younger generation.
func (r *requestV2) body() (b orderBody, no *failV2) {
	f := r.fields
	total, err := strconv.ParseInt(f["total_fee"], 10, 64)
	if err != nil || total < 1 || total > mostFen {
		return b, &failV2{"PARAM_ERROR", "total_fee不合法"}
	}
	if isOutTradeNo(f["out_trade_no"]) != "" {
		return b, &failV2{"PARAM_ERROR", "out_trade_no不合法"}
	}
	if isIP(f["spbill_create_ip"]) != "" {
		return b, &failV2{"PARAM_ERROR", "spbill_create_ip不合法"}
	}
	b.AppID, b.MchID, b.SubAppID, b.SubMchID = f["appid"], r.account.MchID, f["sub_appid"], f["sub_mch_id"]
	b.OutTradeNo, b.Description, b.Attach, b.NotifyURL = f["out_trade_no"], f["body"], f["attach"], f["notify_url"]
	b.Amount.Total, b.SceneInfo.DeviceID = total, f["device_info"]
	b.Payer.OpenID, b.Payer.SubOpenID = f["openid"], f["sub_openid"]
	if text := f["time_expire"]; text != "" {
		at, err := time.ParseInLocation(stampV2, text, beijing)
		if err != nil {
			return b, &failV2{"PARAM_ERROR", "time_expire格式不合法"}
		}
		b.TimeExpire = at.Format(time.RFC3339)
	}
	return b, nil
}

// old words a refusal of the younger generation in the codes of this one.
func (no *refusal) old() *failV2 {
	code := map[string]string{"ORDER_CLOSED": "ORDERCLOSED", "RESOURCE_NOT_EXISTS": "ORDERNOTEXIST", "ORDER_NOT_EXIST": "ORDERNOTEXIST",
		"SYSTEM_ERROR": "SYSTEMERROR"}[no.code]
	switch {
	case no.number == numPaid || no.number == numPaidOnClose:
		code = "ORDERPAID"
	case code == "":
		code = no.code
	}
	return &failV2{code, no.message}
}

// placeV2 answers 统一下单.
func (p *Pay) placeV2(r *requestV2) (fieldsV2, *failV2) {
	kind := r.fields["trade_type"]
	no := r.missing("body", "out_trade_no", "total_fee", "spbill_create_ip", "notify_url", "trade_type")
	switch {
	case no != nil:
	case kind == kindJSAPI && (r.fields["openid"] == "") == (r.fields["sub_openid"] == ""):
		no = &failV2{"LACK_PARAMS", "JSAPI支付必须传openid"}
	case kind == kindNative:
		no = r.missing("product_id")
	case kind == kindH5:
		no = r.missing("scene_info")
	case kind != kindJSAPI && kind != kindAPP:
		no = &failV2{"PARAM_ERROR", "trade_type不合法"}
	}
	if no != nil {
		return nil, no
	}
	b, no := r.body()
	if no != nil {
		return nil, no
	}
	if refused := errors.Join(idProblem(b.Payer.OpenID, b.AppID), idProblem(b.Payer.SubOpenID, b.SubAppID)); refused != nil {
		return nil, &failV2{"PARAM_ERROR", "appid和openid不匹配"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o, refused := p.orderFor(kind, r.hash(), &inbound{account: r.account}, &b)
	if refused != nil {
		return nil, refused.old()
	}
	o.V2, o.Sharing = r.digest, r.fields["profit_sharing"] == "Y"
	ref := o.addPrepay(p.base, p.clock.Now())
	if err := p.commit(true, record{Order: o}); err != nil {
		return nil, broke(err).old()
	}
	out := fieldsV2{"trade_type": kind, "prepay_id": ref, "device_info": r.fields["device_info"]}
	if id := o.Prepays[len(o.Prepays)-1].ID; id != "" {
		out["prepay_id"] = id
		out[map[string]string{kindNative: "code_url", kindH5: "mweb_url"}[kind]] = ref
	}
	return out, nil
}

func idProblem(openID, appID string) error {
	if openID != "" && checkOpenID("", openID, appID) != nil {
		return ErrWrongUser
	}
	return nil
}

// orderV2 finds the order a request names. p.mu is held.
func (p *Pay) orderV2(r *requestV2) (*order, *failV2) {
	key := orderKey(r.account.MchID, r.fields["out_trade_no"])
	id := r.fields["transaction_id"]
	if id != "" {
		key = p.state.refs[id]
	}
	o := p.state.orders[key]
	if o == nil || o.MchID != r.account.MchID || o.SubMchID != r.fields["sub_mch_id"] || id != "" && o.TransactionID != id {
		return nil, &failV2{"ORDERNOTEXIST", "order not exist"}
	}
	return o, nil
}

// transactionV2 is an order in the words of query, code payment and notice.
func (o *order) transactionV2() fieldsV2 {
	f := fieldsV2{"out_trade_no": o.OutTradeNo, "attach": o.Attach, "device_info": o.DeviceID, "total_fee": strconv.FormatInt(o.Total, 10)}
	if o.Paid.IsZero() {
		return f
	}
	f["transaction_id"], f["trade_type"], f["bank_type"], f["fee_type"] = o.TransactionID, o.Kind, o.Bank, "CNY"
	f["cash_fee"], f["time_end"] = f["total_fee"], o.Paid.In(beijing).Format(stampV2)
	f["openid"], f["sub_openid"], f["is_subscribe"] = o.OpenID, o.SubOpenID, "N"
	return f
}

// queryV2 answers 查询订单.
func (p *Pay) queryV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, no := p.orderV2(r)
	if no != nil {
		return nil, no
	}
	f := o.transactionV2()
	f["trade_state"] = o.stateAt(p.clock.Now())
	f["trade_state_desc"] = map[string]string{stateSuccess: "支付成功", stateNotPay: "订单未支付", stateClosed: "订单已关闭"}[f["trade_state"]]
	return f, nil
}

// closeV2 answers 关闭订单.
func (p *Pay) closeV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, no := p.orderV2(r)
	if no != nil {
		return nil, no
	}
	switch s := o.stateAt(p.clock.Now()); {
	case o.Kind == kindCodepay:
		return nil, &failV2{"INVALID_REQUEST", "付款码订单请撤销"}
	case s == stateSuccess || s == stateRefund:
		return nil, &failV2{"ORDERPAID", "order paid"}
	case o.State == stateClosed:
		return nil, &failV2{"ORDERCLOSED", "order closed"}
	}
	o = o.clone()
	o.State = stateClosed
	if err := p.commit(true, record{Order: o}); err != nil {
		return nil, broke(err).old()
	}
	return nil, nil
}

// micropayV2 answers 提交付款码支付.
func (p *Pay) micropayV2(r *requestV2) (fieldsV2, *failV2) {
	no := r.missing("body", "out_trade_no", "total_fee", "spbill_create_ip", "auth_code")
	if no != nil {
		return nil, no
	}
	b, no := r.body()
	if no != nil {
		return nil, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := orderKey(r.account.MchID, b.OutTradeNo)
	if o := p.state.orders[key]; o != nil {
		return nil, &failV2{map[bool]string{true: "ORDERPAID", false: "OUT_TRADE_NO_USED"}[!o.Paid.IsZero()], "商户订单号重复"}
	}
	o, refused := p.orderFor(kindCodepay, r.hash(), &inbound{account: r.account}, &b)
	if refused != nil {
		return nil, refused.old()
	}
	o.V2, o.Sharing = r.digest, r.fields["profit_sharing"] == "Y"
	if _, refused := p.charge(o, r.fields["auth_code"]); refused != nil {
		no := refused.old()
		switch {
		case strings.Contains(no.text, "older than a minute"):
			no.code = "AUTHCODEEXPIRE"
		case no.code != "USERPAYING" && no.code != "SYSTEMERROR":
			no.code = "AUTH_CODE_INVALID"
		}
		return nil, no
	}
	return p.state.orders[key].transactionV2(), nil
}

// reverseV2 answers 撤销订单.
func (p *Pay) reverseV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, no := p.orderV2(r)
	if no != nil {
		return nil, no
	}
	now := p.clock.Now()
	switch {
	case o.Kind != kindCodepay || o.Refunds > 0:
		return nil, &failV2{"TRADE_ERROR", "只有付款码订单可以撤销"}
	case !o.Paid.IsZero() && now.Sub(o.Paid) > reverseLife:
		return nil, &failV2{"REVERSE_EXPIRE", "订单无法撤销"}
	}
	if o.State != stateRevoked {
		o = o.clone()
		o.State, o.Reversed = stateRevoked, now
		if err := p.commit(true, record{Order: o}); err != nil {
			return nil, broke(err).old()
		}
	}
	return fieldsV2{"recall": "N"}, nil
}

// codeOwner answers 授权码查询openid.
func (p *Pay) codeOwner(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.state.codes[r.fields["auth_code"]]
	switch {
	case c == nil:
		return nil, &failV2{"AUTH_CODE_INVALID", "授权码不合法"}
	case !p.clock.Now().Before(c.Till):
		return nil, &failV2{"AUTHCODEEXPIRE", "授权码过期"}
	}
	out := fieldsV2{"openid": c.User.OpenID(r.fields["appid"])}
	if sub := r.fields["sub_appid"]; sub != "" {
		out["sub_openid"] = c.User.OpenID(sub)
	}
	return out, nil
}

// rightV2 checks the parameters of an order of this generation.
func (s sheet) rightV2(o *order, a *account) bool {
	if s.kind == kindAPP {
		return s.sign == sumV2(fieldsV2{"appid": s.app, "partnerid": s.partner, "prepayid": s.prepayID, "package": "Sign=WXPay",
			"noncestr": s.nonce, "timestamp": s.at}, a.APIv2, o.V2)
	}
	return s.signType == o.V2 && s.sign == sumV2(fieldsV2{"appId": s.app, "timeStamp": s.at, "nonceStr": s.nonce, "package": s.line,
		"signType": s.signType}, a.APIv2, o.V2)
}
