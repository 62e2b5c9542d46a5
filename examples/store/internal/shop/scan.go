package shop

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// PlaceScanned makes an order of one piece for whoever scanned the code of a
// product, known by openid. As long as an earlier scan of the same person is unpaid
// and has spare time left, its order is found again instead: looking twice takes
// the goods off the shelf once.
func (s *Store) PlaceScanned(ctx context.Context, seller Seller, openID, product string, spare time.Duration) (Order, error) {
	var o Order
	err := s.change(ctx, func(tx *sql.Tx) error {
		customer, err := customerOf(ctx, tx, openID, s.now())
		if err != nil {
			return err
		}
		o, err = scanOrder(tx.QueryRowContext(ctx, orderColumns+`WHERE customer_id = ? AND product = ? AND channel = ? AND state = ? AND expires >= ?
			ORDER BY expires DESC LIMIT 1`, customer, product, Native, Pending, millis(s.now().Add(spare))))
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		o, err = s.place(ctx, tx, Cart{Seller: seller, Customer: customer, OpenID: openID, Product: product, Quantity: 1, Channel: Native, FormToken: rand.Text()})
		return err
	})
	return o, err
}

// customerOf finds the customer of an openid, or makes one.
func customerOf(ctx context.Context, tx *sql.Tx, openID string, now time.Time) (id int64, err error) {
	_, err = tx.ExecContext(ctx, `INSERT INTO customers (openid, created) VALUES (?, ?) ON CONFLICT (openid) DO NOTHING`, openID, millis(now))
	if err != nil {
		return 0, fmt.Errorf("shop: new customer: %w", err)
	}
	err = tx.QueryRowContext(ctx, `SELECT id FROM customers WHERE openid = ?`, openID).Scan(&id)
	return id, notFound(err)
}
