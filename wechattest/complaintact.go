package wechattest

import "strings"

func texts(name string, max int64) shape { return shape{name: name, kind: someText, max: max} }

var (
	accusedField  = text("complainted_mchid", 64).that(isNumber).must()
	responseShape = object("", accusedField, text("response_content", 500).must(), texts("response_images", 4),
		text("jump_url", 512).that(isHTTPS), text("jump_url_text", 10),
		object("mini_program_jump_info", text("appid", 32).must(), text("path", 1024).must(), text("text", 64).must()))
	nowShape      = object("", accusedField, opaque("message").must(), text("idempotent_id", 128).must())
	completeShape = object("", accusedField)
	decideShape   = object("", oneOf("action", "APPROVE", "REJECT").must(), number("launch_refund_day", 0, 365), text("reject_reason", 200),
		texts("reject_media_list", 4), text("remark", 200))
)

func isHTTPS(v string) string {
	if !strings.HasPrefix(v, "https://") {
		return "must begin with https://"
	}
	return ""
}

// act does something about a complaint that is in one of the states: a copy of it
// is changed and committed.
func (p *Pay) act(in *inbound, id, accused, action string, change func(c *complaint) *refusal, states ...string) *refusal {
	c, no := p.complaintFor(in.account, id)
	if no != nil {
		return no
	}
	if accused != "" && accused != c.Accused {
		return badParam("body", "/complainted_mchid", "is not the merchant the complaint is about").with(accused)
	}
	fits := false
	for _, s := range states {
		fits = fits || c.State == s
	}
	if !fits {
		return refuse(400, "INVALID_REQUEST", numParam, "the complaint is %s", c.State)
	}
	c = c.clone()
	if no := change(c); no != nil {
		return no
	}
	c.heard()
	if err := p.commit(true, p.moved(c, action)...); err != nil {
		return broke(err)
	}
	return nil
}

// respondComplaint answers 提交回复.
func (p *Pay) respondComplaint(in *inbound, vars map[string]string) (reply, *refusal) {
	var b struct {
		Accused string   `json:"complainted_mchid"`
		Content string   `json:"response_content"`
		Images  []string `json:"response_images"`
		URL     string   `json:"jump_url"`
		Text    string   `json:"jump_url_text"`
	}
	if _, no := responseShape.parse(in.body, &b); no != nil {
		return reply{}, no
	}
	if b.URL != "" && b.Text == "" {
		return reply{}, badParam("body", "/jump_url_text", "is missing, but jump_url is there")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	no := p.act(in, vars["complaint_id"], b.Accused, "MERCHANT_RESPONSE", func(c *complaint) *refusal {
		c.State = complaintProcessing
		c.add(p.clock.Now(), operatorMerchant, "MERCHANT_RESPONSE", b.Content, b.Images...)
		return p.proofs(in.account, "response_images", b.Images)
	}, complaintPending, complaintProcessing)
	return reply{status: 204, number: numSuccess}, no
}

// respondNow answers 回复需要即时服务的投诉单.
func (p *Pay) respondNow(in *inbound, vars map[string]string) (reply, *refusal) {
	var b struct {
		Accused string `json:"complainted_mchid"`
		ID      string `json:"idempotent_id"`
	}
	tree, no := nowShape.parse(in.body, &b)
	if no != nil {
		return reply{}, no
	}
	message, _ := tree["message"].(map[string]any)
	if blocks, _ := message["blocks"].([]any); len(blocks) == 0 {
		return reply{}, badParam("body", "/message/blocks", "is missing")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.state.complaints[vars["complaint_id"]]; c != nil && c.MchID == in.account.MchID && c.Said[b.ID] != "" {
		return replyJSON(200, map[string]string{"log_id": c.Said[b.ID]}), nil
	}
	logID := ""
	no = p.act(in, vars["complaint_id"], b.Accused, "MERCHANT_RESPONSE", func(c *complaint) *refusal {
		if !c.Immediate {
			return refuse(400, "INVALID_REQUEST", numParam, "the complaint needs no immediate service")
		}
		e := c.add(p.clock.Now(), operatorMerchant, "MERCHANT_RESPONSE", "")
		e.Message, logID = message, e.ID
		if c.Said == nil {
			c.Said = map[string]string{}
		}
		c.State, c.Said[b.ID] = complaintProcessing, logID
		return nil
	}, complaintPending, complaintProcessing)
	if no != nil {
		return reply{}, no
	}
	return replyJSON(200, map[string]string{"log_id": logID}), nil
}

// completeComplaint answers 反馈处理完成.
func (p *Pay) completeComplaint(in *inbound, vars map[string]string) (reply, *refusal) {
	var b struct {
		Accused string `json:"complainted_mchid"`
	}
	if _, no := completeShape.parse(in.body, &b); no != nil {
		return reply{}, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	no := p.act(in, vars["complaint_id"], b.Accused, "MERCHANT_CONFIRM_COMPLETE", func(c *complaint) *refusal {
		c.State = complaintProcessed
		c.add(p.clock.Now(), operatorMerchant, "MERCHANT_CONFIRM_COMPLETE", "")
		return nil
	}, complaintProcessing)
	return reply{status: 204, number: numSuccess}, no
}

// decideRefund answers 更新退款审批结果.
func (p *Pay) decideRefund(in *inbound, vars map[string]string) (reply, *refusal) {
	var b struct {
		Action string   `json:"action"`
		Days   *int     `json:"launch_refund_day"`
		Reason string   `json:"reject_reason"`
		Images []string `json:"reject_media_list"`
		Remark string   `json:"remark"`
	}
	if _, no := decideShape.parse(in.body, &b); no != nil {
		return reply{}, no
	}
	if b.Action == "REJECT" && b.Days != nil {
		return reply{}, badParam("body", "/launch_refund_day", "belongs to APPROVE")
	}
	state, what, action, details := complaintProcessing, "MERCHANT_APPROVE_REFUND", "MERCHANT_APPROVE_REFUND", b.Remark
	if b.Action == "REJECT" {
		state, what, action, details = complaintProcessed, "MERCHANT_REFUSE_RERUND", "MERCHANT_REJECT_REFUND", b.Reason
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	no := p.act(in, vars["complaint_id"], "", action, func(c *complaint) *refusal {
		if c.Type != "REFUND" {
			return refuse(400, "INVALID_REQUEST", numParam, "the user asks for no refund")
		}
		c.State = state
		c.add(p.clock.Now(), operatorMerchant, what, details, b.Images...)
		return p.proofs(in.account, "reject_media_list", b.Images)
	}, complaintPending, complaintProcessing)
	return reply{status: 204, number: numSuccess}, no
}
