package shop

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// ComplaintState is where a complaint stands, in WeChat's words of today. A customer
// may open one again that was processed.
type ComplaintState string

// The states of a complaint.
const (
	ComplaintPending    ComplaintState = "PENDING"    // nobody has answered
	ComplaintProcessing ComplaintState = "PROCESSING" // the shop has answered
	ComplaintProcessed  ComplaintState = "PROCESSED"  // over
)

// How long WeChat lets a shop take for an answer, and for the whole complaint.
const (
	AnswerWithin = 24 * time.Hour
	FinishWithin = 72 * time.Hour
)

// Complaint is what a customer complains about. OpenID and TransactionID are what
// WeChat says, to be compared with the order.
type Complaint struct {
	ID            string
	OrderNo       string
	TransactionID string
	OpenID        string
	State         ComplaintState
	Detail        string // in the customer's words
	Problem       string
	RefundAsked   wechat.Fen
	UserWaits     bool // the customer spoke last
	Created       time.Time
	Pictures      []string // addresses
	Steps         []Step
}

// Step is one thing that was said or done, oldest first.
type Step struct {
	By, What, Words string
	At              time.Time
	Pictures        []string
}

// Deadline is until when WeChat wants the shop to answer or finish; zero when it is over.
func (c Complaint) Deadline() time.Time {
	switch {
	case c.State == ComplaintProcessed:
		return time.Time{}
	case c.UserWaits && len(c.Steps) > 0:
		return c.Steps[len(c.Steps)-1].At.Add(AnswerWithin)
	case c.UserWaits:
		return c.Created.Add(AnswerWithin)
	}
	return c.Created.Add(FinishWithin)
}

// Open tells whether the shop has something to do.
func (c Complaint) Open() bool { return c.State != ComplaintProcessed }

const complaintColumns = `SELECT id, order_no, (SELECT transaction_id FROM orders WHERE no = order_no), openid, state, detail, problem, asked, waits, created, pictures, steps FROM complaints `

func scanComplaint(row interface{ Scan(...any) error }) (Complaint, error) {
	var c Complaint
	var created int64
	var pictures, steps []byte
	err := row.Scan(&c.ID, &c.OrderNo, &c.TransactionID, &c.OpenID, &c.State, &c.Detail, &c.Problem, &c.RefundAsked, &c.UserWaits, &created, &pictures, &steps)
	if err != nil {
		return c, notFound(err)
	}
	c.Created = moment(created)
	return c, notFound(errors.Join(json.Unmarshal(pictures, &c.Pictures), json.Unmarshal(steps, &c.Steps)))
}

// SaveComplaint takes down what WeChat says about a complaint now. The history of a
// complaint only grows, so a shorter one was read before what is on disk and changes
// nothing. A complaint about an order that is not ours becomes an alarm. key is the
// business key of the notice, "" if there was none.
func (s *Store) SaveComplaint(ctx context.Context, key string, c Complaint) (Result, error) {
	if done, err := s.seen(ctx, key); err != nil || done {
		return Duplicate, err
	}
	var result Result
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		result, err = s.saveComplaint(ctx, tx, key, c)
		return err
	})
	return result, err
}

func (s *Store) saveComplaint(ctx context.Context, tx *sql.Tx, key string, c Complaint) (Result, error) {
	o, err := orderFor(ctx, tx, c)
	if errors.Is(err, ErrNotFound) {
		return Alarmed, s.alarm(ctx, tx, "complaint/"+c.ID, c.ID, "complaint about an unknown order",
			fmt.Sprintf("order %q, transaction %q: %s", c.OrderNo, c.TransactionID, c.Detail))
	}
	if err != nil {
		return 0, err
	}
	c.OrderNo = o.No
	old, err := complaintIn(ctx, tx, c.ID)
	switch {
	case err == nil && len(old.Steps) > len(c.Steps):
		return Duplicate, s.remember(ctx, tx, key)
	case err != nil && !errors.Is(err, ErrNotFound):
		return 0, err
	}
	result := Applied
	if err == nil && len(old.Steps) == len(c.Steps) && old.State == c.State {
		result = Duplicate
	}
	return result, errors.Join(putComplaint(ctx, tx, c), s.remember(ctx, tx, key))
}

// orderFor finds the order of a complaint by the numbers it gives, all of which have to fit.
func orderFor(ctx context.Context, tx *sql.Tx, c Complaint) (Order, error) {
	no := c.OrderNo
	if no == "" && c.TransactionID != "" {
		err := tx.QueryRowContext(ctx, `SELECT no FROM orders WHERE transaction_id = ?`, c.TransactionID).Scan(&no)
		if err != nil {
			return Order{}, notFound(err)
		}
	}
	o, err := orderIn(ctx, tx, no)
	if err == nil && (o.TransactionID != c.TransactionID || c.OpenID != o.Buyer()) {
		return Order{}, ErrNotFound
	}
	return o, err
}

func putComplaint(ctx context.Context, tx *sql.Tx, c Complaint) error {
	pictures, err := json.Marshal(c.Pictures)
	if err != nil {
		return fmt.Errorf("shop: complaint: %w", err)
	}
	steps, err := json.Marshal(c.Steps)
	if err != nil {
		return fmt.Errorf("shop: complaint: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO complaints (id, order_no, openid, state, detail, problem, asked, waits, created, pictures, steps)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
		ON CONFLICT (id) DO UPDATE SET state = ?4, detail = ?5, problem = ?6, asked = ?7, waits = ?8, pictures = ?10, steps = ?11`,
		c.ID, c.OrderNo, c.OpenID, c.State, c.Detail, c.Problem, int64(c.RefundAsked), c.UserWaits, millis(c.Created), string(pictures), string(steps))
	if err != nil {
		return fmt.Errorf("shop: complaint: %w", err)
	}
	return nil
}

func complaintIn(ctx context.Context, q queryer, id string) (Complaint, error) {
	return scanComplaint(q.QueryRowContext(ctx, complaintColumns+`WHERE id = ?`, id))
}

// AddStep appends a step to a complaint whose history nobody but the shop keeps, as
// in 2014, and moves it to a state. One that is over stays so. The step counts once
// for each key; "" is the shop's own doing. The error is ErrNotFound if there is no
// such complaint of openID.
func (s *Store) AddStep(ctx context.Context, key, id, openID string, step Step, to ComplaintState) (Result, error) {
	if done, err := s.seen(ctx, key); err != nil || done {
		return Duplicate, err
	}
	result := Applied
	err := s.change(ctx, func(tx *sql.Tx) error {
		c, err := complaintIn(ctx, tx, id)
		switch {
		case err == nil && c.OpenID != openID:
			return ErrNotFound
		case err != nil:
			return err
		case c.State == ComplaintProcessed:
			result = Duplicate
			return s.remember(ctx, tx, key)
		}
		c.Steps, c.State, c.UserWaits = append(c.Steps, step), to, to == ComplaintPending
		return errors.Join(putComplaint(ctx, tx, c), s.remember(ctx, tx, key))
	})
	return result, err
}

// ComplaintByID finds a complaint.
func (s *Store) ComplaintByID(ctx context.Context, id string) (Complaint, error) {
	return complaintIn(ctx, s.read, id)
}

// Complaints lists the complaints about an order, or the latest about all orders if
// orderNo is empty: those that are open first.
func (s *Store) Complaints(ctx context.Context, orderNo string) ([]Complaint, error) {
	return collect(ctx, s.read, scanComplaint, complaintColumns+
		`WHERE ?1 = '' OR order_no = ?1 ORDER BY state = 'PROCESSED', created DESC LIMIT 200`, orderNo)
}
