package wechattest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

const codeLife = time.Minute

// askAbove is how much a user pays by code without a password, in fen.
const askAbove = 100_000

// code is a payment code (付款码) a user shows.
type code struct {
	Code string    `json:"code"`
	User User      `json:"user"`
	Ask  bool      `json:"ask,omitempty"` // for the password, whatever the amount
	Till time.Time `json:"till"`
	Used bool      `json:"used,omitempty"`
}

// NewAuthCode is the payment code (付款码) on the user's phone: 18 digits, good for
// one payment within a minute. Over 1000 yuan the user is asked for the password,
// so that codepay answers 202 USERPAYING until Pay or Cancel is called with the
// code; NewCarefulAuthCode makes a user who is always asked.
func (p *Pay) NewAuthCode(by User) (string, error) { return p.newCode(by, false) }

// NewCarefulAuthCode is NewAuthCode of a user who is asked for the password at
// every amount.
func (p *Pay) NewCarefulAuthCode(by User) (string, error) { return p.newCode(by, true) }

func (p *Pay) newCode(by User, ask bool) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := sha256.Sum256(fmt.Appendf(nil, "code %d of %s", p.state.seq, by.Name))
	n := binary.BigEndian.Uint64(sum[:]) % 1e16
	c := &code{Code: fmt.Sprintf("1%d%016d", sum[31]%6, n), User: by, Ask: ask, Till: p.clock.Now().Add(codeLife)}
	if err := p.commit(false, record{Code: c}); err != nil {
		return "", err
	}
	return c.Code, nil
}

func codepayShape(partner bool) shape {
	return object("", append(partyShape(partner, true, true),
		text("description", 127).must(), text("out_trade_no", 32).that(isOutTradeNo).must(), text("attach", 128), text("goods_tag", 32),
		boolean("support_fapiao"), object("payer", text("auth_code", 32).that(isAuthCode).must()).must(),
		object("amount", number("total", 1, mostFen).must(), oneOf("currency", "CNY")).must(),
		object("scene_info", text("device_id", 32), text("device_ip", 45).that(isIP),
			object("store_info", text("id", 32), text("out_id", 32)).must()).must(),
		detailShape("wxpay_goods_id"), object("settle_info", boolean("profit_sharing")))...)
}

// codepay answers 付款码支付.
func codepay(partner bool) endpoint {
	body := codepayShape(partner)
	return func(p *Pay, in *inbound, _ map[string]string) (reply, *refusal) {
		var b orderBody
		tree, no := body.parse(in.body, &b)
		if no == nil {
			no = b.check(in, kindCodepay, partner, tree)
		}
		if no != nil {
			return reply{}, no
		}
		hash := kindCodepay + contentHash(tree)
		p.mu.Lock()
		defer p.mu.Unlock()
		if o := p.state.orders[orderKey(in.account.MchID, b.OutTradeNo)]; o != nil {
			return p.codepayAgain(o, hash)
		}
		o, no := p.orderFor(kindCodepay, hash, in, &b)
		if no != nil {
			return reply{}, no
		}
		return p.charge(o, b.Payer.AuthCode)
	}
}

// codepayAgain answers a number that was sent before: the same content gets the
// order as it is now.
func (p *Pay) codepayAgain(o *order, hash string) (reply, *refusal) {
	if o.Hash != hash {
		return reply{}, refuse(403, "OUT_TRADE_NO_USED", numOtherParams, "out_trade_no was used before, with other parameters")
	}
	switch s := o.stateAt(p.clock.Now()); s {
	case stateSuccess, stateRefund:
		return replyJSON(200, o.transaction(s)), nil
	case stateUserPaying:
		return reply{}, userPaying()
	default:
		return reply{}, refuse(403, "TRADE_ERROR", numParam, "the payment has failed; use a new out_trade_no")
	}
}

func userPaying() *refusal {
	return refuse(202, "USERPAYING", numSuccess, "the user is asked for the password: query every 5 s, after 30 s reverse")
}

// charge takes the money, or asks the user for the password first.
func (p *Pay) charge(o *order, authCode string) (reply, *refusal) {
	now := p.clock.Now()
	c := p.state.codes[authCode]
	switch {
	case c == nil:
		return reply{}, badParam("body", "/payer/auth_code", "is not a payment code anybody showed")
	case c.Used:
		return reply{}, refuse(400, "INVALID_REQUEST", numParam, "the payment code was used before")
	case !now.Before(c.Till):
		return reply{}, refuse(400, "INVALID_REQUEST", numParam, "the payment code is older than a minute")
	}
	used := *c
	used.Used = true
	o.AuthCode, o.NotifyURL = authCode, ""
	if c.Ask || o.Total > askAbove {
		o.State, o.Deadline = stateUserPaying, now.Add(askedLife)
		o.OpenID = c.User.OpenID(o.AppID)
		if err := p.commit(true, record{Order: o}, record{Code: &used}); err != nil {
			return reply{}, broke(err)
		}
		return reply{}, userPaying()
	}
	if err := p.commit(true, append(p.settle(o, c.User), record{Code: &used})...); err != nil {
		return reply{}, broke(err)
	}
	return replyJSON(200, o.transaction(o.State)), nil
}

// reverse answers 撤销订单.
func reverse(partner bool) endpoint {
	body := object("", partyShape(partner, true, true)...)
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
		now := p.clock.Now()
		if no := o.reversible(now); no != nil {
			return reply{}, no
		}
		if o.State != stateRevoked {
			o = o.clone()
			o.State, o.Reversed = stateRevoked, now
			if err := p.commit(true, record{Order: o}); err != nil {
				return reply{}, broke(err)
			}
		}
		return replyJSON(200, struct {
			AppID    string `json:"appid,omitempty"`
			MchID    string `json:"mchid,omitempty"`
			SpAppID  string `json:"sp_appid,omitempty"`
			SpMchID  string `json:"sp_mchid,omitempty"`
			SubAppID string `json:"sub_appid,omitempty"`
			SubMchID string `json:"sub_mchid,omitempty"`
			No       string `json:"out_trade_no"`
		}{w.AppID, w.MchID, w.SpAppID, w.SpMchID, w.SubAppID, w.SubMchID, o.OutTradeNo}), nil
	}
}

// reversible tells whether an order may be reversed.
func (o *order) reversible(now time.Time) *refusal {
	switch {
	case o.Kind != kindCodepay:
		return refuse(400, "INVALID_REQUEST", numParam, "only a payment by code can be reversed: close or refund this order")
	case o.Refunds > 0:
		return refuse(400, "INVALID_REQUEST", numParam, "the order has refunds and cannot be reversed")
	case !o.Paid.IsZero() && now.Sub(o.Paid) > reverseLife:
		return refuse(400, "INVALID_REQUEST", numParam, "the order was paid more than 7 days ago: refund it")
	}
	return nil
}
