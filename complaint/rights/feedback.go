package rights

import (
	"fmt"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

// Request is a complaint.
type Request struct {
	FeedbackID    string   `xml:"FeedBackId"` // up to 20 digits, too many for an int64
	OpenID        string   `xml:"OpenId"`     // who complains
	TransactionID string   `xml:"TransId"`
	Reason        string   `xml:"Reason"`   // such as 质量问题
	Solution      string   `xml:"Solution"` // what the user wants, such as 换货 or 退款
	Remark        Remark   `xml:"ExtInfo"`
	Pictures      Pictures `xml:"PicInfo"`
}

// Reply is what a user says to what the shop did. Reason may be empty.
type Reply struct {
	FeedbackID string `xml:"FeedBackId"`
	OpenID     string `xml:"OpenId"`
	Reason     string `xml:"Reason"`
}

// Remark is free text of the user with a phone number in it; Reveal gives it. It
// prints as ***.
type Remark struct{ seal.Secret }

// UnmarshalText takes the text as it is.
func (r *Remark) UnmarshalText(b []byte) error {
	r.Secret = seal.Plain(string(b))
	return nil
}

// Pictures are the addresses of up to five pictures; empty places are left out.
type Pictures []string

// UnmarshalText reads the items of PicInfo.
func (p *Pictures) UnmarshalText(b []byte) error {
	items, err := wire.SplitXML(string(b), "item")
	if err != nil {
		return fmt.Errorf("rights: the pictures are unreadable: %w", err)
	}
	*p = nil
	for _, fields := range items {
		for _, f := range fields {
			if f.Name == "PicUrl" && f.Value != "" {
				*p = append(*p, f.Value)
			}
		}
	}
	return nil
}

// The callbacks of complaints. The business key is the feedback id with the word
// for what the user says; a user who is asked again answers under a new key,
// because the time of the callback is part of it. Answered with success, which is
// what returning nil does, they are not sent again.
//
// 用户维权
var (
	// Requested is a new complaint.
	Requested = notify.Of[Request](notify.LegacyRights)
	// Confirmed says that the user is content: the complaint is over.
	Confirmed = notify.Of[Reply](notify.LegacyConfirmed)
	// Rejected says that the user is not: do something else, and call Handled again.
	Rejected = notify.Of[Reply](notify.LegacyRejected)
)
