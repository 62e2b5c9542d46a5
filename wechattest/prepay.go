package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// identityTypes are the papers a payer can be identified by (实名支付).
var identityTypes = []string{"IDCARD", "HONGKONG_MACAO", "HONGKONG_MACAO_RESIDENT", "TAIWAN_RESIDENT",
	"FOREIGN_RESIDENT", "OVERSEA_PASSPORT", "PHONE_NUMBER"}

const (
	mostFen    = 10_000_000_000
	sealedText = 2048 // characters of ciphertext
	mostDetail = 6144
)

// orderShape is the body of an order of some kind.
func orderShape(kind string, partner bool) shape {
	identity := object("identity", oneOf("type", identityTypes...).must(), text("number", sealedText).must(), text("name", sealedText).must())
	payer := object("payer", identity)
	if kind == kindJSAPI {
		payer = object("payer", text("openid", 128).must(), identity).must()
		if partner {
			payer = object("payer", text("sp_openid", 128), text("sub_openid", 128), identity).must()
		}
	}
	settle := object("settle_info", boolean("profit_sharing"))
	if partner {
		settle.fields = append(settle.fields, number("subsidy_amount", 0, 500000))
	}
	all := append(partyShape(partner, true, true),
		text("description", 127).must(), text("out_trade_no", 32).that(isOutTradeNo).must(), text("time_expire", 64).that(isTime),
		text("attach", 128), text("notify_url", 255).that(isNotifyURL).must(), text("goods_tag", 32), boolean("support_fapiao"),
		object("amount", number("total", 1, mostFen).must(), oneOf("currency", "CNY")).must(),
		payer, detailShape("wechatpay_goods_id"), sceneShape(kind), settle,
		shape{name: "limit_pay", kind: someText, max: 4, valid: oneOf("", "no_balance", "no_credit", "no_debit", "balance_only").valid})
	if kind == kindJSAPI || kind == kindAPP {
		all = append(all, opaque("subsidy_info"))
	}
	return object("", all...)
}

func detailShape(goodsID string) shape {
	return object("detail", number("cost_price", 0, mostFen), text("invoice_id", 32),
		list("goods_detail", 6000, text("merchant_goods_id", 32).must(), text(goodsID, 32), text("goods_name", 256),
			number("quantity", 1, mostFen).must(), number("unit_price", 0, mostFen).must()))
}

func sceneShape(kind string) shape {
	scene := object("scene_info", text("payer_client_ip", 45).that(isIP).must(), text("device_id", 32),
		object("store_info", text("id", 32).must(), text("name", 256), text("area_code", 32), text("address", 512)))
	if kind == kindH5 {
		scene.need = true
		scene.fields = append(scene.fields, object("h5_info", oneOf("type", "iOS", "Android", "Wap").must(), text("app_name", 64),
			text("app_url", 128), text("bundle_id", 128), text("package_name", 128)).must())
	}
	return scene
}

// orderBody is what the simulator needs of an order's body.
type orderBody struct {
	party
	Description string `json:"description"`
	OutTradeNo  string `json:"out_trade_no"`
	TimeExpire  string `json:"time_expire"`
	Attach      string `json:"attach"`
	NotifyURL   string `json:"notify_url"`
	Amount      struct {
		Total int64 `json:"total"`
	} `json:"amount"`
	Payer struct {
		OpenID    string `json:"openid"`
		SpOpenID  string `json:"sp_openid"`
		SubOpenID string `json:"sub_openid"`
		AuthCode  string `json:"auth_code"`
	} `json:"payer"`
	SceneInfo struct {
		DeviceID string `json:"device_id"`
	} `json:"scene_info"`
}

// place answers 下单 of one kind.
func place(kind string, partner bool) endpoint {
	body := orderShape(kind, partner)
	return func(p *Pay, in *inbound, _ map[string]string) (reply, *refusal) {
		var b orderBody
		tree, no := body.parse(in.body, &b)
		if no == nil {
			no = b.check(in, kind, partner, tree)
		}
		if no != nil {
			return reply{}, no
		}
		hash := kind + contentHash(tree)
		p.mu.Lock()
		defer p.mu.Unlock()
		o, no := p.orderFor(kind, hash, in, &b)
		if no != nil {
			return reply{}, no
		}
		ref := o.addPrepay(p.base, p.clock.Now())
		if err := p.commit(true, record{Order: o}); err != nil {
			return reply{}, broke(err)
		}
		name := map[string]string{kindNative: "code_url", kindH5: "h5_url"}[kind]
		if name == "" {
			name = "prepay_id"
		}
		return replyJSON(200, map[string]string{name: ref}), nil
	}
}

// check is everything about a body that its shape cannot say.
func (b *orderBody) check(in *inbound, kind string, partner bool, tree map[string]any) *refusal {
	if no := b.party.check(in.account, partner, "body"); no != nil {
		return no
	}
	if d, ok := tree["detail"]; ok && len(mustJSON(d)) > mostDetail {
		return badParam("body", "/detail", "is over 6144 bytes")
	}
	if kind == kindJSAPI {
		if no := b.checkOpenIDs(partner); no != nil {
			return no
		}
	}
	payer, _ := tree["payer"].(map[string]any)
	if identity, ok := payer["identity"].(map[string]any); ok {
		return in.unseal(identity, "/payer/identity", "number", "name")
	}
	return nil
}

func (b *orderBody) checkOpenIDs(partner bool) *refusal {
	if !partner {
		return checkOpenID("/payer/openid", b.Payer.OpenID, b.AppID)
	}
	switch sp, sub := b.Payer.SpOpenID, b.Payer.SubOpenID; {
	case (sp == "") == (sub == ""):
		return badParam("body", "/payer", "must hold exactly one of sp_openid and sub_openid").numbered(numOpenID)
	case sub != "" && b.SubAppID == "":
		return badParam("body", "/sub_appid", "is missing, which sub_openid needs")
	case sub != "":
		return checkOpenID("/payer/sub_openid", sub, b.SubAppID)
	default:
		return checkOpenID("/payer/sp_openid", sp, b.SpAppID)
	}
}

// orderFor finds or makes the order for a body; the result is a copy to be
// committed. p.mu is held.
func (p *Pay) orderFor(kind, hash string, in *inbound, b *orderBody) (*order, *refusal) {
	now := p.clock.Now()
	if o := p.state.orders[orderKey(in.account.MchID, b.OutTradeNo)]; o != nil {
		if no := o.reusable(hash, now); no != nil {
			return nil, no
		}
		return o.clone(), nil
	}
	deadline := now.Add(orderLife)
	if b.TimeExpire != "" {
		deadline, _ = time.Parse(time.RFC3339, b.TimeExpire) // its shape was checked
		if deadline.Sub(now) < time.Minute {
			return nil, badParam("body", "/time_expire", "must be at least a minute ahead").with(b.TimeExpire)
		}
		if latest := now.Add(orderMost); deadline.After(latest) {
			deadline = latest
		}
	}
	return &order{MchID: in.account.MchID, SubMchID: b.SubMchID, AppID: b.app(), SubAppID: b.SubAppID, OutTradeNo: b.OutTradeNo,
		Kind: kind, Hash: hash, Description: b.Description, Attach: b.Attach, NotifyURL: b.NotifyURL, DeviceID: b.SceneInfo.DeviceID,
		Total: b.Amount.Total, OpenID: b.Payer.OpenID + b.Payer.SpOpenID, SubOpenID: b.Payer.SubOpenID,
		Created: now, Deadline: deadline, State: stateNotPay}, nil
}

// reusable tells whether a number that was used may be sent again.
func (o *order) reusable(hash string, now time.Time) *refusal {
	switch o.stateAt(now) {
	case stateSuccess, stateRefund:
		return refuse(403, "OUT_TRADE_NO_USED", numPaid, "the order is paid")
	case stateClosed:
		return refuse(400, "ORDER_CLOSED", numClosed, "the order is closed; use a new out_trade_no")
	case stateRevoked, statePayError:
		return refuse(403, "TRADE_ERROR", numParam, "the order has failed; use a new out_trade_no")
	}
	if o.Hash != hash {
		return refuse(403, "OUT_TRADE_NO_USED", numOtherParams, "out_trade_no was used before, with other parameters")
	}
	return nil
}

// contentHash is the same for the same content, in whatever order it came.
func contentHash(tree map[string]any) string {
	sum := sha256.Sum256(mustJSON(tree)) // encoding/json sorts the keys of maps
	return hex.EncodeToString(sum[:])
}

// unseal decrypts fields of an object in place, with the key the header names.
func (in *inbound) unseal(m map[string]any, at string, fields ...string) *refusal {
	for _, f := range fields {
		sealed, ok := m[f].(string)
		if !ok {
			continue
		}
		id := in.platformKeyID()
		if id == "" {
			return badParam("header", "Wechatpay-Serial", "is missing, which encrypted fields need")
		}
		k, _ := in.account.platformKey(id) // prepare has seen that it is there
		plain, err := openOAEP(k.Key.PrivateKey, sealed)
		if err != nil {
			return badParam("body", at+"/"+f, err.Error())
		}
		if plain == "" {
			return badParam("body", at+"/"+f, "is an encrypted empty text; leave it out instead")
		}
		m[f] = plain
	}
	return nil
}

func broke(err error) *refusal {
	return refuse(500, "SYSTEM_ERROR", numParam, "the simulator could not keep its journal: %v", err)
}
