package shop

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
)

// Result is what became of a report from WeChat.
type Result int

// The results.
const (
	Applied   Result = iota + 1 // it changed the shop, now and only now
	Duplicate                   // the shop knew it already
	Alarmed                     // it does not fit the shop: noted for a person, nothing fulfilled
)

// String is a word for logs.
func (r Result) String() string {
	return [...]string{"nothing", "applied", "duplicate", "alarmed"}[r]
}

// Payment is WeChat's word, proved by its signature, that an order was paid.
// Key is the business key of the notice; empty when WeChat was asked.
type Payment struct {
	Key           string
	No            string // out_trade_no
	TransactionID string
	Seller        Seller
	Payer         string // openid of who paid; empty if it is not said
	Total         wechat.Fen
	Currency      string
	At            time.Time
}

// Paid applies a payment once: order, ledger and the notice's key change in one
// transaction. What does not match the order becomes an alarm instead.
func (s *Store) Paid(ctx context.Context, p Payment) (Result, error) {
	if done, err := s.seen(ctx, p.Key); err != nil || done {
		return Duplicate, err
	}
	var r Result
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		r, err = s.paid(ctx, tx, p)
		crash.At(crash.BeforeEffectCommit)
		return err
	})
	if err != nil {
		return 0, err
	}
	crash.At(crash.AfterEffectCommit)
	return r, nil
}

func (s *Store) paid(ctx context.Context, tx *sql.Tx, p Payment) (Result, error) {
	o, err := orderIn(ctx, tx, p.No)
	if errors.Is(err, ErrNotFound) {
		return Alarmed, s.alarm(ctx, tx, "payment/"+p.TransactionID, p.No, "unknown order",
			fmt.Sprintf("%d fen were paid for an order this shop does not have", p.Total))
	}
	if err != nil {
		return 0, err
	}
	if o.TransactionID == p.TransactionID && o.TransactionID != "" {
		return Duplicate, errors.Join(payer(ctx, tx, o, p), s.remember(ctx, tx, p.Key))
	}
	if problem := p.compare(o); problem != "" {
		return Alarmed, s.alarm(ctx, tx, "payment/"+p.TransactionID, p.No, "payment does not match", problem)
	}
	if err := s.enter(ctx, tx, Entry{Kind: KindPayment, WeChatID: p.TransactionID, No: p.No, OrderNo: p.No, Amount: p.Total, At: p.At}); err != nil {
		return 0, err
	}
	if err := errors.Join(s.fulfil(ctx, tx, o, p), payer(ctx, tx, o, p)); err != nil {
		return 0, err
	}
	return Applied, s.remember(ctx, tx, p.Key)
}

// payer notes who paid, once; a query does not always say so, and a notice may follow.
func payer(ctx context.Context, tx *sql.Tx, o Order, p Payment) error {
	if p.Payer == "" || o.Payer != "" {
		return nil
	}
	return exec(ctx, tx, `UPDATE orders SET payer = ? WHERE no = ?`, p.Payer, o.No)
}

// compare tells what is wrong with a payment of o, or "".
func (p Payment) compare(o Order) string {
	switch {
	case o.TransactionID != "":
		return "the order was already paid by transaction " + o.TransactionID
	case p.TransactionID == "":
		return "the payment has no transaction number"
	case p.Seller != o.Seller:
		return fmt.Sprintf("sold by %v, paid to %v", o.Seller, p.Seller)
	case p.Currency != "CNY":
		return "paid in another currency: " + p.Currency
	case p.Total != o.Total:
		return fmt.Sprintf("ordered for %d fen, paid %d fen", o.Total, p.Total)
	}
	return ""
}

// fulfil marks the order as paid. If it was closed meanwhile, its goods are taken
// off the shelf again; if they are gone, the money is queued to go back.
func (s *Store) fulfil(ctx context.Context, tx *sql.Tx, o Order, p Payment) error {
	state := Paid
	if o.State == Closed {
		switch err := take(ctx, tx, o.Product, o.Quantity); {
		case errors.Is(err, ErrSoldOut):
			state = Late
		case err != nil:
			return err
		}
	}
	err := exec(ctx, tx, `UPDATE orders SET state = ?, transaction_id = ?, paid = ? WHERE no = ?`, state, p.TransactionID, millis(p.At), o.No)
	if err != nil || state == Paid {
		return err
	}
	_, err = s.insertRefund(ctx, tx, o.No, o.Total, "商品已售罄 sold out", rand.Text())
	return err
}

// seen looks without a lock whether the effect of a notice is committed.
func (s *Store) seen(ctx context.Context, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM events WHERE key = ?`, key).Scan(&n)
	return n > 0, notFound(err)
}

// remember notes the business key of a notice beside its effect.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, key string) error {
	if key == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO events (key, at) VALUES (?, ?) ON CONFLICT DO NOTHING`, key, millis(s.now())); err != nil {
		return fmt.Errorf("shop: remember notice: %w", err)
	}
	return nil
}
