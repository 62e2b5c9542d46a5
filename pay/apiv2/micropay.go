package apiv2

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// MicropayRequest is an order paid by scanning the code that the user shows.
type MicropayRequest struct {
	OutTradeNo    string     `xml:"out_trade_no"`     // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	Body          string     `xml:"body"`             // required, the user sees it; up to 127 characters
	Total         wechat.Fen `xml:"total_fee"`        // required
	IP            string     `xml:"spbill_create_ip"` // required: the till's address
	AuthCode      string     `xml:"auth_code"`        // required: what was scanned; 18 digits that begin with 10 to 15
	Attach        string     `xml:"attach"`           // comes back in queries; up to 127 characters
	Detail        string     `xml:"detail"`           // JSON, up to 6000 characters
	SceneInfo     string     `xml:"scene_info"`       // JSON that names the shop
	FeeType       string     `xml:"fee_type"`         // "" means CNY
	GoodsTag      string     `xml:"goods_tag"`
	LimitPay      string     `xml:"limit_pay"` // no_credit
	Start         Time       `xml:"time_start"`
	Expire        Time       `xml:"time_expire"`
	DeviceInfo    string     `xml:"device_info"`
	Receipt       string     `xml:"receipt"`
	ProfitSharing string     `xml:"profit_sharing"`
	Version       string     `xml:"version"`
}

// Validate checks every rule that needs no network. Micropay checks it too. The
// error is a *wechat.FieldError.
func (r MicropayRequest) Validate() error {
	var f check.Fields
	f.OutTradeNo(r.OutTradeNo)
	f.Required("body", r.Body, 127)
	f.Positive("total_fee", r.Total)
	f.Must(r.IP != "", "spbill_create_ip", "is empty but required")
	f.Address("spbill_create_ip", r.IP)
	f.Number("auth_code", r.AuthCode, 18, 18, "")
	f.Text("attach", r.Attach, 127)
	f.Text("detail", r.Detail, 6000)
	f.Text("scene_info", r.SceneInfo, 256)
	f.Text("goods_tag", r.GoodsTag, 32)
	f.Text("device_info", r.DeviceInfo, 32)
	f.Currency("fee_type", r.FeeType)
	return f.Err()
}

type micropay struct {
	wechat.PartyV2
	MicropayRequest
}

// Micropay charges the user whose payment code was scanned, and answers when it is
// done, which can take several seconds. It never repeats itself, and no notice
// follows. When the outcome is Unknown, which pay.ErrUserPaying is too, call
// ResolveMicropay. WeChat still accepts it; pay.Service.Codepay replaces it for
// merchants that have that product.
//
// 提交付款码支付
func (s *Service) Micropay(ctx context.Context, in MicropayRequest) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.POST("/pay/micropay"), micropay{s.party(), in})
}

type reversal struct {
	Recall string `xml:"recall"`
}

// Reverse undoes a code payment within seven days: an unpaid one is cancelled, a
// paid one refunded in full. again reports that WeChat Pay wants the call repeated;
// an error with an Unknown outcome wants it too. Wait 15 seconds after Micropay.
// It demands the client certificate. WeChat still accepts it; pay.Service.Reverse
// replaces it.
//
// 撤销订单
func (s *Service) Reverse(ctx context.Context, outTradeNo string) (again bool, err error) {
	out, err := wechat.Call[reversal](ctx, s.m, wechat.POST("/secapi/pay/reverse").Keyed().Certified(), byNumber{s.party(), outTradeNo})
	return out != nil && out.Recall == "Y", err
}

// ErrUnresolved says that nobody knows yet what became of a code payment. Keep its
// number and resolve again later: a new number may charge twice.
var ErrUnresolved = errors.New("apiv2: it is still unknown what became of the code payment")

// Resolution is what became of a code payment. Done means paid, NotDone that it
// can no longer happen. Transaction is the last proved answer, nil if WeChat Pay
// never knew it.
type Resolution struct {
	Outcome     wechat.Outcome
	Transaction *Transaction
}

// How often and how fast an unclear reversal is repeated.
const (
	reverseTries = 8
	reverseWait  = 10 * time.Second
)

// ResolveMicropay finds out what became of a code payment: it queries every five
// seconds for thirty, and reverses what is not paid by then, until WeChat Pay says
// that this is done. Refusals that cannot change, such as a missing certificate,
// stop it at once. Without a certain answer the error wraps ErrUnresolved and the
// last cause, or the error of ctx, and the Outcome is Unknown.
func (s *Service) ResolveMicropay(ctx context.Context, outTradeNo string) (Resolution, error) {
	var seen Resolution
	var last error
	before := time.Duration(0)
	for _, at := range pay.CodepaySchedule() {
		if err := check.Wait(ctx, s.Sleep, at-before); err != nil {
			return seen, stopped(err, last)
		}
		before = at
		if last = s.look(ctx, outTradeNo, &seen); check.Hopeless(last) {
			return seen, check.Unresolved(ErrUnresolved, last)
		}
		if seen.Outcome != wechat.Unknown {
			return seen, nil
		}
	}
	return s.undo(ctx, outTradeNo, seen)
}

// look queries once and keeps what is proved.
func (s *Service) look(ctx context.Context, outTradeNo string, seen *Resolution) error {
	t, err := s.Query(ctx, outTradeNo)
	switch {
	case err != nil:
		return err
	case t.OutTradeNo != outTradeNo:
		return errors.New("apiv2: the answer is about another order")
	}
	seen.Transaction = t
	switch {
	case t.TradeState.Paid():
		seen.Outcome = wechat.Done
	case t.TradeState.Terminal():
		seen.Outcome = wechat.NotDone
	}
	return nil
}

// undo reverses until it is done. A payment that lands meanwhile goes back too.
func (s *Service) undo(ctx context.Context, outTradeNo string, seen Resolution) (Resolution, error) {
	var last error
	for n := range reverseTries {
		if n > 0 {
			if err := check.Wait(ctx, s.Sleep, reverseWait); err != nil {
				return seen, stopped(err, last)
			}
		}
		again, err := s.Reverse(ctx, outTradeNo)
		switch {
		case err == nil && !again:
			seen.Outcome = wechat.NotDone
			return seen, nil
		case err == nil:
			last = errors.New("apiv2: WeChat Pay wants the reversal repeated")
			continue
		}
		if last = err; check.Hopeless(err) || wechat.OutcomeOf(err) == wechat.NotDone {
			break // it says no, and will again
		}
	}
	return seen, check.Unresolved(ErrUnresolved, last)
}

func stopped(err, last error) error {
	if last != nil {
		err = fmt.Errorf("%w (after: %w)", err, last)
	}
	return check.Unresolved(ErrUnresolved, err)
}
