package complaint

import (
	"errors"
	"fmt"
)

// State is where a complaint stands. New ones pass through.
type State string

// The states known today.
const (
	StatePending    State = "PENDING"    // nobody has replied yet
	StateProcessing State = "PROCESSING" // the shop has replied
	StateProcessed  State = "PROCESSED"  // over, unless the user goes on
)

// Action is what a shop can do about a complaint.
type Action string

// The actions, each of them a method of Service.
const (
	Reply    Action = "reply"
	ReplyNow Action = "reply now"
	Approve  Action = "approve the refund"
	Reject   Action = "reject the refund"
	Complete Action = "complete"
)

// ErrNotAllowed is what Complaint.Allows refuses an action with.
var ErrNotAllowed = errors.New("complaint: not possible now")

// moves says to which state an action leads; what is not in it cannot be done.
var moves = map[State]map[Action]State{
	StatePending:    {Reply: StateProcessing, ReplyNow: StateProcessing, Approve: StateProcessing, Reject: StateProcessed},
	StateProcessing: {Reply: StateProcessing, ReplyNow: StateProcessing, Approve: StateProcessing, Reject: StateProcessed, Complete: StateProcessed},
	StateProcessed:  {},
}

// Next is the state that action a leads to from s, and false where it leads nowhere.
func (s State) Next(a Action) (State, bool) {
	next, ok := moves[s][a]
	return next, ok
}

// Allows says why action a cannot be done about c as it stands, and nil if it can:
// an error that is ErrNotAllowed. A complaint that nobody has replied to cannot be
// completed, one that is processed cannot be worked on, a refund can only be decided
// about where one was asked for, and ReplyNow is for complaints that need it. Fields
// that are unknown or empty, as in a Complaint made from an id alone, forbid
// nothing: then WeChat Pay decides.
func (c Complaint) Allows(a Action) error {
	if known := moves[c.State]; known != nil {
		if _, ok := known[a]; !ok {
			return fmt.Errorf("%w: cannot %s: the complaint is %s", ErrNotAllowed, a, c.State)
		}
	}
	switch {
	case (a == Approve || a == Reject) && c.ProblemType != "" && c.ProblemType != ProblemRefund:
		return fmt.Errorf("%w: cannot %s: the user asks for none", ErrNotAllowed, a)
	case a == ReplyNow && c.State != "" && !c.NeedsReplyNow:
		return fmt.Errorf("%w: cannot %s: the complaint does not need it", ErrNotAllowed, a)
	}
	return nil
}
