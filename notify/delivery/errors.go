package delivery

import (
	"errors"

	"github.com/wxcommerce/wechat"
)

// Codes of order shipping management, beside those of package wechat. Compare with
// errors.Is.
const (
	ErrBusy          wechat.Code = "10060012"  // repeat later
	ErrBusyToo       wechat.Code = "10060019"  // the same
	ErrNoOrder       wechat.Code = "10060001"  // unknown, or paid less than about a minute ago, or of another app
	ErrComplete      wechat.Code = "10060002"  // everything is shipped: Get tells whether it is what was sent
	ErrUsedUp        wechat.Code = "10060003"  // it was shipped anew once already
	ErrState         wechat.Code = "10060004"  // refunded, confirmed or finished
	ErrLogistics     wechat.Code = "10060005"  // logistics_type is wrong
	ErrSplit         wechat.Code = "10060006"  // only express goes in several parcels
	ErrLast          wechat.Code = "10060007"  // is_all_delivered is missing
	ErrItemDesc      wechat.Code = "10060008"  // item_desc is missing
	ErrItemDescLong  wechat.Code = "10060009"  // item_desc is too long
	ErrCursor        wechat.Code = "10060011"  // last_index is wrong: begin anew
	ErrTwice         wechat.Code = "10060013"  // a part of a combined order is there twice
	ErrParameter     wechat.Code = "10060014"  // the message tells which
	ErrNoItemDesc    wechat.Code = "10060020"  // nothing sent so far has a description
	ErrUnchanged     wechat.Code = "10060023"  // all of this is recorded already
	ErrTooMany       wechat.Code = "10060024"  // parcels
	ErrCompanyLong   wechat.Code = "10060025"  // express_company is too long
	ErrTrackingLong  wechat.Code = "10060026"  // tracking_no is too long
	ErrNotShipped    wechat.Code = "10060028"  // nothing to remind of
	ErrReceivedTime  wechat.Code = "10060029"  // before the shipping
	ErrReminded      wechat.Code = "10060030"  // reminded already
	ErrOpenID        wechat.Code = "10060031"  // another user paid
	ErrNotExpress    wechat.Code = "10060032"  // only express is reminded of
	ErrSpecialType   wechat.Code = "268546000" // Special.Type is wrong
	ErrSpecialDelay  wechat.Code = "268546001" // Special.Until is wrong
	ErrSpecialNumber wechat.Code = "268546002" // no such order waits for shipping
	ErrQuota         wechat.Code = "44990"     // too many calls in a short time
)

// ErrUnresolved says that nobody knows yet whether a shipment is recorded. Ship it
// again later, unchanged.
var ErrUnresolved = errors.New("delivery: it is still unknown whether the shipment was recorded")

// ErrCursorStuck is a list whose next page is the page just read.
var ErrCursorStuck = errors.New("delivery: the list says there is more, but not where")
