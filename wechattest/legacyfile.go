package wechattest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wxcommerce/wechat"
)

const legacyName = "wechattest.2014"

// legacyFile is a Legacy as its file holds it, written whole at every change.
type legacyFile struct {
	PaySignKey string             `json:"pay_sign_key"`
	PartnerKey string             `json:"partner_key"`
	Token      string             `json:"token"`
	Orders     []legacyFileOrder  `json:"orders"` // oldest first
	Prepaid    map[string]string  `json:"prepaid"`
	Refunds    []legacyFileRefund `json:"refunds"`
	Notices    []legacyFileNotice `json:"notices"`
	Feedbacks  []*LegacyFeedback  `json:"feedbacks,omitempty"`
}

// legacyFileOrder has the texts in the package only, which is ASCII whatever its charset.
type legacyFileOrder struct {
	Package string      `json:"package"`
	Order   LegacyOrder `json:"order"`
}

type legacyFileRefund struct {
	OutTradeNo string     `json:"out_trade_no"`
	Number     string     `json:"out_refund_no"`
	ID         string     `json:"refund_id"`
	Fee        wechat.Fen `json:"fee"`
	At         time.Time  `json:"at"`
	Done       time.Time  `json:"done"`
}

type legacyFileNotice struct {
	Number  string    `json:"out_trade_no"`
	Address string    `json:"address"`
	Body    []byte    `json:"body"`
	At      time.Time `json:"at"`
	Try     int       `json:"try"`
	Over    bool      `json:"over"`
	Held    bool      `json:"held,omitempty"`
	Kind    string    `json:"kind"`
	Late    bool      `json:"late,omitempty"`
}

// keep writes the file, if there is one; l.mu is held. After a failure nothing
// more is accepted, because what is on disk is no longer what is true.
func (l *Legacy) keep() error {
	if l.closed {
		return errLegacyClosed
	}
	if l.dir == "" {
		return nil
	}
	f := legacyFile{PaySignKey: l.PaySignKey, PartnerKey: l.PartnerKey, Token: l.token, Prepaid: l.prepaid, Feedbacks: l.feedbacks}
	for _, number := range l.list {
		o := *l.orders[number]
		o.Body, o.Attach = "", ""
		f.Orders = append(f.Orders, legacyFileOrder{o.pack, o.LegacyOrder})
	}
	for _, r := range l.refunds {
		f.Refunds = append(f.Refunds, legacyFileRefund{r.order.OutTradeNo, r.number, r.id, r.fee, r.at, r.done})
	}
	for _, n := range l.due {
		f.Notices = append(f.Notices, legacyFileNotice{n.number, n.address, n.body, n.at, n.try, n.over, n.held, n.kind, n.late})
	}
	err := replaceFile(filepath.Join(l.dir, legacyName), mustJSON(f))
	l.closed = err != nil
	return err
}

// replaceFile is all or nothing, also when the power fails.
func replaceFile(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("wechattest: LegacyConfig.Dir: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("wechattest: LegacyConfig.Dir: %w", err)
	}
	return nil
}

// restore reads the file of the folder, or begins it.
func (l *Legacy) restore() error {
	if l.dir == "" {
		return nil
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return fmt.Errorf("wechattest: LegacyConfig.Dir: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(l.dir, legacyName))
	if errors.Is(err, fs.ErrNotExist) {
		return l.keep()
	}
	if err != nil {
		return fmt.Errorf("wechattest: LegacyConfig.Dir: %w", err)
	}
	var f legacyFile
	if json.Unmarshal(text, &f) != nil || len(f.PaySignKey) != 128 || len(f.PartnerKey) != 32 {
		return fmt.Errorf("wechattest: %s is damaged; move it away to start anew", legacyName)
	}
	l.PaySignKey, l.PartnerKey, l.token = f.PaySignKey, f.PartnerKey, f.Token
	if f.Prepaid != nil {
		l.prepaid = f.Prepaid
	}
	return l.install(f)
}

func (l *Legacy) install(f legacyFile) error {
	for _, line := range f.Orders {
		fields, err := l.unpack(line.Package)
		if err != nil {
			return fmt.Errorf("wechattest: %s is damaged: %w", legacyName, err)
		}
		o := &legacyOrder{LegacyOrder: line.Order, fields: fields, pack: line.Package}
		o.Body, o.Attach = fields["body"], fields["attach"]
		l.orders[o.OutTradeNo], l.list = o, append(l.list, o.OutTradeNo)
	}
	for _, r := range f.Refunds {
		o := l.orders[r.OutTradeNo]
		if o == nil {
			return fmt.Errorf("wechattest: %s is damaged: a refund of no order", legacyName)
		}
		l.refunds = append(l.refunds, &legacyRefund{o, r.Number, r.ID, r.Fee, r.At, r.Done})
	}
	l.feedbacks = f.Feedbacks
	for _, n := range f.Notices {
		l.due = append(l.due, &legacyNotice{number: n.Number, address: n.Address, body: n.Body, at: n.At, try: n.Try, over: n.Over, held: n.Held, kind: n.Kind, late: n.Late})
	}
	return nil
}

// Ledger is WeChat's account of the merchant's money, oldest entry first; see
// Pay.Ledger.
func (l *Legacy) Ledger() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Entry
	for _, number := range l.list {
		if o := l.orders[number]; !o.PaidAt.IsZero() {
			all = append(all, Entry{Kind: Payment, MchID: l.PartnerID, OutTradeNo: o.OutTradeNo, TransactionID: o.TransactionID, Amount: o.Total, At: o.PaidAt})
		}
	}
	for _, r := range l.refunds {
		if !l.clock.Now().Before(r.done) {
			all = append(all, Entry{Kind: Refund, MchID: l.PartnerID, OutTradeNo: r.order.OutTradeNo, TransactionID: r.order.TransactionID,
				OutRefundNo: r.number, RefundID: r.id, Amount: -r.fee, At: r.done})
		}
	}
	sortByTime(all)
	return all
}
