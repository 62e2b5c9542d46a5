package apiv2

import (
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// Transaction is an order as WeChat Pay knows it: the answer of a query or a code
// payment, and the content of the notice Paid. An unpaid one has little more than
// its number and TradeState. Before acting on a paid one call Matches.
type Transaction struct {
	wechat.PartyV2
	ResultCode      string         `xml:"result_code"`
	OutTradeNo      string         `xml:"out_trade_no"`
	TransactionID   string         `xml:"transaction_id"` // WeChat Pay's number
	TradeType       pay.TradeType  `xml:"trade_type"`
	TradeState      pay.TradeState `xml:"trade_state"` // queries only; see Paid
	TradeStateDesc  string         `xml:"trade_state_desc"`
	OpenID          string         `xml:"openid"`
	IsSubscribe     string         `xml:"is_subscribe"` // Y or N
	SubOpenID       string         `xml:"sub_openid"`
	SubIsSubscribe  string         `xml:"sub_is_subscribe"`
	BankType        string         `xml:"bank_type"` // such as CMB_DEBIT
	Total           wechat.Fen     `xml:"total_fee"`
	SettlementTotal wechat.Fen     `xml:"settlement_total_fee"` // Total less coupons that are not refunded to the merchant
	FeeType         string         `xml:"fee_type"`             // "" means CNY
	CashFee         wechat.Fen     `xml:"cash_fee"`             // what the user paid
	CashFeeType     string         `xml:"cash_fee_type"`
	CouponFee       wechat.Fen     `xml:"coupon_fee"`
	CouponCount     int            `xml:"coupon_count"`
	Attach          string         `xml:"attach"`
	TimeEnd         Time           `xml:"time_end"`
	DeviceInfo      string         `xml:"device_info"`
	PromotionDetail string         `xml:"promotion_detail"` // JSON as it came
	Fields          []sign.Pair    `xml:"*"`                // everything, with what has no name here
}

// Paid reports whether the order is paid: a query says so by TradeState, a notice
// and a code payment by their result and WeChat Pay's number.
func (t *Transaction) Paid() bool {
	if t.TradeState != "" {
		return t.TradeState.Paid()
	}
	return t.ResultCode == "SUCCESS" && t.TransactionID != ""
}

// Coupon is one coupon used.
type Coupon struct {
	ID   string     `xml:"coupon_id"`
	Type string     `xml:"coupon_type"` // CASH is pre-funded, NO_CASH a merchant's discount
	Fee  wechat.Fen `xml:"coupon_fee"`
}

// Coupons are the coupons used, as far as they are listed one by one. The error
// says that one of them is unreadable.
func (t *Transaction) Coupons() ([]Coupon, error) {
	all, err := check.Family[Coupon](t.Fields, "", t.CouponCount)
	if err != nil {
		return nil, fmt.Errorf("apiv2: coupons: %w", err)
	}
	return all, nil
}

// Want is what the shop's own books say about an order.
type Want struct {
	Party      wechat.PartyV2 // who sells; see Service.Want
	OutTradeNo string
	Total      wechat.Fen
	Currency   string // "" means CNY
}

// Want fills in who sells: outTradeNo and total come from the shop's own books,
// never from a page or a notice.
func (s *Service) Want(outTradeNo string, total wechat.Fen) Want {
	return Want{Party: s.party(), OutTradeNo: outTradeNo, Total: total}
}

// Matches compares a transaction with the shop's own order: its number, who sells,
// and once it is paid the amount and currency. A shop has to do this before it
// fulfils, for a good signature says only that WeChat Pay sent it. The error is a
// *pay.MismatchError that lists everything that differs.
func (t *Transaction) Matches(w Want) error {
	var e pay.MismatchError
	compare := func(field, want, got string) {
		if want != got {
			e.Differences = append(e.Differences, pay.Difference{Field: field, Want: fmt.Sprintf("%q", trim(want)), Got: fmt.Sprintf("%q", trim(got))})
		}
	}
	compare("out_trade_no", w.OutTradeNo, t.OutTradeNo)
	compare("mch_id", w.Party.MchID, t.MchID)
	compare("sub_mch_id", w.Party.SubMchID, t.SubMchID)
	compare("appid", w.Party.AppID, t.AppID)
	if t.SubAppID != "" {
		compare("sub_appid", w.Party.SubAppID, t.SubAppID)
	}
	if t.Paid() || t.Total != 0 {
		if w.Total != t.Total || w.Total < 1 {
			e.Differences = append(e.Differences, pay.Difference{Field: "total_fee", Want: w.Total.Yuan() + " yuan", Got: t.Total.Yuan() + " yuan"})
		}
		compare("fee_type", currency(w.Currency), currency(t.FeeType))
	}
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}

func currency(s string) string {
	if s == "" {
		return pay.CNY
	}
	return s
}
