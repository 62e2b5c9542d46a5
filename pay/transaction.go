package pay

import "github.com/wxcommerce/wechat"

// Transaction is an order as WeChat Pay knows it: the answer of a query, of a code
// payment, and the content of the notice Paid, for direct merchants (AppID, MchID)
// and partners (the Sp and Sub fields) alike. An unpaid order lacks TransactionID,
// TradeType, BankType, SuccessTime, Payer and often Amount. Before acting on a
// paid one call Matches.
type Transaction struct {
	wechat.Party
	OutTradeNo      string            `json:"out_trade_no"`
	TransactionID   string            `json:"transaction_id,omitempty"` // WeChat Pay's number
	TradeType       TradeType         `json:"trade_type,omitempty"`
	TradeState      TradeState        `json:"trade_state"`
	TradeStateDesc  string            `json:"trade_state_desc,omitempty"` // for humans
	BankType        string            `json:"bank_type,omitempty"`        // such as CMB_DEBIT
	Attach          string            `json:"attach,omitempty"`           // as given with the order
	SuccessTime     wechat.Time       `json:"success_time,omitzero"`
	Payer           User              `json:"payer,omitzero"`
	Amount          TransactionAmount `json:"amount,omitzero"`
	SceneInfo       TransactionScene  `json:"scene_info,omitzero"`
	PromotionDetail []Promotion       `json:"promotion_detail,omitempty"`
	InstallmentInfo InstallmentInfo   `json:"installment_info,omitzero"`
}

// User is who paid: OpenID at a direct merchant, SpOpenID and where the order
// named the sub-merchant's app SubOpenID at a partner.
type User struct {
	OpenID    string `json:"openid,omitempty"`
	SpOpenID  string `json:"sp_openid,omitempty"`
	SubOpenID string `json:"sub_openid,omitempty"`
}

// TransactionAmount is what the order costs and what the user paid of it; coupons
// make the difference. An empty currency means CNY.
type TransactionAmount struct {
	Total         wechat.Fen `json:"total"`
	PayerTotal    wechat.Fen `json:"payer_total,omitempty"`
	Currency      string     `json:"currency,omitempty"`
	PayerCurrency string     `json:"payer_currency,omitempty"`
}

// TransactionScene is the device given with the order.
type TransactionScene struct {
	DeviceID string `json:"device_id,omitempty"`
}

// Promotion is one coupon used.
type Promotion struct {
	CouponID            string           `json:"coupon_id"`
	Name                string           `json:"name,omitempty"`
	Scope               string           `json:"scope,omitempty"` // GLOBAL or SINGLE
	Type                string           `json:"type,omitempty"`  // CASH is pre-funded, NOCASH a merchant's discount
	Amount              wechat.Fen       `json:"amount"`
	StockID             string           `json:"stock_id,omitempty"`
	WechatpayContribute wechat.Fen       `json:"wechatpay_contribute,omitempty"`
	MerchantContribute  wechat.Fen       `json:"merchant_contribute,omitempty"`
	OtherContribute     wechat.Fen       `json:"other_contribute,omitempty"`
	Currency            string           `json:"currency,omitempty"`
	GoodsDetail         []PromotionGoods `json:"goods_detail,omitempty"`
}

// PromotionGoods is one kind of goods a coupon was used on.
type PromotionGoods struct {
	GoodsID        string     `json:"goods_id"`
	Quantity       int        `json:"quantity"`
	UnitPrice      wechat.Fen `json:"unit_price"`
	DiscountAmount wechat.Fen `json:"discount_amount"`
	GoodsRemark    string     `json:"goods_remark,omitempty"`
}

// InstallmentInfo is there when the user pays by instalments (微信分付).
type InstallmentInfo struct {
	UseSubsidy                bool `json:"use_subsidy"`
	SelectedInstallmentNumber int  `json:"selected_installment_number"`
}

// TradeType is how the user paid. New ones pass through.
type TradeType string

// The trade types known today.
const (
	TradeJSAPI    TradeType = "JSAPI" // mini programs too
	TradeNative   TradeType = "NATIVE"
	TradeAPP      TradeType = "APP"
	TradeMicropay TradeType = "MICROPAY" // code payment
	TradeMWeb     TradeType = "MWEB"     // H5
	TradeFacepay  TradeType = "FACEPAY"
	TradePAP      TradeType = "PAP"
	TradeAuth     TradeType = "AUTH"
)

// TradeState is where an order stands. New ones pass through; they are neither
// Paid nor Terminal.
type TradeState string

// The trade states known today.
const (
	StateSuccess    TradeState = "SUCCESS"
	StateRefund     TradeState = "REFUND" // paid; a refund was started, of whatever amount
	StateNotPay     TradeState = "NOTPAY"
	StateClosed     TradeState = "CLOSED"     // by Close, or its time ran out
	StateRevoked    TradeState = "REVOKED"    // code payment: reversed
	StateUserPaying TradeState = "USERPAYING" // code payment: the user is asked for the password
	StatePayError   TradeState = "PAYERROR"   // code payment: failed
)

// Terminal reports whether the order can no longer become paid or unpaid; refunds
// may still follow.
func (s TradeState) Terminal() bool {
	switch s {
	case StateSuccess, StateRefund, StateClosed, StateRevoked, StatePayError:
		return true
	}
	return false
}

// Paid reports whether the user has paid: StateSuccess, or StateRefund, which says that
// some of the money may have gone back.
func (s TradeState) Paid() bool { return s == StateSuccess || s == StateRefund }

// Supersedes reports whether an order recorded as old may become s. Notices and
// queries arrive late and out of order; keeping to this rule, a state never goes
// back: a payment wins over a close, nothing wins over a refund or a reversal.
func (s TradeState) Supersedes(old TradeState) bool { return s.rank() > old.rank() }

func (s TradeState) rank() int {
	switch s {
	case StateNotPay:
		return 1
	case StateUserPaying:
		return 2
	case StateClosed, StatePayError:
		return 3
	case StateSuccess:
		return 4
	case StateRefund, StateRevoked:
		return 5
	}
	return 0
}
