package message

import "github.com/wxcommerce/wechat"

// Service says what an account says of its own accord: by customer service, with
// templates, to those who subscribed and to all. It is immutable and safe for
// concurrent use.
//
// Most sends have no key, so that repeating one may say the same thing twice: an
// Unknown outcome stays Unknown, and nothing is repeated behind the caller's back.
// Template and mass messages take a number of the caller's own that makes repeats
// safe; the library repeats those, and only those, by itself.
type Service struct{ app *wechat.App }

// New makes a Service of the account app is for. wechat.ErrUnauthorized says that this
// kind of account may not send something: templates, for one, take a certified service
// account.
func New(app *wechat.App) *Service { return &Service{app} }
