package shop

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"
)

// SessionLife is how long a browser stays known.
const SessionLife = 30 * 24 * time.Hour

// Session is one browser. CSRF is the secret its forms carry; Merchant means
// that it has shown the merchant password.
type Session struct {
	Customer int64
	OpenID   string
	CSRF     string
	Merchant bool
}

// NewSession makes a customer with a fresh simulated openid and a browser
// session for them. Only the returned token opens it; the file keeps a hash.
// A real shop would learn the openid by web authorization instead.
func (s *Store) NewSession(ctx context.Context) (token string, _ Session, err error) {
	token = rand.Text()
	ses := Session{OpenID: "oSIM" + rand.Text()[:24], CSRF: rand.Text()}
	err = s.change(ctx, func(tx *sql.Tx) error {
		now := s.now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires < ?`, millis(now)); err != nil {
			return fmt.Errorf("shop: forget old sessions: %w", err)
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO customers (openid, created) VALUES (?, ?)`, ses.OpenID, millis(now))
		if err != nil {
			return fmt.Errorf("shop: new customer: %w", err)
		}
		if ses.Customer, err = res.LastInsertId(); err != nil {
			return fmt.Errorf("shop: new customer: %w", err)
		}
		return insertSession(ctx, tx, token, ses, now)
	})
	return token, ses, err
}

// Promote gives a session merchant rights under a new token and a new CSRF
// secret; the old token is worth nothing afterwards, so a token that somebody
// planted in the browser gains nothing from the login.
func (s *Store) Promote(ctx context.Context, token string) (fresh string, _ Session, err error) {
	fresh = rand.Text()
	ses, err := s.Session(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	ses.CSRF, ses.Merchant = rand.Text(), true
	err = s.change(ctx, func(tx *sql.Tx) error {
		if err := deleteSession(ctx, tx, token); err != nil {
			return err
		}
		return insertSession(ctx, tx, fresh, ses, s.now())
	})
	return fresh, ses, err
}

// Session finds the session of a token. The error is ErrNotFound for a token
// that this shop did not hand out, or that is too old.
func (s *Store) Session(ctx context.Context, token string) (Session, error) {
	var ses Session
	err := s.read.QueryRowContext(ctx, `SELECT customer_id, openid, csrf, merchant FROM sessions
		JOIN customers ON id = customer_id WHERE token_hash = ? AND expires > ?`, hashToken(token), millis(s.now())).
		Scan(&ses.Customer, &ses.OpenID, &ses.CSRF, &ses.Merchant)
	return ses, notFound(err)
}

// EndSession forgets a token.
func (s *Store) EndSession(ctx context.Context, token string) error {
	return s.change(ctx, func(tx *sql.Tx) error { return deleteSession(ctx, tx, token) })
}

func insertSession(ctx context.Context, tx *sql.Tx, token string, ses Session, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sessions (token_hash, customer_id, csrf, merchant, expires) VALUES (?, ?, ?, ?, ?)`,
		hashToken(token), ses.Customer, ses.CSRF, ses.Merchant, millis(now.Add(SessionLife)))
	if err != nil {
		return fmt.Errorf("shop: new session: %w", err)
	}
	return nil
}

func deleteSession(ctx context.Context, tx *sql.Tx, token string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = ?`, hashToken(token)); err != nil {
		return fmt.Errorf("shop: end session: %w", err)
	}
	return nil
}

func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
