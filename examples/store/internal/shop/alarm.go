package shop

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Alarm is something WeChat reported that does not fit the shop's own books. A
// person has to look at it; nothing was fulfilled for it.
type Alarm struct {
	No     string // out_trade_no or out_refund_no
	Kind   string
	Detail string
	At     time.Time
}

// Alarms lists the latest alarms.
func (s *Store) Alarms(ctx context.Context) ([]Alarm, error) {
	return collect(ctx, s.read, func(row interface{ Scan(...any) error }) (Alarm, error) {
		var a Alarm
		var at int64
		err := row.Scan(&a.No, &a.Kind, &a.Detail, &at)
		a.At = moment(at)
		return a, notFound(err)
	}, `SELECT no, kind, detail, at FROM alarms ORDER BY id DESC LIMIT 200`)
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
