package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// RefundReport is WeChat's word, proved by its signature, on a refund. Key is
// the business key of the notice; empty for an answer of WeChat.
type RefundReport struct {
	Key           string
	No            string // out_refund_no
	RefundID      string
	OrderNo       string // out_trade_no
	TransactionID string
	Amount, Total wechat.Fen
	State         RefundState
	At            time.Time // when it succeeded
}

// Refunded applies a report once and only forward: an older state that comes
// late changes nothing. What does not match the refund becomes an alarm.
func (s *Store) Refunded(ctx context.Context, p RefundReport) (Result, error) {
	if done, err := s.seen(ctx, p.Key); err != nil || done {
		return Duplicate, err
	}
	var r Result
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		r, err = s.refunded(ctx, tx, p)
		return err
	})
	return r, err
}

func (s *Store) refunded(ctx context.Context, tx *sql.Tx, p RefundReport) (Result, error) {
	r, err := scanRefund(tx.QueryRowContext(ctx, refundColumns+`WHERE no = ?`, p.No))
	if errors.Is(err, ErrNotFound) {
		return Alarmed, s.alarm(ctx, tx, "refund/"+p.RefundID, p.No, "unknown refund",
			fmt.Sprintf("WeChat reports a refund of %d fen that this shop did not ask for", p.Amount))
	}
	if err != nil {
		return 0, err
	}
	problem, err := p.compare(ctx, tx, r)
	if err != nil {
		return 0, err
	}
	if problem != "" {
		return Alarmed, s.alarm(ctx, tx, "refund/"+p.RefundID+"/"+string(p.State), p.No, "refund does not match", problem)
	}
	if p.State.rank() <= r.State.rank() {
		return Duplicate, s.remember(ctx, tx, p.Key)
	}
	if err := s.advance(ctx, tx, r, p); err != nil {
		return 0, err
	}
	return Applied, s.remember(ctx, tx, p.Key)
}

// compare tells what is wrong with a report about r, or "".
func (p RefundReport) compare(ctx context.Context, tx *sql.Tx, r Refund) (string, error) {
	o, err := orderIn(ctx, tx, r.OrderNo)
	if err != nil {
		return "", err
	}
	switch {
	case p.RefundID == "" || r.RefundID != "" && r.RefundID != p.RefundID:
		return fmt.Sprintf("our refund is %q at WeChat, the report speaks of %q", r.RefundID, p.RefundID), nil
	case p.OrderNo != o.No || p.TransactionID != o.TransactionID:
		return "the report names another order: " + p.OrderNo, nil
	case p.Amount != r.Amount || p.Total != o.Total:
		return fmt.Sprintf("asked for %d of %d fen, reported %d of %d fen", r.Amount, o.Total, p.Amount, p.Total), nil
	case p.State == RefundSuccess && r.State == RefundClosed || p.State == RefundClosed && r.State == RefundSuccess:
		return fmt.Sprintf("final state %s, reported %s", r.State, p.State), nil
	}
	return "", nil
}

// advance moves the refund forward; success is entered in the ledger.
func (s *Store) advance(ctx context.Context, tx *sql.Tx, r Refund, p RefundReport) error {
	at := p.At
	if at.IsZero() && p.State.rank() == 3 {
		at = s.now()
	}
	err := exec(ctx, tx, `UPDATE refunds SET state = ?, refund_id = ?, done = ?, problem = '' WHERE no = ?`,
		p.State, p.RefundID, millis(at), r.No)
	if err != nil || p.State != RefundSuccess {
		return err
	}
	return s.enter(ctx, tx, Entry{Kind: KindRefund, WeChatID: p.RefundID, No: r.No, OrderNo: r.OrderNo, Amount: -r.Amount, At: at})
}
