package pay

import (
	"fmt"
	"strings"

	"github.com/wxcommerce/wechat"
)

// Want is what the shop's own books say about an order.
type Want struct {
	Party      wechat.Party // who sells; see Service.Want
	OutTradeNo string
	Total      wechat.Fen
	Currency   string // "" means CNY
}

// Want fills in who sells: outTradeNo and total come from the shop's own books,
// never from a page or a notice.
func (s *Service) Want(outTradeNo string, total wechat.Fen) Want {
	return Want{Party: s.m.Party(s.appID), OutTradeNo: outTradeNo, Total: total}
}

// MismatchError says that a genuine answer or notice is not what the shop's books
// say: somebody pays another price, or it belongs to something else. Fulfil
// nothing and raise an alarm; it does not go away by itself.
type MismatchError struct {
	Differences []Difference
}

// Difference is one field that is not as the shop's books say. It never holds
// personal data.
type Difference struct{ Field, Want, Got string }

// Error is one line.
func (e *MismatchError) Error() string {
	var b strings.Builder
	b.WriteString("pay: not what our books say: ")
	for i, d := range e.Differences {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s is %s, want %s", d.Field, d.Got, d.Want)
	}
	return b.String()
}

// Matches compares a transaction with the shop's own order: its number, who
// sells, and once it is paid the amount and currency. A shop has to do this
// before it fulfils, whether the transaction came by query or by notice; that a
// signature is good says only that WeChat Pay sent it. The error is a
// *MismatchError that lists everything that differs.
func (t *Transaction) Matches(w Want) error {
	var e MismatchError
	e.compare("out_trade_no", w.OutTradeNo, t.OutTradeNo)
	e.compare("mchid", w.Party.MchID, t.MchID)
	e.compare("sp_mchid", w.Party.SpMchID, t.SpMchID)
	e.compare("sub_mchid", w.Party.SubMchID, t.SubMchID)
	if t.TradeType != TradeMicropay || t.AppID+t.SpAppID != "" { // code payment may leave them out
		e.compare("appid", w.Party.AppID, t.AppID)
		e.compare("sp_appid", w.Party.SpAppID, t.SpAppID)
	}
	if t.SubAppID != "" {
		e.compare("sub_appid", w.Party.SubAppID, t.SubAppID)
	}
	if t.TradeState.Paid() || t.Amount != (TransactionAmount{}) {
		if w.Total != t.Amount.Total || w.Total < 1 {
			e.Differences = append(e.Differences, Difference{"amount.total", w.Total.Yuan() + " yuan", t.Amount.Total.Yuan() + " yuan"})
		}
		e.compare("amount.currency", orCNY(w.Currency), orCNY(t.Amount.Currency))
	}
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}

func (e *MismatchError) compare(field, want, got string) {
	if want != got {
		e.Differences = append(e.Differences, Difference{field, fmt.Sprintf("%q", clip(want)), fmt.Sprintf("%q", clip(got))})
	}
}

// clip keeps what came from outside short enough for a log line.
func clip(s string) string { return s[:min(len(s), 64)] }

func orCNY(currency string) string {
	if currency == "" {
		return CNY // some old notices leave it out
	}
	return currency
}
