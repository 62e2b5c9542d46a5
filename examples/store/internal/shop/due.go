package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// askAfter is when to ask WeChat about an order that no notice came for, counted
// from the order. At the last one the order is closed.
var askAfter = []time.Duration{10 * time.Second, 30 * time.Second, time.Minute,
	3 * time.Minute, 5 * time.Minute, 10 * time.Minute, PayWithin}

// askOrder is when to ask for the next time after asking n times.
func askOrder(created, now time.Time, n int) time.Time {
	for _, d := range askAfter[min(n, len(askAfter)):] {
		if at := created.Add(d); !at.Before(now) {
			return at
		}
	}
	return now.Add(time.Minute) // its time is over: it is about to be closed
}

// askRefund is when to try or ask again after n times. Refunds of one order have
// to be a minute apart, so there is no use in hurrying.
func askRefund(now time.Time, n int) time.Time {
	waits := []time.Duration{10 * time.Second, time.Minute, time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute}
	return now.Add(waits[min(n, len(waits)-1)])
}

// DueOrders lists unpaid orders that WeChat should be asked about now, or every
// unpaid order if all is set. Closed ones that are watched are among them.
func (s *Store) DueOrders(ctx context.Context, all bool) ([]Order, error) {
	return collect(ctx, s.read, scanOrder, orderColumns+
		`WHERE (state = 'PENDING' OR state = 'CLOSED' AND watch > 0) AND (? OR ask_next <= ?) ORDER BY ask_next LIMIT 1000`, all, millis(s.now()))
}

// DueRefunds lists refunds without a final state that should be tried or asked about now, or all of them.
func (s *Store) DueRefunds(ctx context.Context, all bool) ([]Refund, error) {
	return collect(ctx, s.read, scanRefund, refundColumns+
		`WHERE state IN ('REQUESTED', 'PROCESSING') AND (? OR ask_next <= ?) ORDER BY ask_next LIMIT 1000`, all, millis(s.now()))
}

// ClaimOrder notes that this process is about to ask for o; false means that another one just did.
func (s *Store) ClaimOrder(ctx context.Context, o Order) (bool, error) {
	return s.claim(ctx, `UPDATE orders SET asked = asked + 1, ask_next = ? WHERE no = ? AND asked = ?`,
		askOrder(o.Created, s.now().Add(time.Second), o.Asked+1), o.No, o.Asked)
}

// ClaimRefund notes that this process is about to try or ask for r; false means that another one just did.
func (s *Store) ClaimRefund(ctx context.Context, r Refund) (bool, error) {
	return s.claim(ctx, `UPDATE refunds SET asked = asked + 1, ask_next = ? WHERE no = ? AND asked = ?`,
		askRefund(s.now(), r.Asked+1), r.No, r.Asked)
}

func (s *Store) claim(ctx context.Context, query string, next time.Time, no string, asked int) (bool, error) {
	err := s.change(ctx, func(tx *sql.Tx) error { return exec(ctx, tx, query, millis(next), no, asked) })
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("shop: claim: %w", err)
	}
	return true, nil
}
