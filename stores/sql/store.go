// Package sqlstore keeps access tokens in a table of PostgreSQL, MySQL, MariaDB or
// SQLite, so that all processes which serve an account share one:
//
//	store, err := sqlstore.New(db, sqlstore.Postgres, "wechat_token")
//	if err != nil {
//		return err
//	}
//	if err := store.Create(ctx); err != nil { // or by a migration, see Schema
//		return err
//	}
//	src, err := token.New(token.Config{AppID: appID, Secret: secret, Store: store})
//
// Tokens lie there in clear: whoever reads the table can act for the account.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/wxcommerce/wechat/token"
)

var _ token.Store = (*Store)(nil)

// Store is a token.Store in one table. It holds a handful of rows, and every operation
// is one or two statements on a single row, without a transaction. Lives are counted
// by the database's clock, so the clocks of the processes do not matter. It is safe
// for concurrent use. Closing the database stays with the caller.
type Store struct {
	db   *sql.DB
	text statements
}

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$`)

// New makes a Store on db, whose driver is the caller's choice, and makes no network
// call. The table's name may have a schema in front: letters, digits and underscores.
// With SQLite open the database with a busy timeout of some seconds.
func New(db *sql.DB, d Dialect, table string) (*Store, error) {
	switch {
	case db == nil:
		return nil, errors.New("sqlstore: nil database")
	case !tableName.MatchString(table):
		return nil, errors.New("sqlstore: the table's name is not made of letters, digits and underscores")
	}
	text, err := d.statements(table)
	if err != nil {
		return nil, err
	}
	return &Store{db, text}, nil
}

// Schema is the statement that creates the table if it is not there, for migrations.
func (s *Store) Schema() string { return s.text.create }

// Create creates the table if it is not there.
func (s *Store) Create(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, s.text.create); err != nil {
		return fmt.Errorf("sqlstore: creating the table: %w", err)
	}
	return nil
}

// Get returns the value of key, or an error that wraps token.ErrMiss.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	var b []byte
	err := s.db.QueryRowContext(ctx, s.text.get, key).Scan(&b)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("sqlstore: %w", token.ErrMiss)
	case err != nil:
		return nil, fmt.Errorf("sqlstore: reading: %w", err)
	}
	return b, nil
}

// Swap puts new in place of old and reports whether it did. A ttl is counted in whole
// milliseconds.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	ms := max(ttl.Milliseconds(), 1)
	switch {
	case len(old) == 0 && len(new) == 0:
		_, err := s.Get(ctx, key)
		if errors.Is(err, token.ErrMiss) {
			return true, nil
		}
		return false, err
	case len(old) == 0:
		ok, err := s.changes(ctx, s.text.insert, key, new, ms)
		if ok || err != nil {
			return ok, err
		}
		return s.changes(ctx, s.text.revive, new, ms, key) // the row may be over
	case len(new) == 0:
		return s.changes(ctx, s.text.remove, key, old)
	}
	return s.changes(ctx, s.text.swap, new, ms, key, old)
}

// changes runs a statement on one row and reports whether it changed it.
func (s *Store) changes(ctx context.Context, query string, args ...any) (bool, error) {
	res, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("sqlstore: swapping: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("sqlstore: swapping: %w", err)
	}
	return n == 1, nil
}

// String says what it is; what it holds and how to get there stays hidden.
func (s *Store) String() string { return "token store in a table" }

// Format is String whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
