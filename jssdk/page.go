package jssdk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Names for jsApiList that a shop's page uses. Page adds the first three by itself.
const (
	ChooseWXPay             = "chooseWXPay"
	OpenAddress             = "openAddress"
	RequestMerchantTransfer = "requestMerchantTransfer"
	ScanQRCode              = "scanQRCode"
	ShareToFriends          = "updateAppMessageShareData"
	ShareToTimeline         = "updateTimelineShareData"
	TagSubscribe            = "wx-open-subscribe"    // an open tag
	TagLaunchMiniProgram    = "wx-open-launch-weapp" // an open tag
)

// Pay is what a page pays with: convert the result of JSAPIParams of package pay to
// it, or give it the six values of that of pay/apiv2 or pay/legacy. In JSON it has the time under both names, so that it serves wx.chooseWXPay
// (timestamp) as well as getBrandWCPayRequest of WeixinJSBridge (timeStamp).
type Pay struct {
	AppID     string
	TimeStamp string // Unix seconds; the signature covers it under this name
	NonceStr  string
	Package   string // prepay_id=…, or in 2014 the whole order
	SignType  string
	PaySign   string
}

// MarshalJSON writes the values under the names that pages use.
func (p Pay) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		AppID     string `json:"appId"`
		TimeStamp string `json:"timeStamp"`
		Timestamp string `json:"timestamp"`
		NonceStr  string `json:"nonceStr"`
		Package   string `json:"package"`
		SignType  string `json:"signType"`
		PaySign   string `json:"paySign"`
	}{p.AppID, p.TimeStamp, p.TimeStamp, p.NonceStr, p.Package, p.SignType, p.PaySign})
}

// Transfer is a transfer that waits for its receiver to confirm it: what a page gives
// to WeixinJSBridge.invoke('requestMerchantTransfer'), after wx.checkJsApi said that
// the client has it. Its ok says that the page was shown, not that the user confirmed.
type Transfer struct {
	MchID   string `json:"mchId"`
	AppID   string `json:"appId"`
	Package string `json:"package"` // package_info of the bill in state WAIT_USER_CONFIRM
	// Partners' members; unconfirmed.
	SubMchID string `json:"subMchId,omitempty"`
	SubAppID string `json:"subAppId,omitempty"`
	OpenID   string `json:"openId,omitempty"`
}

// PageRequest is what a page is going to do.
type PageRequest struct {
	URL      string    // whole address as the browser has it
	Pay      *Pay      // to pay, nil otherwise
	Address  bool      // to have the user pick an address
	Transfer *Transfer // to have the user confirm a transfer, nil otherwise
	APIs     []string  // more names for jsApiList
	OpenTags []string  // names for openTagList, such as TagSubscribe
	Debug    bool
}

// Page is all that a page needs, to be sent as JSON. encoding/json escapes it so that
// it may stand inside of a script element, too.
type Page struct {
	Config   *PageConfig `json:"config"`             // for wx.config
	Pay      *Pay        `json:"pay,omitempty"`      // for wx.chooseWXPay
	Transfer *Transfer   `json:"transfer,omitempty"` // for requestMerchantTransfer
}

// Page signs the page and puts the parameters of its calls beside. wx.openAddress
// takes none; package address reads what it gives. The error is a *wechat.FieldError
// or the TicketSource's own.
func (s *Signer) Page(ctx context.Context, in PageRequest) (*Page, error) {
	if err := in.Validate(); err != nil {
		return nil, fmt.Errorf("jssdk: %w", err)
	}
	apis := slices.Clone(in.APIs)
	for _, a := range []struct {
		wanted bool
		name   string
	}{{in.Pay != nil, ChooseWXPay}, {in.Address, OpenAddress}, {in.Transfer != nil, RequestMerchantTransfer}} {
		if a.wanted && !slices.Contains(apis, a.name) {
			apis = append(apis, a.name)
		}
	}
	if in.Pay != nil && in.Pay.AppID != s.cfg.AppID {
		return nil, fmt.Errorf("jssdk: %w", wechat.Invalid("pay.appId", "is not the app whose page this is: the client would refuse to pay"))
	}
	c, err := s.Config(ctx, in.URL, apis...)
	if err != nil {
		return nil, err
	}
	c.Debug, c.OpenTagList = in.Debug, slices.Clone(in.OpenTags)
	return &Page{c, in.Pay, in.Transfer}, nil
}

// Validate checks that the parameters are whole.
func (r PageRequest) Validate() error {
	var f check.Fields
	if p := r.Pay; p != nil {
		f.ID("pay.appId", p.AppID, 32)
		f.ID("pay.timeStamp", p.TimeStamp, 16)
		f.ID("pay.nonceStr", p.NonceStr, 32)
		f.ID("pay.package", p.Package, 4096) // in 2014 it holds the order
		f.ID("pay.signType", p.SignType, 32)
		f.ID("pay.paySign", p.PaySign, 512)
	}
	if t := r.Transfer; t != nil {
		f.ID("transfer.mchId", t.MchID, 32)
		f.ID("transfer.appId", t.AppID, 32)
		f.ID("transfer.package", t.Package, 2048)
		f.OptionalID("transfer.subMchId", t.SubMchID, 32)
		f.OptionalID("transfer.subAppId", t.SubAppID, 32)
		f.OptionalID("transfer.openId", t.OpenID, 128)
	}
	for _, tag := range r.OpenTags {
		f.Number("openTagList", tag, 1, 64, "-")
	}
	return f.Err()
}
