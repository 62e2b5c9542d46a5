package refund

import "github.com/wxcommerce/wechat"

// Codes that refunds are refused with, beside those of package wechat. Compare
// with errors.Is; spellings without the underscore count as the same. Among those,
// wechat.ErrNotFound from Query says "not accepted, or not yet", and
// every refusal of Apply leaves the outcome Unknown, wechat.ErrRateLimited included.
const (
	ErrNotEnough    wechat.Code = "NOT_ENOUGH"            // 403: fund the account, then repeat with the same number
	ErrUserAccount  wechat.Code = "USER_ACCOUNT_ABNORMAL" // 403: the user's account is gone; refund by other means
	ErrMchNotExists wechat.Code = "MCH_NOT_EXISTS"        // 404
)
