package shop

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
)

// Limits of one order.
const (
	MaxQuantity = 20 // pieces
	MaxNickname = 32 // characters
	MaxNote     = 40 // characters; it travels as attach, which takes 128 bytes
)

// What can be wrong with a cart.
var (
	ErrSoldOut  = errors.New("shop: not enough in stock")
	ErrQuantity = fmt.Errorf("shop: quantity must be 1 to %d", MaxQuantity)
	ErrText     = errors.New("shop: nickname or note too long or not plain text")
	ErrChannel  = errors.New("shop: unknown way to pay")
	// ErrFormToken means that a form came without the token that tells one press of its button from two.
	ErrFormToken = errors.New("shop: form without a token")
)

// Cart is what a customer asks for. It has no price on purpose: that is the
// shop's to say. FormToken is the same for every press of one button.
type Cart struct {
	Seller    Seller
	Customer  int64
	OpenID    string
	Product   string
	Quantity  int64
	Nickname  string
	Note      string
	Channel   Channel
	FormToken string
	IP        string // of the browser; may be empty
}

// ParseQuantity reads a number of pieces as a form sends it: plain decimal digits.
func ParseQuantity(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || s[0] == '+' || n < 1 || n > MaxQuantity {
		return 0, ErrQuantity
	}
	return int64(n), nil
}

// Place makes an order from a cart and takes the goods off the shelf, both or
// neither. The same FormToken of the same customer gives the same order again.
func (s *Store) Place(ctx context.Context, c Cart) (Order, error) {
	if err := c.check(); err != nil {
		return Order{}, err
	}
	var o Order
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		o, err = scanOrder(tx.QueryRowContext(ctx, orderColumns+`WHERE customer_id = ? AND form_token = ?`, c.Customer, c.FormToken))
		if errors.Is(err, ErrNotFound) {
			o, err = s.place(ctx, tx, c)
		}
		return err
	})
	return o, err
}

func (s *Store) place(ctx context.Context, tx *sql.Tx, c Cart) (Order, error) {
	p, err := scanProduct(tx.QueryRowContext(ctx, productColumns+`WHERE slug = ?`, c.Product))
	if err != nil {
		return Order{}, err
	}
	if err := take(ctx, tx, c.Product, c.Quantity); err != nil {
		return Order{}, err
	}
	now := s.now()
	no := now.In(wechat.Beijing).Format("20060102") + rand.Text()[:20]
	_, err = tx.ExecContext(ctx, `INSERT INTO orders (no, mchid, appid, customer_id, form_token, product, description, quantity, total,
		nickname, note, channel, state, openid, created, expires, ask_next, ip, address) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		coalesce((SELECT saved FROM addresses WHERE customer_id = ?), ''))`,
		no, c.Seller.MchID, c.Seller.AppID, c.Customer, c.FormToken, p.Slug, p.Name, c.Quantity, int64(p.Price)*c.Quantity, c.Nickname, c.Note,
		c.Channel, Pending, c.OpenID, millis(now), millis(now.Add(PayWithin)), millis(askOrder(now, now, 0)), c.IP, c.Customer)
	if err != nil {
		return Order{}, fmt.Errorf("shop: new order: %w", err)
	}
	return orderIn(ctx, tx, no)
}

func (c Cart) check() error {
	switch {
	case c.Quantity < 1 || c.Quantity > MaxQuantity:
		return ErrQuantity
	case c.Channel != JSAPI && c.Channel != Native:
		return ErrChannel
	case !plain(c.Nickname, MaxNickname) || !plain(c.Note, MaxNote):
		return ErrText
	case badToken(c.FormToken):
		return ErrFormToken
	}
	return nil
}

func badToken(s string) bool { return len(s) < 16 || len(s) > 64 }

// plain tells whether s is one line of at most n printable characters. WeChat
// refuses characters of four bytes, such as emoji, so we do too.
func plain(s string, n int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= n &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r > 0xffff }) < 0
}
