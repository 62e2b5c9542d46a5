package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// RefundState is where a refund stands; it only moves forward.
type RefundState string

// The states of a refund. All but RefundClosed hold their amount back from other refunds.
const (
	RefundRequested  RefundState = "REQUESTED"  // ours; WeChat may not know it yet
	RefundProcessing RefundState = "PROCESSING" // accepted by WeChat
	RefundAbnormal   RefundState = "ABNORMAL"   // the customer's account could not take it
	RefundClosed     RefundState = "CLOSED"     // failed for good
	RefundSuccess    RefundState = "SUCCESS"    // the customer has the money
)

func (s RefundState) rank() int {
	switch s {
	case RefundRequested:
		return 0
	case RefundProcessing:
		return 1
	case RefundAbnormal:
		return 2
	case RefundClosed, RefundSuccess:
		return 3
	}
	return -1 // a state of tomorrow: it moves nothing
}

// MaxRefunds is how many refunds WeChat allows for one order.
const MaxRefunds = 50

// What can be wrong with a refund.
var (
	ErrOverRefund     = errors.New("shop: refunds would exceed what was paid")
	ErrTooManyRefunds = fmt.Errorf("shop: an order takes at most %d refunds", MaxRefunds)
	ErrNotPaid        = errors.New("shop: the order is not paid")
)

// Refund gives back part or all of an order.
type Refund struct {
	No        string // out_refund_no
	OrderNo   string
	Amount    wechat.Fen
	Reason    string
	State     RefundState
	RefundID  string
	Problem   string
	Created   time.Time
	Completed time.Time
	Asked     int
}

const refundColumns = `SELECT no, order_no, amount, reason, state, refund_id, problem, created, done, asked FROM refunds `

func scanRefund(row interface{ Scan(...any) error }) (Refund, error) {
	var r Refund
	var created, done int64
	err := row.Scan(&r.No, &r.OrderNo, &r.Amount, &r.Reason, &r.State, &r.RefundID, &r.Problem, &created, &done, &r.Asked)
	r.Created, r.Completed = moment(created), moment(done)
	return r, notFound(err)
}

// RequestRefund writes down a refund and its number; only then may WeChat be
// asked, and always with this number. The same formToken gives the same refund again.
func (s *Store) RequestRefund(ctx context.Context, orderNo string, amount wechat.Fen, reason, formToken string) (Refund, error) {
	if badToken(formToken) {
		return Refund{}, ErrFormToken
	}
	if !plain(reason, 60) {
		return Refund{}, ErrText
	}
	var r Refund
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		r, err = scanRefund(tx.QueryRowContext(ctx, refundColumns+`WHERE order_no = ? AND form_token = ?`, orderNo, formToken))
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		o, err := orderIn(ctx, tx, orderNo)
		switch {
		case err != nil:
			return err
		case o.State != Paid && o.State != Late:
			return ErrNotPaid
		case amount < 1 || amount > o.Refundable():
			return ErrOverRefund
		}
		r, err = s.insertRefund(ctx, tx, orderNo, amount, reason, formToken)
		return err
	})
	return r, err
}

func (s *Store) insertRefund(ctx context.Context, tx *sql.Tx, orderNo string, amount wechat.Fen, reason, formToken string) (Refund, error) {
	var all, live int
	err := tx.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE state <> 'CLOSED') FROM refunds WHERE order_no = ?`, orderNo).Scan(&all, &live)
	if err != nil {
		return Refund{}, notFound(err)
	}
	if live >= MaxRefunds {
		return Refund{}, ErrTooManyRefunds
	}
	no, now := fmt.Sprintf("%sR%02d", orderNo, all+1), s.now()
	_, err = tx.ExecContext(ctx, `INSERT INTO refunds (no, order_no, form_token, amount, reason, state, created, ask_next) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		no, orderNo, formToken, int64(amount), reason, RefundRequested, millis(now), millis(askRefund(now, 0)))
	if err != nil {
		return Refund{}, fmt.Errorf("shop: new refund: %w", err)
	}
	return scanRefund(tx.QueryRowContext(ctx, refundColumns+`WHERE no = ?`, no))
}

// RefundOf finds a refund by its number.
func (s *Store) RefundOf(ctx context.Context, no string) (Refund, error) {
	return scanRefund(s.read.QueryRowContext(ctx, refundColumns+`WHERE no = ?`, no))
}

// Refunds lists the refunds of an order, oldest first, or the latest of all orders if orderNo is empty.
func (s *Store) Refunds(ctx context.Context, orderNo string) ([]Refund, error) {
	if orderNo == "" {
		return collect(ctx, s.read, scanRefund, refundColumns+`ORDER BY created DESC, no LIMIT 200`)
	}
	return collect(ctx, s.read, scanRefund, refundColumns+`WHERE order_no = ? ORDER BY created, no`, orderNo)
}

// RefundProblem notes why a try did not work; the refund stays as it is and is tried again.
func (s *Store) RefundProblem(ctx context.Context, no, problem string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE refunds SET problem = ? WHERE no = ?`, problem, no)
	})
}
