package wechattest

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"
)

// LegacyGrievance is what a user of 2014 says who complains; the zero value is a
// complaint too.
type LegacyGrievance struct {
	Reason   string   // such as 质量问题
	Solution string   // what the user wants, such as 换货
	ExtInfo  string   // free text with a phone number
	Pictures []string // addresses, up to five
}

// LegacyFeedback is a complaint about an order of a Legacy.
type LegacyFeedback struct {
	ID               string // 20 digits, more than an int64 holds
	OutTradeNo       string
	OpenID           string // who complains
	Reason, Solution string
	State            string // OPEN, HANDLED (the shop says so), CONFIRMED or REJECTED (the user says so)
	CreatedAt        time.Time
}

// States of a complaint of 2014. Only the simulator has words for them.
const (
	feedbackOpen      = "OPEN"
	feedbackHandled   = "HANDLED"
	feedbackConfirmed = "CONFIRMED"
	feedbackRejected  = "REJECTED"
)

// Complain is a user who complains about a paid order: the callback of rights
// protection is due. It fails with ErrNoOrder, ErrNotOpen, ErrWrongUser or, for more
// than five pictures, ErrComplaint.
func (l *Legacy) Complain(outTradeNo string, by User, g LegacyGrievance) (LegacyFeedback, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.orders[outTradeNo]
	switch {
	case o == nil:
		return LegacyFeedback{}, ErrNoOrder
	case o.PaidAt.IsZero():
		return LegacyFeedback{}, fmt.Errorf("%w: only what was paid can be complained about", ErrNotOpen)
	case !by.isZero() && by.OpenID(l.AppID) != o.OpenID:
		return LegacyFeedback{}, fmt.Errorf("%w: user %q", ErrWrongUser, by.Name)
	case len(g.Pictures) > 5:
		return LegacyFeedback{}, fmt.Errorf("%w: more than five pictures", ErrComplaint)
	}
	f := &LegacyFeedback{ID: fmt.Sprintf("1329402598%010d", len(l.feedbacks)+1), OutTradeNo: outTradeNo, OpenID: o.OpenID, Reason: g.Reason, Solution: g.Solution,
		State: feedbackOpen, CreatedAt: l.clock.Now()}
	l.feedbacks = append(l.feedbacks, f)
	items := ""
	for n := range 5 { // empty ones too, as in life
		address := ""
		if n < len(g.Pictures) {
			address = html.EscapeString(g.Pictures[n])
		}
		items += "<item><PicUrl>" + address + "</PicUrl></item>"
	}
	l.tellRights(f, fieldsV2{"MsgType": "request", "TransId": o.TransactionID, "Reason": g.Reason, "Solution": g.Solution, "ExtInfo": g.ExtInfo}, "<PicInfo>"+items+"</PicInfo>")
	return *f, l.keep()
}

// tellRights makes a callback of rights protection due; l.mu is held. Only app, user
// and time are signed.
func (l *Legacy) tellRights(f *LegacyFeedback, says fieldsV2, more string) {
	if l.rightsURL == "" {
		return
	}
	now := l.clock.Now()
	b := fieldsV2{"AppId": l.AppID, "OpenId": f.OpenID, "TimeStamp": seconds(now)}
	says["AppSignature"], says["SignMethod"], says["FeedBackId"] = l.sumLegacy(b), "sha1", f.ID
	for name, value := range b {
		says[name] = value
	}
	body := strings.Replace(string(writeV2("xml", says)), "</xml>", more+"</xml>", 1)
	l.due = append(l.due, &legacyNotice{number: f.OutTradeNo, kind: "2014.RIGHTS", address: l.rightsURL, body: []byte(body), at: now})
	l.wake()
}

// Confirm is a user who accepts what the shop did; see Reject.
func (l *Legacy) Confirm(feedbackID string) (LegacyFeedback, error) {
	return l.decide(feedbackID, feedbackConfirmed, "confirm", "")
}

// Reject is a user who does not. The shop has to have said that it handled the
// complaint, and may say so again afterwards. It fails with ErrNoComplaint or
// ErrComplaint.
func (l *Legacy) Reject(feedbackID, reason string) (LegacyFeedback, error) {
	return l.decide(feedbackID, feedbackRejected, "reject", reason)
}

func (l *Legacy) decide(feedbackID, state, word, reason string) (LegacyFeedback, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.feedback(feedbackID)
	switch {
	case f == nil:
		return LegacyFeedback{}, ErrNoComplaint
	case f.State != feedbackHandled:
		return LegacyFeedback{}, fmt.Errorf("%w: it is %s", ErrComplaint, f.State)
	}
	f.State = state
	l.tellRights(f, fieldsV2{"MsgType": word, "Reason": reason}, "")
	return *f, l.keep()
}

func (l *Legacy) feedback(id string) *LegacyFeedback {
	for _, f := range l.feedbacks {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// Feedback finds a complaint. It fails with ErrNoComplaint.
func (l *Legacy) Feedback(id string) (LegacyFeedback, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.feedback(id); f != nil {
		return *f, nil
	}
	return LegacyFeedback{}, ErrNoComplaint
}

// Feedbacks are the complaints so far, oldest first.
func (l *Legacy) Feedbacks() []LegacyFeedback {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []LegacyFeedback
	for _, f := range l.feedbacks {
		all = append(all, *f)
	}
	return all
}

// handled is the shop that says it did something about a complaint; l.mu is held.
// Saying it twice is fine.
func (l *Legacy) handled(q url.Values) (code int, text string) {
	f := l.feedback(q.Get("feedbackid"))
	switch {
	case q.Get("access_token") != l.token:
		return 40001, "invalid credential"
	case q.Get("openid") == "":
		return 49002, "empty openid"
	case f == nil || f.State == feedbackConfirmed:
		return 40097, "invalid args" // the documents name no code for these
	case f.OpenID != q.Get("openid"):
		return 49003, "not match openid with appid"
	}
	f.State = feedbackHandled
	_ = l.keep() // answer looks whether it failed
	return 0, "ok"
}
