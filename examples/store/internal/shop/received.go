package shop

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Receipt is WeChat's word about a shipment: that it is known, that the customer has
// it, that the money was paid out. Key is the business key of the event.
type Receipt struct {
	Key           string
	OrderNo       string
	TransactionID string
	Received      time.Time // zero: not yet
	ByTime        bool
	Settled       time.Time // zero: not yet
}

func (r Receipt) state() ShipState {
	switch {
	case !r.Settled.IsZero():
		return Settled
	case !r.Received.IsZero():
		return Received
	}
	return Shipped
}

// Received applies a receipt once. An older one that comes late changes nothing, and
// one about goods that this shop did not ship becomes an alarm.
func (s *Store) Received(ctx context.Context, r Receipt) (Result, error) {
	if done, err := s.seen(ctx, r.Key); err != nil || done {
		return Duplicate, err
	}
	var result Result
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		result, err = s.received(ctx, tx, r)
		return err
	})
	return result, err
}

func (s *Store) received(ctx context.Context, tx *sql.Tx, r Receipt) (Result, error) {
	o, err := orderIn(ctx, tx, r.OrderNo)
	var p Shipment
	if err == nil {
		p, err = shipmentIn(ctx, tx, r.OrderNo)
	}
	switch {
	case errors.Is(err, ErrNotFound), err == nil && o.TransactionID != r.TransactionID:
		return Alarmed, s.alarm(ctx, tx, "receipt/"+r.TransactionID, r.OrderNo, "unknown shipment", "WeChat reports a shipment that this shop did not make")
	case err != nil:
		return 0, err
	case r.state().rank() <= p.State.rank():
		return Duplicate, s.remember(ctx, tx, r.Key)
	}
	err = exec(ctx, tx, `UPDATE shipments SET state = ?, received = ?, by_time = ?, settled = ?, problem = '' WHERE order_no = ?`,
		r.state(), millis(r.Received), r.ByTime, millis(r.Settled), r.OrderNo)
	if err != nil {
		return 0, err
	}
	return Applied, s.remember(ctx, tx, r.Key)
}
