package shop

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed schema.sql
var schema string

// Store is the shop's SQLite file. Several Stores, also in several processes,
// may be open on one file. Safe for concurrent use.
type Store struct {
	write *sql.DB // one connection: writers of this process queue up here
	read  *sql.DB
	now   func() time.Time
}

// ErrNotFound means there is no such product, order, refund or session, or it is somebody else's.
var ErrNotFound = errors.New("shop: not found")

// Open opens or creates the file at path and fills an empty catalogue. now is
// the clock of everything the store writes; nil means time.Now. Close it when done.
func Open(ctx context.Context, path string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	s := &Store{now: now}
	var err error
	if s.write, err = sql.Open("sqlite", dsn(path, true)); err != nil {
		return nil, fmt.Errorf("shop: open: %w", err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path, false)); err != nil {
		return nil, errors.Join(fmt.Errorf("shop: open: %w", err), s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// dsn asks for a write-ahead log that is flushed at every commit: what we have
// acknowledged to WeChat must still be there after the power has failed.
func dsn(path string, write bool) string {
	q := url.Values{"_pragma": {"busy_timeout(500)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	if write {
		q.Set("_txlock", "immediate")
		q.Add("_pragma", "busy_timeout(0)") // change waits instead, and knows when to give up
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String()
}

func (s *Store) prepare(ctx context.Context) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return fmt.Errorf("shop: create tables: %w", err)
		}
		if err := addColumns(ctx, tx); err != nil {
			return fmt.Errorf("shop: bring tables up to date: %w", err)
		}
		return stockShelves(ctx, tx)
	})
}

// newColumns are what tables have learned since the first shop.
var newColumns = []struct{ table, name, kind string }{
	{"orders", "ip", "TEXT NOT NULL DEFAULT ''"},
	{"orders", "watch", "INTEGER NOT NULL DEFAULT 0"},
	{"orders", "payer", "TEXT NOT NULL DEFAULT ''"},
	{"orders", "address", "TEXT NOT NULL DEFAULT ''"},
	{"orders", "told", "INTEGER NOT NULL DEFAULT 0"},
	{"alarms", "acked", "INTEGER NOT NULL DEFAULT 0"},
	{"customers", "nickname", "TEXT NOT NULL DEFAULT ''"},
}

// addColumns gives a file of an older shop what its tables have learned since.
func addColumns(ctx context.Context, tx *sql.Tx) error {
	for _, c := range newColumns {
		var there int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info(?) WHERE name = ?`, c.table, c.name).Scan(&there); err != nil {
			return err
		}
		if there > 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, `ALTER TABLE `+c.table+` ADD COLUMN `+c.name+` `+c.kind); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `CREATE INDEX IF NOT EXISTS orders_watched ON orders (ask_next) WHERE watch > 0`)
	return err
}

// Close closes the file. Changes under way are finished or rolled back.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close())
}

// change runs f in one write transaction. The lock is taken at the beginning,
// so f reads what it is about to change. While another process holds the lock it
// is tried again every few milliseconds until ctx ends; SQLite's own waiting backs
// off too far to be fair, and does not listen to ctx.
func (s *Store) change(ctx context.Context, f func(*sql.Tx) error) error {
	for {
		err := s.changeOnce(ctx, f)
		if !busy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(time.Millisecond + rand.N(2*time.Millisecond)):
		}
	}
}

func (s *Store) changeOnce(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("shop: begin: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("shop: commit: %w", err)
	}
	return nil
}

// busy tells whether another process holds the write lock.
func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// queryer is a transaction or a pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect reads every row of a query with scan.
func collect[T any](ctx context.Context, q queryer, scan func(interface{ Scan(...any) error }) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("shop: query: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below reports what matters
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("shop: query: %w", err)
	}
	return out, nil
}

// millis and moment translate times to and from the file; zero stays zero.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
