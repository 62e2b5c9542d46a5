package shop

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
)

// Kind of a ledger entry.
type Kind string

// The kinds.
const (
	KindPayment Kind = "payment"
	KindRefund  Kind = "refund"
)

// Entry is one movement of money. Amount is negative for a refund.
type Entry struct {
	Kind     Kind
	WeChatID string // transaction_id or refund_id
	No       string // out_trade_no or out_refund_no
	OrderNo  string
	Amount   wechat.Fen
	At       time.Time
}

// key is what both sides call the same movement.
func (e Entry) key() string { return string(e.Kind) + " " + e.No + " " + e.WeChatID }

// enter appends to the ledger. A second entry for the same money is an error,
// whatever the checks before it thought.
func (s *Store) enter(ctx context.Context, tx *sql.Tx, e Entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO entries (kind, wechat_id, no, order_no, amount, at) VALUES (?, ?, ?, ?, ?, ?)`,
		e.Kind, e.WeChatID, e.No, e.OrderNo, int64(e.Amount), millis(e.At))
	if err != nil {
		return fmt.Errorf("shop: ledger: %w", err)
	}
	return nil
}

// Ledger lists every entry of the shop's own ledger, oldest first.
func (s *Store) Ledger(ctx context.Context) ([]Entry, error) {
	return collect(ctx, s.read, func(row interface{ Scan(...any) error }) (Entry, error) {
		var e Entry
		var at int64
		err := row.Scan(&e.Kind, &e.WeChatID, &e.No, &e.OrderNo, &e.Amount, &at)
		e.At = moment(at)
		return e, notFound(err)
	}, `SELECT kind, wechat_id, no, order_no, amount, at FROM entries ORDER BY at, no`)
}

// Row is one movement as both sides know it; a side that does not know it is nil.
type Row struct {
	Ours, Theirs *Entry
}

// At is when it happened, by whoever knows.
func (r Row) At() time.Time { return r.any().At }

// No is our number of the movement.
func (r Row) No() string { return r.any().No }

// Kind is the kind of the movement.
func (r Row) Kind() Kind { return r.any().Kind }

func (r Row) any() *Entry {
	if r.Ours != nil {
		return r.Ours
	}
	return r.Theirs
}

// Difference is our amount minus theirs, in fen.
func (r Row) Difference() wechat.Fen {
	var d wechat.Fen
	if r.Ours != nil {
		d += r.Ours.Amount
	}
	if r.Theirs != nil {
		d -= r.Theirs.Amount
	}
	return d
}

// Comparison is two ledgers side by side. Distance adds up how far apart the
// rows are without their signs, so that two mistakes cannot hide each other.
type Comparison struct {
	Rows                           []Row
	OurTotal, TheirTotal, Distance wechat.Fen
}

// Compare lays two ledgers side by side, matching by kind and by both numbers;
// newest first. An entry that a side has twice makes a row of its own.
func Compare(ours, theirs []Entry) Comparison {
	var c Comparison
	rows := map[string][]*Row{}
	for i, e := range ours {
		c.OurTotal += e.Amount
		rows[e.key()] = append(rows[e.key()], &Row{Ours: &ours[i]})
	}
	for i, e := range theirs {
		c.TheirTotal += e.Amount
		same := rows[e.key()]
		free := slices.IndexFunc(same, func(r *Row) bool { return r.Theirs == nil })
		if free < 0 {
			rows[e.key()] = append(same, &Row{Theirs: &theirs[i]})
			continue
		}
		same[free].Theirs = &theirs[i]
	}
	for _, same := range rows {
		for _, r := range same {
			c.Rows = append(c.Rows, *r)
			c.Distance += max(r.Difference(), -r.Difference())
		}
	}
	slices.SortFunc(c.Rows, func(a, b Row) int {
		return cmp.Or(b.At().Compare(a.At()), cmp.Compare(b.No(), a.No()))
	})
	return c
}
