package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Alarm is something WeChat reported that does not fit the shop's own books, or that
// WeChat itself calls an alarm. A person has to look at it; nothing was fulfilled for it.
type Alarm struct {
	ID     int64
	No     string // out_trade_no, out_refund_no or another number
	Kind   string
	Detail string
	At     time.Time
	Acked  time.Time // when the merchant took note of it
}

// Alarms lists the latest alarms, those nobody took note of first.
func (s *Store) Alarms(ctx context.Context) ([]Alarm, error) {
	return collect(ctx, s.read, func(row interface{ Scan(...any) error }) (Alarm, error) {
		var a Alarm
		var at, acked int64
		err := row.Scan(&a.ID, &a.No, &a.Kind, &a.Detail, &at, &acked)
		a.At, a.Acked = moment(at), moment(acked)
		return a, notFound(err)
	}, `SELECT id, no, kind, detail, at, acked FROM alarms ORDER BY acked > 0, id DESC LIMIT 200`)
}

// alarm writes an alarm once for each key. The notice's own key is not
// remembered: should the right report come after all, it will still be applied.
func (s *Store) alarm(ctx context.Context, tx *sql.Tx, key, no, kind, detail string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO alarms (key, no, kind, detail, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
		key, no, kind, detail, millis(s.now()))
	if err != nil {
		return fmt.Errorf("shop: alarm: %w", err)
	}
	return nil
}

// Raise writes down an alarm of WeChat's, once for each key. transaction names the
// order it is about, if it is one of ours.
func (s *Store) Raise(ctx context.Context, key, transaction, kind, detail string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		no := transaction
		if transaction != "" {
			err := tx.QueryRowContext(ctx, `SELECT no FROM orders WHERE transaction_id = ?`, transaction).Scan(&no)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("shop: alarm: %w", err)
			}
		}
		return s.alarm(ctx, tx, key, no, kind, detail)
	})
}

// Acknowledge notes that the merchant has seen an alarm. Doing so again is fine.
func (s *Store) Acknowledge(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE alarms SET acked = CASE acked WHEN 0 THEN ? ELSE acked END WHERE id = ?`, millis(s.now()), id)
	})
}

// Fulfilled is how often the payment of an order took effect.
func (s *Store) Fulfilled(ctx context.Context, orderNo string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM entries WHERE kind = ? AND order_no = ?`, KindPayment, orderNo).Scan(&n)
	return n, notFound(err)
}
