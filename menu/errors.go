package menu

import "github.com/wxcommerce/wechat"

// Codes of the menu's own refusals, for errors.Is.
const (
	ErrButtonField      wechat.Code = "40015" // a button lacks its type, or the type is misspelled
	ErrButtonCount      wechat.Code = "40016" // number of buttons
	ErrButtonType       wechat.Code = "40017"
	ErrName             wechat.Code = "40018" // length of a name of the first level
	ErrKey              wechat.Code = "40019"
	ErrURL              wechat.Code = "40020"
	ErrVersion          wechat.Code = "40021" // of the menu
	ErrLevel            wechat.Code = "40022" // of a button in a group
	ErrSubCount         wechat.Code = "40023"
	ErrSubType          wechat.Code = "40024"
	ErrSubName          wechat.Code = "40025"
	ErrSubKey           wechat.Code = "40026"
	ErrSubURL           wechat.Code = "40027"
	ErrUser             wechat.Code = "40028" // this user has no such menu
	ErrCharacters       wechat.Code = "40033" // characters that a menu may not hold
	ErrSubDomain        wechat.Code = "40054" // the domain of a button in a group is not allowed
	ErrDomain           wechat.Code = "40055" // the domain of a button is not allowed
	ErrTypeNotForYou    wechat.Code = "40119" // this kind of account may not use the type
	ErrSubTypeNotForYou wechat.Code = "40120"
	ErrTooOften         wechat.Code = "45010" // menus are made too often
	ErrNotLinked        wechat.Code = "45064" // the mini program is not linked to the account
	ErrNoVersion        wechat.Code = "46002" // there is no such version of the menu
	ErrNoMenu           wechat.Code = "46003" // there is no menu
	ErrNoSuchMenu       wechat.Code = "65301" // no conditional menu of that number
	ErrNoSuchUser       wechat.Code = "65302"
	ErrNoDefault        wechat.Code = "65303" // conditional menus need a default one
	ErrNoRule           wechat.Code = "65304"
	ErrTooMany          wechat.Code = "65305" // conditional menus
	ErrNotConditional   wechat.Code = "65306" // this account may have no conditional menus
	ErrEmpty            wechat.Code = "65307" // the conditional menu is empty
	ErrNoAction         wechat.Code = "65308" // a button of it does nothing
	ErrConditionalOff   wechat.Code = "65309" // conditional menus are switched off
	ErrDomains          wechat.Code = "65316" // more than three domains
	ErrBadURL           wechat.Code = "65317"
)
