package account

import "github.com/wxcommerce/wechat"

// Codes of refusals about quotas and traces, for errors.Is.
const (
	ErrResets       wechat.Code = "48006" // the resets of the month are used up
	ErrNoTrace      wechat.Code = "76001" // no call of that id
	ErrTraceID      wechat.Code = "76002" // not an id
	ErrForeignTrace wechat.Code = "76003" // of another account's call
	ErrTraceExpired wechat.Code = "76004" // more than seven days old
	ErrPath         wechat.Code = "76021" // no such endpoint
	ErrPathNotYours wechat.Code = "76022" // of another kind of account
)
