package wechattest

import (
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
)

// EntryKind says why money moved.
type EntryKind string

// The kinds of entries.
const (
	Payment  EntryKind = "payment"    // a user paid: positive
	Refund   EntryKind = "refund"     // a refund succeeded: negative
	Reversal EntryKind = "reversal"   // a codepay order was reversed after it was paid: negative
	Gift     EntryKind = "red packet" // money given away: negative, and positive for what came back
	Payout   EntryKind = "transfer"   // money paid into a user's balance: negative
	Sharing  EntryKind = "share"      // of an order: negative for who gives it, positive for who gets it
)

// Entry is one movement of a merchant's money.
type Entry struct {
	Kind          EntryKind
	MchID         string // who signed the order
	SubMchID      string // whose money it is, for a partner's order
	OutTradeNo    string // of a red packet mch_billno, of a transfer partner_trade_no
	TransactionID string
	OutRefundNo   string     // refunds only
	RefundID      string     // refunds only
	Amount        wechat.Fen // signed
	At            time.Time
}

// Ledger is WeChat's account of a merchant's money, oldest entry first. mchID may
// be a direct merchant, a partner, who sees all orders it signed, or a
// sub-merchant, who sees its own. A refund counts once it has succeeded. The
// entries are worked out from the orders and refunds themselves, so the two
// cannot differ.
func (p *Pay) Ledger(mchID string) []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ledger(mchID)
}

// ledger is Ledger with p.mu held.
func (p *Pay) ledger(mchID string) []Entry {
	var all []Entry
	for _, key := range p.state.orderList {
		o := p.state.orders[key]
		if o.Paid.IsZero() || o.MchID != mchID && o.SubMchID != mchID {
			continue
		}
		e := Entry{Kind: Payment, MchID: o.MchID, SubMchID: o.SubMchID, OutTradeNo: o.OutTradeNo,
			TransactionID: o.TransactionID, Amount: wechat.Fen(o.Total), At: o.Paid}
		all = append(all, e)
		if !o.Reversed.IsZero() {
			e.Kind, e.Amount, e.At = Reversal, -e.Amount, o.Reversed
			all = append(all, e)
		}
	}
	for _, key := range p.state.refunded {
		r := p.state.refunds[key]
		if r.Status != refundSuccess || r.MchID != mchID && r.SubMchID != mchID {
			continue
		}
		all = append(all, Entry{Kind: Refund, MchID: r.MchID, SubMchID: r.SubMchID, OutTradeNo: r.OutTradeNo,
			TransactionID: r.TransactionID, OutRefundNo: r.OutRefundNo, RefundID: r.RefundID, Amount: -wechat.Fen(r.Amount), At: r.Succeeded})
	}
	for _, key := range p.state.paidOut {
		if o := p.state.payouts[key]; o.MchID == mchID {
			all = append(all, o.entries(p.clock.Now())...)
		}
	}
	for _, key := range p.state.shareList {
		all = append(all, p.state.shares[key].entries(mchID)...)
	}
	sortByTime(all)
	return all
}

func sortByTime(all []Entry) {
	slices.SortStableFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) })
}

// Balance is the sum of a ledger.
func Balance(entries []Entry) wechat.Fen {
	var sum wechat.Fen
	for _, e := range entries {
		sum += e.Amount
	}
	return sum
}
