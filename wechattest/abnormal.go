package wechattest

// banks a user's debit card may belong to when an abnormal refund goes there.
var banks = []string{"CMB_DEBIT", "COMM_DEBIT", "ABC_DEBIT", "CCB_DEBIT", "ICBC_DEBIT", "BOC_DEBIT", "PAB_DEBIT", "SPDB_DEBIT",
	"CITIC_DEBIT", "CEB_DEBIT", "CMBC_DEBIT", "CIB_DEBIT", "GDB_DEBIT", "PSBC_DEBIT", "NBCB_DEBIT"}

var abnormalShape = object("",
	text("out_refund_no", 64).that(isOutRefundNo).must(), oneOf("type", "USER_BANK_CARD", "MERCHANT_BANK_CARD").must(),
	text("sub_mchid", 32).that(isNumber), oneOf("bank_type", banks...), text("bank_account", 1024), text("real_name", 1024))

type abnormalBody struct {
	OutRefundNo string `json:"out_refund_no"`
	Type        string `json:"type"`
	SubMchID    string `json:"sub_mchid"`
	BankType    string `json:"bank_type"`
	BankAccount string `json:"bank_account"`
	RealName    string `json:"real_name"`
}

// rescueRefund answers 发起异常退款.
func (p *Pay) rescueRefund(in *inbound, vars map[string]string) (reply, *refusal) {
	var b abnormalBody
	tree, no := abnormalShape.parse(in.body, &b)
	if no == nil {
		no = checkSubNumber(in.account, b.SubMchID, "body")
	}
	if no == nil {
		no = b.check(in, tree)
	}
	if no != nil {
		return reply{}, no
	}
	hash := contentHash(tree)
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.state.refunds[p.state.refundIDs[vars["refund_id"]]]
	switch {
	case r == nil || r.MchID != in.account.MchID || r.SubMchID != b.SubMchID:
		return reply{}, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the refund does not exist")
	case r.OutRefundNo != b.OutRefundNo:
		return reply{}, badParam("body", "/out_refund_no", "is not the number of this refund")
	case r.Rescued == hash:
		return replyJSON(200, r.entity()), nil
	case r.Status != refundAbnormal:
		return reply{}, refuse(400, "INVALID_REQUEST", numParam, "the refund is %s, not ABNORMAL", r.Status)
	}
	c := *r
	c.Status, c.Rescued, c.Due = refundProcessing, hash, p.clock.Now().Add(max(p.refundDelay, 0))
	c.Channel, c.Received = "OTHER_BANKCARD", "银行卡"
	records := []record{{Refund: &c}}
	if p.refundDelay < 0 {
		records = p.endRefund(&c, refundSuccess)
	}
	if err := p.commit(true, records...); err != nil {
		return reply{}, broke(err)
	}
	return replyJSON(200, p.state.refunds[c.key()].entity()), nil
}

// check reads the encrypted fields, which a card of the user's needs.
func (b *abnormalBody) check(in *inbound, tree map[string]any) *refusal {
	if b.Type == "USER_BANK_CARD" {
		for _, f := range []string{"bank_type", "bank_account", "real_name"} {
			if _, ok := tree[f]; !ok {
				return badParam("body", "/"+f, "is missing, which USER_BANK_CARD needs")
			}
		}
	}
	return in.unseal(tree, "", "bank_account", "real_name")
}
