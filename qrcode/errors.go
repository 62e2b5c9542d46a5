package qrcode

import "github.com/wxcommerce/wechat"

// Codes of refusals about codes, links and rules, for errors.Is.
const (
	ErrMayNotLink     wechat.Code = "40002" // may not make schemes or links
	ErrScene          wechat.Code = "40053" // action_info
	ErrPageMissing    wechat.Code = "40066" // the page is not in the released version
	ErrParameter      wechat.Code = "40097"
	ErrSceneLength    wechat.Code = "40129"
	ErrPathLength     wechat.Code = "40159"
	ErrPath           wechat.Code = "40165"
	ErrSceneLetters   wechat.Code = "40169"
	ErrQuery          wechat.Code = "40212"
	ErrTitle          wechat.Code = "40225"
	ErrNoPage         wechat.Code = "41030" // not in the released version
	ErrNoShortLink    wechat.Code = "43104" // this mini program may not make short links
	ErrTooFast        wechat.Code = "44990"
	ErrLinksOfDay     wechat.Code = "44993" // schemes and URL links of the day are used up
	ErrCodes          wechat.Code = "45029" // 100,000 Limited and Square codes
	ErrRuleURL        wechat.Code = "85066"
	ErrRuleDebugURL   wechat.Code = "85068" // not below the prefix
	ErrRuleFile       wechat.Code = "85069" // not found where it should be
	ErrRulePersonal   wechat.Code = "85070" // not for personal mini programs, and for forbidden addresses
	ErrRuleExists     wechat.Code = "85071"
	ErrRuleTaken      wechat.Code = "85072" // the address is another's
	ErrRules          wechat.Code = "85073" // there is no room for another rule
	ErrNotReleased    wechat.Code = "85074"
	ErrRuleNotAllowed wechat.Code = "85075" // not for personal mini programs
	ErrNoRelease      wechat.Code = "85079" // no version is published
	ErrReserved       wechat.Code = "85096" // scancode_time may not be a parameter
	ErrPermanentLinks wechat.Code = "85400" // 100,000 permanent short links
	ErrExpiry         wechat.Code = "85401"
	ErrVisits         wechat.Code = "85406" // the visits of the day are used up
)
