package app

import (
	"errors"
	"fmt"
	"slices"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/phone"
	"github.com/wxcommerce/wechat/wechattest"
)

// The customer's side of both simulators after the sale; see phone.Customer.

// Receipts is so.
func (m *modern) Receipts() bool { return m.mini != nil }

// ConfirmReceipt is the customer who has the goods.
func (m *modern) ConfirmReceipt(no string) error {
	o, err := m.account.Order(no)
	if err != nil {
		return err
	}
	if m.mini == nil {
		return errors.New("store: the mini program is elsewhere")
	}
	return m.mini.ConfirmReceipt(o.TransactionID, wechattest.User{})
}

// complaintAbout is the complaint about an order, if there is one.
func (m *modern) complaintAbout(no string) (c wechattest.Complaint, ok bool) {
	for _, c := range m.account.Complaints() {
		if c.OutTradeNo == no {
			return c, true
		}
	}
	return c, false
}

// Grievance is what the customer sees of the complaint about an order.
func (m *modern) Grievance(no string) phone.Grievance {
	c, ok := m.complaintAbout(no)
	if !ok {
		return phone.Grievance{}
	}
	g := phone.Grievance{ID: c.ID, State: c.State, May: []phone.Act{phone.Say, phone.Withdraw}}
	for _, s := range c.Steps {
		g.Steps = append(g.Steps, phone.Step{By: s.Operator, Words: s.Details, What: s.Type, At: s.At})
	}
	switch {
	case c.State == "PROCESSED" && len(c.Steps) > 0 && (c.Steps[len(c.Steps)-1].Type == "USER_REVOKE_COMPLAINT" || c.Steps[len(c.Steps)-1].Type == "USER_COMFIRM_COMPLAINT"):
		g.May = nil
	case c.State == "PROCESSED":
		g.May = []phone.Act{phone.Say, phone.Content}
	}
	return g
}

// Complain is the customer who complains about an order.
func (m *modern) Complain(no, words string, refund wechat.Fen, picture []byte) error {
	o, err := m.account.Order(no)
	if err != nil {
		return err
	}
	g := wechattest.Grievance{Detail: words, Problem: "商品质量问题", Refund: refund, Phone: "13800000000"}
	if len(picture) > 0 {
		g.Pictures = [][]byte{picture}
	}
	_, err = m.Pay.Complain(o.TransactionID, wechattest.User{}, g)
	return err
}

// Act is what the customer says or does about it next.
func (m *modern) Act(no string, act phone.Act, words string) error {
	c, ok := m.complaintAbout(no)
	if !ok {
		return wechattest.ErrNoComplaint
	}
	var err error
	switch {
	case act == phone.Say && c.State == "PROCESSED":
		_, err = m.ContinueComplaint(c.ID, words)
	case act == phone.Say:
		_, err = m.RespondToComplaint(c.ID, words)
	case act == phone.Withdraw:
		_, err = m.WithdrawComplaint(c.ID)
	case act == phone.Content:
		_, err = m.ConfirmComplaint(c.ID)
	default:
		err = fmt.Errorf("store: no act %q", act)
	}
	return err
}

// Receipts is not so.
func (s *old) Receipts() bool { return false }

// ConfirmReceipt fails: nobody asked customers of 2014.
func (s *old) ConfirmReceipt(string) error { return errors.New("store: 2014 has no receipts") }

// feedbackAbout is the latest complaint about an order, if there is one.
func (s *old) feedbackAbout(no string) (f wechattest.LegacyFeedback, ok bool) {
	for _, f := range slices.Backward(s.Feedbacks()) {
		if f.OutTradeNo == no {
			return f, true
		}
	}
	return f, false
}

// Grievance is what the customer sees of the complaint about an order.
func (s *old) Grievance(no string) phone.Grievance {
	f, ok := s.feedbackAbout(no)
	if !ok {
		return phone.Grievance{}
	}
	g := phone.Grievance{ID: f.ID, State: f.State, Steps: []phone.Step{{By: "投诉人", Words: f.Reason + " · " + f.Solution, At: f.CreatedAt}}}
	if f.State == "HANDLED" {
		g.May = []phone.Act{phone.Content, phone.Discontent}
	}
	return g
}

// Complain is the customer who complains about an order.
func (s *old) Complain(no, words string, refund wechat.Fen, _ []byte) error {
	g := wechattest.LegacyGrievance{Reason: words, Solution: "换货", ExtInfo: "13800000000"}
	if refund > 0 {
		g.Solution = "退款 " + refund.Yuan()
	}
	_, err := s.Legacy.Complain(no, wechattest.User{}, g)
	return err
}

// Act is what the customer says to what the shop did.
func (s *old) Act(no string, act phone.Act, words string) error {
	f, ok := s.feedbackAbout(no)
	if !ok {
		return wechattest.ErrNoComplaint
	}
	var err error
	switch act {
	case phone.Content:
		_, err = s.Legacy.Confirm(f.ID)
	case phone.Discontent:
		_, err = s.Reject(f.ID, words)
	default:
		err = fmt.Errorf("store: no act %q in 2014", act)
	}
	return err
}
