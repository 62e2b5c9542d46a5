package pay

import (
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Codes that orders are refused with, beside those of package wechat. Compare with
// errors.Is; spellings without the underscore count as the same.
const (
	ErrOrderNotExist  wechat.Code = "ORDER_NOT_EXIST"       // 404: never placed, or not yet, or combined, or another merchant's
	ErrOrderClosed    wechat.Code = "ORDER_CLOSED"          // 400: closed or expired; order again under a new number
	ErrOrderPaid      wechat.Code = "ORDER_PAID"            // see IsOrderPaid
	ErrOutTradeNoUsed wechat.Code = "OUT_TRADE_NO_USED"     // 403: already paid, or the content differs; query
	ErrUserPaying     wechat.Code = "USERPAYING"            // 202: the user is asked for the password; query
	ErrNotEnough      wechat.Code = "NOT_ENOUGH"            // 403: the user's or the merchant's balance
	ErrAppIDMchID     wechat.Code = "APPID_MCHID_NOT_MATCH" // 400: the app is not bound to the merchant number
	ErrMchNotExists   wechat.Code = "MCH_NOT_EXISTS"        // 400
	ErrRuleLimit      wechat.Code = "RULE_LIMIT"            // 403: a rule of the product or of risk control
	ErrAccount        wechat.Code = "ACCOUNT_ERROR"         // 403: the user's account
	ErrTrade          wechat.Code = "TRADE_ERROR"           // 403: see the message
	ErrBank           wechat.Code = "BANK_ERROR"            // 500: outcome unknown
	ErrOpenIDMismatch wechat.Code = "OPENID_MISMATCH"       // the openid is not one of this app
	ErrBadTransaction wechat.Code = "INVALID_TRANSACTIONID" // not a transaction id
)

// Numbers, found at the end of a Request-ID, by which an order is paid already.
const (
	numericPaid      = "268449538"
	numericPaidOther = "268498689"
)

// IsOrderPaid reports whether WeChat Pay provably refused because the order is
// paid already, as Close does when a payment lands first. Query for the details.
func IsOrderPaid(err error) bool {
	api := check.Refusal(err)
	if api == nil {
		return false
	}
	n := api.NumericCode()
	return errors.Is(api, ErrOrderPaid) || n == numericPaid || n == numericPaidOther
}
