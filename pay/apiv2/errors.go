package apiv2

import (
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// Codes of this generation beside those of packages wechat and pay, whose
// spellings with and without underscores compare as the same code.
const (
	ErrAuthCodeExpired wechat.Code = "AUTHCODEEXPIRE"    // the payment code is older than a minute: scan a new one
	ErrAuthCode        wechat.Code = "AUTH_CODE_INVALID" // not a payment code
	ErrOrderReversed   wechat.Code = "ORDERREVERSED"     // use a new number
	ErrReverseExpired  wechat.Code = "REVERSE_EXPIRE"    // over seven days: refund instead
	ErrRefundNotExist  wechat.Code = "REFUNDNOTEXIST"
	ErrTradeOverdue    wechat.Code = "TRADE_OVERDUE"         // over a year: no refund this way
	ErrUserAccount     wechat.Code = "USER_ACCOUNT_ABNORMAL" // the money cannot go back to that account
	ErrSendFailed      wechat.Code = "SEND_FAILED"           // query before anything else
	ErrProcessing      wechat.Code = "PROCESSING"            // send the identical request again later
	ErrNotFound        wechat.Code = "NOT_FOUND"             // no such red packet or transfer
	ErrNoBill          wechat.Code = "NO_BILL_EXIST"         // fund flow: nothing happened that day
	ErrBillCreating    wechat.Code = "BILL_CREATING"         // fund flow: later
	ErrNoTradeBill     wechat.Code = "20002"                 // trade bill: none, or still being made; the message tells
)

// is reports whether WeChat Pay provably answered with the code.
func is(err error, code wechat.Code) bool { return check.Refusal(err) != nil && errors.Is(err, code) }
