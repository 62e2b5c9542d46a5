package delivery

import (
	"context"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// Codes of the notice of 2014, beside those of package wechat.
const (
	ErrLegacyAppID     wechat.Code = "49001" // the token belongs to another app
	ErrLegacyEmpty     wechat.Code = "49002" // openid or transid is missing
	ErrLegacyOpenID    wechat.Code = "49003" // the openid is not one of this app
	ErrLegacySign      wechat.Code = "49004" // app_signature is wrong: check the paySignKey
	ErrLegacyNoTransID wechat.Code = "49005" // there is no such transaction
	ErrLegacyExpired   wechat.Code = "48009" // the endpoint is no longer served
)

// Legacy sends the delivery notice of accounts approved before September 2014. It is
// immutable and safe for concurrent use. Whether WeChat still takes it is not
// documented; Service, for mini programs, replaces it.
type Legacy struct{ m *wechat.MerchantLegacy }

// NewLegacy makes a Legacy.
func NewLegacy(m *wechat.MerchantLegacy) *Legacy { return &Legacy{m} }

// LegacyNotice says that an order was delivered, or why it could not be.
type LegacyNotice struct {
	OpenID        string // required: of the buyer, as in the notice of the payment
	TransactionID string // required
	OutTradeNo    string // required
	At            time.Time
	Failed        bool   // it could not be delivered
	Message       string // required if Failed: why; otherwise "" is sent as ok
}

// legacyNotice is what travels; it has no place for the key that signs it.
type legacyNotice struct {
	AppID         string `json:"appid"`
	OpenID        string `json:"openid"`
	TransactionID string `json:"transid"`
	OutTradeNo    string `json:"out_trade_no"`
	Timestamp     string `json:"deliver_timestamp"`
	Status        string `json:"deliver_status"`
	Message       string `json:"deliver_msg"`
	Signature     string `json:"app_signature"`
	Method        string `json:"sign_method"`
	from          LegacyNotice
}

// Validate checks the notice before it is sent.
func (n legacyNotice) Validate() error {
	var f check.Fields
	f.ID("openid", n.OpenID, 128)
	f.ID("transid", n.TransactionID, 32)
	f.OldOutTradeNo(n.OutTradeNo)
	f.Must(!n.from.At.IsZero(), "deliver_timestamp", "is missing: set At")
	f.Must(n.Message != "", "deliver_msg", "is empty: say why the delivery failed")
	f.Words("deliver_msg", n.Message, 512)
	return f.Err()
}

// Notify tells WeChat of a delivery: within 24 hours of the payment for services and
// what is not carried, within 72 hours for goods; otherwise an alarm comes (package
// alarm). At is when it was delivered, to the second. After an Unknown outcome the
// same notice says the same again; it is not repeated by itself, because how WeChat
// takes that is not documented.
//
// 发货通知
func (l *Legacy) Notify(ctx context.Context, in LegacyNotice) error {
	_, err := wechat.Call[wechat.None](ctx, l.m.App(), wechat.POST("/pay/delivernotify"), l.signed(in))
	return err
}

func (l *Legacy) signed(in LegacyNotice) legacyNotice {
	n := legacyNotice{AppID: l.m.AppID(), OpenID: in.OpenID, TransactionID: in.TransactionID, OutTradeNo: in.OutTradeNo,
		Timestamp: strconv.FormatInt(unix(in.At), 10), Status: "1", Message: in.Message, Method: "sha1", from: in}
	switch {
	case in.Failed:
		n.Status = "0"
	case n.Message == "":
		n.Message = "ok"
	}
	n.Signature = l.m.SignApp([]sign.Pair{{Name: "appid", Value: n.AppID}, {Name: "deliver_msg", Value: n.Message}, {Name: "deliver_status", Value: n.Status},
		{Name: "deliver_timestamp", Value: n.Timestamp}, {Name: "openid", Value: n.OpenID}, {Name: "out_trade_no", Value: n.OutTradeNo}, {Name: "transid", Value: n.TransactionID}})
	return n
}
