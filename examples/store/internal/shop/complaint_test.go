package shop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func complaintOf(o shop.Order, state shop.ComplaintState, steps int) shop.Complaint {
	c := shop.Complaint{ID: "2002", OrderNo: o.No, TransactionID: o.TransactionID, OpenID: o.OpenID, State: state, Detail: "壶嘴碎了", Problem: "质量问题",
		RefundAsked: 100, UserWaits: steps == 1, Created: o.Created, Pictures: []string{"https://pic.example/1"}}
	for range steps {
		c.Steps = append(c.Steps, shop.Step{By: "投诉人", What: "USER_RESPONSE", Words: "等", At: o.Created})
	}
	return c
}

// Adverse inputs 39 and 40: copies, and what was read before something newer.
func TestAdverse40_ComplaintsOnlyMoveForward(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "teapot", 1)
	for _, tt := range []struct {
		key    string
		state  shop.ComplaintState
		steps  int
		result shop.Result
		now    shop.ComplaintState
	}{
		{"created", shop.ComplaintPending, 1, shop.Applied, shop.ComplaintPending},
		{"created", shop.ComplaintPending, 1, shop.Duplicate, shop.ComplaintPending},
		{"", shop.ComplaintPending, 1, shop.Duplicate, shop.ComplaintPending},
		{"completed", shop.ComplaintProcessed, 3, shop.Applied, shop.ComplaintProcessed},
		{"replied", shop.ComplaintProcessing, 2, shop.Duplicate, shop.ComplaintProcessed},
		{"continued", shop.ComplaintPending, 4, shop.Applied, shop.ComplaintPending},
	} {
		got, err := s.SaveComplaint(t.Context(), tt.key, complaintOf(o, tt.state, tt.steps))
		require.NoError(t, err)
		assert.Equal(t, tt.result, got, tt.key)
		c, err := s.ComplaintByID(t.Context(), "2002")
		require.NoError(t, err)
		assert.Equal(t, tt.now, c.State, tt.key)
	}
	all, err := s.Complaints(t.Context(), o.No)
	require.NoError(t, err)
	require.Len(t, all, 1)
	want := complaintOf(o, shop.ComplaintPending, 4)
	assert.Equal(t, want.Pictures, all[0].Pictures)
	assert.Equal(t, want.Detail, all[0].Detail)
	assert.Equal(t, o.TransactionID, all[0].TransactionID)
	assert.Len(t, all[0].Steps, 4)
}

// Adverse input 45: complaints about orders of somebody else, or nobody.
func TestAdverse45_ComplaintThatDoesNotFit(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "teapot", 1)
	for name, change := range map[string]func(*shop.Complaint){
		"unknown order":       func(c *shop.Complaint) { c.OrderNo = "none" },
		"no order":            func(c *shop.Complaint) { c.OrderNo, c.TransactionID = "", "" },
		"unknown transaction": func(c *shop.Complaint) { c.OrderNo, c.TransactionID = "", "43" },
		"other transaction":   func(c *shop.Complaint) { c.TransactionID = "43" },
		"other customer":      func(c *shop.Complaint) { c.OpenID = "oSomebody" },
	} {
		c := complaintOf(o, shop.ComplaintPending, 1)
		c.ID = name
		change(&c)
		got, err := s.SaveComplaint(t.Context(), name, c)
		require.NoError(t, err)
		assert.Equal(t, shop.Alarmed, got, name)
		_, err = s.ComplaintByID(t.Context(), name)
		require.ErrorIs(t, err, shop.ErrNotFound, name)
	}
	alarms, err := s.Alarms(t.Context())
	require.NoError(t, err)
	assert.Len(t, alarms, 5)
}

func TestComplaintByTransactionAlone(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "teapot", 1)
	c := complaintOf(o, shop.ComplaintPending, 1)
	c.OrderNo = ""
	got, err := s.SaveComplaint(t.Context(), "", c)
	require.NoError(t, err)
	assert.Equal(t, shop.Applied, got)
	saved, err := s.ComplaintByID(t.Context(), c.ID)
	require.NoError(t, err)
	assert.Equal(t, o.No, saved.OrderNo)
}

func TestStepsCountOnceAndEndWithTheCustomersWord(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := paid(t, s, "teapot", 1)
	_, err := s.SaveComplaint(t.Context(), "", complaintOf(o, shop.ComplaintPending, 1))
	require.NoError(t, err)
	_, err = s.AddStep(t.Context(), "x", "2002", "oSomebody", shop.Step{}, shop.ComplaintProcessed)
	require.ErrorIs(t, err, shop.ErrNotFound, "somebody else's word")
	for _, tt := range []struct {
		key    string
		to     shop.ComplaintState
		result shop.Result
		steps  int
		now    shop.ComplaintState
	}{
		{"", shop.ComplaintProcessing, shop.Applied, 2, shop.ComplaintProcessing},
		{"no", shop.ComplaintPending, shop.Applied, 3, shop.ComplaintPending},
		{"no", shop.ComplaintPending, shop.Duplicate, 3, shop.ComplaintPending},
		{"yes", shop.ComplaintProcessed, shop.Applied, 4, shop.ComplaintProcessed},
		{"no, late", shop.ComplaintPending, shop.Duplicate, 4, shop.ComplaintProcessed},
	} {
		got, err := s.AddStep(t.Context(), tt.key, "2002", o.OpenID, shop.Step{What: tt.key}, tt.to)
		require.NoError(t, err)
		assert.Equal(t, tt.result, got, tt.key)
		c, err := s.ComplaintByID(t.Context(), "2002")
		require.NoError(t, err)
		assert.Len(t, c.Steps, tt.steps, tt.key)
		assert.Equal(t, tt.now, c.State, tt.key)
		assert.Equal(t, tt.now == shop.ComplaintPending, c.UserWaits)
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	steps := []shop.Step{{At: at.Add(time.Hour)}}
	for _, tt := range []struct {
		name string
		c    shop.Complaint
		want time.Time
	}{
		{"new", shop.Complaint{State: shop.ComplaintPending, UserWaits: true, Created: at}, at.Add(24 * time.Hour)},
		{"asked again", shop.Complaint{State: shop.ComplaintProcessing, UserWaits: true, Created: at, Steps: steps}, at.Add(25 * time.Hour)},
		{"answered", shop.Complaint{State: shop.ComplaintProcessing, Created: at, Steps: steps}, at.Add(72 * time.Hour)},
		{"over", shop.Complaint{State: shop.ComplaintProcessed, Created: at}, time.Time{}},
	} {
		assert.True(t, tt.want.Equal(tt.c.Deadline()), tt.name)
		assert.Equal(t, tt.name != "over", tt.c.Open(), tt.name)
	}
}

func TestAlarmsAreRaisedOnceAndAcknowledged(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	o := paid(t, s, "tea", 1)
	for range 3 {
		require.NoError(t, s.Raise(t.Context(), "late/1", o.TransactionID, "1001", "late"))
	}
	require.NoError(t, s.Raise(t.Context(), "late/2", "4299", "1001", "not ours"))
	all, err := s.Alarms(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "4299", all[0].No)
	assert.Equal(t, o.No, all[1].No, "in the shop's words")
	first := c.Now()
	for range 2 {
		require.NoError(t, s.Acknowledge(t.Context(), all[0].ID))
		c.Advance(time.Hour)
	}
	require.ErrorIs(t, s.Acknowledge(t.Context(), 99), shop.ErrNotFound)
	all, err = s.Alarms(t.Context())
	require.NoError(t, err)
	assert.Equal(t, o.No, all[0].No, "what is new comes first")
	assert.True(t, all[0].Acked.IsZero())
	assert.True(t, first.Equal(all[1].Acked), "the first look counts")
}

func TestWhoPaidIsLearnedLate(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "tea", 1)
	p := paymentOf(o)
	p.Key = "" // a query
	_, err := s.Paid(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, o.OpenID, order(t, s, o.No).Buyer())
	p.Key, p.Payer = "notice", "oPayer"
	r, err := s.Paid(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, shop.Duplicate, r)
	assert.Equal(t, "oPayer", order(t, s, o.No).Buyer())
	n, err := s.Fulfilled(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}
