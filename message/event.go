package message

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/notify"
)

// Unix is a moment as pushes write it: seconds since 1970.
type Unix struct{ time.Time }

// UnmarshalText reads seconds since 1970; "" and 0 give the zero time.
func (u *Unix) UnmarshalText(b []byte) error {
	*u = Unix{}
	if len(b) == 0 {
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 40) // thousands of years
	if err != nil || n < 0 {
		return fmt.Errorf("a time of %d bytes is not in seconds since 1970", len(b))
	}
	if n > 0 {
		u.Time = time.Unix(n, 0)
	}
	return nil
}

const qrScene = "qrscene_"

// Follow is a user who began or ceased to follow.
type Follow struct {
	Head
	EventKey string `json:"EventKey"`
	Ticket   string `json:"Ticket"` // of the code, for its picture
}

// Scene is what the code was made for, "" if the user came without one.
func (f Follow) Scene() string { return strings.TrimPrefix(f.EventKey, qrScene) }

// Scan is a follower who scanned a code with a scene.
type Scan struct {
	Head
	Scene  string `json:"EventKey"`
	Ticket string `json:"Ticket"`
}

// Position is where a user is who allows the account to know it. All three are
// decimal texts.
type Position struct {
	Head
	Latitude  string `json:"Latitude"`
	Longitude string `json:"Longitude"`
	Precision string `json:"Precision"`
}

// Entry is a user who opened the customer service of a mini program.
type Entry struct {
	Head
	SessionFrom string `json:"SessionFrom"` // as the page's button says, such as an order number
}

// Session is a conversation that an agent began, ended or gave to another.
type Session struct {
	Head
	Agent     string `json:"KfAccount"`
	FromAgent string `json:"FromKfAccount"`
	ToAgent   string `json:"ToKfAccount"`
}

// Revocation is a user of a mini program who withdrew what they had allowed. Delete
// their data.
type Revocation struct {
	Head
	OpenID   string `json:"OpenID"`
	AppID    string `json:"AppID"`
	Info     string `json:"RevokeInfo"` // which of the permissions
	PluginID string `json:"PluginID"`
	OpenPID  string `json:"OpenPID"`
}

// Certificate is a change in the certification of the account.
type Certificate struct {
	Head
	Expires Unix   `json:"ExpiredTime"`
	Failed  Unix   `json:"FailTime"`
	Reason  string `json:"FailReason"`
}

// What happens to an account. The events of menus, of order delivery and of others
// are in the packages they belong to.
var (
	// Subscribed is a user who begins to follow. One who follows by scanning a code
	// comes as Subscribed only, not as Scanned.
	Subscribed = notify.Of[Follow]("event.subscribe")

	// Unsubscribed is a user who ceases to follow.
	Unsubscribed = notify.Of[Follow]("event.unsubscribe")

	// Scanned is a follower who scans a code with a scene.
	Scanned = notify.Of[Scan]("event.scan")

	// Located tells where a user is, on entering the chat or every few seconds as the
	// console says.
	Located = notify.Of[Position]("event.location")

	// ServiceEntered is a user who opens a mini program's customer service.
	ServiceEntered = notify.Of[Entry]("event.user_enter_tempsession")

	// SessionBegan is an agent who takes a conversation.
	SessionBegan = notify.Of[Session]("event.kf_create_session")

	// SessionEnded is an agent who ends one.
	SessionEnded = notify.Of[Session]("event.kf_close_session")

	// SessionSwitched is an agent who gives one to another.
	SessionSwitched = notify.Of[Session]("event.kf_switch_session")

	// Revoked is a user of a mini program who withdraws a permission.
	Revoked = notify.Of[Revocation]("event.user_authorization_revoke")

	// CertificationChanged is all that happens to the account's certification;
	// Event.Type tells what.
	CertificationChanged = notify.Of[Certificate]("event.qualification_verify_success", "event.qualification_verify_fail",
		"event.naming_verify_success", "event.naming_verify_fail", "event.annual_renew", "event.verify_expired")
)
