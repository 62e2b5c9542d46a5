package shop

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SessionLife is how long a browser stays known.
const SessionLife = 30 * 24 * time.Hour

// Session is one browser. OpenID is empty as long as nobody has logged in with it;
// CSRF is the secret its forms carry; Merchant means that it has shown the merchant
// password.
type Session struct {
	Customer int64
	OpenID   string
	Nickname string // as WeChat told it, if the customer agreed
	CSRF     string
	Merchant bool
}

// guest begins what stands in place of an openid for browsers without one.
const guest = "guest "

// NewSession makes a guest and a browser session for them. Only the returned token
// opens it; the file keeps a hash.
func (s *Store) NewSession(ctx context.Context) (token string, _ Session, err error) {
	token = rand.Text()
	ses := Session{CSRF: rand.Text()}
	err = s.change(ctx, func(tx *sql.Tx) error {
		now := s.now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires < ?`, millis(now)); err != nil {
			return fmt.Errorf("shop: forget old sessions: %w", err)
		}
		if ses.Customer, err = customerOf(ctx, tx, guest+rand.Text(), now); err != nil {
			return err
		}
		return insertSession(ctx, tx, token, ses, now)
	})
	return token, ses, err
}

// Login makes a session for the customer with an openid, which must come from WeChat
// and never from the browser. The session of token, if there is one, ends: a token
// that somebody planted in the browser gains nothing from the login. What a guest
// ordered with it becomes the customer's, and so do merchant rights.
func (s *Store) Login(ctx context.Context, token, openID string) (fresh string, ses Session, err error) {
	fresh = rand.Text()
	before, err := s.Session(ctx, token)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", Session{}, err
	}
	ses = Session{OpenID: openID, CSRF: rand.Text(), Merchant: before.Merchant && before.OpenID == ""}
	err = s.change(ctx, func(tx *sql.Tx) error {
		if ses.Customer, err = customerOf(ctx, tx, openID, s.now()); err != nil {
			return err
		}
		if before.Customer != 0 && before.OpenID == "" {
			if _, err := tx.ExecContext(ctx, `UPDATE OR IGNORE orders SET customer_id = ? WHERE customer_id = ?`, ses.Customer, before.Customer); err != nil {
				return fmt.Errorf("shop: a guest's orders: %w", err)
			}
		}
		if err := deleteSession(ctx, tx, token); err != nil {
			return err
		}
		return insertSession(ctx, tx, fresh, ses, s.now())
	})
	return fresh, ses, err
}

// SetNickname keeps what WeChat calls a customer.
func (s *Store) SetNickname(ctx context.Context, openID, nickname string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE customers SET nickname = ? WHERE openid = ?`, nickname, openID)
	})
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
	err := s.read.QueryRowContext(ctx, `SELECT customer_id, openid, nickname, csrf, merchant FROM sessions
		JOIN customers ON id = customer_id WHERE token_hash = ? AND expires > ?`, hashToken(token), millis(s.now())).
		Scan(&ses.Customer, &ses.OpenID, &ses.Nickname, &ses.CSRF, &ses.Merchant)
	if isGuest(ses.OpenID) {
		ses.OpenID = ""
	}
	return ses, notFound(err)
}

// isGuest tells what stands in place of an openid. Older files made some up.
func isGuest(openID string) bool {
	return strings.HasPrefix(openID, guest) || strings.HasPrefix(openID, "oSIM")
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
