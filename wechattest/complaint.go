package wechattest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// States of a complaint, as complaint_state spells them.
const (
	complaintPending    = "PENDING"
	complaintProcessing = "PROCESSING"
	complaintProcessed  = "PROCESSED"
)

// complaint is what one user complains about one order. A copy is changed and
// committed; the one in state never is.
type complaint struct {
	ID            string            `json:"id"`
	MchID         string            `json:"mchid"`   // who signed the order
	Accused       string            `json:"accused"` // whose shop it is
	Order         string            `json:"order"`   // its key
	OutTradeNo    string            `json:"out_trade_no"`
	TransactionID string            `json:"transaction_id"`
	Amount        int64             `json:"amount"`
	OpenID        string            `json:"openid"`
	Phone         string            `json:"phone,omitempty"`
	Detail        string            `json:"detail"`
	Problem       string            `json:"problem"`
	Type          string            `json:"type"`
	Asked         int64             `json:"asked,omitempty"` // fen of refund
	Pictures      []string          `json:"pictures,omitempty"`
	State         string            `json:"state"`
	Times         int               `json:"times"`
	Waits         bool              `json:"waits,omitempty"` // for a reply
	Refunded      bool              `json:"refunded,omitempty"`
	Immediate     bool              `json:"immediate,omitempty"`
	Helped        bool              `json:"helped,omitempty"` // the platform has stepped in
	Over          bool              `json:"over,omitempty"`   // the user is content, or has withdrawn
	Created       time.Time         `json:"created"`
	Urged         int               `json:"urged,omitempty"` // times since the user spoke
	Due           time.Time         `json:"due,omitzero"`    // when the platform looks again
	Log           []complaintEntry  `json:"log"`
	Said          map[string]string `json:"said,omitempty"` // idempotent_id → log_id
}

// complaintEntry is one step of the negotiation.
type complaintEntry struct {
	ID, Operator, Type, Details string
	At                          time.Time
	Pictures                    []string `json:",omitempty"`
	Message                     any      `json:",omitempty"` // a tree of JSON
}

func (c *complaint) clone() *complaint {
	d := *c
	d.Pictures, d.Log, d.Said = slices.Clone(c.Pictures), slices.Clone(c.Log), maps.Clone(c.Said)
	return &d
}

// Who does something about a complaint, as operator spells it.
const (
	operatorUser     = "投诉人"
	operatorMerchant = "商家"
	operatorPlatform = "平台"
	operatorSystem   = "系统"
)

// add notes a step.
func (c *complaint) add(now time.Time, operator, what, details string, pictures ...string) *complaintEntry {
	c.Log = append(c.Log, complaintEntry{ID: fmt.Sprintf("30020000%s%04d", c.ID[len(c.ID)-12:], len(c.Log)+1),
		Operator: operator, Type: what, Details: details, At: now, Pictures: pictures})
	return &c.Log[len(c.Log)-1]
}

// ask lets the time for a reply begin; heard ends it.
func (p *Pay) ask(c *complaint) {
	c.Waits, c.Urged, c.Due = true, 0, p.clock.Now().Add(p.replyWithin)
}

func (c *complaint) heard() { c.Waits, c.Urged, c.Due = false, 0, time.Time{} }

// urge is what happens when a shop does not reply in time: first the platform
// urges, and after three times the time it steps in. p.mu is held.
func (p *Pay) urge(c *complaint) []record {
	c, now := c.clone(), p.clock.Now()
	c.Urged++
	c.Due = now.Add(2 * p.replyWithin)
	what, details := "PLATFORM_HELP_APPLICATION", "请商家尽快回复用户"
	if c.Urged > 1 {
		c.Due, c.Helped = time.Time{}, true
		what, details = "PLATFORM_RESPONSE", "商家未及时回复，平台已介入"
	}
	c.add(now, operatorPlatform, what, details)
	return p.moved(c, "RESPONSE_BY_PLATFORM")
}

// moved is what has to be committed after c moved. p.mu is held.
func (p *Pay) moved(c *complaint, action string) []record {
	records := []record{{Complaint: c}}
	a := p.state.accounts[c.MchID]
	if action == "" || a.Complaints == "" {
		return records
	}
	event, summary := "COMPLAINT.STATE_CHANGE", "投诉单状态变化"
	if action == "CREATE_COMPLAINT" {
		event, summary = "COMPLAINT.CREATE", "产生新投诉"
	}
	n := p.newNotice(c.MchID, a.Complaints, event, "complaint", summary, map[string]string{"complaint_id": c.ID, "action_type": action})
	n.ID = strings.Replace(n.ID, "EV-", "EC-", 1) // a refund may be told in the same moment
	n.Trade = c.OutTradeNo
	return append(records, record{Notice: n})
}

// refunding is what a refund that was applied for means to a complaint about its
// order: nothing if there is none. p.mu is held.
func (p *Pay) refunding(o *order, r *refund) []record {
	c := p.state.complaints[p.state.complaintOf[o.key()]]
	if c == nil {
		return nil
	}
	c = c.clone()
	what, details := "COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE", "商家已发起部分退款"
	if o.Refunded == o.Total {
		what, details = "COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE", "商家已发起全额退款"
	}
	c.add(p.clock.Now(), operatorSystem, what, details)
	if r.Status == refundSuccess {
		return p.arrived(c, r)
	}
	return p.moved(c, "SELLER_REFUND")
}

// refunded is what a refund that arrived means to a complaint. p.mu is held.
func (p *Pay) refunded(r *refund) []record {
	c := p.state.complaints[p.state.complaintOf[orderKey(r.MchID, r.OutTradeNo)]]
	if c == nil || r.Status != refundSuccess {
		return nil
	}
	return p.arrived(c.clone(), r)
}

func (p *Pay) arrived(c *complaint, r *refund) []record {
	sum := r.Amount
	for _, other := range p.state.refunds {
		if other.Status == refundSuccess && other.key() != r.key() && orderKey(other.MchID, other.OutTradeNo) == c.Order {
			sum += other.Amount
		}
	}
	c.add(p.clock.Now(), operatorSystem, "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE", "退款已到账")
	if sum == r.Total {
		c.Refunded, c.State = true, complaintProcessed
		c.heard()
	}
	return p.moved(c, "REFUND_SUCCESS")
}
