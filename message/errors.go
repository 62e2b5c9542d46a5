package message

import "github.com/wxcommerce/wechat"

// Codes of customer service messages.
const (
	ErrOpenID          wechat.Code = "40003" // no openid of this account
	ErrMediaType       wechat.Code = "40004"
	ErrMediaID         wechat.Code = "40007" // unknown or expired
	ErrKind            wechat.Code = "40008" // this channel does not carry such messages
	ErrTextTooLong     wechat.Code = "45002"
	ErrTooManyArticles wechat.Code = "45008" // customer service takes one
	ErrWindowClosed    wechat.Code = "45015" // the user has not been active lately
	ErrWindowSpent     wechat.Code = "45047" // all messages of the window are used up
	ErrUserRefuses     wechat.Code = "48002" // the user has blocked messages
	ErrAccountBanned   wechat.Code = "48004"
	ErrNoAgents        wechat.Code = "65400" // customer service is not enabled
	ErrAgent           wechat.Code = "65401" // no such agent
	ErrTypingCommand   wechat.Code = "45072"
	ErrTypingTooLate   wechat.Code = "45080" // the user wrote nothing for 30 s
	ErrTyping          wechat.Code = "45081" // it says so already
)

// Codes of template and subscription messages.
const (
	ErrTemplateID      wechat.Code = "40036" // malformed
	ErrTemplate        wechat.Code = "40037" // unknown, or of the other of the two kinds
	ErrKeywords        wechat.Code = "40246"
	ErrPage            wechat.Code = "41030"
	ErrNotFollowing    wechat.Code = "43004"
	ErrIndustryFixed   wechat.Code = "43100" // it may change once a month
	ErrNotAccepted     wechat.Code = "43101" // the user has not agreed, or the one agreement is spent
	ErrNoticeBanned    wechat.Code = "43107"
	ErrConcurrent      wechat.Code = "43108" // another message to the same user is under way
	ErrTemplateBlocked wechat.Code = "43116" // one source only names this one
	ErrSensitive       wechat.Code = "45168" // contains words that may not be sent
	ErrValue           wechat.Code = "47003" // a value does not fit its keyword; the message names it
	ErrTitleID         wechat.Code = "200014"
	ErrAccountKind     wechat.Code = "200100"
)

// Codes of mass messages.
const (
	ErrMassQuota      wechat.Code = "45028"
	ErrMassDuplicate  wechat.Code = "45065" // the ClientMsgID is used; see Duplicate
	ErrMassRepeated   wechat.Code = "45066" // the same again too soon
	ErrMassNumberLong wechat.Code = "45067"
	ErrSpeed          wechat.Code = "45083" // outside 0 to 4
	ErrSpeedFixed     wechat.Code = "45084"
	ErrMassNotAgreed  wechat.Code = "48003" // agree to mass sending in the console first
	ErrMassKind       wechat.Code = "48008"
)

// Codes of drafts, publishing and product cards.
const (
	ErrIndex            wechat.Code = "40114"
	ErrSourceURL        wechat.Code = "41039"
	ErrTitleTooLong     wechat.Code = "45003"
	ErrDigestTooLong    wechat.Code = "45004"
	ErrSourceURLTooLong wechat.Code = "45005"
	ErrAuthorTooLong    wechat.Code = "45110"
	ErrContent          wechat.Code = "45166"
	ErrProductsBanned   wechat.Code = "53404"
	ErrProduct          wechat.Code = "53405" // its key is wrong or it is off the shelf
	ErrNoProducts       wechat.Code = "53406" // selling in articles is not enabled
	ErrDraftUnfit       wechat.Code = "53503" // it fails the check before publishing
	ErrDraftInConsole   wechat.Code = "53504" // have a look at the draft in the console
	ErrDraftUnsaved     wechat.Code = "53505" // save it by hand in the console first
	ErrArticleID        wechat.Code = "53600"
	ErrNoComments       wechat.Code = "88000"
	ErrProductID        wechat.Code = "10170001"
	ErrPostType         wechat.Code = "10170002"
	ErrCardType         wechat.Code = "10170003"
)
