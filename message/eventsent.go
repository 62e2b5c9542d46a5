package message

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat/notify"
)

// TemplateResult tells what became of a template message.
type TemplateResult struct {
	Head
	ID     int64  `json:"MsgID"` // as the call returned it
	Status string `json:"Status"`
}

// Delivered reports whether the user got it.
func (r TemplateResult) Delivered() bool { return r.Status == "success" }

// Reason is why not: "user block", "system failed", or what WeChat may say one day;
// "" if it was delivered.
func (r TemplateResult) Reason() string {
	if r.Delivered() {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(r.Status, "failed:"))
}

// MassResult tells what became of a mass message.
type MassResult struct {
	Head
	ID        int64     `json:"MsgID"`  // as the call returned it
	Status    string    `json:"Status"` // "send success", "send fail" or "err(…)"
	Total     int       `json:"TotalCount"`
	Filtered  int       `json:"FilterCount"` // whom it was tried to send to, normally Sent and Failed
	Sent      int       `json:"SentCount"`
	Failed    int       `json:"ErrorCount"`
	Copyright Copyright `json:"CopyrightCheckResult"`
	Articles  struct {
		Count int          `json:"Count"`
		List  []ArticleURL `json:"ResultList"`
	} `json:"ArticleUrlResult"`
}

// MassError is the number in MassResult.Status; others than the constants may come.
type MassError int

// Why a mass message was not sent.
const (
	MassAdvertising   MassError = 10001
	MassPolitics      MassError = 20001
	MassPornography   MassError = 20002
	MassSocial        MassError = 20004
	MassCrime         MassError = 20006
	MassFraud         MassError = 20008
	MassCopyright     MassError = 20013
	MassOther         MassError = 21000
	MassPromotion     MassError = 22000 // accounts that advertise each other
	MassCheckFailed   MassError = 30001 // the check for reprints failed, and reprints were not to be sent
	MassNotOriginal   MassError = 30002 // the check for reprints forbids it
	MassReprint       MassError = 30003 // it is a reprint, and those were not to be sent
	MassAdminRefused  MassError = 40001
	MassAdminTookLong MassError = 40002 // no confirmation within 30 minutes
	massUnnumbered    MassError = -1
)

// Delivered reports whether WeChat sent it, to as many users as Sent says.
func (r MassResult) Delivered() bool { return r.Status == "send success" }

// Err is the number in Status, 0 if it was sent and -1 if it failed without a
// number.
func (r MassResult) Err() MassError {
	if r.Delivered() {
		return 0
	}
	number, ok := strings.CutPrefix(r.Status, "err(")
	n, err := strconv.Atoi(strings.TrimSuffix(number, ")"))
	if !ok || err != nil || n <= 0 {
		return massUnnumbered
	}
	return MassError(n)
}

// Copyright is how WeChat judges the originality of the articles of a mass message.
type Copyright struct {
	Count int               `json:"Count"`
	State int               `json:"CheckState"` // 1 no reprint, 2 a permitted reprint, 3 a forbidden one, as far as is known
	List  []CopyrightResult `json:"ResultList"`
}

// CopyrightResult is the judgement of one article.
type CopyrightResult struct {
	Index             int    `json:"ArticleIdx"` // from 1
	Declared          int    `json:"UserDeclareState"`
	Audited           int    `json:"AuditState"`
	OriginalURL       string `json:"OriginalArticleUrl"`
	OriginalType      int    `json:"OriginalArticleType"`
	CanReprint        int    `json:"CanReprint"`
	NeedReplace       int    `json:"NeedReplaceContent"`
	NeedReprintSource int    `json:"NeedShowReprintSource"`
}

// ArticleURL is the address of one article.
type ArticleURL struct {
	Index int    `json:"ArticleIdx"` // from 1
	URL   string `json:"ArticleUrl"`
}

// PublishResult tells what became of a draft that was to be published.
type PublishResult struct {
	Head
	Info struct {
		ID        string `json:"publish_id"`
		Status    int    `json:"publish_status"` // 0 published, 1 under way, the rest failures as freepublish/get has them
		ArticleID string `json:"article_id"`
		Articles  struct {
			Count int `json:"count"`
			List  []struct {
				Index int    `json:"idx"` // from 1
				URL   string `json:"article_url"`
			} `json:"item"`
		} `json:"article_detail"`
		Failed []int `json:"fail_idx"` // which articles
	} `json:"PublishEventInfo"`
}

// Consent is what a user decided about one subscription template.
type Consent struct {
	TemplateID string `json:"TemplateId"`
	Status     string `json:"SubscribeStatusString"` // accept or reject
	Scene      string `json:"PopupScene"`            // where the window was opened; of ConsentAsked only
}

// Accepted reports whether the user agreed.
func (c Consent) Accepted() bool { return c.Status == "accept" }

type consents struct {
	List []Consent `json:"List"`
}

// Consents are a user's decisions about subscription messages.
type Consents struct {
	Head
	Popup  consents  `json:"SubscribeMsgPopupEvent"`
	Change consents  `json:"SubscribeMsgChangeEvent"`
	Bare   []Consent `json:"List"`
}

// All are the decisions, wherever XML and JSON put them.
func (c Consents) All() []Consent { return slices.Concat(c.Popup.List, c.Change.List, c.Bare) }

// Receipt tells what became of one subscription message.
type Receipt struct {
	TemplateID string `json:"TemplateId"`
	ID         string `json:"MsgID"`
	Code       int    `json:"ErrorCode"` // 0 if it was delivered
	Status     string `json:"ErrorStatus"`
}

type receipts struct {
	List []Receipt `json:"List"`
}

// Receipts tell what became of subscription messages.
type Receipts struct {
	Head
	Sent receipts  `json:"SubscribeMsgSentEvent"`
	Bare []Receipt `json:"List"`
}

// All are the receipts, wherever XML and JSON put them.
func (r Receipts) All() []Receipt { return slices.Concat(r.Sent.List, r.Bare) }

// Reports on what was sent, and on what users want to be sent.
var (
	// TemplateFinished reports on a template message; its key is the message's id.
	TemplateFinished = notify.Of[TemplateResult]("event.templatesendjobfinish").
				Keyed(func(r TemplateResult) string { return idKey(r.ID) })

	// MassFinished reports on a mass message; its key is the message's id.
	MassFinished = notify.Of[MassResult]("event.masssendjobfinish").
			Keyed(func(r MassResult) string { return idKey(r.ID) })

	// Published reports on a publication; its key is the publication's id.
	Published = notify.Of[PublishResult]("event.publishjobfinish").
			Keyed(func(r PublishResult) string { return r.Info.ID })

	// ConsentAsked is a user who answered the window that asks for consent.
	ConsentAsked = notify.Of[Consents]("event.subscribe_msg_popup_event")

	// ConsentChanged is a user who changed their mind in the settings; perhaps only
	// those who refuse are reported.
	ConsentChanged = notify.Of[Consents]("event.subscribe_msg_change_event")

	// SubscriptionFinished reports on subscription messages.
	SubscriptionFinished = notify.Of[Receipts]("event.subscribe_msg_sent_event")
)

func idKey(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
