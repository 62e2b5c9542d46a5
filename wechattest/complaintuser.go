package wechattest

import (
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// Why a user cannot complain; compare with errors.Is.
var (
	// ErrNoComplaint is an id of no complaint.
	ErrNoComplaint = errors.New("wechattest: no such complaint")
	// ErrComplaint is a step that is not possible as the complaint stands.
	ErrComplaint = errors.New("wechattest: not possible for this complaint")
	// ErrNoAddress is a notice the shop has named no address for.
	ErrNoAddress = errors.New("wechattest: the shop has no address for that")
)

// Grievance is what a user says who complains; the zero value is a complaint too.
type Grievance struct {
	Detail    string // in the user's words
	Problem   string // the reason that was picked
	Type      string // REFUND if Refund is set, otherwise OTHERS if empty
	Refund    wechat.Fen
	Phone     string   // travels encrypted for the merchant
	Pictures  [][]byte // PNG, JPEG or BMP
	Immediate bool     // the shop may answer by the immediate service
}

// Complaint is a complaint as its user and a test see it.
type Complaint struct {
	ID                        string
	MchID, AccusedMchID       string // who signed the order, and whose shop it is
	OutTradeNo, TransactionID string
	Detail, Type              string
	State                     string // PENDING, PROCESSING or PROCESSED
	Times                     int
	UserWaits, FullRefunded   bool
	InPlatformService         bool
	CreatedAt                 time.Time
	Steps                     []ComplaintStep // oldest first
}

// ComplaintStep is one step of the negotiation.
type ComplaintStep struct {
	Operator, Type, Details string
	At                      time.Time
	Pictures                []string // ids
}

func (c *complaint) view() Complaint {
	out := Complaint{ID: c.ID, MchID: c.MchID, AccusedMchID: c.Accused, OutTradeNo: c.OutTradeNo, TransactionID: c.TransactionID, Detail: c.Detail, Type: c.Type,
		State: c.State, Times: c.Times, UserWaits: c.Waits, FullRefunded: c.Refunded, InPlatformService: c.Helped, CreatedAt: c.Created}
	for _, e := range c.Log {
		out.Steps = append(out.Steps, ComplaintStep{Operator: e.Operator, Type: e.Type, Details: e.Details, At: e.At, Pictures: append([]string(nil), e.Pictures...)})
	}
	return out
}

// Complain is a user who complains about an order that was paid; ref names it as
// for Order. There is one complaint about an order at most, which the user may take
// up again with ContinueComplaint. It fails with ErrNoOrder, ErrNotOpen,
// ErrWrongUser or ErrComplaint.
func (p *Pay) Complain(ref string, by User, g Grievance) (Complaint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, _, err := p.findRef(ref)
	if err != nil {
		return Complaint{}, err
	}
	switch {
	case o.Paid.IsZero():
		return Complaint{}, fmt.Errorf("%w: only what was paid can be complained about", ErrNotOpen)
	case !o.isFor(by):
		return Complaint{}, fmt.Errorf("%w: user %q", ErrWrongUser, by.Name)
	case p.state.complaintOf[o.key()] != "":
		return Complaint{}, fmt.Errorf("%w: there is one about this order already", ErrComplaint)
	case g.Refund < 0 || int64(g.Refund) > o.Total:
		return Complaint{}, fmt.Errorf("%w: more is asked for than was paid", ErrComplaint)
	}
	images, err := picturesOf(o.MchID, g.Pictures)
	if err != nil {
		return Complaint{}, err
	}
	c := p.newComplaint(o, g)
	c.Pictures = idsOf(images)
	c.add(c.Created, operatorUser, "USER_CREATE_COMPLAINT", c.Detail, c.Pictures...)
	return p.said(c, "CREATE_COMPLAINT", images)
}

func (p *Pay) newComplaint(o *order, g Grievance) *complaint {
	now := p.clock.Now()
	c := &complaint{ID: p.state.id("2002", now), MchID: o.MchID, Accused: o.MchID, Order: o.key(), OutTradeNo: o.OutTradeNo, TransactionID: o.TransactionID,
		Amount: o.Total, OpenID: o.OpenID, Phone: g.Phone, Detail: g.Detail, Problem: g.Problem, Type: g.Type, Asked: int64(g.Refund),
		State: complaintPending, Times: 1, Immediate: g.Immediate, Created: now}
	if o.SubMchID != "" {
		c.Accused = o.SubMchID
	}
	for field, otherwise := range map[*string]string{&c.Detail: "不满意", &c.Problem: "不满意商家服务"} {
		if *field == "" {
			*field = otherwise
		}
	}
	switch {
	case c.Asked > 0:
		c.Type = "REFUND"
	case c.Type == "":
		c.Type = "OTHERS"
	}
	p.ask(c)
	return c
}

// said commits a step of the user's; p.mu is held.
func (p *Pay) said(c *complaint, action string, images []*photo) (Complaint, error) {
	records := p.moved(c, action)
	for _, i := range images {
		records = append(records, record{Photo: i})
	}
	if err := p.commit(true, records...); err != nil {
		return Complaint{}, err
	}
	return c.view(), nil
}

// step changes a copy of a complaint that is in one of the states.
func (p *Pay) step(id, action string, pictures [][]byte, change func(c *complaint, pictures []string), states ...string) (Complaint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.state.complaints[id]
	if c == nil {
		return Complaint{}, ErrNoComplaint
	}
	fits := false
	for _, s := range states {
		fits = fits || c.State == s
	}
	if !fits || c.Over {
		return Complaint{}, fmt.Errorf("%w: it is %s", ErrComplaint, c.State)
	}
	images, err := picturesOf(c.MchID, pictures)
	if err != nil {
		return Complaint{}, err
	}
	c = c.clone()
	change(c, idsOf(images))
	return p.said(c, action, images)
}

// RespondToComplaint is the user's next word, with pictures or without, while the
// complaint is open. It fails with ErrNoComplaint or ErrComplaint.
func (p *Pay) RespondToComplaint(id, words string, pictures ...[]byte) (Complaint, error) {
	return p.step(id, "USER_RESPONSE", pictures, func(c *complaint, ids []string) {
		c.add(p.clock.Now(), operatorUser, "USER_RESPONSE", words, ids...)
		p.ask(c)
	}, complaintPending, complaintProcessing)
}

// ContinueComplaint takes up a complaint that was processed: it is PENDING again. It
// fails with ErrNoComplaint or, also for one that was withdrawn or confirmed,
// ErrComplaint.
func (p *Pay) ContinueComplaint(id, words string, pictures ...[]byte) (Complaint, error) {
	return p.step(id, "CONTINUE_COMPLAINT", pictures, func(c *complaint, ids []string) {
		c.State, c.Times = complaintPending, c.Times+1
		c.add(p.clock.Now(), operatorUser, "USER_CONTINUE_COMPLAINT", words, ids...)
		p.ask(c)
	}, complaintProcessed)
}

// WithdrawComplaint ends a complaint that is open; no notice says so. It fails with
// ErrNoComplaint or ErrComplaint.
func (p *Pay) WithdrawComplaint(id string) (Complaint, error) {
	return p.step(id, "", nil, func(c *complaint, _ []string) {
		c.State, c.Over = complaintProcessed, true
		c.add(p.clock.Now(), operatorUser, "USER_REVOKE_COMPLAINT", "")
		c.heard()
	}, complaintPending, complaintProcessing)
}

// ConfirmComplaint is a user who is content: the complaint is over for good. No
// notice says so. It fails with ErrNoComplaint or ErrComplaint.
func (p *Pay) ConfirmComplaint(id string) (Complaint, error) {
	return p.step(id, "", nil, func(c *complaint, _ []string) {
		c.State, c.Over = complaintProcessed, true
		c.add(p.clock.Now(), operatorUser, "USER_COMFIRM_COMPLAINT", "")
		c.heard()
	}, complaintProcessing, complaintProcessed)
}

// Complaint finds a complaint. It fails with ErrNoComplaint.
func (p *Pay) Complaint(id string) (Complaint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.state.complaints[id]; c != nil {
		return c.view(), nil
	}
	return Complaint{}, ErrNoComplaint
}

// Complaints are the complaints about orders the account signed, oldest first.
func (a *Account) Complaints() []Complaint {
	p := a.pay
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Complaint
	for _, id := range p.state.complaintList {
		if c := p.state.complaints[id]; c.MchID == a.MchID {
			all = append(all, c.view())
		}
	}
	return all
}
