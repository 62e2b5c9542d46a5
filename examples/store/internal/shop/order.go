package shop

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// State is where an order stands. It only ever moves down this list, except
// that a payment may still reach a closed order: money that was paid wins.
type State string

// The states of an order. Refunds are counted beside it, in Order.Refunded.
const (
	Pending State = "PENDING" // waiting for payment, stock is held
	Closed  State = "CLOSED"  // cancelled or too late, stock was returned
	Paid    State = "PAID"    // paid and to be delivered
	Late    State = "LATE"    // paid after it was closed and sold out: refunded in full, not delivered
)

// Channel is the way the customer pays.
type Channel string

// The ways to pay.
const (
	JSAPI  Channel = "JSAPI"  // in a page inside WeChat
	Native Channel = "NATIVE" // by scanning a code
)

// PayWithin is how long an unpaid order holds its stock.
const PayWithin = 30 * time.Minute

// Seller is who sells, as WeChat knows them.
type Seller struct{ MchID, AppID string }

// Order is one order of one product. Total is what WeChat is asked for.
type Order struct {
	No            string // out_trade_no
	Seller        Seller
	Customer      int64
	OpenID        string
	Product       string
	Description   string // the name of the product at the time
	Quantity      int64
	Total         wechat.Fen
	Nickname      string
	Note          string
	Channel       Channel
	State         State
	PrepayID      string
	CodeURL       string
	TransactionID string
	Created       time.Time
	Expires       time.Time
	Paid          time.Time
	IP            string     // of the browser that ordered; empty if there was none
	Payer         string     // who paid, as WeChat knows them; empty if no notice said so
	Watch         time.Time  // closed, but WeChat may still take money for it until then
	Asked         int        // how often the healer has asked WeChat
	Refunded      wechat.Fen // refunds that succeeded
	Refunding     wechat.Fen // refunds under way
	Address       string     // as package address saves it, in clear; empty if none was picked
}

// Refundable is what may still be given back, in fen.
func (o Order) Refundable() wechat.Fen {
	if o.State != Paid && o.State != Late {
		return 0
	}
	return o.Total - o.Refunded - o.Refunding
}

// Buyer is who paid, or else who ordered.
func (o Order) Buyer() string { return cmp.Or(o.Payer, o.OpenID) }

// UnitPrice is the price of one piece when it was ordered.
func (o Order) UnitPrice() wechat.Fen { return o.Total / wechat.Fen(o.Quantity) }

const orderColumns = `SELECT no, mchid, appid, customer_id, openid, product, description, quantity, total, nickname, note, channel, state,
	prepay_id, code_url, transaction_id, created, expires, paid, asked, ip, payer, watch, address,
	(SELECT coalesce(sum(amount), 0) FROM refunds r WHERE r.order_no = o.no AND r.state = 'SUCCESS'),
	(SELECT coalesce(sum(amount), 0) FROM refunds r WHERE r.order_no = o.no AND r.state IN ('REQUESTED', 'PROCESSING', 'ABNORMAL'))
	FROM orders o `

func scanOrder(row interface{ Scan(...any) error }) (Order, error) {
	var o Order
	var created, expires, paid, watch int64
	err := row.Scan(&o.No, &o.Seller.MchID, &o.Seller.AppID, &o.Customer, &o.OpenID, &o.Product, &o.Description, &o.Quantity, &o.Total, &o.Nickname, &o.Note,
		&o.Channel, &o.State, &o.PrepayID, &o.CodeURL, &o.TransactionID, &created, &expires, &paid, &o.Asked, &o.IP, &o.Payer, &watch, &o.Address,
		&o.Refunded, &o.Refunding)
	o.Created, o.Expires, o.Paid = moment(created), moment(expires), moment(paid)
	o.Watch = moment(watch)
	return o, notFound(err)
}

// Order finds an order by its number, for the shop's own use.
func (s *Store) Order(ctx context.Context, no string) (Order, error) {
	return orderIn(ctx, s.read, no)
}

// OrderOf finds an order of one customer. Somebody else's is ErrNotFound.
func (s *Store) OrderOf(ctx context.Context, customer int64, no string) (Order, error) {
	return scanOrder(s.read.QueryRowContext(ctx, orderColumns+`WHERE no = ? AND customer_id = ?`, no, customer))
}

// Orders lists the latest orders of one customer, or of everybody if customer is 0.
func (s *Store) Orders(ctx context.Context, customer int64, limit int) ([]Order, error) {
	return collect(ctx, s.read, scanOrder, orderColumns+
		`WHERE ?1 = 0 OR customer_id = ?1 ORDER BY created DESC, no LIMIT ?2`, customer, limit)
}

func orderIn(ctx context.Context, q queryer, no string) (Order, error) {
	return scanOrder(q.QueryRowContext(ctx, orderColumns+`WHERE no = ?`, no))
}

// Prepaid notes what WeChat answered to the order: prepayID for JSAPI, codeURL for Native.
func (s *Store) Prepaid(ctx context.Context, no, prepayID, codeURL string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE orders SET prepay_id = ?, code_url = ? WHERE no = ?`, prepayID, codeURL, no)
	})
}

// CloseOrder marks an unpaid order as closed and returns its stock. WeChat must
// have closed it before, or know nothing of it. A paid order stays paid.
func (s *Store) CloseOrder(ctx context.Context, no string) error {
	return s.CloseWatched(ctx, no, time.Time{})
}

// CloseWatched is CloseOrder where nobody can tell WeChat: the order may still be
// paid until a time, and DueOrders goes on listing it.
func (s *Store) CloseWatched(ctx context.Context, no string, until time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		o, err := orderIn(ctx, tx, no)
		if err != nil || o.State != Pending && o.State != Closed {
			return err
		}
		if err := exec(ctx, tx, `UPDATE orders SET watch = ? WHERE no = ?`, millis(until), no); err != nil || o.State == Closed {
			return err
		}
		if err := exec(ctx, tx, `UPDATE orders SET state = ? WHERE no = ?`, Closed, no); err != nil {
			return err
		}
		return putBack(ctx, tx, o.Product, o.Quantity)
	})
}

// exec runs one statement that must change exactly one row.
func exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("shop: write: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("shop: write: %w", err)
	}
	if n != 1 {
		return errors.Join(ErrNotFound, fmt.Errorf("shop: write changed %d rows, not one", n))
	}
	return nil
}
