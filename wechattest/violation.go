package wechattest

import (
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
)

// address is a setting of an account that has endpoints of its own: where some
// notices go.
type address struct {
	path, field string
	max         int64
	partner     bool // partners only
	numbered    bool // the answer holds mchid
	of          func(*account) *string
}

var (
	complaintAddress = address{path: "/v3/merchant-service/complaint-notifications", field: "url", max: 255, numbered: true,
		of: func(a *account) *string { return &a.Complaints }}
	violationAddress = address{path: "/v3/merchant-risk-manage/violation-notifications", field: "notify_url", max: 256, partner: true,
		of: func(a *account) *string { return &a.Violations }}
)

func (s address) routes() []route {
	var all []route
	for _, method := range []string{"POST", "PUT", "GET", "DELETE"} {
		all = append(all, newRoute(method, s.path, s.serve(method)))
	}
	return all
}

// serve creates, changes, tells or removes the address.
func (s address) serve(method string) endpoint {
	shape := object("", text(s.field, s.max).that(isNotifyURL).must())
	return func(p *Pay, in *inbound, _ map[string]string) (reply, *refusal) {
		if s.partner && !in.account.Partner {
			return reply{}, refuse(403, "NO_AUTH", numNoRelation, "only partners (服务商) have this")
		}
		to := ""
		if method == "POST" || method == "PUT" {
			tree, no := shape.parse(in.body, &struct{}{})
			if no != nil {
				return reply{}, no
			}
			to, _ = tree[s.field].(string)
		}
		return s.set(p, in.account.MchID, method, to)
	}
}

func (s address) set(p *Pay, mchID, method, to string) (reply, *refusal) {
	var no *refusal
	err := p.change(mchID, func(a *account) error {
		old := s.of(a)
		switch {
		case method == "POST" && *old != "":
			no = refuse(400, "RESOURCE_ALREADY_EXISTS", numParam, "there is an address already: change it with PUT")
		case method != "POST" && *old == "":
			no = refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "there is no address")
		case method == "GET":
			to = *old
		}
		if no != nil {
			return errors.New(no.message)
		}
		*old = to
		return nil
	})
	switch {
	case no != nil:
		return reply{}, no
	case err != nil:
		return reply{}, broke(err)
	case method == "DELETE":
		return reply{status: 204, number: numSuccess}, nil
	}
	out := map[string]string{s.field: to}
	if s.numbered {
		out["mchid"] = mchID
	}
	return replyJSON(200, out), nil
}

// Violation is what WeChat Pay does to a merchant of a partner.
type Violation struct {
	Event                     string // PUNISH, INTERCEPT or APPEAL; PUNISH if empty
	Plan, Description         string
	RiskType, RiskDescription string
	Tab                       bool // the last name ends in a tab, as in the official sample
}

// Punish makes a violation record about a sub-merchant and tells its partner, if
// that has named an address. It returns the record's id.
func (p *Pay) Punish(subMchID string, v Violation) (recordID string, err error) {
	if v.Event == "" {
		v.Event = "PUNISH"
	}
	if v.Event != "PUNISH" && v.Event != "INTERCEPT" && v.Event != "APPEAL" {
		return "", fmt.Errorf("wechattest: no violation is called %q", v.Event)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, number := range p.state.numbers {
		a := p.state.accounts[number]
		sub := a.sub(subMchID)
		if sub == nil {
			continue
		}
		now := p.clock.Now()
		id := p.state.id("2000", now)
		if a.Violations == "" {
			return id, nil
		}
		risk := "risk_description"
		if v.Tab {
			risk += "\t"
		}
		n := p.newNotice(a.MchID, a.Violations, "VIOLATION."+v.Event, "violation", "商户违规通知", map[string]any{
			"sub_mchid": subMchID, "company_name": sub.Name, "record_id": id, "punish_plan": v.Plan, "punish_time": wechat.Time{Time: now},
			"punish_description": v.Description, "risk_type": v.RiskType, risk: v.RiskDescription})
		return id, p.commit(true, record{Notice: n})
	}
	return "", fmt.Errorf("wechattest: no partner has a merchant %q", subMchID)
}
