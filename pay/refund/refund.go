package refund

import (
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Refund is a refund as WeChat Pay knows it: the answer of Apply, Query and
// ApplyAbnormal, and the content of the notices. A notice has neither Channel nor
// CreateTime, an answer no merchant numbers.
type Refund struct {
	wechat.Numbers
	RefundID            string       `json:"refund_id"` // WeChat Pay's number
	OutRefundNo         string       `json:"out_refund_no"`
	TransactionID       string       `json:"transaction_id"`
	OutTradeNo          string       `json:"out_trade_no"`
	Channel             Channel      `json:"channel,omitempty"`
	UserReceivedAccount string       `json:"user_received_account,omitempty"` // where the money goes, in words
	SuccessTime         wechat.Time  `json:"success_time,omitzero"`
	CreateTime          wechat.Time  `json:"create_time,omitzero"`
	State               State        `json:"status"` // named refund_status in notices
	FundsAccount        FundsAccount `json:"funds_account,omitempty"`
	Amount              RefundAmount `json:"amount"`
	PromotionDetail     []Promotion  `json:"promotion_detail,omitempty"`
}

// UnmarshalJSON reads the state under either of its names; two that differ are an
// error, like everything that could be read in two ways.
func (r *Refund) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	type fields Refund
	both := struct {
		*fields
		Notice State `json:"refund_status"`
	}{fields: (*fields)(r)}
	r.State = ""
	if err := wire.Unmarshal(data, &both); err != nil {
		return err
	}
	switch {
	case r.State == "":
		r.State = both.Notice
	case both.Notice != "" && both.Notice != r.State:
		return errors.New("refund: status and refund_status differ")
	}
	return nil
}

// RefundAmount is what goes back, in fen. A notice has only the four sums of
// order and refund.
type RefundAmount struct {
	Total            wechat.Fen `json:"total"`  // of the order
	Refund           wechat.Fen `json:"refund"` // of this refund
	From             []From     `json:"from,omitempty"`
	PayerTotal       wechat.Fen `json:"payer_total"`  // what the user paid of Total
	PayerRefund      wechat.Fen `json:"payer_refund"` // what the user gets of Refund
	SettlementRefund wechat.Fen `json:"settlement_refund,omitempty"`
	SettlementTotal  wechat.Fen `json:"settlement_total,omitempty"`
	DiscountRefund   wechat.Fen `json:"discount_refund,omitempty"`
	Currency         string     `json:"currency,omitempty"`
	RefundFee        wechat.Fen `json:"refund_fee,omitempty"`
}

// Promotion is one coupon that goes back.
type Promotion struct {
	PromotionID  string     `json:"promotion_id"`
	Scope        string     `json:"scope"` // GLOBAL or SINGLE
	Type         string     `json:"type"`  // COUPON or DISCOUNT
	Amount       wechat.Fen `json:"amount"`
	RefundAmount wechat.Fen `json:"refund_amount"`
	GoodsDetail  []Goods    `json:"goods_detail,omitempty"`
}

// State is where a refund stands. New ones pass through; they are not Terminal.
type State string

// The states known today.
const (
	StateProcessing State = "PROCESSING" // accepted: the money is on its way
	StateSuccess    State = "SUCCESS"    // arrived
	StateClosed     State = "CLOSED"     // nothing was refunded; apply again under a new number
	StateAbnormal   State = "ABNORMAL"   // the user's account cannot take it: ApplyAbnormal
)

// Terminal reports whether nothing more happens by itself or by ApplyAbnormal.
func (s State) Terminal() bool { return s == StateSuccess || s == StateClosed }

// Supersedes reports whether a refund recorded as old may become s. Notices and
// queries arrive late and out of order; keeping to this rule, a state never goes
// back.
func (s State) Supersedes(old State) bool { return s.rank() > old.rank() }

func (s State) rank() int {
	switch s {
	case StateProcessing:
		return 1
	case StateAbnormal:
		return 2
	case StateSuccess, StateClosed:
		return 3
	}
	return 0
}

// Channel is the way the money goes back. New ones pass through.
type Channel string

// The channels known today.
const (
	ChannelOriginal      Channel = "ORIGINAL" // the way it came
	ChannelBalance       Channel = "BALANCE"
	ChannelOtherBalance  Channel = "OTHER_BALANCE"
	ChannelOtherBankcard Channel = "OTHER_BANKCARD"
)

// FundsAccount is the merchant's account the money comes from. New ones pass
// through.
type FundsAccount string

// The accounts known today. A request may name Available or Unsettled, and
// Available or Unavailable in a From.
const (
	Unsettled   FundsAccount = "UNSETTLED"
	Available   FundsAccount = "AVAILABLE"
	Unavailable FundsAccount = "UNAVAILABLE"
	Operation   FundsAccount = "OPERATION"
	Basic       FundsAccount = "BASIC"
	ECNYBasic   FundsAccount = "ECNY_BASIC"
)
