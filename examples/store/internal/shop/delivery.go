package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrTooLate means that an order is not open any more.
var ErrTooLate = errors.New("shop: the order is not open any more")

// SetAddress keeps where a customer's parcels go: saved is an address that package
// address has checked and saved. The customer's order with the number no goes there,
// as long as it is unpaid, and so do all that are placed from now on; no may be empty.
func (s *Store) SetAddress(ctx context.Context, customer int64, no, saved string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, `INSERT INTO addresses (customer_id, saved, at) VALUES (?, ?, ?)
			ON CONFLICT (customer_id) DO UPDATE SET saved = excluded.saved, at = excluded.at`, customer, saved, millis(s.now())); err != nil {
			return err
		}
		if no == "" {
			return nil
		}
		err := exec(ctx, tx, `UPDATE orders SET address = ? WHERE no = ? AND customer_id = ? AND state = ?`, saved, no, customer, Pending)
		if errors.Is(err, ErrNotFound) {
			return ErrTooLate
		}
		return err
	})
}

// Address is where a customer's parcels go, as SetAddress kept it. The error is
// ErrNotFound if they have picked none.
func (s *Store) Address(ctx context.Context, customer int64) (saved string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT saved FROM addresses WHERE customer_id = ?`, customer).Scan(&saved)
	return saved, notFound(err)
}

// Untold lists the orders, oldest first, that were paid since a time by customers
// who are known to WeChat and have not been told so.
func (s *Store) Untold(ctx context.Context, since time.Time) ([]Order, error) {
	return collect(ctx, s.read, scanOrder, orderColumns+
		`WHERE told = 0 AND openid <> '' AND state = ? AND paid > ? ORDER BY paid LIMIT 100`, Paid, millis(since))
}

// Told notes that nothing more needs to be said about the payment of an order.
func (s *Store) Told(ctx context.Context, no string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE orders SET told = 1 WHERE no = ?`, no)
	})
}

// OrderBy finds an order by its number for whoever has an openid, or the latest
// order of theirs if no is empty. Somebody else's is ErrNotFound.
func (s *Store) OrderBy(ctx context.Context, openID, no string) (Order, error) {
	o, err := scanOrder(s.read.QueryRowContext(ctx, orderColumns+`WHERE customer_id = (SELECT id FROM customers WHERE openid = ?1)
		AND (?2 = '' OR no = ?2) ORDER BY created DESC, no LIMIT 1`, openID, no))
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("shop: order of a customer: %w", err)
	}
	return o, err
}
