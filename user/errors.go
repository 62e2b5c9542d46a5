package user

import "github.com/wxcommerce/wechat"

// Codes of refusals about users and tags, for errors.Is.
const (
	ErrOpenID     wechat.Code = "40003" // not an OpenID
	ErrListSize   wechat.Code = "40032" // too many OpenIDs at once
	ErrTooManyTag wechat.Code = "45056" // the account has 100 tags
	ErrTagTooFull wechat.Code = "45057" // more than 100,000 users have the tag
	ErrSystemTag  wechat.Code = "45058" // tags 0, 1 and 2 are WeChat's
	ErrTagged     wechat.Code = "45059" // the user has 20 tags
	ErrTagName    wechat.Code = "45157" // not allowed, or taken
	ErrTagLength  wechat.Code = "45158" // of the name
	ErrTagID      wechat.Code = "45159" // no such tag
	ErrForeign    wechat.Code = "49003" // the OpenID is of another account
)
