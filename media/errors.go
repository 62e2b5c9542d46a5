package media

import "github.com/wxcommerce/wechat"

// Codes of refusals about files, for errors.Is.
const (
	ErrKind      wechat.Code = "40004"
	ErrFileType  wechat.Code = "40005"
	ErrFileSize  wechat.Code = "40006"
	ErrMediaID   wechat.Code = "40007" // no such file, or no longer
	ErrImageSize wechat.Code = "40009"
	ErrNoData    wechat.Code = "41005"
	ErrTooLarge  wechat.Code = "45001"
	ErrInUse     wechat.Code = "48005" // an automatic answer or a menu needs the material
)
