package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ShipState is where a shipment stands; it only moves forward.
type ShipState string

// The states of a shipment.
const (
	ShipRequested ShipState = "REQUESTED" // handed over; WeChat may not know it yet
	Shipped       ShipState = "SHIPPED"   // WeChat knows it
	Received      ShipState = "RECEIVED"  // the customer has it, or the time to say otherwise is over
	Settled       ShipState = "SETTLED"   // WeChat has paid the money out
)

func (s ShipState) rank() int {
	switch s {
	case ShipRequested:
		return 0
	case Shipped:
		return 1
	case Received:
		return 2
	case Settled:
		return 3
	}
	return -1
}

// What can be wrong with a shipment.
var (
	ErrShipped  = errors.New("shop: the order was shipped with another parcel")
	ErrNotGoods = errors.New("shop: the order is not paid, or all of it was refunded")
	ErrParcel   = errors.New("shop: a parcel needs a company and a tracking number of letters and digits")
)

// Shipment is the one parcel of an order.
type Shipment struct {
	OrderNo    string
	Company    string // its code at WeChat
	TrackingNo string
	State      ShipState
	At         time.Time // when it was handed over: the same however often WeChat is told
	Problem    string
	Received   time.Time
	ByTime     bool // nobody confirmed it, and the time was over
	Settled    time.Time
	Asked      int
}

const shipmentColumns = `SELECT order_no, company, tracking, state, at, problem, received, by_time, settled, asked FROM shipments `

func scanShipment(row interface{ Scan(...any) error }) (Shipment, error) {
	var p Shipment
	var at, received, settled int64
	err := row.Scan(&p.OrderNo, &p.Company, &p.TrackingNo, &p.State, &at, &p.Problem, &received, &p.ByTime, &settled, &p.Asked)
	p.At, p.Received, p.Settled = moment(at), moment(received), moment(settled)
	return p, notFound(err)
}

// RequestShipment writes down how a paid order travels; only then may WeChat be
// told, and always the same. The same parcel again gives the same shipment, another
// one ErrShipped.
func (s *Store) RequestShipment(ctx context.Context, orderNo, company, tracking string) (Shipment, error) {
	if badCode(company, 16) || badCode(tracking, 40) {
		return Shipment{}, ErrParcel
	}
	var p Shipment
	err := s.change(ctx, func(tx *sql.Tx) error {
		o, err := orderIn(ctx, tx, orderNo)
		if err != nil {
			return err
		}
		p, err = shipmentIn(ctx, tx, orderNo)
		switch {
		case err == nil && (p.Company != company || p.TrackingNo != tracking):
			return ErrShipped
		case !errors.Is(err, ErrNotFound):
			return err
		case o.State != Paid || o.Refunded == o.Total:
			return ErrNotGoods
		}
		now := s.now()
		_, err = tx.ExecContext(ctx, `INSERT INTO shipments (order_no, company, tracking, state, at, ask_next) VALUES (?, ?, ?, ?, ?, ?)`,
			orderNo, company, tracking, ShipRequested, millis(now), millis(askShipment(now, 0)))
		if err != nil {
			return fmt.Errorf("shop: new shipment: %w", err)
		}
		p, err = shipmentIn(ctx, tx, orderNo)
		return err
	})
	return p, err
}

// badCode tells whether text is no code of letters, digits and dashes.
func badCode(text string, most int) bool {
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' {
			return true
		}
	}
	return text == "" || len(text) > most
}

func shipmentIn(ctx context.Context, q queryer, orderNo string) (Shipment, error) {
	return scanShipment(q.QueryRowContext(ctx, shipmentColumns+`WHERE order_no = ?`, orderNo))
}

// ShipmentOf finds the shipment of an order. The error is ErrNotFound if there is none.
func (s *Store) ShipmentOf(ctx context.Context, orderNo string) (Shipment, error) {
	return shipmentIn(ctx, s.read, orderNo)
}

// Shipments lists the latest shipments.
func (s *Store) Shipments(ctx context.Context) ([]Shipment, error) {
	return collect(ctx, s.read, scanShipment, shipmentColumns+`ORDER BY at DESC, order_no LIMIT 200`)
}

// ShipmentTold notes that WeChat knows the shipment.
func (s *Store) ShipmentTold(ctx context.Context, orderNo string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		p, err := shipmentIn(ctx, tx, orderNo)
		if err != nil || p.State != ShipRequested {
			return err
		}
		return exec(ctx, tx, `UPDATE shipments SET state = ?, problem = '' WHERE order_no = ?`, Shipped, orderNo)
	})
}

// ShipmentProblem notes why WeChat could not be told; it is told again later.
func (s *Store) ShipmentProblem(ctx context.Context, orderNo, problem string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, `UPDATE shipments SET problem = ? WHERE order_no = ?`, problem, orderNo)
	})
}

// askShipment is when to tell WeChat again after n times. For about a minute after
// a payment it knows nothing of the order.
func askShipment(now time.Time, n int) time.Time {
	waits := []time.Duration{10 * time.Second, 20 * time.Second, time.Minute, time.Minute, 10 * time.Minute, 30 * time.Minute}
	return now.Add(waits[min(n, len(waits)-1)])
}

// DueShipments lists shipments WeChat should be told of now, or all it may not know.
func (s *Store) DueShipments(ctx context.Context, all bool) ([]Shipment, error) {
	return collect(ctx, s.read, scanShipment, shipmentColumns+
		`WHERE state = 'REQUESTED' AND (? OR ask_next <= ?) ORDER BY ask_next LIMIT 1000`, all, millis(s.now()))
}

// ClaimShipment notes that this process is about to tell of p; false means that another one just did.
func (s *Store) ClaimShipment(ctx context.Context, p Shipment) (bool, error) {
	return s.claim(ctx, `UPDATE shipments SET asked = asked + 1, ask_next = ? WHERE order_no = ? AND asked = ?`,
		askShipment(s.now(), p.Asked+1), p.OrderNo, p.Asked)
}
